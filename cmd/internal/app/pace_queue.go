package app

import (
	"context"
	"slices"
	"sync"
	"time"
)

// queue is who waits for a turn in this process. One at a time takes turns from the database, and takes the next only when that has
// come: so a process that dies leaves one turn behind that nobody uses, not those of all who waited. Sends come before
// questions, but for one in lookEvery, so that sending for hours does not leave people without news.
type queue struct {
	mu           sync.Mutex
	taken        bool // somebody is at its head
	sends, looks []chan struct{}
	inRow        int // sends that went before a look that waits
}

// lookEvery is how many go in a row where sends and looks wait.
const lookEvery = 10

// ahead is how many would go before one who comes now.
func (q *queue) ahead(sends bool) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case !q.taken:
		return 0
	case sends:
		return 1 + len(q.sends)
	}
	return 1 + len(q.sends) + len(q.looks)
}

// enter waits until one is at the head; leave lets the next go there.
func (q *queue) enter(ctx context.Context, sends bool) error {
	q.mu.Lock()
	if !q.taken {
		q.taken = true
		q.mu.Unlock()
		return nil
	}
	line := &q.looks
	if sends {
		line = &q.sends
	}
	called := make(chan struct{})
	*line = append(*line, called)
	q.mu.Unlock()
	select {
	case <-called:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	i := slices.Index(*line, called)
	if i >= 0 {
		*line = slices.Delete(*line, i, i+1)
	}
	q.mu.Unlock()
	if i < 0 { // called just then
		q.leave()
	}
	return ctx.Err()
}

func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := &q.sends
	if len(q.looks) > 0 && (len(q.sends) == 0 || q.inRow >= lookEvery-1) {
		line = &q.looks
	}
	if len(*line) == 0 {
		q.taken = false
		return
	}
	q.inRow++
	if line == &q.looks || len(q.looks) == 0 {
		q.inRow = 0
	}
	close((*line)[0])
	*line = slices.Delete(*line, 0, 1)
}

// span is how long so many turns take.
func (p *pace) span(turns int) time.Duration { return time.Duration(turns) * p.every }
