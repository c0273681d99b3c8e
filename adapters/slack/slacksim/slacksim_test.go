package slacksim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"purgebot/adapters/slack/slacksim"
)

// fixture is a workspace, an app that answers as told, and a clock that stands still.
type fixture struct {
	*slacksim.Workspace
	t   *testing.T
	url string

	mu    sync.Mutex
	got   []request
	serve http.HandlerFunc
	now   time.Time
}

// request is what the app received.
type request struct {
	path   string
	header http.Header
	body   string
}

func (r request) form() url.Values {
	v, _ := url.ParseQuery(r.body)
	return v
}

// payload is the JSON of an interaction or an event.
func (r request) payload(t *testing.T) obj {
	raw := r.body
	if strings.HasPrefix(raw, "payload=") {
		raw = r.form().Get("payload")
	}
	var o obj
	require.NoError(t, json.Unmarshal([]byte(raw), &o))
	return o
}

// obj is decoded JSON.
type obj map[string]any

func (o obj) at(path ...string) any {
	var v any = map[string]any(o)
	for _, key := range path {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			v = at[0]
			if v, _ := v.(map[string]any); v != nil && key != "0" {
				return obj(v).at(key)
			}
		default:
			return nil
		}
	}
	return v
}

func (o obj) str(path ...string) string {
	s, _ := o.at(path...).(string)
	return s
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{Workspace: slacksim.New(), t: t, now: time.Unix(1_800_000_000, 0)}
	f.prepare()
	return f
}

func (f *fixture) prepare() {
	f.Now = func() time.Time { f.mu.Lock(); defer f.mu.Unlock(); return f.now }
	sim := httptest.NewServer(f.Workspace)
	app := httptest.NewServer(http.HandlerFunc(f.receive))
	f.t.Cleanup(sim.Close)
	f.t.Cleanup(app.Close)
	f.url = sim.URL
	f.ServeAt(sim.URL)
	f.Install(app.URL)
}

func (f *fixture) receive(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.got = append(f.got, request{r.URL.Path, r.Header.Clone(), string(body)})
	serve := f.serve
	f.mu.Unlock()
	if serve != nil {
		serve(rw, r)
	}
}

// answers makes the app answer every delivery so.
func (f *fixture) answers(status int, body string) {
	f.handle(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, body)
	})
}

func (f *fixture) handle(h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.serve = h
}

func (f *fixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) requests() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]request(nil), f.got...)
}

func (f *fixture) last() request {
	got := f.requests()
	require.NotEmpty(f.t, got)
	return got[len(got)-1]
}

// call calls the Web API with a form, and the token in the header.
func (f *fixture) call(method string, pairs ...string) obj {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, f.url+"/api/"+method, strings.NewReader(form.Encode()))
	require.NoError(f.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+f.Token)
	status, _, body := f.do(r)
	require.Equal(f.t, http.StatusOK, status, body)
	return decode(f.t, body)
}

func (f *fixture) post(address, kind, body string) (int, http.Header, string) {
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
	require.NoError(f.t, err)
	r.Header.Set("Content-Type", kind)
	return f.do(r)
}

func (f *fixture) do(r *http.Request) (int, http.Header, string) {
	answered, err := http.DefaultClient.Do(r)
	require.NoError(f.t, err)
	defer answered.Body.Close()
	body, err := io.ReadAll(answered.Body)
	require.NoError(f.t, err)
	return answered.StatusCode, answered.Header, string(body)
}

func decode(t *testing.T, body string) obj {
	var o obj
	require.NoError(t, json.Unmarshal([]byte(body), &o), body)
	return o
}

// say posts a message as the bot and returns its ts.
func (f *fixture) say(channel string, pairs ...string) string {
	a := f.call("chat.postMessage", append([]string{"channel", channel}, pairs...)...)
	require.Equal(f.t, true, a["ok"], a)
	return a.str("ts")
}

// plain is what everybody sees of a channel's top level.
func (f *fixture) plain(messages []slacksim.Message) []string {
	var all []string
	for _, m := range messages {
		all = append(all, m.Plain())
	}
	return all
}

const card = `[{"type":"section","text":{"type":"mrkdwn","text":"*Purge* 1 URL?"}},
	{"type":"actions","block_id":"b1","elements":[
		{"type":"button","text":{"type":"plain_text","text":"Purge"},"action_id":"go","value":"token-1","style":"danger"},
		{"type":"button","text":{"type":"plain_text","text":"Cancel"},"value":"token-2"}]}]`
