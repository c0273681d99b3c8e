package runner

import (
	"maps"
	"sync"

	"purgebot/bot/store"
)

// endings counts the final states of the purges that ended in this process.
type endings struct {
	mu sync.Mutex
	by map[store.State]int64
}

// count adds one end.
func (o *endings) count(st store.State) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by == nil {
		o.by = map[store.State]int64{}
	}
	o.by[st]++
}

// All returns a copy of the counts.
func (o *endings) All() map[store.State]int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.by)
}
