package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"purgebot/purge"
)

// pace keeps all calls to the CDN below the vendor's rate limit, whichever way the vendor counts. Calls leave evenly and
// never in a burst. Purges and prefetches go before questions. A fortieth of the rate stays unused for calls that
// overtake one another on the network. A call leaves at once if no call is waiting.
// The database keeps the turns, so that all processes share them. Without the database no call leaves; a sent call must
// be recorded in the ledger anyway.
type pace struct {
	every time.Duration
	db    turns
	queue queue
}

// turns is the schedule shared by all processes on one database. *store.Store implements turns.
type turns interface {
	Turn(ctx context.Context, every, within time.Duration) (wait time.Duration, taken bool, err error)
	Rest(ctx context.Context, d time.Duration) error
	Resting(ctx context.Context) (time.Duration, error)
}

// newPace returns a pace without its database. The caller sets db after opening the database.
func newPace(perSecond float64) *pace {
	return &pace{every: time.Duration(float64(time.Second) / perSecond * 40 / 39)}
}

// turn waits until one more call may leave. Its error is a *purge.Error. The database stays free during the wait. After
// the wait, turn checks again for a pause that the vendor has demanded meanwhile.
func (p *pace) turn(ctx context.Context, sends bool) error {
	// A call that cannot leave in time fails at once.
	if ahead := p.queue.ahead(sends); ahead > 0 {
		if err := p.worthWaiting(ctx, ahead); err != nil {
			return err
		}
	}
	// Calls of this process queue up first.
	if err := p.queue.enter(ctx, sends); err != nil {
		return tooManyWait(p.span(p.queue.ahead(sends)), err)
	}
	defer p.queue.leave()
	// The head of the queue takes a turn from the database and sleeps until the turn.
	for {
		wait, taken, err := p.db.Turn(ctx, p.every, left(ctx))
		switch {
		case err != nil:
			return noTurn(err)
		case !taken:
			return tooManyWait(wait, errors.New("the turn comes too late"))
		case wait <= 0:
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return tooManyWait(0, err)
		}
		// A pause that began during the sleep costs another turn.
		rest, err := p.db.Resting(ctx)
		if err != nil {
			return noTurn(err)
		}
		if rest <= 0 {
			return nil
		}
	}
}

// worthWaiting returns an error if the turn cannot come before the deadline of ctx.
func (p *pace) worthWaiting(ctx context.Context, ahead int) error {
	rest, err := p.db.Resting(ctx)
	if err != nil {
		return noTurn(err)
	}
	if wait := max(rest, p.span(ahead)); wait > left(ctx) {
		return tooManyWait(wait, errors.New("the turn comes too late"))
	}
	return nil
}

func tooManyWait(d time.Duration, err error) error {
	return &purge.Error{Kind: purge.Unavailable, Message: "Too many calls to Tencent are waiting; trying again.", RetryAfter: d,
		Err: fmt.Errorf("wait for a turn: %w", err)}
}

// noTurn wraps an error of the database as Unavailable. The call has not left, even if the database may have given it a
// turn.
func noTurn(err error) error {
	return &purge.Error{Kind: purge.Unavailable, Message: "The database did not answer, and without it nothing is sent to Tencent; trying again.",
		Err: fmt.Errorf("take a turn: %v", err)}
}

// restTimeout limits the time for recording a pause.
const restTimeout = 5 * time.Second

// heard makes all processes pause when the vendor has reported too many calls. If the pause cannot be recorded, no
// process gets a turn from that database either, and the vendor repeats its report at the next call.
func (p *pace) heard(ctx context.Context, err error) {
	e := (*purge.Error)(nil)
	if !errors.As(err, &e) || e.Kind != purge.Exhausted || e.RetryAfter <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restTimeout)
	defer cancel()
	_ = p.db.Rest(ctx, e.RetryAfter)
}

// left returns the time until the deadline of ctx.
func left(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return time.Until(end)
	}
	return math.MaxInt64
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
