package discordsim

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Scope is what a 429 says it is about: https://docs.discord.com/developers/topics/rate-limits
type Scope string

// The scopes.
const (
	PerRoute   Scope = "user"
	Shared     Scope = "shared"     // of the resource, whoever used it up; does not count as an invalid request
	Global     Scope = "global"     // has no X-RateLimit-Reset-After; interaction endpoints are outside it
	Cloudflare Scope = "cloudflare" // the address is banned: an HTML page
)

type faultKind int

const (
	faultThrottle faultKind = iota
	faultFail
	faultFailFiles
	faultLose
	faultHold
)

// fault is one kind of trouble that the next n calls meet; n < 0 is all of them.
type fault struct {
	kind   faultKind
	routes []string // none is every route
	n      int
	code   int
	after  time.Duration
	scope  Scope
	over   chan struct{} // closed when a hold ends
}

// Throttle makes the next n calls answer 429 with retry_after; routes, as Routes names them, narrows them. n < 0 is until Heal.
func (s *Sim) Throttle(n int, after time.Duration, routes ...string) {
	s.ThrottleAs(PerRoute, n, after, routes...)
}

// ThrottleAs is Throttle with the scope said.
func (s *Sim) ThrottleAs(scope Scope, n int, after time.Duration, routes ...string) {
	s.addFault(&fault{kind: faultThrottle, routes: routes, n: n, after: after, scope: scope})
}

// Fail makes the next n calls of a route ("" is any) answer this error code (50013, with its documented HTTP status) and do
// nothing. Codes below 1000 are HTTP statuses, answered with a page that is not JSON. n < 0 is until Heal.
func (s *Sim) Fail(route string, code, n int) {
	s.addFault(&fault{kind: faultFail, routes: only(route), n: n, code: code})
}

// FailFiles is Fail for calls that bring files; the others pass.
func (s *Sim) FailFiles(route string, code, n int) {
	s.addFault(&fault{kind: faultFailFiles, routes: only(route), n: n, code: code})
}

// Lose makes the next n calls of a route ("" is any) act, and then cuts the connection without an answer; n < 0 is until Heal.
func (s *Sim) Lose(route string, n int) {
	s.addFault(&fault{kind: faultLose, routes: only(route), n: n})
}

// Hold makes the next n calls of a route ("" is any) wait, before they act, until the returned function is called; n < 0 is
// until then. Calls shows a call that is held, with Status 0.
func (s *Sim) Hold(route string, n int) (release func()) {
	f := &fault{kind: faultHold, routes: only(route), n: n, over: make(chan struct{})}
	s.addFault(f)
	return func() {
		defer s.lock()()
		f.end()
	}
}

// end lets go of what is held.
func (f *fault) end() {
	if f.over == nil {
		return
	}
	select {
	case <-f.over:
	default:
		close(f.over)
	}
	f.n = 0
}

// held waits as long as the call is held, and reports whether its caller waited too.
func (s *Sim) held(ctx context.Context, route string) bool {
	unlock := s.lock()
	f := s.takeFault(route, faultHold)
	unlock()
	if f == nil {
		return true
	}
	select {
	case <-f.over:
		return true
	case <-ctx.Done():
		return false
	}
}

func only(route string) []string {
	if route == "" {
		return nil
	}
	return []string{route}
}

func (s *Sim) addFault(f *fault) {
	defer s.lock()()
	for _, route := range f.routes {
		if !slices.Contains(Routes(), route) {
			panic("discordsim: there is no route " + strconv.Quote(route))
		}
	}
	s.faults = append(s.faults, f)
	s.change()
}

// Down makes everything answer HTTP 503 with an HTML page and cuts the gateway, until Down(false).
func (s *Sim) Down(down bool) {
	defer s.lock()()
	s.down = down
	if down {
		s.cutAll()
	}
	s.change()
}

// Heal ends every fault, of the gateway too; held calls go on.
func (s *Sim) Heal() {
	defer s.lock()()
	for _, f := range s.faults {
		f.end()
	}
	s.down, s.faults, s.openings, s.repeats = false, nil, nil, 0
	s.change()
}

// takeFault uses up one fault of this kind that is meant for the route, or returns nil.
func (s *Sim) takeFault(route string, kind faultKind) *fault {
	for _, f := range s.faults {
		if f.kind == kind && f.n != 0 && (len(f.routes) == 0 || slices.Contains(f.routes, route)) {
			f.use()
			return f
		}
	}
	return nil
}

// takeThrottle is takeFault, but the global limit does not bind interaction endpoints.
func (s *Sim) takeThrottle(r *route) *fault {
	for _, f := range s.faults {
		named := slices.Contains(f.routes, r.name)
		if f.kind == faultThrottle && f.n != 0 && (named || len(f.routes) == 0 && !(f.scope == Global && r.hook)) {
			f.use()
			return f
		}
	}
	return nil
}

func (f *fault) use() {
	if f.n > 0 {
		f.n--
	}
}

// Invalid returns how many calls were answered 401, 403 or 429 (Shared does not count): 10,000 in ten minutes ban the address.
func (s *Sim) Invalid() int {
	defer s.lock()()
	return s.invalid
}

// limited is a 429: https://docs.discord.com/developers/topics/rate-limits#exceeding-a-rate-limit
func (s *Sim) limited(r *request, scope Scope, after time.Duration) (int, http.Header, []byte, bool) {
	if scope == Cloudflare {
		status, header, body, _ := page(http.StatusTooManyRequests)
		header.Set("Retry-After", seconds(after))
		return status, header, body, false
	}
	header := http.Header{"Content-Type": {"application/json"}, "X-Ratelimit-Scope": {string(scope)}, "Retry-After": {seconds(after)}}
	if scope == Global {
		header.Set("X-RateLimit-Global", "true")
	} else {
		s.exhaustedHeader(r, header, scope, after)
	}
	message := map[bool]string{false: "You are being rate limited.", true: "The resource is being rate limited."}[scope == Shared]
	body := rawJSON(node{"message": message, "retry_after": after.Seconds(), "global": scope == Global})
	return http.StatusTooManyRequests, header, body, false
}
