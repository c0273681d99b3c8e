package bot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// The audit channel is told every purge, decision, freeze and grant, a line each. It is fed from the audit by a place that is kept
// in the database: at least once, many lines to a message, and never on the way of a purge.

const (
	auditFeed     = "audit channel"
	feedEvery     = time.Second
	feedAtOnce    = 20 // audit rows that one message is about: what happens together is told together
	feedPatience  = time.Minute
	feedFirstWait = 2 * time.Second
)

// feedAudit tells the audit channel what the audit says until ctx ends.
func (b *Bot) feedAudit(ctx context.Context, at chat.Thread) {
	wait := feedEvery
	for ctx.Err() == nil {
		more, err := b.feedOnce(ctx, at)
		switch {
		case err != nil && ctx.Err() == nil:
			wait = max(purge.AsError(err).RetryAfter, min(max(2*wait, feedFirstWait), feedPatience))
			if b.seldom.first(auditFeed+": "+err.Error(), b.Now()) {
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
func (b *Bot) feedOnce(ctx context.Context, at chat.Thread) (more bool, err error) {
	from, err := b.Store.FedUntil(ctx, auditFeed)
	if err != nil {
		return false, err
	}
	rows, err := b.Store.AuditAfter(ctx, from, feedAtOnce)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	var card chat.Card
	for _, e := range rows {
		line, err := b.feedLine(ctx, e)
		if err != nil {
			return false, err
		}
		card.Lines = compact(append(card.Lines, line))
		card.Mention = append(card.Mention, passedOver(e, at)...)
	}
	last := rows[len(rows)-1].Seq
	if len(card.Lines) > 0 {
		if err := b.postFeed(ctx, at, last, card); err != nil {
			return false, err
		}
	}
	return len(rows) == feedAtOnce, b.Store.Fed(context.WithoutCancel(ctx), auditFeed, last)
}

// postFeed is finished also when the bot stops, so that it is told once if that is possible.
func (b *Bot) postFeed(ctx context.Context, at chat.Thread, last int64, c chat.Card) error {
	leave, err := b.calls.enter()
	if err != nil {
		return err
	}
	defer leave()
	adapter, err := b.platform(at.Platform)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()
	c.Title = "Audit"
	_, err = adapter.Show(ctx, at, chat.MessageRef{}, fmt.Sprint("audit/", last), c)
	return err
}

// passedOver is who could have approved what was purged without: they are mentioned where they are.
func passedOver(e store.Entry, at chat.Thread) []acl.Subject {
	return slices.DeleteFunc(e.Said().Approvers, func(s acl.Subject) bool {
		return s.Platform() != at.Platform || s.Workspace() != at.Workspace
	})
}

// told is what the audit channel calls what it is told of; what is not here stays in the audit.
var told = map[store.AuditKind]string{
	store.AuditAsked: "asked for", store.AuditJoined: "joined", store.AuditPrefetching: "fetches again",
	store.AuditConfirmed: "confirmed", store.AuditReleased: "purged without approval", store.AuditCancelled: "cancelled",
	store.AuditWithdrawn: "was refused at the press or the send", store.AuditExpired: "nobody answered", store.AuditNotShown: "could not be asked",
	store.AuditEnded: "ended", store.AuditRevised: "looked again",
	store.AuditFrozen: "froze", store.AuditUnfrozen: "ended the freeze of", store.AuditGranted: "granted", store.AuditRevoked: "revoked",
}

// feedLine is one row as a line; "" if it is not told. Of a private purge it has no target, and neither has what is told of any.
func (b *Bot) feedLine(ctx context.Context, e store.Entry) (string, error) {
	does, is := told[e.What]
	if !is {
		return "", nil
	}
	who := "purgebot"
	if e.Who != "" {
		who = chat.OneLine(cmp.Or(e.Name, "somebody")) + " (" + e.Who.ID() + ")"
	}
	line := e.At.UTC().Format("15:04:05 UTC") + " · " + who + " · " + does
	about, err := b.feedAbout(ctx, e, e.Said())
	return line + about, err
}

func (b *Bot) feedAbout(ctx context.Context, e store.Entry, body store.Body) (string, error) {
	var s string
	switch {
	case e.Purge != "":
		p, found, err := b.Store.Purge(ctx, e.Purge)
		if err != nil || !found {
			return " a purge that is forgotten", err
		}
		s = " · " + p.Short
		if body.State != "" {
			s += " · " + body.State
		}
		s += " · " + view{Purge: p}.named() + " in " + areaWords(p.Request.Areas())
	case body.Domain != "":
		s = " " + body.Domain
		if body.To != "" {
			s += " for " + body.To
		}
		if body.Until != "" {
			s += " until " + body.Until
		}
	}
	if body.Channel != "" {
		s += " · in " + string(body.Channel)
	}
	if body.Reason != "" {
		s += " · reason: " + chat.OneLine(body.Reason)
	}
	return s, nil
}
