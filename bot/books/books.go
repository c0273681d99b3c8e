// Package books holds the tools of every part of the bot: the rows, the log, the clock, the waiting times, the names of rows, and
// the gate that a stop closes. It decides nothing and calls no chat.
package books

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// Books holds the tools of every part of the bot: the rows, the log, the clock, and the gate that a stop closes.
type Books struct {
	Store *store.Store
	Log   *slog.Logger
	Now   func() time.Time
	// Patience is added to each bound on the answer to an event.
	Patience time.Duration

	Calls  callGate           // the gate for calls to a chat or to the vendor; a stop waits for those inside
	Done   sync.WaitGroup     // background work
	Seldom Seldom             // the causes that were logged lately
	At     func(point string) // tests kill the process here
}

// New returns books on a store, a log and a clock.
func New(s *store.Store, log *slog.Logger, now func() time.Time) *Books {
	return &Books{Store: s, Log: log, Now: now, At: func(string) {}}
}

// Entry returns an audit row by purgebot itself, or by who.
func (b *Books) Entry(what store.AuditKind, id string, who acl.Subject, body store.Body) store.Entry {
	return store.Entry{At: b.Now(), Who: who, What: what, Purge: id, Body: body.JSON()}
}

// By returns an audit row of a person, with the person's present name.
func (b *Books) By(p chat.Person, what store.AuditKind, id string, body store.Body) store.Entry {
	e := b.Entry(what, id, p.Subject, body)
	e.Name = p.Name
	return e
}

// LogError logs an error of a background task, unless ctx has ended.
func (b *Books) LogError(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		b.Log.ErrorContext(ctx, doing, "error", err)
	}
}

// Load returns a purge. A missing purge is an error, because every caller has recorded the purge first.
func (b *Books) Load(ctx context.Context, id string) (store.Purge, error) {
	p, found, err := b.Store.Purge(ctx, id)
	if err == nil && !found {
		err = fmt.Errorf("purge %s is not recorded", id)
	}
	return p, err
}

// Original returns the purge that p joined, with the reason and the privacy of p's own request; a purge that joined none is
// returned as it is.
func (b *Books) Original(ctx context.Context, p store.Purge) (store.Purge, error) {
	if p.Joined == "" {
		return p, nil
	}
	o, err := b.Load(ctx, p.Joined)
	o.Reason, o.Private = p.Reason, o.Private || p.Private
	return o, err
}

// JSON encodes one of the bot's own values, none of which fails to encode.
func JSON(v any) json.RawMessage {
	if v == nil {
		return json.RawMessage("{}")
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// HashID returns a SHA-256 hash of the parts, in hex.
func HashID(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(h[:])
}

// NewToken returns 128 random bits in hex.
func NewToken() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return hex.EncodeToString(raw[:])
}

// Seldom limits how often a repeated cause is logged, such as the denied tries of one person.
type Seldom struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// First reports whether a cause was not logged lately, and remembers it.
func (s *Seldom) First(cause string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, told := s.last[cause]; told && now.Sub(last) < sayAgainAfter {
		return false
	}
	if s.last == nil || len(s.last) >= seldomMost {
		s.last = map[string]time.Time{}
	}
	s.last[cause] = now
	return true
}

const (
	sayAgainAfter = 10 * time.Minute
	seldomMost    = 100 // the number of remembered causes
)
