package bot

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

// Condition is how the bot is, one sentence for each thing that is wrong: what readiness shows.
type Condition struct {
	Problems []string // it cannot do its work
	Warnings []string // it can, but not all of it: one channel, or what an operator should look at
}

const (
	// warnFor is how long a refusal of the CDN is told that only an operator can mend: what is mended shows only at the next call.
	warnFor = 10 * time.Minute
	// probePatience is how long readiness waits for new answers, before it tells the last ones: who asks gives up after a second.
	probePatience = 800 * time.Millisecond
)

// vitals are what the bot hangs on, by the names under which readiness tells of them.
type vitals struct {
	probes []*probe
	ctx    context.Context // of all questions
	stop   context.CancelFunc
}

const database = "database"

func (b *Bot) newVitals() *vitals {
	v := &vitals{}
	v.ctx, v.stop = context.WithCancel(context.Background())
	add := func(p *probe) {
		p.now, p.tell = b.Now, b.tellHealth
		v.probes = append(v.probes, p)
	}
	add(&probe{name: database, ask: b.Store.Pulse, every: 15 * time.Second, again: 3 * time.Second, idle: 15 * time.Second, within: 5 * time.Second})
	for _, name := range slices.Sorted(maps.Keys(b.poster.Platforms)) {
		add(&probe{name: name, ask: b.poster.Platforms[name].Health, idle: 2 * time.Minute, within: 10 * time.Second})
	}
	return v
}

// tellHealth logs what is wrong for longer than a moment, and when it is right again.
func (b *Bot) tellHealth(name string, was, is error) {
	if is == nil {
		b.Log.Info("well again", "part", name, "was", was)
		return
	}
	b.Log.Warn("not well", "part", name, "error", is)
}

// feel asks what nobody has asked lately. It waits for nothing.
func (b *Bot) feel() {
	for _, p := range b.vitals.probes {
		p.begin(b.vitals.ctx, byItself, b.done.Go)
	}
}

// Condition asks everything that the bot hangs on, together, and waits only a moment for it.
func (b *Bot) Condition(ctx context.Context) Condition {
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	var answers []<-chan struct{}
	for _, p := range b.vitals.probes {
		answers = append(answers, p.begin(b.vitals.ctx, onDemand, b.done.Go))
	}
	for _, answer := range answers {
		select {
		case <-answer:
		case <-ctx.Done():
		}
	}
	return b.lastCondition()
}

// lastCondition is the condition as it was last known.
func (b *Bot) lastCondition() Condition {
	var c Condition
	for _, p := range b.vitals.probes {
		err, known := p.state()
		if !known {
			err = &purge.Error{Kind: purge.Unavailable, Message: "it has not answered yet."}
		}
		c.add(p.name, err)
	}
	b.runner.mu.Lock()
	defer b.runner.mu.Unlock()
	if b.runner.broken > 0 {
		c.Problems = append(c.Problems, fmt.Sprintf("%d purges were lost by the engine and ended as unknown: see the log, then restart", b.runner.broken))
	}
	c.Warnings = append(c.Warnings, b.vendor.complaints.told(b.Now())...)
	return c
}

// add sorts in what a part says of itself. Denied is a piece of it that is closed to the bot, and Conflict what will be wrong at the next
// start: warnings. Anything else is its whole.
func (c *Condition) add(part string, err error) {
	if err == nil {
		return
	}
	e := purge.AsError(err)
	if e.Kind == purge.Denied || e.Kind == purge.Conflict && part == database {
		c.Warnings = append(c.Warnings, part+": "+e.Message)
		return
	}
	c.Problems = append(c.Problems, part+": "+e.Message)
}

// Up tells of each part by its name whether it was well when it was last asked; one that was not asked yet is left out. The CDN is
// well unless it refused what only an operator can mend, or could not be reached.
func (b *Bot) Up() map[string]bool {
	up := map[string]bool{"cdn": len(b.vendor.complaints.told(b.Now())) == 0}
	for _, p := range b.vitals.probes {
		if err, known := p.state(); known {
			var c Condition
			c.add(p.name, err)
			up[p.name] = len(c.Problems) == 0
		}
	}
	return up
}

// cdnCall is what the CDN was asked, as a warning begins.
type cdnCall string

const (
	cdnPurge   cdnCall = "CDN"
	cdnQuota   cdnCall = "CDN, asked what is left of the quota"
	cdnDomains cdnCall = "CDN, asked for the domains of the account"
)

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
func (c *complaints) told(now time.Time) (lines []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range slices.Sorted(maps.Keys(c.by)) {
		old := c.by[call]
		if now.Sub(old.at) < warnFor && !(c.purged && old.err.Kind == purge.NotFound) {
			lines = append(lines, fmt.Sprintf("%s: %s (seen at %s)", call, old.err.Message, old.at.UTC().Format(time.DateTime+" UTC")))
		}
	}
	return lines
}

// noteCDN remembers how the CDN answered a purge.
func (b *vendor) noteCDN(e *purge.Error) { b.complaints.note(cdnPurge, e, b.Now()) }

// noteAsked remembers how it answered a question that no purge waits for, and logs seldom what only an operator can mend.
func (b *vendor) noteAsked(ctx context.Context, call cdnCall, err error) {
	if err == nil {
		b.complaints.note(call, nil, b.Now())
		return
	}
	e := purge.AsError(err)
	if e.Kind == purge.Conflict {
		return // an API that has no such question was not asked, and so was not reached
	}
	b.complaints.note(call, e, b.Now())
	if level := severity(e); isForOperators(call, e) && b.seldom.first(string(call)+": "+err.Error(), b.Now()) {
		b.Log.Log(ctx, min(level, slog.LevelWarn), "the CDN did not answer a question", "question", string(call), "kind", e.Kind.String(), "error", err)
	}
}
