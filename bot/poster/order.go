package poster

import (
	"context"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/store"
)

// The order of messages. Messages to one channel leave one at a time, since no chat takes many a second, and the first message of each
// purge leaves before the replies to others: people in a busy channel see first that everything they asked for was taken.
// The reply that ends a purge waits until the card above it says so too, but not for ever: edits notify nobody, so people hear of
// the end by the reply alone.

const (
	AloneAfter = 3                // failed tries of a card, after which its replies go out without it
	aloneFrom  = 15 * time.Second // to the next try of a card, from which on the same holds
)

// pacing is when a message, a channel or a platform may be written to again.
type pacing struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (p *pacing) Wait(key string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until == nil {
		p.until = map[string]time.Time{}
	}
	p.until[key] = until
}

// hurry forgets a wait: what is final need not keep the distance between edits.
func (p *pacing) Hurry(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.until, key)
}

// ready reports whether a key need not wait. What has passed is forgotten.
func (p *pacing) ready(now time.Time, key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.until[key]) {
		return false
	}
	delete(p.until, key)
	return true
}

// left is how long a key still has to wait.
func (p *pacing) left(now time.Time, key string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until[key].Sub(now)
}

// Opening returns the channels in which messages that open a purge are still to be posted. Those that keep failing hold up nobody.
func Opening(due []store.Due) map[acl.Subject]bool {
	channels := map[acl.Subject]bool{}
	for _, d := range due {
		if d.Opens && d.Fails < store.HeadStart {
			channels[d.Channel] = true
		}
	}
	return channels
}

// Posts and edits are what is paced together: chats count new messages to a channel and edits in it apart.
func Posts(to acl.Subject) string { return "posts to " + string(to) }
func edits(in acl.Subject) string { return "edits in " + string(in) }

// lane is the one that a card takes.
func lane(d store.Due) string {
	if d.Ref == nil {
		return Posts(d.Channel)
	}
	return edits(d.Channel)
}

// HasTurn reports whether a due card may be tried now, as far as that is known without looking at its purge.
func (b *Poster) HasTurn(d store.Due, now time.Time, opening map[acl.Subject]bool) bool {
	switch {
	case !b.Pace.ready(now, Message(d.Purge, d.Role)), !b.Pace.ready(now, lane(d)):
		return false
	case d.Ref == nil && (b.showing.busy(lane(d)) || !d.Opens && opening[d.Channel]):
		return false
	}
	return true
}

// TakeLane takes what a card is shown through, unless the chat has asked for a pause since its turn came, or another message is
// being posted to its channel. Edits need not wait for each other.
func (b *Poster) TakeLane(d store.Due) (give func(), taken bool) {
	in := lane(d)
	switch {
	case !b.Pace.ready(b.Now(), in):
		return nil, false
	case d.Ref != nil:
		return func() {}, true
	case !b.showing.take(in):
		return nil, false
	}
	return func() { b.showing.give(in) }, true
}

// notYet: the question of a guarded purge is the step ask's to show, a result waits until the card it answers is final, and what
// follows a purge until that has told how it ended.
func (b *Poster) notYet(ctx context.Context, p store.Purge, d store.Due) bool {
	switch {
	case d.Role == store.Status && p.Follows != "":
		return b.behind(ctx, d, p.Follows, store.Status) || b.behind(ctx, d, p.Follows, store.Result)
	case d.Role == store.Status:
		return p.Confirm != "" && p.State == store.StateRecorded
	}
	return b.behind(ctx, d, p.ID, store.Status)
}

// behind reports whether a card shows something old, and d, which follows it, waits until it no longer does.
func (b *Poster) behind(ctx context.Context, d store.Due, id string, role store.Role) bool {
	c, found, err := b.Store.CardOf(ctx, id, role)
	return err != nil || found && c.Shown < c.Wanted && !b.keepsFailing(c, d.Channel)
}

// keepsFailing reports whether a message that is there cannot be edited for a while. A message that is not there yet is waited for:
// its replies would fail the same way, and have no thread to go to.
func (b *Poster) keepsFailing(c store.Card, in acl.Subject) bool {
	now := b.Now()
	wait := max(b.Pace.left(now, Message(c.Purge, c.Role)), b.Pace.left(now, edits(in)))
	return c.Ref != nil && (c.Fails >= AloneAfter || wait > aloneFrom)
}
