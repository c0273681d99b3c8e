package runner

import (
	"context"
	"errors"
	"time"

	"purgebot/bot/account"
	"purgebot/bot/books"
	"purgebot/bot/store"
	"purgebot/purge"
)

// callTimeout bounds one CDN call together with the wait for its turn; the client itself bounds the call to ten seconds. The call
// continues while the bot is stopping, so that its answer is recorded.
const callTimeout = 40 * time.Second

// send waits for the call's turn, makes the call and records its result.
func (b *Runner) send(ctx context.Context, p store.Purge, batch sending, try int) (Submitted, error) {
	callCtx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	// The client asks just before the call leaves; depart answers and writes the ledger row.
	var d departure
	receipt, err := b.vendor.CDN.Submit(callCtx, batch.Batch, func(context.Context) error {
		if d = b.depart(ctx, p, batch, try); d.call.State != store.Calling {
			return errStays
		}
		b.poster.WantCards()
		return nil
	})
	var e *purge.Error
	if err != nil {
		e = purge.AsError(err)
	}
	switch {
	// Three ends without an answer to record come first: the call had no turn, or it was stopped, or it failed.
	case !d.asked:
		return b.neverLeft(ctx, p, batch, e)
	case d.call.State != store.Calling:
		return d.then, d.err
	case e != nil:
		b.Log.Log(ctx, account.Severity(e), "call not accepted", "purge", p.ID, "short", p.Short, "batch", batch.N, "try", try, "kind", e.Kind.String(), "error", e)
	}
	b.vendor.NoteCDN(e)
	d.call.Receipt = receipt
	return b.end(ctx, p, batch, d.call, e)
}

// noTurnWait is the shortest pause before another try of a call that had no turn.
const noTurnWait = time.Second

// neverLeft handles a call that had no turn. The ledger holds no row of the call, so it does not count as a try and is repeated. A
// batch that fits into no call fails.
func (b *Runner) neverLeft(ctx context.Context, p store.Purge, batch sending, e *purge.Error) (Submitted, error) {
	if e == nil {
		e = purge.AsError(errors.New("the CDN's client answered without asking whether the call may leave"))
	}
	b.Log.Log(ctx, account.Severity(e), "call got no turn", "purge", p.ID, "short", p.Short, "batch", batch.N, "kind", e.Kind.String(), "error", e)
	if purge.MayTryAgain(e) == purge.Later {
		return Submitted{Again: true, Wait: max(e.RetryAfter, noTurnWait)}, nil
	}
	b.vendor.NoteCDN(e)
	return Submitted{Halt: e.Kind == purge.Internal}, b.fail(ctx, p, batch, e.Message)
}

// departure is the answer to the client's question whether a call may leave.
type departure struct {
	asked bool       // the client has asked: the call had its turn
	call  store.Call // the ledger row; the call leaves only in the state calling
	then  Submitted  // the value of the step for a call that stays
	err   error
}

// errStays is returned to the client for a call that must not leave; the departure holds the reason.
var errStays = &purge.Error{Kind: purge.Conflict, Message: "This call is not to leave any more."}

// depart judges a call for the last time, immediately before the call leaves, and writes its ledger row.
func (b *Runner) depart(ctx context.Context, p store.Purge, batch sending, try int) departure {
	d := departure{asked: true}
	// First, the three checks: the bot must not be stopping, the rules must allow the call, and the quota must suffice.
	if b.Calls.Stopping() { // the next process sends a queued call
		d.err = books.ErrStopping
		return d
	}
	stops, withdrawn, err := b.Recheck(ctx, p, batch.Batch)
	if withdrawn || err != nil {
		d.then, d.err = Submitted{Halt: true}, err
		return d
	}
	limit, some := b.vendor.MayHold(p, batch.Batch)
	if !some {
		d.err = b.fail(ctx, p, batch, b.vendor.OverQuota(p, batch.Batch))
		return d
	}
	// Then the ledger row is written. The rules and cancellations in the database at that commit count as well.
	entry := b.Entry(store.AuditSending, p.ID, "", store.Body{Batch: batch.N, Try: try, Area: batch.Area, Units: len(batch.Targets)})
	call, fresh, err := b.Store.Begin(ctx, b.newCall(p, batch, try), limit, stops, entry)
	switch {
	case err != nil:
		d.err = err
	case call.State == store.CallStopped:
		d.then = Submitted{Halt: true}
	case call.State == store.CallFrozen: // a rule was added just now; the next run of the step judges by it
		d.then = Submitted{Again: true}
	case call.State == store.CallOverQuota:
		d.err = b.fail(ctx, p, batch, b.vendor.OverQuota(p, batch.Batch))
	case !fresh:
		d.then, d.err = b.resume(ctx, p, batch, call)
	default:
		d.call = call
	}
	return d
}

// newCall returns the ledger row of a call in the state calling.
func (b *Runner) newCall(p store.Purge, batch sending, try int) store.Call {
	now := b.Now()
	return store.Call{
		Purge: p.ID, Batch: batch.N, Try: try, Kind: batch.Kind, Area: batch.Area, Units: len(batch.Targets),
		Day: b.vendor.Day(now), Owner: b.Executor, At: now, State: store.Calling,
	}
}
