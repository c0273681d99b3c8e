package store

import (
	"encoding/json"

	"purgebot/acl"
	"purgebot/purge"
)

// AuditKind is what an audit row says was done.
type AuditKind string

// What people do, and what purgebot answers them.
const (
	AuditAsked          AuditKind = "asked" // a purge was taken
	AuditJoined         AuditKind = "joined"
	AuditRefused        AuditKind = "refused"
	AuditDryRun         AuditKind = "dry run"
	AuditDuplicate      AuditKind = "duplicate" // the same event again
	AuditRepeated       AuditKind = "repeated"  // the same request again
	AuditConfirmed      AuditKind = "confirmed"
	AuditReleased       AuditKind = "confirmed without approval"
	AuditCancelled      AuditKind = "cancelled"
	AuditPressedTooLate AuditKind = "pressed too late"
	AuditStoppedTooLate AuditKind = "stopped too late"
	AuditAskedForHost   AuditKind = "asked for the host"
	AuditAskedForReason AuditKind = "asked for the reason"
	AuditLooksAgain     AuditKind = "looks again"
	AuditFrozen         AuditKind = "frozen"
	AuditUnfrozen       AuditKind = "unfrozen"
	AuditGranted        AuditKind = "granted"
	AuditRevoked        AuditKind = "revoked"
	AuditRevokedTooLate AuditKind = "revoked too late"
)

// What becomes of a purge.
const (
	AuditPrefetching AuditKind = "prefetching" // a purge was taken that fetches another's URLs again
	AuditNotShown    AuditKind = "not shown"   // its question
	AuditExpired     AuditKind = "expired"
	AuditWithdrawn   AuditKind = "withdrawn"
	AuditSending     AuditKind = "sending"
	AuditAnswered    AuditKind = "answered"
	AuditNotSent     AuditKind = "not sent"
	AuditSeen        AuditKind = "seen"
	AuditEnded       AuditKind = "ended"   // once in the life of a purge
	AuditRevised     AuditKind = "revised" // a later look has told more than the end did
	AuditNoted       AuditKind = "noted"   // what no other row was about: for Verify, and not shown
)

// Body is what an audit row says beside who did what, when, and to which purge. One type holds what all kinds of row say; each
// kind fills in what it knows.
type Body struct {
	Verb    string        `json:"verb,omitempty"`
	Channel acl.Subject   `json:"channel,omitempty"`
	Policy  string        `json:"policy,omitempty"` // its hash
	Groups  []acl.Subject `json:"groups,omitempty"` // of who did it, as they were then
	Reason  string        `json:"reason,omitempty"` // that was typed
	Message string        `json:"message,omitempty"`

	// A request that was let in.
	Digest  string      `json:"digest,omitempty"`
	Targets int         `json:"targets,omitempty"`
	Rules   []string    `json:"rules,omitempty"`
	Via     []string    `json:"via,omitempty"` // the groups that let them in
	Confirm acl.Confirm `json:"confirm,omitempty"`
	Freezes []string    `json:"freezes,omitempty"` // in spite of which it was asked for
	ID      string      `json:"id,omitempty"`      // of a request that joined another purge, which the row is filed under
	Follows string      `json:"follows,omitempty"` // the purge whose URLs are fetched again

	// A request that was not.
	Refused []Refused `json:"refused,omitempty"`
	More    int       `json:"more,omitempty"` // refused targets that are not listed

	// Approvers could have approved what was purged without.
	Approvers []acl.Subject `json:"approvers,omitempty"`

	// A call, a look, or an end.
	Batch   int                   `json:"batch,omitempty"`
	Try     int                   `json:"try,omitempty"`
	Area    purge.Area            `json:"area,omitempty"`
	Units   int                   `json:"units,omitempty"`
	State   string                `json:"state,omitempty"` // of the call, or of the purge at its end
	Task    string                `json:"task,omitempty"`
	Request string                `json:"request,omitempty"`
	Problem string                `json:"problem,omitempty"`
	Changed map[purge.Outcome]int `json:"changed,omitempty"`

	// A freeze or a grant from chat.
	Rule   string       `json:"rule,omitempty"`
	To     string       `json:"to,omitempty"`
	Domain string       `json:"domain,omitempty"`
	Kinds  []purge.Kind `json:"kinds,omitempty"`
	Areas  []purge.Area `json:"areas,omitempty"`
	Until  string       `json:"until,omitempty"`

	// A press that came too late, and an event that came twice.
	Pressed      Verdict `json:"pressed,omitempty"`
	Event        string  `json:"event,omitempty"`
	AskedAtFirst string  `json:"asked at first,omitempty"`
	AsksNow      string  `json:"asks now,omitempty"`
}

// Refused is one target that was not let in, and why.
type Refused struct {
	Target string     `json:"target"`
	Area   purge.Area `json:"area,omitempty"`
	Reason string     `json:"reason"`
	Rule   string     `json:"rule,omitempty"`
}

// JSON is how a row keeps its body.
func (b Body) JSON() json.RawMessage { return json.RawMessage(encode(b)) }

// Said is the body of the row. What no purgebot wrote says nothing.
func (e Entry) Said() (b Body) {
	_ = json.Unmarshal(e.Body, &b)
	return b
}
