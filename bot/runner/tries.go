package runner

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"purgebot/bot/store"
	"purgebot/purge"
)

// This file applies the rule for repeated calls (purge.Tried). The ledger row of a call names the next step and its time, so that a
// step which was interrupted after its answer continues from there, and the card can show the time.

// next decides the step after an answer, and writes it into the call. A used-up quota skips the rest of the area, and a wrong key
// or clock halts the whole purge; a missing permission may concern one host only. A call that was interrupted by a kill is looked
// up and not repeated.
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

// tried counts the calls of a batch, the one that just ended included. The deadline counts from the first of those calls, not from
// the question.
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

// stepAfter translates the next step of a call into the value of the step "submit".
func (b *Runner) stepAfter(batch sending, call store.Call) Submitted {
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

// last returns the last call of a batch, or a zero call if there is none.
func (s sending) last() (last store.Call) {
	for _, c := range s.calls {
		if c.Batch == s.N {
			last = c // calls are in the order of their tries
		}
	}
	return last
}

// lookedUp returns the last call of a batch, and reports whether that call must be looked up before another is made.
func (s sending) lookedUp() (last store.Call, asks bool) {
	last = s.last()
	return last, last.Next.What == store.LookUp
}

// lookFirst looks up a call that may have been carried out; nth counts the looks. It reports send as true once the vendor's log was
// readable and lacked the call UnlistedLooks times. One listed target is enough to show that the call arrived.
func (b *Runner) lookFirst(ctx context.Context, p store.Purge, batch sending, call store.Call, nth int) (s Submitted, send bool, err error) {
	if store.Count(batch.rows)[purge.OutcomeUnknown] < len(batch.rows) { // another look has cleared a part meanwhile
		return Submitted{}, false, nil
	}
	// Ask the vendor, and record the listed targets.
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

// notNow reports whether a failed question may be answered when it is repeated.
func notNow(err error) bool {
	return purge.MayTryAgain(purge.AsError(err)) != purge.Never
}
