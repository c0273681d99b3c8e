// Package books holds the things that every part of the conversation works with: the rows, the log, the clock, how long things
// wait, the names that rows go by, and the gate that a stop closes. It decides nothing and talks to nobody.
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

// books are the things that every part of the bot works with: the rows, the log, the clock, and the gate that a stop closes.
type Books struct {
	Store *store.Store
	Log   *slog.Logger
	Now   func() time.Time
	// Patience is added to each bound on the answer to an event.
	Patience time.Duration

	Calls  callGate           // calls to a chat or to the vendor are inside, and a stop waits for them
	Done   sync.WaitGroup     // work that goes on beside events
	Seldom Seldom             // causes that were logged lately
	At     func(point string) // tests kill the process here
}

func New(s *store.Store, log *slog.Logger, now func() time.Time) *Books {
	return &Books{Store: s, Log: log, Now: now, At: func(string) {}}
}

// entry is an audit row by purgebot itself, or by who.
func (b *Books) Entry(what store.AuditKind, id string, who acl.Subject, body store.Body) store.Entry {
	return store.Entry{At: b.Now(), Who: who, What: what, Purge: id, Body: body.JSON()}
}

// by is an audit row of a person, with the name as it is now.
func (b *Books) By(p chat.Person, what store.AuditKind, id string, body store.Body) store.Entry {
	e := b.Entry(what, id, p.Subject, body)
	e.Name = p.Name
	return e
}

func (b *Books) LogError(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		b.Log.ErrorContext(ctx, doing, "error", err)
	}
}

// load returns a purge that must be there: record came first.
func (b *Books) Load(ctx context.Context, id string) (store.Purge, error) {
	p, found, err := b.Store.Purge(ctx, id)
	if err == nil && !found {
		err = fmt.Errorf("purge %s is not recorded", id)
	}
	return p, err
}

// original is the purge that p joined, with what is p's own of the request; p itself where it joined none.
func (b *Books) Original(ctx context.Context, p store.Purge) (store.Purge, error) {
	if p.Joined == "" {
		return p, nil
	}
	o, err := b.Load(ctx, p.Joined)
	o.Reason, o.Private = p.Reason, o.Private || p.Private
	return o, err
}

// mustJSON encodes our own values, which cannot fail to encode.
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

func HashID(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(h[:])
}

// newToken is 128 random bits in hex.
func NewToken() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return hex.EncodeToString(raw[:])
}

// seldom lets what repeats itself be logged once in a while: whoever is locked out tries again and again.
type Seldom struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// first reports whether a cause was not told lately.
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
	seldomMost    = 100 // causes that are remembered
)
