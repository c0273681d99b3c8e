package runner

import (
	"context"
	"errors"
	"time"

	"purgebot/acl"
	"purgebot/bot/account"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// asked is the recorded value of the step "ask".
type asked struct {
	Expires time.Time
	Again   bool // the platform cannot show the question just now; the step runs again after Wait
	Wait    time.Duration
	Given   bool // the question was given up: the platform cannot show it in that channel
}

// ask shows the card with the buttons and stores the time at which the question expires. The workflow waits for a press only after
// that, so that no purge waits for a question without a reader.
func (b *Runner) ask(ctx context.Context, id string, ttl time.Duration) (asked, error) {
	p, err := b.Load(ctx, id)
	if err != nil {
		return asked{}, err
	}
	if !p.ExpiresAt.IsZero() { // an earlier run of the step has shown the question
		return asked{Expires: p.ExpiresAt}, nil
	}
	// A purge that is already decided or cancelled needs no question.
	if _, decided, err := b.Store.Decision(ctx, id); decided || err != nil || p.Cancelled != "" {
		return asked{Given: true}, err
	}
	// Show the card, then store the time at which the question expires.
	b.vendor.AwaitQuota(ctx, account.QuotaPatient) // the card shows the cost and the remaining quota
	p.ExpiresAt = b.Now().Add(ttl)
	ref, err := b.poster.Post(ctx, p, store.Status)
	if errors.Is(err, books.ErrStopping) {
		return asked{}, err // the platform was not called; the next process shows the question
	}
	if err != nil {
		return b.askFailed(ctx, p, purge.AsError(err))
	}
	expires, err := b.Store.Asked(ctx, id, books.JSON(ref), p.ExpiresAt)
	return asked{Expires: expires}, err
}

// askFailed handles a question that was not shown. A passing error asks for another run of the step, within the time of a
// confirmation; any other error ends the purge as withdrawn and tells its requester.
func (b *Runner) askFailed(ctx context.Context, p store.Purge, e *purge.Error) (asked, error) {
	if e.Kind.Transient() && b.Now().Sub(p.CreatedAt) < b.waits.TTL(acl.Requester) {
		return asked{Again: true, Wait: max(e.RetryAfter, time.Second)}, nil
	}
	b.Log.WarnContext(ctx, "question not shown", "purge", p.ID, "short", p.Short, "error", e)
	problem := card.NotAskable(e.Message)
	d := store.Decision{Purge: p.ID, What: store.Withdrawn, Problem: problem, At: b.Now()}
	if _, _, err := b.Store.Decide(ctx, d, store.Event{}, b.Entry(store.AuditNotShown, p.ID, "", store.Body{Message: problem})); err != nil {
		return asked{}, err
	}
	_ = b.poster.Tell(ctx, p, card.NotPurged(p.Short, problem))
	return asked{Given: true}, nil
}

// awaitedVerdict returns the verdict on a question, or "" while the question is open. At the expiry it records the verdict "expired",
// unless another verdict was recorded first.
func (b *Runner) awaitedVerdict(ctx context.Context, id string) (store.Verdict, error) {
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

// Remind redraws an open question, and mentions its approvers once the time for reminders has come. It returns the number of the
// job's wake-up times that have passed.
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

// Wake returns the time of the job's n-th wake-up, and the expiry of the question after the last one.
func (j Job) Wake(n int, expires time.Time) time.Time {
	if n >= len(j.Wakes) {
		return expires
	}
	return expires.Add(j.Wakes[n] - j.TTL)
}
