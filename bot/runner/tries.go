package runner

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"purgebot/bot/store"
	"purgebot/purge"
)

// This file carries out the rule for trying again (purge.Tried). The ledger row of a call says which step follows it and when, so that
// a step that was cut after its answer goes on as if it had not been, and the card can say it.

// next decides what follows an answer, and writes it into the call. Where the quota is used up the rest of the area would only fail
// alike, where the key or the clock is wrong, everything. A missing right may be one host's. A call that was under way when
// purgebot was killed is looked up, and not made again.
func (b *Runner) next(batch sending, call *store.Call, e *purge.Error) purge.Again {
	again, wait := batch.tried(*call, e, b.Now(), b.waits.Deadline).Next(e, rand.Float64())
	switch {
	case e == nil, errors.Is(e, errInterrupted):
		return purge.Never
	case again == purge.Later:
		call.Next = store.Next{What: store.Again, At: b.Now().Add(wait)}
	case again == purge.LookFirst:
		call.Next = store.Next{What: store.LookUp, At: b.Now().Add(b.waits.Poll)}
	case e.Kind == purge.Internal:
		call.Next.What = store.Halt
	case e.Kind == purge.Exhausted && e.RetryAfter == 0:
		call.Next.What = store.Skip
	}
	return again
}

// tried counts the calls of a batch, the one that just ended included. The time counts from the first of them, not from the question.
func (s sending) tried(last store.Call, e *purge.Error, now time.Time, deadline time.Duration) purge.Tried {
	t := purge.Tried{Calls: 1}
	if purge.MayTryAgain(e) == purge.LookFirst {
		t.Unclear = 1
	}
	first := last.At
	for _, c := range s.calls {
		if c.Batch != s.N || c.Try == last.Try {
			continue
		}
		t.Calls++
		if c.State == store.CallUnknown {
			t.Unclear++
		}
		if c.At.Before(first) {
			first = c.At
		}
	}
	t.Left = first.Add(deadline).Sub(now)
	return t
}

// unclear counts the earlier calls of a batch that may have been carried out.
func (s sending) unclear() (n int) {
	for _, c := range s.calls {
		if c.Batch == s.N && c.State == store.CallUnknown {
			n++
		}
	}
	return n
}

// follows is next as the workflow takes it.
func (b *Runner) follows(batch sending, call store.Call) Submitted {
	switch next := call.Next; next.What {
	case store.Again, store.LookUp:
		return Submitted{Again: true, Wait: max(next.At.Sub(b.Now()), 0)}
	case store.Halt:
		return Submitted{Halt: true}
	case store.Skip:
		skip := 0
		for skip < len(batch.behind) && batch.behind[skip].Area == batch.Area {
			skip++
		}
		return Submitted{Skip: skip}
	default:
		return Submitted{More: next.Parts}
	}
}

// last is the last call of a batch; a zero one if there is none.
func (s sending) last() (last store.Call) {
	for _, c := range s.calls {
		if c.Batch == s.N {
			last = c // they are in order
		}
	}
	return last
}

// lookedUp is the last call of a batch, where that is to be looked up before another is made.
func (s sending) lookedUp() (last store.Call, asks bool) {
	last = s.last()
	return last, last.Next.What == store.LookUp
}

// lookFirst looks for the nth time for a call that may have been carried out, and reports whether another is to be made: where the
// log could be read, and held nothing of it however often it was read. A part of it is enough to know that the call had arrived.
func (b *Runner) lookFirst(ctx context.Context, p store.Purge, batch sending, call store.Call, nth int) (s Submitted, send bool, err error) {
	if store.Count(batch.rows)[purge.OutcomeUnknown] < len(batch.rows) { // somebody has looked again meanwhile
		return Submitted{}, false, nil
	}
	o := openBatch{Batch: batch.Batch, call: call, since: call.At, rows: map[string]store.Target{}}
	for _, t := range batch.rows {
		o.rows[t.Target.String()] = t
	}
	seen, err := b.statusOf(ctx, p.ID, o)
	switch {
	case err == nil && len(seen) > 0:
		_, changed := learned(o, seen)
		b.poster.WantCards()
		return Submitted{}, false, b.Store.SetOutcomes(ctx, p.ID, changed, b.Entry(store.AuditSeen, p.ID, "", store.Body{Batch: o.N, Area: o.Area, Changed: store.Count(changed)}))
	case err != nil && !notNow(err):
		return Submitted{}, false, nil // this API cannot tell
	case nth < UnlistedLooks:
		return Submitted{Again: true, Wait: min(b.waits.Poll<<nth, b.waits.PollMax)}, false, nil
	}
	return Submitted{}, err == nil && b.Now().Before(call.At.Add(b.waits.Deadline)), nil
}

// notNow reports whether a question may be answered when it is asked again.
func notNow(err error) bool {
	return purge.MayTryAgain(purge.AsError(err)) != purge.Never
}
