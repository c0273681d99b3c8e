package bot

import (
	"fmt"
	"time"

	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// What is said while a purge is under way: how far it is, since when, and how long it usually takes.

const (
	manyTargets  = 10  // above it, progress is a bar
	enoughPurges = 5   // below it, nothing is usual yet
	lastPurges   = 100 // that are looked at
)

// progressLines are for a purge that is under way.
func (v view) progressLines() []string {
	if v.tone() != chat.Busy {
		return nil
	}
	var lines []string
	n := store.Count(v.targets)
	settled := len(v.targets) - n[purge.Pending] - n[purge.Accepted] - n[purge.OutcomeUnknown]
	if len(v.targets) > manyTargets {
		lines = append(lines, fmt.Sprintf("%s %d of %d settled", bar(settled, len(v.targets)), settled, len(v.targets)))
	}
	if took := v.now.Sub(v.began()); took >= time.Second {
		lines = append(lines, "Under way for "+lasts(took)+".")
	}
	for _, a := range v.Request.Areas() {
		if u := v.usual[a]; u.Of >= enoughPurges {
			lines = append(lines, sayUsual(a, u))
		}
	}
	return lines
}

func sayUsual(a purge.Area, u store.Usual) string {
	return fmt.Sprintf("Usually %s in %s, rarely over %s.", lasts(u.P50), a, lasts(u.P95))
}

// lasts is a time span in its one fitting unit.
func lasts(d time.Duration) string {
	switch {
	case d < time.Second:
		return "1 s"
	case d < 100*time.Second:
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	case d < 100*time.Minute:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Round(time.Hour).Hours()))
}
