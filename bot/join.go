package bot

import (
	"context"

	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/bot/wish"
)

// A request that is identical to a purge under way joins it: nothing more is sent, and both threads show the result. The request is
// judged like any other, and its requester may start it anew, since the calls that have left cover no later change.

// joining returns the record of a request that joins another purge: a row that is final at once, with a card of its own.
func (b *requests) joining(s scene, w wish.Wish, v judgement, id, running string) *store.Intake {
	body := b.letIn(s, w, v, "")
	body.ID = id                      // the audit row belongs to the joined purge
	v.overrides, v.charges = nil, nil // a joined request costs nothing
	p := b.newPurge(s, w, v, id, "")
	p.State, p.Joined = store.StateJoined, running
	return &store.Intake{Purge: p, Entries: []store.Entry{b.By(s.person, store.AuditJoined, running, body)}}
}

// joined logs a request that joined another purge, and shows its card.
func (b *requests) joined(p store.Purge) {
	b.Log.Info("purge joined", "purge", p.Joined, "by", p.ID, "from", p.Requester)
	b.poster.WantCards()
}

// sees reports whether a person may see a purge; a request that joined the purge gives that right too.
func (b *reception) sees(ctx context.Context, s scene, p store.Purge) (bool, error) {
	if maySee(s, p) {
		return true, nil
	}
	return b.Store.HasJoined(ctx, s.person.Subject, p.ID)
}

// wouldJoin returns the line about the purge that a dry run would join, or "".
func (b *requests) wouldJoin(ctx context.Context, running string) (string, error) {
	if running == "" {
		return "", nil
	}
	p, err := b.Load(ctx, running)
	return card.WouldJoin(p.Short), err
}
