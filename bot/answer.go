package bot

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/poster"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

// pressAge bounds how long a person is believed at a press, which sends: long enough for what the very event said of its author to
// count, so that only a chat whose events say nothing of people is asked anew.
const pressAge = time.Second

// Answer takes a press, or a form that came back. A press is a new request: who, where and whether are asked again.
func (b *desk) Answer(ctx context.Context, a chat.Answer) (chat.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, handleWithin+b.Patience)
	defer cancel()
	if !b.rate.allow(a.From, a.Event, b.Now()) {
		return private(card.TooFast(b.PersonRate))
	}
	var err error
	if a.At, err = b.whereOffered(ctx, a); err != nil {
		return chat.Reply{}, err
	}
	s, refused, err := b.scene(ctx, a.Event, a.From, a.At, pressAge)
	if err != nil {
		return chat.Reply{}, err
	}
	if refused != "" {
		return b.refuse(ctx, s, "press", refused)
	}
	if a.Token == formToken {
		return b.submitForm(ctx, s, a.Values)
	}
	button, found, err := b.button(ctx, a.Token)
	if err != nil {
		return chat.Reply{}, err
	}
	if !found || button.Channel != s.at.Subject() {
		return b.refuse(ctx, s, "press", card.StaleButton)
	}
	if button.Purge == "" {
		return b.pressOffer(ctx, s, a.Token, button)
	}
	return b.pressCard(ctx, s, a, button)
}

// pressOffer starts what a private reply offered. Its id comes from the button, so that pressing twice is one purge.
func (b *desk) pressOffer(ctx context.Context, s scene, token string, button store.Button) (chat.Reply, error) {
	if button.Who != s.person.Subject || b.Now().After(button.Expires) {
		return b.refuse(ctx, s, "press", card.StaleButton)
	}
	var o offered
	if err := json.Unmarshal(button.Request, &o); err != nil {
		return chat.Reply{}, &purge.Error{Message: card.StaleButton, Err: err}
	}
	return b.request(ctx, s, o.Wish, books.HashID("offer", token))
}

// pressCard handles the buttons of a purge's own message, and the form that one of them has opened.
func (b *desk) pressCard(ctx context.Context, s scene, a chat.Answer, button store.Button) (chat.Reply, error) {
	p, err := b.loadAsked(ctx, button.Purge)
	if err != nil {
		return chat.Reply{}, err
	}
	s.about = p.ID
	how := pressOf(button.Action)
	if how.form {
		a.Message = messageOfForm(s, a, button)
	}
	if ok, err := b.hangsOn(ctx, p, a.Message); err != nil || !ok {
		if err != nil {
			return chat.Reply{}, err
		}
		return b.pressCopy(ctx, s, p, a.Message)
	}
	if p, err = b.Original(ctx, p); err != nil {
		return chat.Reply{}, err
	}
	switch button.Action {
	case card.ActionPurge, card.ActionTyped, card.ActionEmergency, card.ActionReleased:
		return b.pressPurge(ctx, s, p, a, how)
	case card.ActionCancel:
		return b.cancel(ctx, s, p)
	case card.ActionLook:
		return b.lookAgain(ctx, s, p)
	}
	if denied := rules.DeniedAny(s.law.Thawed(), s.who, p); p.Private && len(denied) > 0 { // or the refusal would tell the targets
		return b.refuse(ctx, s, "press", card.PresserDenied(denied[0], true))
	}
	id := books.HashID("follow", a.Token, string(s.person.Subject))
	if button.Action == card.ActionRetry {
		return b.retry(ctx, s, p, id)
	}
	return b.request(ctx, s, wish.Follow(p, button.Action, b.vendor.Unserved(p.Request.Hosts())), id)
}

// loadAsked loads a purge for a press. Somebody can press between the post and the commit that remembers the message;
// that commit is awaited for a moment.
func (b *desk) loadAsked(ctx context.Context, id string) (p store.Purge, err error) {
	err = awaitCommit(ctx, func() (bool, error) {
		p, err = b.Load(ctx, id)
		return p.Confirm == "" || p.State != store.StateRecorded, err
	})
	return p, err
}

// hangsOn reports whether a message is one that this purge put up: a copied or forwarded button is refused. Somebody can press
// between the post and the commit that remembers the message; a post that is under way is awaited for a moment.
func (b *desk) hangsOn(ctx context.Context, p store.Purge, m chat.MessageRef) (found bool, err error) {
	if m == (chat.MessageRef{}) {
		return false, nil
	}
	err = awaitCommit(ctx, func() (bool, error) {
		var due bool
		found, due, err = b.messageOf(ctx, p, m)
		return found || !due, err
	})
	return found, err
}

const (
	commitEvery = 20 * time.Millisecond
	// replyWithin is what is left to say that a commit is still awaited.
	replyWithin = 300 * time.Millisecond
)

// awaitCommit asks until it is done, or says that the card is still on its way: nothing was taken then, and nothing is lost.
func awaitCommit(ctx context.Context, done func() (bool, error)) error {
	wait, cancel := ctx, context.CancelFunc(func() {})
	if end, bounded := ctx.Deadline(); bounded {
		wait, cancel = context.WithDeadline(ctx, end.Add(-replyWithin))
	}
	defer cancel()
	for {
		if ok, err := done(); ok || err != nil && wait.Err() == nil {
			return err
		}
		select {
		case <-wait.Done():
			return &purge.Error{Kind: purge.Unavailable, Message: card.CardComing, Err: wait.Err()}
		case <-time.After(commitEvery):
		}
	}
}

// messageOf looks for a message among those of a purge, and says whether one is still to be shown.
func (b *desk) messageOf(ctx context.Context, p store.Purge, m chat.MessageRef) (found, due bool, err error) {
	for _, role := range []store.Role{store.Status, store.Result, store.Looking} {
		c, known, err := b.Store.CardOf(ctx, p.ID, role)
		if err != nil {
			return false, false, err
		}
		if known && c.Ref != nil && poster.RefOf(c) == m {
			return true, false, nil
		}
		due = due || known && c.Shown < c.Wanted
	}
	return false, due, nil
}

// decideAs inserts the decision; the insert decides. Whoever comes second is told who was first.
func (b *desk) decideAs(ctx context.Context, s scene, p store.Purge, d store.Decision, e store.Entry) (chat.Reply, error) {
	d.Purge, d.Who, d.Name, d.Groups, d.At = p.ID, s.person.Subject, s.person.Name, s.person.Groups, e.At
	first, won, err := b.Store.Decide(ctx, d, s.event, e)
	if err != nil {
		return chat.Reply{}, err
	}
	b.poster.WantCards()
	b.poster.WantNotices()
	b.Done.Go(func() { // its commit need not be waited for: the row decides, and the tending loop rings again
		b.LogError(ctx, "ring", b.runner.Engine.Ring(p.ID))
	})
	switch {
	case !won && first.Who == d.Who && first.What == d.What:
		return chat.Reply{}, nil // a double click
	case !won:
		return private(card.DecidedBy(first))
	case d.What == store.Withdrawn:
		return private(d.Problem)
	}
	return chat.Reply{}, nil
}

// tooLate says what became of a purge whose button was still on somebody's screen.
func (b *desk) tooLate(ctx context.Context, s scene, p store.Purge) (chat.Reply, error) {
	d, found, err := b.Store.Decision(ctx, p.ID)
	switch {
	case err != nil:
		return chat.Reply{}, err
	case found: // also by a press in time that was not taken up yet
		return b.refuse(ctx, s, "press", card.DecidedBy(d))
	case p.State == store.StateWaiting:
		return b.refuse(ctx, s, "press", card.ExpiredPress)
	}
	return b.refuse(ctx, s, "press", card.StaleButton)
}

// cancel stops what has not left: by deciding a waiting purge, or by marking one that runs.
func (b *desk) cancel(ctx context.Context, s scene, p store.Purge) (chat.Reply, error) {
	if !b.mayCancel(s, p) {
		return b.refuse(ctx, s, "cancel", card.MayNotCancel)
	}
	switch {
	case p.State.Final():
		return b.refuse(ctx, s, "cancel", card.AlreadyEnded(p))
	case p.State == store.StateWaiting:
		d, decided, err := b.Store.Decision(ctx, p.ID)
		if err != nil {
			return chat.Reply{}, err
		}
		if !decided || d.What != store.Confirmed {
			return b.decideAs(ctx, s, p, store.Decision{What: store.Cancelled}, b.seen(s, store.AuditCancelled, p.ID))
		}
	}
	dup, err := b.Store.Stop(ctx, p.ID, s.person.Subject, s.event, b.seen(s, store.AuditCancelled, p.ID))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	b.poster.WantCards()
	return chat.Reply{Card: &chat.Card{Title: card.Stopping(p.Short)}}, nil
}

// mayCancel: the requester, whoever could approve it, administrators.
func (b *desk) mayCancel(s scene, p store.Purge) bool {
	if s.policy.SamePerson(s.person.Subject, p.Requester) || s.policy.Administrator(s.who) {
		return true
	}
	l := s.law.Thawed()
	return len(rules.DeniedAny(l, s.who, p)) == 0 && (p.Confirm != acl.SecondPerson || l.MayApprove(p, l.Policy().Who(p.Requester, p.Groups), s.who, p.Request.Parts))
}

// button returns what a token stands for, of a purge's card or stored by itself; false if it never was one. (Whoever can read the
// whole database can derive tokens: a press is checked against who presses, where and on which message all the same.)
func (b *desk) button(ctx context.Context, token string) (store.Button, bool, error) {
	key, _, ofCard := strings.Cut(token, "-")
	if !ofCard {
		return b.Store.Button(ctx, token)
	}
	p, found, err := b.Store.Pressed(ctx, key)
	for _, action := range card.CardActions {
		if found && books.HashID(token) == books.HashID(books.ButtonToken(p.Secret, action)) { // hashed, so that time tells nothing
			return store.Button{Token: token, Purge: p.ID, Action: action, Channel: p.Channel}, true, err
		}
	}
	return store.Button{}, false, err
}

// The cards of a purge offer what it left out. An offer that its requester's rules refuse is none.

// pressCopy answers a press on a card of a purge that is not the one remembered, as a crash between the post and its commit leaves
// behind: it points to the card that counts, and the pressed one is edited to do so as well. A press on anything else is stale.
func (b *desk) pressCopy(ctx context.Context, s scene, p store.Purge, on chat.MessageRef) (chat.Reply, error) {
	c, known, err := b.Store.CardOf(ctx, p.ID, store.Status)
	if err != nil {
		return chat.Reply{}, err
	}
	others := on == (chat.MessageRef{})
	if !others {
		others, err = b.Store.ShowsCard(ctx, books.JSON(on))
	}
	if err != nil || others || !known || c.Ref == nil {
		return b.stale(ctx, s, err)
	}
	_, decided, err := b.Store.Decision(ctx, p.ID)
	if err != nil {
		return chat.Reply{}, err
	}
	b.Done.Go(func() { b.poster.Retire(p, on) })
	return b.refuse(ctx, s, "press", card.OldCopy(p.Short, p.State == store.StateWaiting && !decided && b.Now().Before(p.ExpiresAt)))
}

func (b *desk) stale(ctx context.Context, s scene, err error) (chat.Reply, error) {
	if err != nil {
		return chat.Reply{}, err
	}
	return b.refuse(ctx, s, "press", card.StaleButton)
}
