package poster

import (
	"context"
	"fmt"
	"time"

	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// The audit channel shows every purge, decision, freeze and grant, in one line each. A position in the database feeds it from the
// audit: each row is posted at least once, many rows make one message, and no purge waits for it.

const (
	// AuditFeed is the name of the audit channel's position in the database.
	AuditFeed     = "audit channel"
	feedEvery     = time.Second
	feedAtOnce    = 20 // the most audit rows in one message
	feedPatience  = time.Minute
	feedFirstWait = 2 * time.Second
)

// FeedAudit posts the audit to a channel until ctx ends. A failed post is repeated after a growing pause.
func (b *Poster) FeedAudit(ctx context.Context, at chat.Thread) {
	wait := feedEvery
	for ctx.Err() == nil {
		more, err := b.feedOnce(ctx, at)
		switch {
		case err != nil && ctx.Err() == nil:
			wait = max(purge.AsError(err).RetryAfter, min(max(2*wait, feedFirstWait), feedPatience))
			if b.Seldom.First(AuditFeed+": "+err.Error(), b.Now()) {
				b.Log.WarnContext(ctx, "cannot post to the audit channel", "channel", at.Subject(), "error", err)
			}
		case more:
			wait = 0
		default:
			wait = feedEvery
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// feedOnce posts the next audit rows in one message, and reports whether there may be more.
func (b *Poster) feedOnce(ctx context.Context, at chat.Thread) (more bool, err error) {
	from, err := b.Store.FedUntil(ctx, AuditFeed)
	if err != nil {
		return false, err
	}
	rows, err := b.Store.AuditAfter(ctx, from, feedAtOnce)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	// Put the rows into one card. Rows without a line are skipped.
	var c chat.Card
	for _, e := range rows {
		line, err := b.FeedLine(ctx, e)
		if err != nil {
			return false, err
		}
		c.Lines = card.Compact(append(c.Lines, line))
		c.Mention = append(c.Mention, card.PassedOver(e, at)...)
	}
	// Post the card, then store the position.
	last := rows[len(rows)-1].Seq
	if len(c.Lines) > 0 {
		if err := b.postFeed(ctx, at, last, c); err != nil {
			return false, err
		}
	}
	return len(rows) == feedAtOnce, b.Store.Fed(context.WithoutCancel(ctx), AuditFeed, last)
}

// postFeed posts one message of the audit. A stop does not interrupt it, so that the rows are not posted twice.
func (b *Poster) postFeed(ctx context.Context, at chat.Thread, last int64, c chat.Card) error {
	leave, err := b.Calls.Enter()
	if err != nil {
		return err
	}
	defer leave()
	adapter, err := b.Platform(at.Platform)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()
	c.Title = "Audit"
	_, err = adapter.Show(ctx, at, chat.MessageRef{}, fmt.Sprint("audit/", last), c)
	return err
}

// FeedLine returns the line of an audit row, or "" for a row that the channel does not show.
func (b *Poster) FeedLine(ctx context.Context, e store.Entry) (string, error) {
	var about *store.Purge
	if e.Purge != "" {
		p, found, err := b.Store.Purge(ctx, e.Purge)
		if err != nil {
			return "", err
		}
		if found {
			about = &p
		}
	}
	return card.FeedLine(e, about), nil
}
