package bot

import (
	"sync"
	"time"

	"purgebot/bot/books"
	"purgebot/bot/poster"
	"purgebot/bot/rules"
	"purgebot/bot/vendor"
)

// runner runs purges: each is a workflow of the durable engine, whose steps send, look and settle.
type runner struct {
	*books.Books
	rules  *rules.Rules
	waits  *books.Waits
	vendor *vendor.Vendor
	poster *poster.Poster
	engine *engine

	Executor string        // unique per process sharing the database, stable across restarts
	Keep     time.Duration // how long purges and audit are kept

	endings endings // how purges ended since the start
	mu      sync.Mutex
	broken  int // purges that the engine itself ended since the start
}

func newRunner(b *books.Books, r *rules.Rules, w *books.Waits, v *vendor.Vendor, p *poster.Poster, executor string, keep time.Duration) (*runner, error) {
	run := &runner{Books: b, rules: r, waits: w, vendor: v, poster: p, Executor: executor, Keep: keep}
	e, err := newEngine(b.Store.DB(), executor, b.Log, run.purge)
	run.engine = e
	return run, err
}

// Lost returns how many purges the engine itself has ended since the start.
func (b *runner) Lost() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.broken
}
