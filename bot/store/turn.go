package store

import (
	"context"
	"time"
)

// Calls to the CDN leave one after another, in turns that all processes on one database take from one row. The row holds
// the time already taken in advance, as a span that shrinks with time and not as a moment. Only the clock of the
// database is read, and only for the time between two looks. A process with a wrong clock therefore takes its turns like
// any other, and after a clock was set back no process waits for it to catch up. The span survives a restart, so that a
// restart begins no burst.

// queue is the row of a rate.
type queue struct{ at, booked, rest int64 }

// advanced returns the queue at a later moment. An earlier moment only becomes the new start of the count.
func (q queue) advanced(now int64) queue {
	passed := max(0, now-q.at)
	return queue{now, max(0, q.booked-passed), max(0, q.rest-passed)}
}

// Turn takes the next turn and returns the time until then. Turns have the distance every. Without other callers the
// turn is now. A turn further away than within is not taken.
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
		if wait > within { // stored nevertheless: time passes even after the clock was set back, while every caller comes too early
			return turn{wait, false}, t.keep(q)
		}
		q.booked += every.Microseconds()
		return turn{wait, true}, t.keep(q)
	})
	return t.wait, t.taken, err
}

// sameRest is the difference up to which two rests count as the same, since several calls hear of one rest at once.
const sameRest = time.Second

// Rest delays all turns for d, including turns already taken. Rest shortens no earlier rest.
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

// Resting returns the remaining time of the rest.
func (s *Store) Resting(ctx context.Context) (time.Duration, error) {
	var q queue
	err := s.db.QueryRowContext(ctx, selectQueue).Scan(&q.at, &q.booked, &q.rest)
	return time.Duration(q.advanced(micros()).rest) * time.Microsecond, fail("look for a rest", err)
}

const selectQueue = `SELECT at, booked, rest FROM pb_rate WHERE name = 'cdn'`

// queue returns the row as of now. The row is written first, so that other processes wait here for their turn.
func (t tx) queue() (q queue, err error) {
	if _, err := t.exec(`UPDATE pb_rate SET at = at WHERE name = 'cdn'`); err != nil {
		return q, err
	}
	err = t.one(selectQueue).Scan(&q.at, &q.booked, &q.rest)
	return q.advanced(micros()), err
}

func (t tx) keep(q queue) error {
	_, err := t.exec(`UPDATE pb_rate SET at = $1, booked = $2, rest = $3 WHERE name = 'cdn'`, q.at, q.booked, q.rest)
	return err
}

// micros returns the clock of the database: all processes with a SQLite file run on its machine.
func micros() int64 { return time.Now().UnixMicro() }
