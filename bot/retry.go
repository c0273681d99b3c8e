package bot

import (
	"context"
	"slices"

	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

// A retry is a new request for the targets that did not go well: judged, confirmed and charged as the request of the person who
// retries.

// retryID retries the purge with a typed id.
func (b *requests) retryID(ctx context.Context, s scene, in grammar.Intent) (chat.Reply, error) {
	p, found, err := b.visiblePurge(ctx, s, in.ID)
	switch {
	case err != nil:
		return chat.Reply{}, err
	case !found, p.Private && !b.mayKnow(s, p):
		return b.refuse(ctx, s, "retry", card.NoSuchPurge)
	}
	if p, err = b.Original(ctx, p); err != nil {
		return chat.Reply{}, err
	}
	if in.Reason != "" {
		p.Reason = in.Reason
	}
	return b.retry(ctx, s, p, books.EventID(s.event))
}

// retry requests the targets of an ended purge that failed, were left out or stayed unclear.
func (b *requests) retry(ctx context.Context, s scene, p store.Purge, id string) (chat.Reply, error) {
	if !p.State.Final() {
		return b.refuse(ctx, s, "retry", card.NotEnded(p.Short))
	}
	targets, err := b.Store.Targets(ctx, p.ID)
	if err != nil {
		return chat.Reply{}, err
	}
	w := retryOf(p, targets)
	w.Prefetch = p.Prefetch && b.vendor.Prefetches()
	if len(w.Parts) == 0 {
		return b.refuse(ctx, s, "retry", card.NothingToRetry(p.Short))
	}
	return b.request(ctx, s, w, id)
}

// retryOf returns the wish for the targets that did not go well. Targets that may have been purged lead to a question, since a
// second purge may cost twice.
func retryOf(p store.Purge, targets []store.Target) wish.Wish {
	w := wish.Wish{Verb: string(grammar.VerbRetry), Kind: p.Request.Kind, Mode: p.Request.Mode, Reason: p.Reason, Private: p.Private}
	// Collect the failed, skipped and unclear targets of each area.
	unknown := 0
	for _, a := range []purge.Area{purge.Mainland, purge.Overseas} {
		part := purge.Part{Area: a}
		for _, t := range targets {
			if t.Area == a && unwell(t.Outcome) {
				part.Targets = append(part.Targets, t.Target)
			}
			if t.Area == a && t.Outcome == purge.OutcomeUnknown {
				unknown++
			}
		}
		if len(part.Targets) > 0 {
			w.Parts = append(w.Parts, part)
		}
	}
	// Unclear targets lead to a question with a note.
	w.Asks = unknown > 0
	w.Notes = []string{card.Retries(p.Short)}
	if unknown > 0 {
		w.Notes = append(w.Notes, card.MayCostTwice(unknown))
	}
	return w
}

// unwell reports whether a retry includes a target with this outcome.
func unwell(o purge.Outcome) bool {
	return o == purge.Failed || o == purge.Skipped || o == purge.OutcomeUnknown
}

// without keeps those targets of the parts that are in rest, so that a target refused in one area is not silently purged in the
// other.
func without(parts []purge.Part, rest []purge.Target) (kept []purge.Part) {
	in := map[string]bool{}
	for _, t := range rest {
		in[t.String()] = true
	}
	for _, p := range parts {
		p.Targets = slices.DeleteFunc(slices.Clone(p.Targets), func(t purge.Target) bool { return !in[t.String()] })
		if len(p.Targets) > 0 {
			kept = append(kept, p)
		}
	}
	return kept
}

// While a target is unclear, a press looks at the vendor once more, during the purge as well as after its end. The look sends
// nothing and costs nothing, so a look that a stop cuts off can simply be pressed again; findings after the end are committed with
// the state that follows from them.

// lookAgain answers the press at once, and looks in the background. A look without news is told to the presser privately.
func (b *presses) lookAgain(ctx context.Context, s scene, p store.Purge) (chat.Reply, error) {
	may, err := b.sees(ctx, s, p)
	switch {
	case err != nil:
		return chat.Reply{}, err
	case !may:
		return b.refuse(ctx, s, "press", card.NotYoursToLook)
	}
	dup, err := b.Store.Take(ctx, s.event, nil, b.sceneEntry(s, store.AuditLooksAgain, p.ID))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	b.vendor.Asks(func() {
		found, err := b.runner.LearnMore(context.Background(), p)
		b.LogError(ctx, "look again", err)
		if !found {
			_ = b.poster.TellPerson(context.Background(), s.person.Subject, s.at, s.event, chat.Card{Title: card.NothingNew(p.Short), Tone: chat.Unsure})
		}
	})
	return chat.Reply{}, nil
}
