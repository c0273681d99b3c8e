package bot

import (
	"context"

	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Where something is unclear, a press looks once more, while the purge is still followed as after its end. It sends nothing and spends
// nothing, so a look that a stop cuts off is simply pressed again; what it finds after the end is committed with the state that follows
// from it.

// lookAgain takes the press. The answer comes when the vendor has given its own.
func (b *desk) lookAgain(ctx context.Context, s scene, p store.Purge) (chat.Reply, error) {
	may, err := b.sees(ctx, s, p)
	switch {
	case err != nil:
		return chat.Reply{}, err
	case !may:
		return b.refuse(ctx, s, "press", card.NotYoursToLook)
	}
	dup, err := b.Store.Take(ctx, s.event, nil, b.seen(s, store.AuditLooksAgain, p.ID))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	b.vendor.asks(func() {
		found, err := b.runner.learnMore(context.Background(), p)
		b.logError(ctx, "look again", err)
		if !found {
			_ = b.poster.tellPerson(context.Background(), s.person.Subject, s.at, s.event, chat.Card{Title: card.NothingNew(p.Short), Tone: chat.Unsure})
		}
	})
	return chat.Reply{}, nil
}

// learnMore looks once at all that is unclear, and reports whether anything is clearer now.
func (b *runner) learnMore(ctx context.Context, p store.Purge) (bool, error) {
	leave, err := b.calls.enter()
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
	still, err := b.Store.Learn(ctx, p.ID, changed, b.entry(store.AuditSeen, p.ID, "", store.Body{Changed: store.Count(changed)}))
	if err != nil || still {
		b.poster.wantCards()
		return true, err
	}
	return true, b.revise(ctx, p, changed)
}

// revise commits what a look found, with the state that the whole purge is in by that.
func (b *runner) revise(ctx context.Context, p store.Purge, changed []store.Target) error {
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
	err = b.Store.Revise(ctx, p.ID, st, problem, changed, b.entry(store.AuditSeen, p.ID, "", store.Body{Changed: store.Count(changed)}), b.entry(store.AuditRevised, p.ID, "", ended(st, problem)))
	b.poster.wantCards()
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
