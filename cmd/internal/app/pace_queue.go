package app

import (
	"context"
	"slices"
	"sync"
	"time"
)

// queue holds the calls of this process that wait for a turn. One call at a time takes turns from the database, and the
// next call follows only when that turn has come. A process that dies therefore leaves one unused turn behind, not one
// for each waiting call. Sends go before looks, except for one look in every lookEvery calls, so that hours of sending
// do not leave people without news.
type queue struct {
	mu           sync.Mutex
	taken        bool // true while a call is at the head
	sends, looks []chan struct{}
	inRow        int // sends in a row while a look waits
}

// lookEvery is the length of a cycle that contains one look, while both sends and looks wait.
const lookEvery = 10

// ahead counts the calls that would leave before a new one.
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

// enter waits until the caller is at the head of the queue. leave frees the head.
func (q *queue) enter(ctx context.Context, sends bool) error {
	// An empty queue needs no wait.
	q.mu.Lock()
	if !q.taken {
		q.taken = true
		q.mu.Unlock()
		return nil
	}
	// A waiting call gets a place in the line of its kind.
	line := &q.looks
	if sends {
		line = &q.sends
	}
	called := make(chan struct{})
	*line = append(*line, called)
	q.mu.Unlock()
	// The wait ends with the call to the head, or with ctx.
	select {
	case <-called:
		return nil
	case <-ctx.Done():
	}
	// A call that gives up leaves its line, or passes the head on.
	q.mu.Lock()
	i := slices.Index(*line, called)
	if i >= 0 {
		*line = slices.Delete(*line, i, i+1)
	}
	q.mu.Unlock()
	if i < 0 { // the head was handed over while ctx ended
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

// span returns the duration of a number of turns.
func (p *pace) span(turns int) time.Duration { return time.Duration(turns) * p.every }
