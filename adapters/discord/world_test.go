package discord

import (
	"context"
	"flag"
	"log/slog"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/adapters/adaptertest"
	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
)

const (
	guild  = discordsim.HQ
	oncall = "discord:" + guild + "/role/900000000000000001"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue && runtime.GOMAXPROCS(0) < 6 {
		_ = f.Value.Set("6") // tests here wait more than they compute; with more of them, heartbeats every few milliseconds would be late
	}
	os.Exit(m.Run())
}

// world is a simulated guild with the adapter installed.
type world struct {
	*discordsim.Sim
	t       testing.TB
	discord *Discord
	api     *httptest.Server
	heard   *listener
	http    bool
	last    discordsim.Delivery
}

// listener counts the calls of the bot, so that a test can wait for them.
type listener struct {
	chat.Handler
	mu      sync.Mutex
	n       int
	changed chan struct{}
}

func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}

func (l *listener) Command(ctx context.Context, c chat.Command) (chat.Reply, error) {
	l.mu.Lock()
	l.n++
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
	return l.Handler.Command(ctx, c)
}

// await returns after n calls of the bot, or after some time without one.
func (l *listener) await(n int) {
	give := time.After(5 * time.Second)
	for {
		l.mu.Lock()
		seen, changed := l.n >= n, l.changed
		l.mu.Unlock()
		if seen {
			return
		}
		select {
		case <-changed:
		case <-give:
			return
		}
	}
}

// quickly is the patience of tests.
var quickly = patience{
	open: time.Second, silent: 3 * time.Second, stuck: 3 * time.Second, look: 10 * time.Millisecond,
	first: 10 * time.Millisecond, most: 50 * time.Millisecond, lasted: time.Minute, refused: 300 * time.Millisecond, refusedMost: 500 * time.Millisecond,
	invalid: time.Millisecond, farewell: 300 * time.Millisecond,
}

type change func(*Config, *discordsim.Sim)

func overHTTP(c *Config, sim *discordsim.Sim) { c.PublicKey = sim.PublicKey() }

// impatient makes Discord give up on an answer soon, for tests without an answer.
func impatient(_ *Config, sim *discordsim.Sim) { sim.AckWithin = 400 * time.Millisecond }

// newWorld starts both over loopback. The function change alters the configuration first.
func newWorld(t testing.TB, h chat.Handler, changes ...change) *world {
	sim := discordsim.New()
	sim.HeartbeatEvery = 250 * time.Millisecond // discordgo gives up after five without an acknowledgement
	api := httptest.NewServer(sim)
	t.Cleanup(api.Close)
	sim.ServeAt(api.URL)
	sim.CDNHost = api.URL
	people(sim)
	c := Config{
		Verbs: grammar.Menu(),
		Token: "simulated-bot-token", ApplicationID: "100000000000000002", GuildID: guild, APIURL: api.URL + "/api/",
		Log:    slog.New(slog.DiscardHandler),
		Groups: func() []acl.Subject { return []acl.Subject{oncall, "slack:T9/S1", "discord:9/role/1"} },
	}
	for _, f := range changes {
		f(&c, sim)
	}
	d, err := New(c)
	require.NoError(t, err)
	if d.gateway != nil {
		d.gateway.patience = quickly
	}
	w := &world{Sim: sim, t: t, discord: d, api: api, http: d.key != nil, heard: &listener{Handler: h, changed: make(chan struct{})}}
	app := httptest.NewServer(d.Handler(w.heard))
	t.Cleanup(func() { sim.Heal(); d.Close(); app.Close(); sim.Close() })
	if w.http {
		sim.Install(app.URL)
	}
	return w
}

func people(sim *discordsim.Sim) {
	sim.PutRole(discordsim.Role{ID: "900000000000000001", Guild: guild, Name: "alices"})
	sim.PutMember(discordsim.Member{Guild: guild, User: discordsim.Alice, Roles: []string{discordsim.OnCall, "900000000000000001"}})
	sim.PutUser(discordsim.User{ID: "900000000000000011", Name: "newcomer"})
	sim.PutMember(discordsim.Member{Guild: guild, User: "900000000000000011", Pending: true})
	sim.PutUser(discordsim.User{ID: "900000000000000012", Name: "stranger"})
	sim.PutUser(discordsim.User{ID: "900000000000000013", Name: "robot", Bot: true})
	sim.PutMember(discordsim.Member{Guild: guild, User: "900000000000000013"})
}

// started starts the adapter, and returns once it is healthy.
func (w *world) started() *world {
	require.NoError(w.t, w.discord.Start(context.Background(), w.heard))
	w.well()
	return w
}

func (w *world) well() {
	w.eventually(func() bool { return w.discord.Health(context.Background()) == nil }, "health")
}

func (w *world) eventually(ok func() bool, what string) {
	w.t.Helper()
	require.Eventually(w.t, ok, time.Minute, 5*time.Millisecond, what)
}

// TestConformance runs the suite for all platforms, over both ways of delivery.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string][]change{"gateway": nil, "HTTP": {overHTTP}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, func(t *testing.T, h chat.Handler) (chat.Platform, adaptertest.World) {
				w := newWorld(t, h, changes...).started()
				return w.discord, w
			})
		})
	}
}

var (
	slash   = adaptertest.Surface{Name: "slash command", Fields: true, Receipt: true}
	mention = adaptertest.Surface{Name: "mention", Public: true}
)

func subjectOf(id string) acl.Subject { return acl.Subject("discord:" + guild + "/" + id) }

func (w *world) Alice() acl.Subject { return subjectOf(discordsim.Alice) }
func (w *world) Bob() acl.Subject   { return subjectOf(discordsim.Bob) }
func (w *world) Group() acl.Subject { return oncall }

func (w *world) Someone(s chat.Standing) acl.Subject {
	return subjectOf(map[chat.Standing]string{
		chat.Guest: "900000000000000011", chat.Outsider: "900000000000000012", chat.Bot: "900000000000000013", chat.Deactivated: "900000000000000099",
	}[s])
}

func in(channel string) chat.Thread {
	return chat.Thread{Platform: "discord", Workspace: guild, Channel: channel}
}

func (w *world) Channel() chat.Thread { return in(discordsim.CDN) }
func (w *world) Shared() chat.Thread  { return chat.Thread{} }
func (w *world) Closed() chat.Thread  { return in(discordsim.Random) }

func (w *world) Surfaces() []adaptertest.Surface {
	if w.http {
		return []adaptertest.Surface{slash}
	}
	return []adaptertest.Surface{slash, mention}
}

// settled waits for the adapter, and records the deliveries.
func (w *world) settled(d discordsim.Delivery) bool {
	w.discord.later.Wait()
	w.last = d
	return d.Acknowledged()
}

func (w *world) Type(s adaptertest.Surface, text string) bool {
	if s.Name == mention.Name {
		n := w.heard.count() + 1
		d := w.Sim.Type(discordsim.Alice, discordsim.CDN, "@purgebot "+text)
		w.heard.await(n)
		return w.settled(d)
	}
	return w.settled(w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge "+verb(text), options(text)))
}

// verb and options type a command with native options.
func verb(text string) string {
	if slices.Contains([]string{"whoami", "help", "domains"}, text) {
		return text
	}
	return "url"
}

func options(text string) discordsim.Options {
	if verb(text) != "url" {
		return nil
	}
	return discordsim.Options{"targets": text}
}

func (w *world) Redeliver() bool { return w.settled(w.Sim.Redeliver(w.last)) }

func (w *world) Forge(text string) (acknowledged, possible bool) {
	if !w.http {
		return false, false
	}
	d := w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge url", options(text), discordsim.SignedWith(make([]byte, 64)))
	return w.settled(d), true
}

func (w *world) Press(who acl.Subject, ref chat.MessageRef, label string) bool {
	return w.settled(w.Sim.Press(who.ID(), ref.Channel, ref.ID, label))
}

func (w *world) Form() (title string, inputs []string, open bool) {
	m, open := w.Modal(discordsim.Alice)
	for _, in := range m.Inputs() {
		inputs = append(inputs, in.CustomID)
	}
	return m.Title, inputs, open
}

func (w *world) Submit(values map[string]string) bool {
	return w.settled(w.Sim.Submit(discordsim.Alice, values))
}

// byBot returns the bot's posts that are not deleted, in order: the public ones, and those for alice alone.
func (w *world) byBot() (public, private []discordsim.Message) {
	for _, m := range w.Sim.Visible(discordsim.Alice, discordsim.CDN) {
		if m.User == w.BotUser && m.To == "" {
			public = append(public, m)
		}
	}
	private = w.Ephemerals(discordsim.Alice)
	private = append(private, w.Messages(w.DM(discordsim.Alice))...)
	return public, slices.DeleteFunc(private, func(m discordsim.Message) bool { return m.User != w.BotUser })
}

func (w *world) Visible() []adaptertest.Message {
	public, _ := w.byBot()
	return seen(public)
}

func (w *world) Private() []adaptertest.Message {
	_, private := w.byBot()
	return seen(private)
}

func seen(messages []discordsim.Message) []adaptertest.Message {
	var all []adaptertest.Message
	for _, m := range messages {
		one := adaptertest.Message{Ref: chat.MessageRef{Channel: m.Channel, ID: m.ID}, Text: m.Plain()}
		if m.Channel != discordsim.CDN {
			one.Root = m.Channel
		}
		for _, f := range m.Files {
			one.Text += "\n" + string(f.Content)
		}
		for _, b := range m.Buttons() {
			one.Buttons = append(one.Buttons, adaptertest.Button{Label: b.Label, Carries: b.CustomID})
		}
		all = append(all, one)
	}
	return all
}

func (w *world) Notified() []string {
	var all []string
	public, private := w.byBot()
	for _, m := range append(public, private...) {
		if len(m.History) > 0 {
			m.Content, m.AllowedMentions = m.History[0].Content, m.History[0].AllowedMentions // edits notify nobody
		}
		for _, who := range m.Mentions() {
			all = append(all, strings.NewReplacer("<@", "discord:"+guild+"/", ">", "").Replace(who))
		}
	}
	return all
}

func (w *world) Unfurled() bool {
	public, private := w.byBot()
	return slices.ContainsFunc(append(public, private...), func(m discordsim.Message) bool { return len(m.Unfurls()) > 0 })
}

func (w *world) Markup() []string {
	return []string{
		"<@" + discordsim.Bob + ">", "<@&" + discordsim.OnCall + ">", "@everyone @here", "[https://www.test.com/](https://evil.example)",
		"**bold** __it__ ~~x~~ ||y||", "`a` ``b`` ```c```", "-# small", "1. one", "- item", "https://www.test.com/a_b_c", "<https://evil.example>", "<t:0>", "</purge:1>",
	}
}

func (w *world) Delete(ref chat.MessageRef)   { w.Sim.Delete(ref.Channel, ref.ID) }
func (w *world) Throttle(after time.Duration) { w.Sim.Throttle(1, after) }
func (w *world) RefuseFiles()                 { w.cdn(denying(discordsim.AttachFiles)) }
func (w *world) LosePost()                    { w.Sim.Lose(postMessage, 1) }

func (w *world) Down(down bool) {
	w.Sim.Down(down)
	if !down {
		w.well()
	}
}
