package slacksim

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Where an app listens; the rest of its address is told to Install.
const (
	commandsPath     = "/slack/commands"
	interactionsPath = "/slack/interactions"
	eventsPath       = "/slack/events"
)

// Delivery is one request sent to the app and its answer. Header and Body are the exact bytes sent.
type Delivery struct {
	Path         string
	Header       http.Header
	Body         []byte
	Status       int // 0 if there was no answer in time
	AnswerHeader http.Header
	Answer       []byte
	Err          error  // why there was no answer
	Refused      string // what the client told the user instead of sending anything; then nothing was sent
	TS           string // of the message that a user typed, if it is one
	EventID      string // of an event
	TriggerID    string // of a command, a press or a form
	ResponseURL  string

	late bool
}

// Acknowledged reports whether the app answered 2xx within AckWithin.
func (d Delivery) Acknowledged() bool { return d.Status >= 200 && d.Status < 300 }

// Option alters one delivery.
type Option func(*outgoing)

// outgoing is a delivery in the making. Exactly one of form, payload and event is what it carries.
type outgoing struct {
	Delivery
	form    url.Values
	payload node // an interaction, sent as the form field "payload"
	event   node

	markup      bool
	skew        time.Duration
	secret      string
	alterForm   []func(url.Values)
	alterJSON   []func(map[string]any)
	alterBody   []func([]byte) []byte
	alterHeader []func(http.Header)
}

// Markup says that the typed text is in Slack's markup already: nothing is escaped, linked or resolved.
func Markup() Option { return func(o *outgoing) { o.markup = true } }

// AlterForm changes the fields of a slash command before it is signed.
func AlterForm(f func(url.Values)) Option {
	return func(o *outgoing) { o.alterForm = append(o.alterForm, f) }
}

// AlterJSON changes an event's envelope or an interaction's payload before it is signed. Everything in it is what
// encoding/json would have decoded: map[string]any, []any, string, float64.
func AlterJSON(f func(map[string]any)) Option {
	return func(o *outgoing) { o.alterJSON = append(o.alterJSON, f) }
}

// Skewed stamps and signs with a clock that is off by d; negative is stale.
func Skewed(d time.Duration) Option { return func(o *outgoing) { o.skew = d } }

// SignedWith signs with another secret.
func SignedWith(secret string) Option { return func(o *outgoing) { o.secret = secret } }

// AlterBody changes the body after it was signed.
func AlterBody(f func([]byte) []byte) Option {
	return func(o *outgoing) { o.alterBody = append(o.alterBody, f) }
}

// AlterHeader changes the headers after signing: add a second signature, drop the timestamp.
func AlterHeader(f func(http.Header)) Option {
	return func(o *outgoing) { o.alterHeader = append(o.alterHeader, f) }
}

func (o *outgoing) apply(opts []Option) {
	for _, opt := range opts {
		opt(o)
	}
}

// forged reports whether the delivery is not as Slack would have made it, so that Slack's own retries do not apply.
func (o *outgoing) forged() bool {
	return o.skew != 0 || o.secret != "" || o.alterBody != nil || o.alterHeader != nil
}

// encode writes the body and its type.
func (o *outgoing) encode() {
	switch {
	case o.event != nil:
		o.Header.Set("Content-Type", "application/json")
		o.Body = o.json(o.event)
	case o.payload != nil:
		o.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		o.Body = []byte(url.Values{"payload": {string(o.json(o.payload))}}.Encode())
	default:
		for _, alter := range o.alterForm {
			alter(o.form)
		}
		o.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		o.Body = []byte(o.form.Encode())
	}
}

func (o *outgoing) json(n node) []byte {
	raw := rawJSON(n)
	if o.alterJSON == nil {
		return raw
	}
	var decoded map[string]any
	if err := json.Unmarshal(raw, &decoded); err != nil {
		panic("slacksim: " + err.Error())
	}
	for _, alter := range o.alterJSON {
		alter(decoded)
	}
	return rawJSON(decoded)
}

// sign stamps and signs the body: https://docs.slack.dev/authentication/verifying-requests-from-slack/
func (w *Workspace) sign(o *outgoing) {
	stamp := strconv.FormatInt(w.Now().Add(o.skew).Unix(), 10)
	o.Header.Set("X-Slack-Request-Timestamp", stamp)
	o.Header.Set("X-Slack-Signature", Signature(cmp.Or(o.secret, w.SigningSecret), stamp, o.Body))
}

// Signature returns the X-Slack-Signature of a body stamped with these Unix seconds.
func Signature(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// send encodes, signs and delivers.
func (w *Workspace) send(o outgoing) Delivery {
	w.ready()
	o.Header = http.Header{"User-Agent": {"Slackbot 1.0 (+https://api.slack.com/robots)"}, "Accept": {"*/*"}}
	o.encode()
	w.sign(&o)
	return w.deliver(o)
}

// deliver sends the bytes as they are, and keeps a record.
func (w *Workspace) deliver(o outgoing) Delivery {
	for _, alter := range o.alterBody {
		o.Body = alter(slices.Clone(o.Body))
	}
	for _, alter := range o.alterHeader {
		alter(o.Header)
	}
	unlock := w.lock()
	kept, app := o.Delivery, w.app
	w.deliveries = append(w.deliveries, &kept)
	w.change()
	unlock()

	w.exchange(app, &o.Delivery)

	defer w.lock()()
	kept = o.Delivery
	w.change()
	return o.Delivery
}

var errNotInstalled = errors.New("no app is installed: call Install first")

// exchange makes the round trip, for as long as Slack would wait.
func (w *Workspace) exchange(app string, d *Delivery) {
	if app == "" {
		d.Err = errNotInstalled
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), w.AckWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, app+d.Path, bytes.NewReader(d.Body))
	if err != nil {
		d.Err = err
		return
	}
	r.Header = d.Header.Clone()
	answered, err := w.Client.Do(r)
	if err == nil {
		defer answered.Body.Close()
		d.Answer, err = io.ReadAll(io.LimitReader(answered.Body, maxBody))
	}
	if err != nil {
		d.Err, d.late = err, ctx.Err() != nil
		return
	}
	d.Status, d.AnswerHeader = answered.StatusCode, answered.Header
}

// Redeliver sends the very same bytes again, headers and signature included; AlterBody and AlterHeader apply.
// Nobody is shown the answer.
func (w *Workspace) Redeliver(d Delivery, opts ...Option) Delivery {
	o := again(d, opts)
	return w.deliver(o)
}

// Repeat delivers the message of an event once more as if it were new: under an event_id of its own, stamped and signed anew, and
// without a header that says so.
func (w *Workspace) Repeat(d Delivery, opts ...Option) Delivery {
	w.ready()
	o := again(d, opts)
	unlock := w.lock()
	id := w.id("Ev")
	unlock()
	o.Body, o.EventID = bytes.ReplaceAll(d.Body, []byte(d.EventID), []byte(id)), id
	w.sign(&o)
	return w.deliver(o)
}

// again is a delivery with the same bytes and no answer yet.
func again(d Delivery, opts []Option) outgoing {
	o := outgoing{Delivery: Delivery{Path: d.Path, Header: d.Header.Clone(), Body: d.Body, TS: d.TS,
		EventID: d.EventID, TriggerID: d.TriggerID, ResponseURL: d.ResponseURL}}
	o.apply(opts)
	return o
}

// Retry sends an event again as Slack does: stamped and signed anew, with X-Slack-Retry-Num n and the reason
// ("http_timeout", "http_error", "connection_failed").
func (w *Workspace) Retry(d Delivery, n int, reason string, opts ...Option) Delivery {
	w.ready()
	o := again(d, opts)
	o.Header.Set("X-Slack-Retry-Num", strconv.Itoa(n))
	o.Header.Set("X-Slack-Retry-Reason", reason)
	w.sign(&o)
	return w.deliver(o)
}

// maxRetries is how often Slack sends an event again: https://docs.slack.dev/apis/events-api/#retries
const maxRetries = 3

// failedEvent is one that Slack would send again.
type failedEvent struct {
	Delivery
	retries int
}

// RetryFailed retries each event that was not answered 2xx once more, unless it had three retries or the app said
// X-Slack-No-Retry, and returns the deliveries made. Slack waits 0, 1 and 5 minutes; here the caller says when.
func (w *Workspace) RetryFailed() []Delivery {
	unlock := w.lock()
	failed := w.failed
	w.failed = nil
	unlock()
	var made []Delivery
	for _, f := range failed {
		d := w.Retry(f.Delivery, f.retries+1, f.reason())
		w.keepFailed(failedEvent{d, f.retries + 1})
		made = append(made, d)
	}
	return made
}

func (w *Workspace) keepFailed(f failedEvent) {
	if f.Acknowledged() || f.retries >= maxRetries || f.AnswerHeader.Get("X-Slack-No-Retry") == "1" {
		return
	}
	defer w.lock()()
	w.failed = append(w.failed, f)
}

func (f failedEvent) reason() string {
	switch {
	case f.late:
		return "http_timeout"
	case f.Status == 0:
		return "connection_failed"
	}
	return "http_error"
}

// Deliveries returns every request sent to the app, oldest first; one in flight has no Status yet.
func (w *Workspace) Deliveries() []Delivery {
	defer w.lock()()
	all := make([]Delivery, len(w.deliveries))
	for i, d := range w.deliveries {
		all[i] = *d
	}
	return all
}
