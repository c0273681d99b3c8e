package poster

import (
	"context"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/store"
)

// The order of messages. Messages to one channel leave one at a time, because chats limit them, and the first message of each purge
// leaves before the replies to others: people in a busy channel see first that every request was taken. The reply that ends a purge
// waits until the card above it shows the end too, but not forever: edits notify nobody, so the reply alone brings the news.

const (
	AloneAfter = 3                // the failed tries of a card after which its replies no longer wait
	aloneFrom  = 15 * time.Second // the pause of a card from which its replies no longer wait
)

// pacing holds the earliest time of the next message, for a message, a channel or a platform.
type pacing struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// Wait forbids messages under a key until the given time.
func (p *pacing) Wait(key string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until == nil {
		p.until = map[string]time.Time{}
	}
	p.until[key] = until
}

// Hurry ends the wait of a key: a final message need not keep the distance between edits.
func (p *pacing) Hurry(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.until, key)
}

// ready reports whether a key need not wait, and forgets a wait that is over.
func (p *pacing) ready(now time.Time, key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.until[key]) {
		return false
	}
	delete(p.until, key)
	return true
}

// left returns the remaining wait of a key.
func (p *pacing) left(now time.Time, key string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until[key].Sub(now)
}

// Opening returns the channels with an unposted message that opens a purge. Messages that keep failing are left out, and delay no
// others.
func Opening(due []store.Due) map[acl.Subject]bool {
	channels := map[acl.Subject]bool{}
	for _, d := range due {
		if d.Opens && d.Fails < store.HeadStart {
			channels[d.Channel] = true
		}
	}
	return channels
}

// Posts returns the pacing key for new messages to a channel. Chats count new messages and edits apart.
func Posts(to acl.Subject) string { return "posts to " + string(to) }

// edits returns the pacing key for edits in a channel.
func edits(in acl.Subject) string { return "edits in " + string(in) }

// lane returns the pacing key that a card is shown under.
func lane(d store.Due) string {
	if d.Ref == nil {
		return Posts(d.Channel)
	}
	return edits(d.Channel)
}

// HasTurn reports whether a due card may be tried now, judged without loading its purge.
func (b *Poster) HasTurn(d store.Due, now time.Time, opening map[acl.Subject]bool) bool {
	switch {
	case !b.Pace.ready(now, Message(d.Purge, d.Role)), !b.Pace.ready(now, lane(d)):
		return false
	case d.Ref == nil && (b.showing.busy(lane(d)) || !d.Opens && opening[d.Channel]):
		return false
	}
	return true
}

// TakeLane reserves the lane of a card and returns the function that frees it. It fails if the chat has asked for a pause
// meanwhile, or another message is being posted to the channel. Edits need not wait for each other.
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

// notYet reports whether a due card must wait. The step "ask" shows the question of a guarded purge, a result waits for the final
// card above it, and the card of a prefetch waits for the result of the purge before it.
func (b *Poster) notYet(ctx context.Context, p store.Purge, d store.Due) bool {
	switch {
	case d.Role == store.Status && p.Follows != "":
		return b.behind(ctx, d, p.Follows, store.Status) || b.behind(ctx, d, p.Follows, store.Result)
	case d.Role == store.Status:
		return p.Confirm != "" && p.State == store.StateRecorded
	}
	return b.behind(ctx, d, p.ID, store.Status)
}

// behind reports whether the card with this id and role is out of date, and d must wait for it.
func (b *Poster) behind(ctx context.Context, d store.Due, id string, role store.Role) bool {
	c, found, err := b.Store.CardOf(ctx, id, role)
	return err != nil || found && c.Shown < c.Wanted && !b.keepsFailing(c, d.Channel)
}

// keepsFailing reports whether a posted message cannot be edited for a while. A message without a post is waited for: its replies
// would fail the same way, and lack a thread.
func (b *Poster) keepsFailing(c store.Card, in acl.Subject) bool {
	now := b.Now()
	wait := max(b.Pace.left(now, Message(c.Purge, c.Role)), b.Pace.left(now, edits(in)))
	return c.Ref != nil && (c.Fails >= AloneAfter || wait > aloneFrom)
}
