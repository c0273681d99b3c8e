package poster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"purgebot/bot/books"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Notices are messages of their own, such as an administrator's freeze: each is posted once and never edited. A notice stands in
// the database from the commit of its cause until it is posted, so that a kill in between only delays it.

// noticesAtOnce is the number of notices that one look reads.
const noticesAtOnce = 50

// Notice returns the stored form of a card that an audit row posts in a thread.
func Notice(at chat.Thread, c chat.Card) *store.Notice {
	return &store.Notice{Thread: books.JSON(at), Card: books.JSON(c)}
}

// WantNotices wakes PostNotices.
func (b *Poster) WantNotices() {
	select {
	case b.dueNotices <- struct{}{}:
	default:
	}
}

// PostNotices posts the due notices until ctx ends.
func (b *Poster) PostNotices(ctx context.Context) {
	for ctx.Err() == nil {
		due, err := b.Store.Notices(ctx, noticesAtOnce)
		b.LogError(ctx, "find due notices", err)
		for _, n := range due {
			if b.Pace.ready(b.Now(), n.ID) {
				b.postNotice(ctx, n)
			}
		}
		select {
		case <-ctx.Done():
		case <-b.dueNotices:
		case <-time.After(showEvery):
		}
	}
}

// postNotice posts one notice, or postpones it.
func (b *Poster) postNotice(ctx context.Context, n store.Notice) {
	if err := b.showNotice(ctx, n); err != nil {
		b.noticeFailed(ctx, n, purge.AsError(err))
		return
	}
	b.LogError(ctx, "forget a notice", b.Store.NoticePosted(context.WithoutCancel(ctx), n.ID))
}

// showNotice posts one notice. A stop does not interrupt it, so that the notice is not posted twice.
func (b *Poster) showNotice(ctx context.Context, n store.Notice) error {
	leave, err := b.Calls.Enter()
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()
	var at chat.Thread
	var card chat.Card
	if err := errors.Join(json.Unmarshal(n.Thread, &at), json.Unmarshal(n.Card, &card)); err != nil {
		return fmt.Errorf("read notice %s: %w", n.ID, err)
	}
	adapter, err := b.Platform(at.Platform)
	if err != nil {
		return err
	}
	_, err = adapter.Show(ctx, at, chat.MessageRef{}, "notice/"+n.ID, card)
	return err
}

// noticeFailed postpones a notice, or gives it up where no retry can help: its cause is valid without it, and stands in the audit.
func (b *Poster) noticeFailed(ctx context.Context, n store.Notice, e *purge.Error) {
	if ctx.Err() != nil || errors.Is(e, books.ErrStopping) {
		return
	}
	giveUp := !e.Kind.Transient() && n.Fails+1 >= hopeless || b.Now().Sub(n.At) > showPatience
	b.Pace.Wait(n.ID, b.Now().Add(max(e.RetryAfter, min(time.Second<<min(n.Fails, 6), time.Minute))))
	b.Log.WarnContext(ctx, "notice not posted", "notice", n.ID, "fails", n.Fails+1, "gave_up", giveUp, "error", e)
	if giveUp {
		b.LogError(ctx, "give up a notice", b.Store.NoticePosted(ctx, n.ID))
		return
	}
	b.LogError(ctx, "note a failed notice", b.Store.NoticeFailed(ctx, n.ID))
}
