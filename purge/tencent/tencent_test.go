package tencent

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{SecretID: testID, SecretKey: testKey}
	for name, tc := range map[string]struct {
		change func(*Config)
		names  []string // settings that the error names; none for a correct configuration
	}{
		"defaults": {func(*Config) {}, nil},
		"everything": {func(c *Config) {
			c.Endpoint, c.Method, c.Signature, c.Token = "http://[::1]:8080/x", "GET", HmacSHA1, "t"
		}, nil},
		"loopback by name":       {func(c *Config) { c.Endpoint = "http://LOCALHOST:8080" }, nil},
		"no keys":                {func(c *Config) { c.SecretID, c.SecretKey = "", "" }, []string{"TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"}},
		"all at once":            {func(c *Config) { *c = Config{Method: "PUT", Signature: "MD5", Endpoint: "x"} }, []string{"PURGEBOT_CDN_ENDPOINT", "PURGEBOT_CDN_METHOD", "PURGEBOT_CDN_SIGNATURE", "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"}},
		"key with a line break":  {func(c *Config) { c.SecretKey += "\n" }, []string{"TENCENTCLOUD_SECRET_KEY"}},
		"id with a space":        {func(c *Config) { c.SecretID = " " + c.SecretID }, []string{"TENCENTCLOUD_SECRET_ID"}},
		"token outside ASCII":    {func(c *Config) { c.Token = "tökEnCanary" }, []string{"TENCENTCLOUD_TOKEN"}},
		"lower-case method":      {func(c *Config) { c.Method = "post" }, []string{"PURGEBOT_CDN_METHOD"}},
		"plain HTTP":             {func(c *Config) { c.Endpoint = "http://cdn.api.qcloud.com/v2/index.php" }, []string{"PURGEBOT_CDN_ENDPOINT"}},
		"loopback look-alike":    {func(c *Config) { c.Endpoint = "http://127.0.0.1.evil.test/" }, []string{"PURGEBOT_CDN_ENDPOINT"}},
		"user info":              {func(c *Config) { c.Endpoint = "https://u:" + testKey + "@a.test/" }, []string{"PURGEBOT_CDN_ENDPOINT"}},
		"query":                  {func(c *Config) { c.Endpoint = "https://a.test/?Action=x" }, []string{"PURGEBOT_CDN_ENDPOINT"}},
		"empty query":            {func(c *Config) { c.Endpoint = "https://a.test/?" }, []string{"PURGEBOT_CDN_ENDPOINT"}},
		"fragment":               {func(c *Config) { c.Endpoint = "https://a.test/#x" }, []string{"PURGEBOT_CDN_ENDPOINT"}},
		"key in the wrong place": {func(c *Config) { c.Endpoint, c.Method, c.Signature = testKey, testKey, testKey }, []string{"PURGEBOT_CDN_ENDPOINT", "PURGEBOT_CDN_METHOD", "PURGEBOT_CDN_SIGNATURE"}},
		"not a URL":              {func(c *Config) { c.Endpoint = "https://a.test:" + testKey }, []string{"PURGEBOT_CDN_ENDPOINT"}},
		"host outside ASCII":     {func(c *Config) { c.Endpoint = "https://bücher.test/" }, []string{"PURGEBOT_CDN_ENDPOINT"}},
		"token too long for GET": {func(c *Config) { c.Method, c.Token = "GET", strings.Repeat("t", maxGetURL) }, []string{"TENCENTCLOUD_TOKEN", "PURGEBOT_CDN_METHOD"}},
		"long token by POST":     {func(c *Config) { c.Token = strings.Repeat("t", maxGetURL) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := good
			tc.change(&c)
			v, err := NewV2(c)
			if tc.names == nil {
				require.NoError(t, err)
				assert.Greater(t, v.Limits().Bytes, 16<<10)
				return
			}
			require.Error(t, err)
			for _, setting := range tc.names {
				assert.ErrorContains(t, err, setting)
			}
			assert.Len(t, strings.Split(err.Error(), "\n"), max(1, len(tc.names)-strings.Count(name, "token too long")), err)
			requireNoSecret(t, err.Error(), testKey, testID, "tökEnCanary")
		})
	}
}

// The signed host equals the Host header.
func TestSignedHost(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"":                              "cdn.api.qcloud.com /v2/index.php",
		"https://CDN.test:443/v2":       "cdn.test /v2",
		"https://cdn.test:":             "cdn.test /",
		"https://cdn.test:8443/a%2Fb/c": "cdn.test:8443 /a%2Fb/c",
		"https://cdn.test:80/":          "cdn.test:80 /",
		"http://127.0.0.1:80/":          "127.0.0.1 /",
		"http://[::1]:8080":             "[::1]:8080 /",
	} {
		v, err := NewV2(Config{Endpoint: endpoint, SecretID: "a", SecretKey: "b"})
		require.NoError(t, err, endpoint)
		r := v.request(nil)
		assert.Equal(t, want, r.Host+" "+v.path, endpoint)
		assert.Equal(t, r.Host, v.endpoint.Host)
		assert.Equal(t, v.path, r.URL.EscapedPath())
	}
}

// A server that echoes the request in every place that could end in an error reveals no secret.
func TestNoSecretInAnyError(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request, got, decoded string){
		"message": func(w http.ResponseWriter, _ *http.Request, got, _ string) {
			json.NewEncoder(w).Encode(map[string]any{"code": 4100, "message": got})
		},
		"decoded message": func(w http.ResponseWriter, _ *http.Request, _, decoded string) {
			json.NewEncoder(w).Encode(map[string]any{"code": 4100, "message": decoded})
		},
		"codeDesc": func(w http.ResponseWriter, _ *http.Request, _, decoded string) {
			json.NewEncoder(w).Encode(map[string]any{"code": 4100, "codeDesc": decoded})
		},
		"code": func(w http.ResponseWriter, _ *http.Request, _, decoded string) {
			json.NewEncoder(w).Encode(map[string]any{"code": decoded})
		},
		"clock": func(w http.ResponseWriter, _ *http.Request, got, _ string) {
			json.NewEncoder(w).Encode(map[string]any{"code": 4500, "message": got})
		},
		"id as codeDesc": func(w http.ResponseWriter, _ *http.Request, _, _ string) {
			json.NewEncoder(w).Encode(map[string]any{"code": 4100, "codeDesc": testID})
		},
		"signature": func(w http.ResponseWriter, _ *http.Request, got, _ string) {
			_, s, _ := strings.Cut(got, "Signature=")
			json.NewEncoder(w).Encode(map[string]any{"code": 4100, "message": s})
		},
		"encoded": func(w http.ResponseWriter, _ *http.Request, _, _ string) {
			json.NewEncoder(w).Encode(map[string]any{"code": 4100, "message": hex.EncodeToString([]byte(testKey)) + base64.StdEncoding.EncodeToString([]byte(testToken))})
		},
		"JSON that is not": func(w http.ResponseWriter, _ *http.Request, got, _ string) { io.WriteString(w, `{"code":`+got) },
		"page":             func(w http.ResponseWriter, _ *http.Request, got, _ string) { io.WriteString(w, "<html>"+got) },
		"status line":      func(w http.ResponseWriter, _ *http.Request, got, _ string) { hijack(w, "HTTP/1.1 "+got+"\r\n\r\n") },
		"reason":           func(w http.ResponseWriter, _ *http.Request, got, _ string) { hijack(w, "HTTP/1.1 500 "+got+"\r\n\r\n") },
		"header": func(w http.ResponseWriter, _ *http.Request, got, _ string) {
			hijack(w, "HTTP/1.1 200 OK\r\n"+got+"\r\n\r\n")
		},
		"content length": func(w http.ResponseWriter, _ *http.Request, got, _ string) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: "+got+"\r\n\r\n")
		},
		"coding": func(w http.ResponseWriter, _ *http.Request, got, _ string) {
			hijack(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: "+got+"\r\n\r\n")
		},
		"chunk": func(w http.ResponseWriter, _ *http.Request, got, _ string) {
			hijack(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+got+"\r\n")
		},
		"redirect": func(w http.ResponseWriter, r *http.Request, got, _ string) {
			http.Redirect(w, r, "http://a.test/?"+got, 302)
		},
		"bad redirect": func(w http.ResponseWriter, _ *http.Request, got, _ string) {
			w.Header().Set("Location", "http://[::1/"+got)
			w.WriteHeader(301)
		},
		"retry-after": func(w http.ResponseWriter, _ *http.Request, got, _ string) {
			w.Header().Set("Retry-After", got)
			w.WriteHeader(429)
		},
		"date": func(w http.ResponseWriter, _ *http.Request, got, _ string) {
			w.Header().Set("Date", got)
			io.WriteString(w, `{"code":4500}`)
		},
		"reset": func(w http.ResponseWriter, _ *http.Request, _, _ string) { hijack(w, "") },
		"log rows": func(w http.ResponseWriter, _ *http.Request, got, _ string) {
			io.WriteString(w, `{"code":0,"data":{"logs":`+got)
		},
	} {
		for method, by := range methods {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				var mu sync.Mutex
				var signatures []string
				server := serve(t, func(w http.ResponseWriter, r *http.Request) {
					got := r.URL.RawQuery
					if r.Method == http.MethodPost {
						body, _ := io.ReadAll(r.Body)
						got = string(body)
					}
					form, _ := url.ParseQuery(got)
					decoded, _ := url.QueryUnescape(got)
					mu.Lock()
					signatures = append(signatures, form.Get("Signature"))
					mu.Unlock()
					answer(w, r, got, decoded)
				})
				v := testClient(t, server.URL, by)
				_, err := v.Submit(t.Context(), oneURL(t), nil)
				_, err2 := v.Status(t.Context(), purge.StatusQuery{Batch: oneURL(t)})
				require.Error(t, err)
				require.Error(t, err2)
				mu.Lock()
				defer mu.Unlock()
				for _, e := range []error{err, err2} {
					requireNoSecret(t, everyText(e), append(signatures, testID, testKey, testToken)...)
				}
			})
		}
	}
}

func TestNoSecretBeforeTheSend(t *testing.T) {
	t.Parallel()
	for name, dial := range map[string]error{
		"refused":   &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")},
		"timed out": context.DeadlineExceeded,
	} {
		for method, by := range methods {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				v := testClient(t, "https://cdn.invalid", func(c *Config) {
					by(c)
					c.Transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, dial }}
				})
				_, err := v.Submit(t.Context(), oneURL(t), nil)
				require.Error(t, err)
				requireNoSecret(t, everyText(err), testID, testKey, testToken, "Signature")
			})
		}
	}
}

// The query of a target may be a secret, too.
func TestNoQueryOfATargetInErrors(t *testing.T) {
	t.Parallel()
	for _, message := range []string{"(9003) bad https://www.test.com/a?token=hunter2", "(9003) bad https%3A%2F%2Fwww.test.com/a%3Ftoken=hunter2"} {
		_, err := testClient(t, serve(t, says(`{"code":4000,"message":"`+message+`"}`)).URL, nil).Submit(t.Context(), oneURL(t), nil)
		assert.ErrorContains(t, err, "www.test.com/a")
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestNoSecretWhenPrinted(t *testing.T) {
	t.Parallel()
	c := Config{SecretID: testID, SecretKey: testKey, Token: testToken}
	v, err := NewV2(c)
	require.NoError(t, err)
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "config", c, "client", v)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "config", c, "client", v)
	text := logged.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		text += fmt.Sprintf(verb+verb, c, v)
	}
	requireNoSecret(t, text, testID, testKey, testToken)
}

// everyText returns every printable form of an error, with each link of its chain.
func everyText(err error) string {
	var all strings.Builder
	for ; err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(&all, "%v %+v %#v %s %q\n", err, err, err, err, err)
	}
	return all.String()
}

func requireNoSecret(t testing.TB, text string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		for _, form := range []string{s, url.QueryEscape(s), hex.EncodeToString([]byte(s)), base64.StdEncoding.EncodeToString([]byte(s))} {
			require.NotContains(t, text, form[:min(8, len(form))])
		}
	}
}
