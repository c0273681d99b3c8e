package slack

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/adapters/adaptertest"
	"purgebot/adapters/slack/slacksim"
	"purgebot/bot/chat"
)

// world is a simulated workspace with the adapter installed.
type world struct {
	*slacksim.Workspace
	slack *Slack
	api   *httptest.Server
	last  slacksim.Delivery
}

// newWorld starts both over loopback. The function change alters the configuration first.
func newWorld(t *testing.T, h chat.Handler, change func(*Config)) *world {
	sim := slacksim.New()
	sim.PutUser(slacksim.User{ID: "U0GUEST", Name: "guest", Restricted: true})
	sim.PutUser(slacksim.User{ID: "U0OTHER", Name: "other", TeamID: "T0OTHER"})
	sim.PutUser(slacksim.User{ID: "U0ROBOT", Name: "robot", Bot: true})
	sim.PutUser(slacksim.User{ID: "U0GONE", Name: "gone", Deleted: true})
	sim.PutChannel(slacksim.Channel{ID: "C0SHARED", Name: "shared", Member: true, ExtShared: true})
	sim.PutUserGroup(slacksim.UserGroup{ID: "S0ALICE", Handle: "alices", Members: []string{"U0ALICE"}})
	api := httptest.NewServer(sim)
	t.Cleanup(api.Close)
	sim.ServeAt(api.URL)

	c := Config{
		BotToken: "xoxb-simulated", SigningSecret: "simulated-signing-secret", APIURL: api.URL + "/api/",
		Log: slog.New(slog.DiscardHandler),
		Groups: func() []acl.Subject {
			return []acl.Subject{"slack:T0SIM/S0ALICE", "slack:T0SIM/S0NONE", "discord:1/role/2", "slack:T9/S1"}
		},
	}
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	require.NoError(t, err)
	app := httptest.NewServer(s.Handler(h))
	t.Cleanup(func() { app.Close(); s.Wait() })
	sim.Install(app.URL)
	return &world{Workspace: sim, slack: s, api: api}
}

// TestConformance runs the suite for all platforms.
func TestConformance(t *testing.T) {
	t.Parallel()
	adaptertest.Run(t, func(t *testing.T, h chat.Handler) (chat.Platform, adaptertest.World) {
		w := newWorld(t, h, nil)
		_, err := w.slack.whoami(t.Context(), forever)
		require.NoError(t, err)
		return w.slack, w
	})
}

var (
	slash   = adaptertest.Surface{Name: "slash command"}
	mention = adaptertest.Surface{Name: "mention", Repeats: true, Threads: true}
)

func (w *world) Alice() acl.Subject { return "slack:T0SIM/U0ALICE" }
func (w *world) Bob() acl.Subject   { return "slack:T0SIM/U0BOB" }
func (w *world) Group() acl.Subject { return "slack:T0SIM/S0ALICE" }

func (w *world) Someone(s chat.Standing) acl.Subject {
	return map[chat.Standing]acl.Subject{
		chat.Guest: "slack:T0SIM/U0GUEST", chat.Outsider: "slack:T0SIM/U0OTHER", chat.Bot: "slack:T0SIM/U0ROBOT", chat.Deactivated: "slack:T0SIM/U0GONE",
	}[s]
}

func in(channel string) chat.Thread {
	return chat.Thread{Platform: "slack", Workspace: "T0SIM", Channel: channel}
}

func (w *world) Channel() chat.Thread { return in("C0CDN") }
func (w *world) Shared() chat.Thread  { return in("C0SHARED") }
func (w *world) Closed() chat.Thread  { return in("C0RANDOM") }

func (w *world) Surfaces() []adaptertest.Surface { return []adaptertest.Surface{slash, mention} }

// settled waits for the adapter, and records the deliveries.
func (w *world) settled(d slacksim.Delivery) bool {
	w.slack.Wait()
	w.last = d
	return d.Acknowledged()
}

func (w *world) Type(s adaptertest.Surface, text string) bool {
	before := map[bool]string{true: "/purge ", false: "@purgebot "}[s == slash]
	return w.settled(w.Workspace.Type("U0ALICE", "C0CDN", "", before+text))
}

func (w *world) Redeliver() bool {
	return w.settled(w.Workspace.Retry(w.last, 1, "http_timeout"))
}

func (w *world) Forge(text string) (acknowledged, possible bool) {
	for _, typed := range []string{"/purge " + text, "@purgebot " + text} {
		acknowledged = w.settled(w.Workspace.Type("U0ALICE", "C0CDN", "", typed, slacksim.SignedWith("guessed"))) || acknowledged
	}
	return acknowledged, true
}

func (w *world) Press(who acl.Subject, ref chat.MessageRef, label string) bool {
	return w.settled(w.Workspace.Press(who.ID(), ref.Channel, ref.ID, label))
}

func (w *world) Form() (title string, inputs []string, open bool) {
	v, open := w.View("U0ALICE")
	for _, in := range v.Inputs() {
		inputs = append(inputs, in.ActionID)
	}
	return v.Title, inputs, open
}

func (w *world) Submit(values map[string]string) bool {
	return w.settled(w.Workspace.Submit("U0ALICE", values))
}

// byBot returns the bot's posts that are not deleted, in order: the public ones, and those for alice alone.
func (w *world) byBot() (public, private []slacksim.Message) {
	dm := w.DM("U0ALICE")
	for _, m := range w.Messages("C0CDN") {
		for _, m := range w.Thread("C0CDN", m.TS) {
			if m.User == w.BotUser && m.To == "" {
				public = append(public, m)
			}
		}
	}
	for _, m := range append(w.Ephemerals("U0ALICE"), w.Messages(dm)...) {
		if m.User == w.BotUser {
			private = append(private, m)
		}
	}
	return public, private
}

func (w *world) Visible() []adaptertest.Message {
	public, _ := w.byBot()
	return seen(public)
}

func (w *world) Private() []adaptertest.Message {
	_, private := w.byBot()
	all := seen(private)
	if form, open := w.View("U0ALICE"); open {
		for _, wrong := range form.Errors {
			all = append(all, adaptertest.Message{Text: wrong})
		}
	}
	return all
}

func seen(messages []slacksim.Message) []adaptertest.Message {
	var all []adaptertest.Message
	for _, m := range messages {
		one := adaptertest.Message{Ref: chat.MessageRef{Channel: m.Channel, ID: m.TS}, Root: m.ThreadTS, Text: m.Plain()}
		for _, f := range m.Files {
			one.Text += "\n" + string(f.Content)
		}
		for _, b := range m.Buttons() {
			one.Buttons = append(one.Buttons, adaptertest.Button{Label: b.Text, Carries: b.Value})
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
			m.Text, m.Blocks = m.History[0].Text, m.History[0].Blocks // edits notify nobody
		}
		for _, who := range m.Mentions() {
			all = append(all, strings.NewReplacer("<@", "slack:T0SIM/", ">", "").Replace(who))
		}
	}
	return all
}

func (w *world) Unfurled() bool {
	public, private := w.byBot()
	for _, m := range append(public, private...) {
		if m.UnfurlLinks || m.UnfurlMedia || m.LinkNames {
			return true
		}
	}
	return false
}

func (w *world) Markup() []string {
	return []string{"<@U0BOB>", "<!channel>", "<!here>", "<!subteam^S0ONCALL>", "<http://evil.example|https://www.test.com/>", "*bold* _it_"}
}

func (w *world) Delete(ref chat.MessageRef)   { w.Workspace.Delete(ref.Channel, ref.ID) }
func (w *world) Throttle(after time.Duration) { w.Workspace.Throttle(1, after) }
func (w *world) RefuseFiles()                 { w.Fail(uploadMethod, "file_uploads_disabled", -1) }
func (w *world) LosePost()                    { w.Lose("chat.postMessage", 1) }
