package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
	"purgebot/adapters/slack/slacksim"
	"purgebot/purge/tencent/cdnsim"
)

// newQuietWorld returns the simulators without purgebot, which suffice for the page's own work.
func newQuietWorld(t *testing.T) *world {
	t.Helper()
	w := newSimulators()
	require.NoError(t, w.stock())
	return w
}

func TestPageAnswersOnlyItself(t *testing.T) {
	t.Parallel()
	page := newPage(newQuietWorld(t))
	for _, c := range []struct {
		name, host, header, value string
		want                      int
	}{
		{"typed by hand", "127.0.0.1:8844", "", "", 204},
		{"its own script", "127.0.0.1:8844", "Sec-Fetch-Site", "same-origin", 204},
		{"localhost", "localhost:8844", "Origin", "http://localhost:8844", 204},
		{"IPv6", "[::1]:8844", "Origin", "http://[::1]:8844", 204},
		{"without a port", "localhost", "", "", 204},
		{"another site", "127.0.0.1:8844", "Sec-Fetch-Site", "cross-site", 403},
		{"another port of this machine", "127.0.0.1:8844", "Sec-Fetch-Site", "same-site", 403},
		{"another site, old browser", "127.0.0.1:8844", "Origin", "https://evil.example", 403},
		{"a name that resolves here", "evil.example:8844", "Sec-Fetch-Site", "same-origin", 421},
		{"a name that looks like it", "127.0.0.1.evil.example", "", "", 421},
		{"an address of the network", "192.168.1.5:8844", "", "", 421},
		{"no host", "", "", "", 421},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("POST", "/visit", strings.NewReader(`{"As":"alice","URL":"https://www.test.com/"}`))
			r.Host = c.host
			if c.header != "" {
				r.Header.Set(c.header, c.value)
			}
			answer := httptest.NewRecorder()
			page.ServeHTTP(answer, r)
			assert.Equal(t, c.want, answer.Code, answer.Body)
		})
	}
}

func TestPageAssets(t *testing.T) {
	t.Parallel()
	page := newPage(newQuietWorld(t))
	for path, want := range map[string]string{"/": "text/html", "/page.html": "text/html", "/page.css": "text/css", "/page.js": "text/javascript"} {
		answer := get(page, path)
		assert.Equal(t, 200, answer.Code, path)
		assert.Equal(t, want+"; charset=utf-8", answer.Header().Get("Content-Type"))
		assert.Contains(t, answer.Header().Get("Content-Security-Policy"), "default-src 'none'; script-src 'self';")
		assert.Equal(t, "nosniff", answer.Header().Get("X-Content-Type-Options"))
	}
	for _, path := range []string{"/world.go", "/acl.yaml", "/../main.go", "/type", "/live?as=eve"} {
		assert.GreaterOrEqual(t, get(page, path).Code, 300, path)
	}
}

// The page needs no foreign content, its parts fit together, and no text can become markup.
func TestPageIsWhole(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		b, err := assets.ReadFile(name)
		require.NoError(t, err)
		return string(b)
	}
	html, css, js := read("page.html"), read("page.css"), read("page.js")
	for _, link := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		assert.Regexp(t, `^(/page\.(css|js)|#[\w-]+|data:image/.*)$`, link[1])
	}
	assert.NotRegexp(t, `url\(|@import`, css)
	assert.NotRegexp(t, `innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|Function\(|srcdoc|javascript:`, js)
	assert.NotRegexp(t, ` (style|on\w+)="`, html, "the page's own policy forbids these")
	for _, id := range regexp.MustCompile(`(p\.)?\$\('([\w-]+)'\)`).FindAllStringSubmatch(js, -1) {
		found := strings.Contains(html, `id="`+id[2]+`"`)
		if id[1] != "" { // a part of a chat
			found = strings.Contains(html, `id="*-`+id[2]+`"`) || strings.Contains(js, `id: p.chat + '-`+id[2]+`'`)
		}
		assert.True(t, found, "page.js looks for #%s", id[2])
	}
}

func TestPageSaysWhyNot(t *testing.T) {
	t.Parallel()
	page := newPage(newQuietWorld(t))
	for _, c := range []struct {
		path, body string
		code       int
		says       string
	}{
		{"/type", `{"As":"eve","Text":"hello"}`, 422, `there is no "eve" here`},
		{"/type", `{"As":"alice","Text":"/deploy"}`, 422, "/deploy is not a valid command."},
		{"/type", `{"As":"alice","Text":"/purge help"}`, 422, "purgebot did not answer"},
		{"/type", `{"Chat":"irc","As":"alice","Text":"hello"}`, 422, `there is no chat "irc" here`},
		{"/type", `{"Chat":"discord","As":"eve","Text":"hello"}`, 422, `there is no "eve" here`},
		{"/type", `{"Chat":"discord","As":"alice","Text":"/purge help"}`, 422, `there is no command "/purge help"`},
		{"/type", `{"Chat":"discord","As":"alice","Text":"hello"}`, 422, "purgebot did not answer"},
		{"/press", `{"Chat":"discord","As":"alice","Label":"Purge"}`, 422, `there is no button "Purge"`},
		{"/submit", `{"Chat":"discord","As":"alice"}`, 422, "no form is open"},
		{"/close", `{"Chat":"discord","As":"alice"}`, 422, "no form is open"},
		{"/press", `{"As":"alice","Label":"Purge"}`, 422, `there is no button "Purge"`},
		{"/submit", `{"As":"alice"}`, 422, "no form is open"},
		{"/close", `{"As":"alice"}`, 422, "no form is open"},
		{"/visit", `{"As":"alice","URL":"https://www.example.com/"}`, 422, "only URLs of www.test.com and www.abc.com"},
		{"/visit", `{"As":"alice","URL":"nonsense"}`, 422, "only URLs of"},
		{"/deploy", `{"As":"alice","URL":"nonsense"}`, 422, "no URL of a host"},
		{"/fault", `{"As":"alice","Side":"cdn","Fault":"gremlins"}`, 422, "there is no fault"},
		{"/fault", `{"As":"alice","Side":"moon","Fault":"fine"}`, 422, "there is no fault"},
		{"/type", `not JSON`, 400, "cannot read"},
		{"/type", `{"As":"alice","Text":"` + strings.Repeat("a", maxDeed) + `"}`, 400, "more than 2 MB"},
	} {
		answer := post(page, c.path, c.body)
		assert.Equal(t, c.code, answer.Code, c.path+c.body[:min(len(c.body), 80)])
		assert.Contains(t, answer.Body.String(), c.says)
	}
}

func TestPageShowsEachPersonTheirOwn(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t)
	server := httptest.NewServer(newPage(w))
	t.Cleanup(server.Close)
	alice, bob := watch(t, server.URL, "alice"), watch(t, server.URL, "bob")
	w.slack.Type("U0ALICE", slackChannel, "", "/purge whoami")
	w.slack.Type("U0ALICE", slackChannel, "", "hello <b>all</b> & @bob")
	private := func(m message) bool { return m.OnlyYou && m.Who == "bot" }
	hello := func(m message) bool {
		return m.From == "alice" && m.Who == "person" && m.Parts[0] == part{"text", "hello <b>all</b> & @bob"}
	}
	alice.until(func(s state) bool { return some(s.Messages, private) && some(s.Messages, hello) })
	seen := bob.until(func(s state) bool { return some(s.Messages, hello) })
	assert.False(t, some(seen.Messages, private), "whoami is for alice only")
	w.slack.Type("U0BOB", w.slack.DM("U0BOB"), "", "between us")
	w.slack.Type("U0BOB", slackChannel, "", "to all")
	direct := func(m message) bool { return m.Direct && m.Parts[0].Text == "between us" }
	toAll := func(m message) bool { return m.Parts[0].Text == "to all" }
	bob.until(func(s state) bool { return some(s.Messages, direct) })
	seen = alice.until(func(s state) bool { return some(s.Messages, toAll) })
	assert.False(t, some(seen.Messages, direct), "a direct message is for bob only")
}

// The page reports a purge that comes due without a look and without a request.
func TestPageFollowsTheClock(t *testing.T) {
	t.Parallel()
	w := newQuietWorld(t)
	w.cdn.Delay = 30 * time.Millisecond
	server := httptest.NewServer(newPage(w))
	t.Cleanup(server.Close)
	page := watch(t, server.URL, "alice")
	stale := func(s state) bool { return edgeOf(s, "https://www.test.com/1.jpg").Mainland.State == cdnsim.Stale }
	assert.False(t, stale(page.until(func(state) bool { return true })))
	answer := httptest.NewRecorder()
	w.cdn.ServeHTTP(answer, signedPurge("https://www.test.com/1.jpg"))
	require.Contains(t, answer.Body.String(), `"code":0`)
	last := page.until(stale)
	assert.Equal(t, cached{cdnsim.Fresh, true}, edgeOf(last, "https://www.test.com/1.jpg").Overseas)
	require.Len(t, last.Requests, 1)
	assert.Equal(t, "RefreshCdnUrl", last.Requests[0].Action)
	assert.True(t, last.Requests[0].Verified)
	assert.Equal(t, 1, last.Quota[0].Used)
}

func TestPageShowsMessagesInParts(t *testing.T) {
	t.Parallel()
	m := slacksim.Message{Text: "fallback", Blocks: json.RawMessage(`[
		{"type":"header","text":{"type":"plain_text","text":"Title"}},
		{"type":"context","elements":[{"type":"plain_text","text":"small"}]},
		{"type":"section","text":{"type":"plain_text","text":"<b>one</b>\ntwo"}},
		{"type":"rich_text","elements":[{"type":"rich_text_preformatted","elements":[{"type":"text","text":"https://a/"}]}]},
		{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"said"}]}]},
		{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Go"}}]}]`)}
	assert.Equal(t, []part{{"title", "Title"}, {"small", "small"}, {"text", "<b>one</b>\ntwo"}, {"code", "https://a/"}, {"text", "said"}}, slackParts(m))
	assert.Equal(t, []part{{"text", "plain"}}, slackParts(slacksim.Message{Text: "plain", Files: []slacksim.File{{Title: "f"}}}))
}

func TestPageShowsDiscordsMessagesInParts(t *testing.T) {
	t.Parallel()
	m := discordsim.Message{Content: "**said**", Embeds: json.RawMessage("[{\"title\":\"Title \\\\_a\\\\_\",\"description\":\"<b>one</b>\\ntwo\\n```\\nhttps://a/_b_\\n```\\n+3 more\",\"footer\":{\"text\":\"small *x*\"}}]"),
		Files: []discordsim.File{{Name: "f"}}}
	assert.Equal(t, []part{{"text", "said"}, {"title", "Title _a_"}, {"text", "<b>one</b>\ntwo"}, {"code", "https://a/_b_"}, {"text", "+3 more"}, {"small", "small *x*"}}, discordParts(m))
	assert.Equal(t, []part{{"text", "plain"}}, discordParts(discordsim.Message{Content: "plain"}))
}

func TestPageCutsWhatIsLong(t *testing.T) {
	t.Parallel()
	r := cdnsim.Request{Action: "RefreshCdnUrl", Area: cdnsim.Mainland}
	for i := range 1000 {
		r.Params = append(r.Params, cdnsim.Param{Name: fmt.Sprintf("urls.%d", i), Value: fmt.Sprintf("https://www.test.com/%d", i)})
	}
	r.Params = append(r.Params, cdnsim.Param{Name: "Signature", Value: "sig"})
	shown := shownRequest(r)
	assert.Len(t, shown.Targets, shownParams)
	assert.Equal(t, 1000-shownParams, shown.More)
	assert.Equal(t, cdnsim.Param{Name: "Signature", Value: "sig"}, shown.Params[len(shown.Params)-1])
	cut := slackFiles(slacksim.Message{Files: []slacksim.File{{Title: "long", Content: []byte(strings.Repeat("é", shownFile))}, {Title: "short", Content: []byte("a")}}})
	assert.Len(t, cut[0].Text, shownFile)
	assert.True(t, cut[0].Cut)
	assert.Equal(t, file{"short", "a", false}, cut[1])
}

func TestPageSaysWhatTheSenderGot(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]cdnsim.Request{
		"code 0 Success good":     {Status: 200, Acted: true},
		"under way busy":          {},
		"no answer bad":           {Fault: cdnsim.Reset},
		"done, but no answer bad": {Fault: cdnsim.Reset, Acted: true},
		"unreadable answer bad":   {Status: 200, Fault: cdnsim.Garbage},
		"HTTP 502 bad":            {Status: 502, Fault: cdnsim.HTTPError},
		"code 4100 bad":           {Status: 200, Code: 4100},
		"code 4000 (22044) bad":   {Status: 200, Code: 4000, Business: 22044},
	} {
		words, tone := outcome(r)
		assert.Equal(t, want, words+" "+tone)
	}
}

func TestPageSwitchesFaults(t *testing.T) {
	t.Parallel()
	p := &page{world: newQuietWorld(t)}
	for i, side := range sides {
		for _, trouble := range side.Troubles {
			require.NoError(t, p.turn(side.Key, trouble.Name, false))
			assert.Equal(t, trouble.Name, p.now().Sides[i].Now)
			if side.Key == "cdn" {
				assert.Len(t, p.cdn.Faults(), min(1, len(strings.TrimPrefix(trouble.Name, fine))), "one at a time")
			}
		}
	}
	require.NoError(t, p.turn("cdn", "http-502", true))
	for _, want := range []int{502, 200} {
		answer := httptest.NewRecorder()
		p.cdn.ServeHTTP(answer, signedPurge("https://www.test.com/1.jpg"))
		assert.Equal(t, want, answer.Code)
	}
	assert.Equal(t, fine, p.now().Sides[0].Now, "it was for one call")
}

func TestPageListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{":8844", "0.0.0.0:8844", "[::]:0", "192.168.1.5:0", "example.com:80", "127.0.0.1"} {
		_, err := listenLocally(addr)
		assert.ErrorContains(t, err, "this machine only", addr)
	}
	first, err := listenLocally("127.0.0.1:0")
	require.NoError(t, err)
	defer first.Close()
	second, err := listenLocally(first.Addr().String())
	require.NoError(t, err, "a taken port is no reason to fail")
	defer second.Close()
	assert.NotEqual(t, first.Addr(), second.Addr())
	assert.True(t, second.Addr().(*net.TCPAddr).IP.IsLoopback())
}

func TestServePage(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	w := newSimulators()
	go func() { ended <- w.servePage(ctx, "127.0.0.1:0", in) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	go io.Copy(io.Discard, out)
	address := regexp.MustCompile(`^Open (http://127\.0\.0\.1:\d+/) in a browser\n$`).FindStringSubmatch(line)
	require.NotNil(t, address, line)
	page := watch(t, strings.TrimSuffix(address[1], "/"), "alice")
	assert.Len(t, page.until(func(state) bool { return true }).Edges, len(stocked))
	cancel() // with an open stream
	assert.NoError(t, <-ended)
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "http://localhost"+path, nil)
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

func post(h http.Handler, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "http://localhost"+path, strings.NewReader(body))
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

// watcher reads the stream of one person's states.
type watcher struct {
	t      *testing.T
	events *bufio.Reader
}

func watch(t *testing.T, address, as string) watcher {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", address+"/live?as="+as, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
	return watcher{t, bufio.NewReader(answer.Body)}
}

// until reads states until one satisfies the condition.
func (w watcher) until(wanted func(state) bool) state {
	w.t.Helper()
	for {
		line, err := w.events.ReadString('\n')
		require.NoError(w.t, err)
		data, found := strings.CutPrefix(line, "data: ")
		var s state
		if !found {
			continue
		}
		require.NoError(w.t, json.Unmarshal([]byte(data), &s))
		if wanted(s) {
			return s
		}
	}
}

func some(all []message, is func(message) bool) bool {
	for _, m := range all {
		if is(m) {
			return true
		}
	}
	return false
}

func edgeOf(s state, address string) edge {
	for _, e := range s.Edges {
		if e.Key == address {
			return e
		}
	}
	return edge{}
}

// signedPurge signs by the vendor's page, without any code of ours: https://cloud.tencent.com/document/product/228/1724
func signedPurge(target string) *http.Request {
	nonce := fmt.Sprint(time.Now().UnixNano())
	stamp := fmt.Sprint(time.Now().Unix())
	plain := "Action=RefreshCdnUrl&Nonce=" + nonce + "&SecretId=" + secretID + "&Timestamp=" + stamp + "&urls.0=" + target
	mac := hmac.New(sha1.New, []byte(secretKey))
	mac.Write([]byte("GETcdn.example/v2/index.php?" + plain))
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	query := strings.Replace(plain, target, url.QueryEscape(target), 1) + "&Signature=" + url.QueryEscape(signature)
	return httptest.NewRequest("GET", "http://cdn.example/v2/index.php?"+query, nil)
}

// TestPageHintsAreTrue sets each fault of a chat in a fresh sandbox and in a used one, and checks that a typed
// purge reaches the CDN if the hint says so.
func TestPageHintsAreTrue(t *testing.T) {
	t.Parallel()
	for _, side := range sides[1:] {
		for _, trouble := range side.Troubles {
			for _, used := range []bool{false, true} {
				t.Run(fmt.Sprint(side.Key, " ", trouble.Name, " used ", used), func(t *testing.T) {
					t.Parallel()
					p := &page{world: newTestWorld(t)}
					c, err := p.chat(side.Key)
					require.NoError(t, err)
					alice, err := find(c, "alice")
					require.NoError(t, err)
					if used {
						require.NoError(t, c.say(alice, "", "/purge whoami"))
					}
					require.NoError(t, p.turn(side.Key, trouble.Name, false))
					said := c.say(alice, "", c.example())
					sent := func() bool {
						return slices.ContainsFunc(p.cdn.Requests(), func(r cdnsim.Request) bool { return r.Kind == cdnsim.URL })
					}
					switch {
					case strings.Contains(trouble.Hint, "Nothing arrives"):
						assert.Error(t, said)
					case strings.Contains(trouble.Hint, "refuses people whom it has not looked up") && !used:
						require.NoError(t, said)
						assert.True(t, slices.ContainsFunc(c.messages(alice), func(m message) bool { return m.OnlyYou && strings.Contains(m.plain(), "Not taken") }))
						assert.False(t, sent())
					case strings.Contains(trouble.Hint, "coming back"):
					default:
						require.NoError(t, said)
						assert.Eventually(t, sent, patience, 10*time.Millisecond, "purges go on: %s", trouble.Hint)
					}
					if strings.Contains(trouble.Hint, "no message") {
						assert.False(t, slices.ContainsFunc(c.messages(alice), func(m message) bool { return m.Who == "bot" && !m.OnlyYou }))
					}
				})
			}
		}
	}
}
