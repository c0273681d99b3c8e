package runner

import (
	"context"
	"errors"
	"time"

	"purgebot/bot/books"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/bot/vendor"
	"purgebot/purge"
)

// asked is the value of the step ask.
type asked struct {
	Expires time.Time
	Again   bool // the platform cannot show it just now
	Wait    time.Duration
	Given   bool // given up: it can never be shown there
}

// ask shows the card with the buttons. Nothing is sent before that, so that nobody waits for a question nobody saw.
func (b *Runner) ask(ctx context.Context, id string, ttl time.Duration) (asked, error) {
	p, err := b.Load(ctx, id)
	if err != nil {
		return asked{}, err
	}
	if !p.ExpiresAt.IsZero() { // shown before a kill
		return asked{Expires: p.ExpiresAt}, nil
	}
	if _, decided, err := b.Store.Decision(ctx, id); decided || err != nil || p.Cancelled != "" {
		return asked{Given: true}, err // nothing is left to ask
	}
	b.vendor.AwaitQuota(ctx, vendor.QuotaPatient) // the card says what it costs
	p.ExpiresAt = b.Now().Add(ttl)
	ref, err := b.poster.Post(ctx, p, store.Status)
	if errors.Is(err, books.ErrStopping) {
		return asked{}, err // nothing was asked of the platform
	}
	if err != nil {
		return b.askFailed(ctx, p, purge.AsError(err))
	}
	expires, err := b.Store.Asked(ctx, id, books.JSON(ref), p.ExpiresAt)
	return asked{Expires: expires}, err
}

func (b *Runner) askFailed(ctx context.Context, p store.Purge, e *purge.Error) (asked, error) {
	if e.Kind.Transient() && b.Now().Sub(p.CreatedAt) < b.waits.ConfirmTTL {
		return asked{Again: true, Wait: max(e.RetryAfter, time.Second)}, nil
	}
	b.Log.WarnContext(ctx, "cannot ask", "purge", p.ID, "short", p.Short, "error", e)
	problem := "The question could not be shown in that channel, so nothing was purged. " + e.Message
	d := store.Decision{Purge: p.ID, What: store.Withdrawn, Problem: problem, At: b.Now()}
	if _, _, err := b.Store.Decide(ctx, d, store.Event{}, b.Entry(store.AuditNotShown, p.ID, "", store.Body{Message: problem})); err != nil {
		return asked{}, err
	}
	_ = b.poster.Tell(ctx, p, chat.Card{Title: "Not purged: " + p.Short, Tone: chat.Bad, Lines: []string{problem}})
	return asked{Given: true}, nil
}

// decision returns what was decided, or "" to wait on. When the time is up, time itself decides, unless somebody was first.
func (b *Runner) decision(ctx context.Context, id string) (store.Verdict, error) {
	p, err := b.Load(ctx, id)
	if err != nil {
		return "", err
	}
	d, found, err := b.Store.Decision(ctx, id)
	if found && d.What == store.Confirmed && err == nil {
		err = b.Store.SetState(ctx, id, store.StateSending)
	}
	if err != nil || found {
		return d.What, err
	}
	if b.Now().Before(p.ExpiresAt) {
		return "", nil
	}
	d, _, err = b.Store.Decide(ctx, store.Decision{Purge: id, What: store.Expired, At: b.Now()}, store.Event{}, b.Entry(store.AuditExpired, id, "", store.Body{}))
	b.poster.WantCards()
	return d.What, err
}

// remind shows a question anew, mentions those who may approve it once half of its time is over, and says how many wakes are behind.
func (b *Runner) Remind(ctx context.Context, j Job, expires time.Time) (passed int, err error) {
	now := b.Now()
	for passed < len(j.Wakes) && !now.Before(j.Wake(passed, expires)) {
		passed++
	}
	p, err := b.Load(ctx, j.ID)
	if err != nil || passed == 0 {
		return passed, err
	}
	due := !now.Before(expires.Add(j.TTL/b.waits.Part - j.TTL))
	err = b.Store.Remind(ctx, j.ID, due && len(b.rules.Law(b.rules.Policy()).Approvers(p).Here) > 0)
	b.poster.WantCards()
	return passed, err
}

// wake is when the n-th of them is, and at last when the question expires.
func (j Job) Wake(n int, expires time.Time) time.Time {
	if n >= len(j.Wakes) {
		return expires
	}
	return expires.Add(j.Wakes[n] - j.TTL)
}
