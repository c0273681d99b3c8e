// Package discord connects purgebot to Discord: it receives Discord's deliveries over the gateway, or signed
// over HTTP, passes them to the bot as commands and answers, shows cards as messages, and looks people up.
//
// The package makes no decision about permissions, words no message about a purge, and trusts no data that a
// client could have forged: roles come from the payload of each event. Its messages cannot unfurl, break the
// markup, or mention people, except for those that a card mentions. It serves one guild. Edits, messages of
// bots and direct messages are never commands; buttons of the bot's own direct messages work.
package discord

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

const platform = "discord"

// Config is the configuration of the adapter. The README describes the environment variables.
type Config struct {
	Token         string // DISCORD_TOKEN, the bot token, without "Bot "
	ApplicationID string // DISCORD_APPLICATION_ID
	GuildID       string // DISCORD_GUILD_ID: the one served guild
	PublicKey     string // DISCORD_PUBLIC_KEY, hexadecimal; if set, interactions come over HTTP and the gateway is not used
	APIURL        string // DISCORD_API_URL; "" means https://discord.com/api/. http:// is accepted for loopback only
	// Verbs are the commands in the menu, in that order.
	Verbs []chat.Verb
	// MessageContent requests the privileged intent of that name, with which mentions of the bot's role are
	// readable, too.
	MessageContent bool
	// Groups returns the subjects in the current policy; only those of a person's roles are reported. nil
	// reports all roles.
	Groups func() []acl.Subject
	Now    func() time.Time // nil means time.Now
	Log    *slog.Logger     // nil means slog.Default
	// TurnedAway counts a delivery that is answered 401, by its reason: "unsigned", "signature" or "clock". nil counts nothing.
	TurnedAway func(reason string)
	HTTPClient *http.Client // nil means a new client; redirects are never followed, and a missing timeout is set
	// Patience extends the time limits of an event. It is zero for Discord itself, which waits three seconds, and positive for a simulator.
	Patience time.Duration
}

// Discord is the adapter, made by New. Its methods are safe for concurrent use.
type Discord struct {
	turned   turnedAway
	config   Config
	api      string // "https://discord.com/api/v9", without a final slash
	key      ed25519.PublicKey
	http     *http.Client
	rest     *discordgo.Session // never opened: it only makes calls
	limits   *limits
	timing   timing
	me       *cache[user]
	ownRole  *cache[string]
	people   *cache[chat.Person]
	rights   *cache[rights]          // the bot's rights, by channel
	ownself  *cache[self]            // the bot, under the key ""
	parents  *cache[string]          // by channel: the parent of a thread, else ""
	posted   *cache[chat.MessageRef] // by nonce: posted messages that still need a correction
	tokens   *cache[followUp]        // by interaction: the data for follow-ups
	mute     *cache[string]          // under the key "": the last channel that refused a message
	hinted   *cache[bool]            // people whose mention was answered in public recently
	gateway  *gateway                // nil if interactions come over HTTP
	setup    problem                 // reason for missing commands
	stop     context.CancelFunc
	starting sync.Mutex
	loops    sync.WaitGroup // the gateway's supervisor and the registration
	later    work           // work on accepted events
}

var _ chat.Platform = (*Discord)(nil)

// New returns an adapter without a connection yet. Its errors name the wrong variable, never its value.
func New(c Config) (*Discord, error) {
	// Check the settings and fill in the defaults.
	if err := complete(&c); err != nil {
		return nil, err
	}
	api, err := base(c.APIURL)
	if err != nil {
		return nil, err
	}
	// Assemble the adapter.
	d := &Discord{
		config: c, api: api, limits: newLimits(c.Now), timing: defaults.with(c.Patience),
		me: newCache[user](c.Now), ownRole: newCache[string](c.Now), people: newCache[chat.Person](c.Now),
		rights: newCache[rights](c.Now), ownself: newCache[self](c.Now), parents: newCache[string](c.Now), tokens: newCache[followUp](c.Now),
		posted: newCache[chat.MessageRef](c.Now), hinted: newCache[bool](c.Now), mute: newCache[string](c.Now),
	}
	// Choose between signed requests and the gateway.
	if c.PublicKey != "" {
		if d.key, err = Key(c.PublicKey); err != nil {
			return nil, err
		}
	}
	d.http = careful(c.HTTPClient, d.limits)
	d.rest = d.newSession()
	d.setup.set(&purge.Error{Kind: purge.Unavailable, Message: "purgebot is still registering its commands with Discord."})
	if d.key == nil {
		d.gateway = newGateway(d)
	}
	return d, nil
}

func complete(c *Config) error {
	c.Token = strings.TrimPrefix(c.Token, "Bot ")
	switch {
	case c.Token == "" || strings.ContainsAny(c.Token, " \t\r\n"):
		return misconfigured("DISCORD_TOKEN is no bot token: copy it from the Bot page of the application in Discord's developer portal.")
	case !snowflake(c.ApplicationID):
		return misconfigured("DISCORD_APPLICATION_ID is no id: copy the digits from the General Information page of the application.")
	case !snowflake(c.GuildID):
		return misconfigured("DISCORD_GUILD_ID is no id: switch on Developer Mode in Discord, right-click the server and choose Copy Server ID.")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Log = cmp.Or(c.Log, slog.Default())
	return nil
}

// base returns the beginning of all API addresses. Plain HTTP is refused for other machines, because calls
// carry the token.
func base(apiURL string) (string, error) {
	version := "/v" + discordgo.APIVersion
	if apiURL == "" {
		return "https://discord.com/api" + version, nil
	}
	u, err := url.Parse(apiURL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", misconfigured("DISCORD_API_URL is not an address like https://discord.com/api/.")
	case u.Scheme == "https", u.Scheme == "http" && purge.Loopback(u.Hostname()):
		return strings.TrimSuffix(strings.TrimSuffix(apiURL, "/"), version) + version, nil
	}
	return "", misconfigured("DISCORD_API_URL must begin with https://; http:// is for this machine only.")
}

func misconfigured(message string) error {
	return &purge.Error{Kind: purge.Internal, Message: message}
}

// Start begins to listen, and registers the commands. It returns immediately, and Health reports errors. Start
// is called once; the end of ctx has the effect of Close.
func (d *Discord) Start(ctx context.Context, h chat.Handler) error {
	d.starting.Lock()
	defer d.starting.Unlock()
	if d.stop != nil {
		return misconfigured("The Discord adapter is started already.")
	}
	ctx, d.stop = context.WithCancel(ctx)
	d.loops.Go(func() { d.keepRegistered(ctx) })
	if d.gateway != nil {
		d.loops.Go(func() { d.gateway.run(ctx, func(name string, data []byte) { d.event(h, name, data) }) })
	}
	return nil
}

// Close ends the work of Start, and returns after the answers to all accepted events. No session is opened
// later.
func (d *Discord) Close() {
	d.starting.Lock()
	if d.stop == nil {
		d.stop = func() {}
	}
	d.stop()
	d.starting.Unlock()
	d.loops.Wait()
	d.later.Wait()
}

// Replying returns the number of accepted events that are still being answered.
func (d *Discord) Replying() int {
	d.later.mu.Lock()
	defer d.later.mu.Unlock()
	return d.later.n
}

// Health returns nil, or the first problem with the gateway, the token, the application, or the commands. A
// Denied error concerns one channel that refused a message, and affects nothing else.
func (d *Discord) Health(ctx context.Context) error {
	if d.gateway != nil {
		if err := d.gateway.state.get(); err != nil {
			return err
		}
	}
	if _, err := d.whoami(ctx, 0); err != nil {
		return err
	}
	if err := d.setup.get(); err != nil {
		return err
	}
	if channel, _ := d.mute.get("", muteFor); channel != "" {
		return cannotWriteIn(channel)
	}
	return nil
}

// Limits returns the abilities of Discord.
func (d *Discord) Limits() chat.ChatLimits {
	return chat.ChatLimits{
		Forms: true, Files: true, Options: true, Workspace: "server",
		Addressed: d.gateway != nil, // messages come over the gateway only
		Mentions: "Type @ and pick the person or role from the list that Discord shows: a name that is only typed is no mention. " +
			"Or write the id, as in discord:SERVER/PERSON or discord:SERVER/role/ROLE: whoami shows people theirs, and with Developer Mode on " +
			"it is in everybody's menu under Copy ID.",
	}
}

// work counts background tasks; one may begin during a Wait, unlike in a sync.WaitGroup.
type work struct {
	mu   sync.Mutex
	n    int
	idle sync.Cond
}

// Go runs f in the background.
func (w *work) Go(f func()) {
	done := w.begin()
	go func() {
		defer done()
		f()
	}()
}

func (w *work) begin() (done func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.n--; w.n == 0 && w.idle.L != nil {
			w.idle.Broadcast()
		}
	}
}

// Wait returns when no task is running.
func (w *work) Wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle.L = &w.mu
	for w.n > 0 {
		w.idle.Wait()
	}
}

// problem is the current error; nil means none.
type problem struct {
	mu  sync.Mutex
	err error
}

func (p *problem) set(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *problem) get() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}
