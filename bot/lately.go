package bot

import (
	"context"
	"fmt"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// propagation is how long a purge takes to reach every edge, by the vendor's word: a target purged again meanwhile costs quota for
// what is on its way already. See https://cloud.tencent.com/document/product/228/6299
const propagation = 5 * time.Minute

// lately returns those targets of a request that were purged just before a time. What is private is told in private, to whoever
// asked for that, too.
func (b *Bot) lately(ctx context.Context, p store.Purge, before time.Time) ([]store.Purged, error) {
	if p.Request.Kind == purge.Prefetch { // nothing that is on its way is spent again
		return nil, nil
	}
	var own acl.Subject
	if p.Private {
		own = p.Requester
	}
	return b.Store.LastPurged(ctx, p.Request, before.Add(-propagation), own)
}

// tellLately points out, to whoever asked alone, what a purge that nobody had to confirm purges again. It holds nothing up.
func (b *Bot) tellLately(ctx context.Context, p store.Purge, again []store.Purged) {
	if say := sayLately(again, p.Private); say != "" {
		b.tell(ctx, p, chat.Card{Title: "Purged again: " + say})
	}
}

// sayLately points out what was purged a moment ago; "" if nothing was. Where the channel sees no targets it names none.
func sayLately(again []store.Purged, private bool) string {
	if len(again) == 0 {
		return ""
	}
	last := again[0]
	for _, one := range again {
		if one.At.After(last.At) {
			last = one
		}
	}
	what := fmt.Sprintf("%d of these were", len(again))
	switch {
	case len(again) == 1 && !private:
		what = last.Target.String() + " was"
	case len(again) == 1:
		what = "One of these was"
	}
	return fmt.Sprintf("%s purged in %s by %s at %s, which may still be on its way: it takes about %s. Purging again costs quota again.",
		what, last.Area, last.Purge, clock(last.At), lasts(propagation))
}
