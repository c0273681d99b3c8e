package bot

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// books are the things that every part of the bot works with: the rows, the log, the clock, and the gate that a stop closes.
type books struct {
	Store *store.Store
	Log   *slog.Logger
	Now   func() time.Time
	// Patience is added to each bound on the answer to an event.
	Patience time.Duration

	calls  callGate           // calls to a chat or to the vendor are inside, and a stop waits for them
	done   sync.WaitGroup     // work that goes on beside events
	seldom seldom             // causes that were logged lately
	at     func(point string) // tests kill the process here
}

// entry is an audit row by purgebot itself, or by who.
func (b *books) entry(what store.AuditKind, id string, who acl.Subject, body store.Body) store.Entry {
	return store.Entry{At: b.Now(), Who: who, What: what, Purge: id, Body: body.JSON()}
}

// by is an audit row of a person, with the name as it is now.
func (b *books) by(p chat.Person, what store.AuditKind, id string, body store.Body) store.Entry {
	e := b.entry(what, id, p.Subject, body)
	e.Name = p.Name
	return e
}

func (b *books) logError(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		b.Log.ErrorContext(ctx, doing, "error", err)
	}
}

// load returns a purge that must be there: record came first.
func (b *books) load(ctx context.Context, id string) (store.Purge, error) {
	p, found, err := b.Store.Purge(ctx, id)
	if err == nil && !found {
		err = fmt.Errorf("purge %s is not recorded", id)
	}
	return p, err
}

// original is the purge that p joined, with what is p's own of the request; p itself where it joined none.
func (b *books) original(ctx context.Context, p store.Purge) (store.Purge, error) {
	if p.Joined == "" {
		return p, nil
	}
	o, err := b.load(ctx, p.Joined)
	o.Reason, o.Private = p.Reason, o.Private || p.Private
	return o, err
}
