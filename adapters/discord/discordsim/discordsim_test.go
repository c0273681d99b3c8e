package discordsim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
)

// fixture is a simulator behind a server, and a clock that stands still.
type fixture struct {
	*discordsim.Sim
	t       *testing.T
	url     string
	flushes int // of the test's own goroutine

	mu  sync.Mutex
	now time.Time
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{Sim: discordsim.New(), t: t, now: time.Unix(1_800_000_000, 0)}
	f.Now = func() time.Time { f.mu.Lock(); defer f.mu.Unlock(); return f.now }
	server := httptest.NewServer(f.Sim)
	t.Cleanup(func() { f.Close(); server.Close() })
	f.url = server.URL
	f.ServeAt(server.URL)
	return f
}

func (f *fixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// obj is decoded JSON.
type obj map[string]any

func (o obj) at(path ...any) any {
	var v any = map[string]any(o)
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

func (o obj) str(path ...any) string { v, _ := o.at(path...).(string); return v }

func decode(t *testing.T, raw string) obj {
	t.Helper()
	var o obj
	require.NoError(t, json.Unmarshal([]byte(raw), &o), raw)
	return o
}

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   string
}

func (f *fixture) do(r *http.Request) answered {
	f.t.Helper()
	got, err := http.DefaultClient.Do(r)
	require.NoError(f.t, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	require.NoError(f.t, err)
	return answered{got.StatusCode, got.Header, string(body)}
}

func (f *fixture) request(method, path, kind string, body io.Reader) *http.Request {
	r, err := http.NewRequest(method, f.url+"/api/v9"+path, body)
	require.NoError(f.t, err)
	r.Header.Set("User-Agent", "DiscordBot (https://example.org, 1)")
	r.Header.Set("Authorization", "Bot "+f.Token)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return r
}

// call makes a call as the bot, with a JSON body or none.
func (f *fixture) call(method, path, body string) answered {
	f.t.Helper()
	kind := ""
	if body != "" {
		kind = "application/json"
	}
	return f.do(f.request(method, path, kind, strings.NewReader(body)))
}

// must is a call that succeeds, and what it answered.
func (f *fixture) must(method, path, body string) obj {
	f.t.Helper()
	got := f.call(method, path, body)
	require.Contains(f.t, []int{200, 201, 204}, got.status, got.body)
	if got.body == "" {
		return nil
	}
	return decode(f.t, got.body)
}

// refused is a call that Discord refuses with this status and code.
func (f *fixture) refused(status, code int, method, path, body string) obj {
	f.t.Helper()
	got := f.call(method, path, body)
	require.Equal(f.t, status, got.status, got.body)
	o := decode(f.t, got.body)
	require.EqualValues(f.t, code, o["code"], got.body)
	return o
}

// say posts a message in #cdn as the bot and returns its id.
func (f *fixture) say(body string) string {
	f.t.Helper()
	return f.must("POST", "/channels/"+discordsim.CDN+"/messages", body).str("id")
}

func (f *fixture) message(id string) discordsim.Message {
	f.t.Helper()
	m, found := f.Message(discordsim.CDN, id)
	require.True(f.t, found)
	return m
}

func plain(messages []discordsim.Message) []string {
	var all []string
	for _, m := range messages {
		all = append(all, m.Plain())
	}
	return all
}

// client is an application on the gateway, as little of one as the protocol allows: it reads, keeps what it read, and answers
// heartbeats that it is asked for.
type client struct {
	t  *testing.T
	ws *websocket.Conn

	mu      sync.Mutex
	events  []event
	seq     int
	session string
	codes   []int
	on      func(event)
	over    chan struct{}
	changed chan struct{}
}

type event struct {
	Op int
	D  json.RawMessage
	S  int
	T  string
}

func (e event) data(t *testing.T) obj { return decode(t, string(e.D)) }

// dial connects and reads from then on; it sends nothing by itself.
func (f *fixture) dial(on func(event)) *client {
	f.t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(f.url, "http")+"/?v=9&encoding=json", nil)
	require.NoError(f.t, err)
	c := &client{t: f.t, ws: ws, on: on, over: make(chan struct{}), changed: make(chan struct{}, 1)}
	go c.read()
	f.t.Cleanup(func() { ws.Close(); <-c.over })
	return c
}

func (c *client) read() {
	defer close(c.over)
	for {
		_, raw, err := c.ws.ReadMessage()
		if err != nil {
			if closed, said := err.(*websocket.CloseError); said && closed.Code != websocket.CloseAbnormalClosure {
				c.mu.Lock()
				c.codes = append(c.codes, closed.Code)
				c.mu.Unlock()
			}
			c.ring()
			return
		}
		var e event
		if json.Unmarshal(raw, &e) != nil {
			continue
		}
		c.take(e)
	}
}

func (c *client) take(e event) {
	c.mu.Lock()
	c.events = append(c.events, e)
	c.seq = max(c.seq, e.S)
	seq := c.seq
	if e.T == "READY" {
		var ready struct {
			SessionID string `json:"session_id"`
		}
		_ = json.Unmarshal(e.D, &ready)
		c.session = ready.SessionID
	}
	c.mu.Unlock()
	c.ring()
	if c.on != nil {
		c.on(e)
	}
	if e.Op == 1 {
		c.send(1, seq)
	}
}

func (c *client) ring() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *client) send(op int, d any) {
	raw, _ := json.Marshal(map[string]any{"op": op, "d": d})
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.ws.WriteMessage(websocket.TextMessage, raw)
}

func (c *client) identify(token string, intents discordsim.Intent) {
	c.send(2, obj{"token": token, "intents": intents, "properties": obj{}})
}

func (c *client) got() []event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]event(nil), c.events...)
}

// names are the opcodes and events read so far: "op 10", "READY".
func (c *client) names() []string {
	var all []string
	for _, e := range c.got() {
		if e.Op == 0 {
			all = append(all, e.T)
		} else {
			all = append(all, map[int]string{1: "op 1", 7: "op 7", 9: "op 9", 10: "op 10", 11: "op 11"}[e.Op])
		}
	}
	return all
}

// await waits until an event of this name has come, and returns the newest.
func (c *client) await(name string) event {
	c.t.Helper()
	c.until(func() bool {
		for _, n := range c.names() {
			if n == name {
				return true
			}
		}
		return false
	}, name)
	var found event
	for i, n := range c.names() {
		if n == name {
			found = c.got()[i]
		}
	}
	return found
}

func (c *client) until(ok func() bool, what string) {
	c.t.Helper()
	over := time.NewTimer(time.Minute)
	defer over.Stop()
	for !ok() {
		select {
		case <-c.changed:
		case <-over.C:
			require.Failf(c.t, "it did not come", "%s; came %v, closed with %v", what, c.names(), c.closed())
		}
	}
}

func (c *client) closed() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]int(nil), c.codes...)
}

// code waits for the close code.
func (c *client) code() int {
	c.t.Helper()
	c.until(func() bool { return len(c.closed()) > 0 }, "a close frame")
	return c.closed()[0]
}

const common = discordsim.Guilds | discordsim.GuildMessages

// connect is a client with a session; on is called with each event.
func (f *fixture) connect(intents discordsim.Intent, on func(event)) *client {
	f.t.Helper()
	c := f.dial(on)
	c.identify(f.Token, intents)
	c.await("READY")
	if intents&discordsim.Guilds != 0 {
		c.await("GUILD_CREATE")
	}
	return c
}

// bot is a client that answers every interaction with this callback; "" is not at all.
func (f *fixture) bot(callback string) *client {
	return f.connect(common, func(e event) {
		if e.T == "INTERACTION_CREATE" && callback != "" {
			f.callback(decode(f.t, string(e.D)), callback)
		}
	})
}

func (f *fixture) callback(in obj, body string) answered {
	return f.call("POST", "/interactions/"+in.str("id")+"/"+in.str("token")+"/callback", body)
}

func multi(t *testing.T, payload string, files map[string]string) (kind string, body *bytes.Buffer) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	if payload != "" {
		require.NoError(t, w.WriteField("payload_json", payload))
	}
	for field, content := range files {
		name, file, _ := strings.Cut(field, "=")
		part, err := w.CreateFormFile(name, file)
		require.NoError(t, err)
		_, _ = part.Write([]byte(content))
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), body
}

func TestANewcomerFindsAGuild(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	me := f.must("GET", "/users/@me", "")
	assert.Equal(t, f.BotUser, me.str("id"))
	assert.Equal(t, true, me["bot"])
	app := f.must("GET", "/oauth2/applications/@me", "")
	assert.Equal(t, f.ApplicationID, app.str("id"))
	assert.Equal(t, f.PublicKey(), app.str("verify_key"))
	assert.Equal(t, "ws"+strings.TrimPrefix(f.url, "http"), f.must("GET", "/gateway", "").str("url"))
	assert.EqualValues(t, 1000, f.must("GET", "/gateway/bot", "").at("session_start_limit", "remaining"))
	alice := f.must("GET", "/guilds/"+discordsim.HQ+"/members/"+discordsim.Alice, "")
	assert.Equal(t, []any{discordsim.OnCall}, alice["roles"])
	assert.Equal(t, "alice", alice.str("user", "username"))
	f.refused(404, 10013, "GET", "/guilds/"+discordsim.HQ+"/members/5", "")
	f.RemoveMember(discordsim.HQ, discordsim.Mallory)
	f.refused(404, 10007, "GET", "/guilds/"+discordsim.HQ+"/members/"+discordsim.Mallory, "")
	f.refused(404, 10004, "GET", "/guilds/5/roles", "")
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := f.request("GET", "/users/@me", "", nil)
	r.Header.Set("Authorization", "Bot wrong")
	assert.Equal(t, 401, f.do(r).status)
	r = f.request("GET", "/users/@me", "", nil)
	r.Header.Set("User-Agent", "curl/8")
	assert.Equal(t, 403, f.do(r).status)
	assert.Equal(t, 404, f.call("GET", "/nowhere", "").status)
	assert.Equal(t, 2, f.Invalid(), "a 404 is no invalid request")
	calls := f.Calls("GET /users/@me")
	require.Len(t, calls, 2)
	assert.Equal(t, []bool{false, true}, []bool{calls[0].Authed, calls[1].Authed})
}

func mustJSON(t *testing.T, v any) []byte {
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return raw
}

// last is the sequence number of the newest event read.
func (c *client) last() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seq
}

func (c *client) id() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}
