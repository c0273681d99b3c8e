package runner

import (
	"maps"
	"sync"

	"purgebot/bot/store"
)

// endings counts how purges ended in this process.
type endings struct {
	mu sync.Mutex
	by map[store.State]int64
}

func (o *endings) count(st store.State) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by == nil {
		o.by = map[store.State]int64{}
	}
	o.by[st]++
}

// all returns the counts of now.
func (o *endings) All() map[store.State]int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.by)
}
