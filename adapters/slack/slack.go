// Package slack connects purgebot to Slack: it verifies Slack's deliveries over HTTP, passes them to the bot as
// commands and answers, shows cards as messages, and looks people up.
//
// The package parses only signed, fresh and small requests. It makes no decision about permissions, words no
// message about a purge, and retries nothing by itself: callers repeat throttled or lost calls. Its texts
// cannot mention people, unfurl, or break the markup, except for the people that a card mentions. It serves one
// workspace.
package slack

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

const platform = "slack"

// Config is the configuration of the adapter. The README describes the environment variables.
type Config struct {
	BotToken      string // SLACK_BOT_TOKEN, "xoxb-…"
	SigningSecret string // SLACK_SIGNING_SECRET
	APIURL        string // SLACK_API_URL; "" means Slack's. http:// is accepted for loopback only
	// Groups returns the subjects in the current policy. User groups of the workspace among them
	// ("slack:T0/S1") are looked up for each person, others are ignored. It runs for every event, so it should
	// be fast. nil means none.
	Groups     func() []acl.Subject
	Now        func() time.Time // nil means time.Now
	Log        *slog.Logger     // nil means slog.Default
	HTTPClient *http.Client     // nil means a new client; redirects are never followed, and a missing timeout is set
	// Patience is added to the time limits on an event. Slack waits only three seconds, so production sets none;
	// a simulated Slack can wait longer.
	Patience time.Duration
	// TurnedAway counts a delivery that is answered 401, by its reason: "unsigned", "signature" or "clock". nil counts nothing.
	TurnedAway func(reason string)
}

// Slack is the adapter, made by New. Its methods are safe for concurrent use.
type Slack struct {
	turned   turnedAway
	config   Config
	api      *slack.Client
	http     *http.Client
	origin   string // scheme and host of APIURL; "" for Slack's
	ackIn    time.Duration
	identity *cache[identity]
	people   *cache[account]
	channels *cache[chat.Channel]
	groups   *cache[map[string]bool]
	outside  *marks // channels that an event reported as externally shared
	trouble  *troubles
	files    *attachments
	later    *tasks       // tasks that continue after the answer to Slack or after Show
	replying atomic.Int64 // number of those tasks that still send
}

var _ chat.Platform = (*Slack)(nil)

// New returns an adapter without a connection yet. Its errors name the wrong variable, never its value.
func New(c Config) (*Slack, error) {
	// Check the settings.
	if c.BotToken == "" {
		return nil, misconfigured("SLACK_BOT_TOKEN is empty: set it to the bot token (xoxb-…) of the Slack app.")
	}
	if c.SigningSecret == "" {
		return nil, misconfigured("SLACK_SIGNING_SECRET is empty: set it to the signing secret of the Slack app.")
	}
	origin, err := origin(c.APIURL)
	if err != nil {
		return nil, err
	}
	// Fill in the defaults.
	c.APIURL = cmp.Or(c.APIURL, slack.APIURL)
	if !strings.HasSuffix(c.APIURL, "/") {
		c.APIURL += "/"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Groups == nil {
		c.Groups = func() []acl.Subject { return nil }
	}
	c.Log = cmp.Or(c.Log, slog.Default())
	// Assemble the adapter.
	client := careful(c.HTTPClient)
	return &Slack{
		config: c, http: client, origin: origin, ackIn: ackWithin + c.Patience,
		api:      slack.New(c.BotToken, slack.OptionAPIURL(c.APIURL), slack.OptionHTTPClient(client)),
		identity: newCache[identity](c.Now, c.Patience),
		people:   newCache[account](c.Now, c.Patience),
		channels: newCache[chat.Channel](c.Now, c.Patience),
		groups:   newCache[map[string]bool](c.Now, c.Patience),
		outside:  newMarks(),
		trouble:  newTroubles(),
		files:    newAttachments(),
		later:    newTasks(),
	}, nil
}

func misconfigured(message string) error {
	return &purge.Error{Kind: purge.Internal, Message: message}
}

// origin returns the scheme and host of a configured API address. Plain HTTP is refused for other machines,
// because calls carry the token.
func origin(apiURL string) (string, error) {
	if apiURL == "" {
		return "", nil
	}
	u, err := url.Parse(apiURL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", misconfigured("SLACK_API_URL is not an address like https://slack.com/api/.")
	case u.Scheme == "https", u.Scheme == "http" && purge.Loopback(u.Hostname()):
		return u.Scheme + "://" + u.Host, nil
	}
	return "", misconfigured("SLACK_API_URL must begin with https://; http:// is for this machine only.")
}

// Start begins to look up the token's identity, so that the first command need not wait for it. Health reports
// the errors.
func (s *Slack) Start() { s.askIdentity(forever) }

// Wait returns when all background tasks are done: private replies after the answer to Slack, files after their
// cards. Call it after the server has stopped, and again after the bot has stopped.
func (s *Slack) Wait() { s.later.Wait() }

// Replying returns the number of private replies and files that are still under way.
func (s *Slack) Replying() int { return int(s.replying.Load()) }

// Limits returns the abilities of Slack.
func (s *Slack) Limits() chat.ChatLimits {
	return chat.ChatLimits{
		Forms: true, Files: s.mayUpload(),
		Threads: "Slack has no slash commands in threads: mention the bot there instead.",
		Mentions: "Slack makes no mention of a name behind a slash command: send a message that begins with @purgebot instead of /purge, " +
			"and pick the person or group from the list that Slack shows. Or write the id, as in slack:T…/U…: whoami shows people theirs, " +
			"and it is in their profile under ⋮, Copy member ID.",
	}
}
