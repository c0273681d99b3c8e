package bot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"purgebot/purge"
)

// Condition is the health of the bot, one sentence for each problem, as the readiness page shows it.
type Condition struct {
	Problems []string // problems that stop the bot's work
	Warnings []string // problems of a part, such as one channel, that an operator should look at
}

// probePatience is the time for which readiness waits for new answers before it shows the last ones: its callers give up after a
// second.
const probePatience = 800 * time.Millisecond

// vitals are the probes of the parts that the bot depends on, under the names that readiness shows.
type vitals struct {
	probes []*probe
	ctx    context.Context // the context of all questions
	stop   context.CancelFunc
}

const database = "database"

// newVitals returns the probes of the database and of each platform.
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

// tellHealth logs a lasting problem of a part, and its end.
func (b *Bot) tellHealth(name string, was, is error) {
	if is == nil {
		b.Log.Info("part works again", "part", name, "was", was)
		return
	}
	b.Log.Warn("part does not work", "part", name, "error", is)
}

// feel asks every part that was not asked recently, and does not wait for the answers.
func (b *Bot) feel() {
	for _, p := range b.vitals.probes {
		p.begin(b.vitals.ctx, byItself, b.Done.Go)
	}
}

// Condition asks all parts at once, waits a moment for their answers, and returns the health.
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

// lastCondition returns the health by the last answers.
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

// add sorts a part's error into problems and warnings. Denied means that a piece of the part is closed to the bot, and Conflict
// that the database will fail at the next start: both are warnings. Any other error concerns the whole part.
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

// Up reports by name whether each part worked at its last answer; a part without an answer is left out. The CDN counts as working
// unless it has a problem that only an operator can solve, or could not be reached.
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
