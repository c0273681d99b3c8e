// Package slack is purgebot's Slack: it verifies what Slack delivers over HTTP, hands it to the bot as commands and answers,
// shows cards as messages, and says who people are.
//
// It parses nothing that is not signed, fresh and small. It does not decide who may purge, writes no words of a purge, and
// retries nothing by itself: a throttled or lost call is the caller's to repeat. No text that it sends can mention anybody,
// unfurl, or break the markup, except the people whom a card names as people. It serves one workspace.
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

// Config is what the adapter needs; the environment variables are those of the README.
type Config struct {
	BotToken      string // SLACK_BOT_TOKEN, "xoxb-…"
	SigningSecret string // SLACK_SIGNING_SECRET
	APIURL        string // SLACK_API_URL; "" is Slack's. http:// is taken for loopback only
	// Groups returns the subjects that the policy names, now. Those that are user groups of the workspace ("slack:T0/S1")
	// are looked up for each person; the rest are passed over. It is called for every event, so it should be cheap. nil is none.
	Groups     func() []acl.Subject
	Now        func() time.Time // nil is time.Now
	Log        *slog.Logger     // nil is slog.Default
	HTTPClient *http.Client     // nil is one of our own; redirects are never followed, and a timeout is set if there is none
}

// Slack is the adapter. New makes one; its methods may be called from any goroutine.
type Slack struct {
	config   Config
	api      *slack.Client
	http     *http.Client
	origin   string // scheme and host of APIURL, "" if it is Slack's
	ackIn    time.Duration
	identity *cache[identity]
	people   *cache[account]
	channels *cache[chat.Channel]
	groups   *cache[map[string]bool]
	outside  *marks // channels that an event called externally shared
	trouble  *troubles
	files    *attachments
	later    *tasks       // what goes on after Slack was answered, or after Show
	replying atomic.Int64 // of it, what still sends
}

var _ chat.Platform = (*Slack)(nil)

// New returns an adapter that has not talked to Slack yet. Its errors name the variable that is wrong, never its value.
func New(c Config) (*Slack, error) {
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
	client := careful(c.HTTPClient)
	return &Slack{
		config: c, http: client, origin: origin, ackIn: ackWithin,
		api:      slack.New(c.BotToken, slack.OptionAPIURL(c.APIURL), slack.OptionHTTPClient(client)),
		identity: newCache[identity](c.Now),
		people:   newCache[account](c.Now),
		channels: newCache[chat.Channel](c.Now),
		groups:   newCache[map[string]bool](c.Now),
		outside:  newMarks(),
		trouble:  newTroubles(),
		files:    newAttachments(),
		later:    newTasks(),
	}, nil
}

func misconfigured(message string) error {
	return &purge.Error{Kind: purge.Internal, Message: message}
}

// origin returns the scheme and host of a configured API address; a token is never sent over plain HTTP to another machine.
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

// Start begins to ask Slack whose token this is, so that the first command need not wait for it. What is wrong Health says.
func (s *Slack) Start() { s.askIdentity(forever) }

// Wait returns when what was begun is over: private replies go out after Slack is answered, files after their card is shown.
// Call it after the server has stopped, and again after the bot has.
func (s *Slack) Wait() { s.later.Wait() }

// Replying says how many private replies and files are still going out.
func (s *Slack) Replying() int { return int(s.replying.Load()) }

// Limits says what Slack can show.
func (s *Slack) Limits() chat.ChatLimits {
	return chat.ChatLimits{
		Forms: true, Files: s.mayUpload(),
		Threads: "Slack has no slash commands in threads: mention the bot there instead.",
		Mentions: "Slack makes no mention of a name behind a slash command: send a message that begins with @purgebot instead of /purge, " +
			"and pick the person or group from the list that Slack shows. Or write the id, as in slack:T…/U…: whoami shows people theirs, " +
			"and it is in their profile under ⋮, Copy member ID.",
	}
}
