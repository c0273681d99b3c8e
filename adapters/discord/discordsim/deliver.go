package discordsim

import (
	"crypto/ed25519"
	"net/http"
	"time"
)

// Delivery is one event for the application, and its answer. Over HTTP, Header and Body are the exact bytes sent; over the
// gateway, Body is the event's data.
type Delivery struct {
	Event      string // "INTERACTION_CREATE", "MESSAGE_CREATE", …
	ID         string // of the interaction or the message
	Token      string // of an interaction
	Header     http.Header
	Body       []byte
	Sent       bool // it went out: over HTTP, or to a session whose connection stands
	Read       bool // over the gateway: the application has read it, and said so by a heartbeat
	Status     int  // over HTTP; 0 if there was no answer in time
	AnswerType int  // of the callback: 4 to 9; 0 if there was none in time
	Answer     []byte
	Err        error  // why there was no answer
	Refused    string // what the client told the user instead of sending anything; then nothing was sent

	path string
	seq  int
}

// Acknowledged reports whether the application did what the event asks for: an interaction was answered in time by a callback
// that Discord accepts; a message was read.
func (d Delivery) Acknowledged() bool { panic("later") }

// Option alters one delivery, or what is typed.
type Option func(*outgoing)

// AlterJSON changes an event's data before it is signed or dispatched. Everything in it is what encoding/json would have
// decoded: map[string]any, []any, string, float64. Discord's own record of the interaction stays.
func AlterJSON(f func(map[string]any)) Option { panic("later") }

// Skewed stamps and signs with a clock that is off by d; negative is stale.
func Skewed(d time.Duration) Option { panic("later") }

// Stamped sends and signs this text as the timestamp.
func Stamped(text string) Option { panic("later") }

// ShiftBoundary moves n bytes from the start of the body to the end of the timestamp, or with n < 0 the other way, after
// signing: the signature holds, since it covers the two run together.
func ShiftBoundary(n int) Option { panic("later") }

// SignedWith signs with another key.
func SignedWith(key ed25519.PrivateKey) Option { panic("later") }

// AlterBody changes the body after it was signed; over the gateway it changes nothing.
func AlterBody(f func([]byte) []byte) Option { panic("later") }

// AlterHeader changes the headers after signing: add a second signature, drop the timestamp.
func AlterHeader(f func(http.Header)) Option { panic("later") }

// Ping sends the PING (type 1) that Discord sends to an endpoint.
func (s *Sim) Ping(opts ...Option) Delivery { panic("later") }

// VerifyEndpoint does what the portal does before it takes an endpoint, and later unasked: a PING must be answered with PONG,
// one with a bad signature with 401. It says what was wrong.
func (s *Sim) VerifyEndpoint() error { panic("later") }

// Redeliver delivers the same event again: over HTTP the very same bytes, signature included, to which AlterBody and
// AlterHeader apply; over the gateway the same data under the next sequence number, as around a resume. Nobody is shown the answer.
func (s *Sim) Redeliver(d Delivery, opts ...Option) Delivery { panic("later") }

// Deliveries returns every event that a person caused, oldest first; one in flight has no answer yet.
func (s *Sim) Deliveries() []Delivery { panic("later") }

type outgoing struct{ Delivery }
