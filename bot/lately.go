package bot

import (
	"context"
	"time"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// lately returns those targets of a request that were purged just before a time. What is private is told in private, to whoever
// asked for that, too.
func (b *poster) lately(ctx context.Context, p store.Purge, before time.Time) ([]store.Purged, error) {
	if p.Request.Kind == purge.Prefetch { // nothing that is on its way is spent again
		return nil, nil
	}
	var own acl.Subject
	if p.Private {
		own = p.Requester
	}
	return b.Store.LastPurged(ctx, p.Request, before.Add(-card.Propagation), own)
}

// tellLately points out, to whoever asked alone, what a purge that nobody had to confirm purges again. It holds nothing up.
func (b *poster) tellLately(ctx context.Context, p store.Purge, again []store.Purged) {
	if say := card.PurgedLately(again, p.Private); say != "" {
		_ = b.tell(ctx, p, chat.Card{Title: "Purged again: " + say})
	}
}
