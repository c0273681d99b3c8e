package books

import (
	"errors"
	"sync"
	"time"
)

// callGate admits calls until the bot stops, and then waits for those inside: the engine closes the database under them.
type callGate struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

// ErrStopping is the error of a step that the stop of the bot has cut short.
var ErrStopping = errors.New("purgebot is stopping; the step runs again at the next start")

// Enter admits a call and returns the function that ends it, or ErrStopping once the gate is closed.
func (g *callGate) Enter() (leave func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, ErrStopping
	}
	g.inside.Add(1)
	return g.inside.Done, nil
}

// Stopping reports whether the gate is closed.
func (g *callGate) Stopping() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// Close closes the gate, and waits for the calls inside no longer than patience.
func (g *callGate) Close(patience time.Duration) {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	empty := make(chan struct{})
	go func() { g.inside.Wait(); close(empty) }()
	select {
	case <-empty:
	case <-time.After(patience):
	}
}
