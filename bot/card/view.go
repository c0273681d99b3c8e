package card

import (
	"fmt"
	"slices"
	"time"

	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// View is a purge with all facts that its cards show.
type View struct {
	store.Purge
	Targets   []store.Target
	Calls     []store.Call // the calls of a purge under way or not ended well
	Until     time.Time    // the end of the search for an unclear outcome
	Decision  store.Decision
	Decided   bool
	Room      Room
	Lately    []store.Purged                 // recent purges of the targets of a question
	Hints     []string                       // reasons for a probable refusal by Tencent
	Usual     map[purge.Area]store.Usual     // the usual duration, for a purge under way
	Unserved  map[purge.Area]map[string]bool // the hosts of the purge that Tencent does not serve in an area
	Leaks     bool                           // the reason sounds like a leak, and the purge is an ordinary one
	Turns     string                         // the time at which Tencent's next day begins
	Frozen    []string                       // the freezes that would stop the purge
	Approvers Approvers                      // the people that a question mentions
	PressLine string                         // the sentence about the people who may press
	Emergency bool                           // the purge may go ahead without approval by now
	Refused   []string                       // follow-ups that the requester may not ask for
	Stopped   store.Entry                    // the audit's row of the cancellation
	Join      *Join                          // set on the card of a request that joined this purge
	Now       time.Time
	Token     func(secret, action string) string // the maker of the buttons' tokens

	FetchRoom Room   // the prefetch quota, for a purge whose URLs are fetched again
	Fetched   string // the short id of the following prefetch; "" if there is none
	Fetches   int    // the number of URLs in that prefetch

	CannotFetch bool // the configured API has no prefetch
}

// Looking reports whether an unclear outcome is still being looked up.
func (v View) Looking() bool {
	return !v.State.Final() && store.Count(v.Targets)[purge.OutcomeUnknown] > 0
}

// done returns the past participle of the purge's verb.
func (v View) done() string {
	if v.Request.Kind == purge.Prefetch {
		return "fetched"
	}
	return "purged"
}

// footer returns the short id, with the duration of a finished purge.
func (v View) footer() string {
	if !v.State.Final() {
		return v.Short
	}
	return fmt.Sprintf("%s · took %s", v.Short, v.FinishedAt.Sub(v.began()).Round(100_000_000))
}

// what returns "2 directories on www.test.com".
func (v View) what() string {
	n := len(v.Request.Texts())
	return Things(n, v.Request.Kind.Judged()) + " on " + hostWords(v.Request.Hosts())
}

// Tone returns the colour of the card.
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

// Asking reports whether the card is a question that is still open.
func (v View) Asking() bool {
	return v.Confirm != "" && !v.Decided && (v.State == store.StateWaiting || v.State == store.StateRecorded)
}

// anyGood reports whether any target was purged or may have been.
func (v View) anyGood() bool {
	n := store.Count(v.Targets)
	return n[purge.Done]+n[purge.Accepted]+n[purge.OutcomeUnknown] > 0
}

// Tried reports whether the purge ended by the outcome of its calls, not by a person's decision or a rule.
func (v View) Tried() bool {
	return v.State == store.StateFailed || v.State == store.StatePartly || v.State == store.StateUnknown
}

// unclear reports whether another look may find more.
func (v View) unclear() bool {
	n := store.Count(v.Targets)
	return v.State.Final() && (n[purge.OutcomeUnknown] > 0 || n[purge.Accepted] > 0 && v.Problem == StillRunning)
}

// began returns the time from which the purge could be sent; the wait for a press does not count as the purge's duration.
func (v View) began() time.Time {
	if v.Decided && v.Decision.What == store.Confirmed {
		return v.Decision.At
	}
	return v.CreatedAt
}

// Named returns the name of a purge in a list.
func (v View) Named() string {
	if v.Request.Kind == purge.Prefetch {
		return "prefetch of " + v.what()
	}
	return v.what()
}

// offers reports whether the card may offer a follow-up.
func (v View) offers(action string) bool { return !slices.Contains(v.Refused, action) }

// Readable removes the confirming buttons from a card with a truncated list, in a chat that takes no files.
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
