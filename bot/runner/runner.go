// Package runner runs purges: each is one workflow of the durable engine, from the question to the last look. It sends no call whose
// intent is not committed, and never calls failed a purge that may have happened.
package runner

import (
	"sync"
	"time"

	"purgebot/bot/account"
	"purgebot/bot/books"
	"purgebot/bot/poster"
	"purgebot/bot/rules"
)

// Runner runs purges: each is a workflow of the durable engine, whose steps ask, submit, look and settle.
type Runner struct {
	*books.Books
	rules  *rules.Rules
	waits  *books.Waits
	vendor *account.Account
	poster *poster.Poster
	Engine *engine

	Executor string        // unique per process sharing the database, stable across restarts
	Keep     time.Duration // the retention time of purges and audit

	Endings endings // the final states of purges since the start
	mu      sync.Mutex
	broken  int // the purges that the engine itself has ended since the start
}

// New returns a runner with its own engine on the store's database. It fails if the engine cannot be opened.
func New(b *books.Books, r *rules.Rules, w *books.Waits, v *account.Account, p *poster.Poster, executor string, keep time.Duration) (*Runner, error) {
	run := &Runner{Books: b, rules: r, waits: w, vendor: v, poster: p, Executor: executor, Keep: keep}
	e, err := NewEngine(b.Store.DB(), executor, b.Log, run.Purge)
	run.Engine = e
	return run, err
}

// Lost returns how many purges the engine itself has ended since the start.
func (b *Runner) Lost() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.broken
}
