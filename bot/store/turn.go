package store

import (
	"context"
	"time"
)

// The calls to the CDN leave one after another, in turns that all processes at one database take from one row. The row says how far
// the turns are taken in advance, as a span that lessens with time, not as a moment: only one clock is ever read, the database's,
// and only for what has passed between two looks. So a process whose clock is wrong takes its turns like any other, and where the
// database's own is set back nobody waits for it to catch up. A span also outlives a restart, which therefore begins no burst.

// queue is the row of a rate.
type queue struct{ at, booked, rest int64 }

// by is the queue at a later moment; one that is earlier only starts to count from there.
func (q queue) by(now int64) queue {
	passed := max(0, now-q.at)
	return queue{now, max(0, q.booked-passed), max(0, q.rest-passed)}
}

// Turn takes the next turn and says how long it is until then. Turns are every apart; the first is now where nobody waits.
// One that is further away than within is not taken.
func (s *Store) Turn(ctx context.Context, every, within time.Duration) (wait time.Duration, taken bool, err error) {
	type turn struct {
		wait  time.Duration
		taken bool
	}
	t, err := change(ctx, s, "take a turn", func(t tx) (turn, error) {
		q, err := t.queue()
		if err != nil {
			return turn{}, err
		}
		wait := time.Duration(q.booked) * time.Microsecond
		if wait > within { // kept all the same: its time goes on even if the clock was set back and everybody comes too early
			return turn{wait, false}, t.keep(q)
		}
		q.booked += every.Microseconds()
		return turn{wait, true}, t.keep(q)
	})
	return t.wait, t.taken, err
}

// sameRest is how much later a rest may end and still be the one that was begun: several calls are told of it at once.
const sameRest = time.Second

// Rest makes everybody wait for d, also those whose turn would be before. It makes no rest shorter.
func (s *Store) Rest(ctx context.Context, d time.Duration) error {
	_, err := change(ctx, s, "begin a rest", func(t tx) (none struct{}, err error) {
		q, err := t.queue()
		if err != nil || q.rest > 0 && q.rest+sameRest.Microseconds() >= d.Microseconds() {
			return none, err
		}
		q.rest = d.Microseconds()
		q.booked = max(q.booked, q.rest)
		return none, t.keep(q)
	})
	return err
}

// Resting is how long everybody still rests.
func (s *Store) Resting(ctx context.Context) (time.Duration, error) {
	var q queue
	err := s.db.QueryRowContext(ctx, selectQueue).Scan(&q.at, &q.booked, &q.rest)
	return time.Duration(q.by(micros()).rest) * time.Microsecond, fail("look for a rest", err)
}

const selectQueue = `SELECT at, booked, rest FROM pb_rate WHERE name = 'cdn'`

// queue is the row as it is now. To write comes first: whoever else takes a turn waits here.
func (t tx) queue() (q queue, err error) {
	if _, err := t.exec(`UPDATE pb_rate SET at = at WHERE name = 'cdn'`); err != nil {
		return q, err
	}
	err = t.one(selectQueue).Scan(&q.at, &q.booked, &q.rest)
	return q.by(micros()), err
}

func (t tx) keep(q queue) error {
	_, err := t.exec(`UPDATE pb_rate SET at = $1, booked = $2, rest = $3 WHERE name = 'cdn'`, q.at, q.booked, q.rest)
	return err
}

// micros is the database's clock: all processes that open a SQLite file run on its machine.
func micros() int64 { return time.Now().UnixMicro() }
