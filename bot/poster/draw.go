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

// Draw makes the card of a purge from its rows.
func (b *Poster) Draw(ctx context.Context, p store.Purge, role store.Role) (chat.Card, error) {
	request := p
	p, err := b.Original(ctx, p)
	if err != nil {
		return chat.Card{}, err
	}
	v := card.View{Purge: p, Now: b.Now(), Token: books.ButtonToken, Unserved: b.vendor.Unserved(p.Request.Hosts()), Leaks: p.Request.Kind != purge.Prefetch && wish.SoundsLikeLeak(b.rules.Policy(), p.Reason) && !wish.IsLeak(p)}
	if request.Joined != "" {
		if err := b.drawJoin(ctx, &v, request); err != nil {
			return chat.Card{}, err
		}
	}
	if v.Targets, err = b.Store.Targets(ctx, p.ID); err == nil {
		v.Decision, v.Decided, err = b.Store.Decision(ctx, p.ID)
	}
	if err == nil && !p.State.Final() && p.Confirm != "" {
		policy := b.rules.Policy()
		v.Room, err = b.vendor.RoomFor(ctx, policy, policy.Who(p.Requester, p.Groups), p.Request.Kind)
		v.Turns = b.vendor.DayTurns()
		v.Frozen = frozenLines(b.rules.Law(b.rules.Policy()), p)
	}
	if err == nil && v.Asking() {
		v.Hints = b.vendor.Listed().HintsOf(p.Request)
		v.Lately, err = b.Lately(ctx, p, p.CreatedAt)
		DrawApproval(&v, b.rules.Law(b.rules.Policy()))
		v.Emergency = b.waits.Emergency(b.rules.Policy(), p)
	}
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
	if err != nil { // a half-empty card could say something false
		return chat.Card{}, err
	}
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

// drawOffers finds which follow-ups of a purge its requester may not ask for. A freeze, which may be over at the press, counts for nothing.
func drawOffers(v *card.View, l rules.Law, request store.Purge) {
	l = l.Thawed()
	who := l.Policy().Who(request.Requester, request.Groups)
	for _, action := range []string{card.ActionOverseas, card.ActionMainland, card.ActionDelete, card.ActionLeak} {
		q := acl.Request{Who: who, In: request.Channel, Purge: purge.Request{Kind: v.Request.Kind, Parts: wish.Parts(wish.Places{Policy: l.Policy()}, wish.Follow(v.Purge, action, v.Unserved))}}
		if len(l.Denied(q)) > 0 {
			v.Refused = append(v.Refused, action)
		}
	}
}

// drawStop finds who cancelled a purge on its way.
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

// DrawApproval adds to a question who may press.
func DrawApproval(v *card.View, l rules.Law) {
	if v.Confirm == acl.SecondPerson {
		v.Approvers = l.Approvers(v.Purge)
	}
	v.PressLine = card.WhoPresses(v.Purge, v.Approvers)
}

// drawJoin makes the card that of a request which joined the purge. What only the purge's own thread need know stays there.
func (b *Poster) drawJoin(ctx context.Context, v *card.View, p store.Purge) error {
	calls, err := b.Store.Calls(ctx, v.ID)
	v.Join = &card.Join{At: p.CreatedAt, Asker: v.Name, Sent: FirstSent(calls)}
	v.Requester, v.Secret, v.Notes = p.Requester, p.Secret, p.Notes
	return err
}

// FirstSent is when the first call left that the vendor may have heard.
func FirstSent(calls []store.Call) (first time.Time) {
	for _, c := range calls {
		if c.State != store.CallUnsent && c.State != store.CallRefused && (first.IsZero() || c.At.Before(first)) {
			first = c.At
		}
	}
	return first
}

// drawPrefetch finds what a card says of fetching again: what it would cost, or what was made of it.
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

// drawTries finds what its card says of the calls of a purge that is under way, or did not end well.
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

// usual is how long purges like this one take in each of its areas.
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

// frozenLines names the freezes that a purge waits under.
func frozenLines(l rules.Law, p store.Purge) (lines []string) {
	for _, r := range l.Denied(rules.AsRequest(p, l.Policy().Who(p.Requester, p.Groups), p.Request.Parts)) {
		if r.Frozen != nil { // the card has many readers
			if line := card.Frozen(*r.Frozen, card.Powers{}, l.At().Location()); !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// reload reads the rows after the version that was wanted, so that what is drawn is never older than what is marked as shown.
// The step ask draws the expiry that it is about to store.
func (b *Poster) reload(ctx context.Context, p store.Purge) (store.Purge, error) {
	fresh, err := b.Load(ctx, p.ID)
	if fresh.ExpiresAt.IsZero() {
		fresh.ExpiresAt = p.ExpiresAt
	}
	return fresh, err
}
