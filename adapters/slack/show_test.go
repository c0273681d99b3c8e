package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
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

func asError(t *testing.T, err error) *purge.Error {
	t.Helper()
	require.Error(t, err)
	var e *purge.Error
	require.True(t, errors.As(err, &e))
	return e
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	good := Config{BotToken: "xoxb-hunter2", SigningSecret: "hunter3"}
	_, err := New(good)
	require.NoError(t, err)
	for variable, change := range map[string]func(*Config){
		"SLACK_BOT_TOKEN":      func(c *Config) { c.BotToken = "" },
		"SLACK_SIGNING_SECRET": func(c *Config) { c.SigningSecret = "" },
		"SLACK_API_URL":        func(c *Config) { c.APIURL = "http://slack.com/api/" },
		"SLACK_API_URL ":       func(c *Config) { c.APIURL = "slack.com" },
		"SLACK_API_URL  ":      func(c *Config) { c.APIURL = "https://user:pass@slack.com/api/" },
		"SLACK_API_URL   ":     func(c *Config) { c.APIURL = "http://127.0.0.1.evil.example/api/" },
		"SLACK_API_URL    ":    func(c *Config) { c.APIURL = "ftp://127.0.0.1/" },
	} {
		c := good
		change(&c)
		_, err := New(c)
		e := asError(t, err)
		assert.Contains(t, e.Error(), strings.TrimSpace(variable))
		assert.NotContains(t, e.Error(), "hunter")
		assert.NotContains(t, e.Error(), "pass")
	}
	for _, address := range []string{"http://127.0.0.1:1/api", "http://localhost:1/api/", "http://[::1]:1/", "https://slack.example/api/"} {
		c := good
		c.APIURL = address
		_, err := New(c)
		assert.NoError(t, err, address)
	}
}

// TestErrorsOfSlack covers every error code with a meaning, and checks that it causes one call only.
func TestErrorsOfSlack(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct {
		kind purge.ErrorKind
		says string
	}{
		"not_in_channel":    {purge.Denied, "/invite @purgebot"},
		"channel_not_found": {purge.Denied, "/invite @purgebot"},
		"is_archived":       {purge.Denied, "archived"},
		"restricted_action": {purge.Denied, "does not let purgebot post"},
		"invalid_auth":      {purge.Internal, "SLACK_BOT_TOKEN"},
		"account_inactive":  {purge.Internal, "SLACK_BOT_TOKEN"},
		"token_revoked":     {purge.Internal, "SLACK_BOT_TOKEN"},
		"missing_scope":     {purge.Internal, "lacks the scope"},
		"msg_too_long":      {purge.Internal, "size"},
		"invented_tomorrow": {purge.Internal, "refused"},
		"ratelimited":       {purge.Exhausted, "slow down"},
		"internal_error":    {purge.Unavailable, "Try again"},
		"fatal_error":       {purge.Unavailable, "Try again"},
	} {
		w := newWorld(t, &fake{}, nil)
		_, err := w.slack.whoami(t.Context(), forever)
		require.NoError(t, err)
		w.Fail("chat.postMessage", code, -1)
		_, err = w.slack.Show(t.Context(), w.Channel(), chat.MessageRef{}, "", chat.Card{Title: "x"})
		e := asError(t, err)
		assert.Equal(t, want.kind, e.Kind, code)
		assert.Contains(t, e.Message, want.says)
		assert.Contains(t, e.Error(), code, "the operator sees the code")
		assert.NotContains(t, e.Error(), "xoxb")
		assert.Equal(t, want.kind == purge.Exhausted, e.RetryAfter > 0, code)
		assert.Len(t, w.Calls("chat.postMessage"), 1, "nothing is retried here")
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"HTML under 503":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503); fmt.Fprint(w, "<html>") },
		"HTML under 200":       func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"nothing":              func(http.ResponseWriter, *http.Request) {},
		"ok without a message": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":true}`) },
		"not ok, and not why":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":false}`) },
		"cut off":              func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
		"an endless answer":    func(w http.ResponseWriter, _ *http.Request) { endless(w) },
		"a redirect": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/api/elsewhere")
			w.WriteHeader(307)
		},
		"429 without a delay": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) },
		"429 with a wild delay": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "soon")
			w.WriteHeader(429)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var elsewhere atomic.Int32
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "elsewhere") {
					elsewhere.Add(1)
				}
				answer(w, r)
			}))
			defer api.Close()
			s, err := New(Config{BotToken: "xoxb-hunter2", SigningSecret: "hunter3", APIURL: api.URL + "/api"})
			require.NoError(t, err)
			_, err = s.Show(t.Context(), in("C0CDN"), chat.MessageRef{}, "", chat.Card{Title: "x"})
			e := asError(t, err)
			assert.NotContains(t, e.Error(), "hunter")
			assert.Error(t, s.Health(t.Context()))
			assert.Zero(t, elsewhere.Load())
			switch {
			case strings.HasPrefix(name, "429"):
				assert.Contains(t, []purge.ErrorKind{purge.Exhausted, purge.Unavailable}, e.Kind)
			case name == "a redirect":
				assert.Equal(t, purge.Internal, e.Kind)
			default:
				assert.Equal(t, purge.Unavailable, e.Kind)
			}
		})
	}
}

func endless(w http.ResponseWriter) {
	for range 1000 {
		if _, err := w.Write([]byte(strings.Repeat(" ", 64<<10))); err != nil {
			return
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, nil)
	require.NoError(t, w.slack.Health(t.Context()))
	w.Fail("auth.test", "token_revoked", -1)
	assert.Contains(t, asError(t, w.slack.Health(t.Context())).Message, "SLACK_BOT_TOKEN")
	w.Heal()
	require.NoError(t, w.slack.Health(t.Context()), "and gets well again")
	assert.Equal(t, []string{"commands", "chat:write"}, scopes("commands, chat:write"))
	assert.Nil(t, scopes(""))
	assert.True(t, identity{}.has("chat:write"), "Slack did not say")
	assert.False(t, identity{scopes: []string{"commands"}}.has("chat:write"))
}

func TestLostMessagesAndThreads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, nil)
	at := w.Channel()
	ref, err := w.slack.Show(t.Context(), at, chat.MessageRef{}, "", chat.Card{Title: "one"})
	require.NoError(t, err)
	for _, code := range []string{"message_not_found", "cant_update_message", "edit_window_closed"} {
		w.Fail("chat.update", code, 1)
		again, err := w.slack.Show(t.Context(), at, ref, "", chat.Card{Title: "two"})
		require.NoError(t, err)
		assert.NotEqual(t, ref, again, code)
	}
	at.Root = ref.ID
	w.Fail("chat.postMessage", "thread_not_found", 1)
	_, err = w.slack.Show(t.Context(), at, chat.MessageRef{}, "", chat.Card{Title: "three"})
	require.NoError(t, err)
	w.Fail("chat.update", "is_archived", -1)
	w.Fail("chat.postMessage", "is_archived", -1)
	before := len(w.Calls())
	_, err = w.slack.Show(t.Context(), at, ref, "", chat.Card{Title: "four"})
	assert.Equal(t, purge.Denied, asError(t, err).Kind)
	assert.Len(t, w.Calls(), before+1, "an archived channel is not tried again")
}

func TestTellFallsBackToADirectMessage(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived"} {
		w := newWorld(t, &fake{}, nil)
		w.Fail("chat.postEphemeral", code, 1)
		require.NoError(t, w.slack.Tell(t.Context(), w.Alice(), w.Channel(), chat.EventKey{}, chat.Card{Title: "Refused."}))
		require.Len(t, w.Messages(w.DM("U0ALICE")), 1, code)
	}
	w := newWorld(t, &fake{}, nil)
	w.Workspace.Throttle(1, 3*time.Second, "chat.postEphemeral")
	assert.Equal(t, 3*time.Second, asError(t, w.slack.Tell(t.Context(), w.Alice(), w.Channel(), chat.EventKey{}, chat.Card{Title: "x"})).RetryAfter)
	assert.Empty(t, w.Calls("conversations.open"), "a throttled message is not sent another way")
	assert.Equal(t, purge.NotFound, asError(t, w.slack.Tell(t.Context(), "slack:T9/U0ALICE", w.Channel(), chat.EventKey{}, chat.Card{Title: "x"})).Kind)
	assert.Equal(t, purge.NotFound, asError(t, w.slack.Tell(t.Context(), "slack:T0SIM/!channel", w.Channel(), chat.EventKey{}, chat.Card{Title: "x"})).Kind)
}

// TestResponseURL checks that cards go to Slack's own addresses only, and that the person gets an answer in
// every case.
func TestResponseURL(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer evil.Close()
	f := &fake{answer: says("Bob has decided already.")}
	w := newWorld(t, f, nil)
	redirecting := httptest.NewServer(http.RedirectHandler(evil.URL, http.StatusTemporaryRedirect))
	defer redirecting.Close()
	ref, err := w.slack.Show(t.Context(), w.Channel(), chat.MessageRef{}, "", chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
	require.NoError(t, err)
	told := 0
	for _, address := range []string{
		evil.URL + "/", "http://169.254.169.254/latest/meta-data/", "http://hooks.slack.com/x", "https://hooks.slack.com.evil.example/x", "https://hooks.slack.com@evil.example/x",
		"https://hooks.slack.com:8443/x", w.api.URL + "@evil.example/x", w.api.URL + "0/x", "", "file:///etc/passwd", redirecting.URL,
	} {
		d := w.Workspace.Press("U0ALICE", ref.Channel, ref.ID, "Purge", slacksim.AlterJSON(func(p map[string]any) { p["response_url"] = address }))
		w.settled(d)
		told++
		assert.True(t, d.Acknowledged())
		assert.Len(t, w.Private(), told, address)
		assert.Len(t, w.Calls("chat.postEphemeral"), told, "told the other way: %s", address)
	}
	assert.Zero(t, reached.Load())

	before := len(w.Calls("chat.postEphemeral"))
	w.Press("slack:T0SIM/U0ALICE", ref, "Purge")
	require.Len(t, w.Calls("response_url"), 1)
	assert.Len(t, w.Calls("chat.postEphemeral"), before, "by the response_url alone")
	for _, code := range []string{"expired_url", "used_url"} {
		w.Fail("response_url", code, 1)
		w.Press("slack:T0SIM/U0ALICE", ref, "Purge")
		before++
		assert.Len(t, w.Calls("chat.postEphemeral"), before, code)
	}
}

func TestOriginIsExact(t *testing.T) {
	t.Parallel()
	s := &Slack{origin: "http://127.0.0.1:80"}
	assert.True(t, s.atOrigin("http://127.0.0.1:80/actions/x"))
	for _, address := range []string{
		"http://127.0.0.1:8080/x", "http://127.0.0.1:80@evil.example/x", "http://127.0.0.1:80.evil.example/x", "http://127.0.0.1:80", "https://127.0.0.1:80/x", "http://127.0.0.1/x",
	} {
		assert.False(t, s.atOrigin(address), address)
	}
	assert.False(t, (&Slack{}).atOrigin("/x"), "Slack's own API has no such addresses")
}

func TestSecretsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	s := offline(t)
	got := s.redact("token=xoxb-simulated xoxp-1-2-abc xapp-1-A xoxe.xoxp-1-b and " + secret + "\nnext\x1b[31m\u2028")
	for _, part := range []string{"xoxb-simulated", "xoxp-1", "xapp-1", secret, "\n", "\x1b", "\u2028"} {
		assert.NotContains(t, got, part)
	}
	assert.LessOrEqual(t, len(s.redact(strings.Repeat("é", 1<<20))), 6000)
	assert.Contains(t, s.translate("x", errors.New("boom")).Error(), "boom")
}

func TestFormErrorsKeepTheForm(t *testing.T) {
	t.Parallel()
	f := &fake{command: func(context.Context) (chat.Reply, error) {
		return chat.Reply{Form: &chat.Form{Title: strings.Repeat("Purge ", 20), Submit: "Continue with this", Token: "token", Inputs: []chat.Input{
			{Name: "targets", Label: "URLs", Lines: true}, {Name: "area", Label: "Area", Choices: []string{"mainland", "overseas"}, Value: "overseas"},
		}}}, nil
	}}
	w := newWorld(t, f, nil)
	require.True(t, w.Type(slash, ""))
	_, inputs, open := w.Form()
	require.True(t, open)
	assert.Equal(t, []string{"targets", "area"}, inputs)

	f.answer = fails(&purge.Error{Kind: purge.Unavailable, Message: "Not taken: the database does not answer. Try again."})
	require.True(t, w.Submit(map[string]string{"targets": "https://www.test.com/"}))
	v, open := w.View("U0ALICE")
	require.True(t, open, "what was typed is still there")
	assert.Contains(t, fmt.Sprint(v.Errors), "Not taken: the database does not answer.")

	f.answer = says("Taken.")
	require.True(t, w.Submit(map[string]string{"targets": "https://www.test.com/"}))
	_, _, open = w.Form()
	assert.False(t, open)
	assert.Equal(t, map[string]string{"targets": "https://www.test.com/", "area": "overseas"}, f.answers[1].Values)
	assert.Equal(t, "token", f.answers[1].Token)
	assert.NotEqual(t, f.answers[0].Event, f.answers[1].Event)
	require.Len(t, w.Private(), 1)
}

func TestFormsThatDoNotOpen(t *testing.T) {
	t.Parallel()
	form := func(context.Context) (chat.Reply, error) {
		return chat.Reply{Form: &chat.Form{Title: "Purge", Submit: "Go", Token: "t"}}, nil
	}
	w := newWorld(t, &fake{command: form}, nil)
	w.Fail("views.open", "expired_trigger_id", 1)
	require.True(t, w.Type(slash, ""))
	require.Len(t, w.Private(), 1)
	assert.Contains(t, w.Private()[0].Text, "Try again")
	require.True(t, w.Type(mention, ""))
	require.Len(t, w.Private(), 2)
	assert.Contains(t, w.Private()[1].Text, "/purge")
}

// FuzzCard renders arbitrary cards, and checks that Slack would accept them and that mentions are the only
// markup.
func FuzzCard(f *testing.F) {
	f.Add("Purge?", "line", "https://www.test.com/", "footer", 3, uint8(2))
	f.Add("<!channel>", "<@U1>\n*x*", "\u202e", "&lt;", -1, uint8(200))
	f.Add("", " ", "", "", 0, uint8(0))
	f.Add("\xff\xfe", "\x00", "\U0001F600", "é", 1<<30, uint8(255))
	f.Fuzz(func(t *testing.T, title, line, target, footer string, more int, times uint8) {
		n := int(times)
		c := chat.Card{Title: strings.Repeat(title, n%7+1), Footer: footer, More: more}
		for range n {
			c.Lines = append(c.Lines, strings.Repeat(line, n%5+1))
			c.Targets = append(c.Targets, strings.Repeat(target, n%3+1))
		}
		for range n % 30 {
			c.Buttons = append(c.Buttons, chat.Button{Label: "b" + title, Token: "token"})
		}
		r := rendering{by: "Alice (U1)", mention: "<@U1>", file: "p.txt"}
		check(t, r.blocks(c))
		if text := fallback(c); chat.Units(text) > maxText || strings.ContainsAny(text, "<>") {
			t.Fatalf("fallback %q", text)
		}
	})
}

// check measures blocks in their wire format.
func check(t *testing.T, blocks any) {
	raw, err := json.Marshal(blocks)
	require.NoError(t, err)
	var all []map[string]any
	require.NoError(t, json.Unmarshal(raw, &all))
	if len(all) > 50 {
		t.Fatal(len(all), "blocks")
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case []any:
			for i, e := range v {
				walk(fmt.Sprint(at, "/", i), e)
			}
		case map[string]any:
			text, _ := v["text"].(string)
			kind := v["type"]
			switch {
			case kind == "mrkdwn" && text != "<@U1>":
				t.Fatalf("%s: markup %q", at, text)
			case kind == "plain_text" && (text == "" || chat.Units(text) > 3000), kind == "text" && text == "":
				t.Fatalf("%s: %d units", at, chat.Units(text))
			}
			for k, e := range v {
				walk(at+"/"+k, e)
			}
		}
	}
	for i, b := range all {
		walk(fmt.Sprint(i), map[string]any(b))
	}
}

// BenchmarkRender renders the largest card of the core: 1,000 targets.
func BenchmarkRender(b *testing.B) {
	c := chat.Card{Title: "Purge 1,000 URLs?", Lines: []string{"Mainland only.", "Left today: 9,000."}}
	for i := range 1000 {
		c.Targets = append(c.Targets, fmt.Sprintf("https://www.test.com/%04d/%s", i, strings.Repeat("x", 60)))
	}
	for b.Loop() {
		_ = rendering{}.blocks(c)
		_ = fallback(c)
	}
}

// TestEveryMessageIsQuiet checks the options on the wire: Slack's own defaults are loud, and differ between
// posts and edits.
func TestEveryMessageIsQuiet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, nil)
	ref, err := w.slack.Show(t.Context(), w.Channel(), chat.MessageRef{}, "", chat.Card{Title: "@bob https://www.test.com/"})
	require.NoError(t, err)
	_, err = w.slack.Show(t.Context(), w.Channel(), ref, "", chat.Card{Title: "@bob"})
	require.NoError(t, err)
	require.NoError(t, w.slack.Tell(t.Context(), w.Alice(), w.Channel(), chat.EventKey{}, chat.Card{Title: "@bob"}))
	calls := w.Calls("chat.postMessage", "chat.update", "chat.postEphemeral")
	require.Len(t, calls, 3)
	for _, c := range calls {
		for name, want := range map[string]string{"parse": "none", "unfurl_links": "false", "unfurl_media": "false", "mrkdwn": "false"} {
			assert.Equal(t, want, c.Args[name], "%s %s", c.Method, name)
		}
		assert.NotEmpty(t, c.Args["text"])
	}
}
