package purge

import (
	"context"
	"time"
)

// CDN is the port to a CDN vendor. Every error of its methods is an *Error.
type CDN interface {
	// Submit makes one call for a batch. It runs leaving, if not nil, immediately before the call leaves; an
	// error of leaving stops the call and is returned unchanged. An error returned before leaving ran means
	// that no call left. The kind of any other error tells whether the call was carried out: see MayTryAgain.
	Submit(ctx context.Context, b Batch, leaving func(context.Context) error) (Receipt, error)
	// Status returns the vendor's report on the targets of a batch, without the targets that the vendor does
	// not report. The error is Denied if this API can never tell; a transient error means that a later question
	// may succeed.
	Status(ctx context.Context, q StatusQuery) ([]TargetStatus, error)
	// Quota returns the units left today. A Conflict error means that this API cannot tell.
	Quota(ctx context.Context) ([]Quota, error)
	// Limits returns the limits of one call.
	Limits() Limits
}

// Receipt is the API's answer to an accepted batch.
type Receipt struct {
	TaskID    string    `json:"task,omitempty"`    // kept as text: it exceeds 2^53
	RequestID string    `json:"request,omitempty"` // for the vendor's support
	At        time.Time `json:"at"`                // time of the answer
}

// StatusQuery is a question about one batch. Its Receipt is zero if no answer was received.
type StatusQuery struct {
	Batch   Batch
	Receipt Receipt
	Since   time.Time // moment just before the call left
	// Beside returns the other calls that a row of the vendor's log may belong to; nil means that there are
	// none. Status runs it after reading the log: every call is recorded before it leaves, so the result misses
	// no call in the log.
	Beside func(context.Context) ([]Sent, error)
}

// Overlap is the tolerated difference between the vendor's clock and ours plus the duration of a call. A log
// row of a call sent within this time before another call may look like that other call's row.
const Overlap = 6 * time.Minute

// Sent is one target of a call that may have been carried out.
type Sent struct {
	Kind   Kind
	Mode   Mode
	Area   Area
	Target Target
	TaskID string // empty if no answer was received, or the answer had no task
}

// TargetStatus is the vendor's report on one target: Accepted (still running), Done or Failed. Log rows that
// belong, or may belong, to another call do not count.
type TargetStatus struct {
	Target  Target
	Outcome Outcome
	Reason  string // vendor text, hostile until escaped; "" unless Failed
}

// Quota is the number of units of one kind and area that are left today.
type Quota struct {
	Kind        Kind
	Area        Area
	Total, Left int
}

// Limits bound one API call.
type Limits struct {
	URLs, Directories int // maximum number of targets in one call
	Prefetch          int // the same for URLs to prefetch; 0 if this API cannot prefetch
	Bytes             int // maximum size of the targets in one call, form-encoded with their parameter names
}

// Domains is an optional interface of a CDN that can list the account's domains. Every error is an *Error.
type Domains interface {
	// Domains returns all domains, sorted by name. A Denied error means that the key lacks the permission.
	Domains(ctx context.Context) ([]Domain, error)
}

// Domain is one domain of the account.
type Domain struct {
	Host   string // in lower case; may begin with "*."
	Areas  []Area // areas where the domain is accelerated; nil if the API does not say
	Online bool   // the domain accepts purges: it is online or its configuration is being deployed
	Status string // the vendor's word, such as "offline"; hostile until escaped
	Query  Query
}

// Query says whether the query string is part of a domain's cache key.
type Query string

// The values of Query.
const (
	QueryUnknown Query = ""        // unknown, or different by path or parameter
	QueryMatters Query = "matters" // each query string is an object of its own
	QueryIgnored Query = "ignored" // all query strings share one object
)
