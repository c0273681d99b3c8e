package tencent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
	"purgebot/purge/tencent/cdnsim"
)

// The suite runs every client of the CDN port against a simulator that shares no code with it. Optional
// interfaces and the fields of api cover the differences between the APIs.

// api is one API of the vendor.
type api struct {
	open      func(Config) (purge.CDN, error)
	path      string
	config    Config
	perTarget bool // the log tells directories of both areas, and each target, apart
	quota     bool // the API reports the quota left
}

var apis = map[string]api{
	"2.0 POST SHA-256": {open: openV2, path: "/v2/index.php"},
	"2.0 GET SHA-1":    {open: openV2, path: "/v2/index.php", config: Config{Method: "GET", Signature: HmacSHA1}},
	"2.0 with a token": {open: openV2, path: "/v2/index.php", config: Config{Token: "temporary"}},
	"3.0":              {open: openV3, perTarget: true, quota: true},
	"3.0 with a token": {open: openV3, perTarget: true, quota: true, config: Config{Token: "temporary", Language: "zh-CN"}},
}

func openV2(c Config) (purge.CDN, error) { return NewV2(c) }
func openV3(c Config) (purge.CDN, error) { return NewV3(c) }

// account is a simulated account and a client for it, on one clock.
type account struct {
	testing.TB
	api
	cdn     purge.CDN
	sim     *cdnsim.Sim
	config  Config
	arrived *atomic.Int32
	clock   *atomic.Int64
}

func (a *account) now() time.Time       { return time.Unix(0, a.clock.Load()) }
func (a *account) add(d time.Duration)  { a.clock.Add(int64(d)) }
func (a *account) fault(f cdnsim.Fault) { a.sim.Fault(f) }
func (a *account) last() cdnsim.Request { all := a.sim.Requests(); return all[len(all)-1] }
func (a *account) wrong(kind purge.ErrorKind, err error) *purge.Error {
	a.Helper()
	return requireKind(a, kind, err)
}

// again returns another client of the same account.
func (a *account) again(change func(*Config)) purge.CDN {
	a.Helper()
	c := a.config
	change(&c)
	cdn, err := a.open(c)
	require.NoError(a, err)
	return cdn
}

// newAccount creates www.test.com (everywhere), www.abc.com (everywhere, query ignored), cn.test.com
// (mainland), *.hk.test.com (overseas), off.test.com (offline).
func newAccount(t *testing.T, how api) *account {
	a := &account{TB: t, api: how, arrived: new(atomic.Int32), clock: new(atomic.Int64)}
	a.clock.Store(beijing.UnixNano())
	a.sim = cdnsim.New("AKIDSIMULATED", "key of the simulated account", "www.test.com")
	a.sim.Hosts = append(a.sim.Hosts, cdnsim.Host{Name: "www.abc.com", IgnoreQuery: true},
		cdnsim.Host{Name: "*.hk.test.com", Areas: []cdnsim.Area{cdnsim.Overseas}},
		cdnsim.Host{Name: "cn.test.com", Areas: []cdnsim.Area{cdnsim.Mainland}}, cdnsim.Host{Name: "off.test.com", Offline: true})
	a.sim.Token, a.sim.Now, a.sim.Delay = how.config.Token, a.now, time.Minute
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.arrived.Add(1)
		w.Header().Set("Date", a.now().UTC().Format(http.TimeFormat))
		a.sim.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(a.sim.ClearFaults)
	a.config = how.config
	a.config.Endpoint, a.config.SecretID, a.config.SecretKey = server.URL+how.path, "AKIDSIMULATED", "keyofthesimulatedaccount"
	a.config.Now, a.config.Timeout = a.now, 2*time.Second
	a.sim.Keys["AKIDSIMULATED"] = a.config.SecretKey
	a.cdn = a.again(func(*Config) {})
	return a
}

func (a *account) urls(area purge.Area, texts ...string) purge.Batch {
	a.Helper()
	return purge.Batch{Kind: purge.URL, Area: area, Targets: targets(a, purge.URL, texts...)}
}

func (a *account) dirs(area purge.Area, mode purge.Mode, texts ...string) purge.Batch {
	a.Helper()
	return purge.Batch{Kind: purge.Directory, Mode: mode, Area: area, Targets: targets(a, purge.Directory, texts...)}
}

func (a *account) prefetch(area purge.Area, texts ...string) purge.Batch {
	b := a.urls(area, texts...)
	b.Kind = purge.Prefetch
	return b
}

// prefetches reports whether the API can prefetch. A client whose API cannot has a limit of 0, makes no plan
// and sends nothing.
func (a *account) prefetches() bool {
	a.Helper()
	if a.cdn.Limits().Prefetch > 0 {
		return true
	}
	assert.Contains(a, fmt.Sprint(a.cdn), "API 2.0")
	b := a.prefetch(purge.Mainland, page1)
	_, err := purge.NewPlan(purge.Request{Kind: purge.Prefetch, Parts: []purge.Part{{Area: purge.Mainland, Targets: b.Targets}}}, a.cdn.Limits())
	a.wrong(purge.Internal, err)
	before := a.arrived.Load()
	_, err = a.cdn.Submit(a.Context(), b, nil)
	a.wrong(purge.Internal, err)
	assert.Equal(a, before, a.arrived.Load())
	return false
}

func (a *account) submit(b purge.Batch) purge.StatusQuery {
	a.Helper()
	since := a.now()
	r, err := a.cdn.Submit(a.Context(), b, nil)
	require.NoError(a, err)
	require.True(a, a.last().Acted)
	return purge.StatusQuery{Batch: b, Receipt: r, Since: since}
}

// outcomes returns the result of Status as "outcome outcome …", in the order of the targets, with "-" for a
// missing one.
func (a *account) outcomes(q purge.StatusQuery) string {
	a.Helper()
	seen, err := a.cdn.Status(a.Context(), q)
	require.NoError(a, err)
	var words []string
	for _, t := range q.Batch.Targets {
		i := slices.IndexFunc(seen, func(s purge.TargetStatus) bool { return s.Target.String() == t.String() })
		if i < 0 {
			words = append(words, "-")
			continue
		}
		words = append(words, string(seen[i].Outcome))
		require.Equal(a, seen[i].Outcome == purge.Failed, seen[i].Reason != "")
	}
	return strings.Join(words, " ")
}

const (
	home  = "https://www.test.com/"
	page1 = "https://www.test.com/1?a=1&b=2"
	page2 = "https://www.test.com/%E5%9B%BE/~x_y*z(1)!'.jpg?next=https://x.y/&c=%26+"
)

var behaviours = map[string]func(a *account){
	"a URL is purged in its area alone": func(a *account) {
		for _, u := range []string{page1, page2, home} {
			require.NoError(a, a.sim.Fill(u))
		}
		a.submit(a.urls(purge.Overseas, page1, page2))
		a.add(time.Minute)
		for _, u := range []string{page1, page2} {
			assert.Equal(a, cdnsim.Stale, a.sim.Edge(cdnsim.Overseas, u).State, u)
			assert.Equal(a, cdnsim.Fresh, a.sim.Edge(cdnsim.Mainland, u).State, u)
		}
		assert.Equal(a, cdnsim.Fresh, a.sim.Edge(cdnsim.Overseas, home).State)
	},
	"a flush leaves what is unchanged, a delete does not": func(a *account) {
		for _, u := range []string{"https://www.test.com/a/1", "https://www.test.com/a/2", "https://www.test.com/b"} {
			require.NoError(a, a.sim.Fill(u))
		}
		require.NoError(a, a.sim.Change("https://www.test.com/a/1"))
		for _, area := range []purge.Area{purge.Mainland, purge.Overseas} {
			edge := func(u string) cdnsim.State { return a.sim.Edge(cdnsim.Area(area), u).State }
			a.submit(a.dirs(area, purge.Flush, "https://www.test.com/a/"))
			a.add(time.Minute)
			assert.Equal(a, []cdnsim.State{cdnsim.Stale, cdnsim.Fresh}, []cdnsim.State{edge("https://www.test.com/a/1"), edge("https://www.test.com/a/2")}, area)
			a.submit(a.dirs(area, purge.Delete, "https://www.test.com/a/"))
			a.add(time.Minute)
			assert.Equal(a, []cdnsim.State{cdnsim.Stale, cdnsim.Fresh}, []cdnsim.State{edge("https://www.test.com/a/2"), edge("https://www.test.com/b")}, area)
		}
	},
	"a receipt says what the vendor said, and when": func(a *account) {
		a.add(time.Second)
		q := a.submit(a.urls(purge.Mainland, page1, page2))
		assert.Equal(a, a.now(), q.Receipt.At)
		assert.Len(a, q.Receipt.TaskID, 19)
		assert.Equal(a, a.quota, q.Receipt.RequestID != "")
	},
	"a purge is followed to its end": func(a *account) {
		for _, b := range []purge.Batch{
			a.urls(purge.Mainland, page1, page2), a.urls(purge.Overseas, page1, page2),
			a.dirs(purge.Mainland, purge.Flush, home, "https://www.test.com/a/"), a.dirs(purge.Overseas, purge.Delete, home, "https://www.test.com/a/"),
		} {
			q := a.submit(b)
			assert.Equal(a, "accepted accepted", a.outcomes(q))
			a.add(time.Minute)
			assert.Equal(a, "done done", a.outcomes(q))
		}
	},
	"a target that fails does not fail the others": func(a *account) {
		a.fault(cdnsim.Fault{Do: cdnsim.TaskFails, Times: 1, Only: []string{page2}})
		q := a.submit(a.urls(purge.Mainland, page1, page2))
		a.add(time.Minute)
		assert.Equal(a, "done failed", a.outcomes(q))
	},
	"without a receipt it is looked up by time and target": func(a *account) {
		for _, b := range []purge.Batch{a.urls(purge.Mainland, page1, page2), a.urls(purge.Overseas, page1), a.dirs(purge.Mainland, purge.Delete, home)} {
			a.add(time.Hour)
			q := a.submit(b)
			q.Receipt = purge.Receipt{}
			assert.NotContains(a, a.outcomes(q), "-")
		}
	},
	"an older purge, another's and another area's are not taken for this one": func(a *account) {
		a.submit(a.urls(purge.Mainland, page1))
		a.add(time.Hour)
		since := a.now()
		a.add(time.Second)
		a.submit(a.urls(purge.Mainland, page2))
		a.submit(a.urls(purge.Overseas, home))
		assert.Equal(a, "- -", a.outcomes(purge.StatusQuery{Batch: a.urls(purge.Mainland, page1, home), Since: since}))
		assert.Equal(a, "-", a.outcomes(purge.StatusQuery{Batch: a.urls(purge.Overseas, page2), Since: since}))
	},
	"a URL and the directory of the same name are two": func(a *account) {
		since := a.now()
		a.submit(a.dirs(purge.Mainland, purge.Flush, home))
		assert.Equal(a, "-", a.outcomes(purge.StatusQuery{Batch: a.urls(purge.Mainland, home), Since: since}))
		if a.perTarget { // and a flush is no delete
			assert.Equal(a, "-", a.outcomes(purge.StatusQuery{Batch: a.dirs(purge.Mainland, purge.Delete, home), Since: since}))
			assert.Equal(a, "accepted", a.outcomes(purge.StatusQuery{Batch: a.dirs(purge.Mainland, purge.Flush, home), Since: since}))
		}
	},
	"a large purge is followed target by target": func(a *account) {
		var texts []string
		for i := range 250 {
			texts = append(texts, fmt.Sprintf("https://www.test.com/%03d", i))
		}
		q := a.submit(a.urls(purge.Mainland, texts...))
		a.add(time.Minute)
		want := strings.TrimSuffix(strings.Repeat("done ", 250), " ")
		assert.Equal(a, want, a.outcomes(q))
		q.Receipt = purge.Receipt{}
		assert.Equal(a, want, a.outcomes(q))
	},
	"a domain that is not on the account is not found": func(a *account) {
		_, err := a.cdn.Submit(a.Context(), a.urls(purge.Mainland, "https://foreign.example/"), nil)
		a.wrong(purge.NotFound, err)
	},
	"a domain that is not served in the area is refused, and the area is named": func(a *account) {
		_, err := a.cdn.Submit(a.Context(), a.urls(purge.Overseas, "https://cn.test.com/"), nil)
		assert.Contains(a, []purge.ErrorKind{purge.NotFound, purge.Invalid}, purge.AsError(err).Kind)
		assert.Contains(a, purge.AsError(err).Message, "overseas")
		assert.Equal(a, purge.Never, purge.MayTryAgain(purge.AsError(err)))
	},
	"what is below a wildcard domain is purged, and looked up": func(a *account) {
		b := a.urls(purge.Overseas, "https://a.b.hk.test.com/1.jpg")
		since := a.now()
		r, err := a.cdn.Submit(a.Context(), b, nil)
		require.NoError(a, err)
		a.clock.Add(int64(2 * time.Minute))
		seen, err := a.cdn.Status(a.Context(), purge.StatusQuery{Batch: b, Receipt: r, Since: since})
		require.NoError(a, err)
		require.Len(a, seen, 1)
		assert.Equal(a, purge.Done, seen[0].Outcome)
		_, err = a.cdn.Submit(a.Context(), a.urls(purge.Mainland, "https://a.b.hk.test.com/1.jpg"), nil)
		assert.Contains(a, purge.AsError(err).Message, "in mainland")
		_, err = a.cdn.Submit(a.Context(), a.urls(purge.Overseas, "https://hk.test.com/1.jpg"), nil)
		a.wrong(purge.NotFound, err)
	},
	"a domain that is off is in conflict": func(a *account) {
		_, err := a.cdn.Submit(a.Context(), a.urls(purge.Mainland, "https://off.test.com/"), nil)
		a.wrong(purge.Conflict, err)
	},
	"a used-up quota is exhausted until tomorrow, for its kind and area": func(a *account) {
		a.sim.Adjust(func(s *cdnsim.Sim) { s.DailyURLs, s.DailyDirectories = 1, 1 })
		a.submit(a.urls(purge.Mainland, page1))
		_, err := a.cdn.Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
		assert.Zero(a, a.wrong(purge.Exhausted, err).RetryAfter)
		a.submit(a.urls(purge.Overseas, page1))
		a.submit(a.dirs(purge.Mainland, purge.Flush, home))
		_, err = a.cdn.Submit(a.Context(), a.dirs(purge.Mainland, purge.Flush, home), nil)
		assert.Zero(a, a.wrong(purge.Exhausted, err).RetryAfter)
		a.add(24 * time.Hour)
		a.submit(a.urls(purge.Mainland, page1))
	},
	"too fast is exhausted for a while, and nothing was purged": func(a *account) {
		a.sim.Adjust(func(s *cdnsim.Sim) { s.Rate = 1 })
		a.submit(a.urls(purge.Mainland, page1))
		_, err := a.cdn.Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
		e := a.wrong(purge.Exhausted, err)
		assert.Positive(a, e.RetryAfter)
		assert.Equal(a, 1, a.sim.Quota()[0].Used)
		a.add(e.RetryAfter)
		a.submit(a.urls(purge.Mainland, page1))
	},
	"a wrong key is the operator's to mend": func(a *account) {
		for _, change := range []func(*Config){
			func(c *Config) { c.SecretKey = "another" }, func(c *Config) { c.SecretID = "AKIDANOTHER" }, func(c *Config) { c.Token = "another" },
		} {
			_, err := a.again(change).Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
			assert.Contains(a, a.wrong(purge.Internal, err).Message, "TENCENTCLOUD_SECRET_KEY")
			requireNoSecret(a, everyText(err), a.config.SecretKey, "another")
		}
	},
	"a clock that is off is the operator's to mend, and is measured": func(a *account) {
		ours := func(d time.Duration) func(*Config) {
			return func(c *Config) { c.Now = func() time.Time { return a.now().Add(d) } }
		}
		_, err := a.again(ours(-6*time.Minute)).Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
		assert.Contains(a, a.wrong(purge.Internal, err).Message, "6m0s behind Tencent's")
		_, err = a.again(ours(6*time.Minute)).Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
		assert.Contains(a, a.wrong(purge.Internal, err).Message, "6m0s ahead of Tencent's")
		_, err = a.again(ours(4*time.Minute)).Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
		require.NoError(a, err)
	},
	"what left without a readable answer is unknown, whether or not it was done, and is sent once": func(a *account) {
		for _, acts := range []bool{false, true} {
			for _, f := range []cdnsim.Fault{
				{Do: cdnsim.Reset}, {Do: cdnsim.Silence}, {Do: cdnsim.Truncated}, {Do: cdnsim.Garbage}, {Do: cdnsim.HTML}, {Do: cdnsim.BrokenJSON},
				{Do: cdnsim.HTTPError, Status: 500}, {Do: cdnsim.HTTPError, Status: 502}, {Do: cdnsim.HTTPError, Status: 503}, {Do: cdnsim.HTTPError, Status: 504},
			} {
				f.Acts, f.Times = acts, 1
				a.fault(f)
				before, q := a.arrived.Load(), purge.StatusQuery{Batch: a.urls(purge.Mainland, page1), Since: a.now()}
				patience := map[bool]time.Duration{true: 500 * time.Millisecond, false: 10 * time.Second}[f.Do == cdnsim.Silence]
				_, err := a.again(func(c *Config) { c.Timeout = patience }).Submit(a.Context(), q.Batch, nil)
				a.wrong(purge.Unknown, err)
				assert.Equal(a, before+1, a.arrived.Load(), f)
				a.sim.ClearFaults()
				assert.Equal(a, map[bool]string{false: "-", true: "accepted"}[acts], a.outcomes(q), "the log knows: %v", f)
				a.add(time.Hour)
			}
		}
	},
	"what did not leave may be tried again": func(a *account) {
		for name, dial := range map[string]error{"DNS": &net.DNSError{Err: "no such host", IsNotFound: true}, "refused": errors.New("connection refused")} {
			cdn := a.again(func(c *Config) { c.Transport = refusing(dial) })
			_, err := cdn.Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
			a.wrong(purge.Unavailable, err)
			_, err = cdn.Status(a.Context(), purge.StatusQuery{Batch: a.urls(purge.Mainland, page1)})
			a.wrong(purge.Unavailable, err)
			assert.Zero(a, a.arrived.Load(), name)
		}
	},
	"every call waits for its turn before it is stamped": func(a *account) {
		turns := 0
		cdn := a.again(func(c *Config) { c.Turn = func(context.Context, bool) error { turns++; a.add(time.Hour); return nil } })
		_, err := cdn.Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
		require.NoError(a, err)
		_, err = cdn.(purge.Domains).Domains(a.Context())
		require.NoError(a, err)
		assert.EqualValues(a, a.arrived.Load(), turns)
		cdn = a.again(func(c *Config) {
			c.Turn = func(context.Context, bool) error {
				return &purge.Error{Kind: purge.Unavailable, Message: "Too many calls are waiting."}
			}
		})
		_, err = cdn.Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
		a.wrong(purge.Unavailable, err)
		assert.EqualValues(a, a.arrived.Load(), turns, "nothing has left")
	},
	"a gateway's 429 is exhausted for as long as it says": func(a *account) {
		a.fault(cdnsim.Fault{Do: cdnsim.HTTPError, Status: 429, RetryAfter: 7 * time.Second})
		_, err := a.cdn.Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
		assert.Equal(a, 7*time.Second, a.wrong(purge.Exhausted, err).RetryAfter)
	},
	"a redirect is not followed": func(a *account) {
		a.fault(cdnsim.Fault{Do: cdnsim.Redirect, Times: 1})
		_, err := a.cdn.Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
		a.wrong(purge.Internal, err)
		assert.EqualValues(a, 1, a.arrived.Load())
	},
	"a purge that is suspended is denied": func(a *account) {
		a.fault(cdnsim.Fault{Do: cdnsim.Refusal, Code: 4300})
		_, err := a.cdn.Submit(a.Context(), a.urls(purge.Mainland, page1), nil)
		assert.Contains(a, a.wrong(purge.Denied, err).Message, "account")
	},
	"a status that cannot be had now may be had later": func(a *account) {
		q := a.submit(a.urls(purge.Mainland, page1))
		for _, f := range []cdnsim.Fault{{Do: cdnsim.Reset}, {Do: cdnsim.HTTPError, Status: 502}, {Do: cdnsim.Refusal, Code: 6000}} {
			f.Times = 1
			a.fault(f)
			_, err := a.cdn.Status(a.Context(), q)
			a.wrong(purge.Unavailable, err)
		}
		assert.Equal(a, "accepted", a.outcomes(q))
	},
	"status of nothing is nothing": func(a *account) {
		seen, err := a.cdn.Status(a.Context(), purge.StatusQuery{})
		require.NoError(a, err)
		assert.Empty(a, seen)
		assert.Zero(a, a.arrived.Load())
	},
	"the same request is stamped and signed anew": func(a *account) {
		for range 3 {
			a.add(time.Second)
			a.submit(a.urls(purge.Mainland, page1))
		}
		seen := map[string]bool{}
		for _, r := range a.sim.Requests() {
			seen[r.Value("Signature")+r.Value("Authorization")] = true
		}
		assert.Len(a, seen, 3)
	},
	"a full batch fits, and is one call": func(a *account) {
		for _, kind := range []purge.Kind{purge.URL, purge.Directory} {
			var texts []string
			for i := range 1000 {
				texts = append(texts, fmt.Sprintf("https://www.test.com/%04d/%s/", i, strings.Repeat("%26", 30)))
			}
			r := purge.Request{Kind: kind, Parts: []purge.Part{{Area: purge.Mainland, Targets: targets(a, kind, texts...)}}}
			if kind == purge.Directory {
				r.Mode = purge.Flush
			}
			plan, err := purge.NewPlan(r, a.cdn.Limits())
			require.NoError(a, err)
			before := a.arrived.Load()
			a.submit(plan[0])
			assert.EqualValues(a, before+1, a.arrived.Load())
			assert.Equal(a, len(plan[0].Targets), a.sim.Quota()[map[purge.Kind]int{purge.URL: 0, purge.Directory: 1}[kind]].Used)
		}
	},
	"many calls at once do not disturb one another": func(a *account) {
		var wait sync.WaitGroup
		for i := range 20 {
			b := a.urls(purge.Mainland, fmt.Sprintf("https://www.test.com/%d", i))
			wait.Go(func() {
				_, err := a.cdn.Submit(a.Context(), b, nil)
				assert.NoError(a, err)
			})
		}
		wait.Wait()
		assert.Equal(a, 20, a.sim.Quota()[0].Used)
	},
	"quota says what is left, or that it cannot": func(a *account) {
		if !a.quota {
			_, err := a.cdn.Quota(a.Context())
			a.wrong(purge.Conflict, err)
			return
		}
		a.sim.Adjust(func(s *cdnsim.Sim) { s.DailyURLs = 500 })
		a.submit(a.urls(purge.Overseas, page1, page2))
		a.submit(a.dirs(purge.Mainland, purge.Flush, home))
		q, err := a.cdn.Quota(a.Context())
		require.NoError(a, err)
		assert.Equal(a, []purge.Quota{
			{Kind: purge.URL, Area: purge.Mainland, Total: 500, Left: 500}, {Kind: purge.URL, Area: purge.Overseas, Total: 500, Left: 498},
			{Kind: purge.Directory, Area: purge.Mainland, Total: 100, Left: 99}, {Kind: purge.Directory, Area: purge.Overseas, Total: 100, Left: 100},
			{Kind: purge.Prefetch, Area: purge.Mainland, Total: 1000, Left: 1000}, {Kind: purge.Prefetch, Area: purge.Overseas, Total: 1000, Left: 1000},
		}, q)
	},
	"the domains of the account are listed": func(a *account) {
		list, err := a.cdn.(purge.Domains).Domains(a.Context())
		require.NoError(a, err)
		for i, d := range list {
			if !a.quota {
				assert.Nil(a, d.Areas)
			}
			list[i].Areas = nil
		}
		assert.Equal(a, []purge.Domain{
			{Host: "*.hk.test.com", Online: true, Status: "online", Query: purge.QueryMatters},
			{Host: "cn.test.com", Online: true, Status: "online", Query: purge.QueryMatters},
			{Host: "off.test.com", Online: false, Status: "offline", Query: purge.QueryMatters},
			{Host: "www.abc.com", Online: true, Status: "online", Query: purge.QueryIgnored},
			{Host: "www.test.com", Online: true, Status: "online", Query: purge.QueryMatters},
		}, list)
	},
	"more domains than a page holds are listed too": func(a *account) {
		a.sim.Adjust(func(s *cdnsim.Sim) {
			for i := range 230 {
				s.Hosts = append(s.Hosts, cdnsim.Host{Name: fmt.Sprintf("h%03d.example.com", i), IgnoreQuery: i == 229})
			}
		})
		list, err := a.cdn.(purge.Domains).Domains(a.Context())
		require.NoError(a, err)
		require.Len(a, list, 235)
		assert.Equal(a, "h229.example.com", list[231].Host)
		assert.Equal(a, purge.QueryIgnored, list[231].Query)
	},
	"what is prefetched is cached again, in its area": func(a *account) {
		if !a.prefetches() {
			return
		}
		b := a.prefetch(purge.Overseas, page1, page2)
		q := a.submit(b)
		for range 2 { // with the receipt and without
			assert.Equal(a, "accepted accepted", a.outcomes(q))
			q.Receipt = purge.Receipt{}
		}
		purged := q
		purged.Batch.Kind = purge.URL
		assert.Equal(a, "- -", a.outcomes(purged), "a prefetch is no purge")
		a.add(time.Minute)
		assert.Equal(a, "done done", a.outcomes(q))
		assert.Equal(a, cdnsim.Fresh, a.sim.Edge(cdnsim.Overseas, page1).State)
		assert.Zero(a, a.sim.Edge(cdnsim.Mainland, page1))
	},
	"a purge is no prefetch": func(a *account) {
		if !a.prefetches() {
			return
		}
		b := a.urls(purge.Mainland, page1)
		q := a.submit(b)
		q.Batch.Kind = purge.Prefetch
		assert.Equal(a, "-", a.outcomes(q))
	},
	"prefetches have a quota of their own": func(a *account) {
		if !a.prefetches() {
			return
		}
		a.sim.Adjust(func(s *cdnsim.Sim) { s.DailyPushes = 3 })
		a.submit(a.prefetch(purge.Overseas, page1, page2))
		q, err := a.cdn.Quota(a.Context())
		require.NoError(a, err)
		assert.Equal(a, purge.Quota{Kind: purge.URL, Area: purge.Overseas, Total: 10000, Left: 10000}, q[1])
		assert.Equal(a, []purge.Quota{{Kind: purge.Prefetch, Area: purge.Mainland, Total: 3, Left: 3}, {Kind: purge.Prefetch, Area: purge.Overseas, Total: 3, Left: 1}}, q[4:])
		_, err = a.cdn.Submit(a.Context(), a.prefetch(purge.Overseas, page1, page2), nil)
		a.wrong(purge.Exhausted, err)
		assert.Zero(a, purge.AsError(err).RetryAfter, "nothing that haste explains")
	},
	"a prefetch of a foreign or an offline domain is refused": func(a *account) {
		if !a.prefetches() {
			return
		}
		for _, u := range []string{"https://www.example.com/1", "https://off.test.com/1"} {
			_, err := a.cdn.Submit(a.Context(), a.prefetch(purge.Mainland, u), nil)
			e := purge.AsError(err)
			assert.NotContains(a, []purge.ErrorKind{purge.Internal, purge.Unknown, purge.Unavailable}, e.Kind, e)
		}
	},
	"as many URLs as a prefetch may hold are one call": func(a *account) {
		if !a.prefetches() {
			return
		}
		a.sim.Adjust(func(s *cdnsim.Sim) { s.BatchPushes = 7 })
		_, err := a.cdn.Quota(a.Context()) // says so
		require.NoError(a, err)
		var texts []string
		for i := range 8 {
			texts = append(texts, fmt.Sprintf("https://www.test.com/%d", i))
		}
		r := purge.Request{Kind: purge.Prefetch, Parts: []purge.Part{{Area: purge.Mainland, Targets: targets(a, purge.URL, texts...)}}}
		plan, err := purge.NewPlan(r, a.cdn.Limits())
		require.NoError(a, err)
		require.Len(a, plan, 2)
		for _, b := range plan {
			a.submit(b)
		}
	},
}

func refusing(err error) *http.Transport {
	return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, how := range apis {
		for what, behaves := range behaviours {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				behaves(newAccount(t, how))
			})
		}
	}
}
