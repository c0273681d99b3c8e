package slack

import (
	"context"
	"fmt"
	"sync"
	"time"

	"purgebot/purge"
)

const (
	lookUpWithin = 1500 * time.Millisecond // an event waits for one round of look-ups, within its 2.5 s
	remembered   = 10_000                  // entries of one cache
)

// cache remembers what was looked up, for callers who each say how old an answer may be. Callers at the same time share one
// look-up, which goes on if one of them leaves. A failure is shared, but not remembered, and ends nothing: the last good
// answer stays good for callers to whom it is not too old.
type cache[V any] struct {
	now  func() time.Time
	mu   sync.Mutex
	kept map[string]*answer[V]
}

type answer[V any] struct {
	asked time.Time     // when it was asked for: what it says is not older
	ready chan struct{} // closed when value or err is set
	value V
	err   error
	last  *answer[V] // the good one before, if this one failed or is not ready
}

func newCache[V any](now func() time.Time) *cache[V] {
	return &cache[V]{now: now, kept: map[string]*answer[V]{}}
}

// ask returns at once, with an answer to wait for.
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
	go a.fill(load)
	return a
}

func (a *answer[V]) fill(load func(context.Context) (V, error)) {
	ctx, cancel := context.WithTimeout(context.Background(), lookUpWithin)
	defer cancel()
	defer close(a.ready)
	defer func() {
		if p := recover(); p != nil {
			a.err = &purge.Error{Kind: purge.Internal, Message: errSilent.Message, Err: fmt.Errorf("panic: %T", p)}
		}
	}()
	a.value, a.err = load(ctx)
}

// makeRoom forgets one entry, whichever comes first, when there are too many.
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

// peek returns what is known, however old, and asks nobody.
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

// fresh reports whether an answer is not too old. A clock that was set back makes it so, but for those to whom none is.
func (a *answer[V]) fresh(now time.Time, maxAge time.Duration) bool {
	age := now.Sub(a.asked)
	return maxAge == forever || age >= 0 && age < maxAge
}

// good returns the newest answer that did not fail, or nil.
func (a *answer[V]) good() *answer[V] {
	if a == nil || !a.pending() && a.err == nil {
		return a
	}
	return a.last
}

// alone returns a copy that remembers nothing before it, so that no chain of old answers is kept.
func (a *answer[V]) alone() *answer[V] {
	if a == nil {
		return nil
	}
	return &answer[V]{asked: a.asked, ready: a.ready, value: a.value}
}

func (a *answer[V]) wait(ctx context.Context) (V, error) {
	select {
	case <-a.ready:
		return a.value, a.err
	case <-ctx.Done():
		var none V
		return none, errSilent
	}
}

// waitOr is wait, but takes an older answer where there is no new one.
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
