package cdnsim

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGetReadsItsQueryOnly(t *testing.T) {
	t.Parallel()
	w := newWorld()
	query := sign(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/?a=1&b=2+3"), "GET", testHost).Encode()
	r := httptest.NewRequest("GET", "http://"+testHost+path+"?"+query, strings.NewReader("urls.1=https://foreign.example/"))
	r.Header.Set("Content-Type", urlencoded)
	assert.EqualValues(t, 1, w.serve(t, r).Data["count"])
	assert.Equal(t, "https://www.test.com/?a=1&b=2+3", w.last().Value("urls.0"))
}

func TestPostReadsItsBodyOnly(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := post(urlencoded+"; charset=utf-8", sign(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/"), "POST", testHost).Encode())
	r.URL.RawQuery = "urls.1=https://foreign.example/"
	assert.EqualValues(t, 1, w.serve(t, r).Data["count"])

	r = post(urlencoded, "")
	r.URL.RawQuery = sign(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/"), "POST", testHost).Encode()
	assert.Equal(t, 4000, w.serve(t, r).Code)
}

func TestMultipart(t *testing.T) {
	t.Parallel()
	w := newWorld()
	form := sign(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/?a=1&b=%20"), "POST", testHost)
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	names := []string{"urls.0", "Signature", "Nonce", "Action", "Timestamp", "SecretId"}
	for _, name := range names {
		require.NoError(t, m.WriteField(name, form.Get(name)))
	}
	upload, err := m.CreateFormFile("urls.1", "x.txt")
	require.NoError(t, err)
	upload.Write([]byte("https://foreign.example/"))
	require.NoError(t, m.Close())

	assert.EqualValues(t, 1, w.serve(t, post(m.FormDataContentType(), body.String())).Data["count"])
	var got []string
	for _, p := range w.last().Params {
		got = append(got, p.Name)
	}
	assert.Equal(t, names, got, "in the order sent")

	short := body.String()[:body.Len()/2]
	assert.Equal(t, 4000, w.serve(t, post(m.FormDataContentType(), short)).Code)
}

func TestUnreadableParameters(t *testing.T) {
	t.Parallel()
	w := newWorld()
	good := sign(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/"), "POST", testHost).Encode()
	for name, r := range map[string]*http.Request{
		"JSON":                     post("application/json", `{"Action":"RefreshCdnUrl"}`),
		"no content type":          post("", good),
		"escape of the pages":      post(urlencoded, good+"&x=https%3A%2F%2www"),
		"a name twice":             post(urlencoded, good+"&urls.0=https%3A%2F%2Fwww.test.com%2F"),
		"a name twice, underlined": post(urlencoded, good+"&urls_0=https%3A%2F%2Fwww.test.com%2F"),
		"multipart, no boundary":   post("multipart/form-data", good),
	} {
		assert.Equal(t, 4000, w.serve(t, r).Code, name)
		assert.False(t, w.last().Verified, name)
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	t.Parallel()
	w := newWorld()
	assert.Equal(t, 404, w.serve(t, httptest.NewRequest("GET", "http://"+testHost+"/v3/", nil)).status)
	assert.Equal(t, 405, w.serve(t, httptest.NewRequest("PUT", "http://"+testHost+path, nil)).status)
	assert.Equal(t, 405, w.last().Status)
	assert.Equal(t, "PUT", w.last().Method)
}

func TestOversize(t *testing.T) {
	t.Parallel()
	w := newWorld()
	get := func(size int) reply {
		target := path + "?x=" + strings.Repeat("a", size-len(path+"?x="))
		return w.serve(t, httptest.NewRequest("GET", target, nil))
	}
	assert.Equal(t, 200, get(32<<10).status)
	assert.Equal(t, 501, get(32<<10+1).status)
	assert.Equal(t, 501, w.last().Status)
	assert.Equal(t, 200, w.serve(t, post(urlencoded, "x="+strings.Repeat("a", 1<<20-2))).status)
	assert.Equal(t, 501, w.serve(t, post(urlencoded, "x="+strings.Repeat("a", 1<<20-1))).status)
}

// A client that is still sending must get to see the 501, not a broken connection.
func TestOversizeOverTheWire(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newWorld())
	defer server.Close()
	resp, err := http.Post(server.URL+path, urlencoded, strings.NewReader(strings.Repeat("a", 4<<20)))
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, 501, resp.StatusCode)
}

func TestRequestsAreRecordedAsReceived(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.call(t, "RefreshCdnOverSeaDir", "dirs.0", "https://www.test.com/a/")
	got := w.last()
	assert.Equal(t, w.clock.Now(), got.At)
	assert.Equal(t, []any{"POST", path, testHost}, []any{got.Method, got.Path, got.Host})
	assert.Equal(t, []any{"RefreshCdnOverSeaDir", Overseas, Directory}, []any{got.Action, got.Area, got.Kind})
	assert.Equal(t, []any{true, true, 200, 0, 0}, []any{got.Verified, got.Acted, got.Status, got.Code, got.Business})
}

func TestRequestPrintsSortedAndOnOneLineEach(t *testing.T) {
	t.Parallel()
	r := Request{Method: "POST", Path: path, Params: []Param{{"urls.0", "https://a.test/é"}, {"Action", "X"}, {"evil", "1\nAction=Y"}}}
	assert.Equal(t, "POST /v2/index.php\n  Action=X\n  evil=\"1\\nAction=Y\"\n  urls.0=https://a.test/é", r.String())
}

func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for range 1010 {
		w.call(t, "RefreshCdnUrl", "urls.0", "https://foreign.example/")
	}
	require.Len(t, w.Requests(), 1000)
	assert.Equal(t, "11", w.Requests()[0].Value("Nonce"))

	var j journal
	for range 100 {
		j.add(&Request{Params: []Param{{"x", strings.Repeat("a", 1<<20)}}})
	}
	assert.LessOrEqual(t, len(j.requests), 64)
	assert.NotEmpty(t, j.requests)
}

// Whatever is signed and form-encoded verifies; nothing else is carried out, and every answer is JSON.
func FuzzRequest(f *testing.F) {
	f.Add("urls.1", "https://www.test.com/?a=1&b=2", "")
	f.Add("a_b", "é \x00 +%", "")
	f.Add("", "", "Action=RefreshCdnUrl&urls.0=https%3A%2F%2Fwww.test.com%2F&SecretId=AKIDTEST&Nonce=1&Timestamp=1795147200&Signature=x")
	f.Fuzz(func(t *testing.T, name, value, raw string) {
		w := newWorld()
		if len(name)+len(value)+len(raw) > 1<<16 {
			return
		}
		form := w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/")
		if !form.Has(strings.ReplaceAll(name, "_", ".")) && name != "Signature" && value != "-" {
			form.Set(name, value)
			w.serve(t, post(urlencoded, sign(form, "POST", testHost).Encode()))
			if !w.last().Verified {
				t.Errorf("not verified: %q=%q", name, value)
			}
		}
		for _, contentType := range []string{urlencoded, "multipart/form-data; boundary=x"} {
			rec := httptest.NewRecorder()
			w.ServeHTTP(rec, post(contentType, raw))
			if w.last().Verified || !json.Valid(rec.Body.Bytes()) {
				t.Errorf("unsigned %q: verified %v, answer %q", raw, w.last().Verified, rec.Body)
			}
		}
	})
}
