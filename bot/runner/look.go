package runner

import (
	"context"
	"time"

	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// looked is the recorded value of the step "look".
type looked struct {
	Settled bool
	Late    bool // a target is still running after the deadline
	Wait    time.Duration
}

// UnlistedLooks is the number of looks at which the vendor's log may still lack a new call: the vendor writes that log beside its
// answer, not before it.
const UnlistedLooks = 3

// Look asks the vendor about every accepted or unclear target of a purge and records the changes; n counts the earlier looks. A
// target that this API cannot report on keeps its outcome at once, since waiting would not make the outcome truer.
func (b *Runner) Look(ctx context.Context, id string, n int) (looked, error) {
	ctx = context.WithoutCancel(ctx)
	leave, err := b.Calls.Enter()
	if err != nil {
		return looked{}, err
	}
	defer leave()
	// The first look moves the purge to the state following.
	open, err := b.openBatches(ctx, id)
	if err != nil {
		return looked{}, err
	}
	if n == 0 && len(open) > 0 {
		if err := b.Store.SetState(ctx, id, store.StateFollowing); err != nil {
			return looked{}, err
		}
	}
	// Each open batch is one question to the vendor.
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
	// The interval between looks doubles. The last look is the one after which the deadline would pass.
	wait := min(b.waits.Poll<<min(n, 16), b.waits.PollMax)
	late := running && b.Now().Add(wait).After(lastCall(open).Add(b.waits.Deadline))
	return looked{Settled: !running || late, Late: late, Wait: wait}, nil
}

// lastCall returns the time at which the newest call left. The deadline for following a purge counts from there, not from the
// question.
func lastCall(open []openBatch) time.Time {
	var last time.Time
	for _, o := range open {
		if o.call.At.After(last) {
			last = o.call.At
		}
	}
	return last
}

// openBatch is a batch with targets that are not final, and the last call that may have carried them.
type openBatch struct {
	purge.Batch
	call  store.Call
	since time.Time // when the call left; with several unclear calls, the first of them
	rows  map[string]store.Target
}

// openBatches loads the batches of a purge that another look can learn about.
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

// stillOpen selects the batches that a look can learn about: each with its accepted and unclear targets, and with its last call.
func stillOpen(batches []purge.Batch, calls []store.Call, targets []store.Target) []openBatch {
	open := make([]openBatch, len(batches))
	at := map[int]*openBatch{} // the numbers have gaps where a batch was split
	for i, batch := range batches {
		batch.Targets = nil
		open[i] = openBatch{Batch: batch, rows: map[string]store.Target{}}
		at[batch.N] = &open[i]
	}
	// The targets that are neither done nor failed.
	for _, t := range targets {
		if o := at[t.Batch]; o != nil && (t.Outcome == purge.Accepted || t.Outcome == purge.OutcomeUnknown) {
			o.Targets = append(o.Targets, t.Target)
			o.rows[t.Target.String()] = t
		}
	}
	// An accepted call is the one to ask about, else the last unclear call, since the first unclear call left.
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
	// Batches without such a target or such a call have nothing to ask about.
	sent := open[:0]
	for _, o := range open {
		if len(o.Targets) > 0 && !o.call.At.IsZero() {
			sent = append(sent, o)
		}
	}
	return sent
}

// lookAt asks about one batch and records the changes. It reports whether another look may learn more.
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

// statusOf asks the vendor about one batch. The calls of other purges are read from the ledger after the vendor's log was read, so
// that a log row which another call may have made is never attributed to this batch.
func (b *Runner) statusOf(ctx context.Context, id string, o openBatch) ([]purge.TargetStatus, error) {
	callCtx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	seen, err := b.vendor.CDN.Status(callCtx, purge.StatusQuery{Batch: o.Batch, Receipt: o.call.Receipt, Since: o.since, Beside: func(ctx context.Context) ([]purge.Sent, error) {
		return b.Store.Beside(ctx, id, o.Area, o.Targets[0].Host(), o.since.Add(-purge.Overlap))
	}})
	if err != nil {
		b.Log.InfoContext(ctx, "the CDN did not tell the status of a batch", "purge", id, "batch", o.N, "error", err)
	}
	return seen, err
}

// learned compares the known outcomes with the vendor's answer. It returns the changed rows, and whether a target is still running:
// a running target is accepted, even if its call was unclear before.
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

// LearnMore looks once at all unclear targets of a purge, and reports whether any outcome has changed.
func (b *Runner) LearnMore(ctx context.Context, p store.Purge) (bool, error) {
	leave, err := b.Calls.Enter()
	if err != nil {
		return false, err
	}
	defer leave()
	// Ask about every batch, and collect the changes.
	open, err := b.openBatches(ctx, p.ID)
	if err != nil {
		return false, err
	}
	var changed []store.Target
	for _, o := range open {
		seen, err := b.statusOf(ctx, p.ID, o)
		if err != nil {
			continue // statusOf has logged the error; another batch may still get an answer
		}
		_, more := learned(o, seen)
		changed = append(changed, more...)
	}
	if len(changed) == 0 {
		return false, nil
	}
	// A purge that is still under way settles later. An ended purge gets its state revised.
	still, err := b.Store.Learn(ctx, p.ID, changed, b.Entry(store.AuditSeen, p.ID, "", store.Body{Changed: store.Count(changed)}))
	if err != nil || still {
		b.poster.WantCards()
		return true, err
	}
	return true, b.revise(ctx, p, changed)
}

// revise commits the changes that a look has found, together with the purge's state after them.
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

// replaced returns the targets with some of them exchanged for their newer rows.
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
