package card

import (
	"purgebot/bot/store"
)

// Recorded converts refused targets to the form that the audit keeps.
func Recorded(some ...Refusal) []store.Refused {
	var kept []store.Refused
	for _, r := range some {
		kept = append(kept, store.Refused{Target: r.Target, Area: r.Area, Reason: r.Reason, Rule: r.Rule})
	}
	return kept
}
