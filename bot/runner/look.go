package runner

import (
	"context"
	"time"

	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// looked is the value of the step look.
type looked struct {
	Settled bool
	Late    bool // something is still running, and its time is up
	Wait    time.Duration
}

// unlistedLooks is how often a log that can be read may lack what was just sent: it is written beside the answer, not before it.
const UnlistedLooks = 3

// look asks what became of everything accepted or unknown. What this API cannot tell about is left as it is known,
// at once: waiting would not make it truer.
func (b *Runner) Look(ctx context.Context, id string, n int) (looked, error) {
	ctx = context.WithoutCancel(ctx)
	leave, err := b.Calls.Enter()
	if err != nil {
		return looked{}, err
	}
	defer leave()
	open, err := b.openBatches(ctx, id)
	if err != nil {
		return looked{}, err
	}
	if n == 0 && len(open) > 0 {
		if err := b.Store.SetState(ctx, id, store.StateFollowing); err != nil {
			return looked{}, err
		}
	}
	running := false
	for _, o := range open {
		more, err := b.lookAt(ctx, id, o, n)
		if err != nil {
			return looked{}, err
		}
		running = running || more
	}
	if running && n > 0 {
		b.LogError(ctx, "redraw a card", b.Store.Redraw(ctx, id))
	}
	b.poster.WantCards()
	wait := min(b.waits.Poll<<min(n, 16), b.waits.PollMax)
	late := running && b.Now().Add(wait).After(lastCall(open).Add(b.waits.Deadline))
	return looked{Settled: !running || late, Late: late, Wait: wait}, nil
}

// lastCall is when the newest of the calls left: the time to follow it counts from there, not from the question.
func lastCall(open []openBatch) time.Time {
	var last time.Time
	for _, o := range open {
		if o.call.At.After(last) {
			last = o.call.At
		}
	}
	return last
}

// openBatch is a batch with targets that are not final, and the last call that may have carried it.
type openBatch struct {
	purge.Batch
	call  store.Call
	since time.Time // when it left; of calls that all stayed unclear, the first
	rows  map[string]store.Target
}

func (b *Runner) openBatches(ctx context.Context, id string) ([]openBatch, error) {
	batches, err := b.Store.Batches(ctx, id)
	if err != nil {
		return nil, err
	}
	calls, err := b.Store.Calls(ctx, id)
	if err != nil {
		return nil, err
	}
	targets, err := b.Store.Targets(ctx, id)
	if err != nil {
		return nil, err
	}
	return stillOpen(batches, calls, targets), nil
}

// stillOpen picks what can still be learned: sent targets that are not seen done or failed, with the last call of their batch.
func stillOpen(batches []purge.Batch, calls []store.Call, targets []store.Target) []openBatch {
	open := make([]openBatch, len(batches))
	at := map[int]*openBatch{} // the numbers have gaps where a batch was split
	for i, batch := range batches {
		batch.Targets = nil
		open[i] = openBatch{Batch: batch, rows: map[string]store.Target{}}
		at[batch.N] = &open[i]
	}
	for _, t := range targets {
		if o := at[t.Batch]; o != nil && (t.Outcome == purge.Accepted || t.Outcome == purge.OutcomeUnknown) {
			o.Targets = append(o.Targets, t.Target)
			o.rows[t.Target.String()] = t
		}
	}
	for _, c := range calls {
		o := at[c.Batch]
		switch {
		case o == nil:
		case c.State == store.CallAccepted:
			o.call, o.since = c, c.At
		case c.State == store.CallUnknown:
			if o.call.State == "" {
				o.since = c.At
			}
			o.call = c
		}
	}
	sent := open[:0]
	for _, o := range open {
		if len(o.Targets) > 0 && !o.call.At.IsZero() {
			sent = append(sent, o)
		}
	}
	return sent
}

// lookAt asks about one batch and records what changed. It reports whether asking again may tell more.
func (b *Runner) lookAt(ctx context.Context, id string, o openBatch, n int) (bool, error) {
	seen, err := b.statusOf(ctx, id, o)
	if err != nil {
		return notNow(err), nil
	}
	running, changed := learned(o, seen)
	running = running || n < UnlistedLooks && len(seen) < len(o.Targets)
	if len(changed) == 0 {
		return running, nil
	}
	return running, b.Store.SetOutcomes(ctx, id, changed, b.Entry(store.AuditSeen, id, "", store.Body{Batch: o.N, Area: o.Area, Changed: store.Count(changed)}))
}

// statusOf asks the vendor about one batch. What others have sent is read from the ledger after the vendor's log, so that no row of
// that is taken for this batch's which another call could have made.
func (b *Runner) statusOf(ctx context.Context, id string, o openBatch) ([]purge.TargetStatus, error) {
	callCtx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	seen, err := b.vendor.CDN.Status(callCtx, purge.StatusQuery{Batch: o.Batch, Receipt: o.call.Receipt, Since: o.since, Beside: func(ctx context.Context) ([]purge.Sent, error) {
		return b.Store.Beside(ctx, id, o.Area, o.Targets[0].Host(), o.since.Add(-purge.Overlap))
	}})
	if err != nil {
		b.Log.InfoContext(ctx, "status not told", "purge", id, "batch", o.N, "error", err)
	}
	return seen, err
}

// learned compares what was known with what was seen. A target that is seen running is accepted, whatever was unclear before.
func learned(o openBatch, seen []purge.TargetStatus) (running bool, changed []store.Target) {
	for _, s := range seen {
		row, asked := o.rows[s.Target.String()]
		if !asked {
			continue
		}
		running = running || s.Outcome == purge.Accepted
		if s.Outcome == row.Outcome {
			continue
		}
		row.Outcome, row.Reason = s.Outcome, ""
		if s.Outcome == purge.Failed {
			row.Reason = card.VendorFailed(s.Reason)
		}
		changed = append(changed, row)
	}
	return running, changed
}

// learnMore looks once at all that is unclear, and reports whether anything is clearer now.
func (b *Runner) LearnMore(ctx context.Context, p store.Purge) (bool, error) {
	leave, err := b.Calls.Enter()
	if err != nil {
		return false, err
	}
	defer leave()
	open, err := b.openBatches(ctx, p.ID)
	if err != nil {
		return false, err
	}
	var changed []store.Target
	for _, o := range open {
		seen, err := b.statusOf(ctx, p.ID, o)
		if err != nil {
			continue // it is in the log; another batch may be told
		}
		_, more := learned(o, seen)
		changed = append(changed, more...)
	}
	if len(changed) == 0 {
		return false, nil
	}
	still, err := b.Store.Learn(ctx, p.ID, changed, b.Entry(store.AuditSeen, p.ID, "", store.Body{Changed: store.Count(changed)}))
	if err != nil || still {
		b.poster.WantCards()
		return true, err
	}
	return true, b.revise(ctx, p, changed)
}

// revise commits what a look found, with the state that the whole purge is in by that.
func (b *Runner) revise(ctx context.Context, p store.Purge, changed []store.Target) error {
	targets, err := b.Store.Targets(ctx, p.ID)
	if err != nil {
		return err
	}
	d, _, err := b.Store.Decision(ctx, p.ID)
	if err != nil {
		return err
	}
	st, problem := finalState(p, d, replaced(targets, changed))
	if st == store.StateAccepted {
		problem = card.StillRunning
	}
	err = b.Store.Revise(ctx, p.ID, st, problem, changed, b.Entry(store.AuditSeen, p.ID, "", store.Body{Changed: store.Count(changed)}), b.Entry(store.AuditRevised, p.ID, "", ended(st, problem)))
	b.poster.WantCards()
	return err
}

// replaced is targets with some of them anew.
func replaced(targets, some []store.Target) []store.Target {
	type place struct {
		area purge.Area
		n    int
	}
	anew := map[place]store.Target{}
	for _, t := range some {
		anew[place{t.Area, t.N}] = t
	}
	out := make([]store.Target, len(targets))
	for i, t := range targets {
		if n, found := anew[place{t.Area, t.N}]; found {
			t = n
		}
		out[i] = t
	}
	return out
}
