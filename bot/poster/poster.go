// Package poster shows cards, notices and the audit in chats, and tells people things privately. It draws each card from the rows of
// the moment it is shown; it decides nothing, and no purge waits for it.
package poster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"purgebot/acl"
	"purgebot/bot/account"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Poster shows cards, notices and the audit in chats, and sends private messages. It never delays a purge.
type Poster struct {
	*books.Books
	rules     *rules.Rules
	waits     *books.Waits
	vendor    *account.Account
	Platforms map[string]chat.Platform
	EditGap   time.Duration // the least time between two edits of one message
	// AuditChannel shows every purge, decision and rule from chat; an empty Channel is no audit channel.
	AuditChannel chat.Thread

	dueCards   chan struct{} // the wake-up for a card that may be due
	dueNotices chan struct{} // the wake-up for a due notice
	Pace       pacing        // the earliest time of the next message
	showing    keySet        // the messages under way
	posting    keyedMutex    // one writer for each purge
	retired    keySet        // the old copies of cards that were edited
}

// New returns a poster without platforms, which the caller sets.
func New(b *books.Books, r *rules.Rules, w *books.Waits, v *account.Account) *Poster {
	return &Poster{Books: b, rules: r, waits: w, vendor: v, dueCards: make(chan struct{}, 1), dueNotices: make(chan struct{}, 1)}
}

// Limits returns the limits of the chat of a thread, or zero limits for a chat that is switched off.
func (b *Poster) Limits(at chat.Thread) chat.ChatLimits {
	adapter, err := b.Platform(at.Platform)
	if err != nil {
		return chat.ChatLimits{}
	}
	return adapter.Limits()
}

// Platform returns the adapter of a platform. A platform that was switched off since a purge began is an error.
func (b *Poster) Platform(name string) (chat.Platform, error) {
	if p := b.Platforms[name]; p != nil {
		return p, nil
	}
	return nil, &purge.Error{Kind: purge.Denied, Message: "This chat is switched off; nothing was purged. Ask whoever runs purgebot.", Err: fmt.Errorf("no platform %q", name)}
}

// Tell sends a private message to the requester of a purge. Callers may ignore its error, which is logged: the audit always holds
// the same facts, and the card mostly does.
func (b *Poster) Tell(ctx context.Context, p store.Purge, c chat.Card) error {
	return b.TellPerson(ctx, p.Requester, thread(p), p.Event, c)
}

// TellPerson sends a private message to a person in a thread, after the given event. Its error is logged as well as returned.
func (b *Poster) TellPerson(ctx context.Context, who acl.Subject, at chat.Thread, after store.Event, c chat.Card) error {
	adapter, err := b.Platform(at.Platform)
	if err == nil {
		err = adapter.Tell(ctx, who, at, chat.EventKey{Platform: after.Platform, Workspace: after.Workspace, ID: after.ID}, c)
	}
	if err != nil {
		b.Log.WarnContext(ctx, "private message not sent", "who", who, "error", err)
	}
	return err
}

// thread returns the thread of a purge's conversation.
func thread(p store.Purge) chat.Thread {
	var t chat.Thread
	if err := json.Unmarshal(p.Thread, &t); err != nil {
		return chat.Thread{Platform: p.Requester.Platform()}
	}
	return t
}

// Lately returns the targets of a request that were purged shortly before the given time. Private purges count only for their own
// requester, in a private request.
func (b *Poster) Lately(ctx context.Context, p store.Purge, before time.Time) ([]store.Purged, error) {
	if p.Request.Kind == purge.Prefetch { // a prefetch repeats no purge
		return nil, nil
	}
	var own acl.Subject
	if p.Private {
		own = p.Requester
	}
	return b.Store.LastPurged(ctx, p.Request, before.Add(-card.Propagation), own)
}

// TellLately tells the requester privately which targets of an unguarded purge were purged a short time before. The purge does not
// wait for it.
func (b *Poster) TellLately(ctx context.Context, p store.Purge, again []store.Purged) {
	if say := card.PurgedLately(again, p.Private); say != "" {
		_ = b.Tell(ctx, p, chat.Card{Title: "Purged again: " + say})
	}
}

// WantCards wakes ShowCards.
func (b *Poster) WantCards() {
	select {
	case b.dueCards <- struct{}{}:
	default:
	}
}

// Place returns the place of a card: the status card opens the thread of a purge that has none, and the result and all later
// messages reply in it.
func (b *Poster) Place(ctx context.Context, p store.Purge, role store.Role) (chat.Thread, error) {
	at := thread(p)
	openers := []string{p.Follows, p.ID}
	if role == store.Status {
		openers = openers[:1]
	}
	for _, id := range openers {
		if at.Root != "" || id == "" {
			continue
		}
		c, _, err := b.Store.CardOf(ctx, id, store.Status)
		if err != nil {
			return at, err
		}
		at.Root = RefOf(c).ID
	}
	return at, nil
}

// RefOf returns the message of a card, or the zero reference for a card that was never posted.
func RefOf(c store.Card) chat.MessageRef {
	var ref chat.MessageRef
	if c.Ref != nil {
		_ = json.Unmarshal(c.Ref, &ref) // a value that books.JSON has written
	}
	return ref
}
