package runner

import (
	"context"
	"errors"
	"time"

	"purgebot/bot/books"
	"purgebot/bot/store"
	"purgebot/bot/vendor"
	"purgebot/purge"
)

// callTimeout bounds the wait for a turn and one CDN call, which the client itself bounds to ten seconds. It runs on when
// the bot is stopping, so that its answer is recorded.
const callTimeout = 40 * time.Second

// send waits for the call's turn, makes it, and writes down what is known of it.
func (b *Runner) send(ctx context.Context, p store.Purge, batch sending, try int) (Submitted, error) {
	callCtx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
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
	case !d.asked:
		return b.neverLeft(ctx, p, batch, e)
	case d.call.State != store.Calling:
		return d.then, d.err
	case e != nil:
		b.Log.Log(ctx, vendor.Severity(e), "call not accepted", "purge", p.ID, "short", p.Short, "batch", batch.N, "try", try, "kind", e.Kind.String(), "error", e)
	}
	b.vendor.NoteCDN(e)
	d.call.Receipt = receipt
	return b.end(ctx, p, batch, d.call, e)
}

// noTurnWait is how long a call that could not wait for its turn stays away at least.
const noTurnWait = time.Second

// neverLeft is a call whose turn did not come: nothing was written, so it is no try, and comes again. A batch that no call can carry fails.
func (b *Runner) neverLeft(ctx context.Context, p store.Purge, batch sending, e *purge.Error) (Submitted, error) {
	if e == nil {
		e = purge.AsError(errors.New("the CDN's client answered without asking whether the call may leave"))
	}
	b.Log.Log(ctx, vendor.Severity(e), "call has no turn", "purge", p.ID, "short", p.Short, "batch", batch.N, "kind", e.Kind.String(), "error", e)
	if purge.MayTryAgain(e) == purge.Later {
		return Submitted{Again: true, Wait: max(e.RetryAfter, noTurnWait)}, nil
	}
	b.vendor.NoteCDN(e)
	return Submitted{Halt: e.Kind == purge.Internal}, b.fail(ctx, p, batch, e.Message)
}

// departure is how a call came to leave, or why it stayed.
type departure struct {
	asked bool       // its turn had come
	call  store.Call // that leaves; its State is calling
	then  Submitted  // what follows where it stays
	err   error
}

// errStays keeps a call that has its turn from leaving: why is in its departure.
var errStays = &purge.Error{Kind: purge.Conflict, Message: "This call is not to leave any more."}

// depart is asked when a call has its turn, at once before it leaves: it judges once more, and writes the ledger row.
func (b *Runner) depart(ctx context.Context, p store.Purge, batch sending, try int) departure {
	d := departure{asked: true}
	// May it still leave: by the bot, the rules, the quota?
	if b.Calls.Stopping() { // what was queued is sent by the next process
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
	// Then it is written down; what was said until that commit counts too.
	entry := b.Entry(store.AuditSending, p.ID, "", store.Body{Batch: batch.N, Try: try, Area: batch.Area, Units: len(batch.Targets)})
	call, fresh, err := b.Store.Begin(ctx, b.newCall(p, batch, try), limit, stops, entry)
	switch {
	case err != nil:
		d.err = err
	case call.State == store.CallStopped:
		d.then = Submitted{Halt: true}
	case call.State == store.CallFrozen: // said just now: the next look says what it is
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

func (b *Runner) newCall(p store.Purge, batch sending, try int) store.Call {
	now := b.Now()
	return store.Call{
		Purge: p.ID, Batch: batch.N, Try: try, Kind: batch.Kind, Area: batch.Area, Units: len(batch.Targets),
		Day: b.vendor.Day(now), Owner: b.Executor, At: now, State: store.Calling,
	}
}
