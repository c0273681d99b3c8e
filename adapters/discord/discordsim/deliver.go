package discordsim

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// interactionsPath is where an application listens; the rest of its address is told to Install.
const interactionsPath = "/discord/interactions"

// Delivery is one event for the application, and its answer. Over HTTP, Header and Body are the exact bytes sent; over the
// gateway, Body is the event's data.
type Delivery struct {
	Event      string // "INTERACTION_CREATE", "MESSAGE_CREATE", …
	ID         string // of the interaction or the message
	Token      string // of an interaction
	Header     http.Header
	Body       []byte
	Sent       bool // it went out: over HTTP, or to a session whose connection stands
	Read       bool // over the gateway, of what asks for no answer: the application has read it, and said so by a heartbeat
	Status     int  // over HTTP; 0 if there was no answer in time
	AnswerType int  // of the callback: 4 to 9; 0 if there was none in time that Discord accepts
	Answer     []byte
	Err        error  // why there was no answer
	Refused    string // what the client told the user instead of sending anything; then nothing was sent

}

// Acknowledged reports whether the application did what the event asks for: an interaction was answered in time by a callback
// that Discord accepts; a message, or an interaction delivered again, was read; a PING was answered 200.
func (d Delivery) Acknowledged() bool {
	switch {
	case d.Event == "PING":
		return d.Status == http.StatusOK
	case d.Event == "INTERACTION_CREATE":
		return d.AnswerType != 0 || d.Read
	}
	return d.Read
}

// Option alters one delivery, or what is typed.
type Option func(*outgoing)

// outgoing is a delivery in the making.
type outgoing struct {
	Delivery
	in   *interaction
	data node // what the event says

	typed                    Message // what Attach, ReplyTo and the like set
	unchecked, userInstalled bool
	skew                     time.Duration
	stamp                    *string
	shift                    int
	key                      ed25519.PrivateKey
	alterJSON                []func(map[string]any)
	alterBody                []func([]byte) []byte
	alterHeader              []func(http.Header)
}

func apply(opts []Option) *outgoing {
	o := &outgoing{}
	for _, opt := range opts {
		opt(o)
	}
	return o
}

// AlterJSON changes an event's data before it is signed or dispatched. Everything in it is what encoding/json would have
// decoded: map[string]any, []any, string, float64. Discord's own record of the interaction stays.
func AlterJSON(f func(map[string]any)) Option {
	return func(o *outgoing) { o.alterJSON = append(o.alterJSON, f) }
}

// Skewed stamps and signs with a clock that is off by d; negative is stale.
func Skewed(d time.Duration) Option { return func(o *outgoing) { o.skew = d } }

// Stamped sends and signs this text as the timestamp.
func Stamped(text string) Option { return func(o *outgoing) { o.stamp = &text } }

// ShiftBoundary moves n bytes from the start of the body to the end of the timestamp, or with n < 0 the other way, after
// signing: the signature holds, since it covers the two run together.
func ShiftBoundary(n int) Option { return func(o *outgoing) { o.shift = n } }

// SignedWith signs with another key.
func SignedWith(key ed25519.PrivateKey) Option { return func(o *outgoing) { o.key = key } }

// AlterBody changes the body after it was signed; over the gateway it changes nothing.
func AlterBody(f func([]byte) []byte) Option {
	return func(o *outgoing) { o.alterBody = append(o.alterBody, f) }
}

// AlterHeader changes the headers after signing: add a second signature, drop the timestamp.
func AlterHeader(f func(http.Header)) Option {
	return func(o *outgoing) { o.alterHeader = append(o.alterHeader, f) }
}

// encode renders the data, altered as asked.
func (o *outgoing) encode() {
	if o.alterJSON == nil {
		o.Body = rawJSON(o.data)
		return
	}
	decoded := clone(o.data)
	for _, alter := range o.alterJSON {
		alter(decoded)
	}
	o.Body = rawJSON(decoded)
}

// sign: https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint-validating-security-request-headers
func (s *Sim) sign(o *outgoing) {
	stamp := strconv.FormatInt(s.Now().Add(o.skew).Unix(), 10)
	if o.stamp != nil {
		stamp = *o.stamp
	}
	key := s.Key
	if o.key != nil {
		key = o.key
	}
	signature := ed25519.Sign(key, append([]byte(stamp), o.Body...))
	if n := o.shift; n > 0 {
		stamp, o.Body = stamp+string(o.Body[:n]), o.Body[n:]
	} else if n < 0 {
		cut := len(stamp) + n
		stamp, o.Body = stamp[:cut], append([]byte(stamp[cut:]), o.Body...)
	}
	o.Header = http.Header{"User-Agent": {"Discord-Interactions/1.0 (+https://discord.com)"}, "Content-Type": {"application/json"},
		"X-Signature-Timestamp": {stamp}, "X-Signature-Ed25519": {hex.EncodeToString(signature)}}
}

func (s *Sim) publicKey() string { return hex.EncodeToString(s.Key.Public().(ed25519.PublicKey)) }

// deliver sends an interaction the way that is installed, waits for its answer, and keeps a record.
func (s *Sim) deliver(o *outgoing) Delivery {
	o.encode()
	unlock := s.lock()
	overHTTP := s.app != ""
	unlock()
	if overHTTP {
		s.sign(o)
	}
	return s.send(o, overHTTP)
}

func (s *Sim) send(o *outgoing, overHTTP bool) Delivery {

	unlock := s.lock()
	kept, app := o.Delivery, s.app
	s.deliveries = append(s.deliveries, &kept)
	s.change()
	unlock()
	if overHTTP {
		s.exchange(app, o)
	} else {
		s.overGateway(o)
	}
	if o.in != nil {
		s.conclude(o)
	}
	defer s.lock()()
	kept = o.Delivery
	s.change()
	return o.Delivery
}

// Why there is no answer.
var (
	errNobody  = errors.New("nobody is connected to the gateway")
	errSilence = errors.New("the application did not answer in time")
)

// overGateway dispatches an interaction and waits for its callback.
func (s *Sim) overGateway(o *outgoing) {
	unlock := s.lock()
	heard := s.broadcastRaw(0, o.Event, o.Body)
	unlock()
	o.Sent = slices.ContainsFunc(heard, func(h hearing) bool { return h.live })
	switch {
	case len(heard) == 0:
		o.Err = errNobody
	case o.in != nil:
		s.await(o.in)
	}
}

// await waits for the callback, for as long as Discord would wait.
func (s *Sim) await(in *interaction) {
	over := time.NewTimer(s.AckWithin)
	defer over.Stop()
	select {
	case <-in.done:
	case <-over.C:
	}
}

// conclude writes down how an interaction was answered; one that was not is dead.
func (s *Sim) conclude(o *outgoing) {
	defer s.lock()()
	in := o.in
	if in.answerType == 0 {
		in.dead = true
		if o.Err == nil {
			o.Err = errSilence
		}
		return
	}
	o.AnswerType, o.Answer, o.Err = in.answerType, in.answer, nil
}

// exchange makes the round trip over HTTP.
func (s *Sim) exchange(app string, o *outgoing) {
	for _, alter := range o.alterBody {
		o.Body = alter(slices.Clone(o.Body))
	}
	for _, alter := range o.alterHeader {
		alter(o.Header)
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.AckWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, app+interactionsPath, bytes.NewReader(o.Body))
	if err != nil {
		o.Err = err
		return
	}
	r.Header, o.Sent = o.Header.Clone(), true
	answered, err := s.Client.Do(r)
	if err == nil {
		defer answered.Body.Close()
		o.Answer, err = io.ReadAll(io.LimitReader(answered.Body, maxBody))
	}
	if err != nil {
		o.Err = err
		return
	}
	o.Status = answered.StatusCode
	switch {
	case o.in != nil:
		o.Err = s.hear(o.in, answered, o.Answer)
	case o.Status == http.StatusOK:
		var said struct{ Type int }
		_ = json.Unmarshal(o.Answer, &said) // nobody is shown it
		o.AnswerType = said.Type
	}
}

// hear takes an answer that came in the response: a 200 is a callback, a 202 says that one is posted.
func (s *Sim) hear(in *interaction, answered *http.Response, body []byte) error {
	switch answered.StatusCode {
	case http.StatusAccepted:
		s.await(in)
		return nil
	case http.StatusOK:
	default:
		return fmt.Errorf("the application answered HTTP %d", answered.StatusCode)
	}
	r := &request{Request: &http.Request{Header: answered.Header, Body: io.NopCloser(bytes.NewReader(body))}}
	problem := r.decodeAnswer(body)
	if problem == nil {
		defer s.lock()()
		problem = s.accept(in, r.body, r.files)
	}
	if problem == nil || problem.code == 40060 {
		return nil // a callback that was posted came first
	}
	return fmt.Errorf("the answer is not accepted: %d %s %s", problem.code, problem.message, rawJSON(problem.errors))
}

// decodeAnswer reads JSON, or parts where files come along.
func (r *request) decodeAnswer(body []byte) *failure {
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "multipart/form-data":
		return r.readParts()
	case "application/json":
		return r.decode(body)
	}
	return wrong("_", "CONTENT_TYPE_INVALID", "The answer has no JSON content type.")
}

// Ping sends the PING (type 1) that Discord sends to an endpoint.
func (s *Sim) Ping(opts ...Option) Delivery {
	o := apply(opts)
	unlock := s.lock()
	o.Event, o.ID = "PING", s.id()
	o.data = node{"id": o.ID, "application_id": s.ApplicationID, "type": ping, "token": s.random(32), "version": 1,
		"entitlements": []any{}, "authorizing_integration_owners": node{}, "app_permissions": "0", "user": s.wireUser(itself)}
	unlock()
	o.encode()
	s.sign(o)
	return s.send(o, true)
}

// VerifyEndpoint does what the portal does before it takes an endpoint, and later unasked: a PING must be answered with PONG,
// one with a bad signature with 401. It says what was wrong.
func (s *Sim) VerifyEndpoint() error {
	good := s.Ping()
	var said struct{ Type int }
	if good.Status != http.StatusOK || json.Unmarshal(good.Answer, &said) != nil || said.Type != pong {
		return fmt.Errorf("a PING was answered HTTP %d %.200q, %v", good.Status, good.Answer, good.Err)
	}
	forged := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	if bad := s.Ping(SignedWith(forged)); bad.Status != http.StatusUnauthorized {
		return fmt.Errorf("a PING with a bad signature was answered HTTP %d, not 401", bad.Status)
	}
	return nil
}

// Redeliver delivers the same event again: over HTTP the very same bytes, signature included, to which AlterBody and
// AlterHeader apply; over the gateway the same data under the next sequence number. Nobody is shown the answer, and no callback
// is waited for: over the gateway it returns when the application has read it.
func (s *Sim) Redeliver(d Delivery, opts ...Option) Delivery {
	o := apply(opts)
	o.Event, o.ID, o.Token, o.Body, o.Header = d.Event, d.ID, d.Token, d.Body, d.Header.Clone()
	if d.Header != nil {
		return s.send(o, true)
	}
	return s.dispatchAndWait(o)
}

// Deliveries returns every event that a person caused, oldest first; one in flight has no answer yet.
func (s *Sim) Deliveries() []Delivery {
	defer s.lock()()
	all := make([]Delivery, len(s.deliveries))
	for i, d := range s.deliveries {
		all[i] = *d
	}
	return all
}
