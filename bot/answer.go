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

// pressAge bounds the age of the facts about a person at a press, which sends. The event's own facts about its author are younger,
// so only a chat whose events carry none is asked anew.
const pressAge = time.Second

// Answer handles a press of a button, or a form that came back. A press is a new request: the person, the place and the rights are
// looked up again.
func (b *desk) Answer(ctx context.Context, a chat.Answer) (chat.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, handleWithin+b.Patience)
	defer cancel()
	if !b.rate.allow(a.From, a.Event, b.Now()) {
		return private(card.TooFast(b.PersonRate))
	}
	// The press counts for the place in which its button was offered.
	var err error
	if a.At, err = b.presses.whereOffered(ctx, a); err != nil {
		return chat.Reply{}, err
	}
	s, refused, err := b.scene(ctx, a.Event, a.From, a.At, pressAge)
	if err != nil {
		return chat.Reply{}, err
	}
	if refused != "" {
		return b.refuse(ctx, s, "press", refused)
	}
	// The token leads to the form of a bare command, to an offer, or to a purge's card.
	if a.Token == formToken {
		return b.submitForm(ctx, s, a.Values)
	}
	button, found, err := b.presses.button(ctx, a.Token)
	if err != nil {
		return chat.Reply{}, err
	}
	if !found || button.Channel != s.at.Subject() {
		return b.refuse(ctx, s, "press", card.StaleButton)
	}
	if button.Purge == "" {
		return b.presses.pressOffer(ctx, s, a.Token, button)
	}
	return b.presses.pressCard(ctx, s, a, button)
}

// pressOffer starts the request that a private reply offered. The purge's id comes from the button, so that two presses are one
// purge.
func (b *presses) pressOffer(ctx context.Context, s scene, token string, button store.Button) (chat.Reply, error) {
	if button.Who != s.person.Subject || b.Now().After(button.Expires) {
		return b.refuse(ctx, s, "press", card.StaleButton)
	}
	var o offered
	if err := json.Unmarshal(button.Request, &o); err != nil {
		return chat.Reply{}, &purge.Error{Message: card.StaleButton, Err: err}
	}
	return b.requests.request(ctx, s, o.Wish, books.HashID("offer", token))
}

// pressCard handles the buttons of a purge's own message, and the form that one of them has opened.
func (b *presses) pressCard(ctx context.Context, s scene, a chat.Answer, button store.Button) (chat.Reply, error) {
	p, err := b.loadAsked(ctx, button.Purge)
	if err != nil {
		return chat.Reply{}, err
	}
	s.about = p.ID
	// The pressed message must be one of the purge's own.
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
	// A request that joined a purge acts on that purge.
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
	if denied := rules.DeniedAny(s.law.Thawed(), s.who, p); p.Private && len(denied) > 0 { // a normal refusal would reveal the targets
		return b.refuse(ctx, s, "press", card.PresserDenied(denied[0], true))
	}
	// All other buttons are new requests, judged as the presser's own.
	id := books.HashID("follow", a.Token, string(s.person.Subject))
	if button.Action == card.ActionRetry {
		return b.requests.retry(ctx, s, p, id)
	}
	return b.requests.request(ctx, s, wish.OfButton(p, button.Action, b.vendor.Unserved(p.Request.Hosts())), id)
}

// loadAsked loads a purge for a press. A press may come between the post of the question and the commit that records its message;
// that commit is awaited for a moment.
func (b *presses) loadAsked(ctx context.Context, id string) (p store.Purge, err error) {
	err = awaitCommit(ctx, func() (bool, error) {
		p, err = b.Load(ctx, id)
		return p.Confirm == "" || p.State != store.StateRecorded, err
	})
	return p, err
}

// hangsOn reports whether a message is one of the purge's own: a copied or forwarded button is refused. A press may come between
// the post and the commit that records the message; a post under way is awaited for a moment.
func (b *presses) hangsOn(ctx context.Context, p store.Purge, m chat.MessageRef) (found bool, err error) {
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
	// replyWithin is the time that is left for the reply that a commit is still awaited.
	replyWithin = 300 * time.Millisecond
)

// awaitCommit repeats done until it reports true. At the end of the time it returns an error that the card is still on its way;
// nothing was taken then, and nothing is lost.
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

// messageOf looks for a message among the cards of a purge, and reports whether one of them is still to be shown.
func (b *presses) messageOf(ctx context.Context, p store.Purge, m chat.MessageRef) (found, due bool, err error) {
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

// recordDecision records a decision of the presser. The database row decides between several presses: the later presser is told about the
// earlier decision.
func (b *presses) recordDecision(ctx context.Context, s scene, p store.Purge, d store.Decision, e store.Entry) (chat.Reply, error) {
	d.Purge, d.Who, d.Name, d.Groups, d.At = p.ID, s.person.Subject, s.person.Name, s.person.Groups, e.At
	first, won, err := b.Store.Decide(ctx, d, s.event, e)
	if err != nil {
		return chat.Reply{}, err
	}
	b.poster.WantCards()
	b.poster.WantNotices()
	b.Done.Go(func() { // the wake-up may fail: the row decides, and the tending loop rings again
		b.LogError(ctx, "wake a decided purge", b.runner.Engine.Ring(p.ID))
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

// tooLate answers a press on a question that is no longer open, with the state of its purge.
func (b *presses) tooLate(ctx context.Context, s scene, p store.Purge) (chat.Reply, error) {
	d, found, err := b.Store.Decision(ctx, p.ID)
	switch {
	case err != nil:
		return chat.Reply{}, err
	case found: // the workflow may not have seen the decision yet
		return b.refuse(ctx, s, "press", card.DecidedBy(d))
	case p.State == store.StateWaiting:
		return b.refuse(ctx, s, "press", card.ExpiredPress)
	}
	return b.refuse(ctx, s, "press", card.StaleButton)
}

// cancel stops the unsent part of a purge: by deciding a waiting purge, or by marking a running one.
func (b *presses) cancel(ctx context.Context, s scene, p store.Purge) (chat.Reply, error) {
	if !b.mayCancel(s, p) {
		return b.refuse(ctx, s, "cancel", card.MayNotCancel)
	}
	switch {
	case p.State.Final():
		return b.refuse(ctx, s, "cancel", card.AlreadyEnded(p))
	case p.State == store.StateWaiting:
		// A waiting purge is decided, unless its confirmation came first.
		d, decided, err := b.Store.Decision(ctx, p.ID)
		if err != nil {
			return chat.Reply{}, err
		}
		if !decided || d.What != store.Confirmed {
			return b.recordDecision(ctx, s, p, store.Decision{What: store.Cancelled}, b.sceneEntry(s, store.AuditCancelled, p.ID))
		}
	}
	// A running purge is marked, and sends nothing more.
	dup, err := b.Store.Stop(ctx, p.ID, s.person.Subject, s.event, b.sceneEntry(s, store.AuditCancelled, p.ID))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	b.poster.WantCards()
	return chat.Reply{Card: &chat.Card{Title: card.Stopping(p.Short)}}, nil
}

// mayCancel reports whether a person may cancel a purge: its requester, its possible approvers and administrators may.
func (b *presses) mayCancel(s scene, p store.Purge) bool {
	if s.policy.SamePerson(s.person.Subject, p.Requester) || s.policy.Administrator(s.who) {
		return true
	}
	l := s.law.Thawed()
	return len(rules.DeniedAny(l, s.who, p)) == 0 && (p.Confirm != acl.SecondPerson || l.MayApprove(p, l.Policy().Who(p.Requester, p.Groups), s.who, p.Request.Parts))
}

// button returns the button of a token, derived from a purge's card or stored by itself; false for an unknown token. Everyone with
// read access to the whole database can derive tokens, so a press is always checked against the presser, the place and the message.
func (b *presses) button(ctx context.Context, token string) (store.Button, bool, error) {
	key, _, ofCard := strings.Cut(token, "-")
	if !ofCard {
		return b.Store.Button(ctx, token)
	}
	p, found, err := b.Store.Pressed(ctx, key)
	for _, action := range card.CardActions {
		if found && books.HashID(token) == books.HashID(books.ButtonToken(p.Secret, action)) { // hashed, so that the duration of the comparison reveals nothing
			return store.Button{Token: token, Purge: p.ID, Action: action, Channel: p.Channel}, true, err
		}
	}
	return store.Button{}, false, err
}

// pressCopy answers a press on a card that a crash left behind between the post and its commit: the answer points to the valid
// card, and the pressed copy is edited to do the same. A press on any other message is stale.
func (b *presses) pressCopy(ctx context.Context, s scene, p store.Purge, on chat.MessageRef) (chat.Reply, error) {
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

// stale refuses a press on a button that is not valid any more, or returns err if there is one.
func (b *presses) stale(ctx context.Context, s scene, err error) (chat.Reply, error) {
	if err != nil {
		return chat.Reply{}, err
	}
	return b.refuse(ctx, s, "press", card.StaleButton)
}
