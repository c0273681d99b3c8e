package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
)

// A commit costs a wait for the disk, however much it holds. So there is one writer, which takes all that waits for it into one
// transaction and answers each caller after its commit. It begins with the first that comes and ends when none waits any more: where
// little is to be done each has a commit of its own and waits for nobody, and in a storm the commits are as many as the disk can
// make, not as many as the callers are.
//
// One that fails takes nobody with it: then nothing of the group is committed, and each half of it is tried by itself, in the same order.

// groupSize bounds a group, since readers and the durable engine wait for the connection meanwhile.
const groupSize = 64

// writer holds the jobs that wait for the connection.
type writer struct {
	mu      sync.Mutex
	waiting []*job
	leading bool // a goroutine carries them out
}

// job is one caller's part of a transaction.
type job struct {
	ctx   context.Context
	do    func(tx) error // repeatable, since a group that fails is tried again in parts
	stage atomic.Int32
	done  chan error // holds the one answer, whether it is waited for or not
}

// The stages of a job. A caller gives up only what is not being committed, so that it knows that nothing of that was taken.
const (
	jobOpen int32 = iota
	jobCommitting
	jobGivenUp
)

func newJob(ctx context.Context, do func(tx) error) *job {
	return &job{ctx: ctx, do: do, done: make(chan error, 1)}
}

// giveUp reports whether the job will surely not be committed from now on.
func (j *job) giveUp() bool { return j.stage.CompareAndSwap(jobOpen, jobGivenUp) }

// claim reports whether the job may be committed: its caller waits, and can give up no more.
func (j *job) claim() bool {
	return j.ctx.Err() == nil && j.stage.CompareAndSwap(jobOpen, jobCommitting)
}

// leave has the caller able to give up again.
func (j *job) leave() { j.stage.CompareAndSwap(jobCommitting, jobOpen) }

// submit has a job carried out, with those that wait at that time.
func (s *Store) submit(j *job) {
	w := &s.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, j)
	if !w.leading {
		w.leading = true
		go s.lead()
	}
}

// drop takes out a job whose caller has given up.
func (w *writer) drop(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = slices.DeleteFunc(w.waiting, func(other *job) bool { return other == j })
}

// next takes the jobs of the next group.
func (w *writer) next() []*job {
	w.mu.Lock()
	defer w.mu.Unlock()
	some := w.waiting[:min(len(w.waiting), groupSize)]
	w.waiting = w.waiting[len(some):]
	return some
}

// idle ends the lead where nothing waits.
func (w *writer) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		w.waiting, w.leading = nil, false
	}
	return !w.leading
}

// lead carries out what waits, until nothing does.
func (s *Store) lead() {
	for !s.writer.idle() {
		s.carryOut(s.writer.next)
	}
}

// carryOut carries jobs out by one commit, or in halves where that fails. They are chosen only once the connection is free, so that
// all who waited for it are among them.
func (s *Store) carryOut(choose func() []*job) {
	var jobs []*job
	failed, err := s.together(func() []*job {
		jobs = slices.DeleteFunc(choose(), (*job).gone)
		return jobs
	})
	if failed && len(jobs) > 1 {
		middle := len(jobs) / 2
		s.carryOut(func() []*job { return jobs[:middle] })
		s.carryOut(func() []*job { return jobs[middle:] })
		return
	}
	for _, j := range jobs {
		j.done <- err
	}
}

// gone answers a job whose caller waits no longer.
func (j *job) gone() bool {
	err := j.ctx.Err()
	if err != nil {
		j.done <- err
	}
	return err != nil
}

// together runs jobs in one transaction and commits it. It reports whether one of the jobs failed, or was given up: not whether the
// database did, which is the same for all of them.
func (s *Store) together(choose func() []*job) (failed bool, err error) {
	// The connection, on the file that is still the one that was opened.
	conn, err := s.db.Conn(context.Background())
	jobs := choose()
	if err != nil {
		return false, err
	}
	defer func() {
		discardIfDirty(conn, err)
		_ = conn.Close()
	}()
	if len(jobs) == 0 {
		return false, nil
	}
	if s.file != nil { // one that is only read says so by itself
		if err := s.file.there(); err != nil {
			return false, err
		}
	}
	// The statements, which are not interruptible: one that is interrupted costs a goroutine and leaves more to explain than it saves.
	t, err := conn.BeginTx(context.Background(), nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = t.Rollback() }() // does nothing once committed
	for _, j := range jobs {
		if err := j.run(t); err != nil {
			return true, err
		}
	}
	// The commit, of those alone whose callers still wait.
	return commit(t, jobs)
}

// run runs the statements of a job, on a goroutine of its own: neither a panic there nor an end of that is anybody else's.
func (j *job) run(t *sql.Tx) error {
	ended := make(chan error, 1)
	go func() {
		err := errors.New("it ended before its transaction did")
		defer func() {
			if p := recover(); p != nil { // the caller cannot recover what happens here
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
			ended <- err
		}()
		err = j.statements(t)
	}()
	return <-ended
}

// statements are those of the caller, and the audit rows of what they made true.
func (j *job) statements(t *sql.Tx) error {
	its := begin(t)
	if err := j.do(its); err != nil {
		return err
	}
	return its.noteRest()
}

// commit commits jobs unless one of them was given up: its statements are among the others'.
func commit(t *sql.Tx, jobs []*job) (failed bool, err error) {
	for i, j := range jobs {
		if j.claim() {
			continue
		}
		for _, claimed := range jobs[:i] {
			claimed.leave()
		}
		return true, j.ctx.Err()
	}
	err = t.Commit()
	if code(err) == codeIOErr {
		return false, unsure("commit", err) // the frames may be on the disk although fsync failed
	}
	if err != nil {
		for _, j := range jobs {
			j.leave()
		}
	}
	return err != nil, err
}
