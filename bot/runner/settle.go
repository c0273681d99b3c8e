package runner

import (
	"context"
	"time"

	"purgebot/bot/account"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/poster"
	"purgebot/bot/store"
	"purgebot/purge"
)

// settle ends a purge in the state that its targets are in, and requests the reply that notifies the thread; late says that a
// target is still running after the deadline. A prefetch that follows the purge is recorded in the same commit.
func (b *Runner) settle(ctx context.Context, id string, late bool) (store.State, error) {
	leave, err := b.Calls.Enter() // a prefetch is begun before the bot stops, or by the next process
	if err != nil {
		return "", err
	}
	defer leave()
	// Load the purge, its targets and its verdict. A repeated step finds the purge ended.
	p, err := b.Load(ctx, id)
	if err != nil || p.State.Final() {
		return p.State, err
	}
	targets, err := b.Store.Targets(ctx, id)
	if err != nil {
		return "", err
	}
	d, _, err := b.Store.Decision(ctx, id)
	if err != nil {
		return "", err
	}
	// Work out the final state, and the prefetch that follows.
	st, problem := finalState(p, d, targets)
	if st == store.StateAccepted && late {
		problem = card.StillRunning
	}
	unseen := p.Confirm != "" && p.ExpiresAt.IsZero() // the question was never shown, and the requester was told privately
	then, err := b.prefetchAfter(ctx, p, targets)
	if err != nil {
		return "", err
	}
	// Commit the end and the prefetch together, then begin the prefetch.
	next, err := b.Store.FinishThen(ctx, id, st, problem, b.Now(), notifies(st) && !unseen, then, b.Entry(store.AuditEnded, id, "", ended(st, problem)))
	if err != nil {
		return "", err
	}
	if next != nil {
		b.Begin(*next, len(then.Batches))
	}
	if unseen {
		b.forgetCard(ctx, id)
	}
	// Count and log the end, and show the last cards without delay.
	b.Endings.count(st)
	b.Log.InfoContext(ctx, "purge ended", "purge", p.ID, "short", p.Short, "state", st, "after", b.Now().Sub(p.CreatedAt).Round(time.Millisecond))
	b.poster.Pace.Hurry(poster.Message(id, store.Status))
	b.poster.WantCards()
	return st, nil
}

// forgetCard gives up a status card that could not be shown.
func (b *Runner) forgetCard(ctx context.Context, id string) {
	c, found, err := b.Store.CardOf(ctx, id, store.Status)
	if err == nil && found {
		err = b.Store.CardFailed(ctx, id, store.Status, c.Wanted, true)
	}
	b.LogError(ctx, "give up a card", err)
}

// ended returns the audit body of an end.
func ended(st store.State, problem string) store.Body {
	return store.Body{State: string(st), Problem: problem}
}

// notifies reports whether an end is news to the thread: a cancellation is known to the person who pressed.
func notifies(st store.State) bool { return st != store.StateCancelled }

// finalState reduces the outcomes of all targets to one state, with the reason for a refusal. It returns "failed" only where
// nothing may have been purged.
func finalState(p store.Purge, d store.Decision, targets []store.Target) (store.State, string) {
	n := store.Count(targets)
	sent := n[purge.Done] + n[purge.Accepted] + n[purge.Failed] + n[purge.OutcomeUnknown]
	good := n[purge.Done] + n[purge.Accepted]
	skipped := n[purge.Skipped] + n[purge.Pending]
	switch {
	// Without a sent target, the verdict decides; with one, the outcomes do.
	case sent == 0 && d.What == store.Withdrawn:
		return store.StateRefused, d.Problem
	case sent == 0 && d.What == store.Expired:
		return store.StateExpired, ""
	case sent == 0 && (d.What == store.Cancelled || p.Cancelled != ""):
		return store.StateCancelled, ""
	case sent == 0:
		return store.StateRefused, skippedReason(targets)
	case n[purge.OutcomeUnknown] > 0 && good == 0:
		return store.StateUnknown, ""
	case good == 0:
		return store.StateFailed, ""
	case n[purge.OutcomeUnknown]+n[purge.Failed]+skipped > 0:
		return store.StatePartly, ""
	case n[purge.Accepted] > 0:
		return store.StateAccepted, ""
	}
	return store.StateDone, ""
}

// skippedReason returns the reason for which no target was sent.
func skippedReason(targets []store.Target) string {
	for _, t := range targets {
		if t.Outcome == purge.Skipped && t.Reason != "" {
			return t.Reason
		}
	}
	return ""
}

// prefetchAfter returns the prefetch of the URLs that a purge has completed, or nil if none was requested, none is possible any more,
// or no URL is done. It waits only briefly for the remaining quota: the purge is done, and its end should show soon.
func (b *Runner) prefetchAfter(ctx context.Context, p store.Purge, targets []store.Target) (*store.Intake, error) {
	request := doneOf(targets)
	if !p.Prefetch || !b.vendor.Prefetches() || p.Cancelled != "" || request.Len() == 0 {
		return nil, nil
	}
	b.vendor.AwaitQuota(ctx, account.QuotaReply)
	left, err := b.vendor.PrefetchRoom(ctx)
	if err != nil {
		return nil, err
	}
	batches, err := planAvailableFirst(request, left, b.vendor.CDN.Limits())
	if err != nil {
		b.LogError(ctx, "plan a prefetch of "+p.ID, err) // the purge ends without its prefetch
		return nil, nil
	}
	// The prefetch is a purge of its own, with the requester and the decision of the first.
	f := store.Purge{
		ID: books.PrefetchID(p.ID), Secret: books.NewToken(), Event: store.Event{Platform: p.Event.Platform, Workspace: p.Event.Workspace},
		Requester: p.Requester, Name: p.Name, Groups: p.Groups, Thread: p.Thread, Channel: p.Channel, Request: request, Digest: request.Digest(),
		Policy: b.rules.Policy().Hash(), Reason: p.Reason, Private: p.Private, State: store.StateRecorded, CreatedAt: b.Now(),
		Overrides: p.Overrides, Follows: p.ID, Notes: []string{card.Fetches(p.Short, len(targets)-request.Len())},
	}
	body := store.Body{Verb: "prefetch", Digest: f.Digest, Targets: request.Len(), Channel: f.Channel, Groups: f.Groups, Policy: f.Policy,
		Reason: f.Reason, Freezes: f.Overrides, Follows: p.ID}
	return &store.Intake{Purge: f, Batches: batches, Entries: []store.Entry{b.Entry(store.AuditPrefetching, f.ID, "", body)}}, nil
}

// doneOf returns a prefetch request of all targets that the vendor reports as done. A target that may not be purged yet is left
// out, because the prefetch would fetch its old version.
func doneOf(targets []store.Target) purge.Request {
	r := purge.Request{Kind: purge.Prefetch}
	for _, a := range []purge.Area{purge.Mainland, purge.Overseas} {
		part := purge.Part{Area: a}
		for _, t := range targets {
			if t.Area == a && t.Outcome == purge.Done {
				part.Targets = append(part.Targets, t.Target)
			}
		}
		if len(part.Targets) > 0 {
			r.Parts = append(r.Parts, part)
		}
	}
	return r
}

// planAvailableFirst plans a prefetch in two rows of batches: first the targets that fit into the remaining quota, then the rest, since the
// vendor refuses a call as a whole. The later batches may find room at their turn; without room, each of their targets records the
// reason, and a retry sends them again.
func planAvailableFirst(r purge.Request, left card.Room, limits purge.Limits) ([]purge.Batch, error) {
	fits, rest := left.Divide(r)
	batches, err := purge.NewPlan(fits, limits)
	if err != nil {
		return nil, err
	}
	behind, err := purge.NewPlan(rest, limits)
	for _, batch := range behind {
		batch.N = len(batches)
		batches = append(batches, batch)
	}
	return batches, err
}

// decidedPurge returns the purge that was decided for p: p itself, or the purge that p follows.
func (b *Runner) decidedPurge(ctx context.Context, p store.Purge) (store.Purge, error) {
	if p.Follows == "" {
		return p, nil
	}
	return b.Load(ctx, p.Follows)
}
