package discord

import (
	"sync"
	"time"
)

const (
	forever    = time.Duration(1<<63 - 1)
	remembered = 10_000 // entries of one cache
)

// cache remembers what was told or looked up, for callers who each say how old it may be.
type cache[V any] struct {
	now  func() time.Time
	mu   sync.Mutex
	kept map[string]known[V]
}

type known[V any] struct {
	value V
	at    time.Time // what value says is not older
}

func newCache[V any](now func() time.Time) *cache[V] {
	return &cache[V]{now: now, kept: map[string]known[V]{}}
}

// put remembers what was true at a time. What is newer stays; if there is no room, whatever comes first is forgotten.
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

// get returns what is younger than maxAge.
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

// clear forgets all.
func (c *cache[V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.kept)
}

// first reports whether a key was not marked within the time, and marks it.
func first(c *cache[bool], key string, within time.Duration) bool {
	if _, lately := c.get(key, within); lately {
		return false
	}
	c.put(key, true, c.now())
	return true
}
