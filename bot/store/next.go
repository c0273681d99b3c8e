package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Next is what follows the answer to a call. It stands in the ledger row, so that a step that was cut after the answer goes on as
// if it had not been cut, and so that a card can say it. The zero Next is that nothing follows.
type Next struct {
	What  NextStep  `json:"what,omitempty"`
	At    time.Time `json:"at,omitzero"`     // when, of Again and LookUp; zero in rows of older versions
	First int       `json:"first,omitempty"` // of Split: the number of the first part
	Parts int       `json:"parts,omitempty"` // of Split: how many there are
}

// NextStep names what follows a call.
type NextStep string

// The steps that may follow a call.
const (
	Again  NextStep = "again"   // another call
	LookUp NextStep = "look up" // a look at what became of this one, and then perhaps another call
	Skip   NextStep = "skip"    // nothing more of the call's area is sent
	Halt   NextStep = "halt"    // nothing more of the purge is sent
	Split  NextStep = "split"   // the targets go on in smaller batches
)

// encode writes a Next for its column; nothing is the empty text.
func (n Next) encode() string {
	if n.What == "" {
		return ""
	}
	return encode(n)
}

// scanNext reads the column. Rows of versions before this one hold words: "again", "again 1764288000000", "split 3 2".
func scanNext(text string) (n Next, err error) {
	if strings.HasPrefix(text, "{") {
		err = json.Unmarshal([]byte(text), &n)
		return n, err
	}
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
