package books

import (
	"errors"
	"sync"
	"time"
)

// callGate lets calls in until the bot stops, and then waits for those inside: the engine closes the database under them.
type callGate struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

var ErrStopping = errors.New("purgebot is stopping; the step runs again at the next start")

func (g *callGate) Enter() (leave func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, ErrStopping
	}
	g.inside.Add(1)
	return g.inside.Done, nil
}

// stopping reports whether nothing more is to begin.
func (g *callGate) Stopping() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

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
