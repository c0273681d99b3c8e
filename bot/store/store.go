// Package store keeps what purgebot must not forget: purges, targets, decisions, the ledger of CDN calls, wanted cards,
// buttons, seen events and the chained audit, in tables prefixed pb_ that share a database with the durable engine's.
//
// Each method opens, commits and closes one transaction and is repeatable by its keys. No method calls the engine,
// a chat or the CDN, and none decides: what to write is the caller's judgement, that it is written whole is the store's.
package store

import (
	"encoding/json"
	"time"

	"purgebot/acl"
	"purgebot/purge"
)

// Event is the key of one delivery of a platform. A second one with the same key is a duplicate.
type Event struct {
	Platform, Workspace, ID string
	Digest                  string // of what it asked for: a duplicate with another digest is told apart in the audit
}

// Entry is one row of the audit. The store chains it: sequence, previous hash and hash are the store's.
type Entry struct {
	Seq   int64
	At    time.Time
	Who   acl.Subject // "" for purgebot itself
	Name  string      // as it was then
	What  AuditKind
	Purge string // id, "" if none
	Body  json.RawMessage
	Prev  string // hex SHA-256 of the row before
	Hash  string // hex SHA-256 of this row with Prev
	// Notice is posted in public as soon as the row is committed; nil if nothing is. It is not read back.
	Notice *Notice
	facts  string // what the row binds, as it is stored
}

// State is where a purge stands.
type State string

// The states. Those from StateDone on are final.
const (
	StateRecorded  State = "recorded" // taken, nothing sent
	StateWaiting   State = "waiting"  // for somebody to press
	StateSending   State = "sending"
	StateFollowing State = "following" // all batches answered; looking until done
	StateDone      State = "done"
	StatePartly    State = "partly done"
	StateAccepted  State = "accepted"
	StateFailed    State = "failed"
	StateUnknown   State = "unknown"
	StateRefused   State = "refused"
	StateCancelled State = "cancelled"
	StateExpired   State = "expired"
	StateJoined    State = "joined" // another purge, which it names; it is none itself
)

// Final reports whether nothing more happens in this state.
func (s State) Final() bool {
	switch s {
	case StateRecorded, StateWaiting, StateSending, StateFollowing:
		return false
	}
	return true
}

// Purge is one request and where it stands. Its targets are rows of their own.
type Purge struct {
	ID         string // 64 hex digits: the workflow's id
	Secret     string // 32 random hex digits that the tokens of its buttons are derived from
	Short      string // "p-7k3f9x2q", unique in its workspace; assigned by Record
	Event      Event
	Requester  acl.Subject
	Name       string          // the requester's, as it was then
	Groups     []acl.Subject   // the requester's groups, as they were then
	Thread     json.RawMessage // where the conversation is; opaque here
	Channel    acl.Subject
	Request    purge.Request
	Digest     string // of Request
	Policy     string // hash of the policy that decided
	Confirm    acl.Confirm
	Reason     string
	Private    bool
	Notes      []string // what was changed or left out on the way, for the card
	State      State
	Problem    string    // why it was refused or failed, one sentence; "" if it was not
	ExpiresAt  time.Time // of the confirmation; zero until its card was shown
	CreatedAt  time.Time
	FinishedAt time.Time
	Cancelled  acl.Subject // who asked to stop what has not left; "" if nobody
	Overrides  []string    // ids of the freezes in spite of which it was asked for
	Joined     string      // id of the identical purge that it joined, whose targets Request has; "" if it is one itself
	Prefetch   bool        // its URLs are to be fetched again when it has ended
	Follows    string      // id of the purge whose URLs it fetches again; "" if it follows none
	Charges    []Charge    // taken when it is recorded; not read back
}

// Target is one target in one area of a purge.
type Target struct {
	N       int // position in the area's part of the request
	Area    purge.Area
	Target  purge.Target
	Batch   int
	Outcome purge.Outcome
	Reason  string // why it failed or is unknown, one sentence
}

// Released reports whether a purge was confirmed without the approval that it needed.
func (d Decision) Released() bool { return d.What == Confirmed && d.Emergency != "" }

// Count returns how many targets have each outcome.
func Count(targets []Target) map[purge.Outcome]int {
	n := map[purge.Outcome]int{}
	for _, t := range targets {
		n[t.Outcome]++
	}
	return n
}

// Decision is what somebody, or time, decided about a waiting purge. There is at most one.
type Decision struct {
	Purge string
	What  Verdict
	Who   acl.Subject // "" for time
	Name  string
	// Groups are those of Who as they were then; Problem is why, where it is a refusal.
	Groups    []acl.Subject
	Problem   string
	Emergency string // the typed reason why the purge could not wait for its approval; "" where it was approved or needed none
	At        time.Time
	Charges   []Charge // taken if it is the first; not read back
}

// Verdict is what was decided.
type Verdict string

// The verdicts.
const (
	Confirmed Verdict = "confirmed"
	Cancelled Verdict = "cancelled"
	Expired   Verdict = "expired"
	Withdrawn Verdict = "withdrawn" // the policy no longer allows it
)

// Call is one row of the ledger: one try of one batch. It is written before the call leaves.
type Call struct {
	Purge string
	Batch int
	Try   int
	Kind  purge.Kind
	Area  purge.Area
	Units int    // quota it costs
	Day   string // the vendor's, "2026-11-21"
	Owner string // executor
	At    time.Time
	State CallState
	// Receipt and Problem are the answer; empty while calling.
	Receipt purge.Receipt
	Problem string
	Next    Next
	Rule    string // never written: the rule that stops it, where the State is CallFrozen
	Then    State  // not kept: where the purge stands as of this answer; "" leaves it
}

// CallState is what is known about a call.
type CallState string

// The states of a call. Units count as spent in all but Unsent and Refused.
const (
	Calling       CallState = "calling"
	CallAccepted  CallState = "accepted"
	CallRefused   CallState = "refused"
	CallUnsent    CallState = "unsent"
	CallUnknown   CallState = "unknown"
	CallOverQuota CallState = "over quota" // never written: Begin's answer when the units do not fit today
	CallStopped   CallState = "stopped"    // never written: Begin's answer when the purge was cancelled
	CallFrozen    CallState = "frozen"     // never written: Begin's answer when a freeze, or a grant that is gone, stops it
)

// Role says which message of a purge a card is.
type Role string

// The roles.
const (
	Status Role = "status" // the one that is edited in place
	Result Role = "result" // a new message when it is final, since edits notify nobody
	// Reminder is a new message while a question waits, posted once.
	Reminder Role = "reminder"
	// Looking is a new message while it is not clear whether a call was carried out; its end is edited in.
	Looking Role = "looking"
)

// Card is one message of a purge: what it shows is behind what is wanted while Shown < Wanted.
type Card struct {
	Purge         string
	Role          Role
	Ref           json.RawMessage // the platform's message; nil until posted
	Wanted, Shown int64
	Fails         int
}

// Button is what a random token stands for. Nothing but the token travels.
type Button struct {
	Token   string
	Purge   string // "" for one of a private reply
	Action  string
	Who     acl.Subject // "" where several people may press
	Channel acl.Subject
	Request json.RawMessage // what a new request would be; nil if the action needs none
	Expires time.Time       // zero: with the purge
}

// RecentQuery asks about a purge that is about to be taken.
type RecentQuery struct {
	ID           string // of the purge
	Who, Channel acl.Subject
	Digest       string
	Same, URLs   time.Time // how far back a repeat, and the person's URLs, count
	Asked        time.Time // not looked at any more: a question counts from its press, however long ago it was asked
	Day          string    // the vendor's
	Kind         purge.Kind

	Platform, Workspace string
	Private             bool
	Anew                bool // whatever is open: it repeats nothing and joins nothing
}

// Recent is what must be known before a purge is taken.
type Recent struct {
	Same               string // id of an open purge of the same digest that this person asked for, or joined, in the same channel since Same; "" if none
	Running            string // id of a purge of the same digest under way in the workspace that this one may join; "" if none
	Open               int    // purges of this person that are neither final nor decided against, but for those that follow one
	Waits              int    // questions of everybody that nobody has decided
	URLs               int    // URL targets of this person that were sent, or may be, of what was asked or confirmed since URLs
	Known              bool   // the purge itself is recorded already
	Mainland, Overseas int    // units of Kind spent on Day in each area
}

// Spent is what purgebot knows to have been used of one day's quota.
type Spent struct {
	Kind  purge.Kind
	Area  purge.Area
	Units int
}

// Filter selects purges for History; a zero field selects all.
type Filter struct {
	Platform, Workspace string
	Host                string
	By                  acl.Subject
	Since, Until        time.Time
	State               State
	Limit               int // newest first; 0 is 20
}
