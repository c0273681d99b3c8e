package runner

import (
	"context"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"purgebot/bot/store"
)

// Job is the engine's record of a purge. Everything else is in the bot's own rows, which were committed before it.
type Job struct {
	ID      string        `json:"id"`
	Batches int           `json:"batches"`
	Guarded bool          `json:"guarded"`
	TTL     time.Duration `json:"ttl,omitempty"` // the time in which a question can be answered
	// Wakes are the times at which an open question is redrawn, counted from its showing; in order, each before the TTL.
	Wakes []time.Duration `json:"wakes,omitempty"`
}

// Purge is the workflow of one purge from the question to the end. It survives a kill between any two lines: the value of each step
// is recorded, and a step that was interrupted runs again and finds its own earlier effects in the bot's tables.
func (b *Runner) Purge(ctx dbos.Context, j Job) (string, error) {
	id := j.ID
	if j.Guarded {
		confirmed, err := b.confirm(ctx, j)
		if err != nil {
			return "", err
		}
		if !confirmed {
			return b.finish(ctx, id, false)
		}
	}
	if err := b.sendAll(ctx, id, j.Batches); err != nil {
		return "", err
	}
	late, err := b.poll(ctx, id)
	if err != nil {
		return "", err
	}
	return b.finish(ctx, id, late)
}

// confirm shows the question, and waits until a row holds the verdict. It reports whether the purge was confirmed.
func (b *Runner) confirm(ctx dbos.Context, j Job) (bool, error) {
	id := j.ID
	for {
		a, err := step(b, ctx, "ask", func(c context.Context) (asked, error) { return b.ask(c, id, j.TTL) })
		if err != nil || a.Given {
			return false, err
		}
		if !a.Again {
			return b.awaitDecision(ctx, j, a.Expires)
		}
		if err := pause(ctx, a.Wait); err != nil {
			return false, err
		}
	}
}

// awaitDecision waits for the verdict on a question, with a reminder at each wake-up time.
func (b *Runner) awaitDecision(ctx dbos.Context, j Job, expires time.Time) (bool, error) {
	for passed := 0; ; {
		if err := awaitBell(ctx, j.Wake(passed, expires)); err != nil {
			return false, err
		}
		v, err := step(b, ctx, "decision", func(c context.Context) (store.Verdict, error) { return b.awaitedVerdict(c, j.ID) })
		if err != nil || v != "" {
			return v == store.Confirmed, err
		}
		if passed < len(j.Wakes) {
			passed, err = step(b, ctx, "remind", func(c context.Context) (int, error) { return b.Remind(c, j, expires) })
		}
		if err != nil {
			return false, err
		}
	}
}

// sendAll makes the calls of all batches in turn, each until its answer is known or known to be unknowable.
func (b *Runner) sendAll(ctx dbos.Context, id string, batches int) error {
	for n := 0; n < batches; n++ { // a used-up quota skips batches, and a refused batch may be split into more
		for try := 0; ; try++ {
			s, err := step(b, ctx, "submit", func(c context.Context) (Submitted, error) { return b.Submit(c, id, n, try) })
			if err != nil || s.Halt {
				return err
			}
			if !s.Again {
				n, batches = n+s.Skip, batches+s.More
				break
			}
			if err := pause(ctx, s.Wait); err != nil {
				return err
			}
		}
	}
	return nil
}

// poll looks at growing intervals, until nothing more can be learned. It reports whether a target was still running at the
// deadline.
func (b *Runner) poll(ctx dbos.Context, id string) (late bool, err error) {
	for n := 0; ; n++ {
		l, err := step(b, ctx, "look", func(c context.Context) (looked, error) { return b.Look(c, id, n) })
		if err != nil || l.Settled {
			return l.Late, err
		}
		if err := pause(ctx, l.Wait); err != nil {
			return false, err
		}
	}
}

// finish runs the step that ends the purge, and returns the final state.
func (b *Runner) finish(ctx dbos.Context, id string, late bool) (string, error) {
	st, err := step(b, ctx, "finish", func(c context.Context) (store.State, error) { return b.settle(c, id, late) })
	return string(st), err
}
