package cdnsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// request3 is a signed request of API 3.0; change sees it before it is signed.
func (w *world) request3(action, body string, change func(*http.Request)) *http.Request {
	r := httptest.NewRequest("POST", "http://cdn.tencentcloudapi.com/", strings.NewReader(body))
	for name, value := range map[string]string{"Content-Type": "application/json", "X-TC-Action": action, "X-TC-Version": "2018-06-06",
		"X-TC-Timestamp": fmt.Sprint(w.clock.Now().Unix())} {
		r.Header.Set(name, value)
	}
	if change != nil {
		change(r)
	}
	seen := &Request{Method: "POST", Body: body, Params: []Param{{"Host", r.Host}}}
	for name := range r.Header {
		seen.Params = append(seen.Params, Param{spelled(name), r.Header.Get(name)})
	}
	if r.Header.Get("Authorization") == "" {
		a := authorization{id: testID, date: w.clock.Now().UTC().Format(time.DateOnly), service: "cdn", headers: "content-type;host;x-tc-action"}
		r.Header.Set("Authorization", fmt.Sprintf("TC3-HMAC-SHA256 Credential=%s/%s/cdn/tc3_request, SignedHeaders=%s, Signature=%s",
			a.id, a.date, a.headers, a.sign3(testKey, a.stringToSign3(seen))))
	}
	return r
}

// reply3 is the inside of an envelope, and its error's code.
func (w *world) reply3(t testing.TB, r *http.Request) (map[string]any, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	require.Equal(t, 200, rec.Code, rec.Body)
	var got struct{ Response map[string]any }
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &got), rec.Body)
	require.NotEmpty(t, got.Response["RequestId"])
	if e, ok := got.Response["Error"].(map[string]any); ok {
		require.NotEmpty(t, e["Message"])
		return got.Response, e["Code"].(string)
	}
	return got.Response, ""
}

func (w *world) call3(t testing.TB, action, body string) (map[string]any, string) {
	t.Helper()
	return w.reply3(t, w.request3(action, body, nil))
}

// The verifier agrees with the vendor's published answers.
func TestPublishedAnswers3(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/docs-known-answers.json")
	require.NoError(t, err)
	var f struct {
		TC3 []struct {
			Name, SecretID, SecretKey, Service, Date, Payload, CanonicalRequest, StringToSign, SignedHeaders, ExpectedSignature string
			Timestamp                                                                                                           json.Number
		}
	}
	require.NoError(t, json.Unmarshal(b, &f))
	require.Len(t, f.TC3, 3)
	for _, v := range f.TC3 {
		r := &Request{Method: "POST", Body: v.Payload, Params: []Param{{"X-TC-Timestamp", v.Timestamp.String()}}}
		for _, line := range strings.Split(v.CanonicalRequest, "\n")[3:] {
			if name, value, ok := strings.Cut(line, ":"); ok {
				r.Params = append(r.Params, Param{name, value})
			}
		}
		a := authorization{v.SecretID, v.Date, v.Service, v.SignedHeaders, ""}
		assert.Equal(t, v.StringToSign, a.stringToSign3(r), v.Name)
		assert.Equal(t, v.ExpectedSignature, a.sign3(v.SecretKey, a.stringToSign3(r)), v.Name)
	}
}

func TestRefusals3(t *testing.T) {
	t.Parallel()
	const u = `"https://www.test.com/1.jpg"`
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set(name, value)
			if value == "" {
				r.Header.Del(name)
			}
		}
	}
	list := func(n int, format string) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(format, i))
		}
		return strings.Join(all, ",")
	}
	for name, c := range map[string]struct {
		action, body string
		change       func(*http.Request)
		code         string
	}{
		"right":               {"PurgeUrlsCache", `{"Urls":[` + u + `]}`, nil, ""},
		"no version":          {"PurgeUrlsCache", `{}`, set("X-TC-Version", ""), "MissingParameter"},
		"another version":     {"PurgeUrlsCache", `{}`, set("X-TC-Version", "2017-03-12"), "NoSuchVersion"},
		"no timestamp":        {"PurgeUrlsCache", `{}`, set("X-TC-Timestamp", ""), "MissingParameter"},
		"six minutes late":    {"PurgeUrlsCache", `{}`, set("X-TC-Timestamp", "1795146839"), "AuthFailure.SignatureExpire"},
		"not a time":          {"PurgeUrlsCache", `{}`, set("X-TC-Timestamp", "now"), "AuthFailure.InvalidAuthorization"},
		"no signature":        {"PurgeUrlsCache", `{}`, set("Authorization", "Basic x"), "AuthFailure.InvalidAuthorization"},
		"a foreign signature": {"PurgeUrlsCache", `{}`, set("Authorization", "TC3-HMAC-SHA256 Credential="+testID+"/2026-11-20/cdn/tc3_request, SignedHeaders=content-type;host, Signature="+strings.Repeat("0", 64)), "AuthFailure.SignatureFailure"},
		"another key":         {"PurgeUrlsCache", `{}`, set("Authorization", "TC3-HMAC-SHA256 Credential=AKIDX/2026-11-20/cdn/tc3_request, SignedHeaders=content-type;host, Signature="+strings.Repeat("0", 64)), "AuthFailure.SecretIdNotFound"},
		"a token":             {"PurgeUrlsCache", `{}`, set("X-TC-Token", "x"), "AuthFailure.TokenFailure"},
		"a language":          {"PurgeUrlsCache", `{}`, set("X-TC-Language", "de"), "InvalidParameterValue"},
		"a form":              {"PurgeUrlsCache", `{}`, set("Content-Type", "application/x-www-form-urlencoded"), "InvalidParameter"},
		"no such action":      {"PurgeUrls", `{}`, nil, "InvalidAction"},
		"no JSON":             {"PurgeUrlsCache", `Urls=x`, nil, "InvalidParameter"},
		"two objects":         {"PurgeUrlsCache", `{}{}`, nil, "InvalidParameter"},
		"a member twice":      {"PurgeUrlsCache", `{"Urls":[` + u + `],"Urls":[]}`, nil, "InvalidParameter"},
		"an unknown member":   {"PurgeUrlsCache", `{"urls.0":` + u + `}`, nil, "UnknownParameter"},
		"a wrong type":        {"PurgeUrlsCache", `{"Urls":` + u + `}`, nil, "InvalidParameter"},
		"no target":           {"PurgeUrlsCache", `{"Urls":[]}`, nil, "MissingParameter"},
		"both areas":          {"PurgeUrlsCache", `{"Urls":[` + u + `],"Area":"global"}`, nil, "InvalidParameter.CdnParamError"},
		"no flush type":       {"PurgePathCache", `{"Paths":["https://www.test.com/a/"]}`, nil, "MissingParameter"},
		"a flush type":        {"PurgePathCache", `{"Paths":["https://www.test.com/a/"],"FlushType":"burn"}`, nil, "InvalidParameter.CdnParamError"},
		"wildcard":            {"PurgePathCache", `{"Paths":["https://*.test.com/a/"],"FlushType":"flush"}`, nil, "InvalidParameter.CdnPurgeWildcardNotAllowed"},
		"1,001 URLs":          {"PurgeUrlsCache", `{"Urls":[` + list(1001, `"https://www.test.com/%d"`) + `]}`, nil, "LimitExceeded.CdnPurgeUrlExceedBatchLimit"},
		"501 directories":     {"PurgePathCache", `{"FlushType":"flush","Paths":[` + list(501, `"https://www.test.com/%d/"`) + `]}`, nil, "LimitExceeded.CdnPurgePathExceedBatchLimit"},
		"101 directories":     {"PurgePathCache", `{"FlushType":"flush","Paths":[` + list(101, `"https://www.test.com/%d/"`) + `]}`, nil, "LimitExceeded.CdnPurgePathExceedDayLimit"},
		"501 prefetches":      {"PushUrlsCache", `{"Urls":[` + list(501, `"https://www.test.com/%d"`) + `]}`, nil, "LimitExceeded.CdnPushExceedBatchLimit"},
		"foreign among ours":  {"PurgeUrlsCache", `{"Urls":[` + u + `,"https://foreign.example/"]}`, nil, "ResourceNotFound.CdnHostNotExists"},
		"domain offline":      {"PurgeUrlsCache", `{"Urls":["https://off.test.com/"]}`, nil, "InvalidParameter.CdnHostInvalidStatus"},
		"prefetch offline":    {"PushUrlsCache", `{"Urls":["https://off.test.com/"]}`, nil, "ResourceUnavailable.CdnHostIsNotOnline"},
		"not in this area":    {"PurgeUrlsCache", `{"Urls":["https://cn.test.com/"],"Area":"overseas"}`, nil, "InvalidParameter.CdnParamError"},
		"under a wildcard":    {"PurgeUrlsCache", `{"Urls":["https://a.hk.test.com/"],"Area":"mainland"}`, nil, "InvalidParameter.CdnParamError"},
		"wherever it is":      {"PurgeUrlsCache", `{"Urls":["https://a.hk.test.com/"]}`, nil, ""},
		"raw letters":         {"PurgeUrlsCache", `{"Urls":["https://www.test.com/图"]}`, nil, "InvalidParameter.CdnParamError"},
		"letters to encode":   {"PurgeUrlsCache", `{"Urls":["https://www.test.com/图"],"UrlEncode":true}`, nil, ""},
		"no scheme":           {"PurgeUrlsCache", `{"Urls":["www.test.com/1.jpg"]}`, nil, "InvalidParameter.CdnParamError"},
		"port":                {"PurgeUrlsCache", `{"Urls":["https://www.test.com:8443/"]}`, nil, "InvalidParameter.CdnParamError"},
		"log of nothing":      {"DescribePurgeTasks", `{}`, nil, "MissingParameter"},
		"log backwards":       {"DescribePurgeTasks", `{"StartTime":"2026-11-20 00:00:00","EndTime":"2026-11-19 00:00:00"}`, nil, "InvalidParameter.CdnParamError"},
		"page too large":      {"DescribeDomains", `{"Limit":1001}`, nil, "InvalidParameter.CdnParamError"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			_, code := w.reply3(t, w.request3(c.action, c.body, c.change))
			assert.Equal(t, c.code, code)
			assert.Equal(t, code, w.last().Error)
			assert.Equal(t, code == "", w.last().Acted)
			for _, q := range w.Quota() {
				assert.True(t, q.Used == 0 || code == "", "a refusal costs nothing")
			}
		})
	}
}

// A byte that changes on the way is noticed, wherever it is.
func TestTamperedRequests3(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"body":   func(r *http.Request) { r.Body = http.NoBody },
		"action": func(r *http.Request) { r.Header.Set("X-TC-Action", "PurgePathCache") },
		"host":   func(r *http.Request) { r.Host = "cdn.example" },
		"type":   func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") },
		"time":   func(r *http.Request) { r.Header.Set("X-TC-Timestamp", "1795147201") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			r := w.request3("PurgeUrlsCache", `{"Urls":["https://www.test.com/1.jpg"]}`, nil)
			change(r)
			_, code := w.reply3(t, r)
			assert.Equal(t, "AuthFailure.SignatureFailure", code)
			assert.False(t, w.last().Verified)
		})
	}
}

func TestLifeOfATask3(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.Fault(Fault{Do: TaskFails, Times: 1, Only: []string{"https://www.test.com/2"}})
	got, code := w.call3(t, "PurgeUrlsCache", `{"Urls":["https://www.test.com/1","https://www.test.com/2"],"Area":"overseas"}`)
	require.Empty(t, code)
	statuses := func(filter string) string {
		got, code := w.call3(t, "DescribePurgeTasks", fmt.Sprintf(`{"TaskId":%q%s}`, got["TaskId"], filter))
		require.Empty(t, code)
		var all []string
		for _, row := range got["PurgeLogs"].([]any) {
			r := row.(map[string]any)
			require.Equal(t, "2026-11-20 12:00:00", r["CreateTime"])
			require.Equal(t, "url", r["PurgeType"])
			all = append(all, fmt.Sprint(strings.TrimPrefix(r["Url"].(string), "https://www.test.com/"), r["Status"]))
		}
		return strings.Join(append(all, fmt.Sprint(got["TotalCount"])), " ")
	}
	assert.Equal(t, "1process 2process 2", statuses(""))
	assert.Equal(t, "0", statuses(`,"Area":"mainland"`))
	assert.Equal(t, "2process 2", statuses(`,"Offset":1`))
	w.clock.add(time.Minute)
	assert.Equal(t, "1done 2fail 2", statuses(`,"Area":"overseas","PurgeType":"url"`))
	assert.Equal(t, "2fail 1", statuses(`,"Status":"fail"`))
	assert.Equal(t, "1done 1", statuses(`,"Keyword":"https://www.test.com/1"`))
	assert.Equal(t, "0", statuses(`,"PurgeType":"path"`))
}

// A prefetch fills the caches of its areas, from a quota of its own, and is in a log of its own.
func TestPush3(t *testing.T) {
	t.Parallel()
	w := newWorld()
	const u = "https://www.test.com/1"
	got, code := w.call3(t, "PushUrlsCache", `{"Urls":["`+u+`"],"Area":"global"}`)
	require.Empty(t, code)
	require.Equal(t, Edge{}, w.Edge(Overseas, u))
	w.clock.add(time.Minute)
	assert.Equal(t, Fresh, w.Edge(Mainland, u).State)
	assert.Equal(t, Fresh, w.Edge(Overseas, u).State)
	log, _ := w.call3(t, "DescribePushTasks", fmt.Sprintf(`{"TaskId":%q}`, got["TaskId"]))
	row := log["PushLogs"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"done", "global", 100.0}, []any{row["Status"], row["Area"], row["Percent"]})
	log, _ = w.call3(t, "DescribePurgeTasks", fmt.Sprintf(`{"TaskId":%q}`, got["TaskId"]))
	assert.Empty(t, log["PurgeLogs"])
	quota, _ := w.call3(t, "DescribePushQuota", `{}`)
	for _, q := range quota["UrlPush"].([]any) {
		assert.Equal(t, 999.0, q.(map[string]any)["Available"])
	}
	quota, _ = w.call3(t, "DescribePurgeQuota", `{}`)
	assert.Equal(t, map[string]any{"Area": "mainland", "Batch": 1000.0, "Total": 10000.0, "Available": 10000.0}, quota["UrlPurge"].([]any)[0])
}

// Both APIs are in front of one account: one's quota and log are the other's.
func TestOneAccount(t *testing.T) {
	t.Parallel()
	w := newWorld()
	require.NoError(t, w.Fill("https://www.test.com/1"))
	w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/1")
	log, _ := w.call3(t, "DescribePurgeTasks", `{"StartTime":"2026-11-20 12:00:00","EndTime":"2026-11-20 12:00:00"}`)
	assert.Len(t, log["PurgeLogs"], 1)
	_, code := w.call3(t, "PurgeUrlsCache", `{"Urls":["https://www.test.com/1"]}`) // without an area: everywhere
	require.Empty(t, code)
	assert.Equal(t, 2, w.Quota()[0].Used)
	assert.Equal(t, 1, w.Quota()[2].Used)
	w.clock.add(time.Minute)
	assert.Equal(t, Stale, w.Edge(Overseas, "https://www.test.com/1").State)
}

func TestDomains(t *testing.T) {
	t.Parallel()
	w := newWorld()
	hosts := w.call(t, "DescribeCdnHosts", "detail", "1", "offset", "1", "limit", "2").Data
	assert.EqualValues(t, 5, hosts["total"])
	row := hosts["hosts"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"www.abc.com", "off", 5.0}, []any{row["host"], row["furl_cache"], row["status"]})
	assert.Len(t, hosts["hosts"], 2)

	got, _ := w.call3(t, "DescribeDomains", `{"Filters":[{"Name":"domain","Value":["cn."],"Fuzzy":true}]}`)
	row = got["Domains"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"cn.test.com", "mainland", "online", 1.0}, []any{row["Domain"], row["Area"], row["Status"], got["TotalNumber"]})
	assert.NotContains(t, row, "CacheKey")
	got, _ = w.call3(t, "DescribeDomainsConfig", `{"Offset":1,"Limit":1}`)
	assert.Equal(t, "off", got["Domains"].([]any)[0].(map[string]any)["CacheKey"].(map[string]any)["FullUrlCache"])
}

// At most so many calls of an action in any second, however they are spread; another action counts by itself.
func TestRate(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.Rate = 2
	code := func(action string) string {
		_, code := w.call3(t, action, `{}`)
		return code
	}
	assert.Empty(t, code("DescribePurgeQuota"))
	w.clock.add(600 * time.Millisecond)
	assert.Empty(t, code("DescribePurgeQuota"))
	assert.Equal(t, "RequestLimitExceeded", code("DescribePurgeQuota"))
	assert.Empty(t, code("DescribePushQuota"))
	w.clock.add(400 * time.Millisecond)
	assert.Empty(t, code("DescribePurgeQuota"))
	assert.Equal(t, "RequestLimitExceeded", code("DescribePurgeQuota"))
	assert.Equal(t, 4000, w.callTwice(t, "GetCdnOverseaRefreshLog", "date", "20261120"), "9163 hides in it")
}

// callTwice is the code of the third of three calls.
func (w *world) callTwice(t *testing.T, action string, pairs ...string) int {
	w.call(t, action, pairs...)
	w.call(t, action, pairs...)
	return w.call(t, action, pairs...).Code
}

// Any code can be had, and one that is named by its number in API 2.0 has its name in 3.0.
func TestInjectedCodes3(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]Fault{
		"ActionOffline": {Error: "ActionOffline"},
		"LimitExceeded.CdnPurgeUrlExceedDayLimit": {Code: 22044},
		"RequestLimitExceeded":                    {Code: 4400},
		"InternalError.CdnSystemError":            {Code: 5100},
	} {
		w := newWorld()
		f.Do = Refusal
		w.Fault(f)
		_, code := w.call3(t, "DescribePurgeQuota", `{}`)
		assert.Equal(t, want, code)
	}
}

func TestPrintedRequest3(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.call3(t, "PurgePathCache", `{"Paths":["https://www.test.com/a/"],"Area":"mainland","FlushType":"flush"}`)
	assert.Regexp(t, `^POST /
  Authorization: TC3-HMAC-SHA256 Credential=AKIDTEST/2026-11-20/cdn/tc3_request, SignedHeaders=content-type;host;x-tc-action, Signature=[0-9a-f]{64}
  Content-Type: application/json
  Host: cdn\.tencentcloudapi\.com
  X-TC-Action: PurgePathCache
  X-TC-Timestamp: 1795147200
  X-TC-Version: 2018-06-06
  \{"Paths":\["https://www\.test\.com/a/"\],"Area":"mainland","FlushType":"flush"\}$`, w.last().String())
	assert.Equal(t, "https://www.test.com/a/", w.last().Value("Paths.0"))
	assert.Equal(t, []any{Mainland, Directory, API3}, []any{w.last().Area, w.last().Kind, w.last().API})
}
