package card

import (
	"fmt"
	"time"

	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// These bounds govern the lines about progress.
const (
	manyTargets  = 10  // manyTargets is the number of targets above which progress is a bar
	EnoughPurges = 5   // EnoughPurges is the least number of past purges for a usual duration
	LastPurges   = 100 // LastPurges is the number of past purges behind the usual duration
)

// ProgressLines shows the progress of a purge under way, its age and the usual duration.
func (v View) ProgressLines() []string {
	if v.Tone() != chat.Busy {
		return nil
	}
	// The bar counts the targets with a final outcome.
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

// sayUsual states the usual duration in an area.
func sayUsual(a purge.Area, u store.Usual) string {
	return fmt.Sprintf("Usually %s in %s, rarely over %s.", Lasts(u.P50), a, Lasts(u.P95))
}

// Lasts writes a duration in one fitting unit.
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
