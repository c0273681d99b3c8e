package bot

import (
	"context"
	"sync"

	"purgebot/acl"
)

// fates settles, for jobs that are not recorded yet, which comes first: the workflow that takes the job up,
// or the handler that tells the person "not taken" because it cannot wait any longer. Only one of the two may win.
// It also lets in one command of a person at a time, until its rows are there: what a person may still ask for is
// counted from rows.
type fates struct {
	mu    sync.Mutex
	of    map[string]pendingJob
	turns map[acl.Subject]*turn
}

type pendingJob struct {
	fate fate
	who  acl.Subject
}

type fate int

const (
	committing fate = iota + 1
	taken
	given // up
)

// turn is one person's; holds counts the handler and the job that it has begun.
type turn struct {
	slot  chan struct{} // full while taken
	holds int
	users int
}

// settled waits until no other command of this person is on its way to its rows, and takes the turn. leave gives it back.
func (f *fates) settled(ctx context.Context, who acl.Subject) error {
	f.mu.Lock()
	if f.turns == nil {
		f.turns, f.of = map[acl.Subject]*turn{}, map[string]pendingJob{}
	}
	t := f.turns[who]
	if t == nil {
		t = &turn{slot: make(chan struct{}, 1)}
		f.turns[who] = t
	}
	t.users++
	f.mu.Unlock()
	select {
	case t.slot <- struct{}{}:
		f.mu.Lock()
		t.holds = 1
		f.mu.Unlock()
		return nil
	case <-ctx.Done():
		f.mu.Lock()
		defer f.mu.Unlock()
		f.forget(who, t)
		return ctx.Err()
	}
}

// leave is the end of a handler's part in a turn.
func (f *fates) leave(who acl.Subject) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.release(who)
}

func (f *fates) release(who acl.Subject) {
	t := f.turns[who]
	if t == nil {
		return
	}
	if t.holds--; t.holds == 0 {
		<-t.slot
		f.forget(who, t)
	}
}

func (f *fates) forget(who acl.Subject, t *turn) {
	if t.users--; t.users == 0 {
		delete(f.turns, who)
	}
}

// begin reports whether the job is new here. It keeps the person's turn until the job is recorded or given up.
func (f *fates) begin(id string, who acl.Subject) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of[id].fate != 0 {
		return false
	}
	f.of[id] = pendingJob{committing, who}
	f.turns[who].holds++
	return true
}

// end forgets a job that is recorded, or whose commit failed.
func (f *fates) end(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if j, found := f.of[id]; found {
		delete(f.of, id)
		f.release(j.who)
	}
}

// take reports whether the workflow may go on with the job.
func (f *fates) take(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := f.of[id]
	if j.fate == committing {
		j.fate = taken
		f.of[id] = j
	}
	return j.fate != given
}

// drop reports whether the job is given up: not if the workflow has taken it. What is dropped is remembered, being rare.
func (f *fates) drop(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := f.of[id]
	if j.fate != committing { // taken, and perhaps recorded already
		return false
	}
	f.release(j.who)
	j.fate = given
	f.of[id] = j
	return true
}

func (f *fates) dropped(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of[id].fate == given
}
