package slack

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/slack/slacksim"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// fake is a bot with prepared answers and a count of its calls.
type fake struct {
	mu       sync.Mutex
	commands []chat.Command
	answers  []chat.Answer
	command  func(context.Context) (chat.Reply, error)
	answer   func(context.Context) (chat.Reply, error)
}

func (f *fake) Command(ctx context.Context, c chat.Command) (chat.Reply, error) {
	f.mu.Lock()
	f.commands = append(f.commands, c)
	f.mu.Unlock()
	if f.command == nil {
		return chat.Reply{}, nil
	}
	return f.command(ctx)
}

func (f *fake) Answer(ctx context.Context, a chat.Answer) (chat.Reply, error) {
	f.mu.Lock()
	f.answers = append(f.answers, a)
	f.mu.Unlock()
	if f.answer == nil {
		return chat.Reply{}, nil
	}
	return f.answer(ctx)
}

func (f *fake) Suggest(context.Context, chat.Suggestion) (chat.Reply, error) {
	return chat.Reply{}, nil
}

func (f *fake) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.commands) + len(f.answers)
}

func says(title string) func(context.Context) (chat.Reply, error) {
	return func(context.Context) (chat.Reply, error) { return chat.Reply{Card: &chat.Card{Title: title}}, nil }
}

func fails(err error) func(context.Context) (chat.Reply, error) {
	return func(context.Context) (chat.Reply, error) { return chat.Reply{}, err }
}

func TestNothingIsTakenUnlessSignedAndFresh(t *testing.T) {
	t.Parallel()
	none := func(name string) slacksim.Option {
		return slacksim.AlterHeader(func(h http.Header) { h.Del(name) })
	}
	twice := func(name string) slacksim.Option {
		return slacksim.AlterHeader(func(h http.Header) { h.Add(name, h.Get(name)) })
	}
	for name, how := range map[string]slacksim.Option{
		"unsigned":             none(signatureHeader),
		"undated":              none(timestampHeader),
		"signed twice":         twice(signatureHeader),
		"dated twice":          twice(timestampHeader),
		"another secret":       slacksim.SignedWith("guessed"),
		"stale":                slacksim.Skewed(-10 * time.Minute),
		"from the future":      slacksim.Skewed(10 * time.Minute),
		"altered after":        slacksim.AlterBody(func(b []byte) []byte { return append(b, '&') }),
		"no body":              slacksim.AlterBody(func([]byte) []byte { return nil }),
		"much more than 1 KiB": slacksim.AlterBody(func(b []byte) []byte { return append(b, make([]byte, 100<<10)...) }),
		"a plus before":        slacksim.AlterHeader(func(h http.Header) { h.Set(timestampHeader, "+"+h.Get(timestampHeader)) }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			f := &fake{}
			w := newWorld(t, f, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			ref, err := w.slack.Show(t.Context(), w.Channel(), chat.MessageRef{}, "", chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
			require.NoError(t, err)
			for _, d := range []slacksim.Delivery{
				w.Workspace.Type("U0ALICE", "C0CDN", "", "/purge https://www.test.com/", how),
				w.Workspace.Type("U0ALICE", "C0CDN", "", "@purgebot https://www.test.com/", how),
				w.Workspace.Press("U0ALICE", ref.Channel, ref.ID, "Purge", how),
				w.VerifyURL("challenge", how),
			} {
				assert.Equal(t, http.StatusUnauthorized, d.Status, d.Path)
				assert.Empty(t, d.Answer)
			}
			assert.Zero(t, f.asked())
			for line := range strings.Lines(log.String()) {
				assert.Contains(t, line, "delivery turned away", "nothing else is logged")
			}
			assert.NotContains(t, log.String(), "www.test.com")
			assert.Empty(t, w.Calls("users.info", "conversations.info", "usergroups.users.list"), "nobody was looked up")
		})
	}
}

func TestChallengeAndCertificate(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	d := w.VerifyURL("3eZbrw1aB<script>")
	var echo map[string]string
	require.NoError(t, json.Unmarshal(d.Answer, &echo))
	assert.Equal(t, "3eZbrw1aB<script>", echo["challenge"])

	d = w.CheckSSL()
	assert.True(t, d.Acknowledged())
	d = w.CheckSSL(slacksim.SignedWith("nobody's"), slacksim.AlterHeader(func(h http.Header) { h.Del(timestampHeader) }))
	assert.True(t, d.Acknowledged(), "nobody can do anything with it")
	d = w.Workspace.Type("U0ALICE", "C0CDN", "", "/purge x", slacksim.AlterForm(func(v url.Values) { v.Set("ssl_check", "1") }))
	assert.True(t, d.Acknowledged())
	d = w.Workspace.Type("U0ALICE", "C0CDN", "", "/purge x", slacksim.SignedWith("no"), slacksim.AlterForm(func(v url.Values) { v.Set("ssl_check", "1") }))
	assert.Equal(t, http.StatusUnauthorized, d.Status)
	assert.Zero(t, f.asked())
}

// post sends a request to the handler; a secret signs it.
func post(h http.Handler, path, contentType, secret string, body io.Reader) *httptest.ResponseRecorder {
	raw, _ := io.ReadAll(body)
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(raw))
	r.Header.Set("Content-Type", contentType)
	if secret != "" {
		at := strconv.FormatInt(time.Now().Unix(), 10)
		r.Header.Set(timestampHeader, at)
		r.Header.Set(signatureHeader, sign(secret, at, string(raw)))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const secret = "simulated-signing-secret"

func TestMethodsAndSizes(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	h := w.slack.Handler(f)
	for target, want := range map[string]int{
		"GET /slack/commands": 405, "GET /slack/events": 405, "GET /slack/interactions": 405, "PUT /slack/events": 405,
		"GET /slack/commands?ssl_check=1": 200, "GET /slack/commands?ssl_check=2": 405, "POST /slack/other": 404, "GET /": 404,
	} {
		method, path, _ := strings.Cut(target, " ")
		got := httptest.NewRecorder()
		h.ServeHTTP(got, httptest.NewRequest(method, path, nil))
		assert.Equal(t, want, got.Code, target)
	}
	for _, path := range []string{"/slack/commands", "/slack/interactions", "/slack/events"} {
		big := strings.Repeat("x", 10<<20)
		assert.Equal(t, 413, post(h, path, "text/plain", secret, strings.NewReader(big)).Code)
		assert.Equal(t, 413, post(h, path, "text/plain", "", strings.NewReader(big)).Code)
		chunked := httptest.NewRequest(http.MethodPost, path, strings.NewReader(big))
		chunked.ContentLength = -1
		got := httptest.NewRecorder()
		h.ServeHTTP(got, chunked)
		assert.Equal(t, 401, got.Code, "what nobody signed is not read to its end")
	}
	assert.Zero(t, f.asked())
}

// TestPackedBodiesAreRefused checks that a declared encoding is refused, signed or not, whether the body is
// encoded or plain.
func TestPackedBodiesAreRefused(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	ref := w.mustShow(t, chat.MessageRef{}, chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
	deliver := func(opts ...slacksim.Option) []slacksim.Delivery {
		all := []slacksim.Delivery{
			w.Workspace.Type("U0ALICE", "C0CDN", "", "/purge whoami", opts...),
			w.Workspace.Type("U0ALICE", "C0CDN", "", "@purgebot whoami", opts...),
			w.Workspace.Press("U0ALICE", ref.Channel, ref.ID, "Purge", opts...),
			w.VerifyURL("challenge", opts...),
			w.CheckSSL(opts...),
		}
		w.slack.Wait()
		return all
	}
	coded := func(codings ...string) slacksim.Option {
		return slacksim.AlterHeader(func(h http.Header) { h["Content-Encoding"] = codings })
	}
	packed := slacksim.AlterBody(func(plain []byte) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(plain)
		_ = z.Close()
		return b.Bytes()
	})
	for _, codings := range [][]string{
		{"gzip"}, {"GZIP"}, {"x-gzip"}, {"deflate"}, {"br"}, {"zstd"}, {"compress"}, {"aes128gcm"}, {"tomorrow"}, {"*"},
		{"identity, gzip"}, {"gzip,gzip"}, {"identity", "br"}, {"gzip;q=0"},
	} {
		for _, opts := range [][]slacksim.Option{{coded(codings...)}, {coded(codings...), packed}, {coded(codings...), slacksim.SignedWith("guessed")}} {
			for _, d := range deliver(opts...) {
				assert.Equal(t, http.StatusUnsupportedMediaType, d.Status, "%s %q", d.Path, codings)
				assert.Empty(t, d.Answer)
				assert.Equal(t, "identity", d.AnswerHeader.Get("Accept-Encoding"), "what is taken: RFC 9110, section 12.5.3")
			}
		}
	}
	assert.Zero(t, f.asked())
	for n, codings := range [][]string{nil, {""}, {"identity"}, {"Identity"}, {"identity, identity"}, {" identity "}} {
		for _, d := range deliver(coded(codings...)) {
			assert.True(t, d.Acknowledged(), "%s %q", d.Path, codings)
		}
		assert.Equal(t, 3*(n+1), f.asked(), "%q is plain", codings)
	}
}

func TestSignedNonsenseBreaksNothing(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	h := w.slack.Handler(f)
	for _, body := range []string{
		"", "{}", "[]", "null", "payload=", "payload=null", "payload=[]", "payload={}", "%zz", "a=b;c=d", `{"type":"event_callback"}`,
		`{"type":"event_callback","team_id":"T0SIM","event_id":"E","event":{"type":"app_mention"}}`,
		`{"type":"event_callback","team_id":"T0SIM","event_id":"E","event":{"type":"app_mention","user":"U1/../U2","channel":"C1","ts":"1","text":"<@U0PURGEBOT> x"}}`,
		`payload={"type":"block_actions","team":{"id":"T0SIM"},"user":{"id":"U1"}}`,
		`payload={"type":"block_actions","team":null,"user":{"id":"U1"},"trigger_id":"t","container":{"channel_id":"C1:x"},"actions":[{"type":"button","value":"v"}]}`,
		`payload={"type":"view_submission","team":{"id":"T0SIM"},"user":{"id":"U1"},"view":{"private_metadata":"{"}}`,
		`payload={"type":"view_submission","team":{"id":"T0SIM"},"user":{"id":"U1"},"view":{"private_metadata":"{\"c\":\"x\",\"t\":\"t\"}"}}`,
		`payload={"type":"block_actions","team":{"id":"T0SIM"},"user":{"id":"U1"},"trigger_id":"t","container":{"channel_id":"C1"},"actions":[{"type":"datepicker","value":"v"},{"type":"button"}]}`,
		`payload={"type":"tomorrow"}`, strings.Repeat("[", 100_000), "payload=" + strings.Repeat(`{"a":`, 50_000), strings.Repeat("a=b&", 200_000),
		"team_id=T0SIM&user_id=U1&channel_id=C1", "team_id=T0SIM&user_id=U1%2F2&channel_id=C1&trigger_id=t", "team_id=T0SIM&user_id=u1&channel_id=C1&trigger_id=t",
	} {
		for _, path := range []string{"/slack/commands", "/slack/interactions", "/slack/events"} {
			got := post(h, path, "", secret, strings.NewReader(body)).Code
			assert.Contains(t, []int{200, 400}, got, "%s %.60s", path, body)
		}
	}
	assert.Zero(t, f.asked())
}

func TestWhatIsNoCommand(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	typed := func(text string, opts ...slacksim.Option) slacksim.Delivery {
		return w.Workspace.Type("U0ALICE", "C0CDN", "", text, opts...)
	}
	event := func(key string, value any) slacksim.Option {
		return slacksim.AlterJSON(func(e map[string]any) { e["event"].(map[string]any)[key] = value })
	}
	for name, d := range map[string]slacksim.Delivery{
		"a mention in mid-sentence": typed("please @purgebot https://www.test.com/"),
		"told of the bot":           typed("yesterday @purgebot did not purge https://www.test.com/"),
		"a quote":                   typed("> @purgebot https://www.test.com/"),
		"a quote in wire form":      typed("&gt; <@U0PURGEBOT> https://www.test.com/", slacksim.Markup()),
		"code":                      typed("`<@U0PURGEBOT> https://www.test.com/`", slacksim.Markup()),
		"another id that begins so": typed("<@U0PURGEBOT2> <@U0PURGEBOT>", slacksim.Markup()),
		"a bot":                     typed("@purgebot https://www.test.com/", event("bot_id", "B1")),
		"the bot itself":            typed("@purgebot https://www.test.com/", event("user", "U0PURGEBOT")),
		"nobody":                    typed("@purgebot https://www.test.com/", event("user", "")),
		"a subtype":                 typed("@purgebot https://www.test.com/", event("subtype", "bot_message")),
		"an edit":                   typed("@purgebot https://www.test.com/", event("edited", map[string]any{"user": "U0ALICE", "ts": "1.0"})),
		"another event":             typed("@purgebot https://www.test.com/", event("type", "message")),
		"another workspace":         typed("@purgebot x", slacksim.AlterJSON(func(e map[string]any) { e["team_id"], e["authorizations"] = "T9", nil })),
	} {
		assert.True(t, d.Acknowledged(), name)
		assert.Empty(t, d.Answer, name)
	}
	first := typed("@purgebot whoami")
	w.Edit("C0CDN", first.TS, "@purgebot https://www.test.com/")
	w.slack.Wait()
	require.Len(t, f.commands, 1)
	assert.Equal(t, "whoami", f.commands[0].Text)
	assert.Empty(t, w.Private())
	assert.Empty(t, w.Visible())
}

func TestMentionsAsTheyCome(t *testing.T) {
	t.Parallel()
	for wire, want := range map[string]string{
		"<@U0PURGEBOT> <https://www.test.com/?a=1&amp;b=2>":          "https://www.test.com/?a=1&b=2",
		"  <@U0PURGEBOT>whoami":                                      "whoami",
		"<@U0PURGEBOT|purgebot>\n<https://a.test>\n<http://b.c|b.c>": "https://a.test\nb.c",
		"<@U0PURGEBOT>":                       "",
		"<@U0PURGEBOT> `https://a.test/x`":    "`https://a.test/x`",
		"<@U0PURGEBOT> &amp;amp;lt; <@U0BOB>": "&amp;lt; <@U0BOB>",
	} {
		f := &fake{}
		w := newWorld(t, f, nil)
		w.Workspace.Type("U0ALICE", "C0CDN", "111.222", wire, slacksim.Markup())
		require.Len(t, f.commands, 1, wire)
		assert.Equal(t, want, f.commands[0].Text)
		assert.Equal(t, "111.222", f.commands[0].At.Root, "the thread it was typed in")
		assert.True(t, strings.HasPrefix(f.commands[0].Event.ID, "C0CDN:"))
		assert.Equal(t, "@purgebot", f.commands[0].Opening)
	}
}

func TestAnotherWorkspaceIsRefused(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	ref, err := w.slack.Show(t.Context(), w.Channel(), chat.MessageRef{}, "", chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
	require.NoError(t, err)
	w.Workspace.Type("U0ALICE", "C0CDN", "", "/purge x", slacksim.AlterForm(func(v url.Values) { v.Set("team_id", "T9") }))
	require.Len(t, w.Private(), 1)
	assert.Contains(t, w.Private()[0].Text, "another workspace")
	w.settled(w.Workspace.Press("U0ALICE", ref.Channel, ref.ID, "Purge", slacksim.AlterJSON(func(p map[string]any) { p["team"] = map[string]any{"id": "T9"} })))
	require.Len(t, w.Private(), 2)
	assert.Zero(t, f.asked())
}

func TestPanicIsContained(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := &fake{command: func(context.Context) (chat.Reply, error) { panic("xoxb-simulated hunter2") }}
	w := newWorld(t, f, func(c *Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	d := w.Workspace.Type("U0ALICE", "C0CDN", "", "/purge x")
	assert.Equal(t, http.StatusInternalServerError, d.Status)
	assert.Empty(t, d.Answer)
	assert.Contains(t, log.String(), "webhook_test.go", "the log says where")
	assert.NotContains(t, log.String(), "hunter2")
	assert.Equal(t, 1, strings.Count(log.String(), "\n"))
}

// TestSlowBot runs on a clock of its own, so that 2.5 s pass at once.
func TestSlowBot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bot  func(context.Context) (chat.Reply, error)
		says string
	}{
		"stops when told to": {func(ctx context.Context) (chat.Reply, error) {
			<-ctx.Done()
			return chat.Reply{}, &purge.Error{Kind: purge.Unavailable, Message: "the database does not answer.", Err: ctx.Err()}
		}, "Not taken: the database does not answer. Try again."},
		"stops with a bare error": {func(ctx context.Context) (chat.Reply, error) {
			<-ctx.Done()
			return chat.Reply{}, ctx.Err()
		}, "Not taken: Something went wrong on our side."}, // and not: try again},
		"does not stop": {func(ctx context.Context) (chat.Reply, error) {
			time.Sleep(20 * time.Second)
			return chat.Reply{}, nil
		}, "may still have taken this"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := offline(t)
				begin := time.Now()
				got := post(s.Handler(&fake{command: c.bot}), "/slack/commands", "", secret,
					strings.NewReader("team_id=T0SIM&user_id=U0ALICE&channel_id=C0CDN&trigger_id=1.2&text=x"))
				assert.Less(t, time.Since(begin), 3*time.Second)
				assert.Equal(t, 200, got.Code)
				assert.Contains(t, got.Body.String(), c.says)
				s.Wait()
			})
		})
	}
}

// offline is an adapter whose Slack answers from a table, without a network.
func offline(t testing.TB) *Slack {
	s, err := New(Config{
		BotToken: "xoxb-simulated", SigningSecret: secret, Log: slog.New(slog.DiscardHandler), HTTPClient: &http.Client{Transport: table{
			"auth.test":          `{"ok":true,"team_id":"T0SIM","user_id":"U0PURGEBOT","user":"purgebot"}`,
			"users.info":         `{"ok":true,"user":{"id":"U0ALICE","team_id":"T0SIM","name":"alice"}}`,
			"conversations.info": `{"ok":true,"channel":{"id":"C0CDN","is_member":true}}`,
		}},
	})
	require.NoError(t, err)
	return s
}

// table answers methods of the Web API.
type table map[string]string

func (a table) RoundTrip(r *http.Request) (*http.Response, error) {
	body := a[strings.TrimPrefix(r.URL.Path, "/api/")]
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestUntakenMentionsAreToldOnceNowAndOnceAtTheEnd(t *testing.T) {
	t.Parallel()
	f := &fake{command: fails(&purge.Error{Kind: purge.Unavailable, Message: "the database does not answer. Try again."})}
	w := newWorld(t, f, nil)
	d := w.Workspace.Type("U0ALICE", "C0CDN", "", "@purgebot https://www.test.com/")
	assert.Equal(t, http.StatusServiceUnavailable, d.Status)
	for range 3 {
		for _, again := range w.RetryFailed() {
			assert.Equal(t, d.EventID, again.EventID)
		}
		w.slack.Wait()
	}
	require.Len(t, f.commands, 4)
	require.Len(t, w.Private(), 2)
	assert.Contains(t, w.Private()[0].Text, "Not taken yet: the database does not answer.")
	assert.Contains(t, w.Private()[1].Text, "Not taken: the database does not answer. Try again.")
}

func BenchmarkCommandToHandler(b *testing.B) {
	s := offline(b)
	h := s.Handler(&fake{})
	body := docCommand()
	_, err := s.whoami(b.Context(), forever)
	require.NoError(b, err)
	header := signedHeader(body)
	for b.Loop() {
		r := request(header, body)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

// BenchmarkCommandToHandlerFloor is a handler that only verifies the signature and reads the form.
func BenchmarkCommandToHandlerFloor(b *testing.B) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get(signatureHeader) != sign(secret, r.Header.Get(timestampHeader), string(body)) {
			w.WriteHeader(401)
		}
		_, _ = url.ParseQuery(string(body))
	})
	body := docCommand()
	header := signedHeader(body)
	for b.Loop() {
		r := request(header, body)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

func docCommand() string {
	form, _ := url.ParseQuery(docBody)
	form.Set("team_id", "T0SIM")
	form.Set("user_id", "U0ALICE")
	form.Set("channel_id", "C0CDN")
	form.Set("text", "https://www.test.com/1.jpg --reason \"it is stale\"")
	return form.Encode()
}

func signedHeader(body string) http.Header {
	at := strconv.FormatInt(time.Now().Unix(), 10)
	return signed(at, sign(secret, at, body))
}

func request(header http.Header, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/slack/commands", strings.NewReader(body))
	r.Header = header
	return r
}
