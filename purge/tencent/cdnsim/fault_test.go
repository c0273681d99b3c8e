package cdnsim

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serveTCP serves w on loopback and returns a function that posts one signed purge as a client without keep-alive would.
func serveTCP(t *testing.T, w *world) func(ctx context.Context) (*http.Response, []byte, error) {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	t.Cleanup(w.ClearFaults) // runs first, so that Close does not wait for a request that is held up
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	host := strings.TrimPrefix(server.URL, "http://")
	return func(ctx context.Context) (*http.Response, []byte, error) {
		body := sign(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/"), "POST", host).Encode()
		r, err := http.NewRequestWithContext(ctx, "POST", server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", urlencoded)
		resp, err := client.Do(r)
		if err != nil {
			return nil, nil, err
		}
		defer resp.Body.Close()
		read, err := io.ReadAll(resp.Body)
		return resp, read, err
	}
}

func TestFaultsAsAClientMeetsThem(t *testing.T) {
	t.Parallel()
	notJSON := func(t *testing.T, resp *http.Response, body []byte, err error) {
		require.NoError(t, err)
		assert.Equal(t, 200, resp.StatusCode)
		assert.False(t, json.Valid(body), "%q", body)
	}
	status := func(status int) func(*testing.T, *http.Response, []byte, error) {
		return func(t *testing.T, resp *http.Response, body []byte, err error) {
			require.NoError(t, err)
			assert.Equal(t, status, resp.StatusCode)
			assert.Contains(t, string(body), "<html>")
		}
	}
	vendor := func(want string) func(*testing.T, *http.Response, []byte, error) {
		return func(t *testing.T, resp *http.Response, body []byte, err error) {
			require.NoError(t, err)
			assert.Contains(t, string(body), want)
		}
	}
	for name, c := range map[string]struct {
		fault Fault
		check func(t *testing.T, resp *http.Response, body []byte, err error)
	}{
		"500": {Fault{Do: HTTPError}, status(500)},
		"502": {Fault{Do: HTTPError, Status: 502}, status(502)},
		"504": {Fault{Do: HTTPError, Status: 504}, status(504)},
		"503": {Fault{Do: HTTPError, Status: 503, RetryAfter: 7 * time.Second}, func(t *testing.T, resp *http.Response, body []byte, err error) {
			status(503)(t, resp, body, err)
			assert.Equal(t, "7", resp.Header.Get("Retry-After"))
		}},
		"reset": {Fault{Do: Reset}, func(t *testing.T, resp *http.Response, _ []byte, err error) {
			assert.Error(t, err)
			assert.NotErrorIs(t, err, io.EOF, "reset, not closed")
			assert.Nil(t, resp)
		}},
		"truncated": {Fault{Do: Truncated}, func(t *testing.T, resp *http.Response, body []byte, err error) {
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.Equal(t, 200, resp.StatusCode)
			assert.NotEmpty(t, body)
		}},
		"garbage":     {Fault{Do: Garbage}, notJSON},
		"HTML":        {Fault{Do: HTML}, notJSON},
		"broken JSON": {Fault{Do: BrokenJSON}, notJSON},
		"redirect": {Fault{Do: Redirect}, func(t *testing.T, resp *http.Response, _ []byte, err error) {
			require.NoError(t, err)
			assert.Equal(t, "/elsewhere", resp.Request.URL.Path, "net/http obeys, and the simulator sees it")
		}},
		"vendor's common code": {Fault{Do: Refusal, Code: 6000}, vendor(`{"code":6000,"message":"Simulated refusal.","codeDesc":6000}`)},
		"vendor's own code":    {Fault{Do: Refusal, Code: 22044}, vendor(`{"code":4000,"message":"(22044) Simulated refusal.","codeDesc":"22044"}`)},
		"negative code":        {Fault{Do: Refusal, Code: -9021}, vendor(`"codeDesc":"-9021"`)},
	} {
		for _, acts := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				send := serveTCP(t, w)
				fault := c.fault
				fault.Acts, fault.Times = acts, 1
				w.Fault(fault)

				resp, body, err := send(t.Context())
				c.check(t, resp, body, err)
				seen := w.Requests()[0]
				assert.Equal(t, fault.Do, seen.Fault)
				assert.True(t, seen.Verified)
				assert.Equal(t, acts, seen.Acted)
				assert.Equal(t, fault.status(), seen.Status)
				spent := map[bool]int{true: 1}
				assert.Equal(t, spent[acts], w.Quota()[0].Used)

				assert.Empty(t, w.Faults(), "it was for one request")
				resp, body, err = send(t.Context())
				vendor(`"code":0`)(t, resp, body, err)
			})
		}
	}
}

func TestSilenceLastsUntilTheClientGivesUp(t *testing.T) {
	t.Parallel()
	for _, acts := range []bool{false, true} {
		w := newWorld()
		send := serveTCP(t, w)
		w.Fault(Fault{Do: Silence, Acts: acts, Times: 1})
		ctx, giveUp := context.WithCancel(t.Context())
		changed := w.Watch()
		go func() {
			for len(w.Requests()) == 0 || !w.Requests()[0].Verified {
				<-changed
				changed = w.Watch()
			}
			giveUp()
		}()
		_, _, err := send(ctx)
		assert.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, acts, w.Requests()[0].Acted)
		_, body, err := send(t.Context())
		require.NoError(t, err)
		assert.Contains(t, string(body), `"code":0`)
	}
}

func TestClearingFaultsLetsGo(t *testing.T) {
	t.Parallel()
	w := newWorld()
	send := serveTCP(t, w)
	w.Fault(Fault{Do: Silence})
	w.Fault(Fault{Do: Reset})
	arrived := w.Watch()
	go func() {
		<-arrived
		w.ClearFaults()
	}()
	_, _, err := send(t.Context())
	assert.Error(t, err)
	assert.NotErrorIs(t, err, context.Canceled)
	_, body, err := send(t.Context())
	require.NoError(t, err)
	assert.Contains(t, string(body), `"code":0`)
}

func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.Fault(Fault{Latency: 3 * time.Second})
		start := time.Now()
		assert.Equal(t, 0, w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/").Code)
		assert.Equal(t, 3*time.Second, time.Since(start))

		start = time.Now()
		r := post(urlencoded, sign(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/"), "POST", testHost).Encode())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w.serve(t, r.WithContext(ctx))
		assert.Equal(t, time.Second, time.Since(start))
		assert.True(t, w.last().Acted, "leaving early does not take the request back")

		start = time.Now()
		arrived := w.Watch()
		go func() {
			<-arrived
			time.Sleep(time.Second)
			w.ClearFaults()
		}()
		w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/")
		assert.Equal(t, time.Second, time.Since(start), "clearing lets go")
	})
}

func TestFaultsQueue(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.Fault(Fault{Do: Refusal, Code: 6000, Action: "GetCdnRefreshLog"})
	w.Fault(Fault{Do: Refusal, Code: 6200, Times: 2})
	w.Fault(Fault{Do: Refusal, Code: 4400, Times: 1})
	var codes []int
	for range 4 {
		codes = append(codes, w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/").Code,
			w.call(t, "GetCdnRefreshLog", "taskId", "1").Code)
	}
	assert.Equal(t, []int{6200, 6000, 6200, 6000, 4400, 6000, 0, 6000}, codes)
	assert.Equal(t, []Fault{{Do: Refusal, Code: 6000, Action: "GetCdnRefreshLog"}}, w.Faults())
	w.ClearFaults()
	assert.Empty(t, w.Faults())
}

func TestFailedTaskPurgesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	require.NoError(t, w.Fill("https://www.test.com/"))
	w.Fault(Fault{Do: TaskFails, Times: 1})
	assert.Equal(t, 0, w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com/").Code)
	w.clock.add(time.Hour)
	assert.Equal(t, Fresh, w.Edge(Mainland, "https://www.test.com/").State)
	assert.Equal(t, 1, w.Quota()[0].Used)
}

// net/http sends a GET again by itself if a connection that it reuses is reset. The second one bears the same nonce.
func TestResetOnAReusedConnectionMakesNetHTTPRepeatAGet(t *testing.T) {
	t.Parallel()
	w := newWorld()
	server := httptest.NewServer(w)
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	get := func() string {
		resp, err := server.Client().Get(server.URL + path + "?" + sign(w.form("RefreshCdnUrl", "urls.0", "https://www.test.com/"), "GET", host).Encode())
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(body)
	}
	assert.Contains(t, get(), `"code":0`)
	w.Fault(Fault{Do: Reset, Acts: true, Times: 1})
	assert.Contains(t, get(), `"code":4500`)
	assert.Len(t, w.Requests(), 3)
	assert.Equal(t, 2, w.Quota()[0].Used)
}
