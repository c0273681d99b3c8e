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

// The audit channel is told every purge, decision, freeze and grant, a line each. It is fed from the audit by a place that is kept
// in the database: at least once, many lines to a message, and never on the way of a purge.

const (
	AuditFeed     = "audit channel"
	feedEvery     = time.Second
	feedAtOnce    = 20 // audit rows that one message is about: what happens together is told together
	feedPatience  = time.Minute
	feedFirstWait = 2 * time.Second
)

// FeedAudit tells the audit channel what the audit says until ctx ends.
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

// feedOnce tells the next rows in one message, and whether there may be more.
func (b *Poster) feedOnce(ctx context.Context, at chat.Thread) (more bool, err error) {
	from, err := b.Store.FedUntil(ctx, AuditFeed)
	if err != nil {
		return false, err
	}
	rows, err := b.Store.AuditAfter(ctx, from, feedAtOnce)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	var c chat.Card
	for _, e := range rows {
		line, err := b.FeedLine(ctx, e)
		if err != nil {
			return false, err
		}
		c.Lines = card.Compact(append(c.Lines, line))
		c.Mention = append(c.Mention, card.PassedOver(e, at)...)
	}
	last := rows[len(rows)-1].Seq
	if len(c.Lines) > 0 {
		if err := b.postFeed(ctx, at, last, c); err != nil {
			return false, err
		}
	}
	return len(rows) == feedAtOnce, b.Store.Fed(context.WithoutCancel(ctx), AuditFeed, last)
}

// postFeed is finished also when the bot stops, so that it is told once if that is possible.
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

// FeedLine is one row as a line; "" if it is not told.
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
