package cdnsim

import (
	"slices"
	"strconv"
	"time"
)

// kept is how long the vendor remembers a purge: https://cloud.tencent.com/document/product/214/3948
const kept = 30 * 24 * time.Hour

// task is one accepted submission.
type task struct {
	id            string
	row           int    // number of its first row in a log
	areas         []Area // one, but for a prefetch of both, or a purge of API 3.0 that names none
	kind          Kind
	delete        bool
	targets       []target
	accepted, due time.Time
}

// target keeps what was sent, for the log, and the cache key it stands for.
type target struct {
	host, raw, key string
	fails          bool
}

// progress is what became of a task.
type progress int

const (
	running progress = iota
	done
	failed
)

// progress is how far one target of the task is.
func (t *task) progress(of target, now time.Time) progress {
	switch {
	case now.Before(t.due):
		return running
	case of.fails:
		return failed
	}
	return done
}

// within compares whole seconds, as the logs write them.
func (t *task) within(start, end time.Time) bool {
	at := t.accepted.Truncate(time.Second)
	return !at.Before(start) && !at.After(end)
}

// tasks holds what was accepted, oldest first, and what of it is not yet carried out, by due time.
type tasks struct {
	all, pending []*task
	lastID       int64
	rows         int
}

// add numbers the task. Its id looks like the vendor's: 19 digits, more than a float64 holds.
func (ts *tasks) add(t *task, now time.Time) {
	ts.lastID = max(ts.lastID+1, now.UnixNano())
	t.id = strconv.FormatInt(ts.lastID, 10)
	t.row = ts.rows + 1
	ts.rows += len(t.targets)
	ts.all = append(slices.DeleteFunc(ts.all, func(old *task) bool { return old.gone(now) }), t)
	ts.pending = append(ts.pending, t)
	slices.SortStableFunc(ts.pending, func(a, b *task) int { return a.due.Compare(b.due) })
}

func (t *task) gone(now time.Time) bool { return now.Sub(t.accepted) > kept }

// settle carries out what is due by now, in the order in which it fell due.
func (ts *tasks) settle(now time.Time, c *cache) {
	for len(ts.pending) > 0 && !ts.pending[0].due.After(now) {
		c.carryOut(ts.pending[0])
		ts.pending = ts.pending[1:]
	}
}

func (ts *tasks) due() time.Time {
	if len(ts.pending) == 0 {
		return time.Time{}
	}
	return ts.pending[0].due
}

// byID finds a URL task of the mainland; no other was told its id.
func (ts *tasks) byID(id string, now time.Time) *task {
	for _, t := range ts.all {
		if t.id == id && t.areas[0] == Mainland && t.kind == URL && !t.gone(now) {
			return t
		}
	}
	return nil
}

func (ts *tasks) in(area Area, start, end, now time.Time) []*task {
	var found []*task
	for _, t := range ts.all {
		if t.kind != Push && slices.Contains(t.areas, area) && t.within(start, end) && !t.gone(now) {
			found = append(found, t)
		}
	}
	return found
}
