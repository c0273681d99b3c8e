package slack

import (
	"context"
	"fmt"
	"sync"
	"time"

	"purgebot/purge"
)

const (
	lookUpWithin = 1500 * time.Millisecond // time for one round of look-ups during an event, within its 2.5 s
	remembered   = 10_000                  // maximum number of entries in one cache
)

// cache keeps answers for callers with different limits on age. Simultaneous callers share one look-up, which
// continues if one of them leaves. A failure is shared, but not kept: the last good answer remains valid for
// callers who accept its age.
type cache[V any] struct {
	now    func() time.Time
	within time.Duration // of one look-up
	mu     sync.Mutex
	kept   map[string]*answer[V]
}

type answer[V any] struct {
	asked time.Time     // time of the question; the answer is not older
	ready chan struct{} // closed when value or err is set
	value V
	err   error
	last  *answer[V] // the previous good answer, if this one failed or is pending
}

func newCache[V any](now func() time.Time, patience time.Duration) *cache[V] {
	return &cache[V]{now: now, within: lookUpWithin + patience, kept: map[string]*answer[V]{}}
}

// ask returns immediately, with an answer to wait for.
func (c *cache[V]) ask(key string, maxAge time.Duration, load func(context.Context) (V, error)) *answer[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	old := c.kept[key]
	if good := old.good(); good != nil && good.fresh(now, maxAge) {
		return good
	}
	if old != nil && old.pending() {
		return old
	}
	a := &answer[V]{asked: now, ready: make(chan struct{}), last: old.good().alone()}
	if old == nil {
		c.makeRoom()
	}
	c.kept[key] = a
	go a.fill(load, c.within)
	return a
}

func (a *answer[V]) fill(load func(context.Context) (V, error), within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	defer close(a.ready)
	defer func() {
		if p := recover(); p != nil {
			a.err = &purge.Error{Kind: purge.Internal, Message: errSilent.Message, Err: fmt.Errorf("panic: %T", p)}
		}
	}()
	a.value, a.err = load(ctx)
}

// makeRoom forgets one arbitrary entry if the cache is full.
func (c *cache[V]) makeRoom() {
	if len(c.kept) < remembered {
		return
	}
	for key, a := range c.kept {
		if !a.pending() {
			delete(c.kept, key)
			return
		}
	}
}

// peek returns a kept answer of any age, without a look-up.
func (c *cache[V]) peek(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.kept[key].good(); a != nil {
		return a.value, true
	}
	var none V
	return none, false
}

func (a *answer[V]) pending() bool {
	select {
	case <-a.ready:
		return false
	default:
		return true
	}
}

// fresh reports whether the answer is young enough. After the clock was set back it is not, except for callers
// who accept any age.
func (a *answer[V]) fresh(now time.Time, maxAge time.Duration) bool {
	age := now.Sub(a.asked)
	return maxAge == forever || age >= 0 && age < maxAge
}

// good returns the newest answer without an error, or nil.
func (a *answer[V]) good() *answer[V] {
	if a == nil || !a.pending() && a.err == nil {
		return a
	}
	return a.last
}

// alone returns a copy without predecessors, so that old answers form no chain.
func (a *answer[V]) alone() *answer[V] {
	if a == nil {
		return nil
	}
	return &answer[V]{asked: a.asked, ready: a.ready, value: a.value}
}

// wait returns the answer when it is ready, or an error at the end of ctx.
func (a *answer[V]) wait(ctx context.Context) (V, error) {
	select {
	case <-a.ready:
		return a.value, a.err
	case <-ctx.Done():
		var none V
		return none, errSilent
	}
}

// waitOr is wait with a fallback to an older answer.
func (a *answer[V]) waitOr(ctx context.Context, now time.Time, maxAge time.Duration) (V, error) {
	v, err := a.wait(ctx)
	if err != nil && a.last != nil && a.last.fresh(now, maxAge) {
		return a.last.value, nil
	}
	return v, err
}

// marks is a bounded set of strings.
type marks struct {
	mu  sync.Mutex
	set map[string]bool
}

func newMarks() *marks { return &marks{set: map[string]bool{}} }

// mark adds a key to the set, or removes it.
func (m *marks) mark(key string, on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !on {
		delete(m.set, key)
		return
	}
	if len(m.set) < remembered {
		m.set[key] = true
	}
}

func (m *marks) has(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.set[key]
}
