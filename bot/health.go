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

// warnFor is how long a refusal of the CDN is told that only an operator can mend: what is mended shows only at the next call.
const warnFor = 10 * time.Minute

// Condition asks everything that the bot hangs on.
func (b *Bot) Condition(ctx context.Context) Condition {
	var c Condition
	if err := b.Store.Ping(ctx); err != nil {
		c.Problems = append(c.Problems, "database: "+purge.AsError(err).Message)
	}
	for _, name := range slices.Sorted(maps.Keys(b.Platforms)) {
		c.add(name, b.Platforms[name].Health(ctx))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken > 0 {
		c.Problems = append(c.Problems, fmt.Sprintf("%d purges were lost by the engine and ended as unknown: see the log, then restart", b.broken))
	}
	if b.cdnErr != nil && b.Now().Sub(b.cdnAt) < warnFor {
		c.Warnings = append(c.Warnings, fmt.Sprintf("CDN: %s (seen at %s)", b.cdnErr.Message, b.cdnAt.UTC().Format(time.DateTime+" UTC")))
	}
	return c
}

// add sorts in what a platform says of itself: Denied is a part of it that is closed to the bot, anything else its whole.
func (c *Condition) add(platform string, err error) {
	if err == nil {
		return
	}
	e := purge.AsError(err)
	if e.Kind == purge.Denied {
		c.Warnings = append(c.Warnings, platform+": "+e.Message)
		return
	}
	c.Problems = append(c.Problems, platform+": "+e.Message)
}

// noteCDN remembers what only an operator can mend, a wrong key as well as a missing right, until a call succeeds again.
func (b *Bot) noteCDN(e *purge.Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case e == nil:
		b.cdnErr = nil
	case e.Kind == purge.Internal, e.Kind == purge.Denied:
		b.cdnErr, b.cdnAt = e, b.Now()
	}
}
