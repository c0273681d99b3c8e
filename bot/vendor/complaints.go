package vendor

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"purgebot/purge"
)

// noteCDN remembers how the CDN answered a purge.
func (b *Vendor) NoteCDN(e *purge.Error) { b.Complaints.note(cdnPurge, e, b.Now()) }

// noteAsked remembers how it answered a question that no purge waits for, and logs seldom what only an operator can mend.
func (b *Vendor) noteAsked(ctx context.Context, call cdnCall, err error) {
	if err == nil {
		b.Complaints.note(call, nil, b.Now())
		return
	}
	e := purge.AsError(err)
	if e.Kind == purge.Conflict {
		return // an API that has no such question was not asked, and so was not reached
	}
	b.Complaints.note(call, e, b.Now())
	if level := Severity(e); isForOperators(call, e) && b.Seldom.First(string(call)+": "+err.Error(), b.Now()) {
		b.Log.Log(ctx, min(level, slog.LevelWarn), "the CDN did not answer a question", "question", string(call), "kind", e.Kind.String(), "error", err)
	}
}

// cdnCall is what the CDN was asked, as a warning begins.
type cdnCall string

// complaints are the last answers of the CDN that an operator should know of: those that only an operator can mend, and those that did
// not come. They are kept by what was asked, until that goes well, and no longer than warnFor after the last.
type complaints struct {
	mu     sync.Mutex
	by     map[cdnCall]complaint
	purged bool // a purge was accepted since the start
}

type complaint struct {
	err *purge.Error
	at  time.Time
}

// note keeps or drops what a call was answered with; nil is that it went well.
func (c *complaints) note(call cdnCall, e *purge.Error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e == nil || e.Kind != purge.Unavailable && e.Kind != purge.Unknown { // it was reached
		maps.DeleteFunc(c.by, func(_ cdnCall, old complaint) bool { return old.err.Kind == purge.Unavailable })
	}
	switch {
	case e == nil:
		delete(c.by, call)
		maps.DeleteFunc(c.by, func(of cdnCall, old complaint) bool { // whatever goes through shows that the key is right
			return old.err.Kind == purge.Internal && (call == cdnPurge || of != cdnPurge)
		})
		c.purged = c.purged || call == cdnPurge
	case isForOperators(call, e):
		if c.by == nil {
			c.by = map[cdnCall]complaint{}
		}
		c.by[call] = complaint{e, now}
	}
}

// isForOperators tells what an operator should know from what passes, or is about one command. A key that may not list the domains is an
// ordinary setup, and of questions, NotFound is that this API does not have them.
func isForOperators(call cdnCall, e *purge.Error) bool {
	switch e.Kind {
	case purge.Internal, purge.Unavailable:
		return true
	case purge.Denied:
		return call != cdnDomains
	case purge.NotFound:
		return call != cdnPurge
	}
	return false
}

// told are the warnings of now. That a question is not known tells of a wrong API, unless purges are accepted all the same.
func (c *complaints) Told(now time.Time) (lines []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range slices.Sorted(maps.Keys(c.by)) {
		old := c.by[call]
		if now.Sub(old.at) < WarnFor && !(c.purged && old.err.Kind == purge.NotFound) {
			lines = append(lines, fmt.Sprintf("%s: %s (seen at %s)", call, old.err.Message, old.at.UTC().Format(time.DateTime+" UTC")))
		}
	}
	return lines
}

const (
	cdnPurge   cdnCall = "CDN"
	CDNQuota   cdnCall = "CDN, asked what is left of the quota"
	cdnDomains cdnCall = "CDN, asked for the domains of the account"
)

// severity: what only an operator can mend is theirs to see.
func Severity(e *purge.Error) slog.Level {
	if e.Kind == purge.Internal {
		return slog.LevelError
	}
	return slog.LevelWarn
}

// warnFor is how long a refusal of the CDN that only an operator can mend is told: a mended key shows only at the next call.
const WarnFor = 10 * time.Minute
