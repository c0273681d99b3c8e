package bot

import (
	"context"

	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// The cards of a purge offer what it left out. An offer that its requester's rules refuse is none.

// pressCopy answers a press on a card of a purge that is not the one remembered, as a crash between the post and its commit leaves
// behind: it points to the card that counts, and the pressed one is edited to do so as well. A press on anything else is stale.
func (b *desk) pressCopy(ctx context.Context, s scene, p store.Purge, on chat.MessageRef) (chat.Reply, error) {
	c, known, err := b.Store.CardOf(ctx, p.ID, store.Status)
	if err != nil {
		return chat.Reply{}, err
	}
	others := on == (chat.MessageRef{})
	if !others {
		others, err = b.Store.ShowsCard(ctx, books.JSON(on))
	}
	if err != nil || others || !known || c.Ref == nil {
		return b.stale(ctx, s, err)
	}
	_, decided, err := b.Store.Decision(ctx, p.ID)
	if err != nil {
		return chat.Reply{}, err
	}
	b.Done.Go(func() { b.poster.Retire(p, on) })
	return b.refuse(ctx, s, "press", card.OldCopy(p.Short, p.State == store.StateWaiting && !decided && b.Now().Before(p.ExpiresAt)))
}

func (b *desk) stale(ctx context.Context, s scene, err error) (chat.Reply, error) {
	if err != nil {
		return chat.Reply{}, err
	}
	return b.refuse(ctx, s, "press", card.StaleButton)
}
