package runner

import (
	"context"
	"errors"
	"time"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Submitted is the recorded value of the step "submit".
type Submitted struct {
	Again bool // the step runs again after Wait: for a further try, or for a look before it
	Wait  time.Duration
	Skip  int  // the later batches that would fail in the same way
	More  int  // the new batches that this one was split into, behind all others
	Halt  bool // the purge sends nothing more
}

// Submit makes one try of one batch. The ledger row is written immediately before the call leaves, so a batch without a row has not
// left, whatever the wait for its turn was. A row without an answer comes from an earlier run of this step that was interrupted
// during the call: the vendor is asked about that call, and the call is never simply repeated.
func (b *Runner) Submit(ctx context.Context, id string, n, try int) (Submitted, error) {
	ctx = context.WithoutCancel(ctx)
	leave, err := b.Calls.Enter()
	if err != nil {
		return Submitted{}, err
	}
	defer leave()
	// An earlier run of this step may have left a ledger row, which counts before the present rules do.
	p, batch, err := b.batch(ctx, id, n, try)
	if err != nil {
		return Submitted{}, err
	}
	if done, found := batch.made(try); found {
		return b.resume(ctx, p, batch, done)
	}
	// A call that may have been carried out is looked up before another is made.
	if before, asks := batch.lookedUp(); asks {
		if s, send, err := b.lookFirst(ctx, p, batch, before, try-before.Try); err != nil || !send {
			return s, err
		}
	} else if !batch.pending() { // the batch was decided with the rest of its area, or its number is not in use
		return Submitted{}, nil
	}
	if p.Cancelled != "" { // a cancelled purge takes no turn
		return Submitted{Halt: true}, nil
	}
	return b.send(ctx, p, batch, try)
}

// resume continues from a ledger row that an earlier run of the step has left.
func (b *Runner) resume(ctx context.Context, p store.Purge, batch sending, call store.Call) (Submitted, error) {
	if call.State == store.Calling {
		return b.recover(ctx, p, batch, call)
	}
	return b.stepAfter(batch, call), nil
}

// sending is one batch with its targets' rows, the ledger of the purge, and the batches behind it.
type sending struct {
	purge.Batch
	rows   []store.Target // the batch's own targets
	All    []store.Target
	calls  []store.Call
	behind []purge.Batch
}

// pending reports whether a part of the batch is still to be sent. Unclear targets count as pending when the last call was surely
// not carried out and only an earlier one may have been.
func (s sending) pending() bool {
	n := store.Count(s.rows)
	again := s.last().Next.What == store.Again
	return n[purge.Pending] > 0 || again && n[purge.OutcomeUnknown] == len(s.rows)
}

// made finds the ledger row of a try.
func (s sending) made(try int) (store.Call, bool) {
	for _, c := range s.calls {
		if c.Batch == s.N && c.Try == try {
			return c, true
		}
	}
	return store.Call{}, false
}

// batch loads the batch with number n. A purge with several batches, or with a repeated one, moves to the state sending.
func (b *Runner) batch(ctx context.Context, id string, n, try int) (store.Purge, sending, error) {
	p, err := b.Load(ctx, id)
	if err != nil {
		return p, sending{}, err
	}
	batches, err := b.Store.Batches(ctx, id)
	if err != nil {
		return p, sending{}, err
	}
	if (len(batches) > 1 || try > 0) && p.State != store.StateSending {
		if err := b.Store.SetState(ctx, id, store.StateSending); err != nil {
			return p, sending{}, err
		}
	}
	// Separate the batch from those behind it, and attach the ledger and the targets.
	s := sending{Batch: purge.Batch{N: n}}
	for _, one := range batches {
		switch {
		case one.N == n:
			s.Batch = one
		case one.N > n:
			s.behind = append(s.behind, one)
		}
	}
	if s.calls, err = b.Store.Calls(ctx, id); err != nil {
		return p, s, err
	}
	s.All, err = b.Store.Targets(ctx, id)
	for _, t := range s.All {
		if t.Batch == n {
			s.rows = append(s.rows, t)
		}
	}
	return p, s, err
}

// errInterrupted marks a call whose answer was lost on purgebot's side.
var errInterrupted = errors.New("purgebot was stopped while the call was under way")

// recover asks the vendor about a call whose answer was never recorded: the vendor alone can know its result.
func (b *Runner) recover(ctx context.Context, p store.Purge, batch sending, call store.Call) (Submitted, error) {
	seen, err := b.statusOf(ctx, p.ID, openBatch{Batch: batch.Batch, since: call.At})
	if err == nil && len(seen) == len(batch.Targets) {
		call.Receipt.At = b.Now()
		return b.end(ctx, p, batch, call, nil)
	}
	return b.end(ctx, p, batch, call, &purge.Error{Kind: purge.Unknown, Message: card.Interrupted, Err: errors.Join(errInterrupted, err)})
}

// end records an answer: the call, the targets and the audit in one commit. This process alone holds the answer, so a failing
// database is asked again for a while before the step gives up.
func (b *Runner) end(ctx context.Context, p store.Purge, batch sending, call store.Call, e *purge.Error) (Submitted, error) {
	e = b.vendor.AboutArea(ctx, onlyHost(batch.rows), batch.Area, e)
	// First, the state of the call itself, and its audit row.
	state, outcome := outcomeOfAnswer(e)
	call.State = state
	if e != nil {
		call.Problem = e.Message
	}
	if e != nil && e.Kind == purge.Exhausted && e.RetryAfter == 0 {
		call.Problem += card.QuotasReset(b.vendor.DayTurns())
	}
	body := store.Body{Batch: batch.N, Try: call.Try, Area: batch.Area, Units: call.Units, State: string(state),
		Task: call.Receipt.TaskID, Request: call.Receipt.RequestID, Problem: call.Problem}
	entries := []store.Entry{b.Entry(store.AuditAnswered, p.ID, "", body)}
	// A refused batch of several targets continues in smaller batches.
	if into := narrower(batch, e); into != nil {
		return b.split(ctx, batch, call, into, entries)
	}
	// Then the next step, and the outcomes of the targets that result from it.
	again := b.next(batch, &call, e)
	if call.Next.What == store.Skip {
		b.vendor.Quotas.Forget()
	}
	var rows []store.Target
	switch {
	case again == purge.Later && batch.unclear() == 0:
		rows = outcomes(batch.rows, purge.Pending, "")
	case again == purge.Later: // unclear targets keep their outcome until the next try
	case outcome == purge.Failed && batch.unclear() > 0:
		rows = outcomes(batch.rows, purge.OutcomeUnknown, card.UnclearThen(call.Problem))
	default:
		rows = outcomes(batch.rows, outcome, batch.reason(call, e))
	}
	if call.Next.What == store.Skip {
		rows = append(rows, outcomes(batch.restOfArea(), outcome, call.Problem)...)
	}
	// A problem of the key or the clock would stop every further call: all unsent targets are skipped.
	if call.Next.What == store.Halt {
		unsent := outcomes(batch.unsent(), purge.Skipped, card.NotSent(call.Problem))
		rows = append(rows, unsent...)
		entries = append(entries, b.notSent(p.ID, unsent)...)
	}
	if call.State == store.CallAccepted && call.Next.What == "" && len(batch.unsent()) == 0 {
		call.Then = store.StateFollowing // the last call is answered, so only looks are left
	}
	err := insist(func() error { return b.Store.End(ctx, call, rows, entries...) })
	b.poster.WantCards()
	return b.stepAfter(batch, call), err
}

// restOfArea returns the targets of the later batches in the same area.
func (s sending) restOfArea() []store.Target {
	var rows []store.Target
	for _, t := range s.All {
		if t.Area == s.Area && t.Batch > s.N {
			rows = append(rows, t)
		}
	}
	return rows
}

// unsent returns the targets of all later batches that have no outcome yet.
func (s sending) unsent() []store.Target {
	var rows []store.Target
	for _, t := range s.All {
		if t.Batch > s.N && t.Outcome == purge.Pending {
			rows = append(rows, t)
		}
	}
	return rows
}

// notSent returns the audit row of targets that were left out for one reason, or nothing for no targets.
func (b *Runner) notSent(id string, targets []store.Target) []store.Entry {
	if len(targets) == 0 {
		return nil
	}
	return []store.Entry{b.Entry(store.AuditNotSent, id, "", store.Body{Targets: len(targets), Problem: targets[0].Reason})}
}

// insist repeats the write of an answer for about ten seconds.
func insist(write func() error) error {
	err := write()
	for wait := 50 * time.Millisecond; err != nil && wait < 6*time.Second; wait *= 2 {
		time.Sleep(wait)
		err = write()
	}
	return err
}

// outcomeOfAnswer translates an answer into the state of the call and the outcome of its targets.
func outcomeOfAnswer(e *purge.Error) (store.CallState, purge.Outcome) {
	switch {
	case e == nil:
		return store.CallAccepted, purge.Accepted
	case e.Kind == purge.Unknown:
		return store.CallUnknown, purge.OutcomeUnknown
	case e.Kind == purge.Unavailable:
		return store.CallUnsent, purge.Failed
	}
	return store.CallRefused, purge.Failed
}

// Recheck judges a batch once more by the present policy and rules, for the requester and for the approver, with the groups that
// both had then. One target that is no longer allowed withdraws the whole unsent rest. The returned function judges the rules that
// are added between this check and the write of the ledger row.
func (b *Runner) Recheck(ctx context.Context, p store.Purge, batch purge.Batch) (stops func([]store.Rule) string, withdrawn bool, err error) {
	// Load the decision and the newest rules.
	asked, err := b.decidedPurge(ctx, p)
	if err != nil {
		return nil, false, err
	}
	d, pressed, err := b.Store.Decision(ctx, asked.ID)
	if err == nil {
		err = b.rules.Read(ctx)
	}
	if err != nil {
		return nil, false, err
	}
	if books.DigestOf(p.Request, p.Prefetch) != p.Digest { // the stored targets differ from the confirmed ones
		return nil, true, b.withdraw(ctx, p, card.Refusal{Target: batch.Targets[0].String(), Reason: card.NotAsAsked})
	}
	// Judge the batch for the requester, and for the approver if there was one.
	l := b.rules.Law(b.rules.Policy())
	people := []acl.Who{l.Policy().Who(p.Requester, p.Groups)}
	if pressed && d.Who != "" {
		people = append(people, l.Policy().Who(d.Who, d.Groups))
	}
	for _, who := range people {
		if denied := l.Denied(rules.AsRequest(p, who, []purge.Part{{Area: batch.Area, Targets: batch.Targets}})); len(denied) > 0 {
			return nil, true, b.withdraw(ctx, p, denied[0])
		}
	}
	// The confirmation must still suffice.
	if r, lapsed := l.Lapsed(asked, d, purge.Part{Area: batch.Area, Targets: batch.Targets}); lapsed {
		return nil, true, b.withdraw(ctx, p, r)
	}
	return rules.Stopped(l, people, p, batch), false, nil
}

// withdraw marks all unsent targets as skipped, with the reason.
func (b *Runner) withdraw(ctx context.Context, p store.Purge, r card.Refusal) error {
	targets, err := b.Store.Targets(ctx, p.ID)
	if err != nil {
		return err
	}
	var left []store.Target
	for _, t := range targets {
		if t.Outcome == purge.Pending {
			t.Outcome, t.Reason = purge.Skipped, card.Withdrawn(r, p.Private)
			left = append(left, t)
		}
	}
	b.poster.WantCards()
	return b.Store.SetOutcomes(ctx, p.ID, left, b.Entry(store.AuditWithdrawn, p.ID, "", store.Body{Policy: b.rules.Policy().Hash(), Refused: card.Recorded(r)}))
}

// fail ends a batch without a call. Targets that an earlier call may have purged stay unclear.
func (b *Runner) fail(ctx context.Context, p store.Purge, batch sending, why string) error {
	b.poster.WantCards()
	o := purge.Failed
	if batch.unclear() > 0 {
		o, why = purge.OutcomeUnknown, card.UnclearThen(why)
	}
	return b.Store.SetOutcomes(ctx, p.ID, outcomes(batch.rows, o, why), b.Entry(store.AuditNotSent, p.ID, "", store.Body{Batch: batch.N, Area: batch.Area, Problem: why}))
}

// outcomes returns copies of the rows with another outcome and reason.
func outcomes(rows []store.Target, o purge.Outcome, why string) []store.Target {
	out := make([]store.Target, len(rows))
	for i, t := range rows {
		t.Outcome, t.Reason = o, why
		out[i] = t
	}
	return out
}
