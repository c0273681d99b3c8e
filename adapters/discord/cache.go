package discord

import (
	"sync"
	"time"
)

const (
	forever    = time.Duration(1<<63 - 1)
	remembered = 10_000 // maximum number of entries in one cache
)

// cache keeps received and looked-up values, for callers with different limits on age.
type cache[V any] struct {
	now  func() time.Time
	mu   sync.Mutex
	kept map[string]known[V]
}

type known[V any] struct {
	value V
	at    time.Time // the value is not older than this
}

func newCache[V any](now func() time.Time) *cache[V] {
	return &cache[V]{now: now, kept: map[string]known[V]{}}
}

// put records the value at a time, unless a newer one is known. A full cache forgets an arbitrary entry.
func (c *cache[V]) put(key string, v V, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, found := c.kept[key]
	if found && old.at.After(at) {
		return
	}
	if !found && len(c.kept) >= remembered {
		for other := range c.kept {
			delete(c.kept, other)
			break
		}
	}
	c.kept[key] = known[V]{v, at}
}

// get returns a value younger than maxAge.
func (c *cache[V]) get(key string, maxAge time.Duration) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, found := c.kept[key]
	age := c.now().Sub(k.at)
	if !found || age < 0 || age >= maxAge {
		var none V
		return none, false
	}
	return k.value, true
}

// clear removes all values.
func (c *cache[V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.kept)
}

// first marks a key, and reports whether it was unmarked for the given time.
func first(c *cache[bool], key string, within time.Duration) bool {
	if _, lately := c.get(key, within); lately {
		return false
	}
	c.put(key, true, c.now())
	return true
}
