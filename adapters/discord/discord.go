// Package discord is purgebot's Discord: it takes what Discord delivers by its gateway, or signed over HTTP, hands it to the bot
// as commands and answers, shows cards as messages, and says who people are.
//
// It does not decide who may purge, writes no words of a purge, and believes nothing that a client may have made up: roles come
// from the payload of each event. Nothing that it sends can mention anybody but those whom a card names, unfurl, or break the
// markup. It serves one guild, and never treats an edit, a bot's message or a direct message as a command; a button of its own direct
// message can be pressed there.
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

// Config is what the adapter needs; the environment variables are those of the README.
type Config struct {
	Token         string // DISCORD_TOKEN, the bot token, without "Bot "
	ApplicationID string // DISCORD_APPLICATION_ID
	GuildID       string // DISCORD_GUILD_ID: the one guild that is served
	PublicKey     string // DISCORD_PUBLIC_KEY, hexadecimal; set: interactions come over HTTP, and the gateway is not used
	APIURL        string // DISCORD_API_URL; "" is https://discord.com/api/. http:// is taken for loopback only
	// Verbs are the commands that people are offered, in their order in the menu.
	Verbs []chat.Verb
	// MessageContent asks for the privileged intent of that name, so that a mention of the bot's role can be read as well.
	MessageContent bool
	// Groups returns the subjects that the policy names, now; of a person's roles only those are told. nil tells all roles.
	Groups     func() []acl.Subject
	Now        func() time.Time // nil is time.Now
	Log        *slog.Logger     // nil is slog.Default
	HTTPClient *http.Client     // nil is one of our own; redirects are never followed, and a timeout is set if there is none
	// Patience is added to what an event may take. Discord waits three seconds, so there is some only where Discord is simulated.
	Patience time.Duration
}

// Discord is the adapter. New makes one; its methods may be called from any goroutine.
type Discord struct {
	config   Config
	api      string // "https://discord.com/api/v9", no slash at the end
	key      ed25519.PublicKey
	http     *http.Client
	rest     *discordgo.Session // never opened: it only makes calls
	limits   *limits
	timing   timing
	me       *cache[user]
	ownRole  *cache[string]
	people   *cache[chat.Person]
	rights   *cache[rights]          // the bot's, by channel
	ownself  *cache[self]            // "": the bot
	parents  *cache[string]          // of each channel: the parent if it is a thread, else ""
	posted   *cache[chat.MessageRef] // by nonce: what was posted, and could not be corrected yet
	tokens   *cache[followUp]        // by interaction: how it can still be followed up
	mute     *cache[string]          // "": the last channel that could not be written to
	hinted   *cache[bool]            // whom a mention was answered in public lately
	gateway  *gateway                // nil where interactions come over HTTP
	setup    problem                 // why the commands are not registered
	stop     context.CancelFunc
	starting sync.Mutex
	loops    sync.WaitGroup // the gateway's supervisor and the registration
	later    work           // what goes on for events that were taken
}

var _ chat.Platform = (*Discord)(nil)

// New returns an adapter that has not talked to Discord yet. Its errors name the variable that is wrong, never its value.
func New(c Config) (*Discord, error) {
	if err := complete(&c); err != nil {
		return nil, err
	}
	api, err := base(c.APIURL)
	if err != nil {
		return nil, err
	}
	d := &Discord{
		config: c, api: api, limits: newLimits(c.Now), timing: defaults.with(c.Patience),
		me: newCache[user](c.Now), ownRole: newCache[string](c.Now), people: newCache[chat.Person](c.Now),
		rights: newCache[rights](c.Now), ownself: newCache[self](c.Now), parents: newCache[string](c.Now), tokens: newCache[followUp](c.Now),
		posted: newCache[chat.MessageRef](c.Now), hinted: newCache[bool](c.Now), mute: newCache[string](c.Now),
	}
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

// base returns the address that calls begin with; a token is never sent over plain HTTP to another machine.
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

// Start begins to listen, and registers the commands. It returns at once: Health tells what became of it. It is called once;
// the end of ctx ends it as Close does.
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

// Close ends what Start began, and returns when what was taken is answered. No session is opened after it.
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

// Replying says how many events that were taken are still being answered.
func (d *Discord) Replying() int {
	d.later.mu.Lock()
	defer d.later.mu.Unlock()
	return d.later.n
}

// Health returns nil, or the first of what is wrong: with the gateway, the token, the application, or the commands. Denied is one
// channel that cannot be written to, which keeps nothing else from working.
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

// Limits says what Discord can show.
func (d *Discord) Limits() chat.ChatLimits {
	return chat.ChatLimits{
		Forms: true, Files: true, Options: true, Workspace: "server",
		Addressed: d.gateway != nil, // messages come over nothing else
		Mentions: "Type @ and pick the person or role from the list that Discord shows: a name that is only typed is no mention. " +
			"Or write the id, as in discord:SERVER/PERSON or discord:SERVER/role/ROLE: whoami shows people theirs, and with Developer Mode on " +
			"it is in everybody's menu under Copy ID.",
	}
}

// work is what goes on; it may begin while somebody waits for it to end, which a sync.WaitGroup does not allow.
type work struct {
	mu   sync.Mutex
	n    int
	idle sync.Cond
}

// Go runs f on its own.
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

// Wait returns when nothing goes on.
func (w *work) Wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idle.L = &w.mu
	for w.n > 0 {
		w.idle.Wait()
	}
}

// problem is what is wrong now; nil is nothing.
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
