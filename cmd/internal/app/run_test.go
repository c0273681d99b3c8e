package app_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/slack/slacksim"
	"purgebot/bot"
	"purgebot/bot/store"
	"purgebot/cmd/internal/app"
	"purgebot/purge/tencent/cdnsim"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue && runtime.GOMAXPROCS(0) < 4 {
		_ = f.Value.Set("4") // some tests here wait for seconds
	}
	os.Exit(m.Run())
}

// stage is the production wiring between a simulated Slack and a simulated CDN, with alice, who may do everything.
type stage struct {
	t     *testing.T
	env   map[string]string
	app   *app.App
	slack *slacksim.Workspace
	cdn   *cdnsim.Sim
	log   logbook

	policy string
}

// Everything secret is a canary: it must turn up nowhere but on the wire to whom it is for.
const (
	canaryID      = "AKIDCANARYCANARYCANARY"
	canaryKey     = "secret-key-canary"
	canaryToken   = "temporary-token-canary"
	canaryBot     = "xoxb-bot-token-canary"
	canarySigning = "signing-secret-canary"
)

const policy = `version: 1
contact: "#cdn-help"
groups: {oncall: [slack:T0SIM/S0ONCALL]}
grants:
  - {name: all, to: [oncall], domains: [www.test.com], kinds: [url, directory], areas: [mainland, overseas]}
`

const channel = "C0CDN"

// newStage starts the simulators, and purgebot unless prepare says otherwise.
func newStage(t *testing.T, prepare ...func(*stage)) *stage {
	t.Helper()
	dir := t.TempDir()
	s := &stage{t: t, policy: policy, slack: slacksim.New(), cdn: cdnsim.New(canaryID, canaryKey, "www.test.com")}
	s.slack.Token, s.slack.SigningSecret, s.cdn.Token = canaryBot, canarySigning, canaryToken
	s.slack.AckWithin, s.slack.TriggerLife = 2*busy, 2*busy
	s.env = map[string]string{
		"PURGEBOT_LISTEN": "127.0.0.1:0", "PURGEBOT_OPS_LISTEN": "127.0.0.1:0",
		"DATABASE_URL": "sqlite:" + filepath.Join(dir, "purgebot.db"), "PURGEBOT_ACL": filepath.Join(dir, "acl.yaml"),
		"PURGEBOT_CDN_API": "2.0", "PURGEBOT_CDN_ENDPOINT": serve(t, s.cdn) + "/v2/index.php", "PURGEBOT_POLL": "10ms",
		"TENCENTCLOUD_SECRET_ID": canaryID, "TENCENTCLOUD_SECRET_KEY": canaryKey, "TENCENTCLOUD_TOKEN": canaryToken,
		"SLACK_BOT_TOKEN": canaryBot, "SLACK_SIGNING_SECRET": canarySigning,
	}
	at := serve(t, s.slack)
	s.env["SLACK_API_URL"] = at + "/api/"
	for _, p := range prepare {
		p(s)
	}
	s.slack.ServeAt(at)
	s.migrate()
	require.NoError(t, os.WriteFile(s.env["PURGEBOT_ACL"], []byte(s.policy), 0o600))
	s.start()
	t.Cleanup(s.stop)
	t.Cleanup(s.cdn.ClearFaults)
	return s
}

// busy is how much longer than in production an event may take here, and what is awaited: the machine may be doing something else.
const busy = time.Minute

// migrated is a database that is new and has all migrations behind it: they are much of what a start costs.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "migrated")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "purgebot.db")
	db, err := store.Open(context.Background(), "sqlite:"+file)
	if err != nil {
		return nil, err
	}
	b, err := bot.New(bot.Options{Store: db, Executor: "none", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if err := b.Stop(time.Second); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// migrate puts such a database where there is none.
func (s *stage) migrate() {
	s.t.Helper()
	file := strings.TrimPrefix(s.env["DATABASE_URL"], "sqlite:")
	if _, err := os.Stat(file); err == nil {
		return
	}
	database, err := migrated()
	require.NoError(s.t, err)
	require.NoError(s.t, os.WriteFile(file, database, 0o600))
}

func serve(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func (s *stage) start() {
	s.t.Helper()
	config, err := app.Load(environ(s.env))
	require.NoError(s.t, err)
	config.Patience = busy
	s.app, err = app.Start(s.t.Context(), config, slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	require.NoError(s.t, err)
	s.slack.Install("http://" + s.app.Addr())
}

func (s *stage) stop() {
	if s.app != nil {
		assert.NoError(s.t, s.app.Stop())
		s.app = nil
	}
}

// types has alice type in the channel.
func (s *stage) types(text string) {
	s.t.Helper()
	d := s.slack.Type("U0ALICE", channel, "", text)
	require.Truef(s.t, d.Acknowledged(), "%s: HTTP %d %v %s", text, d.Status, d.Err, d.Refused)
}

func (s *stage) presses(label string) {
	s.t.Helper()
	s.sees("[" + label + "]")
	d := s.slack.Press("U0ALICE", channel, "", label)
	require.Truef(s.t, d.Acknowledged(), "press %s: HTTP %d %v %s", label, d.Status, d.Err, d.Refused)
}

// sees waits until alice sees a text or a [button] in the channel or its threads.
func (s *stage) sees(text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*busy)
	defer cancel()
	err := s.slack.Wait(ctx, func() bool { return strings.Contains(s.visible(), text) })
	require.NoErrorf(s.t, err, "alice does not see %q but\n%s", text, s.visible())
}

// visible is everything that alice sees of purgebot's.
func (s *stage) visible() string {
	var out strings.Builder
	for _, m := range s.slack.Visible("U0ALICE", channel) {
		if m.User != s.slack.BotUser {
			continue
		}
		out.WriteString(m.Plain() + "\n")
		for _, b := range m.Buttons() {
			out.WriteString("[" + b.Text + "]\n")
		}
	}
	return out.String()
}

// get asks the address for operators.
func (s *stage) get(path string) (int, string) {
	s.t.Helper()
	r, err := http.Get("http://" + s.app.OpsAddr() + path)
	require.NoError(s.t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	require.NoError(s.t, err)
	return r.StatusCode, string(body)
}

// actions are the purge calls that the CDN received, in order.
func (s *stage) actions() []string {
	var out []string
	for _, r := range s.cdn.Requests() {
		if r.Kind != "" {
			out = append(out, r.Action)
		}
	}
	return out
}

// logbook is a log that may be read while it is written.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A stand-in that knows only the four actions of the seeds cannot tell when a purge is done. The purge ends all the same.
func TestFourActionsAreEnough(t *testing.T) {
	t.Parallel()
	for text, action := range map[string]string{
		"/purge https://www.test.com/1.jpg":             "RefreshCdnUrl",
		"/purge https://www.test.com/1.jpg --overseas":  "RefreshCdnOverSeaUrl",
		"/purge dir https://www.test.com/a/":            "RefreshCdnDir",
		"/purge dir https://www.test.com/a/ --overseas": "RefreshCdnOverSeaDir",
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(s *stage) { s.cdn.LogActions = false })
			s.types(text)
			if action != "RefreshCdnUrl" {
				s.sees("[Purge]")
				assert.Empty(t, s.actions(), "nothing is sent before the press")
				s.presses("Purge")
			}
			s.sees("its API does not tell when it is done")
			s.sees("Accepted in ")
			assert.Equal(t, []string{action}, s.actions())
			assert.NotContains(t, s.visible(), "Done")
		})
	}
}

// faults is a run with everything going wrong that can, and the same purges coming to an end.
func (s *stage) faults() {
	for _, f := range []cdnsim.Fault{
		{Do: cdnsim.Reset, Times: 1}, {Do: cdnsim.Reset, Acts: true, Times: 1}, {Do: cdnsim.Garbage, Acts: true, Times: 1},
		{Do: cdnsim.HTML, Times: 1}, {Do: cdnsim.HTTPError, Status: 502, Times: 1}, {Do: cdnsim.BrokenJSON, Acts: true, Times: 1},
		{Do: cdnsim.Truncated, Times: 1}, {Do: cdnsim.Redirect, Times: 1}, {Do: cdnsim.Refusal, Code: 4100, Times: 1}, {Do: cdnsim.TaskFails, Times: 1},
	} {
		f.Action = "RefreshCdnUrl"
		s.cdn.Fault(f)
	}
	s.slack.Lose("chat.postMessage", 1)
	s.slack.Fail("chat.update", "fatal_error", 1)
	s.slack.Throttle(1, time.Second, "chat.postMessage")
	for n := range 10 {
		s.types("/purge https://www.test.com/" + string(rune('a'+n)) + ".jpg --reason \"why not\"")
		s.settle()
	}
	s.cdn.Adjust(func(c *cdnsim.Sim) { c.Keys = map[string]string{} })
	s.types("/purge https://www.test.com/wrong-key.jpg")
	s.settle()
	s.types("/purge nonsense")
	s.types("/purge https://www.example.com/1.jpg")
	s.types("/purge whoami")
	s.types("/purge dir https://www.test.com/a/ --global")
	s.presses("Cancel")
	s.settle()
}

// waits waits until one purge waits for a press, and its question is shown.
func (s *stage) waits() {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		p, err := s.app.Progress(s.t.Context())
		return err == nil && p.Waiting == 1 && p.Cards == 0
	}, 2*busy, 10*time.Millisecond)
}

// settle waits until nothing is open and every message is shown.
func (s *stage) settle() {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		p, err := s.app.Progress(s.t.Context())
		return err == nil && p.Open == 0 && p.Cards == 0
	}, 2*busy, 10*time.Millisecond)
}

func TestNothingSecretIsWrittenAnywhere(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(s *stage) { s.env["PURGEBOT_PERSON_RATE"] = "100" })
	s.faults()
	_, metrics := s.get("/metrics")
	_, ready := s.get("/readyz")
	sinks := map[string]string{"metrics": metrics, "readyz": ready, "what alice sees": s.visible()}
	for _, c := range s.slack.Calls() {
		for name, arg := range c.Args {
			if name != "token" {
				sinks["calls to Slack"] += arg + "\n"
			}
		}
	}
	for _, d := range s.slack.Deliveries() {
		sinks["answers to Slack"] += string(d.Answer)
	}
	signatures := s.signatures()
	s.stop()
	sinks["log"] = s.log.String()
	files, err := filepath.Glob(strings.TrimPrefix(s.env["DATABASE_URL"], "sqlite:") + "*")
	require.NoError(t, err)
	for _, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		sinks[filepath.Base(f)] = string(data)
	}
	require.Contains(t, sinks["log"], "call not accepted", "the run must have had its faults")
	require.Contains(t, sinks["purgebot.db"], "why not", "the database must be read, not its name")
	require.Greater(t, len(signatures), 10)
	for name, text := range sinks {
		require.Truef(t, text != "" || strings.HasSuffix(name, ".lock"), "nothing was looked at in %s", name)
		for _, secret := range append(signatures, canaryID, canaryKey, canaryToken, canaryBot, canarySigning) {
			assert.Falsef(t, strings.Contains(text, secret), "%s holds %s", name, secret)
		}
	}
}

// signatures are those of all requests that the CDN received, as they are and as they travel in a query.
func (s *stage) signatures() []string {
	found := map[string]bool{}
	for _, r := range s.cdn.Requests() {
		for _, p := range r.Params {
			if p.Name == "Signature" {
				found[p.Value], found[url.QueryEscape(p.Value)] = true, true
			}
		}
	}
	return slices.Collect(maps.Keys(found))
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	status, body := s.get("/healthz")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "ok\n", body)
	status, body = s.get("/readyz")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "ready\n", body)

	s.slack.Fail("auth.test", "invalid_auth", -1)
	status, body = s.get("/readyz")
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Contains(t, body, "slack: ")
	assert.Contains(t, body, "SLACK_BOT_TOKEN", "it says what to change")
	status, _ = s.get("/healthz")
	assert.Equal(t, http.StatusOK, status, "a wrong token is no reason to restart")

	s.slack.Heal()
	s.cdn.Adjust(func(c *cdnsim.Sim) { c.Keys = map[string]string{canaryID: "another"} })
	s.types("/purge https://www.test.com/1.jpg")
	s.sees("Failed")
	status, body = s.get("/readyz")
	assert.Equal(t, http.StatusOK, status, "out of service, nobody could see it mended")
	assert.Regexp(t, `(?m)^ready\nwarning: CDN: .*seen at .* UTC\)$`, body)
	assert.NotContains(t, body, "slack: ", "what is mended is not named any more")

	s.cdn.Adjust(func(c *cdnsim.Sim) { c.Keys = map[string]string{canaryID: canaryKey} })
	s.types("/purge https://www.test.com/2.jpg")
	s.sees("Done")
	status, body = s.get("/readyz")
	assert.Equalf(t, http.StatusOK, status, "%s", body)
	assert.Equal(t, "ready\n", body)
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.types("/purge https://www.test.com/1.jpg")
	s.types("/purge https://www.example.com/1.jpg")
	s.settle()
	_, body := s.get("/metrics")
	for _, line := range []string{
		`purgebot_call_duration_seconds_count{call="submit",ended="ok",port="cdn"} 1`,
		`purgebot_call_duration_seconds_count{call="command",ended="ok",port="bot"} 2`,
		`purgebot_call_duration_seconds_count{call="person",ended="ok",port="slack"} 2`,
		`purgebot_call_duration_seconds_count{call="channel",ended="ok",port="slack"} 2`,
		"purgebot_refusals_total 1", "purgebot_purges_open 0", "purgebot_purges_waiting 0", "purgebot_cards_due 0",
	} {
		assert.Contains(t, body, line+"\n")
	}
}

// A code that no table lists is counted, whatever asked, and shown with whom to ask.
func TestUnknownCodesAreCounted(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.cdn.Fault(cdnsim.Fault{Do: cdnsim.Refusal, Code: 77123, Times: 1, Action: "RefreshCdnUrl"})
	s.types("/purge https://www.test.com/1.jpg")
	s.settle()
	_, body := s.get("/metrics")
	assert.Contains(t, body, "purgebot_cdn_unknown_codes_total 1\n")
}

// A question outlives the process, and is answered in the next.
func TestRestartKeepsAnOpenQuestion(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.types("/purge dir https://www.test.com/a/")
	s.waits()
	s.stop()
	s.start()
	s.presses("Purge")
	s.sees("Done in mainland")
	assert.Equal(t, []string{"RefreshCdnDir"}, s.actions())
}

// Nothing is left behind where nothing could be started.
func TestStartNamesTheVariable(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	taken := s.app.Addr()
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("version: 2\n"), 0o600))
	for name, value := range map[string]string{
		"PURGEBOT_LISTEN": taken, "PURGEBOT_OPS_LISTEN": taken, "PURGEBOT_ACL": bad,
		"DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "none", "purgebot.db"),
	} {
		dir := t.TempDir()
		env := maps.Clone(s.env)
		env["DATABASE_URL"] = "sqlite:" + filepath.Join(dir, "purgebot.db")
		env[name] = value
		config, err := app.Load(environ(env))
		require.NoError(t, err)
		_, err = app.Start(t.Context(), config, slog.New(slog.DiscardHandler))
		assert.ErrorContains(t, err, name)
		files, err := os.ReadDir(dir)
		assert.NoError(t, err)
		assert.Emptyf(t, files, "%s leaves a database behind", name)
	}
}

// The policy file is read again when it changes; a broken one leaves the last good one in force, and says so.
func TestPolicyIsReadAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.cdn.Adjust(func(c *cdnsim.Sim) { c.Hosts = append(c.Hosts, cdnsim.Host{Name: "www.abc.com"}) })
	write := func(text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(s.env["PURGEBOT_ACL"], []byte(text), 0o600))
	}
	warns := func(says string) {
		t.Helper()
		require.Eventually(t, func() bool {
			is, body := s.get("/readyz")
			return is == http.StatusOK && strings.Contains(body, "warning: policy file: the last good one stays in force (read at ") && strings.Contains(body, says)
		}, 2*busy, 50*time.Millisecond)
	}
	inForce := func(times int) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Count(s.log.String(), "policy in force") == times }, 2*busy, 50*time.Millisecond)
	}
	s.types("/purge https://www.abc.com/1.jpg")
	s.sees("No rule lets you purge www.abc.com")

	write(strings.Replace(policy, "www.test.com", "www.abc.com", 1))
	inForce(2)
	s.types("/purge https://www.abc.com/2.jpg")
	s.sees("Done in mainland: 1 URL on www.abc.com")
	s.types("/purge https://www.test.com/1.jpg")
	s.sees("No rule lets you purge www.test.com")

	write("version: 1\ngrants:\n  - {nam: x}\n")
	warns("acl.yaml:3:6: ")
	assert.Equal(t, 1, strings.Count(s.log.String(), "policy file refused"))
	_, metrics := s.get("/metrics")
	assert.Contains(t, metrics, `purgebot_policy_reads_total{outcome="in force"} 2`)
	assert.Contains(t, metrics, `purgebot_policy_reads_total{outcome="refused"} 1`)
	s.types("/purge https://www.abc.com/3.jpg")
	s.settle()
	assert.Len(t, s.actions(), 2, "the last good one stays in force")

	require.NoError(t, os.Remove(s.env["PURGEBOT_ACL"]))
	warns("no such file")
	write(policy)
	inForce(3)
	_, body := s.get("/readyz")
	assert.Equal(t, "ready\n", body)
	s.types("/purge https://www.test.com/4.jpg")
	s.sees("Done in mainland: 1 URL on www.test.com")
}
