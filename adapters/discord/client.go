package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	callWithin = 10 * time.Second
	maxAnswer  = 4 << 20
)

// careful returns a client for all outgoing calls: it follows no redirect, has a timeout, bounds answers, and
// records every rate limit that Discord reports.
func careful(c *http.Client, l *limits) *http.Client {
	own := http.Client{}
	if c != nil {
		own = *c
	}
	if own.Timeout == 0 {
		own.Timeout = callWithin
	}
	if own.Transport == nil {
		own.Transport = http.DefaultTransport
	}
	own.Transport = bounded{own.Transport, l}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// bounded cuts answers off at maxAnswer, and turns every 429 into an error: Cloudflare's body is HTML, which
// discordgo takes for broken JSON.
type bounded struct {
	http.RoundTripper
	limits *limits
}

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	route, _ := r.Context().Value(routeKey{}).(string)
	if answer.StatusCode == http.StatusTooManyRequests {
		defer answer.Body.Close()
		return nil, b.limits.refused(route, answer)
	}
	b.limits.used(route, answer.Header)
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	return answer, nil
}

// routeKey is the key of the route in a request's context.
type routeKey struct{}

func withRoute(ctx context.Context, route string) context.Context {
	return context.WithValue(ctx, routeKey{}, route)
}

// limits holds the times from which each route, and all of them, may be called again:
// https://docs.discord.com/developers/topics/rate-limits Callers sleep outside, so a limit on one route does
// not delay another.
type limits struct {
	now    func() time.Time
	mu     sync.Mutex
	routes map[string]time.Time
	global time.Time // for all routes except interactions
	banned time.Time // end of a ban by Cloudflare, for all routes
}

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, routes: map[string]time.Time{}}
}

// tooFast is an HTTP 429.
type tooFast struct{ after time.Duration }

// Error implements error.
func (t tooFast) Error() string { return "HTTP 429, retry after " + t.after.String() }

// pause is the wait if Discord throttles without a duration.
const pause = 60 * time.Second

// refused records a 429 and returns it as an error.
func (l *limits) refused(route string, answer *http.Response) error {
	said := struct {
		RetryAfter float64 `json:"retry_after"`
		Global     bool    `json:"global"`
	}{}
	// Read the wait from the header and the body.
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	html := len(body) > 0 && json.Unmarshal(body, &said) != nil
	after := max(seconds(answer.Header.Get("Retry-After")), time.Duration(said.RetryAfter*float64(time.Second)))
	if after <= 0 {
		after = pause
	}
	// Record it for the scope of the limit.
	until := l.now().Add(after)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case html:
		l.banned = until
	case said.Global || answer.Header.Get("X-RateLimit-Global") == "true" || answer.Header.Get("X-RateLimit-Scope") == "global":
		l.global = until
	default:
		l.put(route, until)
	}
	return tooFast{after}
}

// used records the last call that its route permits for a while.
func (l *limits) used(route string, h http.Header) {
	after := seconds(h.Get("X-RateLimit-Reset-After"))
	if route == "" || h.Get("X-RateLimit-Remaining") != "0" || after <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(route, l.now().Add(after))
}

func (l *limits) put(route string, until time.Time) {
	now := l.now()
	if len(l.routes) >= 1000 {
		for r, u := range l.routes {
			if !now.Before(u) {
				delete(l.routes, r)
			}
		}
	}
	l.routes[route] = until
}

// wait returns the time until a call may be made, or 0.
func (l *limits) wait(route string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	until := l.banned
	for _, u := range []time.Time{l.routes[route], l.global} {
		if u.After(until) && !(u == l.global && exempt(route)) {
			until = u
		}
	}
	return max(0, until.Sub(now))
}

// exempt reports whether a route is free of the global limit, like all endpoints of interactions.
func exempt(route string) bool {
	return strings.Contains(route, " /interactions/") || strings.Contains(route, " /webhooks/")
}

func seconds(text string) time.Duration {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || f > 1e6 {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// routeOf returns the key of a rate limit: the method, the resource with its id (for a webhook also the token),
// and the action.
func routeOf(method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	if len(parts) > 5 {
		return fmt.Sprint(method, " ", strings.Join(parts[:4], "/"), " ", strings.Join(parts[5:], "/"))
	}
	return method + " " + strings.Join(parts[:min(4, len(parts))], "/")
}
