package bot

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// The functions here are the steps of the workflow: plain functions, repeatable by the keys of our own tables.
// A business outcome is part of the value; an error means that nothing could be recorded and the step runs again.

// asked is the value of the step ask.
type asked struct {
	Expires time.Time
	Again   bool // the platform cannot show it just now
	Wait    time.Duration
	Given   bool // given up: it can never be shown there
}

// ask shows the card with the buttons. Nothing is sent before that, so that nobody waits for a question nobody saw.
func (b *runner) ask(ctx context.Context, id string, ttl time.Duration) (asked, error) {
	p, err := b.load(ctx, id)
	if err != nil {
		return asked{}, err
	}
	if !p.ExpiresAt.IsZero() { // shown before a kill
		return asked{Expires: p.ExpiresAt}, nil
	}
	if _, decided, err := b.Store.Decision(ctx, id); decided || err != nil || p.Cancelled != "" {
		return asked{Given: true}, err // nothing is left to ask
	}
	b.vendor.awaitQuota(ctx, quotaPatient) // the card says what it costs
	p.ExpiresAt = b.Now().Add(ttl)
	ref, err := b.poster.post(ctx, p, store.Status)
	if errors.Is(err, errStopping) {
		return asked{}, err // nothing was asked of the platform
	}
	if err != nil {
		return b.askFailed(ctx, p, purge.AsError(err))
	}
	expires, err := b.Store.Asked(ctx, id, mustJSON(ref), p.ExpiresAt)
	return asked{Expires: expires}, err
}

func (b *runner) askFailed(ctx context.Context, p store.Purge, e *purge.Error) (asked, error) {
	if e.Kind.Transient() && b.Now().Sub(p.CreatedAt) < b.waits.ConfirmTTL {
		return asked{Again: true, Wait: max(e.RetryAfter, time.Second)}, nil
	}
	b.Log.WarnContext(ctx, "cannot ask", "purge", p.ID, "short", p.Short, "error", e)
	problem := "The question could not be shown in that channel, so nothing was purged. " + e.Message
	d := store.Decision{Purge: p.ID, What: store.Withdrawn, Problem: problem, At: b.Now()}
	if _, _, err := b.Store.Decide(ctx, d, store.Event{}, b.entry(store.AuditNotShown, p.ID, "", store.Body{Message: problem})); err != nil {
		return asked{}, err
	}
	_ = b.poster.tell(ctx, p, chat.Card{Title: "Not purged: " + p.Short, Tone: chat.Bad, Lines: []string{problem}})
	return asked{Given: true}, nil
}

// decision returns what was decided, or "" to wait on. When the time is up, time itself decides, unless somebody was first.
func (b *runner) decision(ctx context.Context, id string) (store.Verdict, error) {
	p, err := b.load(ctx, id)
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
	d, _, err = b.Store.Decide(ctx, store.Decision{Purge: id, What: store.Expired, At: b.Now()}, store.Event{}, b.entry(store.AuditExpired, id, "", store.Body{}))
	b.poster.wantCards()
	return d.What, err
}

// settle ends the purge with the state its targets are in, and wants the message that notifies.
func (b *runner) settle(ctx context.Context, id string, late bool) (store.State, error) {
	leave, err := b.calls.enter() // what follows is begun before the bot stops, or by the next
	if err != nil {
		return "", err
	}
	defer leave()
	p, err := b.load(ctx, id)
	if err != nil || p.State.Final() {
		return p.State, err
	}
	targets, err := b.Store.Targets(ctx, id)
	if err != nil {
		return "", err
	}
	d, _, err := b.Store.Decision(ctx, id)
	if err != nil {
		return "", err
	}
	st, problem := finalState(p, d, targets)
	if st == store.StateAccepted && late {
		problem = card.StillRunning
	}
	unseen := p.Confirm != "" && p.ExpiresAt.IsZero() // its question was never shown: whoever asked was told
	then, err := b.following(ctx, p, targets)
	if err != nil {
		return "", err
	}
	next, err := b.Store.FinishThen(ctx, id, st, problem, b.Now(), notifies(st) && !unseen, then, b.entry(store.AuditEnded, id, "", ended(st, problem)))
	if err != nil {
		return "", err
	}
	if next != nil {
		b.begin(*next, len(then.Batches))
	}
	if unseen {
		b.forgetCard(ctx, id)
	}
	b.endings.count(st)
	b.Log.InfoContext(ctx, "purge ended", "purge", p.ID, "short", p.Short, "state", st, "after", b.Now().Sub(p.CreatedAt).Round(time.Millisecond))
	b.poster.pace.hurry(message(id, store.Status))
	b.poster.wantCards()
	return st, nil
}

// forgetCard gives up a status card that could never be shown.
func (b *runner) forgetCard(ctx context.Context, id string) {
	c, found, err := b.Store.CardOf(ctx, id, store.Status)
	if err == nil && found {
		err = b.Store.CardFailed(ctx, id, store.Status, c.Wanted, true)
	}
	b.logError(ctx, "give up a card", err)
}

// ended is what the audit says of an end.
func ended(st store.State, problem string) store.Body {
	return store.Body{State: string(st), Problem: problem}
}

// notifies reports whether an end is news to the thread: whoever cancelled knows.
func notifies(st store.State) bool { return st != store.StateCancelled }

// finalState reduces what became of every target to one word. "Failed" is said only where nothing may have happened.
func finalState(p store.Purge, d store.Decision, targets []store.Target) (store.State, string) {
	n := store.Count(targets)
	sent := n[purge.Done] + n[purge.Accepted] + n[purge.Failed] + n[purge.OutcomeUnknown]
	good := n[purge.Done] + n[purge.Accepted]
	skipped := n[purge.Skipped] + n[purge.Pending]
	switch {
	case sent == 0 && d.What == store.Withdrawn:
		return store.StateRefused, d.Problem
	case sent == 0 && d.What == store.Expired:
		return store.StateExpired, ""
	case sent == 0 && (d.What == store.Cancelled || p.Cancelled != ""):
		return store.StateCancelled, ""
	case sent == 0:
		return store.StateRefused, skippedReason(targets)
	case n[purge.OutcomeUnknown] > 0 && good == 0:
		return store.StateUnknown, ""
	case good == 0:
		return store.StateFailed, ""
	case n[purge.OutcomeUnknown]+n[purge.Failed]+skipped > 0:
		return store.StatePartly, ""
	case n[purge.Accepted] > 0:
		return store.StateAccepted, ""
	}
	return store.StateDone, ""
}

// skippedReason is why nothing was sent at all.
func skippedReason(targets []store.Target) string {
	for _, t := range targets {
		if t.Outcome == purge.Skipped && t.Reason != "" {
			return t.Reason
		}
	}
	return ""
}

// thread is where a purge's conversation is.
func thread(p store.Purge) chat.Thread {
	var t chat.Thread
	if err := json.Unmarshal(p.Thread, &t); err != nil {
		return chat.Thread{Platform: p.Requester.Platform()}
	}
	return t
}

// tell tells whoever asked for a purge. Its error is logged: what it says is mostly on the card, and always in the audit.
func (b *poster) tell(ctx context.Context, p store.Purge, c chat.Card) error {
	return b.tellPerson(ctx, p.Requester, thread(p), p.Event, c)
}

func (b *poster) tellPerson(ctx context.Context, who acl.Subject, at chat.Thread, after store.Event, c chat.Card) error {
	adapter, err := b.platform(at.Platform)
	if err == nil {
		err = adapter.Tell(ctx, who, at, chat.EventKey{Platform: after.Platform, Workspace: after.Workspace, ID: after.ID}, c)
	}
	if err != nil {
		b.Log.WarnContext(ctx, "tell", "who", who, "error", err)
	}
	return err
}
