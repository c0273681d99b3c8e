package bot

import (
	"context"

	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
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
	b.vendor.Asks(func() {
		found, err := b.runner.learnMore(context.Background(), p)
		b.LogError(ctx, "look again", err)
		if !found {
			_ = b.poster.TellPerson(context.Background(), s.person.Subject, s.at, s.event, chat.Card{Title: card.NothingNew(p.Short), Tone: chat.Unsure})
		}
	})
	return chat.Reply{}, nil
}
