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

// submitted is the value of the step submit.
type Submitted struct {
	Again bool // another run of the step after Wait: a further try, or a look before it
	Wait  time.Duration
	Skip  int  // batches behind this one that would only fail alike
	More  int  // batches that this one was split into, behind all others
	Halt  bool // nothing more of this purge is to be sent
}

// submit makes one try of one batch. The ledger row is written before the call leaves, and not before it may: when it is found
// without an answer, an earlier run of this step was cut while the call was under way, and the API is asked before anything is said.
// It is never simply called again. Where there is no row, nothing has left, however long the call had waited for its turn.
func (b *Runner) Submit(ctx context.Context, id string, n, try int) (Submitted, error) {
	ctx = context.WithoutCancel(ctx)
	leave, err := b.Calls.Enter()
	if err != nil {
		return Submitted{}, err
	}
	defer leave()
	p, batch, err := b.batch(ctx, id, n, try)
	if err != nil {
		return Submitted{}, err
	}
	if done, found := batch.made(try); found { // an earlier run of this step: what left comes before what is allowed now
		return b.resume(ctx, p, batch, done)
	}
	if before, asks := batch.lookedUp(); asks {
		if s, send, err := b.lookFirst(ctx, p, batch, before, try-before.Try); err != nil || !send {
			return s, err
		}
	} else if !batch.pending() { // what was decided about the rest of its area, or a number that is not in use
		return Submitted{}, nil
	}
	if p.Cancelled != "" { // nobody waits for a turn that is not taken
		return Submitted{Halt: true}, nil
	}
	return b.send(ctx, p, batch, try)
}

// resume goes on from a ledger row that an earlier run of the step has left.
func (b *Runner) resume(ctx context.Context, p store.Purge, batch sending, call store.Call) (Submitted, error) {
	if call.State == store.Calling {
		return b.recover(ctx, p, batch, call)
	}
	return b.follows(batch, call), nil
}

// sending is one batch with the rows of its targets, the ledger of the purge, and the batches behind it.
type sending struct {
	purge.Batch
	rows   []store.Target // of the batch
	All    []store.Target
	calls  []store.Call
	behind []purge.Batch
}

// pending reports whether any of it is still to be sent: also where its last call surely was not done, and one before may have been.
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

// batch loads the n-th batch. Where there are several, or one is tried again, the purge shows that it is under way.
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

// errInterrupted marks a call whose answer was lost on our side.
var errInterrupted = errors.New("purgebot was stopped while the call was under way")

// recover finds out what became of a call whose answer was never recorded: nobody is left who could know but the vendor.
func (b *Runner) recover(ctx context.Context, p store.Purge, batch sending, call store.Call) (Submitted, error) {
	seen, err := b.statusOf(ctx, p.ID, openBatch{Batch: batch.Batch, since: call.At})
	if err == nil && len(seen) == len(batch.Targets) {
		call.Receipt.At = b.Now()
		return b.end(ctx, p, batch, call, nil)
	}
	return b.end(ctx, p, batch, call, &purge.Error{Kind: purge.Unknown, Message: card.Interrupted, Err: errors.Join(errInterrupted, err)})
}

// end records the answer: the call, the targets and the audit in one commit. The answer is in nobody else's hands, so
// a database that does not take it is asked again for a while before the step gives up.
func (b *Runner) end(ctx context.Context, p store.Purge, batch sending, call store.Call, e *purge.Error) (Submitted, error) {
	e = b.vendor.AboutArea(ctx, onlyHost(batch.rows), batch.Area, e)
	// What the call itself is known to be.
	state, outcome := known(e)
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
	if into := narrower(batch, e); into != nil {
		return b.split(ctx, batch, call, into, entries)
	}
	// What follows, and what becomes of the targets by that.
	again := b.next(batch, &call, e)
	if call.Next.What == store.Skip {
		b.vendor.Quotas.Forget()
	}
	var rows []store.Target
	switch {
	case again == purge.Later && batch.unclear() == 0:
		rows = outcomes(batch.rows, purge.Pending, "")
	case again == purge.Later: // stays as it is known
	case outcome == purge.Failed && batch.unclear() > 0:
		rows = outcomes(batch.rows, purge.OutcomeUnknown, card.UnclearThen(call.Problem))
	default:
		rows = outcomes(batch.rows, outcome, batch.reason(call, e))
	}
	if call.Next.What == store.Skip {
		rows = append(rows, outcomes(batch.restOfArea(), outcome, call.Problem)...)
	}
	if call.Next.What == store.Halt {
		unsent := outcomes(batch.unsent(), purge.Skipped, card.NotSent(call.Problem))
		rows = append(rows, unsent...)
		entries = append(entries, b.notSent(p.ID, unsent)...)
	}
	err := insist(func() error { return b.Store.End(ctx, call, rows, entries...) })
	b.poster.WantCards()
	return b.follows(batch, call), err
}

// restOfArea is the targets of the batches behind this one in the same area.
func (s sending) restOfArea() []store.Target {
	var rows []store.Target
	for _, t := range s.All {
		if t.Area == s.Area && t.Batch > s.N {
			rows = append(rows, t)
		}
	}
	return rows
}

// unsent is the targets of all batches behind this one that nothing was decided about.
func (s sending) unsent() []store.Target {
	var rows []store.Target
	for _, t := range s.All {
		if t.Batch > s.N && t.Outcome == purge.Pending {
			rows = append(rows, t)
		}
	}
	return rows
}

// notSent is the audit row of targets that are left out for one reason; none if there are none.
func (b *Runner) notSent(id string, targets []store.Target) []store.Entry {
	if len(targets) == 0 {
		return nil
	}
	return []store.Entry{b.Entry(store.AuditNotSent, id, "", store.Body{Targets: len(targets), Problem: targets[0].Reason})}
}

// insist repeats what writes an answer down, for about ten seconds.
func insist(write func() error) error {
	err := write()
	for wait := 50 * time.Millisecond; err != nil && wait < 6*time.Second; wait *= 2 {
		time.Sleep(wait)
		err = write()
	}
	return err
}

// known translates an answer into what the ledger and the targets say.
func known(e *purge.Error) (store.CallState, purge.Outcome) {
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

// recheck asks the policy of this moment again, and what was said in chat by now, for whoever asked and whoever pressed, with the
// groups they had then. One target that is no longer allowed stops all that has not left. What it returns stops what is said
// from here until the call is written down.
func (b *Runner) Recheck(ctx context.Context, p store.Purge, batch purge.Batch) (stops func([]store.Rule) string, withdrawn bool, err error) {
	asked, err := b.decided(ctx, p)
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
	if books.DigestOf(p.Request, p.Prefetch) != p.Digest { // the rows are not what was asked and confirmed
		return nil, true, b.withdraw(ctx, p, card.Refusal{Target: batch.Targets[0].String(), Reason: card.NotAsAsked})
	}
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
	if r, lapsed := l.Lapsed(asked, d, purge.Part{Area: batch.Area, Targets: batch.Targets}); lapsed {
		return nil, true, b.withdraw(ctx, p, r)
	}
	return rules.Stopped(l, people, p, batch), false, nil
}

// withdraw marks all that has not left as skipped, and says why.
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

// fail ends a batch without a call. What an earlier call of it may have done stays unknown.
func (b *Runner) fail(ctx context.Context, p store.Purge, batch sending, why string) error {
	b.poster.WantCards()
	o := purge.Failed
	if batch.unclear() > 0 {
		o, why = purge.OutcomeUnknown, card.UnclearThen(why)
	}
	return b.Store.SetOutcomes(ctx, p.ID, outcomes(batch.rows, o, why), b.Entry(store.AuditNotSent, p.ID, "", store.Body{Batch: batch.N, Area: batch.Area, Problem: why}))
}

// outcomes is the same rows with another outcome.
func outcomes(rows []store.Target, o purge.Outcome, why string) []store.Target {
	out := make([]store.Target, len(rows))
	for i, t := range rows {
		t.Outcome, t.Reason = o, why
		out[i] = t
	}
	return out
}
