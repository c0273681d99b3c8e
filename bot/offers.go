package bot

import (
	"context"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// The cards of a purge offer what it left out. An offer that its requester's rules refuse is none.

// drawOffers finds which follow-ups of a purge its requester may not ask for. A freeze, which may be over at the press, counts for nothing.
func drawOffers(v *card.View, l law, request store.Purge) {
	l = l.thawed()
	who := l.Policy().Who(request.Requester, request.Groups)
	for _, action := range []string{card.ActionOverseas, card.ActionMainland, card.ActionDelete, card.ActionLeak} {
		q := acl.Request{Who: who, In: request.Channel, Purge: purge.Request{Kind: v.Request.Kind, Parts: parts(places{policy: l.Policy()}, follow(v.Purge, action, v.Unserved))}}
		if len(l.denied(q)) > 0 {
			v.Refused = append(v.Refused, action)
		}
	}
}

// drawStop finds who cancelled a purge on its way.
func (b *poster) drawStop(ctx context.Context, v *card.View) error {
	if v.Cancelled == "" {
		return nil
	}
	entries, err := b.Store.Audit(ctx, v.ID)
	for _, e := range entries {
		if e.What == store.AuditCancelled && e.Who == v.Cancelled {
			v.Stopped = e
		}
	}
	return err
}

// pressCopy answers a press on a card of a purge that is not the one remembered, as a crash between the post and its commit leaves
// behind: it points to the card that counts, and the pressed one is edited to do so as well. A press on anything else is stale.
func (b *desk) pressCopy(ctx context.Context, s scene, p store.Purge, on chat.MessageRef) (chat.Reply, error) {
	c, known, err := b.Store.CardOf(ctx, p.ID, store.Status)
	if err != nil {
		return chat.Reply{}, err
	}
	others := on == (chat.MessageRef{})
	if !others {
		others, err = b.Store.ShowsCard(ctx, mustJSON(on))
	}
	if err != nil || others || !known || c.Ref == nil {
		return b.stale(ctx, s, err)
	}
	_, decided, err := b.Store.Decision(ctx, p.ID)
	if err != nil {
		return chat.Reply{}, err
	}
	b.done.Go(func() { b.poster.retire(p, on) })
	return b.refuse(ctx, s, "press", card.OldCopy(p.Short, p.State == store.StateWaiting && !decided && b.Now().Before(p.ExpiresAt)))
}

func (b *desk) stale(ctx context.Context, s scene, err error) (chat.Reply, error) {
	if err != nil {
		return chat.Reply{}, err
	}
	return b.refuse(ctx, s, "press", card.StaleButton)
}

// retire edits a card that was left behind, once.
func (b *poster) retire(p store.Purge, on chat.MessageRef) {
	if !b.retired.take(on.Channel + "/" + on.ID) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), postTimeout)
	defer cancel()
	adapter, err := b.platform(p.Channel.Platform())
	if err == nil {
		_, err = adapter.Show(ctx, thread(p), on, p.ID+"/copy", card.OldCopyCard(p.Short))
	}
	b.logError(ctx, "edit an old copy of a card", err)
}
