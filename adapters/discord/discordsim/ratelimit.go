package discordsim

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"net/http"
	"strconv"
	"time"
)

// limit is how many calls a bucket holds, and for how long.
type limit struct {
	n   int
	per time.Duration
}

// roomy is the limit of a route that was given none.
var roomy = limit{100, time.Second}

// bucket counts the calls since it was last emptied.
type bucket struct {
	used  int
	reset time.Time
}

// Limit gives a route its own bucket for each channel, guild or webhook: n calls in the time said, by Now. Without it a bucket
// holds 100 calls a second.
func (s *Sim) Limit(route string, n int, per time.Duration) {
	defer s.lock()()
	s.limits[route] = limit{n, per}
}

func (s *Sim) limit(r *request) limit {
	if l, given := s.limits[r.route.name]; given {
		return l
	}
	return roomy
}

// take uses one call of the bucket, or says how long to wait for the next.
func (b *bucket) take(now time.Time, l limit) (wait time.Duration) {
	if !now.Before(b.reset) {
		b.used, b.reset = 0, now.Add(l.per)
	}
	if b.used >= l.n {
		return b.reset.Sub(now)
	}
	b.used++
	return 0
}

// overGlobal: https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
func (s *Sim) overGlobal(r *route) time.Duration {
	if r.hook {
		return 0
	}
	return s.global.take(s.Now(), limit{s.PerSecond, time.Second})
}

// overBucket: a route has a bucket for each top-level resource.
func (s *Sim) overBucket(r *request) time.Duration {
	return s.bucket(r).take(s.Now(), s.limit(r))
}

func (s *Sim) bucket(r *request) *bucket {
	key := r.route.name + " " + r.arg("channel") + r.arg("guild") + r.arg("token")
	if s.buckets[key] == nil {
		s.buckets[key] = &bucket{}
	}
	return s.buckets[key]
}

// bucketHeader: https://docs.discord.com/developers/topics/rate-limits#header-format
func (s *Sim) bucketHeader(r *request, h http.Header) {
	b, l := s.bucket(r), s.limit(r)
	setBucket(h, r, l.n, l.n-b.used, b.reset, b.reset.Sub(s.Now()))
}

func (s *Sim) exhaustedHeader(r *request, h http.Header, scope Scope, after time.Duration) {
	remaining := 0
	if scope == Shared {
		remaining = s.limit(r).n - 1
	}
	setBucket(h, r, s.limit(r).n, remaining, s.Now().Add(after), after)
}

func setBucket(h http.Header, r *request, n, remaining int, reset time.Time, after time.Duration) {
	sum := sha256.Sum256([]byte(r.route.name))
	h.Set("X-RateLimit-Limit", strconv.Itoa(n))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(remaining, 0)))
	h.Set("X-RateLimit-Reset", strconv.FormatFloat(float64(reset.UnixMilli())/1000, 'f', 3, 64))
	h.Set("X-RateLimit-Reset-After", strconv.FormatFloat(after.Seconds(), 'f', 3, 64))
	h.Set("X-RateLimit-Bucket", hex.EncodeToString(sum[:8]))
}

// seconds are whole ones, rounded up, as Retry-After has them.
func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }
