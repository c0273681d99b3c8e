package tencent

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

const accepted3 = `{"Response":{"TaskId":"1480069888795584532","RequestId":"4d5a83f8-a61f-445b-8036-5a1894e8fdba"}}`

// testClient3 speaks API 3.0 to the server at base; change may be nil.
func testClient3(t testing.TB, base string, change func(*Config)) *V3 {
	t.Helper()
	c := Config{Endpoint: base, SecretID: testID, SecretKey: testKey, Token: testToken}
	if change != nil {
		change(&c)
	}
	v, err := NewV3(c)
	require.NoError(t, err)
	return v
}

func refused3(code, message string) string {
	b, _ := json.Marshal(map[string]any{"Response": map[string]any{
		"Error": map[string]any{"Code": code, "Message": message}, "RequestId": "4d5a83f8-a61f-445b-8036-5a1894e8fdba"}})
	return string(b)
}

func TestConfig3(t *testing.T) {
	t.Parallel()
	v, err := NewV3(Config{SecretID: "a", SecretKey: "b"})
	require.NoError(t, err)
	assert.Equal(t, EndpointV3, v.endpoint.String())
	v, err = NewV3(Config{Endpoint: EndpointV3International, SecretID: "a", SecretKey: "b"})
	require.NoError(t, err)
	assert.Equal(t, "API 3.0 at https://cdn.intl.tencentcloudapi.com/", fmt.Sprint(v))
	for name, tc := range map[string]struct {
		c     Config
		names string
	}{
		"no keys":      {Config{}, "TENCENTCLOUD_SECRET_ID"},
		"a path":       {Config{Endpoint: Endpoint, SecretID: "a", SecretKey: "b"}, "PURGEBOT_CDN_ENDPOINT"},
		"plain":        {Config{Endpoint: "http://cdn.tencentcloudapi.com", SecretID: "a", SecretKey: "b"}, "PURGEBOT_CDN_ENDPOINT"},
		"a language":   {Config{Language: "de", SecretID: "a", SecretKey: "b"}, "language"},
		"the key here": {Config{Language: testKey, SecretID: "a", SecretKey: "b"}, "language"},
	} {
		_, err := NewV3(tc.c)
		require.ErrorContains(t, err, tc.names, name)
		requireNoSecret(t, err.Error(), testKey)
	}
}

func TestSubmitOnTheWire3(t *testing.T) {
	t.Parallel()
	urls := []string{"https://www.test.com/a?x=1&urls.1=http://b.test/2", "http://www.test.com/%20+~!*'();:@,$=_-.?a=%26&b=+", "https://www.test.com/"}
	dirs := []string{"https://www.test.com/a/", "http://www.test.com/b%20c/"}
	list := func(ss []string) string {
		b := strings.Join(ss, `","`)
		return `["` + b + `"]`
	}
	for _, tc := range []struct {
		batch        purge.Batch
		action, body string
	}{
		{purge.Batch{Kind: purge.URL, Area: purge.Mainland}, "PurgeUrlsCache", `{"Urls":` + list(urls) + `,"Area":"mainland"}`},
		{purge.Batch{Kind: purge.URL, Area: purge.Overseas}, "PurgeUrlsCache", `{"Urls":` + list(urls) + `,"Area":"overseas"}`},
		{purge.Batch{Kind: purge.Directory, Mode: purge.Flush, Area: purge.Mainland}, "PurgePathCache", `{"Paths":` + list(dirs) + `,"Area":"mainland","FlushType":"flush"}`},
		{purge.Batch{Kind: purge.Directory, Mode: purge.Delete, Area: purge.Overseas}, "PurgePathCache", `{"Paths":` + list(dirs) + `,"Area":"overseas","FlushType":"delete"}`},
	} {
		for _, language := range []string{"", "zh-CN"} {
			t.Run(fmt.Sprint(tc.action, tc.batch.Area, language), func(t *testing.T) {
				t.Parallel()
				texts := urls
				if tc.batch.Kind == purge.Directory {
					texts = dirs
				}
				b := tc.batch
				b.Targets = targets(t, b.Kind, texts...)
				at := time.Unix(1700000000, 0)
				server := serve(t, func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					assert.Equal(t, tc.body, string(body))
					assert.Equal(t, "POST /", r.Method+" "+r.URL.RequestURI())
					want, _ := authorize(testID, testKey, tc3Service, at, []header{{"content-type", "application/json"}, {"host", r.Host}, {"x-tc-action", tc.action}}, body)
					got := map[string]string{}
					for name := range r.Header {
						got[name] = r.Header.Get(name)
					}
					said := language
					if said == "" {
						said = "en-US"
					}
					assert.Equal(t, map[string]string{
						"Authorization": want, "Content-Type": "application/json", "Content-Length": fmt.Sprint(len(body)), "User-Agent": "purgebot", "Connection": "close",
						"X-Tc-Action": tc.action, "X-Tc-Version": "2018-06-06", "X-Tc-Timestamp": "1700000000", "X-Tc-Language": said, "X-Tc-Token": testToken,
					}, got)
					io.WriteString(w, accepted3)
				})
				v := testClient3(t, server.URL, func(c *Config) { c.Language, c.Now = language, func() time.Time { return at } })
				r, err := v.Submit(t.Context(), b, nil)
				require.NoError(t, err)
				assert.Equal(t, purge.Receipt{TaskID: "1480069888795584532", RequestID: "4d5a83f8-a61f-445b-8036-5a1894e8fdba", At: at}, r)
			})
		}
	}
}

// Each call is stamped at the time it leaves. Without a token there is no token header.
func TestEachCallIsStampedAnew(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	var stamps []string
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, has := r.Header["X-Tc-Token"]
		assert.False(t, has)
		stamps = append(stamps, r.Header.Get("X-TC-Timestamp"))
		io.WriteString(w, accepted3)
	})
	v := testClient3(t, server.URL, func(c *Config) {
		c.Token, c.Now = "", func() time.Time { now = now.Add(time.Second); return now }
	})
	for range 2 {
		_, err := v.Submit(t.Context(), oneURL(t), nil)
		require.NoError(t, err)
	}
	assert.NotEqual(t, stamps[0], stamps[1])
}

// An answer in another format is unknown: the purge may have happened.
func TestUnreadable3(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty": "", "HTML": "<html>", "truncated": accepted3[:len(accepted3)-3], "two": accepted3 + accepted3, "a list": "[" + accepted3 + "]",
		"no Response": `{"TaskId":"1"}`, "Response is null": `{"Response":null}`, "Response is empty": `{"Response":{}}`, "Response is text": `{"Response":"ok"}`,
		"an answer of API 2.0":  accepted,
		"an error without code": `{"Response":{"Error":{"Message":"x"},"RequestId":"1"}}`,
		"a code that is a list": `{"Response":{"Error":{"Code":["AuthFailure"]},"RequestId":"1"}}`,
		"a code of two lines":   refused3("AuthFailure\nx", "x"), "a code for people": refused3("<!everyone>", "x"), "a long code": refused3(strings.Repeat("a", 101), "x"),
		"both":       `{"Response":{"TaskId":"1","Error":{"Code":"InternalError"},"RequestId":"1"}}`,
		"the id":     refused3("AKIDcanary", "x"),
		"request id": `{"Response":{"TaskId":"1","RequestId":"kEyCanary"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := testClient3(t, serve(t, says(body)).URL, nil).Submit(t.Context(), oneURL(t), nil)
			requireKind(t, purge.Unknown, err)
			requireNoSecret(t, everyText(err), testID, testKey)
		})
	}
}

// The vendor's words reach the operator quoted, cut, on one line, with the request id. They do not reach the
// person.
func TestVendorText3(t *testing.T) {
	t.Parallel()
	body := refused3("InvalidParameter.CdnParamError", "@everyone \x1b[2J\nhttps://www.test.com/a?token=hunter2 "+strings.Repeat("x", 1000))
	_, err := testClient3(t, serve(t, says(body)).URL, nil).Submit(t.Context(), oneURL(t), nil)
	e := requireKind(t, purge.Invalid, err)
	assert.NotContains(t, e.Message, "everyone")
	assert.ErrorContains(t, e.Err, "PurgeUrlsCache: ")
	assert.ErrorContains(t, e.Err, "(request 4d5a83f8-a61f-445b-8036-5a1894e8fdba)")
	assert.ErrorContains(t, e.Err, "www.test.com/a")
	assert.NotContains(t, e.Error(), "hunter2")
	assert.NotContains(t, e.Error(), "\n")
	assert.Less(t, len(e.Err.Error()), 400)
}

// Every answer that names its request gives the request id to the operator's error and to the receipt, which
// the audit keeps.
func TestEveryErrorNamesItsRequest(t *testing.T) {
	t.Parallel()
	const id = "r-17"
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	refusal := func(code string) string {
		return `{"Response":{"Error":{"Code":"` + code + `","Message":"no"},"RequestId":"r-17"}}`
	}
	answers := map[string]http.HandlerFunc{
		"unlisted":          says(refusal("Unheard.Of")),
		"too fast, by HTTP": status(429, refusal("RequestLimitExceeded")),
		"refused by HTTP":   status(403, refusal("AuthFailure")),
		"a broken gateway":  status(502, refusal("InternalError")),
		"a pause":           status(503, `{"Response": {"RequestId" : "r-17"}}`),
		"no code":           says(`{"Response":{"Error":{"Message":"x"},"RequestId":"r-17"}}`),
		"both":              says(`{"Response":{"TaskId":"1","Error":{"Code":"InternalError"},"RequestId":"r-17"}}`),
		"after something":   says(`{"RequestId":"r-17"}`),
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"+`{"Response":{"RequestId":"r-17","TaskId":"1`)
		},
	}
	for code := range codes3 {
		answers[code] = says(refusal(code))
	}
	for name, answer := range answers {
		v := testClient3(t, serve(t, answer).URL, nil)
		receipt, err := v.Submit(t.Context(), oneURL(t), nil)
		require.Error(t, err, name)
		assert.Equal(t, id, receipt.RequestID, name)
		assert.ErrorContains(t, purge.AsError(err).Err, "(request r-17)", name)
		if name != "unlisted" { // an operator looks that one up by its code and its request
			assert.NotContains(t, purge.AsError(err).Message, id, "%s: it is nothing to whoever typed", name)
		}
	}
	asks := map[string]func(*V3) error{
		"status": func(v *V3) error { _, err := v.Status(t.Context(), purge.StatusQuery{Batch: oneURL(t)}); return err },
		"task": func(v *V3) error {
			_, err := v.Status(t.Context(), purge.StatusQuery{Batch: oneURL(t), Receipt: purge.Receipt{TaskID: "1"}})
			return err
		},
		"quota":   func(v *V3) error { _, err := v.Quota(t.Context()); return err },
		"domains": func(v *V3) error { _, err := v.Domains(t.Context()); return err },
	}
	for _, name := range []string{"AuthFailure.SignatureFailure", "a broken gateway", "no code", "cut short", "nothing in it"} {
		answer := answers[name]
		if name == "nothing in it" {
			answer = says(`{"Response":{"RequestId":"r-17"}}`)
		}
		v := testClient3(t, serve(t, answer).URL, nil)
		for what, ask := range asks {
			err := ask(v)
			require.Error(t, err, "%s: %s", what, name)
			assert.ErrorContains(t, purge.AsError(err).Err, "(request r-17)", "%s: %s", what, name)
		}
	}
}

func TestRequestIDIsAWord(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"two\nlines", "图", strings.Repeat("x", 129), "a b"} {
		b, _ := json.Marshal(map[string]any{"Response": map[string]any{"Error": map[string]any{"Code": "InternalError"}, "RequestId": id}})
		_, err := testClient3(t, serve(t, says(string(b))).URL, nil).Submit(t.Context(), oneURL(t), nil)
		assert.ErrorContains(t, purge.AsError(err).Err, "(request without an id)")
	}
}

// A server that echoes the request reveals no secret.
func TestNoSecretInAnyError3(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter, got string){
		"message": func(w http.ResponseWriter, got string) {
			io.WriteString(w, refused3("AuthFailure.SignatureFailure", got))
		},
		"code":    func(w http.ResponseWriter, got string) { io.WriteString(w, refused3(got, "x")) },
		"clock":   func(w http.ResponseWriter, got string) { io.WriteString(w, refused3(codeExpired3, got)) },
		"no code": func(w http.ResponseWriter, got string) { io.WriteString(w, refused3("", got)) },
		"request id": func(w http.ResponseWriter, got string) {
			io.WriteString(w, `{"Response":{"Error":{"Code":"InternalError"},"RequestId":"`+url.QueryEscape(got)+`"}}`)
		},
		"page":   func(w http.ResponseWriter, got string) { io.WriteString(w, "<html>"+got) },
		"status": func(w http.ResponseWriter, got string) { hijack(w, "HTTP/1.1 500 "+got+"\r\n\r\n") },
		"header": func(w http.ResponseWriter, got string) { hijack(w, "HTTP/1.1 200 OK\r\n"+got+"\r\n\r\n") },
		"redirect": func(w http.ResponseWriter, got string) {
			w.Header().Set("Location", "http://a.test/?"+got)
			w.WriteHeader(302)
		},
		"reset": func(w http.ResponseWriter, _ string) { hijack(w, "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var signatures []string
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
				mu.Lock()
				signatures = append(signatures, signature)
				mu.Unlock()
				answer(w, r.Header.Get("Authorization")+" "+r.Header.Get("X-TC-Token")+" "+testKey)
			})
			v := testClient3(t, server.URL, nil)
			_, err1 := v.Submit(t.Context(), oneURL(t), nil)
			_, err2 := v.Status(t.Context(), purge.StatusQuery{Batch: oneURL(t)})
			_, err3 := v.Quota(t.Context())
			_, err4 := v.Domains(t.Context())
			mu.Lock()
			defer mu.Unlock()
			for _, err := range []error{err1, err2, err3, err4} {
				require.Error(t, err)
				requireNoSecret(t, everyText(err), append(signatures, testID, testKey, testToken)...)
			}
		})
	}
	v := testClient3(t, "https://cdn.invalid", nil)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		requireNoSecret(t, fmt.Sprintf(verb, v), testID, testKey, testToken)
	}
}

// A first refusal as expired may be due to a slow request; a second in a row is due to a wrong clock.
func TestClock3(t *testing.T) {
	t.Parallel()
	expired := refused3("AuthFailure.SignatureExpire", "x")
	for name, tc := range map[string]struct {
		answers []string
		last    purge.ErrorKind
	}{
		"once":                      {[]string{expired}, purge.Unavailable},
		"twice in a row":            {[]string{expired, expired}, purge.Internal},
		"not in a row":              {[]string{expired, accepted3, expired}, purge.Unavailable},
		"not in a row by a refusal": {[]string{expired, refused3("ResourceNotFound.CdnHostNotExists", "x"), expired}, purge.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := tc.answers
			v := testClient3(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
				says(answers[0])(w, r)
				answers = answers[1:]
			}).URL, nil)
			var err error
			for range tc.answers {
				_, err = v.Submit(t.Context(), oneURL(t), nil)
			}
			requireKind(t, tc.last, err)
		})
	}
}

func TestSubmitRefusesBadBatches3(t *testing.T) {
	t.Parallel()
	v := testClient3(t, serve(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") }).URL, nil)
	urls, dirs := targets(t, purge.URL, "https://a.test/1"), targets(t, purge.Directory, "https://a.test/1/")
	for name, b := range map[string]purge.Batch{
		"empty":             {Kind: purge.URL, Area: purge.Mainland},
		"no area":           {Kind: purge.URL, Targets: urls},
		"both areas":        {Kind: purge.URL, Area: "global", Targets: urls},
		"no kind":           {Area: purge.Mainland, Targets: urls},
		"mode of a URL":     {Kind: purge.URL, Mode: purge.Delete, Area: purge.Mainland, Targets: urls},
		"no mode":           {Kind: purge.Directory, Area: purge.Mainland, Targets: dirs},
		"unknown mode":      {Kind: purge.Directory, Mode: "burn", Area: purge.Mainland, Targets: dirs},
		"prefetch by mode":  {Kind: purge.Prefetch, Mode: purge.Delete, Area: purge.Mainland, Targets: dirs},
		"zero target":       {Kind: purge.URL, Area: purge.Mainland, Targets: []purge.Target{{}}},
		"over ten megabyte": {Kind: purge.URL, Area: purge.Mainland, Targets: manyLong(t, 1300)},
	} {
		_, err := v.Submit(t.Context(), b, nil)
		e := purge.AsError(err)
		want := purge.Internal
		if name == "over ten megabyte" {
			want = purge.Invalid
		}
		assert.Equal(t, want, e.Kind, name)
	}
}

func manyLong(t *testing.T, n int) []purge.Target {
	var all []purge.Target
	for i := range n {
		all = append(all, targets(t, purge.URL, fmt.Sprintf("https://www.test.com/%d/%s", i, strings.Repeat("a", 8000)))...)
	}
	return all
}

// A batch within Limits fits into one call, by the plan's own count.
func TestLimitsHoldOnTheWire3(t *testing.T) {
	t.Parallel()
	v := testClient3(t, "http://127.0.0.1:1", nil)
	b := purge.Batch{Kind: purge.URL, Area: purge.Overseas}
	used := 0
	for i, target := range manyLong(t, 1300) {
		if used += purge.EncodedLen(target.String()) + len(fmt.Sprintf("&urls.%d=", i)); used > v.Limits().Bytes {
			break
		}
		b.Targets = append(b.Targets, target)
	}
	c, err := submitCall3(b)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(c.encode()), maxBody3)
	assert.Greater(t, len(c.encode()), maxBody3*9/10)
}

// appendJSON writes valid JSON for every text, and the shorter form for a target.
func FuzzAppendJSON(f *testing.F) {
	for _, s := range []string{"", `"`, `\\`, "https://a.test/?x=1&y=<2>", "\"\\\n\x00图\xff\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		require.NoError(t, json.Unmarshal(appendJSON(nil, s), &back))
		require.Equal(t, string([]rune(s)), back) // a byte that is no letter becomes U+FFFD
	})
}

func FuzzDecodeAnswer3(f *testing.F) {
	f.Add([]byte(accepted3))
	f.Add([]byte(refused3("AuthFailure.SignatureExpire", "(x) %s%!d")))
	f.Add([]byte(`{"Response":{"PurgeLogs":[{"Url":"https://a.test/","Status":"done"}],"TotalCount":1,"RequestId":"1"}}`))
	v := testClient3(f, "http://127.0.0.1:1", nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := decodeAnswer3(body)
		if err != nil {
			require.ErrorIs(t, err, errUnreadable)
			return
		}
		if a.code == "" {
			require.NotEmpty(t, a.receipt().RequestID)
			require.LessOrEqual(t, len(a.receipt().TaskID), 128)
			return
		}
		e := v.refused(a.refusal(v.quote("c2lnbmF0dXJl", a.code, a.message), purge.Mainland), a.code == codeExpired3, exchange{})
		require.NotEmpty(t, e.Message)
		require.NotContains(t, e.Message, "%!")
		require.False(t, strings.ContainsAny(e.Error(), "\n\r\x1b\x00\u2028\u202e"), e.Error())
	})
}
