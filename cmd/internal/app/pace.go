package app

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"purgebot/purge"
)

// pace keeps all calls to the CDN below the vendor's limit, however it counts them: they leave evenly, none in a burst, sends before
// questions, and a fortieth of the rate is left for calls that overtake one another on their way. Whoever comes when nothing waits goes at once.
// The turns are the database's, so that all replicas share them, and without it no call leaves: what is sent must be in its
// ledger anyway.
type pace struct {
	every time.Duration
	db    turns
	queue queue
}

// turns are what everybody at one database shares; *store.Store has them.
type turns interface {
	Turn(ctx context.Context, every, within time.Duration) (wait time.Duration, taken bool, err error)
	Rest(ctx context.Context, d time.Duration) error
	Resting(ctx context.Context) (time.Duration, error)
}

// newPace still lacks the database, which is opened when everything else is known to be right.
func newPace(perSecond float64) *pace {
	return &pace{every: time.Duration(float64(time.Second) / perSecond * 40 / 39)}
}

// turn waits until one more call may leave. Its error is an *purge.Error. Nobody holds the database while waiting; whoever
// waited looks once more, since a rest may have begun meanwhile.
func (p *pace) turn(ctx context.Context, sends bool) error {
	if ahead := p.queue.ahead(sends); ahead > 0 {
		if err := p.worthWaiting(ctx, ahead); err != nil {
			return err
		}
	}
	if err := p.queue.enter(ctx, sends); err != nil {
		return tooManyWait(p.span(p.queue.ahead(sends)), err)
	}
	defer p.queue.leave()
	for {
		wait, taken, err := p.db.Turn(ctx, p.every, left(ctx))
		switch {
		case err != nil:
			return noTurn(err)
		case !taken:
			return tooManyWait(wait, errors.New("it comes too late"))
		case wait <= 0:
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return tooManyWait(0, err)
		}
		rest, err := p.db.Resting(ctx)
		if err != nil {
			return noTurn(err)
		}
		if rest <= 0 {
			return nil
		}
	}
}

// worthWaiting is an error where the turn cannot come in time.
func (p *pace) worthWaiting(ctx context.Context, ahead int) error {
	rest, err := p.db.Resting(ctx)
	if err != nil {
		return noTurn(err)
	}
	if wait := max(rest, p.span(ahead)); wait > left(ctx) {
		return tooManyWait(wait, errors.New("it comes too late"))
	}
	return nil
}

func tooManyWait(d time.Duration, err error) error {
	return &purge.Error{Kind: purge.Unavailable, Message: "Too many calls to Tencent are waiting; trying again.", RetryAfter: d,
		Err: fmt.Errorf("wait for a turn: %w", err)}
}

// noTurn is Unavailable whatever the database says: nothing has left, even where it does not know whether a turn was taken.
func noTurn(err error) error {
	return &purge.Error{Kind: purge.Unavailable, Message: "The database did not answer, and without it nothing is sent to Tencent; trying again.",
		Err: fmt.Errorf("take a turn: %v", err)}
}

// restTimeout bounds what writing down a rest takes.
const restTimeout = 5 * time.Second

// heard slows everybody down when the vendor said to one that it was too fast. Where that cannot be written down nobody gets
// a turn either, and when somebody does the vendor says it again.
func (p *pace) heard(ctx context.Context, err error) {
	e := (*purge.Error)(nil)
	if !errors.As(err, &e) || e.Kind != purge.Exhausted || e.RetryAfter <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restTimeout)
	defer cancel()
	_ = p.db.Rest(ctx, e.RetryAfter)
}

// left is how long ctx still lasts.
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
