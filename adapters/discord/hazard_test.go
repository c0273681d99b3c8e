package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// Each test here covers an observed hazard of discordgo v0.29.0 or of Discord.

const (
	postMessage  = "POST /channels/{channel}/messages"
	editMessage  = "PATCH /channels/{channel}/messages/{message}"
	callbackPost = "POST /interactions/{interaction}/{token}/callback"
)

// hears checks that the adapter handles a mention.
func (w *world) hears(f *fake) {
	w.t.Helper()
	n := len(f.heard())
	w.Sim.Type(discordsim.Alice, discordsim.CDN, "@purgebot whoami")
	w.eventually(func() bool { return len(f.heard()) > n }, "heard")
}

// begun returns the number of sessions begun or resumed.
func (w *world) begun() int { return w.Sim.Gateway().Identifies + w.Sim.Gateway().Resumes }

func TestHazardDeafOpenings(t *testing.T) {
	t.Parallel()
	for _, how := range []discordsim.Opening{
		discordsim.NoHello, discordsim.ReconnectNotHello, discordsim.ReconnectNotReady, discordsim.NotReady, discordsim.InvalidNotReady,
		discordsim.ResumableNotReady, discordsim.RefuseUpgrade, discordsim.HangUpBeforeHello,
	} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			w := newWorld(t, f)
			w.Meet(how, 2)
			w.started().hears(f)
			w.eventually(func() bool { return w.Sim.Gateway().Open == 1 }, "nothing stuck is left connected")
		})
		t.Run("while resuming: "+string(how), func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			w := newWorld(t, f).started()
			w.Meet(how, 2)
			before := w.begun()
			w.Drop()
			w.eventually(func() bool { return w.begun() > before }, "noticed")
			w.well()
			w.hears(f)
		})
	}
}

func TestHazardCloseWhileDiscordgoHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{})
	w.Meet(discordsim.ReconnectNotReady, -1)
	require.NoError(t, w.discord.Start(context.Background(), w.heard))
	w.eventually(func() bool { return w.Sim.Gateway().Dials > 0 }, "dialled")
	began := time.Now()
	w.discord.Close()
	assert.Less(t, time.Since(began), 3*time.Second, "it hangs for ever")
}

func TestHazardAbandonedSessionMeetsNoNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{})
	s := w.discord.gateway.newSession(func(string, []byte) {})
	address := strings.TrimPrefix(w.api.URL, "http://")
	conn, err := s.line.dial(t.Context(), "tcp", address)
	require.NoError(t, err)
	s.abandon()
	_, err = conn.Write([]byte("x"))
	assert.Error(t, err)
	_, err = s.line.dial(t.Context(), "tcp", address)
	assert.Error(t, err, "whatever discordgo tries later")
}

func TestCloseWaitsForWhatWasTaken(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}), make(chan struct{})
	f := &fake{command: func(context.Context, chat.Command) (chat.Reply, error) {
		close(asked)
		<-release
		return chat.Reply{}, nil
	}}
	w := newWorld(t, f).started()
	go w.Sim.Type(discordsim.Alice, discordsim.CDN, "@purgebot whoami")
	<-asked
	closed := make(chan struct{})
	go func() { w.discord.Close(); close(closed) }()
	select {
	case <-closed:
		t.Error("closed while a command was under way")
	case <-time.After(200 * time.Millisecond):
	}
	close(release)
	<-closed
}

// TestHazardFatalCodesAreTriedAgainLater checks that attempts continue, with waits that spare the sessions of a
// day.
func TestHazardFatalCodesAreTriedAgainLater(t *testing.T) {
	t.Parallel()
	for _, code := range []int{4004, 4010, 4011, 4012, 4013, 4014} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			out := &log{}
			f := &fake{}
			w := newWorld(t, f, func(c *Config, _ *discordsim.Sim) { c.Log = slog.New(slog.NewTextHandler(out, nil)) }).started()
			w.RefuseWith(code, -1)
			w.Hangup(code)
			w.eventually(func() bool { return strings.Contains(out.String(), "the gateway refuses purgebot") }, "shouted")
			assert.Equal(t, 2, w.Sim.Gateway().Dials, "one more try at first")
			err := w.discord.Health(t.Context())
			assert.Equal(t, fatal[code]+sayTriesAgain, purge.AsError(err).Message)
			assert.Equal(t, purge.Internal, purge.AsError(err).Kind)
			w.eventually(func() bool { return w.Sim.Gateway().Dials == 3 }, "tried again")
			assert.Error(t, w.discord.Health(t.Context()), "meanwhile")
			w.Heal()
			w.well()
			w.hears(f)
		})
	}
}

func TestHazardTokenResetWhileConnected(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f).started()
	w.Revoke("another-token")
	w.eventually(func() bool { return len(w.Calls("GET /gateway/bot"))+len(w.Calls("GET /users/@me")) > 4 }, "tried again")
	assert.Equal(t, 1, w.Sim.Gateway().Dials, "a dead token is worth no connection")
	err := purge.AsError(w.discord.Health(t.Context()))
	assert.Equal(t, tokenGone+sayTriesAgain, err.Message)
	assert.Equal(t, purge.Internal, err.Kind)
	w.Revoke("simulated-bot-token") // as if it had never been revoked
	w.well()
	w.hears(f)
}

// TestHazardA401Passes covers a good token that Discord refuses for a moment, at every call of the gateway.
func TestHazardA401Passes(t *testing.T) {
	t.Parallel()
	for name, route := range map[string]string{"at the start": "GET /gateway/bot", "while resuming": "GET /users/@me"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			w := newWorld(t, f)
			if name == "at the start" {
				w.Fail(route, http.StatusUnauthorized, 1)
			}
			require.NoError(t, w.discord.Start(context.Background(), w.heard))
			if name != "at the start" {
				w.well()
				w.Fail(route, http.StatusUnauthorized, 1)
				w.Drop()
				w.eventually(func() bool {
					return strings.HasSuffix(purge.AsError(w.discord.gateway.state.get()).Message, sayTriesAgain)
				}, "said meanwhile")
			}
			w.well()
			w.hears(f)
			assert.Equal(t, 1, w.Sim.Gateway().Identifies, "and what could be resumed is resumed")
		})
	}
}

func TestHazardIntentThatIsNotSwitchedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, func(c *Config, _ *discordsim.Sim) { c.MessageContent = true })
	require.NoError(t, w.discord.Start(context.Background(), w.heard))
	w.eventually(func() bool {
		return purge.AsError(w.discord.Health(t.Context())).Message == fatal[4014]+sayTriesAgain
	}, "told")
	assert.Equal(t, 1, w.Sim.Gateway().Identifies)
}

func TestHazardWrongToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, func(c *Config, _ *discordsim.Sim) { c.Token = "wrong-token" })
	require.NoError(t, w.discord.Start(context.Background(), w.heard))
	w.eventually(func() bool { return purge.AsError(w.discord.Health(t.Context())).Message == tokenGone+sayTriesAgain }, "told")
	assert.Zero(t, w.Sim.Gateway().Identifies, "an IDENTIFY counts against the token")
}

func TestHazardCloseOpensNoSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}).started()
	w.Meet(discordsim.NoHello, -1)
	w.Drop()
	w.eventually(func() bool { return w.Sim.Gateway().Dials > 1 }, "reconnecting")
	w.discord.Close()
	before := w.Sim.Gateway().Dials
	w.Heal()
	time.Sleep(300 * time.Millisecond) // time for an event that must not happen
	assert.Equal(t, before, w.Sim.Gateway().Dials)
	assert.Zero(t, w.Sim.Gateway().Open)
}

func TestHazardSilenceIsNoticedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, func(_ *Config, sim *discordsim.Sim) { sim.HeartbeatEvery = 500 * time.Millisecond })
	w.discord.gateway.patience.silent = 1200 * time.Millisecond // discordgo alone waits for five, and then closes with 1000, which ends the session
	w.started()
	w.Mute()
	go w.Sim.Type(discordsim.Alice, discordsim.CDN, "@purgebot whoami")
	w.eventually(func() bool { return len(f.heard()) == 1 }, "replayed on the resume")
	assert.Equal(t, 1, w.Sim.Gateway().Identifies, "resumed, not begun anew")
	w.well()
}

func TestHazardOp7ResumesAndOp9Identifies(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f).started()
	w.Reconnect()
	w.eventually(func() bool { return w.Sim.Gateway().Resumes == 1 }, "resumed")
	w.well()
	w.Invalidate(false)
	w.eventually(func() bool { return w.Sim.Gateway().Identifies == 2 }, "identified")
	w.hears(f)
}

// TestHazardOp9IsAnsweredAfterAWhile checks that the wait is between one and five times the setting, at every
// op 9.
func TestHazardOp9IsAnsweredAfterAWhile(t *testing.T) {
	t.Parallel()
	const least = 40 * time.Millisecond
	for name, invalidate := range map[string]func(w *world){
		"instead of READY": func(w *world) { w.Meet(discordsim.InvalidNotReady, 1) },
		"too soon":         func(w *world) { w.IdentifyEvery = 30 * time.Millisecond; w.Meet(discordsim.HangUpBeforeHello, 1) },
		"later":            func(w *world) { w.started().Invalidate(false) },
		"after a resume":   func(w *world) { w.started().Drop(); w.Forget() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			w := newWorld(t, f)
			w.discord.gateway.patience.invalid = least
			invalidate(w)
			if name == "instead of READY" || name == "too soon" {
				require.NoError(t, w.discord.Start(context.Background(), w.heard))
			}
			w.eventually(func() bool { return name == "too soon" || len(w.Sim.Gateway().Waits) > 0 }, "answered")
			w.well()
			w.hears(f)
			for _, wait := range w.Sim.Gateway().Waits {
				assert.GreaterOrEqual(t, wait, least)
				assert.Less(t, wait, 5*least+time.Minute, "and the way there, on a busy machine")
			}
		})
	}
	assert.Equal(t, time.Second, patiently.invalid, "Discord asks for 1 to 5 s")
}

// TestTheTurnOfAnIdentify: the first waits for nothing, and one that answers op 9 one to five times as long as is asked for.
func TestTheTurnOfAnIdentify(t *testing.T) {
	t.Parallel()
	const least = 40 * time.Millisecond
	for range 1000 {
		p := &paced{open: true, invalid: least, lasted: time.Minute}
		first, err := p.turn()
		require.NoError(t, err)
		assert.Zero(t, first)
		wait, err := p.turn()
		require.NoError(t, err)
		assert.GreaterOrEqual(t, wait, least)
		assert.LessOrEqual(t, wait, 5*least)
	}
}

func TestHazardOp9IsNotAnsweredInALoop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, func(_ *Config, sim *discordsim.Sim) { sim.IdentifyEvery = time.Hour })
	w.discord.gateway.patience.open, w.discord.gateway.patience.first = 2*time.Second, time.Hour
	w.Meet(discordsim.InvalidNotReady, 1) // after the first IDENTIFY, every further one comes too soon
	require.NoError(t, w.discord.Start(context.Background(), w.heard))
	w.eventually(func() bool { return w.Sim.Gateway().Dials == 1 && w.Sim.Gateway().Open == 0 }, "given up")
	assert.Equal(t, identifies, w.Sim.Gateway().Identifies)
}

// TestHazardASessionIsResumedWhereDiscordSays checks that the address of READY is used while it is reachable.
func TestHazardASessionIsResumedWhereDiscordSays(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f).started()
	for i, drop := range []func(){w.Drop, w.Reconnect, func() { w.Hangup(4000) }} {
		drop()
		w.eventually(func() bool { return w.Sim.Gateway().Resumes == i+1 }, "resumed")
		w.well()
	}
	assert.Zero(t, w.Sim.Gateway().Astray)
	assert.Len(t, w.Calls("GET /gateway"), 1, "only the first connection asks for an address")
	w.Meet(discordsim.RefuseUpgrade, 1)
	w.Drop()
	w.eventually(func() bool { return w.Sim.Gateway().Resumes == 4 }, "resumed elsewhere")
	assert.Equal(t, 1, w.Sim.Gateway().Astray, "an address that cannot be reached is not insisted on")
	w.well()
	w.hears(f)
	assert.Equal(t, 1, w.Sim.Gateway().Identifies)
}

func TestTheTokenIsToldToNoGatewayInTheClear(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"wss://gateway.discord.gg": true, "wss://gateway-us-east1-b.discord.gg/?a=b": true, "ws://127.0.0.1:1/x": true, "ws://localhost": true, "ws://[::1]:2": true,
		"ws://gateway.discord.gg": false, "ws://10.0.0.1": false, "https://gateway.discord.gg": false, "wss://": false, "wss://u:p@gateway.discord.gg": false, "": false,
		"gateway.discord.gg": false, "ws://127.0.0.1.evil.example": false,
	} {
		var r resumeURL
		ready, _ := json.Marshal(map[string]string{"resume_gateway_url": address})
		r.learn(ready)
		assert.Equal(t, want, r.get() == address && address != "", address)
		said, _ := json.Marshal(map[string]string{"url": address})
		request, _ := http.NewRequest(http.MethodGet, "https://discord.com/api/v9/gateway", nil)
		answer, err := directory{parrot{"/gateway": string(said)}, &resumeURL{}}.RoundTrip(request)
		assert.Equal(t, want, err == nil && answer.StatusCode == http.StatusOK, address)
	}
}

func TestAStopSaysGoodbye(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}).started()
	w.discord.Close()
	w.eventually(func() bool { return len(w.Sim.Gateway().Codes) == 1 }, "hung up")
	assert.Equal(t, []int{1000}, w.Sim.Gateway().Codes, "Discord shows the bot as offline at once")
	assert.Zero(t, w.Sim.Gateway().Sessions)
}

func TestHazardDiscordgoDoesNotComeBack(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]func(*session){
		"a lock that is never released":  func(s *session) { signal(s.ready); s.Lock() },
		"open, and never heard of READY": func(s *session) { s.LastHeartbeatAck = time.Now() },
	} {
		g := newWorld(t, &fake{}).discord.gateway
		g.patience.stuck, g.patience.open, g.patience.silent = 50*time.Millisecond, 50*time.Millisecond, time.Hour
		s := g.newSession(func(string, []byte) {})
		hang(s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		assert.ErrorIs(t, g.watch(ctx, s), errStuck, name)
		cancel()
	}
}

func TestHazardNoSessionIsBegunThatDiscordDoesNotAllow(t *testing.T) {
	t.Parallel()
	d := offline(t, func(c *Config) {
		c.PublicKey = ""
		c.HTTPClient = &http.Client{Transport: parrot{"/gateway/bot": `{"session_start_limit":{"remaining":0,"reset_after":20}}`}}
	})
	err := purge.AsError(d.gateway.mayIdentify(t.Context()))
	assert.Equal(t, purge.Unavailable, err.Kind)
	assert.Contains(t, err.Message, "no more sessions")
	assert.Equal(t, err, d.Health(t.Context()))
}

func TestHazardResumeRepeatsEvents(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f).started()
	w.RepeatOnResume(2)
	w.hears(f)
	w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil)
	w.Drop()
	w.eventually(func() bool { return len(f.heard()) >= 4 }, "repeated")
	keys := map[chat.EventKey]int{}
	for _, c := range f.heard() {
		keys[c.Event]++
	}
	assert.Len(t, keys, 2, "the bot knows a repeated event by its key: %v", keys)
}

func TestHazardPanicInAHandler(t *testing.T) {
	t.Parallel()
	out := &log{}
	f := &fake{command: func(context.Context, chat.Command) (chat.Reply, error) { panic("hunter2") }}
	w := newWorld(t, f, func(c *Config, _ *discordsim.Sim) { c.Log = slog.New(slog.NewTextHandler(out, nil)) }).started()
	w.hears(f)
	w.eventually(func() bool { return len(w.Visible()) == 1 && w.Visible()[0].Text == sayNotTaken }, "whoever typed is told")
	w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil)
	w.hears(f)
	w.discord.later.Wait()
	assert.Contains(t, out.String(), "panic")
	assert.NotContains(t, out.String(), "hunter2")
}

func TestHazardPanicInTheAdapterItself(t *testing.T) {
	t.Parallel()
	out := &log{}
	w := newWorld(t, &fake{}, func(c *Config, _ *discordsim.Sim) { c.Log = slog.New(slog.NewTextHandler(out, nil)) })
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { w.discord.gateway.run(ctx, func(string, []byte) { panic("hunter2") }) })
	w.eventually(func() bool { return strings.Contains(out.String(), "delivery failed") }, "contained")
	assert.NotContains(t, out.String(), "hunter2")
	cancel()
	done.Wait()
}

func TestHazardUnknownComponentHidesNothing(t *testing.T) {
	t.Parallel()
	const odd = `[{"type":20,"strange":{"type":"x"}},{"type":17,"components":[{"type":10,"content":"https://www.test.com/in-text"},{"type":"what"},
		{"type":9,"components":[{"type":10,"content":7}],"accessory":{"type":2,"style":5,"url":"https://www.test.com/on-button","label":"x"}}]}]`
	f := &fake{}
	w := newWorld(t, f).started()
	d := w.Sim.Type(discordsim.Bob, discordsim.CDN, "see https://www.test.com/said", discordsim.WithComponents(odd))
	require.True(t, d.Sent)
	d = w.Sim.MessageCommand(discordsim.Alice, discordsim.CDN, d.ID, onMessageName)
	require.Empty(t, d.Refused)
	require.Len(t, f.heard(), 1)
	assert.Equal(t, "https://www.test.com/said\nhttps://www.test.com/in-text\n<https://www.test.com/on-button>", f.heard()[0].Fields.Targets)

	w.Sim.Type(discordsim.Alice, discordsim.CDN, "@purgebot whoami", discordsim.WithComponents(odd))
	w.eventually(func() bool { return len(f.heard()) == 2 }, "a mention with such a component")
	assert.Equal(t, w.Alice(), f.heard()[1].From)
}

func TestHazardOnePersonsAnswerHoldsUpNobody(t *testing.T) {
	t.Parallel()
	f := &fake{command: says("You are you.")}
	w := newWorld(t, f).started()
	release := w.Hold(callbackPost, 1)
	var slow sync.WaitGroup
	slow.Go(func() { w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil) })
	w.eventually(func() bool { return len(w.Calls(callbackPost)) == 1 }, "held")
	assert.True(t, w.Sim.Command(discordsim.Bob, discordsim.CDN, "purge whoami", nil).Acknowledged())
	release()
	slow.Wait()
}

func TestHazardOneLateFollowUpHoldsUpNobody(t *testing.T) {
	t.Parallel()
	const fill = "PATCH /webhooks/{application}/{token}/messages/{message}"
	f := &fake{command: func(_ context.Context, c chat.Command) (chat.Reply, error) {
		time.Sleep(300 * time.Millisecond)
		return chat.Reply{Card: &chat.Card{Title: "You are " + c.From.ID()}}, nil
	}}
	w := newWorld(t, f)
	w.discord.timing.deferAfter = time.Millisecond
	w.started()
	release := w.Hold(fill, 1)
	w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil)
	w.eventually(func() bool { return len(w.Calls(fill)) == 1 }, "held")
	w.Sim.Command(discordsim.Bob, discordsim.CDN, "purge whoami", nil)
	w.eventually(func() bool {
		m := w.Ephemerals(discordsim.Bob)
		return len(m) == 1 && strings.Contains(m[0].Plain(), discordsim.Bob)
	}, "bob is answered")
	release()
}

func TestHazardOneSlowMessageHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	a, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "a", chat.Card{Title: "a"})
	require.NoError(t, err)
	b, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "b", chat.Card{Title: "b"})
	require.NoError(t, err)
	release := w.Hold(editMessage, 1)
	var slow sync.WaitGroup
	slow.Go(func() {
		_, _ = w.discord.Show(context.Background(), w.Channel(), a, "a", chat.Card{Title: "a 2"})
	})
	w.eventually(func() bool { return len(w.Calls(editMessage)) == 1 }, "held")
	_, err = w.discord.Show(t.Context(), w.Channel(), b, "b", chat.Card{Title: "b 2"})
	require.NoError(t, err)
	release()
	slow.Wait()
}

func TestHazardGlobalLimitHoldsEverywhereButForInteractions(t *testing.T) {
	t.Parallel()
	f := &fake{command: says("You are you.")}
	w := newWorld(t, f).started()
	w.ThrottleAs(discordsim.Global, 1, 5*time.Second)
	_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "a", chat.Card{Title: "a"})
	require.Equal(t, purge.Exhausted, purge.AsError(err).Kind)
	calls := len(w.Calls("GET /guilds/{guild}/members/{user}"))
	_, err = w.discord.Person(t.Context(), w.Bob(), 0)
	assert.Equal(t, purge.Exhausted, purge.AsError(err).Kind, "another route waits too")
	assert.InDelta(t, 5, purge.AsError(err).RetryAfter.Seconds(), 1)
	assert.Len(t, w.Calls("GET /guilds/{guild}/members/{user}"), calls, "and asks nobody")
	assert.True(t, w.Sim.Command(discordsim.Bob, discordsim.CDN, "purge whoami", nil).Acknowledged())
}

func TestHazardLimitOfOneRouteIsNoneOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	for _, scope := range []discordsim.Scope{discordsim.PerRoute, discordsim.Shared} {
		w.ThrottleAs(scope, 1, 22*time.Minute, postMessage)
		began := time.Now()
		_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "a", chat.Card{Title: "a"})
		assert.Equal(t, purge.Exhausted, purge.AsError(err).Kind)
		assert.Less(t, time.Since(began), 5*time.Second, "nobody sleeps for 22 minutes")
		_, err = w.discord.Person(t.Context(), w.Bob(), 0)
		assert.NoError(t, err)
	}
	assert.Len(t, w.Calls(postMessage), 1, "the second is not even tried")
}

func TestHazardCloudflareAnswersHTML(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	w.ThrottleAs(discordsim.Cloudflare, 1, 30*time.Second)
	_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "a", chat.Card{Title: "a"})
	e := purge.AsError(err)
	assert.Equal(t, purge.Exhausted, e.Kind)
	assert.Equal(t, 30*time.Second, e.RetryAfter)
	assert.NotContains(t, e.Error(), "<")
	calls := len(w.Calls())
	_, err = w.discord.Person(t.Context(), w.Bob(), 0)
	assert.Error(t, err)
	assert.Len(t, w.Calls(), calls, "a ban is not prolonged")
}

func TestHazardNoCallIsRepeatedByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	for _, status := range []int{500, 502, 503, 504} {
		w.Fail(postMessage, status, 1)
		_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "a", chat.Card{Title: "a"})
		assert.Equal(t, purge.Unavailable, purge.AsError(err).Kind, status)
	}
	assert.Len(t, w.Calls(postMessage), 4)
}

func TestHazardLostAnswerIsOneMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	w.Lose(postMessage, 1)
	_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "a", chat.Card{Title: "a"})
	require.Error(t, err)
	_, err = w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "a", chat.Card{Title: "a"})
	require.NoError(t, err)
	assert.Len(t, w.Messages(discordsim.CDN), 1)
}

func TestHazardNoTokenInLogsAndErrors(t *testing.T) {
	t.Parallel()
	out := &log{}
	f := &fake{command: says("You are you.")}
	w := newWorld(t, f, func(c *Config, _ *discordsim.Sim) {
		c.Log = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}, impatient).started()
	var tokens []string
	for _, breaks := range []func(){
		func() { w.Lose(callbackPost, 1) }, func() { w.Fail(callbackPost, 10062, 1) }, func() { w.Fail(callbackPost, 502, 1) },
		func() { w.Sim.Throttle(1, time.Minute, callbackPost) }, func() { w.ThrottleAs(discordsim.Cloudflare, 1, time.Second, callbackPost) },
	} {
		breaks()
		d := w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil)
		w.discord.later.Wait()
		tokens = append(tokens, d.Token)
	}
	w.api.CloseClientConnections()
	w.api.Close()
	err := w.discord.call(t.Context(), http.MethodPost, "/webhooks/1/"+tokens[0], nil, nil)
	require.Error(t, err)
	all := out.String() + err.Error()
	assert.Contains(t, all, "answer not delivered")
	for _, secret := range append(tokens, "simulated-bot-token") {
		require.NotEmpty(t, secret)
		assert.NotContains(t, all, secret)
	}
}

func TestHazardBucketsDoNotGrow(t *testing.T) {
	t.Parallel()
	f := &fake{command: says("You are you.")}
	w := newWorld(t, f).started()
	for range 5 {
		w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil)
	}
	buckets := reflect.ValueOf(w.discord.rest.Ratelimiter).Elem().FieldByName("buckets").Len()
	assert.Zero(t, buckets)
	w.discord.limits.mu.Lock()
	defer w.discord.limits.mu.Unlock()
	assert.Less(t, len(w.discord.limits.routes), 1000)
}

func TestHazardAllowedMentionsAreNeverNull(t *testing.T) {
	t.Parallel()
	f := &fake{command: says("@everyone"), answer: func(context.Context, chat.Answer) (chat.Reply, error) {
		return chat.Reply{Card: &chat.Card{Title: "@everyone"}}, nil
	}}
	w := newWorld(t, f).started()
	ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "a", chat.Card{Title: "a", Buttons: []chat.Button{{Label: "Go", Token: "t"}}})
	require.NoError(t, err)
	_, err = w.discord.Show(t.Context(), w.Channel(), ref, "a", chat.Card{Title: "a", Buttons: []chat.Button{{Label: "Go", Token: "t"}}})
	require.NoError(t, err)
	w.Press(w.Alice(), ref, "Go")
	w.Type(slash, "whoami")
	w.Type(mention, "whoami")
	require.NoError(t, w.discord.Tell(t.Context(), w.Bob(), w.Channel(), chat.EventKey{}, chat.Card{Title: "a"}))
	checked := 0
	for _, c := range w.Calls() {
		if c.Body == nil || !strings.Contains(string(c.Body), `"content"`) {
			continue
		}
		var body struct {
			Mentions *struct{ Parse []string } `json:"allowed_mentions"`
			Data     *struct {
				Mentions *struct{ Parse []string } `json:"allowed_mentions"`
			}
		}
		require.NoError(t, json.Unmarshal(c.Body, &body))
		if body.Data != nil {
			body.Mentions = body.Data.Mentions
		}
		require.NotNil(t, body.Mentions, "%s %s", c.Route, c.Body)
		assert.NotNil(t, body.Mentions.Parse, "%s %s", c.Route, c.Body)
		assert.Empty(t, body.Mentions.Parse)
		checked++
	}
	assert.GreaterOrEqual(t, checked, 6)
}

func TestHazardEmptyAutocompleteHasItsKey(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f).started()
	typed := discordsim.Options{"targets": "https://"}
	offered, d := w.Autocomplete(discordsim.Alice, discordsim.CDN, "purge url", "targets", typed)
	require.True(t, d.Acknowledged())
	assert.Empty(t, offered)
	calls := w.Calls(callbackPost)
	assert.JSONEq(t, `{"type":8,"data":{"choices":[]}}`, string(calls[len(calls)-1].Body))
	for _, broken := range []func(context.Context) (chat.Reply, error){
		func(context.Context) (chat.Reply, error) { return chat.Reply{}, errors.New("no database") },
		func(context.Context) (chat.Reply, error) { panic("hunter2") },
	} {
		f.suggest = broken
		offered, d = w.Autocomplete(discordsim.Alice, discordsim.CDN, "purge url", "targets", typed)
		assert.True(t, d.Acknowledged())
		assert.Empty(t, offered)
	}
}

// TestHazardHintsThatAreRepeated covers replayed events and a second replica, which does not know the hints of
// the first one.
func TestHazardHintsThatAreRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	typed := w.Sim.Type(discordsim.Alice, discordsim.CDN, "@purgebot https://www.test.com/")
	for range 2 {
		w.discord.hinted.clear()
		require.NoError(t, w.discord.hint(t.Context(), &message{ID: typed.ID, ChannelID: discordsim.CDN, Author: user{ID: discordsim.Alice}}, sayRole))
		w.discord.noThreads(t.Context(), discordsim.CDN)
	}
	assert.Len(t, w.Visible(), 2, "each is one message")
}
