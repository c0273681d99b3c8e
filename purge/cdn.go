package purge

import (
	"context"
	"time"
)

// CDN sends one batch and tells what became of it. Every error is an *Error.
type CDN interface {
	// Submit makes one call. It calls leaving when the call has its turn, at once before it leaves; where leaving has an error nothing
	// leaves, and that error is returned as it is. nil is asked nothing. An error without leaving having been called means that
	// nothing has left either. Otherwise the error's kind says what is known: see MayTryAgain.
	Submit(ctx context.Context, b Batch, leaving func(context.Context) error) (Receipt, error)
	// Status says what became of the targets of a batch. A target that it cannot tell about is left out;
	// an error means that this API cannot tell at all (Denied), or not now (any that may be tried again).
	Status(ctx context.Context, q StatusQuery) ([]TargetStatus, error)
	// Quota says what is left today. Conflict means that this API cannot tell.
	Quota(ctx context.Context) ([]Quota, error)
	// Limits are those of one call.
	Limits() Limits
}

// Receipt is what the API answered to a batch that it accepted.
type Receipt struct {
	TaskID    string    `json:"task,omitempty"`    // kept as text: it exceeds 2^53
	RequestID string    `json:"request,omitempty"` // for the vendor's support
	Count     int       `json:"count,omitempty"`   // targets the API says it took; 0 where it does not say
	At        time.Time `json:"at"`                // when the answer came
}

// StatusQuery asks about one batch. Receipt is zero where none was seen.
type StatusQuery struct {
	Batch   Batch
	Receipt Receipt
	Since   time.Time // just before the call left
	// Beside returns the other calls that a row of the vendor's log may be about; nil is none. It is asked once the log was read: a
	// call is written down before it leaves, so none that the log can show is missing.
	Beside func(context.Context) ([]Sent, error)
}

// Overlap is how far the vendor's clock and ours are trusted to agree, and how long a call may take: a row of what was sent so shortly
// before a call left may look like that call's own.
const Overlap = 6 * time.Minute

// Sent is a call that may have been carried out, for one target.
type Sent struct {
	Kind   Kind
	Mode   Mode
	Area   Area
	Target Target
	TaskID string // "" where no answer was seen, or it had none
}

// TargetStatus is the vendor's word on one target: Accepted (still running), Done or Failed. A row of the log that is about another call,
// or may be, is no word on this one.
type TargetStatus struct {
	Target  Target
	Outcome Outcome
	Reason  string // vendor text, hostile until escaped; "" unless Failed
}

// Quota is what one kind and area may still cost today.
type Quota struct {
	Kind        Kind
	Area        Area
	Total, Left int
}

// Limits bound one API call.
type Limits struct {
	URLs, Directories int // targets in one call
	Prefetch          int // the same of URLs to be fetched; 0 where this API cannot fetch any
	Bytes             int // bytes that the targets may take in one call, form-encoded with their parameter names
}

// Domains is a CDN that can list the domains of its account. Every error is an *Error.
type Domains interface {
	// Domains returns all of them, by name. Denied means that this key may not.
	Domains(ctx context.Context) ([]Domain, error)
}

// Domain is one domain of the account.
type Domain struct {
	Host   string // in lower case; may begin with "*."
	Areas  []Area // where it is accelerated; nil where the API does not say
	Online bool   // purges are taken: it runs, or its configuration is just being changed
	Status string // the vendor's word, such as "offline": hostile until escaped
	Query  Query
}

// Query says whether "?x=1" is part of what a domain's objects are cached under.
type Query string

// What is known of a domain's queries.
const (
	QueryUnknown Query = ""        // also where it differs by path or by parameter
	QueryMatters Query = "matters" // each query is an object of its own
	QueryIgnored Query = "ignored" // all queries are one object
)
