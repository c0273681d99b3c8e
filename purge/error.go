package purge

import (
	"errors"
	"time"
)

// ErrorKind is the class of an error by which programs choose their reaction.
type ErrorKind int

// The kinds of error. The zero kind is Internal, so that a forgotten kind is never mistaken for a harmless one.
const (
	Internal    ErrorKind = iota // our fault or the operator's: keys, clock, a bug
	Invalid                      // the input is wrong; saying it again will not help
	Denied                       // not allowed
	NotFound                     // no such domain, purge or person
	Conflict                     // not in this state
	Exhausted                    // quota (RetryAfter zero) or rate (RetryAfter set)
	Unavailable                  // surely not done; try again
	Unknown                      // it may have happened; look before trying again
)

// String returns the kind as one word, for labels and logs.
func (k ErrorKind) String() string {
	words := [...]string{"internal", "invalid", "denied", "not_found", "conflict", "exhausted", "unavailable", "unknown"}
	if k < 0 || int(k) >= len(words) {
		return "internal"
	}
	return words[k]
}

// Transient reports whether the same call may succeed in a moment.
func (k ErrorKind) Transient() bool { return k == Exhausted || k == Unavailable || k == Unknown }

// ErrArea marks a refusal that is about the area: the domain is not served where it was to be purged, as far as the vendor's code tells.
var ErrArea = errors.New("the domain is not served in this area")

// Error has two readers: Message is one sentence for the person who typed and says what to do next;
// Err is for the operator and the log. Neither holds a secret, a signature or a signed body.
type Error struct {
	Kind       ErrorKind
	Message    string
	RetryAfter time.Duration
	Err        error
}

// Error returns the operator's chain, or the person's sentence where there is no more to say.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the operator's error.
func (e *Error) Unwrap() error { return e.Err }

// AsError returns the *Error within err. Any other error becomes an Internal one with a sentence that blames no
// person.
func AsError(err error) *Error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Message: "Something went wrong on our side.", Err: err}
}
