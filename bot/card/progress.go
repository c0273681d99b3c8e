package card

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
	EnoughPurges = 5   // below it, nothing is usual yet
	LastPurges   = 100 // that are looked at
)

// ProgressLines are for a purge that is under way.
func (v View) ProgressLines() []string {
	if v.Tone() != chat.Busy {
		return nil
	}
	var lines []string
	n := store.Count(v.Targets)
	settled := len(v.Targets) - n[purge.Pending] - n[purge.Accepted] - n[purge.OutcomeUnknown]
	if len(v.Targets) > manyTargets {
		lines = append(lines, fmt.Sprintf("%s %d of %d settled", Bar(settled, len(v.Targets)), settled, len(v.Targets)))
	}
	if took := v.Now.Sub(v.began()); took >= time.Second {
		lines = append(lines, "Under way for "+Lasts(took)+".")
	}
	for _, a := range v.Request.Areas() {
		if u := v.Usual[a]; u.Of >= EnoughPurges {
			lines = append(lines, sayUsual(a, u))
		}
	}
	return lines
}

func sayUsual(a purge.Area, u store.Usual) string {
	return fmt.Sprintf("Usually %s in %s, rarely over %s.", Lasts(u.P50), a, Lasts(u.P95))
}

// Lasts is a time span in its one fitting unit.
func Lasts(d time.Duration) string {
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
