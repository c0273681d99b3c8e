// Package store keeps the data that purgebot must not lose: purges, targets, decisions, the ledger of CDN calls, wanted
// cards, buttons, seen events and the chained audit. Its tables have the prefix pb_ and share a database with the tables
// of the durable engine.
//
// Each method runs one transaction and may be repeated, since its keys tell a repetition. No method calls the engine, a
// chat or the CDN. The caller decides about the content; the store guarantees that the content is written whole or not
// at all.
package store

import (
	"encoding/json"
	"time"

	"purgebot/acl"
	"purgebot/purge"
)

// Event is the key of one delivery of a platform. A second delivery with the same key is a duplicate.
type Event struct {
	Platform, Workspace, ID string
	Digest                  string // digest of the request; a duplicate with another digest has its own mark in the audit
}

// Entry is one row of the audit. The store sets its sequence number, its hash and the previous hash.
type Entry struct {
	Seq   int64
	At    time.Time
	Who   acl.Subject // "" for purgebot itself
	Name  string      // name of Who at that time
	What  AuditKind
	Purge string // id of the purge; "" if the row is about none
	Body  json.RawMessage
	Prev  string // hex SHA-256 of the previous row
	Hash  string // hex SHA-256 of this row with Prev
	// Notice is a message to be posted in public once the row is committed; nil for none. Reading an entry does not
	// return it.
	Notice *Notice
	facts  string // the facts bound by the row, as stored
}

// State is the stage of a purge.
type State string

// The states. StateDone and all later ones are final.
const (
	StateRecorded  State = "recorded" // recorded; nothing sent
	StateWaiting   State = "waiting"  // waiting for a decision
	StateSending   State = "sending"
	StateFollowing State = "following" // all batches answered; looking for the end
	StateDone      State = "done"
	StatePartly    State = "partly done"
	StateAccepted  State = "accepted"
	StateFailed    State = "failed"
	StateUnknown   State = "unknown"
	StateRefused   State = "refused"
	StateCancelled State = "cancelled"
	StateExpired   State = "expired"
	StateJoined    State = "joined" // joined another purge; no purge of its own
)

// Final reports whether a purge in this state has ended.
func (s State) Final() bool {
	switch s {
	case StateRecorded, StateWaiting, StateSending, StateFollowing:
		return false
	}
	return true
}

// Purge is one request with its state. The targets are rows of their own.
type Purge struct {
	ID         string // 64 hex digits: the id of the workflow
	Secret     string // 32 random hex digits, the source of the button tokens
	Short      string // "p-7k3f9x2q", unique in its workspace; assigned by Record
	Event      Event
	Requester  acl.Subject
	Name       string          // name of the requester at that time
	Groups     []acl.Subject   // groups of the requester at that time
	Thread     json.RawMessage // thread of the conversation; opaque to the store
	Channel    acl.Subject
	Request    purge.Request
	Digest     string // digest of Request
	Policy     string // hash of the deciding policy
	Confirm    acl.Confirm
	Reason     string
	Private    bool
	Notes      []string // changes to the request and targets left out, for the card
	State      State
	Problem    string    // reason of a refusal or failure, one sentence; "" if none
	ExpiresAt  time.Time // end of the confirmation; zero until its card was shown
	CreatedAt  time.Time
	FinishedAt time.Time
	Cancelled  acl.Subject // the first person who stopped the purge; "" if none
	Overrides  []string    // ids of the freezes that the requester overrode
	Joined     string      // id of the joined purge, whose targets Request has; "" if none
	Prefetch   bool        // true if the URLs are to be fetched again after the end
	Follows    string      // id of the purge whose URLs are fetched again; "" if none
	Charges    []Charge    // taken when the purge is recorded; not read back
}

// Target is one target in one area of a purge.
type Target struct {
	N       int // position in the area's part of the request
	Area    purge.Area
	Target  purge.Target
	Batch   int
	Outcome purge.Outcome
	Reason  string // reason of a failure or an unknown outcome, one sentence
}

// Released reports whether a purge was confirmed without the approval that the policy demands.
func (d Decision) Released() bool { return d.What == Confirmed && d.Emergency != "" }

// Count returns the number of targets per outcome.
func Count(targets []Target) map[purge.Outcome]int {
	n := map[purge.Outcome]int{}
	for _, t := range targets {
		n[t.Outcome]++
	}
	return n
}

// Decision is the decision of a person, or of the expiry, about a waiting purge. A purge has at most one.
type Decision struct {
	Purge string
	What  Verdict
	Who   acl.Subject // "" for an expiry
	Name  string
	// Groups are the groups of Who at that time. Problem is the reason of a refusal.
	Groups    []acl.Subject
	Problem   string
	Emergency string // typed reason for not waiting for the approval; "" with an approval or without need of one
	At        time.Time
	Charges   []Charge // taken if the decision is the first; not read back
}

// Verdict is the content of a decision.
type Verdict string

// The verdicts.
const (
	Confirmed Verdict = "confirmed"
	Cancelled Verdict = "cancelled"
	Expired   Verdict = "expired"
	Withdrawn Verdict = "withdrawn" // the policy no longer allows the purge
)

// Call is one row of the ledger: one try of one batch. The row is written before the call leaves.
type Call struct {
	Purge string
	Batch int
	Try   int
	Kind  purge.Kind
	Area  purge.Area
	Units int    // price in units of quota
	Day   string // the vendor's day, "2026-11-21"
	Owner string // executor of the call
	At    time.Time
	State CallState
	// Receipt and Problem are the answer; both are empty during the call.
	Receipt purge.Receipt
	Problem string
	Next    Next
	Rule    string // not stored: the rule that stops a call with the State CallFrozen
	Then    State  // not stored: the new state of the purge with this answer; "" leaves the state
}

// CallState is the known progress of a call.
type CallState string

// The states of a call. The units of a call count as spent in all states but CallUnsent and CallRefused.
const (
	Calling       CallState = "calling"
	CallAccepted  CallState = "accepted"
	CallRefused   CallState = "refused"
	CallUnsent    CallState = "unsent"
	CallUnknown   CallState = "unknown"
	CallOverQuota CallState = "over quota" // not stored: Begin's answer when the units exceed the quota of the day
	CallStopped   CallState = "stopped"    // not stored: Begin's answer when the purge was cancelled
	CallFrozen    CallState = "frozen"     // not stored: Begin's answer when a freeze or a lost grant stops the call
)

// Role names one of the messages of a purge.
type Role string

// The roles.
const (
	Status Role = "status" // the message that is edited in place
	Result Role = "result" // a new message at the end, since an edit notifies no reader
	// Reminder is a new message during a waiting question, posted once.
	Reminder Role = "reminder"
	// Looking is a new message while the fate of a call is unclear. The end is added by an edit.
	Looking Role = "looking"
)

// Card is one message of a purge. A card with Shown < Wanted is behind and must be shown again.
type Card struct {
	Purge         string
	Role          Role
	Ref           json.RawMessage // the platform's message; nil until posted
	Wanted, Shown int64
	Fails         int
}

// Button is the meaning of a random token. Messages contain the token only.
type Button struct {
	Token   string
	Purge   string // "" for a button of a private reply
	Action  string
	Who     acl.Subject // "" if several people may press
	Channel acl.Subject
	Request json.RawMessage // request to be made by the press; nil if the action needs none
	Expires time.Time       // zero: valid as long as the purge
}

// RecentQuery asks for the state of affairs before a purge is taken.
type RecentQuery struct {
	ID           string // id of the purge
	Who, Channel acl.Subject
	Digest       string
	Same, URLs   time.Time // start of the time in which a repetition, or a URL of the person, counts
	Asked        time.Time // unused: a question counts from its press, independent of its age
	Day          string    // the vendor's day
	Kind         purge.Kind

	Platform, Workspace string
	Private             bool
	Anew                bool // true for a request that neither repeats nor joins another
}

// Recent is the state of affairs before a purge is taken.
type Recent struct {
	Same               string // id of an open purge with the same digest that this person requested or joined in the same channel since Same; "" if none
	Running            string // id of a running purge with the same digest in the workspace that the request may join; "" if none
	Open               int    // open purges of this person, without prefetches that follow a purge
	Waits              int    // undecided questions of all people
	URLs               int    // URL targets of this person that were or may be sent, counted since URLs from request or confirmation
	Known              bool   // true if the purge itself is recorded already
	Mainland, Overseas int    // units of Kind spent on Day, by area
}

// Spent is the number of units of a day's quota that purgebot has recorded as used.
type Spent struct {
	Kind  purge.Kind
	Area  purge.Area
	Units int
}

// Filter selects purges or audit rows. A zero field selects all.
type Filter struct {
	Platform, Workspace string
	Host                string
	By                  acl.Subject
	Since, Until        time.Time
	State               State
	Limit               int // number of purges, newest first; 0 means 20
}
