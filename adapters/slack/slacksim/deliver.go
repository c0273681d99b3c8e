package slacksim

import (
	"net/http"
	"net/url"
	"time"
)

// Delivery is one request sent to the app and its answer. Header and Body are the exact bytes sent.
type Delivery struct {
	Path        string
	Header      http.Header
	Body        []byte
	Status      int // 0 if there was no answer in time
	AnswerType  string
	Answer      []byte
	Err         error  // why there was no answer
	Refused     string // what the client told the user instead of sending anything; then nothing was sent
	TS          string // of the message that a user typed, if it is one
	EventID     string // of an event
	TriggerID   string // of a command, a press or a form
	ResponseURL string
}

// Acknowledged reports whether the app answered 2xx within AckWithin.
func (d Delivery) Acknowledged() bool { panic("todo") }

// Option alters one delivery.
type Option func(*outgoing)

type outgoing struct{}

// Markup says that the typed text is in Slack's markup already: nothing is escaped, linked or resolved.
func Markup() Option { panic("todo") }

// AlterForm changes the fields of a slash command before it is signed.
func AlterForm(f func(url.Values)) Option { panic("todo") }

// AlterJSON changes an event or an interaction payload before it is signed.
func AlterJSON(f func(map[string]any)) Option { panic("todo") }

// Skewed stamps and signs with a clock that is off by d; negative is stale.
func Skewed(d time.Duration) Option { panic("todo") }

// SignedWith signs with another secret.
func SignedWith(secret string) Option { panic("todo") }

// AlterBody changes the body after it was signed.
func AlterBody(f func([]byte) []byte) Option { panic("todo") }

// AlterHeader changes the headers after signing: add a second signature, drop the timestamp.
func AlterHeader(f func(http.Header)) Option { panic("todo") }

// Type types text as a user: a slash command if it begins with "/", else a message, which the app hears of if it names the
// bot ("@purgebot …"). thread is the root's ts, or "". Links, names and the three entities become Slack's markup.
func (w *Workspace) Type(user, channel, thread, text string, opts ...Option) Delivery { panic("todo") }

// Edit changes the text of a message that a user typed; a mention in it is delivered again, marked "edited".
func (w *Workspace) Edit(channel, ts, text string, opts ...Option) Delivery { panic("todo") }

// Press presses the button with this label on a message, or on an ephemeral of this user.
func (w *Workspace) Press(user, channel, ts, label string, opts ...Option) Delivery { panic("todo") }

// Event delivers any other event ("app_uninstalled", "user_change"); event is the inner one.
func (w *Workspace) Event(event map[string]any, opts ...Option) Delivery { panic("todo") }

// VerifyURL sends the url_verification challenge, which the app must echo.
func (w *Workspace) VerifyURL(challenge string, opts ...Option) Delivery { panic("todo") }

// CheckSSL sends the ssl_check that Slack sends to a slash command's URL.
func (w *Workspace) CheckSSL(opts ...Option) Delivery { panic("todo") }

// Redeliver sends the very same bytes again, headers and signature included, or altered by opts.
func (w *Workspace) Redeliver(d Delivery, opts ...Option) Delivery { panic("todo") }

// Retry sends an event again as Slack does: stamped and signed anew, with X-Slack-Retry-Num n and the reason
// ("http_timeout", "http_error", "connection_failed").
func (w *Workspace) Retry(d Delivery, n int, reason string, opts ...Option) Delivery { panic("todo") }

// RetryFailed retries each event that was not answered 2xx once more, unless it had three retries or the app said
// X-Slack-No-Retry, and returns the deliveries made. Slack waits 0, 1 and 5 minutes; here the caller says when.
func (w *Workspace) RetryFailed() []Delivery { panic("todo") }

// Deliveries returns every request sent to the app, oldest first.
func (w *Workspace) Deliveries() []Delivery { panic("todo") }
