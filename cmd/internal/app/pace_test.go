package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
	"purgebot/purge/tencent"
	"purgebot/purge/tencent/cdnsim"
)

// pipes is a network in memory, on which time may be a test's own.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p pipes) Close() error   { close(p.done); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// backlog is 10,000 URLs and 100 directories on a hundred hosts, in the batches that a plan makes of them.
func backlog(t *testing.T, limits purge.Limits) (hosts []string, batches []purge.Batch) {
	for h := range 100 {
		hosts = append(hosts, fmt.Sprintf("h%02d.example.com", h))
	}
	for kind, each := range map[purge.Kind]int{purge.URL: 100, purge.Directory: 1} {
		r := purge.Request{Kind: kind, Parts: []purge.Part{{Area: purge.Mainland}}}
		if kind == purge.Directory {
			r.Mode = purge.Flush
		}
		limits := limits
		limits.URLs = 20 // the more calls, the sharper the measure
		for _, host := range hosts {
			for i := range each {
				target, err := purge.Parse(kind, fmt.Sprintf("https://%s/%d/", host, i))
				require.NoError(t, err)
				r.Parts[0].Targets = append(r.Parts[0].Targets, target)
			}
		}
		plan, err := purge.NewPlan(r, limits)
		require.NoError(t, err)
		batches = append(batches, plan...)
	}
	return hosts, batches
}

// replicas opens a database as two processes would that wait by their own clocks. One file lets in one process, so they share the
// handle; all that they know of one another is in the row.
func replicas(t *testing.T, rate float64) [2]*pace {
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "purgebot.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	var both [2]*pace
	for i := range both {
		both[i] = newPace(rate)
		both[i].db = db
	}
	return both
}

// vendor is a simulated CDN, on a network in memory, that takes rate calls in any second.
func vendor(t *testing.T, sim *cdnsim.Sim) *http.Transport {
	network := pipes{make(chan net.Conn), make(chan struct{})}
	var calls atomic.Int64
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Duration(20+calls.Add(1)%5*5) * time.Millisecond) // the way there
		sim.ServeHTTP(w, r)
	})}
	go server.Serve(network)
	t.Cleanup(func() { _ = server.Close() })
	return &http.Transport{DialContext: network.dial}
}

var apis = map[string]struct {
	path string
	open func(tencent.Config) (purge.CDN, error)
}{
	"2.0": {"/v2/index.php", func(c tencent.Config) (purge.CDN, error) { return tencent.NewV2(c) }},
	"3.0": {"", func(c tencent.Config) (purge.CDN, error) { return tencent.NewV3(c) }},
}

// Two workers at one database send a day's quota to a CDN that takes twenty calls a second, by the strictest way to count them:
// of what it takes at least 95 % is used, and it never complains, although calls overtake one another on their way.
func TestTheRateIsUsedAndKept(t *testing.T) {
	t.Parallel()
	for name, api := range apis {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const rate = 20
				hosts, batches := backlog(t, purge.Limits{URLs: 1000, Directories: 20, Bytes: 1e6})
				sim := cdnsim.New("id", "key", hosts...)
				sim.Rate = rate
				network := vendor(t, sim)
				var workers []purge.CDN
				for _, p := range replicas(t, rate) {
					client, err := api.open(tencent.Config{Endpoint: "http://127.0.0.1" + api.path, SecretID: "id", SecretKey: "key", Turn: p.turn, Transport: network})
					require.NoError(t, err)
					workers = append(workers, newMetrics(slog.New(slog.DiscardHandler)).cdn(client, p))
				}

				begin := time.Now()
				_, err := workers[0].Submit(t.Context(), batches[0], nil)
				require.NoError(t, err)
				assert.Less(t, time.Since(begin), 50*time.Millisecond, "nothing waits where nothing is ahead")

				work := make(chan purge.Batch)
				var wait sync.WaitGroup
				for _, cdn := range workers {
					wait.Go(func() {
						for b := range work {
							_, err := cdn.Submit(t.Context(), b, nil)
							assert.NoError(t, err)
						}
					})
				}
				for _, b := range batches[1:] {
					work <- b
				}
				close(work)
				wait.Wait()
				elapsed := time.Since(begin)

				used := float64(len(batches)) / (elapsed.Seconds() * rate)
				t.Logf("%d calls in %v: %.1f %% of the rate", len(batches), elapsed, 100*used)
				assert.GreaterOrEqual(t, used, 0.95)
				require.Len(t, sim.Requests(), 600)
				for _, r := range sim.Requests() {
					require.True(t, r.Acted, "%d %s", r.Code, r.Error)
				}
				assert.Equal(t, []int{10000, 100}, []int{sim.Quota()[0].Used, sim.Quota()[1].Used})
			})
		})
	}
}

// Told once that one is too fast, everybody rests, at every replica, also who waits already; and who cannot wait that long is
// told at once.
func TestEverybodyRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		both := replicas(t, 20)
		p, begin := both[0], time.Now()
		require.NoError(t, p.turn(t.Context(), true))
		var wait sync.WaitGroup
		for i := range 10 {
			wait.Go(func() {
				assert.NoError(t, both[i%2].turn(t.Context(), true))
				assert.GreaterOrEqual(t, time.Since(begin), 3*time.Second)
			})
		}
		synctest.Wait() // they have their turns
		hear := func(e *purge.Error) { p.heard(t.Context(), e) }
		hear(&purge.Error{Kind: purge.Exhausted, RetryAfter: 3 * time.Second})
		hear(&purge.Error{Kind: purge.Exhausted, RetryAfter: time.Second}) // does not shorten it
		hear(&purge.Error{Kind: purge.Exhausted})                          // a day's quota is nobody's haste
		hear(&purge.Error{Kind: purge.Unavailable, RetryAfter: time.Hour})
		p.heard(t.Context(), nil)
		for _, p := range both {
			short, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			e := purge.AsError(p.turn(short, true))
			assert.Equal(t, purge.Unavailable, e.Kind)
			assert.Positive(t, e.RetryAfter)
		}
		assert.Less(t, time.Since(begin), time.Second)
		wait.Wait()
		assert.Less(t, time.Since(begin), 4*time.Second+500*time.Millisecond)
	})
}

// A vendor that is hasty with one call slows down both workers, once, and nothing is refused after that.
func TestOneIsToldAllRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hosts, batches := backlog(t, purge.Limits{URLs: 1000, Directories: 20, Bytes: 1e6})
		sim := cdnsim.New("id", "key", hosts...)
		network := vendor(t, sim)
		var wait sync.WaitGroup
		for i, p := range replicas(t, 20) {
			client, err := tencent.NewV3(tencent.Config{Endpoint: "http://127.0.0.1", SecretID: "id", SecretKey: "key", Turn: p.turn, Transport: network})
			require.NoError(t, err)
			cdn := newMetrics(slog.New(slog.DiscardHandler)).cdn(client, p)
			wait.Go(func() {
				for n, b := range batches[i*50 : i*50+50] {
					if i == 0 && n == 20 {
						sim.Fault(cdnsim.Fault{Do: cdnsim.Refusal, Code: 4400, Times: 1})
					}
					_, err := cdn.Submit(t.Context(), b, nil)
					assert.True(t, err == nil || purge.AsError(err).Kind == purge.Exhausted, err)
				}
			})
		}
		wait.Wait()
		requests, refused, rests := sim.Requests(), 0, 0
		for i, r := range requests {
			if !r.Acted {
				refused++
			}
			if i > 0 && r.At.Sub(requests[i-1].At) > 900*time.Millisecond {
				rests++
			}
		}
		assert.Equal(t, []int{1, 1}, []int{refused, rests}, "refused, and rests of a second")
	})
}

// A database that does not answer lets no call leave, and the caller knows that nothing was sent.
func TestWithoutTheDatabaseNoCallLeaves(t *testing.T) {
	t.Parallel()
	p := replicas(t, 20)[0]
	require.NoError(t, p.db.(*store.Store).Close())
	e := purge.AsError(p.turn(t.Context(), true))
	assert.Equal(t, purge.Unavailable, e.Kind)
	assert.Contains(t, e.Message, "nothing is sent")
	p.heard(t.Context(), &purge.Error{Kind: purge.Exhausted, RetryAfter: time.Second}) // and harms nobody
}

// What a client can do beside the port is not lost behind what measures it.
func TestMeteredKeepsWhatAClientCan(t *testing.T) {
	t.Parallel()
	v2, err := tencent.NewV2(tencent.Config{SecretID: "a", SecretKey: "b"})
	require.NoError(t, err)
	v3, err := tencent.NewV3(tencent.Config{SecretID: "a", SecretKey: "b"})
	require.NoError(t, err)
	for _, tc := range []struct {
		cdn   purge.CDN
		lists bool
	}{{v2, true}, {v3, true}, {struct{ purge.CDN }{v3}, false}} {
		cdn := newMetrics(slog.New(slog.DiscardHandler)).cdn(tc.cdn, newPace(1))
		_, lists := cdn.(purge.Domains)
		assert.Equal(t, tc.lists, lists)
	}
}

// A prefetch is counted by its own name.
func TestMeteredNamesPrefetches(t *testing.T) {
	t.Parallel()
	m := newMetrics(slog.New(slog.DiscardHandler))
	v3, err := tencent.NewV3(tencent.Config{SecretID: "a", SecretKey: "b"})
	require.NoError(t, err)
	cdn := m.cdn(v3, newPace(1))
	for _, k := range []purge.Kind{purge.URL, purge.Directory, purge.Prefetch, purge.Prefetch} {
		_, err := cdn.Submit(t.Context(), purge.Batch{Kind: k}, nil) // refused before it leaves
		require.Error(t, err)
	}
	families, err := m.registry.Gather()
	require.NoError(t, err)
	counted := map[string]uint64{}
	for _, f := range families {
		for _, one := range f.Metric {
			for _, l := range one.Label {
				if f.GetName() == "purgebot_call_duration_seconds" && l.GetName() == "call" {
					counted[l.GetValue()] += one.Histogram.GetSampleCount()
				}
			}
		}
	}
	assert.Equal(t, map[string]uint64{"submit": 2, "prefetch": 2}, counted)
}

// What is to be sent goes before what only asks, whoever came first, and what asks is not left waiting for ever.
func TestSendsGoBeforeLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := replicas(t, 20)[0]
		var mu sync.Mutex
		var order []bool
		var wait sync.WaitGroup
		comes := func(sends bool, n int) {
			for range n {
				wait.Go(func() {
					assert.NoError(t, p.turn(t.Context(), sends))
					mu.Lock()
					defer mu.Unlock()
					order = append(order, sends)
				})
				synctest.Wait()
			}
		}
		comes(false, 5) // the first goes at once, the second is at the head
		comes(true, 25)
		wait.Wait()
		looks := []int{}
		for i, sends := range order {
			if !sends {
				looks = append(looks, i)
			}
		}
		assert.Equal(t, []int{0, 1, 11, 21, 29}, looks)
	})
}

// A process that dies while a hundred calls wait leaves no more than the turn of the one that was next: whoever comes after it sends at once.
func TestTheTurnsOfTheDeadAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		both := replicas(t, 20)
		dying, kill := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		for range 100 {
			wait.Go(func() { _ = both[0].turn(dying, true) })
		}
		synctest.Wait()
		kill()
		wait.Wait()
		begin := time.Now()
		require.NoError(t, both[1].turn(t.Context(), true))
		assert.LessOrEqual(t, time.Since(begin), 2*both[1].every)
	})
}

// Who waits in vain is told so at once, and when to come again.
func TestAQueueThatIsTooLongIsNotJoined(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := replicas(t, 20)[0]
		var wait sync.WaitGroup
		defer wait.Wait()
		for range 100 {
			wait.Go(func() { assert.NoError(t, p.turn(t.Context(), true)) })
		}
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		e := purge.AsError(p.turn(short, true))
		assert.Equal(t, purge.Unavailable, e.Kind)
		assert.Greater(t, e.RetryAfter, 4*time.Second)
		assert.Zero(t, time.Since(begin))
	})
}
