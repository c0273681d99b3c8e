package account

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

// NoteCDN remembers the CDN's answer to a purge.
func (b *Account) NoteCDN(e *purge.Error) { b.Complaints.note(cdnPurge, e, b.Now()) }

// noteAsked remembers the CDN's answer to a background question, and logs at long intervals the problems that only an operator can
// solve.
func (b *Account) noteAsked(ctx context.Context, call cdnCall, err error) {
	if err == nil {
		b.Complaints.note(call, nil, b.Now())
		return
	}
	e := purge.AsError(err)
	if e.Kind == purge.Conflict {
		return // the API has no such question, so the CDN was not reached
	}
	b.Complaints.note(call, e, b.Now())
	if level := Severity(e); isForOperators(call, e) && b.Seldom.First(string(call)+": "+err.Error(), b.Now()) {
		b.Log.Log(ctx, min(level, slog.LevelWarn), "the CDN did not answer a question", "question", string(call), "kind", e.Kind.String(), "error", err)
	}
}

// cdnCall is the kind of a question to the CDN, in the words that begin a warning.
type cdnCall string

// complaints holds the last answers of the CDN that concern an operator: problems that only an operator can solve, and missing
// answers. Each is kept by the kind of question until that question succeeds, and no longer than WarnFor.
type complaints struct {
	mu     sync.Mutex
	by     map[cdnCall]complaint
	purged bool // a purge was accepted since the start
}

// complaint is one such answer and its time.
type complaint struct {
	err *purge.Error
	at  time.Time
}

// note keeps or drops the answer to a call; a nil error is a success.
func (c *complaints) note(call cdnCall, e *purge.Error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e == nil || e.Kind != purge.Unavailable && e.Kind != purge.Unknown { // any answer shows that the CDN was reached
		maps.DeleteFunc(c.by, func(_ cdnCall, old complaint) bool { return old.err.Kind == purge.Unavailable })
	}
	switch {
	case e == nil:
		delete(c.by, call)
		maps.DeleteFunc(c.by, func(of cdnCall, old complaint) bool { // a success shows that the key is right
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

// isForOperators reports whether an operator should know of an error; the other errors pass, or concern one command. A key without
// the permission to list the domains is an ordinary setup, and NotFound as the answer to a question means that this API lacks the
// question.
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

// Told returns the present warnings. An unknown question hints at a wrong API, unless purges are accepted all the same.
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

// Severity returns the log level of a CDN error: problems that only an operator can solve are errors, all others warnings.
func Severity(e *purge.Error) slog.Level {
	if e.Kind == purge.Internal {
		return slog.LevelError
	}
	return slog.LevelWarn
}

// WarnFor is the time for which a refusal of the CDN is shown to operators: a corrected key shows only at the next call.
const WarnFor = 10 * time.Minute
