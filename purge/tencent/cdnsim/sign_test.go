package cdnsim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func load(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, into))
}

func paramsOf(m map[string]string) []Param {
	var params []Param
	for name, value := range m {
		params = append(params, Param{name, value})
	}
	return params
}

type canonical struct {
	SecretID  string `json:"secretId"`
	SecretKey string `json:"secretKey"`
	Vectors   []struct {
		Case, Method, SignatureMethod, StringToSign, Signature string
		Params                                                 map[string]string
		Encoded                                                string `json:"encodedGoURLValues"`
	}
	Collision struct {
		ParamsA, ParamsB        map[string]string
		StringToSign, Signature string
	}
}

// fromVector is a request as a vector has it on the wire.
func fromVector(method, encoded string) *http.Request {
	if method == "POST" {
		return post(urlencoded, encoded)
	}
	return httptest.NewRequest("GET", "http://cdn.api.qcloud.com"+path+"?"+encoded, nil)
}

// atVectors is a simulator with the vectors' key, at their time.
func atVectors(c canonical) *world {
	w := newWorld()
	w.Keys = map[string]string{c.SecretID: c.SecretKey}
	w.clock.now = time.Unix(1462521223, 0)
	return w
}

func TestCanonicalVectors(t *testing.T) {
	t.Parallel()
	var c canonical
	load(t, "v2-canonical.json", &c)
	require.Len(t, c.Vectors, 56)
	for _, v := range c.Vectors {
		name := v.Case + " " + v.Method + " " + v.SignatureMethod
		text := stringToSign(v.Method, "cdn.api.qcloud.com", path, paramsOf(v.Params))
		assert.Equal(t, v.StringToSign, text, name)
		assert.Equal(t, v.Signature, signature(c.SecretKey, v.Params["SignatureMethod"], text), name)

		w := atVectors(c)
		w.serve(t, fromVector(v.Method, v.Encoded))
		assert.True(t, w.last().Verified, name)
		assert.NotContains(t, []int{4100, 4104, 4500}, w.last().Code, name)
	}
}

func TestKnownAnswersOfTheDocuments(t *testing.T) {
	t.Parallel()
	var c struct {
		V2 []struct {
			Name, SecretKey, Method, Host, Path, Hash, StringToSign string
			Params                                                  map[string]string
			ComputedSignature                                       string
		}
	}
	load(t, "docs-known-answers.json", &c)
	require.Len(t, c.V2, 12)
	for _, v := range c.V2 {
		text := stringToSign(v.Method, v.Host, v.Path, paramsOf(v.Params))
		assert.Equal(t, v.StringToSign, text, v.Name)
		method := map[string]string{"sha1": "HmacSHA1", "sha256": "HmacSHA256"}[v.Hash]
		assert.Equal(t, v.ComputedSignature, signature(v.SecretKey, method, text), v.Name)
	}
}

// Two different requests have one signature; what is on the wire decides which was sent.
func TestCollision(t *testing.T) {
	t.Parallel()
	var c canonical
	load(t, "v2-canonical.json", &c)
	for n, params := range []map[string]string{c.Collision.ParamsA, c.Collision.ParamsB} {
		assert.Equal(t, c.Collision.StringToSign, stringToSign("POST", testHost, path, paramsOf(params)))
		form := url.Values{"Signature": {c.Collision.Signature}}
		for name, value := range params {
			form.Set(name, value)
		}
		w := atVectors(c)
		w.serve(t, post(urlencoded, form.Encode()))
		assert.True(t, w.last().Verified)
		assert.Len(t, w.last().list("urls"), n+1)
	}
}

func TestSignatureCoversEverything(t *testing.T) {
	t.Parallel()
	const host = testHost
	for name, spoil := range map[string]func(v url.Values) *http.Request{
		"signed for GET": func(v url.Values) *http.Request { return post(urlencoded, sign(v, "GET", host).Encode()) },
		"signed for another host": func(v url.Values) *http.Request {
			return post(urlencoded, sign(v, "POST", "cdn.api.cloud.tencent.com").Encode())
		},
		"signed with a port": func(v url.Values) *http.Request { return post(urlencoded, sign(v, "POST", host+":443").Encode()) },
		"a parameter more":   func(v url.Values) *http.Request { return post(urlencoded, sign(v, "POST", host).Encode()+"&type=2") },
		"another value": func(v url.Values) *http.Request {
			sign(v, "POST", host).Set("urls.0", "https://www.test.com/2.jpg")
			return post(urlencoded, v.Encode())
		},
		"another hash": func(v url.Values) *http.Request {
			sign(v, "POST", host).Set("SignatureMethod", "HmacSHA256")
			return post(urlencoded, v.Encode())
		},
		"no signature": func(v url.Values) *http.Request { return post(urlencoded, v.Encode()+"&Signature=") },
		"not encoded": func(v url.Values) *http.Request {
			v.Set("urls.0", "https://www.test.com/a+b")
			return post(urlencoded, strings.ReplaceAll(sign(v, "POST", host).Encode(), "%2B", "+"))
		},
		"encoded twice": func(v url.Values) *http.Request {
			return post(urlencoded, strings.ReplaceAll(sign(v, "POST", host).Encode(), "%", "%25"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			got := w.serve(t, spoil(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/1.jpg")))
			assert.False(t, w.last().Verified)
			if name == "no signature" {
				assert.Equal(t, 4000, got.Code)
				return
			}
			assert.Equal(t, 4100, got.Code, got.body)
			assert.Equal(t, "AuthFailure", got.CodeDesc)
		})
	}
}

func TestHostIsSignedAsReceived(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := post(urlencoded, sign(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/"), "POST", "127.0.0.1:8443").Encode())
	r.Host = "127.0.0.1:8443"
	assert.Equal(t, 0, w.serve(t, r).Code)
}

func TestToken(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.Token = "temporary"
	for token, code := range map[string]int{"temporary": 0, "other": 4105, "-": 4105} {
		assert.Equal(t, code, w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/", "Token", token).Code, token)
	}
}

func TestNonceIsGoodOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	call := func(nonce, target string) reply {
		return w.call(t, "RefreshCdnUrl", "Nonce", nonce, "urls.0", target)
	}
	assert.Equal(t, 0, call("7", "https://www.test.com/").Code)
	again := call("7", "https://www.test.com/")
	assert.Equal(t, 4500, again.Code)
	assert.Contains(t, again.Message, "Timestamp = "+strconv.FormatInt(w.clock.Now().Unix(), 10), "a client can learn the vendor's clock")
	assert.Equal(t, 4000, call("8", "https://foreign.example/").Code)
	assert.Equal(t, 4500, call("8", "https://www.test.com/").Code, "a refused request has used its nonce")
	w.clock.add(9 * time.Minute)
	assert.Equal(t, 0, call("9", "https://www.test.com/").Code)
	assert.Equal(t, 4500, call("7", "https://www.test.com/").Code, "still within the time in which a copy could be stamped well")
	assert.Equal(t, 2, w.Quota()[0].Used)
}

// A copied request never passes, however old the memory is in which its nonce is kept, and however long one waits.
func TestReplayNeverPasses(t *testing.T) {
	t.Parallel()
	const step = 30 * time.Second
	for age := time.Duration(0); age <= 15*time.Minute; age += step {
		w := newWorld()
		traffic := func(d time.Duration) {
			for ; d > 0; d -= step {
				w.call(t, "RefreshCdnUrl", "urls.0", "https://foreign.example/")
				w.clock.add(step)
			}
		}
		traffic(age)
		early := strconv.FormatInt(w.clock.Now().Add(5*time.Minute).Unix(), 10) // as far ahead as is let in
		body := sign(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/", "Timestamp", early), "POST", testHost).Encode()
		require.Equal(t, 0, w.serve(t, post(urlencoded, body)).Code)
		for wait := time.Duration(0); wait <= 12*time.Minute; wait += step {
			require.Equal(t, 4500, w.serve(t, post(urlencoded, body)).Code, "%v after %v", wait, age)
			traffic(step)
		}
	}
}

func TestNoncesAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for range 10 {
		for range 10 {
			w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/")
		}
		w.clock.add(11 * time.Minute)
	}
	assert.LessOrEqual(t, len(w.nonces.young)+len(w.nonces.old), 20)
}

func TestTimestampMayBeFiveMinutesOff(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for off, code := range map[int64]int{-301: 4500, -300: 0, 0: 0, 300: 0, 301: 4500} {
		stamp := strconv.FormatInt(w.clock.Now().Unix()+off, 10)
		assert.Equal(t, code, w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/", "Timestamp", stamp).Code, off)
	}
}
