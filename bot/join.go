package bot

import (
	"context"

	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/bot/wish"
)

// A request that is identical to a purge under way joins it: nothing more is sent, and what becomes of that purge is told in both
// threads. It was judged like any other, and whoever asked may take it up anew: what has left covers nothing that changed since.

// joining is what is taken where another purge is joined: a row that is over at once, with a card of its own.
func (b *desk) joining(s scene, w wish.Wish, v verdict, id, running string) *store.Intake {
	body := b.letIn(s, w, v, "")
	body.ID = id                      // the row is filed under the purge that is joined
	v.overrides, v.charges = nil, nil // it costs nothing
	p := b.newPurge(s, w, v, id, "")
	p.State, p.Joined = store.StateJoined, running
	return &store.Intake{Purge: p, Entries: []store.Entry{b.By(s.person, store.AuditJoined, running, body)}}
}

// joined has the card of a request that joined another purge shown.
func (b *desk) joined(p store.Purge) {
	b.Log.Info("purge joined", "purge", p.Joined, "by", p.ID, "from", p.Requester)
	b.poster.WantCards()
}

// sees reports whether somebody may see a purge: also one that they have joined.
func (b *desk) sees(ctx context.Context, s scene, p store.Purge) (bool, error) {
	if maySee(s, p) {
		return true, nil
	}
	return b.Store.HasJoined(ctx, s.person.Subject, p.ID)
}

// wouldJoin says which purge a dry run would join; "" if none.
func (b *desk) wouldJoin(ctx context.Context, running string) (string, error) {
	if running == "" {
		return "", nil
	}
	p, err := b.Load(ctx, running)
	return card.WouldJoin(p.Short), err
}
