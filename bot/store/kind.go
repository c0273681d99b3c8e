package store

import (
	"encoding/json"

	"purgebot/acl"
	"purgebot/purge"
)

// AuditKind is the kind of an audit row.
type AuditKind string

// Actions of people and the immediate answers of purgebot.
const (
	AuditAsked          AuditKind = "asked" // a purge was recorded
	AuditJoined         AuditKind = "joined"
	AuditRefused        AuditKind = "refused"
	AuditDryRun         AuditKind = "dry run"
	AuditDuplicate      AuditKind = "duplicate" // second delivery of an event
	AuditRepeated       AuditKind = "repeated"  // repetition of a request
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

// Events in the life of a purge.
const (
	AuditPrefetching AuditKind = "prefetching" // a purge was recorded that fetches the URLs of another again
	AuditNotShown    AuditKind = "not shown"   // the question could not be shown
	AuditExpired     AuditKind = "expired"
	AuditWithdrawn   AuditKind = "withdrawn"
	AuditSending     AuditKind = "sending"
	AuditAnswered    AuditKind = "answered"
	AuditNotSent     AuditKind = "not sent"
	AuditSeen        AuditKind = "seen"
	AuditEnded       AuditKind = "ended"   // once in the life of a purge
	AuditRevised     AuditKind = "revised" // a later look found more than the end had
	AuditNoted       AuditKind = "noted"   // binds facts for Verify; history does not show the row
)

// Body holds the details of an audit row beside person, kind, time and purge. All kinds share this type, and each kind
// fills in its own fields.
type Body struct {
	Verb    string        `json:"verb,omitempty"`
	Channel acl.Subject   `json:"channel,omitempty"`
	Policy  string        `json:"policy,omitempty"` // hash of the policy
	Groups  []acl.Subject `json:"groups,omitempty"` // groups of the person at that time
	Reason  string        `json:"reason,omitempty"` // typed reason
	Message string        `json:"message,omitempty"`

	// Fields of an accepted request.
	Digest  string      `json:"digest,omitempty"`
	Targets int         `json:"targets,omitempty"`
	Rules   []string    `json:"rules,omitempty"`
	Via     []string    `json:"via,omitempty"` // the groups that gave the permission
	Confirm acl.Confirm `json:"confirm,omitempty"`
	Freezes []string    `json:"freezes,omitempty"` // overridden freezes
	ID      string      `json:"id,omitempty"`      // id of a request that joined the purge of the row
	Follows string      `json:"follows,omitempty"` // the purge whose URLs are fetched again

	// Fields of a refused request.
	Refused []Refused `json:"refused,omitempty"`
	More    int       `json:"more,omitempty"` // number of refused targets beyond the listed ones

	// Approvers lists the people who could have approved a purge that was released without approval.
	Approvers []acl.Subject `json:"approvers,omitempty"`

	// Fields of a call, a look or an end.
	Batch   int                   `json:"batch,omitempty"`
	Try     int                   `json:"try,omitempty"`
	Area    purge.Area            `json:"area,omitempty"`
	Units   int                   `json:"units,omitempty"`
	State   string                `json:"state,omitempty"` // state of the call, or of the purge at its end
	Task    string                `json:"task,omitempty"`
	Request string                `json:"request,omitempty"`
	Problem string                `json:"problem,omitempty"`
	Changed map[purge.Outcome]int `json:"changed,omitempty"`

	// Fields of a freeze or a grant from chat.
	Rule   string       `json:"rule,omitempty"`
	To     string       `json:"to,omitempty"`
	Domain string       `json:"domain,omitempty"`
	Kinds  []purge.Kind `json:"kinds,omitempty"`
	Areas  []purge.Area `json:"areas,omitempty"`
	Until  string       `json:"until,omitempty"`

	// Fields of a late press and of a duplicate event.
	Pressed      Verdict `json:"pressed,omitempty"`
	Event        string  `json:"event,omitempty"`
	AskedAtFirst string  `json:"asked at first,omitempty"`
	AsksNow      string  `json:"asks now,omitempty"`
}

// Refused is one refused target with its reason.
type Refused struct {
	Target string     `json:"target"`
	Area   purge.Area `json:"area,omitempty"`
	Reason string     `json:"reason"`
	Rule   string     `json:"rule,omitempty"`
}

// JSON returns the stored form of a body.
func (b Body) JSON() json.RawMessage { return json.RawMessage(encode(b)) }

// Said returns the body of the row. A body that purgebot did not write gives the zero Body.
func (e Entry) Said() (b Body) {
	_ = json.Unmarshal(e.Body, &b)
	return b
}
