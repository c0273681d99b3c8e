package tencent

import (
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// The keys hold characters that need encoding, so that all their encoded forms differ.
const (
	testID    = "AKIDcanary/id+0001"
	testKey   = "kEyCanary/secret+key="
	testToken = "tOkEnCanary%&token="
)

const accepted = `{"code":0,"message":"","codeDesc":"Success","data":{"count":1,"task_id":"1480069888795584532"}}`

// testClient speaks to the server at base; change may be nil.
func testClient(t testing.TB, base string, change func(*Config)) *V2 {
	t.Helper()
	c := Config{Endpoint: base + "/v2/index.php", SecretID: testID, SecretKey: testKey, Token: testToken}
	if change != nil {
		change(&c)
	}
	v, err := NewV2(c)
	require.NoError(t, err)
	return v
}

func byGET(c *Config)  { c.Method = http.MethodGet }
func byPOST(c *Config) { c.Method = http.MethodPost }

var methods = map[string]func(*Config){"GET": byGET, "POST": byPOST}

func targets(t testing.TB, kind purge.Kind, texts ...string) []purge.Target {
	t.Helper()
	var parsed []purge.Target
	for _, s := range texts {
		target, err := purge.Parse(kind, s)
		require.NoError(t, err)
		parsed = append(parsed, target)
	}
	return parsed
}

func oneURL(t testing.TB) purge.Batch {
	return purge.Batch{Kind: purge.URL, Area: purge.Mainland, Targets: targets(t, purge.URL, "https://www.test.com/1.jpg")}
}

// serve answers every request with h, on a real connection.
func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, body)
	}
}

// received reads a request as the vendor documents it: the query of a GET, the body of a POST.
func received(r *http.Request) (url.Values, error) {
	if r.Method == http.MethodGet {
		return url.ParseQuery(r.URL.RawQuery)
	}
	if r.URL.RawQuery != "" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return nil, fmt.Errorf("query %q, type %q", r.URL.RawQuery, r.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(body))
}

// signatureOf recomputes a signature from a received request by sorting, without the signer's code.
func signatureOf(r *http.Request, form url.Values, key string) string {
	var pairs []string
	for name := range form {
		if name != "Signature" {
			pairs = append(pairs, name+"="+form.Get(name))
		}
	}
	slices.SortFunc(pairs, func(a, b string) int {
		nameA, _, _ := strings.Cut(a, "=")
		nameB, _, _ := strings.Cut(b, "=")
		return strings.Compare(nameA, nameB)
	})
	h := hashes[HmacSHA1]
	if form.Get("SignatureMethod") == HmacSHA256 {
		h = hashes[HmacSHA256]
	}
	mac := hmac.New(h, []byte(key))
	io.WriteString(mac, r.Method+r.Host+r.URL.EscapedPath()+"?"+strings.Join(pairs, "&"))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestSubmitOnTheWire(t *testing.T) {
	t.Parallel()
	hard := []string{
		"https://www.test.com/a?x=1&urls.1=http://b.test/2", // would add a parameter if it were not encoded
		"http://www.test.com/%20+~!*'();:@,$=_-.?a=%26&b=+",
		"https://www.test.com/",
	}
	dirs := []string{"https://www.test.com/a/", "http://www.test.com/b%20c/"}
	cases := []struct {
		batch  purge.Batch
		action string
		list   string
		typ    string
	}{
		{purge.Batch{Kind: purge.URL, Area: purge.Mainland}, "RefreshCdnUrl", "urls", ""},
		{purge.Batch{Kind: purge.URL, Area: purge.Overseas}, "RefreshCdnOverSeaUrl", "urls", ""},
		{purge.Batch{Kind: purge.Directory, Mode: purge.Flush, Area: purge.Mainland}, "RefreshCdnDir", "dirs", ""},
		{purge.Batch{Kind: purge.Directory, Mode: purge.Delete, Area: purge.Mainland}, "RefreshCdnDir", "dirs", "2"},
		{purge.Batch{Kind: purge.Directory, Mode: purge.Flush, Area: purge.Overseas}, "RefreshCdnOverSeaDir", "dirs", ""},
		{purge.Batch{Kind: purge.Directory, Mode: purge.Delete, Area: purge.Overseas}, "RefreshCdnOverSeaDir", "dirs", "2"},
	}
	for _, tc := range cases {
		texts := hard
		if tc.batch.Kind == purge.Directory {
			texts = dirs
		}
		tc.batch.Targets = targets(t, tc.batch.Kind, texts...)
		for method := range methods {
			for signature := range hashes {
				for _, token := range []string{"", testToken} {
					t.Run(fmt.Sprintln(tc.action, tc.typ, method, signature, token != ""), func(t *testing.T) {
						t.Parallel()
						var got url.Values
						var want string
						server := serve(t, func(w http.ResponseWriter, r *http.Request) {
							assert.Equal(t, method, r.Method)
							assert.Equal(t, "/v2/index.php", r.URL.Path)
							got, _ = received(r)
							want = signatureOf(r, got, testKey)
							io.WriteString(w, accepted)
						})
						v := testClient(t, server.URL, func(c *Config) {
							c.Method, c.Signature, c.Token = method, signature, token
							c.Now = func() time.Time { return time.Unix(1700000000, 0) }
							c.Nonce = func() uint64 { return 1<<63 + 7 }
						})
						r, err := v.Submit(t.Context(), tc.batch, nil)
						require.NoError(t, err)
						assert.Equal(t, purge.Receipt{TaskID: "1480069888795584532", At: time.Unix(1700000000, 0)}, r)

						form := url.Values{"Action": {tc.action}, "Nonce": {"9223372036854775815"}, "SecretId": {testID}, "Timestamp": {"1700000000"}, "Signature": {want}}
						if signature == HmacSHA256 {
							form.Set("SignatureMethod", HmacSHA256)
						}
						if token != "" {
							form.Set("Token", token)
						}
						if tc.typ != "" {
							form.Set("type", tc.typ)
						}
						for i, s := range texts {
							form.Set(tc.list+"."+strconv.Itoa(i), s)
						}
						assert.Equal(t, form, got)
					})
				}
			}
		}
	}
}

// Every call has its own time and nonce, drawn when the call's turn has come.
func TestEveryTryIsStamped(t *testing.T) {
	t.Parallel()
	var seen []string
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		form, _ := received(r)
		seen = append(seen, form.Get("Timestamp")+" "+form.Get("Nonce"))
		io.WriteString(w, accepted)
	})
	n := uint64(0)
	v := testClient(t, server.URL, func(c *Config) {
		c.Nonce = func() uint64 { n++; return n }
		c.Now = func() time.Time { return time.Unix(int64(1000+n), 0) }
	})
	for range 3 {
		_, err := v.Submit(t.Context(), oneURL(t), nil)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"1000 1", "1001 2", "1002 3"}, seen)
}

func TestRandomNonce(t *testing.T) {
	t.Parallel()
	seen := map[uint64]bool{}
	for range 10_000 {
		n := randomNonce()
		require.True(t, n > 0 && n < 1<<53, n)
		seen[n] = true
	}
	assert.Len(t, seen, 10_000)
}

// A batch at the limits is sent and stays below the vendor's limit; a batch one byte larger is not sent.
func TestLimitsHoldOnTheWire(t *testing.T) {
	t.Parallel()
	for method, by := range methods {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var size []int
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				n := len("http://" + r.Host + r.RequestURI)
				if method == http.MethodPost {
					n = int(r.ContentLength)
				}
				form, err := received(r)
				assert.NoError(t, err)
				assert.Equal(t, signatureOf(r, form, testKey), form.Get("Signature")) // over many blocks and chunks
				size = append(size, n)
				io.WriteString(w, accepted)
			})
			v := testClient(t, server.URL, by)
			b, used := purge.Batch{Kind: purge.URL, Area: purge.Overseas}, 0
			for i := range v.Limits().URLs {
				s := fmt.Sprintf("https://www.test.com/%04d/%s?%s", i, strings.Repeat("a", 800), strings.Repeat("&", i%200))
				used += purge.EncodedLen(s) + len(fmt.Sprintf("&urls.%d=", i))
				if used > v.Limits().Bytes {
					break
				}
				b.Targets = append(b.Targets, targets(t, purge.URL, s)...)
			}
			_, err := v.Submit(t.Context(), b, nil)
			require.NoError(t, err)
			require.Len(t, size, 1)
			limit := map[string]int{"GET": 32 << 10, "POST": 1_000_000}[method]
			assert.LessOrEqual(t, size[0], limit)
			assert.Greater(t, size[0], limit*9/10)

			for len(b.Targets) < maxURLs {
				b.Targets = append(b.Targets, b.Targets[0])
			}
			_, err = v.Submit(t.Context(), b, nil)
			requireKind(t, purge.Invalid, err)
			assert.Len(t, size, 1)
		})
	}
}

// A batch that no plan should hold is refused before it is sent.
func TestSubmitRefusesBadBatches(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	v := testClient(t, server.URL, nil)
	urls, dirs := targets(t, purge.URL, "https://a.test/1"), targets(t, purge.Directory, "https://a.test/1/")
	for name, b := range map[string]purge.Batch{
		"empty":                {Kind: purge.URL, Area: purge.Mainland},
		"no area":              {Kind: purge.URL, Targets: urls},
		"both areas":           {Kind: purge.URL, Area: "global", Targets: urls},
		"no kind":              {Area: purge.Mainland, Targets: urls},
		"mode of a URL":        {Kind: purge.URL, Mode: purge.Delete, Area: purge.Mainland, Targets: urls},
		"unknown mode":         {Kind: purge.Directory, Mode: "burn", Area: purge.Mainland, Targets: dirs},
		"zero target":          {Kind: purge.URL, Area: purge.Mainland, Targets: []purge.Target{{}}},
		"too many URLs":        {Kind: purge.URL, Area: purge.Mainland, Targets: slices.Repeat(urls, 1001)},
		"too many directories": {Kind: purge.Directory, Mode: purge.Flush, Area: purge.Mainland, Targets: slices.Repeat(dirs, 21)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.Submit(t.Context(), b, nil)
			requireKind(t, purge.Internal, err)
		})
	}
}

func TestSeedSamples(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		receipt purge.Receipt
		kind    purge.ErrorKind
		fails   bool
	}{
		"accepted-url":         {receipt: purge.Receipt{TaskID: "1480069888795584532"}},
		"accepted-oversea-url": {receipt: purge.Receipt{}},
		"accepted-dir":         {},
		"broken-oversea-dir":   {kind: purge.Unknown, fails: true},
		"refused-number":       {kind: purge.NotFound, fails: true},
		"refused-string":       {kind: purge.NotFound, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile("testdata/seeds/" + name + ".json")
			require.NoError(t, err)
			v := testClient(t, serve(t, says(string(body))).URL, nil)
			r, err := v.Submit(t.Context(), oneURL(t), nil)
			if want.fails {
				requireKind(t, want.kind, err)
				return
			}
			require.NoError(t, err)
			r.At = time.Time{}
			assert.Equal(t, want.receipt, r)
		})
	}
}

func TestQuotaCannotBeTold(t *testing.T) {
	t.Parallel()
	v := testClient(t, "http://127.0.0.1:1", nil)
	_, err := v.Quota(t.Context())
	requireKind(t, purge.Conflict, err)
}

// requireKind checks the kind of an error and that its sentence suits a person.
func requireKind(t testing.TB, kind purge.ErrorKind, err error) *purge.Error {
	t.Helper()
	var e *purge.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, e.Error())
	require.Regexp(t, `^[A-Z].{20,}\.$`, e.Message)
	return e
}
