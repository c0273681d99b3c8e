package slack

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/slack/slacksim"
	"purgebot/bot/chat"
	"purgebot/purge"
)

var allScopes = []string{
	"commands", "app_mentions:read", "chat:write", "users:read", "usergroups:read", "channels:read", "groups:read", "im:write", "files:write",
}

// TestAPlanWithoutUserGroups checks that groups are empty in such a plan, without a call at every command.
func TestAPlanWithoutUserGroups(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"plan_upgrade_required", "paid_teams_only", "no_such_subteam"} {
		w := newWorld(t, &fake{}, nil)
		w.Fail("usergroups.users.list", code, -1)
		for range 5 {
			p, err := w.slack.Person(t.Context(), w.Alice(), 0)
			require.NoError(t, err, code)
			assert.Equal(t, chat.Member, p.Standing)
			assert.Empty(t, p.Groups)
		}
		assert.Len(t, w.Calls("usergroups.users.list"), 2, "once for each group")
		assert.NoError(t, w.slack.Health(t.Context()), code)
	}
}

// TestLookUpsThatOnlyAnOperatorCanMend checks that errors name the correction, and that Health reports them
// until the look-up succeeds.
func TestLookUpsThatOnlyAnOperatorCanMend(t *testing.T) {
	t.Parallel()
	person := func(w *world) error { _, err := w.slack.Person(context.Background(), w.Alice(), 0); return err }
	channel := func(w *world) error { _, err := w.slack.Channel(context.Background(), w.Channel(), 0); return err }
	for _, c := range []struct {
		method, code string
		ask          func(*world) error
		says         string
	}{
		{"users.info", "missing_scope", person, "users:read"},
		{"users.info", "not_allowed_token_type", person, "xoxb-"},
		{"users.info", "invalid_auth", person, "SLACK_BOT_TOKEN"},
		{"users.info", "team_access_not_granted", person, "manages the workspace"},
		{"usergroups.users.list", "missing_scope", person, "usergroups:read"},
		{"usergroups.users.list", "no_permission", person, "manages the workspace"},
		{"usergroups.users.list", "token_revoked", person, "SLACK_BOT_TOKEN"},
		{"usergroups.users.list", "invented_tomorrow", person, "Tell whoever runs purgebot"},
		{"conversations.info", "missing_scope", channel, "channels:read"},
		{"conversations.info", "account_inactive", channel, "SLACK_BOT_TOKEN"},
	} {
		t.Run(c.method+" "+c.code, func(t *testing.T) {
			t.Parallel()
			var now clock
			w := newWorld(t, &fake{}, func(config *Config) { config.Now = now.now })
			require.NoError(t, w.slack.Health(t.Context()))
			w.Fail(c.method, c.code, -1)
			for _, err := range []error{c.ask(w), w.slack.Health(t.Context())} {
				e := asError(t, err)
				assert.Equal(t, purge.Internal, e.Kind)
				assert.Contains(t, e.Message, c.says)
				assert.Contains(t, e.Error(), c.code)
			}
			now.forward(time.Hour)
			assert.Contains(t, asError(t, w.slack.Health(t.Context())).Message, c.says, "still")

			w.Heal()
			require.NoError(t, c.ask(w))
			assert.NoError(t, w.slack.Health(t.Context()), "it works again")
		})
	}
}

// TestHealthAsksAgain checks that Health itself detects an added scope, because a bot that is not ready
// receives no events.
func TestHealthAsksAgain(t *testing.T) {
	t.Parallel()
	var now clock
	w := newWorld(t, &fake{}, func(c *Config) { c.Now = now.now })
	w.Fail("users.info", "missing_scope", -1)
	_, err := w.slack.Person(t.Context(), w.Alice(), 0)
	require.Error(t, err)
	require.Error(t, w.slack.Health(t.Context()))
	asked := len(w.Calls("users.info"))
	require.Error(t, w.slack.Health(t.Context()))
	assert.Len(t, w.Calls("users.info"), asked, "not at every probe")
	w.Heal()
	now.forward(askAgain)
	assert.NoError(t, w.slack.Health(t.Context()))
	assert.Len(t, w.Calls("users.info"), asked+1)

	w.Fail("users.info", "missing_scope", 1)
	_, err = w.slack.Person(t.Context(), w.Alice(), 0)
	require.Error(t, err)
	now.forward(askAgain)
	w.Fail("users.info", "internal_error", -1)
	assert.Error(t, w.slack.Health(t.Context()), "an outage mends nothing")
}

// TestAClosedPartIsAWarning checks that a missing scope for private channels, files or direct messages leaves
// the rest ready.
func TestAClosedPartIsAWarning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, nil)
	w.PutChannel(secretRoom)
	w.Reinstall("commands", "app_mentions:read", "chat:write", "users:read", "usergroups:read", "channels:read")
	require.NoError(t, w.slack.Health(t.Context()))
	_, err := w.slack.Channel(t.Context(), in(secretRoom.ID), 0)
	assert.Equal(t, purge.Internal, asError(t, err).Kind)
	_, err = w.slack.Channel(t.Context(), w.Channel(), 0)
	require.NoError(t, err, "another channel says nothing of this one")
	e := asError(t, w.slack.Health(t.Context()))
	assert.Equal(t, purge.Denied, e.Kind)
	assert.Contains(t, e.Message, "groups:read")
	assert.Contains(t, e.Message, "OAuth & Permissions")

	w.Fail("conversations.info", "invalid_auth", 1)
	_, err = w.slack.Channel(t.Context(), w.Channel(), 0)
	require.Error(t, err)
	_, err = w.slack.Channel(t.Context(), in(secretRoom.ID), 0)
	require.Error(t, err)
	assert.Equal(t, purge.Internal, asError(t, w.slack.Health(t.Context())).Kind, "of two in one method, the graver stays")
	_, err = w.slack.Channel(t.Context(), w.Channel(), 0)
	require.NoError(t, err)
	require.NoError(t, w.slack.Health(t.Context()), "until it works again")

	w.Fail("users.info", "invalid_auth", -1)
	_, err = w.slack.Person(t.Context(), w.Alice(), 0)
	require.Error(t, err)
	assert.Equal(t, purge.Internal, asError(t, w.slack.Health(t.Context())).Kind, "what is graver goes first")
	w.Heal()
	_, err = w.slack.Person(t.Context(), w.Alice(), 0)
	require.NoError(t, err)

	w.Reinstall(allScopes...)
	_, err = w.slack.Channel(t.Context(), in(secretRoom.ID), 0)
	require.NoError(t, err)
	assert.NoError(t, w.slack.Health(t.Context()))

	w.Fail("conversations.open", "missing_scope", -1)
	err = w.slack.Tell(t.Context(), w.Alice(), chat.Thread{}, chat.EventKey{}, chat.Card{Title: "x"})
	assert.Equal(t, purge.Internal, asError(t, err).Kind)
	e = asError(t, w.slack.Health(t.Context()))
	assert.Equal(t, purge.Denied, e.Kind)
	assert.Contains(t, e.Message, "im:write")
}

// TestCallsThatMayNotBeMade checks that Health reports a missing right for a while or until a success, and no
// faults of single cards.
func TestCallsThatMayNotBeMade(t *testing.T) {
	t.Parallel()
	card := chat.Card{Title: "x"}
	show := func(w *world) error {
		_, err := w.slack.Show(context.Background(), w.Channel(), chat.MessageRef{}, "", card)
		return err
	}
	for _, c := range []struct {
		method string
		do     func(*world) error
		says   string
	}{
		{"chat.postMessage", show, "chat:write"},
		{"chat.update", func(w *world) error {
			ref, _ := w.slack.Show(context.Background(), w.Channel(), chat.MessageRef{}, "", card)
			_, err := w.slack.Show(context.Background(), w.Channel(), ref, "", card)
			return err
		}, "chat:write"},
		{"chat.postEphemeral", func(w *world) error {
			return w.slack.Tell(context.Background(), w.Alice(), w.Channel(), chat.EventKey{}, card)
		}, "chat:write"},
	} {
		var now clock
		w := newWorld(t, &fake{}, func(config *Config) { config.Now = now.now })
		w.Fail(c.method, "missing_scope", -1)
		for _, err := range []error{c.do(w), w.slack.Health(t.Context())} {
			e := asError(t, err)
			assert.Equal(t, purge.Internal, e.Kind, c.method)
			assert.Contains(t, e.Message, c.says, c.method)
		}
		w.Heal()
		require.NoError(t, c.do(w))
		assert.NoError(t, w.slack.Health(t.Context()), c.method)
		w.Fail(c.method, "missing_scope", -1)
		require.Error(t, c.do(w))
		now.forward(toldFor)
		assert.NoError(t, w.slack.Health(t.Context()), "nobody can find out but by doing it: %s", c.method)
		for _, code := range []string{"msg_too_long", "invented_tomorrow", "internal_error", "is_archived"} {
			w.Heal()
			w.Fail(c.method, code, -1)
			_ = c.do(w)
			assert.NoError(t, w.slack.Health(t.Context()), "%s %s", c.method, code)
		}
	}
}

// TestAProbeSpoilsNothing checks that a failed auth.test of a probe affects neither the known identity nor
// events.
func TestAProbeSpoilsNothing(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*world, *clock){
		"refused":      func(w *world, _ *clock) { w.Fail("auth.test", "invalid_auth", -1) },
		"revoked":      func(w *world, _ *clock) { w.Fail("auth.test", "token_revoked", -1) },
		"in trouble":   func(w *world, _ *clock) { w.Fail("auth.test", "internal_error", -1) },
		"throttled":    func(w *world, _ *clock) { w.Workspace.Throttle(-1, time.Minute, "auth.test") },
		"cut off":      func(w *world, _ *clock) { w.Lose("auth.test", -1) },
		"another time": func(w *world, c *clock) { w.Fail("auth.test", "internal_error", -1); c.forward(48 * time.Hour) },
		"set back":     func(w *world, c *clock) { w.Fail("auth.test", "internal_error", -1); c.forward(-time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var now clock
			f := &fake{command: says("You are alice."), answer: says("Taken.")}
			w := newWorld(t, f, func(c *Config) { c.Now = now.now })
			w.Now = now.now
			ref := w.mustShow(t, chat.MessageRef{}, chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
			require.NoError(t, w.slack.Health(t.Context()))
			spoil(w, &now)
			for n := range 3 {
				require.Error(t, w.slack.Health(t.Context()), "and Health says so")
				require.True(t, w.Type(slash, "whoami"))
				require.True(t, w.Type(mention, "whoami"))
				require.True(t, w.Press(w.Alice(), ref, "Purge"))
				assert.Equal(t, 3*(n+1), f.asked())
				for _, m := range w.Private() {
					assert.NotContains(t, m.Text, "Not taken")
				}
				_, err := w.slack.Show(t.Context(), w.Channel(), ref, "", chat.Card{Title: "By", By: w.Alice(), Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
				require.NoError(t, err)
				m, _ := w.Message(ref.Channel, ref.ID)
				assert.Contains(t, m.Plain(), "alice (U0ALICE)", "and who asked is named")
			}
			w.Heal()
			assert.NoError(t, w.slack.Health(t.Context()))
		})
	}
}

// TestAProbeHoldsNothingUp checks that events are handled during the auth.test of a probe.
func TestAProbeHoldsNothingUp(t *testing.T) {
	t.Parallel()
	entered, hold := make(chan struct{}, 1), make(chan struct{})
	var slow atomic.Bool
	f := &fake{}
	w := newWorld(t, f, func(c *Config) {
		c.HTTPClient = &http.Client{Transport: trip(func(r *http.Request) (*http.Response, error) {
			if slow.Load() && strings.HasSuffix(r.URL.Path, "/auth.test") {
				entered <- struct{}{}
				<-hold
			}
			return http.DefaultTransport.RoundTrip(r)
		})}
	})
	require.NoError(t, w.slack.Health(t.Context()))
	slow.Store(true)
	probed := make(chan error, 1)
	go func() { probed <- w.slack.Health(context.Background()) }()
	<-entered
	assert.True(t, w.Workspace.Type("U0ALICE", "C0CDN", "", "/purge whoami").Acknowledged())
	assert.Equal(t, 1, f.asked())
	assert.Empty(t, probed, "the probe still waits")
	close(hold)
	<-probed
}

// TestAFailedLookUpSpoilsNothing checks that callers who accept an older answer get it after a failed look-up,
// and other callers do not.
func TestAFailedLookUpSpoilsNothing(t *testing.T) {
	t.Parallel()
	var now clock
	w := newWorld(t, &fake{}, func(c *Config) { c.Now = now.now })
	person := func(maxAge time.Duration) error {
		_, err := w.slack.Person(t.Context(), w.Alice(), maxAge)
		return err
	}
	channel := func(maxAge time.Duration) error {
		_, err := w.slack.Channel(t.Context(), w.Channel(), maxAge)
		return err
	}
	require.NoError(t, person(roster))
	require.NoError(t, channel(roster))
	now.forward(time.Minute)
	w.Fail("", "internal_error", -1)
	for range 3 {
		assert.Error(t, person(30*time.Second))
		assert.Error(t, channel(30*time.Second))
		assert.NoError(t, person(roster))
		assert.NoError(t, channel(roster))
	}
	now.forward(roster)
	assert.Error(t, person(roster), "in the end it is too old for everybody")
	assert.Error(t, channel(roster))
}

func TestASlackThatDoesNotSayItsScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, func(c *Config) { c.HTTPClient = &http.Client{Transport: silent{}} })
	w.Reinstall("commands", "app_mentions:read", "chat:write", "usergroups:read", "channels:read")
	require.NoError(t, w.slack.Health(t.Context()))
	_, err := w.slack.Person(t.Context(), w.Alice(), 0)
	require.Error(t, err)
	assert.Contains(t, asError(t, w.slack.Health(t.Context())).Message, "users:read")

	w = newWorld(t, &fake{}, nil)
	w.Reinstall("commands")
	assert.Contains(t, asError(t, w.slack.Health(t.Context())).Message, "app_mentions:read, chat:write, users:read, channels:read, usergroups:read")
}

// TestAMentionIsNotLostInSilence checks that Slack repeats a mention that arrives before the token is known,
// and that the log has the reason.
func TestAMentionIsNotLostInSilence(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := newWorld(t, &fake{}, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	w.Fail("auth.test", "invalid_auth", -1)
	assert.False(t, w.Type(mention, "whoami"))
	assert.Equal(t, 1, strings.Count(log.String(), "SLACK_BOT_TOKEN"), log.String())
}

// trip is an http.RoundTripper.
type trip func(*http.Request) (*http.Response, error)

func (t trip) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// silent is a Slack without X-OAuth-Scopes.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		answer.Header.Del("X-OAuth-Scopes")
	}
	return answer, err
}

// TestOnlyWhatMayPassIsToBeTriedAgain covers the sentences of errors by kind.
func TestOnlyWhatMayPassIsToBeTriedAgain(t *testing.T) {
	t.Parallel()
	for kind, want := range map[purge.ErrorKind]string{
		purge.Unavailable: "Not taken: It rains. Try again.", purge.Exhausted: "Not taken: It rains. Try again.",
		purge.Denied: "Not taken: It rains.", purge.Invalid: "Not taken: It rains.", purge.NotFound: "Not taken: It rains.",
		purge.Conflict: "Not taken: It rains.", purge.Internal: "Not taken: It rains.", purge.Unknown: "It rains.",
	} {
		assert.Equal(t, want, notTaken(&purge.Error{Kind: kind, Message: "It rains."}), kind)
	}
	assert.Equal(t, "Not taken: It rains. Try again later.", notTaken(&purge.Error{Kind: purge.Unavailable, Message: "It rains. Try again later."}))
}

// TestAnErrorIsLoggedOnce checks that an error is logged at the delivery that it ends.
func TestAnErrorIsLoggedOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := &fake{}
	w := newWorld(t, f, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	ref, err := w.slack.Show(t.Context(), w.Channel(), chat.MessageRef{}, "", chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
	require.NoError(t, err)
	f.answer = func(context.Context) (chat.Reply, error) {
		return chat.Reply{Form: &chat.Form{Title: "x", Submit: "x", Token: "t", Inputs: []chat.Input{{Name: "a", Label: "a"}}}}, nil
	}
	require.True(t, w.Press(w.Alice(), ref, "Purge"))
	require.Empty(t, log.String())
	failing := fails(&purge.Error{Kind: purge.Internal, Message: "It broke.", Err: errors.New("because xoxb-simulated")})
	f.command, f.answer = failing, failing
	for what, do := range map[string]func(){
		"command": func() { w.Type(slash, "whoami") },
		"mention": func() { w.Type(mention, "whoami") },
		"press":   func() { w.Press(w.Alice(), ref, "Purge") },
		"form":    func() { w.Submit(map[string]string{"a": "b"}) },
	} {
		log.Reset()
		do()
		assert.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
		assert.Contains(t, log.String(), what+" not taken")
		assert.Contains(t, log.String(), "level=ERROR")
		assert.Contains(t, log.String(), "because")
		assert.NotContains(t, log.String(), "xoxb")
	}
}

var secretRoom = slacksim.Channel{ID: "C0SECRET", Name: "secret", Private: true, Member: true}
