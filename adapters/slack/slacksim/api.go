package slacksim

import "time"

// Call is one call of the Web API, or a post to a response_url (Method "response_url").
type Call struct {
	At     time.Time
	Method string
	Args   map[string]string // decoded, the token redacted; structured values as JSON text
	Status int
	Answer string // the body as sent
}

// Calls returns the calls received, oldest first; methods narrows them.
func (w *Workspace) Calls(methods ...string) []Call { panic("todo") }

// Throttle makes the next n Web API calls answer 429 with Retry-After (whole seconds, rounded up); methods narrows them.
// "response_url" may be named as a method; it is not meant by none.
func (w *Workspace) Throttle(n int, after time.Duration, methods ...string) {}

// Fail makes the next n calls of a method ("" is any) answer {"ok":false,"error":code} with HTTP 200; n < 0 is until Heal.
func (w *Workspace) Fail(method, code string, n int) {}

// Lose makes the next n calls of a method act, and then cut the connection without an answer.
func (w *Workspace) Lose(method string, n int) {}

// Down makes everything answer HTTP 503 with an HTML page, until Down(false).
func (w *Workspace) Down(down bool) {}

// Heal ends every fault.
func (w *Workspace) Heal() {}
