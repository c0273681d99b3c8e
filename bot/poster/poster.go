// Package poster shows cards, notices and the audit in chats, and tells people things privately. It draws each card from the rows of
// the moment it is shown; it decides nothing, and no purge waits for it.
package poster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/bot/vendor"
	"purgebot/purge"
)

// Poster shows cards, notices and the audit in chats, and tells people privately. It never holds up a purge.
type Poster struct {
	*books.Books
	rules     *rules.Rules
	waits     *books.Waits
	vendor    *vendor.Vendor
	Platforms map[string]chat.Platform
	EditGap   time.Duration // least time between two edits of one message
	// AuditChannel is where every purge, decision and rule from chat is told as well; none if its Channel is empty.
	AuditChannel chat.Thread

	dueCards   chan struct{} // rung when a card may be due
	dueNotices chan struct{} // rung when a notice is due
	Pace       pacing        // when a message may be written to again
	showing    keySet        // messages under way
	posting    keyedMutex    // one writer for each purge
	retired    keySet        // old copies of cards that were edited
}

func New(b *books.Books, r *rules.Rules, w *books.Waits, v *vendor.Vendor) *Poster {
	return &Poster{Books: b, rules: r, waits: w, vendor: v, dueCards: make(chan struct{}, 1), dueNotices: make(chan struct{}, 1)}
}

// Limits is what the chat there can show.
func (b *Poster) Limits(at chat.Thread) chat.ChatLimits {
	adapter, err := b.Platform(at.Platform)
	if err != nil {
		return chat.ChatLimits{}
	}
	return adapter.Limits()
}

// Platform returns the adapter of a thread. A purge of a platform that was switched off since has none.
func (b *Poster) Platform(name string) (chat.Platform, error) {
	if p := b.Platforms[name]; p != nil {
		return p, nil
	}
	return nil, &purge.Error{Kind: purge.Denied, Message: "This chat is switched off; nothing was purged. Ask whoever runs purgebot.", Err: fmt.Errorf("no platform %q", name)}
}

// Tell tells whoever asked for a purge. Its error is logged: what it says is mostly on the card, and always in the audit.
func (b *Poster) Tell(ctx context.Context, p store.Purge, c chat.Card) error {
	return b.TellPerson(ctx, p.Requester, thread(p), p.Event, c)
}

func (b *Poster) TellPerson(ctx context.Context, who acl.Subject, at chat.Thread, after store.Event, c chat.Card) error {
	adapter, err := b.Platform(at.Platform)
	if err == nil {
		err = adapter.Tell(ctx, who, at, chat.EventKey{Platform: after.Platform, Workspace: after.Workspace, ID: after.ID}, c)
	}
	if err != nil {
		b.Log.WarnContext(ctx, "tell", "who", who, "error", err)
	}
	return err
}

// thread is where a purge's conversation is.
func thread(p store.Purge) chat.Thread {
	var t chat.Thread
	if err := json.Unmarshal(p.Thread, &t); err != nil {
		return chat.Thread{Platform: p.Requester.Platform()}
	}
	return t
}

// Lately returns those targets of a request that were purged just before a time. What is private is told in private, to whoever
// asked for that, too.
func (b *Poster) Lately(ctx context.Context, p store.Purge, before time.Time) ([]store.Purged, error) {
	if p.Request.Kind == purge.Prefetch { // nothing that is on its way is spent again
		return nil, nil
	}
	var own acl.Subject
	if p.Private {
		own = p.Requester
	}
	return b.Store.LastPurged(ctx, p.Request, before.Add(-card.Propagation), own)
}

// TellLately points out, to whoever asked alone, what a purge that nobody had to confirm purges again. It holds nothing up.
func (b *Poster) TellLately(ctx context.Context, p store.Purge, again []store.Purged) {
	if say := card.PurgedLately(again, p.Private); say != "" {
		_ = b.Tell(ctx, p, chat.Card{Title: "Purged again: " + say})
	}
}

// WantCards wakes the sender.
func (b *Poster) WantCards() {
	select {
	case b.dueCards <- struct{}{}:
	default:
	}
}

// Place is where a card goes: the status card opens the thread where there is none, the result replies in it, and so does all that
// follows the purge.
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

func RefOf(c store.Card) chat.MessageRef {
	var ref chat.MessageRef
	if c.Ref != nil {
		_ = json.Unmarshal(c.Ref, &ref) // written by mustJSON
	}
	return ref
}
