package bot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"purgebot/purge"
)

// Condition is how the bot is, one sentence for each thing that is wrong: what readiness shows.
type Condition struct {
	Problems []string // it cannot do its work
	Warnings []string // it can, but not all of it: one channel, or what an operator should look at
}

// probePatience is how long readiness waits for new answers before it tells the last ones: its askers give up after a second.
const probePatience = 800 * time.Millisecond

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
		p.begin(b.vitals.ctx, byItself, b.Done.Go)
	}
}

// Condition asks everything that the bot hangs on, together, and waits only a moment for it.
func (b *Bot) Condition(ctx context.Context) Condition {
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	var answers []<-chan struct{}
	for _, p := range b.vitals.probes {
		answers = append(answers, p.begin(b.vitals.ctx, onDemand, b.Done.Go))
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
	if lost := b.runner.Lost(); lost > 0 {
		c.Problems = append(c.Problems, fmt.Sprintf("%d purges were lost by the engine and ended as unknown: see the log, then restart", lost))
	}
	c.Warnings = append(c.Warnings, b.vendor.Complaints.Told(b.Now())...)
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
	up := map[string]bool{"cdn": len(b.vendor.Complaints.Told(b.Now())) == 0}
	for _, p := range b.vitals.probes {
		if err, known := p.state(); known {
			var c Condition
			c.add(p.name, err)
			up[p.name] = len(c.Problems) == 0
		}
	}
	return up
}
