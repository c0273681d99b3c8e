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

// A commit costs a wait for the disk, whatever its size. One writer therefore puts all waiting jobs into one transaction
// and answers each caller after the commit. The writer starts with the first job and stops when none is waiting. With
// little work, each job has a commit of its own and no wait. In a burst, the disk limits the number of commits, not the
// number of callers.
//
// A failing job does not harm other jobs: nothing of its group is committed, and each half of the group is tried by
// itself, in the same order.

// groupSize limits a group, since readers and the durable engine wait for the connection meanwhile.
const groupSize = 64

// writer holds the jobs that wait for the connection.
type writer struct {
	mu      sync.Mutex
	waiting []*job
	leading bool // true while a goroutine works on the jobs
}

// job is one caller's part of a transaction.
type job struct {
	ctx   context.Context
	do    func(tx) error // repeatable, since a failed group is tried again in parts
	stage atomic.Int32
	done  chan error // buffered, so that the answer needs no receiver
}

// The stages of a job. A caller can give up a job only before its commit begins, and then knows that nothing of the job
// was stored.
const (
	jobOpen int32 = iota
	jobCommitting
	jobGivenUp
)

func newJob(ctx context.Context, do func(tx) error) *job {
	return &job{ctx: ctx, do: do, done: make(chan error, 1)}
}

// giveUp gives up the job, and reports whether the job is certain not to be committed.
func (j *job) giveUp() bool { return j.stage.CompareAndSwap(jobOpen, jobGivenUp) }

// claim reserves the job for a commit. From then on its caller cannot give up.
func (j *job) claim() bool {
	return j.ctx.Err() == nil && j.stage.CompareAndSwap(jobOpen, jobCommitting)
}

// leave ends the reservation, so that the caller can give up again.
func (j *job) leave() { j.stage.CompareAndSwap(jobCommitting, jobOpen) }

// submit queues a job, to be carried out with the other waiting jobs.
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

// drop removes a job after its caller has given up.
func (w *writer) drop(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = slices.DeleteFunc(w.waiting, func(other *job) bool { return other == j })
}

// next takes the jobs of the next group from the queue.
func (w *writer) next() []*job {
	w.mu.Lock()
	defer w.mu.Unlock()
	some := w.waiting[:min(len(w.waiting), groupSize)]
	w.waiting = w.waiting[len(some):]
	return some
}

// idle stops the writer if no job is waiting.
func (w *writer) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		w.waiting, w.leading = nil, false
	}
	return !w.leading
}

// lead carries out groups until no job is waiting.
func (s *Store) lead() {
	for !s.writer.idle() {
		s.carryOut(s.writer.next)
	}
}

// carryOut carries out jobs with one commit, or in halves after a failure. The function choose picks the jobs when the
// connection is free, so that all jobs that waited for it are included.
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

// gone answers a job whose context has ended.
func (j *job) gone() bool {
	err := j.ctx.Err()
	if err != nil {
		j.done <- err
	}
	return err != nil
}

// together runs jobs in one transaction and commits it. The result failed is true if a job failed or was given up. A
// failure of the database is an error instead, the same for all jobs.
func (s *Store) together(choose func() []*job) (failed bool, err error) {
	// The first step takes the connection and checks that the path still names the opened file.
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
	if s.file != nil { // a read-only database reports a write itself
		if err := s.file.there(); err != nil {
			return false, err
		}
	}
	// The second step runs the statements. They are not interrupted, since an interrupted statement costs a goroutine
	// and leaves an unclear state.
	t, err := conn.BeginTx(context.Background(), nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = t.Rollback() }() // no effect after the commit
	for _, j := range jobs {
		if err := j.run(t); err != nil {
			return true, err
		}
	}
	// The last step commits, unless a caller has given up.
	return commit(t, jobs)
}

// run runs the statements of a job in its own goroutine, so that a panic or a Goexit in one job does not affect others.
func (j *job) run(t *sql.Tx) error {
	ended := make(chan error, 1)
	go func() {
		err := errors.New("it ended before its transaction did")
		defer func() {
			if p := recover(); p != nil { // the caller cannot recover a panic of this goroutine
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
			ended <- err
		}()
		err = j.statements(t)
	}()
	return <-ended
}

// statements runs the caller's statements and writes the audit rows for changes not yet bound.
func (j *job) statements(t *sql.Tx) error {
	its := begin(t)
	if err := j.do(its); err != nil {
		return err
	}
	return its.noteRest()
}

// commit commits jobs, unless one of them was given up: its statements are in the same transaction.
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
		return false, unsure("commit", err) // the data may be on the disk although fsync failed
	}
	if err != nil {
		for _, j := range jobs {
			j.leave()
		}
	}
	return err != nil, err
}
