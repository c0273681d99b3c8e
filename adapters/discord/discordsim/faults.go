package discordsim

import "time"

// A route is named as the documents name it, with short names for what varies: "POST /channels/{channel}/messages",
// "PATCH /webhooks/{application}/{token}/messages/{message}". Routes lists them. "" is every route.

// Scope is what a 429 says it is about: https://docs.discord.com/developers/topics/rate-limits
type Scope string

// The scopes.
const (
	PerRoute   Scope = "user"
	Shared     Scope = "shared"     // of the resource, whoever used it up; does not count as an invalid request
	Global     Scope = "global"     // has no X-RateLimit-Reset-After; interaction endpoints are outside it
	Cloudflare Scope = "cloudflare" // the address is banned: an HTML page
)

// Routes returns every route that the simulator knows.
func Routes() []string { panic("later") }

// Throttle makes the next n calls answer 429 with retry_after; routes narrows them. n < 0 is until Heal.
func (s *Sim) Throttle(n int, after time.Duration, routes ...string) { panic("later") }

// ThrottleAs is Throttle with the scope said.
func (s *Sim) ThrottleAs(scope Scope, n int, after time.Duration, routes ...string) { panic("later") }

// Limit gives a route its own bucket for each channel, guild or webhook: n calls in the time said, by Now. Without it a bucket
// holds 100 calls a second.
func (s *Sim) Limit(route string, n int, per time.Duration) { panic("later") }

// Fail makes the next n calls of a route answer this error code ("50013", with its documented HTTP status) and do nothing.
// Codes below 1000 are HTTP statuses, answered with a body that is not JSON. n < 0 is until Heal.
func (s *Sim) Fail(route string, code, n int) { panic("later") }

// Lose makes the next n calls of a route act, and then cuts the connection without an answer; n < 0 is until Heal.
func (s *Sim) Lose(route string, n int) { panic("later") }

// Hold makes the next n calls of a route wait, before they act, until the returned function is called; n < 0 is until then.
func (s *Sim) Hold(route string, n int) (release func()) { panic("later") }

// Down makes everything answer HTTP 503 with an HTML page and cuts the gateway, until Down(false).
func (s *Sim) Down(down bool) { panic("later") }

// Heal ends every fault, of the gateway too; held calls go on.
func (s *Sim) Heal() { panic("later") }

// Invalid returns how many calls were answered 401, 403 or 429 (Shared does not count): 10,000 in ten minutes ban the address.
func (s *Sim) Invalid() int { panic("later") }
