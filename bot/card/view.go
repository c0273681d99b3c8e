package card

import (
	"fmt"
	"slices"
	"time"

	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// View is a purge with all that its cards need.
type View struct {
	store.Purge
	Targets   []store.Target
	Calls     []store.Call // while it is under way, or did not end well
	Until     time.Time    // what is unclear is looked up
	Decision  store.Decision
	Decided   bool
	Room      Room
	Lately    []store.Purged                 // of what a question is about
	Hints     []string                       // why the vendor may refuse it
	Usual     map[purge.Area]store.Usual     // while it is under way
	Unserved  map[purge.Area]map[string]bool // hosts of it that Tencent does not serve in an area
	Leaks     bool                           // its reason sounds like a leak, and it is not purged as one
	Turns     string                         // when the vendor's day does
	Frozen    []string                       // what it waits under
	Approvers Approvers                      // whom a question mentions
	PressLine string                         // who may press
	Emergency bool                           // it may be purged without approval by now
	Refused   []string                       // follow-ups that its requester may not ask for
	Stopped   store.Entry                    // the audit's row of who cancelled it on its way
	Join      *Join                          // where the card is that of a request which joined it
	Now       time.Time
	Token     func(secret, action string) string // makes the tokens of buttons

	FetchRoom Room   // where it is to be fetched again
	Fetched   string // the short id of what fetches it again; "" if nothing does
	Fetches   int    // how many URLs that is

	CannotFetch bool // with the API that purgebot is set to
}

// Looking reports whether something that may have been done is still being looked up.
func (v View) Looking() bool {
	return !v.State.Final() && store.Count(v.Targets)[purge.OutcomeUnknown] > 0
}

// done is what was to be done, as it is said of what is over.
func (v View) done() string {
	if v.Request.Kind == purge.Prefetch {
		return "fetched"
	}
	return "purged"
}

func (v View) footer() string {
	if !v.State.Final() {
		return v.Short
	}
	return fmt.Sprintf("%s · took %s", v.Short, v.FinishedAt.Sub(v.began()).Round(100_000_000))
}

// what is "2 directories on www.test.com".
func (v View) what() string {
	n := len(v.Request.Texts())
	return Things(n, v.Request.Kind.Judged()) + " on " + hostWords(v.Request.Hosts())
}

func (v View) Tone() chat.Tone {
	switch v.State {
	case store.StateDone:
		return chat.Good
	case store.StateAccepted, store.StatePartly, store.StateUnknown:
		return chat.Unsure
	case store.StateFailed, store.StateRefused, store.StateExpired, store.StateCancelled:
		return chat.Bad
	}
	if v.Asking() {
		return chat.Waiting
	}
	return chat.Busy
}

// Asking reports whether the card is a question that somebody can still answer.
func (v View) Asking() bool {
	return v.Confirm != "" && !v.Decided && (v.State == store.StateWaiting || v.State == store.StateRecorded)
}

// anyGood reports whether anything was, or may have been, purged.
func (v View) anyGood() bool {
	n := store.Count(v.Targets)
	return n[purge.Done]+n[purge.Accepted]+n[purge.OutcomeUnknown] > 0
}

// Tried reports whether the purge ended by what became of its calls, not by somebody's will or the rules.
func (v View) Tried() bool {
	return v.State == store.StateFailed || v.State == store.StatePartly || v.State == store.StateUnknown
}

// unclear reports whether looking again may tell more.
func (v View) unclear() bool {
	n := store.Count(v.Targets)
	return v.State.Final() && (n[purge.OutcomeUnknown] > 0 || n[purge.Accepted] > 0 && v.Problem == StillRunning)
}

// began is when it could first be sent: the time that somebody took to press is not the vendor's.
func (v View) began() time.Time {
	if v.Decided && v.Decision.What == store.Confirmed {
		return v.Decision.At
	}
	return v.CreatedAt
}

// Named is the name of a purge in a list.
func (v View) Named() string {
	if v.Request.Kind == purge.Prefetch {
		return "prefetch of " + v.what()
	}
	return v.what()
}

// offers reports whether a card offers a follow-up.
func (v View) offers(action string) bool { return !slices.Contains(v.Refused, action) }

// Readable leaves out what confirms a list that nobody can read to its end, because there can be no file.
func Readable(c chat.Card, files bool) chat.Card {
	confirms := func(b chat.Button) bool { return b.Confirms }
	if files || c.More == 0 || !slices.ContainsFunc(c.Buttons, confirms) {
		return c
	}
	c.Buttons = slices.DeleteFunc(slices.Clone(c.Buttons), confirms)
	c.Lines = append(slices.Clone(c.Lines), Unreadable)
	c.File = nil
	return c
}
