package poster

import (
	"context"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

// Draw makes the card of a purge from its rows, for the message with the given role. An error in any part yields no card, because a
// half-empty card could say something false.
func (b *Poster) Draw(ctx context.Context, p store.Purge, role store.Role) (chat.Card, error) {
	request := p
	p, err := b.Original(ctx, p)
	if err != nil {
		return chat.Card{}, err
	}
	// Begin with the purge itself, and with the request that joined it.
	v := card.View{Purge: p, Now: b.Now(), Token: books.ButtonToken, Unserved: b.vendor.Unserved(p.Request.Hosts()), Leaks: p.Request.Kind != purge.Prefetch && wish.SoundsLikeLeak(b.rules.Policy(), p.Reason) && !wish.IsLeak(p)}
	if request.Joined != "" {
		if err := b.drawJoin(ctx, &v, request); err != nil {
			return chat.Card{}, err
		}
	}
	// Every card shows the targets and the decision.
	if v.Targets, err = b.Store.Targets(ctx, p.ID); err == nil {
		v.Decision, v.Decided, err = b.Store.Decision(ctx, p.ID)
	}
	// A guarded purge also shows the remaining quota and the freezes in its way.
	if err == nil && !p.State.Final() && p.Confirm != "" {
		policy := b.rules.Policy()
		v.Room, err = b.vendor.RoomFor(ctx, policy, policy.Who(p.Requester, p.Groups), p.Request.Kind)
		v.Turns = b.vendor.DayTurns()
		v.Frozen = frozenLines(b.rules.Law(b.rules.Policy()), p)
	}
	// A question shows hints, recent purges, the approvers and the emergency.
	if err == nil && v.Asking() {
		v.Hints = b.vendor.Listed().HintsOf(p.Request)
		v.Lately, err = b.Lately(ctx, p, p.CreatedAt)
		DrawApproval(&v, b.rules.Law(b.rules.Policy()))
		v.Emergency = b.waits.Emergency(b.rules.Policy(), p)
	}
	// Then the prefetch that follows, the usual duration, the calls, the cancellation and the offers.
	if err == nil {
		err = b.drawPrefetch(ctx, &v)
	}
	if err == nil && v.Tone() == chat.Busy {
		v.Usual, err = b.usual(ctx, p.Request)
	}
	if err == nil {
		err = b.drawTries(ctx, &v)
	}
	if err == nil {
		err = b.drawStop(ctx, &v)
	}
	if err == nil && (p.State.Final() || v.Leaks) {
		drawOffers(&v, b.rules.Law(b.rules.Policy()), request)
	}
	if err != nil { // no card is better than a half-empty one
		return chat.Card{}, err
	}
	// Render the view for the role of the message.
	switch role {
	case store.Result:
		return v.Result(), nil
	case store.Reminder:
		return v.Reminder(), nil
	case store.Looking:
		return v.StillLooking(), nil
	}
	return card.Readable(v.Status(), b.Limits(thread(request)).Files), nil
}

// drawOffers finds the follow-ups of a purge that the rules refuse to its requester. Freezes are ignored, since a freeze may be
// over at the press.
func drawOffers(v *card.View, l rules.Law, request store.Purge) {
	l = l.Thawed()
	who := l.Policy().Who(request.Requester, request.Groups)
	for _, action := range []string{card.ActionOverseas, card.ActionMainland, card.ActionDelete, card.ActionLeak} {
		q := acl.Request{Who: who, In: request.Channel, Purge: purge.Request{Kind: v.Request.Kind, Parts: wish.Parts(wish.Places{Policy: l.Policy()}, wish.OfButton(v.Purge, action, v.Unserved))}}
		if len(l.Denied(q)) > 0 {
			v.Refused = append(v.Refused, action)
		}
	}
}

// drawStop finds the audit row of the cancellation of a running purge.
func (b *Poster) drawStop(ctx context.Context, v *card.View) error {
	if v.Cancelled == "" {
		return nil
	}
	entries, err := b.Store.Audit(ctx, v.ID)
	for _, e := range entries {
		if e.What == store.AuditCancelled && e.Who == v.Cancelled {
			v.Stopped = e
		}
	}
	return err
}

// DrawApproval adds to a question the people who may press.
func DrawApproval(v *card.View, l rules.Law) {
	if v.Confirm == acl.SecondPerson {
		v.Approvers = l.Approvers(v.Purge)
	}
	v.PressLine = card.WhoPresses(v.Purge, v.Approvers)
}

// drawJoin turns the card of a purge into the card of a request that joined it. Facts that concern only the purge's own thread are
// left out.
func (b *Poster) drawJoin(ctx context.Context, v *card.View, p store.Purge) error {
	calls, err := b.Store.Calls(ctx, v.ID)
	v.Join = &card.Join{At: p.CreatedAt, Asker: v.Name, Sent: FirstSent(calls)}
	v.Requester, v.Secret, v.Notes = p.Requester, p.Secret, p.Notes
	return err
}

// FirstSent returns the time of the first call that the vendor may have received, or the zero time.
func FirstSent(calls []store.Call) (first time.Time) {
	for _, c := range calls {
		if c.State != store.CallUnsent && c.State != store.CallRefused && (first.IsZero() || c.At.Before(first)) {
			first = c.At
		}
	}
	return first
}

// drawPrefetch adds the prefetch that follows a purge: its cost before the end, and its result after it.
func (b *Poster) drawPrefetch(ctx context.Context, v *card.View) (err error) {
	switch {
	case !v.Prefetch:
		return nil
	case v.State.Final():
		f, found, err := b.Store.Purge(ctx, books.PrefetchID(v.ID))
		if found && err == nil {
			v.Fetched, v.Fetches = f.Short, len(f.Request.Texts())
		}
		v.CannotFetch = !b.vendor.Prefetches()
		return err
	}
	v.FetchRoom, err = b.vendor.PrefetchRoom(ctx)
	return err
}

// drawTries adds the calls of a purge that is under way or did not end well.
func (b *Poster) drawTries(ctx context.Context, v *card.View) error {
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

// usual returns the usual duration of similar purges, for each of the request's areas.
func (b *Poster) usual(ctx context.Context, r purge.Request) (map[purge.Area]store.Usual, error) {
	of := map[purge.Area]store.Usual{}
	for _, a := range r.Areas() {
		u, err := b.Store.Durations(ctx, r.Kind, a, card.LastPurges)
		if err != nil {
			return nil, err
		}
		of[a] = u
	}
	return of, nil
}

// frozenLines names the freezes that block a purge.
func frozenLines(l rules.Law, p store.Purge) (lines []string) {
	for _, r := range l.Denied(rules.AsRequest(p, l.Policy().Who(p.Requester, p.Groups), p.Request.Parts)) {
		if r.Frozen != nil { // the card has many readers, so it names no reader's powers
			if line := card.Frozen(*r.Frozen, card.Powers{}, l.At().Location()); !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// reload reads the purge's rows after the version of its card, so that a drawn card is never older than its mark. An expiry that
// the step "ask" is about to store is kept.
func (b *Poster) reload(ctx context.Context, p store.Purge) (store.Purge, error) {
	fresh, err := b.Load(ctx, p.ID)
	if fresh.ExpiresAt.IsZero() {
		fresh.ExpiresAt = p.ExpiresAt
	}
	return fresh, err
}
