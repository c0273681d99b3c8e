package bot

import (
	"fmt"
	"slices"
	"time"

	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// view is a purge with all that its cards need.
type view struct {
	store.Purge
	targets   []store.Target
	calls     []store.Call // while it is under way, or did not end well
	until     time.Time    // what is unclear is looked up
	decision  store.Decision
	decided   bool
	room      room
	lately    []store.Purged             // of what a question is about
	hints     []string                   // why the vendor may refuse it
	usual     map[purge.Area]store.Usual // while it is under way
	leaks     bool                       // its reason sounds like a leak, and it is not purged as one
	turns     string                     // when the vendor's day does
	frozen    []string                   // what it waits under
	approvers approvers                  // whom a question mentions
	pressLine string                     // who may press
	emergency bool                       // it may be purged without approval by now
	refused   []string                   // follow-ups that its requester may not ask for
	stopped   store.Entry                // the audit's row of who cancelled it on its way
	join      *joinOf                    // where the card is that of a request which joined it
	now       time.Time
	token     func(secret, action string) string // makes the tokens of buttons

	fetchRoom room   // where it is to be fetched again
	fetched   string // the short id of what fetches it again; "" if nothing does
	fetches   int    // how many URLs that is

	cannotFetch bool // with the API that purgebot is set to
}

// looking reports whether something that may have been done is still being looked up.
func (v view) looking() bool {
	return !v.State.Final() && store.Count(v.targets)[purge.OutcomeUnknown] > 0
}

// done is what was to be done, as it is said of what is over.
func (v view) done() string {
	if v.Request.Kind == purge.Prefetch {
		return "fetched"
	}
	return "purged"
}

func (v view) footer() string {
	if !v.State.Final() {
		return v.Short
	}
	return fmt.Sprintf("%s · took %s", v.Short, v.FinishedAt.Sub(v.began()).Round(100_000_000))
}

// what is "2 directories on www.test.com".
func (v view) what() string {
	n := len(v.Request.Texts())
	return things(n, v.Request.Kind.Judged()) + " on " + hostWords(v.Request.Hosts())
}

func (v view) tone() chat.Tone {
	switch v.State {
	case store.StateDone:
		return chat.Good
	case store.StateAccepted, store.StatePartly, store.StateUnknown:
		return chat.Unsure
	case store.StateFailed, store.StateRefused, store.StateExpired, store.StateCancelled:
		return chat.Bad
	}
	if v.asking() {
		return chat.Waiting
	}
	return chat.Busy
}

// asking reports whether the card is a question that somebody can still answer.
func (v view) asking() bool {
	return v.Confirm != "" && !v.decided && (v.State == store.StateWaiting || v.State == store.StateRecorded)
}

// anyGood reports whether anything was, or may have been, purged.
func (v view) anyGood() bool {
	n := store.Count(v.targets)
	return n[purge.Done]+n[purge.Accepted]+n[purge.OutcomeUnknown] > 0
}

// tried reports whether the purge ended by what became of its calls, not by somebody's will or the rules.
func (v view) tried() bool {
	return v.State == store.StateFailed || v.State == store.StatePartly || v.State == store.StateUnknown
}

// unclear reports whether looking again may tell more.
func (v view) unclear() bool {
	n := store.Count(v.targets)
	return v.State.Final() && (n[purge.OutcomeUnknown] > 0 || n[purge.Accepted] > 0 && v.Problem == sayLate)
}

// began is when it could first be sent: the time that somebody took to press is not the vendor's.
func (v view) began() time.Time {
	if v.decided && v.decision.What == store.Confirmed {
		return v.decision.At
	}
	return v.CreatedAt
}

// named is what a purge is in a list.
func (v view) named() string {
	if v.Request.Kind == purge.Prefetch {
		return "prefetch of " + v.what()
	}
	return v.what()
}

// offers reports whether a card offers a follow-up.
func (v view) offers(action string) bool { return !slices.Contains(v.refused, action) }

// readable leaves out what confirms a list that nobody can read to its end, because there can be no file.
func readable(c chat.Card, files bool) chat.Card {
	confirms := func(b chat.Button) bool { return b.Confirms }
	if files || c.More == 0 || !slices.ContainsFunc(c.Buttons, confirms) {
		return c
	}
	c.Buttons = slices.DeleteFunc(slices.Clone(c.Buttons), confirms)
	c.Lines = append(slices.Clone(c.Lines), sayUnreadable)
	c.File = nil
	return c
}
