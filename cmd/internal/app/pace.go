package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"purgebot/purge"
)

// pace keeps all calls to the CDN below the vendor's limit, however it counts them: they leave evenly, none in a burst, and a
// fortieth of the rate is left for calls that overtake one another on their way. Whoever comes when nothing waits goes at once.
type pace struct {
	limit *rate.Limiter

	mu    sync.Mutex
	until time.Time // when everybody may go on
}

func newPace(perSecond float64) *pace {
	return &pace{limit: rate.NewLimiter(rate.Limit(perSecond*39/40), 1)}
}

// turn waits until one more call may leave. Its error is an *purge.Error.
func (p *pace) turn(ctx context.Context) error {
	for {
		if err := p.limit.Wait(ctx); err != nil {
			return tooManyWait(0, err)
		}
		d := p.resting()
		if d <= 0 {
			return nil
		}
		if err := sleep(ctx, d); err != nil {
			return tooManyWait(d, err)
		}
	}
}

func tooManyWait(d time.Duration, err error) error {
	return &purge.Error{Kind: purge.Unavailable, Message: "Too many calls to Tencent are waiting; trying again.", RetryAfter: d,
		Err: fmt.Errorf("wait for a turn: %w", err)}
}

// heard slows everybody down when the vendor said to one that it was too fast.
func (p *pace) heard(err error) {
	e := (*purge.Error)(nil)
	if !errors.As(err, &e) || e.Kind != purge.Exhausted || e.RetryAfter <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(e.RetryAfter); until.After(p.until) {
		p.until = until
	}
}

func (p *pace) resting() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.until)
}

// sleep fails at once where ctx would end before.
func sleep(ctx context.Context, d time.Duration) error {
	if end, ok := ctx.Deadline(); ok && time.Until(end) < d {
		return context.DeadlineExceeded
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
