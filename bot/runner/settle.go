package runner

import (
	"context"
	"time"

	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/poster"
	"purgebot/bot/store"
	"purgebot/bot/vendor"
	"purgebot/purge"
)

// settle ends the purge with the state its targets are in, and wants the message that notifies.
func (b *Runner) settle(ctx context.Context, id string, late bool) (store.State, error) {
	leave, err := b.Calls.Enter() // what follows is begun before the bot stops, or by the next
	if err != nil {
		return "", err
	}
	defer leave()
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
	st, problem := finalState(p, d, targets)
	if st == store.StateAccepted && late {
		problem = card.StillRunning
	}
	unseen := p.Confirm != "" && p.ExpiresAt.IsZero() // its question was never shown: whoever asked was told
	then, err := b.following(ctx, p, targets)
	if err != nil {
		return "", err
	}
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
	b.Endings.count(st)
	b.Log.InfoContext(ctx, "purge ended", "purge", p.ID, "short", p.Short, "state", st, "after", b.Now().Sub(p.CreatedAt).Round(time.Millisecond))
	b.poster.Pace.Hurry(poster.Message(id, store.Status))
	b.poster.WantCards()
	return st, nil
}

// forgetCard gives up a status card that could never be shown.
func (b *Runner) forgetCard(ctx context.Context, id string) {
	c, found, err := b.Store.CardOf(ctx, id, store.Status)
	if err == nil && found {
		err = b.Store.CardFailed(ctx, id, store.Status, c.Wanted, true)
	}
	b.LogError(ctx, "give up a card", err)
}

// ended is what the audit says of an end.
func ended(st store.State, problem string) store.Body {
	return store.Body{State: string(st), Problem: problem}
}

// notifies reports whether an end is news to the thread: whoever cancelled knows.
func notifies(st store.State) bool { return st != store.StateCancelled }

// finalState reduces what became of every target to one word. "Failed" is said only where nothing may have happened.
func finalState(p store.Purge, d store.Decision, targets []store.Target) (store.State, string) {
	n := store.Count(targets)
	sent := n[purge.Done] + n[purge.Accepted] + n[purge.Failed] + n[purge.OutcomeUnknown]
	good := n[purge.Done] + n[purge.Accepted]
	skipped := n[purge.Skipped] + n[purge.Pending]
	switch {
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

// skippedReason is why nothing was sent at all.
func skippedReason(targets []store.Target) string {
	for _, t := range targets {
		if t.Outcome == purge.Skipped && t.Reason != "" {
			return t.Reason
		}
	}
	return ""
}

// following is what fetches again the URLs that are done; nil if that is not wished for, not any more, or there are none. What is
// left of today's quota is asked for a moment only: the purge is done, and should say so.
func (b *Runner) following(ctx context.Context, p store.Purge, targets []store.Target) (*store.Intake, error) {
	request := doneOf(targets)
	if !p.Prefetch || !b.vendor.Prefetches() || p.Cancelled != "" || request.Len() == 0 {
		return nil, nil
	}
	b.vendor.AwaitQuota(ctx, vendor.QuotaReply)
	left, err := b.vendor.PrefetchRoom(ctx)
	if err != nil {
		return nil, err
	}
	batches, err := planWithin(request, left, b.vendor.CDN.Limits())
	if err != nil {
		b.LogError(ctx, "plan a prefetch of "+p.ID, err) // a purge ends all the same
		return nil, nil
	}
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

// doneOf is a prefetch of all that the vendor has said is done. What may not be is not fetched: the old version would be.
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

// planWithin keeps what does not fit into what is left out of the batches that do, since a call is refused whole. It is in batches
// behind them: there may be room when it is their turn, and if not, that is said of each target, and retry takes them up.
func planWithin(r purge.Request, left card.Room, limits purge.Limits) ([]purge.Batch, error) {
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

// decided is the purge that somebody decided: p, or the one that it follows.
func (b *Runner) decided(ctx context.Context, p store.Purge) (store.Purge, error) {
	if p.Follows == "" {
		return p, nil
	}
	return b.Load(ctx, p.Follows)
}
