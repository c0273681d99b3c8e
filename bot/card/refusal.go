package card

import (
	"purgebot/bot/store"
	"purgebot/purge"
)

// Refusal is one refused target with the reason.
type Refusal struct {
	Target string      `json:"target"`
	Area   purge.Area  `json:"area,omitempty"`
	Reason string      `json:"reason"`
	Rule   string      `json:"rule,omitempty"`
	Frozen *store.Rule `json:"-"` // the freeze that refuses the target, if no other rule does
	Cause  string      `json:"-"` // the grammar's reason without the details of the target; "" if a rule refused the target
}
