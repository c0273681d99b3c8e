package cdnsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	testID   = "AKIDTEST"
	testHost = "cdn.api.qcloud.com"
	testKey  = "key of the simulated account"
)

// clock is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a simulator, its clock, and a client that signs.
type world struct {
	*Sim
	clock *clock
	nonce atomic.Int64
}

// newWorld has www.test.com (everywhere), www.abc.com (everywhere, query ignored), cn.test.com (mainland), *.hk.test.com (overseas), off.test.com
// (offline).
func newWorld() *world {
	c := &clock{now: time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)} // noon in Shanghai
	s := New(testID, testKey, "www.test.com")
	s.Hosts = append(s.Hosts, Host{Name: "www.abc.com", IgnoreQuery: true},
		Host{Name: "cn.test.com", Areas: []Area{Mainland}}, Host{Name: "off.test.com", Offline: true},
		Host{Name: "*.hk.test.com", Areas: []Area{Overseas}})
	s.Now, s.Delay = c.Now, time.Minute
	return &world{Sim: s, clock: c}
}

// form returns action and pairs with the common parameters, not yet signed. A pair's value "-" removes the name.
func (w *world) form(action string, pairs ...string) url.Values {
	v := url.Values{"Action": {action}, "SecretId": {testID}, "Timestamp": {strconv.FormatInt(w.clock.Now().Unix(), 10)},
		"Nonce": {strconv.FormatInt(w.nonce.Add(1), 10)}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "-" {
			v.Del(pairs[i])
		}
	}
	return v
}

func sign(v url.Values, method, host string) url.Values {
	var params []Param
	for name, values := range v {
		params = append(params, Param{name, values[0]})
	}
	v.Set("Signature", signature(testKey, v.Get("SignatureMethod"), stringToSign(method, host, path, params)))
	return v
}

// reply is the vendor's answer as a lenient client reads it.
type reply struct {
	status   int
	body     string
	Code     int
	Message  string
	CodeDesc any
	Data     map[string]any
}

func (w *world) serve(t testing.TB, r *http.Request) reply {
	t.Helper()
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	got := reply{status: rec.Code, body: rec.Body.String()}
	if rec.Code == http.StatusOK {
		require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &got), got.body)
	}
	return got
}

func post(contentType, body string) *http.Request {
	r := httptest.NewRequest("POST", "http://cdn.api.qcloud.com"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

const urlencoded = "application/x-www-form-urlencoded"

// call posts a signed request.
func (w *world) call(t testing.TB, action string, pairs ...string) reply {
	t.Helper()
	return w.serve(t, post(urlencoded, sign(w.form(action, pairs...), "POST", testHost).Encode()))
}

// many returns name.0 … name.n-1 as pairs.
func many(name, format string, n int) []string {
	var pairs []string
	for i := range n {
		pairs = append(pairs, fmt.Sprintf("%s.%d", name, i), fmt.Sprintf(format, i))
	}
	return pairs
}

func (w *world) last() Request {
	all := w.Requests()
	return all[len(all)-1]
}

func TestAnswersHaveTheVendorsShapes(t *testing.T) {
	t.Parallel()
	w := newWorld()
	const noHost = `"message":"(9110) Information for this domain does not exist. cdn no such host"`
	for _, c := range []struct{ action, name, value, want string }{
		{"RefreshCdnUrl", "urls.0", "https://www.test.com/1.jpg", `{"code":0,"message":"","codeDesc":"Success","data":{"count":1,"task_id":"1795147200000000000"}}`},
		{"RefreshCdnDir", "dirs.0", "http://www.test.com/test/", `{"code":0,"message":"","codeDesc":"Success"}`},
		{"RefreshCdnOverSeaUrl", "urls.0", "https://www.test.com/1.jpg", `{"code":0,"message":"","codeDesc":"Success","data":{"count":1}}`},
		{"RefreshCdnOverSeaDir", "dirs.0", "http://www.test.com/test/", `{"code":0,"message":"","codeDesc":"Success","data":{"count":1}}`},
		{"RefreshCdnUrl", "urls.0", "https://foreign.example/1.jpg", `{"code":4000,` + noHost + `,"codeDesc":"9110"}`},
		{"RefreshCdnDir", "dirs.0", "https://foreign.example/", `{"code":4000,` + noHost + `,"codeDesc":9110}`},
		{"RefreshCdnOverSeaUrl", "urls.0", "https://foreign.example/1.jpg", `{"code":4000,` + noHost + `,"codeDesc":"9110"}`},
		{"RefreshCdnOverSeaDir", "dirs.0", "https://foreign.example/", `{"code":4000,` + noHost + `,"codeDesc":9110}`},
		{"RefreshCdnUrl", "urls.0", "https://a.b.hk.test.com/1.jpg", `{"code":4000,"message":"(1012)传参错误 invalid error code[域名 a.b.hk.test.com 未部署在 mainland]","codeDesc":"InvalidParameter"}`},
		{"RefreshCdnOverSeaUrl", "urls.0", "https://a.b.hk.test.com/1.jpg", `{"code":0,"message":"","codeDesc":"Success","data":{"count":1}}`},
	} {
		got := w.call(t, c.action, c.name, c.value)
		assert.Equal(t, 200, got.status)
		assert.Equal(t, c.want, got.body, c.action)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const u = "https://www.test.com/1.jpg"
	for name, c := range map[string]struct {
		action   string
		pairs    []string
		code     int
		business int
	}{
		"no action":               {"RefreshCdnUrl", []string{"Action", "-", "urls.0", u}, 4000, 0},
		"no key":                  {"RefreshCdnUrl", []string{"SecretId", "-", "urls.0", u}, 4000, 0},
		"no timestamp":            {"RefreshCdnUrl", []string{"Timestamp", "-", "urls.0", u}, 4000, 0},
		"no nonce":                {"RefreshCdnUrl", []string{"Nonce", "-", "urls.0", u}, 4000, 0},
		"timestamp not a number":  {"RefreshCdnUrl", []string{"Timestamp", "today", "urls.0", u}, 4000, 0},
		"timestamp in ms":         {"RefreshCdnUrl", []string{"Timestamp", "1795147200000", "urls.0", u}, 4500, 0},
		"nonce zero":              {"RefreshCdnUrl", []string{"Nonce", "0", "urls.0", u}, 4000, 0},
		"nonce negative":          {"RefreshCdnUrl", []string{"Nonce", "-5", "urls.0", u}, 4000, 0},
		"unknown key":             {"RefreshCdnUrl", []string{"SecretId", "AKIDNOBODY", "urls.0", u}, 4104, 0},
		"token where none is due": {"RefreshCdnUrl", []string{"Token", "x", "urls.0", u}, 4105, 0},
		"unknown action":          {"RefreshCdnURL", []string{"urls.0", u}, 6100, 0},
		"no target":               {"RefreshCdnUrl", nil, 4000, 0},
		"target of another kind":  {"RefreshCdnUrl", []string{"dirs.0", "https://www.test.com/"}, 4000, 0},
		"list without numbers":    {"RefreshCdnUrl", []string{"urls", u, "urls.x", u}, 4000, 0},
		"1,001 URLs":              {"RefreshCdnUrl", many("urls", "https://www.test.com/%d", 1001), 4000, 22043},
		"1,001 URLs overseas":     {"RefreshCdnOverSeaUrl", many("urls", "https://www.test.com/%d", 1001), 4000, 22043},
		"21 directories":          {"RefreshCdnDir", many("dirs", "https://www.test.com/%d/", 21), 4000, 22045},
		"21 directories overseas": {"RefreshCdnOverSeaDir", many("dirs", "https://www.test.com/%d/", 21), 4000, 22045},
		"foreign among ours":      {"RefreshCdnUrl", []string{"urls.0", u, "urls.1", "https://foreign.example/"}, 4000, 9110},
		"subdomain of ours":       {"RefreshCdnUrl", []string{"urls.0", "https://x.www.test.com/"}, 4000, 9110},
		"domain offline":          {"RefreshCdnUrl", []string{"urls.0", "https://off.test.com/"}, 4000, 9112},
		"overseas not enabled":    {"RefreshCdnOverSeaUrl", []string{"urls.0", "https://cn.test.com/"}, 4000, 1012},
		"mainland not enabled":    {"RefreshCdnDir", []string{"dirs.0", "https://a.hk.test.com/"}, 4000, 1012},
		"apex of a wildcard":      {"RefreshCdnOverSeaUrl", []string{"urls.0", "https://hk.test.com/"}, 4000, 9110},
		"no scheme":               {"RefreshCdnUrl", []string{"urls.0", "www.test.com/1.jpg"}, 4000, 9003},
		"wrong scheme":            {"RefreshCdnUrl", []string{"urls.0", "ftp://www.test.com/1.jpg"}, 4000, 9003},
		"one slash":               {"RefreshCdnUrl", []string{"urls.0", "https:/www.test.com/1.jpg"}, 4000, 9003},
		"at sign before scheme":   {"RefreshCdnUrl", []string{"urls.0", "@" + u}, 4000, 9003},
		"empty":                   {"RefreshCdnUrl", []string{"urls.0", ""}, 4000, 9003},
		"newline":                 {"RefreshCdnUrl", []string{"urls.0", u + "\nurls.1=x"}, 4000, 9003},
		"space":                   {"RefreshCdnUrl", []string{"urls.0", u + " x"}, 4000, 9003},
		"user":                    {"RefreshCdnUrl", []string{"urls.0", "https://www.test.com@foreign.example/"}, 4000, 9003},
		"bad escape in host":      {"RefreshCdnUrl", []string{"urls.0", "https://www%2etest.com/"}, 4000, 9003},
		"port":                    {"RefreshCdnUrl", []string{"urls.0", "https://www.test.com:8443/"}, 4000, 9107},
		"wildcard":                {"RefreshCdnDir", []string{"dirs.0", "https://*.test.com/"}, 4000, 9107},
		"letters in host":         {"RefreshCdnUrl", []string{"urls.0", "https://www.tést.com/"}, 4000, 9107},
		"no host":                 {"RefreshCdnUrl", []string{"urls.0", "https:///1.jpg"}, 4000, 9107},
		"dot behind host":         {"RefreshCdnUrl", []string{"urls.0", "https://www.test.com./"}, 4000, 9107},
		"directory with query":    {"RefreshCdnDir", []string{"dirs.0", "https://www.test.com/a/?b"}, 4000, 9003},
		"type 3":                  {"RefreshCdnDir", []string{"dirs.0", "https://www.test.com/a/", "type", "3"}, 4000, 9003},
		"log without a period":    {"GetCdnRefreshLog", nil, 4000, 0},
		"log with half a period":  {"GetCdnRefreshLog", []string{"startDate", "2026-11-20 00:00:00"}, 4000, 9150},
		"log backwards":           {"GetCdnRefreshLog", []string{"startDate", "2026-11-20 00:00:00", "endDate", "2026-11-19 00:00:00"}, 4000, 9150},
		"log of a strange task":   {"GetCdnRefreshLog", []string{"taskId", "1"}, 4000, 21001},
		"overseas log undated":    {"GetCdnOverseaRefreshLog", nil, 4000, 0},
		"overseas log misdated":   {"GetCdnOverseaRefreshLog", []string{"date", "2026-11-20"}, 4000, 9150},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			require.NoError(t, w.Fill(u))
			got := w.call(t, c.action, c.pairs...)
			assert.Equal(t, 200, got.status)
			assert.Equal(t, c.code, got.Code, got.body)
			assert.Nil(t, got.Data)
			seen := w.last()
			assert.Equal(t, c.code, seen.Code)
			assert.Equal(t, c.business, seen.Business)
			assert.False(t, seen.Acted)
			if c.business != 0 {
				assert.True(t, strings.HasPrefix(got.Message, fmt.Sprintf("(%d)", c.business)), got.Message)
			}
			w.clock.add(time.Hour)
			for _, q := range w.Quota() {
				assert.Zero(t, q.Used, "a refusal costs nothing")
			}
			assert.Equal(t, Fresh, w.Edge(Mainland, u).State, "a refusal purges nothing")
		})
	}
}

func TestSeedsKnowFourActions(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.LogActions = false
	assert.Equal(t, 6100, w.call(t, "GetCdnRefreshLog", "taskId", "1").Code)
	assert.Equal(t, 6100, w.call(t, "GetCdnOverseaRefreshLog", "date", "20261120").Code)
	assert.Equal(t, 0, w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/").Code)
}

func TestLimitsAreInclusive(t *testing.T) {
	t.Parallel()
	w := newWorld()
	assert.EqualValues(t, 1000, w.call(t, "RefreshCdnUrl", many("urls", "https://www.test.com/%d", 1000)...).Data["count"])
	assert.EqualValues(t, 20, w.call(t, "RefreshCdnOverSeaDir", many("dirs", "https://www.test.com/%d/", 20)...).Data["count"])
}

func TestGapsInListsDoNotMatter(t *testing.T) {
	t.Parallel()
	w := newWorld()
	got := w.call(t, "RefreshCdnUrl", "urls.1", "https://www.test.com/1", "urls.10", "https://www.test.com/10", "urls.7", "https://www.test.com/7")
	assert.EqualValues(t, 3, got.Data["count"])
	assert.Equal(t, []string{"https://www.test.com/1", "https://www.test.com/7", "https://www.test.com/10"}, w.last().list("urls"))
}

func TestQuotaTurnsAtMidnightOfItsZone(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.DailyURLs, w.DailyDirectories = 3, 1
	w.clock.now = time.Date(2026, 11, 20, 15, 59, 59, 0, time.UTC) // 23:59:59 in Shanghai

	two := many("urls", "https://www.test.com/%d", 2)
	assert.Equal(t, 0, w.call(t, "RefreshCdnUrl", two...).Code)
	assert.Equal(t, "22044", w.call(t, "RefreshCdnUrl", two...).CodeDesc, "two do not fit into one")
	assert.Equal(t, 0, w.call(t, "RefreshCdnUrl", two[:2]...).Code, "the refused two took nothing")
	assert.Equal(t, 0, w.call(t, "RefreshCdnOverSeaUrl", two...).Code, "areas count apart")
	assert.Equal(t, 0, w.call(t, "RefreshCdnDir", "dirs.0", "https://www.test.com/").Code, "kinds count apart")
	assert.EqualValues(t, 22046, w.call(t, "RefreshCdnDir", "dirs.0", "https://www.test.com/").CodeDesc)
	assert.Equal(t, []Quota{{Mainland, URL, 3, 3}, {Mainland, Directory, 1, 1}, {Overseas, URL, 2, 3}, {Overseas, Directory, 0, 1}}, w.Quota())

	w.clock.add(time.Second - 1)
	assert.Equal(t, "22044", w.call(t, "RefreshCdnUrl", two...).CodeDesc, "a nanosecond before midnight")
	w.clock.add(1)
	assert.Equal(t, []Quota{{Mainland, URL, 0, 3}, {Mainland, Directory, 0, 1}, {Overseas, URL, 0, 3}, {Overseas, Directory, 0, 1}}, w.Quota())
	assert.Equal(t, 0, w.call(t, "RefreshCdnUrl", two...).Code)
}

func TestQuotaDefaultsAreTheVendors(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []Quota{{Mainland, URL, 0, 10000}, {Mainland, Directory, 0, 100}, {Overseas, URL, 0, 10000}, {Overseas, Directory, 0, 100}}, new(Sim).Quota())
}

func TestZeroSimKnowsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld()
	body := sign(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/"), "POST", testHost).Encode()
	rec := httptest.NewRecorder()
	new(Sim).ServeHTTP(rec, post(urlencoded, body))
	assert.Contains(t, rec.Body.String(), `"code":4104`)
}

func TestWatchTellsOfEveryChange(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for name, change := range map[string]func(){
		"request": func() { w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/") },
		"visit":   func() { assert.NoError(t, w.Fill("https://www.test.com/")) },
		"origin":  func() { assert.NoError(t, w.Change("https://www.test.com/")) },
		"fault":   func() { w.Fault(Fault{Do: Reset, Action: "Other"}) },
		"cleared": w.ClearFaults,
		"setting": func() { w.Adjust(func(s *Sim) { s.Delay = 0 }) },
	} {
		changed := w.Watch()
		select {
		case <-changed:
			t.Fatal("told before anything changed")
		default:
		}
		change()
		select {
		case <-changed:
		default:
			t.Errorf("%s: not told", name)
		}
	}
}

func TestDueSaysWhenToLookAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	assert.True(t, w.Due().IsZero())
	w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/")
	assert.Equal(t, w.clock.Now().Add(time.Minute), w.Due())
	w.clock.add(time.Minute)
	assert.True(t, w.Due().IsZero())
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.DailyURLs = 100
	var group sync.WaitGroup
	var accepted atomic.Int64
	for i := range 8 {
		group.Go(func() {
			for j := range 25 {
				u := fmt.Sprintf("https://www.test.com/%d/%d", i, j)
				assert.NoError(t, w.Fill(u))
				if w.call(t, "RefreshCdnUrl", "urls.0", u).Code == 0 {
					accepted.Add(1)
				}
				w.clock.add(time.Second)
				w.Edges()
				w.Requests()
				w.Watch()
			}
		})
	}
	group.Wait()
	assert.EqualValues(t, 100, accepted.Load())
	assert.Len(t, w.Requests(), 200)
}
