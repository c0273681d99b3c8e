package card

import (
	"purgebot/bot/store"
)

// refusals are refused targets as the audit keeps them.
func Recorded(some ...Refusal) []store.Refused {
	var kept []store.Refused
	for _, r := range some {
		kept = append(kept, store.Refused{Target: r.Target, Area: r.Area, Reason: r.Reason, Rule: r.Rule})
	}
	return kept
}
