package tencent

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// hijack answers with raw bytes and then resets the connection.
func hijack(w http.ResponseWriter, raw string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	io.WriteString(conn, raw)
	if raw == "" {
		conn.(*net.TCPConn).SetLinger(0)
	}
	conn.Close()
}

// A request that left without a readable answer is unknown, for every fault of the answer; the server sees it
// once.
func TestWhatLeftIsUnknown(t *testing.T) {
	t.Parallel()
	wait := func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // a server notices a lost client only after the end of the body
		<-r.Context().Done()
	}
	for name, answer := range map[string]http.HandlerFunc{
		"reset before acting": func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") },
		"reset after acting":  func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body); hijack(w, "") },
		"never answered":      wait,
		"drip": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			wait(w, r)
		},
		"headers only": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200); w.(http.Flusher).Flush(); wait(w, r) },
		"cut by length": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"+accepted)
		},
		"cut in a chunk": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFF\r\n"+accepted)
		},
		"not HTTP": func(w http.ResponseWriter, _ *http.Request) { hijack(w, "EHLO\r\n") },
		"endless header": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20)+"\r\n\r\n"+accepted)
		},
		"huge":                  says(strings.Repeat(" ", maxAnswer) + accepted),
		"huge tail":             says(accepted + strings.Repeat(" ", maxAnswer)),
		"empty":                 says(""),
		"HTML":                  says("<html><body>502</body></html>"),
		"truncated JSON":        says(accepted[:len(accepted)-3]),
		"two answers":           says(accepted + accepted),
		"a list":                says("[" + accepted + "]"),
		"no code":               says(`{"message":"","codeDesc":"Success"}`),
		"code is null":          says(`{"code":null,"codeDesc":"Success"}`),
		"code is a word":        says(`{"code":"Success"}`),
		"code is a fraction":    says(`{"code":0.5}`),
		"contradiction":         says(`{"code":0,"codeDesc":"9110"}`),
		"contradiction in text": says(`{"code":0,"message":"(9110) no such host","codeDesc":"Success"}`),
	} {
		for method, by := range methods {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				var arrived atomic.Int32
				server := serve(t, func(w http.ResponseWriter, r *http.Request) {
					arrived.Add(1)
					answer(w, r)
				})
				v := testClient(t, server.URL, func(c *Config) { by(c); c.Timeout = 2 * time.Second })
				_, err := v.Submit(t.Context(), oneURL(t), nil)
				assert.Equal(t, purge.LookFirst, purge.MayTryAgain(requireKind(t, purge.Unknown, err)))
				assert.EqualValues(t, 1, arrived.Load())
			})
		}
	}
}

// net/http resends a GET by itself if a kept connection dies. The client keeps no connection, so a second call
// that dies is not resent.
func TestNothingIsResent(t *testing.T) {
	t.Parallel()
	for method, by := range methods {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var arrived atomic.Int32
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				if arrived.Add(1) == 1 {
					io.WriteString(w, accepted)
					return
				}
				hijack(w, "")
			})
			v := testClient(t, server.URL, func(c *Config) { by(c); c.Transport = &http.Transport{} })
			_, err := v.Submit(t.Context(), oneURL(t), nil)
			require.NoError(t, err)
			_, err = v.Submit(t.Context(), oneURL(t), nil)
			requireKind(t, purge.Unknown, err)
			assert.EqualValues(t, 2, arrived.Load())
		})
	}
}

// A request that surely did not leave may be repeated; an untrusted certificate is an error for the operator.
func TestWhatDidNotLeave(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed.Close()

	arrived := func(http.ResponseWriter, *http.Request) { t.Error("sent") }
	untrusted := serveTLS(t, arrived, nil)
	old := serveTLS(t, arrived, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10})

	dials := func(err error) func(*Config) {
		return func(c *Config) {
			c.Transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx    context.Context
		base   string
		change func(*Config)
		kind   purge.ErrorKind
	}{
		"refused":          {t.Context(), "http://" + closed.Addr().String(), nil, purge.Unavailable},
		"no such host":     {t.Context(), "https://cdn.invalid", dials(&net.DNSError{Err: "no such host", Name: "cdn.invalid", IsNotFound: true}), purge.Unavailable},
		"dial timed out":   {t.Context(), "https://cdn.invalid", dials(context.DeadlineExceeded), purge.Unavailable},
		"given up before":  {gone, "http://" + closed.Addr().String(), nil, purge.Unavailable},
		"old TLS":          {t.Context(), old.URL, func(c *Config) { c.Transport = old.Client().Transport.(*http.Transport) }, purge.Unavailable},
		"self-signed":      {t.Context(), untrusted.URL, nil, purge.Internal},
		"of another name":  {t.Context(), strings.Replace(untrusted.URL, "127.0.0.1", "localhost", 1), func(c *Config) { c.Transport = untrusted.Client().Transport.(*http.Transport) }, purge.Internal},
		"plain for secure": {t.Context(), strings.Replace(serve(t, arrived).URL, "http:", "https:", 1), nil, purge.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := testClient(t, tc.base, tc.change)
			_, err := v.Submit(tc.ctx, oneURL(t), nil)
			e := requireKind(t, tc.kind, err)
			assert.Equal(t, map[purge.ErrorKind]purge.Again{purge.Unavailable: again, purge.Internal: never}[tc.kind], purge.MayTryAgain(e))
			assert.Contains(t, e.Message, "this was not done")
		})
	}
}

func serveTLS(t *testing.T, h http.HandlerFunc, c *tls.Config) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.TLS, s.Config.ErrorLog = c, log.New(io.Discard, "", 0) // servers log failed handshakes
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// HTTP/2 would resend a request that a server returned, so the client speaks HTTP/1.1 to servers that offer
// HTTP/2.
func TestSecureEndpoint(t *testing.T) {
	t.Parallel()
	server := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "HTTP/1.1", r.Proto)
		says(accepted)(w, r)
	}, &tls.Config{NextProtos: []string{"h2", "http/1.1"}})
	v := testClient(t, server.URL, func(c *Config) {
		c.Transport = server.Client().Transport.(*http.Transport)
		c.Transport.ForceAttemptHTTP2 = true
	})
	_, err := v.Submit(t.Context(), oneURL(t), nil)
	require.NoError(t, err)
}

// A plain request goes to loopback directly, past every configured proxy, because a proxy would read it.
func TestNoProxyForPlainHTTP(t *testing.T) {
	t.Parallel()
	proxy, err := url.Parse(serve(t, func(http.ResponseWriter, *http.Request) { t.Error("proxied") }).URL)
	require.NoError(t, err)
	v := testClient(t, serve(t, says(accepted)).URL, func(c *Config) { c.Transport = &http.Transport{Proxy: http.ProxyURL(proxy)} })
	_, err = v.Submit(t.Context(), oneURL(t), nil)
	require.NoError(t, err)
}

func TestHTTPStatuses(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for _, tc := range []struct {
		status     int
		retryAfter string
		kind       purge.ErrorKind
		atLeast    time.Duration
		atMost     time.Duration
	}{
		{201, "", purge.Unknown, 0, 0},
		{204, "", purge.Unknown, 0, 0},
		{301, "", purge.Internal, 0, 0},
		{302, "", purge.Internal, 0, 0},
		{304, "", purge.Internal, 0, 0},
		{307, "", purge.Internal, 0, 0},
		{308, "", purge.Internal, 0, 0},
		{400, "", purge.Internal, 0, 0},
		{401, "", purge.Internal, 0, 0},
		{403, "", purge.Internal, 0, 0},
		{404, "", purge.Internal, 0, 0},
		{408, "", purge.Unknown, 0, 0},
		{413, "", purge.Invalid, 0, 0},
		{414, "", purge.Invalid, 0, 0},
		{429, "", purge.Exhausted, time.Second, time.Second},
		{429, "0", purge.Exhausted, time.Second, time.Second},
		{429, "30", purge.Exhausted, 30 * time.Second, 30 * time.Second},
		{429, "-5", purge.Exhausted, time.Second, time.Second},
		{429, "soon", purge.Exhausted, time.Second, time.Second},
		{429, "4294967295", purge.Exhausted, maxRetryAfter, maxRetryAfter},
		{429, "99999999999999999999", purge.Exhausted, time.Second, time.Second},
		{429, in(time.Minute), purge.Exhausted, 50 * time.Second, time.Minute},
		{429, in(-time.Minute), purge.Exhausted, time.Second, time.Second},
		{429, in(3 * time.Hour), purge.Exhausted, maxRetryAfter, maxRetryAfter},
		{500, "", purge.Unknown, 0, 0},
		{500, "3", purge.Unknown, 0, 0},
		{501, "", purge.Invalid, 0, 0},
		{502, "", purge.Unknown, 0, 0},
		{503, "", purge.Unknown, 0, 0},
		{503, "7", purge.Unavailable, 7 * time.Second, 7 * time.Second},
		{503, in(-time.Minute), purge.Unavailable, time.Second, time.Second},
		{504, "", purge.Unknown, 0, 0},
		{599, "", purge.Unknown, 0, 0},
	} {
		t.Run(fmt.Sprint(tc.status, " ", tc.retryAfter), func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if tc.retryAfter != "" {
					w.Header().Set("Retry-After", tc.retryAfter)
				}
				w.WriteHeader(tc.status)
				if tc.status != 204 && tc.status != 304 {
					io.WriteString(w, accepted) // only an HTTP 200 is an answer
				}
			})
			_, err := testClient(t, server.URL, nil).Submit(t.Context(), oneURL(t), nil)
			e := requireKind(t, tc.kind, err)
			assert.Equal(t, map[purge.ErrorKind]purge.Again{purge.Unavailable: again, purge.Exhausted: again, purge.Unknown: look}[tc.kind], purge.MayTryAgain(e))
			assert.GreaterOrEqual(t, e.RetryAfter, tc.atLeast)
			assert.LessOrEqual(t, e.RetryAfter, tc.atMost)
		})
	}
}

// The client follows no redirect with a signed request.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for method, by := range methods {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprint(method, status), func(t *testing.T) {
				t.Parallel()
				elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("followed") })
				server := serve(t, func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, elsewhere.URL+"/?"+r.URL.RawQuery, status)
				})
				_, err := testClient(t, server.URL, by).Submit(t.Context(), oneURL(t), nil)
				e := requireKind(t, purge.Internal, err)
				assert.Contains(t, e.Message, "PURGEBOT_CDN_ENDPOINT")
			})
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	const replay = `{"code":4500,"message":"(4500) Timestamp = 1557125531","codeDesc":"ReplayAttack"}`
	const expired = `{"code":4000,"message":"(4200) expired","codeDesc":"4200"}`
	const foreign = `{"code":4000,"message":"(9110) no such host","codeDesc":9110}`
	for name, tc := range map[string]struct {
		vendor  time.Time
		answers []string
		kinds   []purge.ErrorKind // one per call; -1 is success
		says    string            // text of the last
	}{
		"a nonce used twice":        {now, []string{replay, accepted}, []purge.ErrorKind{purge.Unavailable, -1}, ""},
		"twice in a row":            {now, []string{replay, replay}, []purge.ErrorKind{purge.Unavailable, purge.Internal}, "check the clock"},
		"expired twice in a row":    {now, []string{expired, expired}, []purge.ErrorKind{purge.Unavailable, purge.Internal}, "check the clock"},
		"not in a row":              {now, []string{replay, accepted, replay}, []purge.ErrorKind{purge.Unavailable, -1, purge.Unavailable}, ""},
		"not in a row by a refusal": {now, []string{replay, foreign, replay}, []purge.ErrorKind{purge.Unavailable, purge.NotFound, purge.Unavailable}, ""},
		"we are behind":             {now.Add(750 * time.Second), []string{replay}, []purge.ErrorKind{purge.Internal}, "12m30s behind Tencent's"},
		"we are ahead":              {now.Add(-2 * time.Hour), []string{expired}, []purge.ErrorKind{purge.Internal}, "2h0m0s ahead of Tencent's"},
		"no Date header":            {time.Time{}, []string{replay, replay}, []purge.ErrorKind{purge.Unavailable, purge.Internal}, "check the clock"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := tc.answers
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Date"] = nil
				if !tc.vendor.IsZero() {
					w.Header().Set("Date", tc.vendor.Format(http.TimeFormat))
				}
				io.WriteString(w, answers[0])
				answers = answers[1:]
			})
			v := testClient(t, server.URL, func(c *Config) { c.Now = func() time.Time { return now } })
			said := ""
			for _, kind := range tc.kinds {
				_, err := v.Submit(t.Context(), oneURL(t), nil)
				if kind == -1 {
					require.NoError(t, err)
					continue
				}
				said = requireKind(t, kind, err).Message
			}
			assert.Contains(t, said, tc.says)
		})
	}
}
