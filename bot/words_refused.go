package bot

import (
	"purgebot/bot/store"
	"purgebot/purge"
)

// refusal is one target that will not be purged, and why.
type refusal struct {
	Target string      `json:"target"`
	Area   purge.Area  `json:"area,omitempty"`
	Reason string      `json:"reason"`
	Rule   string      `json:"rule,omitempty"`
	frozen *store.Rule // the freeze that refuses it, where nothing else does
	cause  string      // the reason without what is particular to the target, if the grammar refused it
}
