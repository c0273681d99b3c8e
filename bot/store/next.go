package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Next is the plan after the answer to a call. The ledger row keeps it, so that a step cut short after the answer
// continues the same way, and so that a card can show the plan. The zero Next means that nothing follows.
type Next struct {
	What  NextStep  `json:"what,omitempty"`
	At    time.Time `json:"at,omitzero"`     // time of Again and LookUp; zero in rows of older versions
	First int       `json:"first,omitempty"` // number of the first part of a Split
	Parts int       `json:"parts,omitempty"` // number of parts of a Split
}

// NextStep names the step that follows a call.
type NextStep string

// The steps that may follow a call.
const (
	Again  NextStep = "again"   // another call
	LookUp NextStep = "look up" // a search for the fate of this call, then perhaps another call
	Skip   NextStep = "skip"    // no more calls in the area of the call
	Halt   NextStep = "halt"    // no more calls of the purge
	Split  NextStep = "split"   // smaller batches for the targets
)

// encode returns the text for the column of a Next; the zero Next is the empty text.
func (n Next) encode() string {
	if n.What == "" {
		return ""
	}
	return encode(n)
}

// scanNext parses the column of a Next. Rows of earlier versions hold words: "again", "again 1764288000000", "split 3
// 2".
func scanNext(text string) (n Next, err error) {
	// Rows of this version hold JSON.
	if strings.HasPrefix(text, "{") {
		err = json.Unmarshal([]byte(text), &n)
		return n, err
	}
	// Older rows hold a word, with a time or numbers.
	var ms int64
	for _, what := range []NextStep{Again, LookUp} {
		if rest, is := strings.CutPrefix(text, string(what)); is {
			n.What = what
			if _, err := fmt.Sscanf(rest, " %d", &ms); err == nil {
				n.At = instant(ms)
			}
			return n, nil
		}
	}
	if _, err := fmt.Sscanf(text, "split %d %d", &n.First, &n.Parts); err == nil {
		n.What = Split
		return n, nil
	}
	n.What = NextStep(text)
	return n, nil
}
