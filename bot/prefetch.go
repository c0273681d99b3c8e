package bot

import (
	"context"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Prefetching fetches the URLs of a purge into the caches again, once they are done. It is a purge of its own in all but the name:
// the same workflow, ledger and cards, of a kind that nobody types and no rule names. Nobody is asked about it, since the purge was
// decided; whoever may no longer purge its URLs by then has them fetched no more.

// prefetches reports whether the CDN can.
func (b *vendor) prefetches() bool { return b.CDN.Limits().Prefetch > 0 }

// digestOf is what makes two wishes the same: what is purged, and whether it is fetched again.
func digestOf(r purge.Request, prefetch bool) string {
	if prefetch {
		return hashID("prefetch", r.Digest())
	}
	return r.Digest()
}

// prefetchID is that of what follows a purge: there is one of it, however often its end is written.
func prefetchID(id string) string { return hashID("prefetch", id) }

// following is what fetches again the URLs that are done; nil if that is not wished for, not any more, or there are none. What is
// left of today's quota is asked for a moment only: the purge is done, and should say so.
func (b *runner) following(ctx context.Context, p store.Purge, targets []store.Target) (*store.Intake, error) {
	request := doneOf(targets)
	if !p.Prefetch || !b.vendor.prefetches() || p.Cancelled != "" || request.Len() == 0 {
		return nil, nil
	}
	b.vendor.awaitQuota(ctx, quotaReply)
	left, err := b.vendor.prefetchRoom(ctx)
	if err != nil {
		return nil, err
	}
	batches, err := planWithin(request, left, b.vendor.CDN.Limits())
	if err != nil {
		b.logError(ctx, "plan a prefetch of "+p.ID, err) // a purge ends all the same
		return nil, nil
	}
	f := store.Purge{
		ID: prefetchID(p.ID), Secret: newToken(), Event: store.Event{Platform: p.Event.Platform, Workspace: p.Event.Workspace},
		Requester: p.Requester, Name: p.Name, Groups: p.Groups, Thread: p.Thread, Channel: p.Channel, Request: request, Digest: request.Digest(),
		Policy: b.rules.Policy().Hash(), Reason: p.Reason, Private: p.Private, State: store.StateRecorded, CreatedAt: b.Now(),
		Overrides: p.Overrides, Follows: p.ID, Notes: []string{card.Fetches(p.Short, len(targets)-request.Len())},
	}
	body := store.Body{Verb: "prefetch", Digest: f.Digest, Targets: request.Len(), Channel: f.Channel, Groups: f.Groups, Policy: f.Policy,
		Reason: f.Reason, Freezes: f.Overrides, Follows: p.ID}
	return &store.Intake{Purge: f, Batches: batches, Entries: []store.Entry{b.entry(store.AuditPrefetching, f.ID, "", body)}}, nil
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

// prefetchRoom is what is left of today's prefetches. No part of them is anybody's reserve.
func (b *vendor) prefetchRoom(ctx context.Context) (card.Room, error) {
	return b.roomFor(ctx, b.rules.Policy(), acl.Who{}, purge.Prefetch)
}

// decided is the purge that somebody decided: p, or the one that it follows.
func (b *runner) decided(ctx context.Context, p store.Purge) (store.Purge, error) {
	if p.Follows == "" {
		return p, nil
	}
	return b.load(ctx, p.Follows)
}

// drawPrefetch finds what a card says of fetching again: what it would cost, or what was made of it.
func (b *poster) drawPrefetch(ctx context.Context, v *card.View) (err error) {
	switch {
	case !v.Prefetch:
		return nil
	case v.State.Final():
		f, found, err := b.Store.Purge(ctx, prefetchID(v.ID))
		if found && err == nil {
			v.Fetched, v.Fetches = f.Short, len(f.Request.Texts())
		}
		v.CannotFetch = !b.vendor.prefetches()
		return err
	}
	v.FetchRoom, err = b.vendor.prefetchRoom(ctx)
	return err
}
