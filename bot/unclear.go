package bot

import (
	"context"
	"time"

	"purgebot/bot/card"
	"purgebot/bot/store"
)

// This file words two waits: for the next try of a call, and for the vendor's word on a call whose outcome is unclear. Its lines say how
// often the call was tried, when the next try is, until when the outcome is looked up, and what a person can check meanwhile. An edit
// notifies nobody, so a reply in the thread tells of an outcome that stays unclear.

// unclearAfter is how long an unclear call is looked up before that is told; where looks come much faster, it is sooner.
const unclearAfter = 30 * time.Second

// tellUnclear wants the reply for all purges of which something has been unclear long enough.
func (b *poster) tellUnclear(ctx context.Context) {
	n, err := b.Store.TellUnclear(ctx, b.Now().Add(-min(unclearAfter, 100*b.waits.Poll)))
	b.logError(ctx, "tell what is unclear", err)
	if n > 0 {
		b.wantCards()
	}
}

// drawTries finds what its card says of the calls of a purge that is under way, or did not end well.
func (b *poster) drawTries(ctx context.Context, v *card.View) error {
	if v.State.Final() && !v.Tried() {
		return nil
	}
	calls, err := b.Store.Calls(ctx, v.ID)
	v.Calls = calls
	for _, c := range calls {
		if c.State == store.CallUnknown && c.At.Add(b.waits.Deadline).After(v.Until) {
			v.Until = c.At.Add(b.waits.Deadline)
		}
	}
	return err
}
