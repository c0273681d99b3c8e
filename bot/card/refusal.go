package card

import (
	"purgebot/bot/store"
	"purgebot/purge"
)

// Refusal is one target that will not be purged, and why.
type Refusal struct {
	Target string      `json:"target"`
	Area   purge.Area  `json:"area,omitempty"`
	Reason string      `json:"reason"`
	Rule   string      `json:"rule,omitempty"`
	Frozen *store.Rule `json:"-"` // the freeze that refuses it, where nothing else does
	Cause  string      `json:"-"` // the reason without what is particular to the target, if the grammar refused it
}
