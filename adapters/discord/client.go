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

// careful returns a client for all that we send: it follows no redirect, does not wait for ever, reads no endless answer, and
// notes every limit that Discord tells.
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

// bounded cuts answers off at maxAnswer, and makes an error of a 429 whatever its body is: Cloudflare's is HTML, which
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

// routeKey is where a request's context says which route it takes.
type routeKey struct{}

func withRoute(ctx context.Context, route string) context.Context {
	return context.WithValue(ctx, routeKey{}, route)
}

// limits is when each route, and all of them, may be called again: https://docs.discord.com/developers/topics/rate-limits
// Nobody sleeps in here, so that a limit on one route holds up nobody on another.
type limits struct {
	now    func() time.Time
	mu     sync.Mutex
	routes map[string]time.Time
	global time.Time // but for interactions, which it does not hold for
	banned time.Time // by Cloudflare: for everything
}

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, routes: map[string]time.Time{}}
}

// tooFast is a 429.
type tooFast struct{ after time.Duration }

func (t tooFast) Error() string { return "HTTP 429, retry after " + t.after.String() }

// pause is how long to leave Discord alone where it throttles without saying for how long.
const pause = 60 * time.Second

// refused notes a 429.
func (l *limits) refused(route string, answer *http.Response) error {
	said := struct {
		RetryAfter float64 `json:"retry_after"`
		Global     bool    `json:"global"`
	}{}
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	html := len(body) > 0 && json.Unmarshal(body, &said) != nil
	after := max(seconds(answer.Header.Get("Retry-After")), time.Duration(said.RetryAfter*float64(time.Second)))
	if after <= 0 {
		after = pause
	}
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

// used notes that a call was the last that its route allows for a while.
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

// wait returns how long a call must wait; 0 is not at all.
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

// exempt: interaction endpoints are not bound to the global limit.
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

// routeOf names what shares one limit: the method, the resource with its id (of a webhook its token too), and what is done there.
func routeOf(method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	if len(parts) > 5 {
		return fmt.Sprint(method, " ", strings.Join(parts[:4], "/"), " ", strings.Join(parts[5:], "/"))
	}
	return method + " " + strings.Join(parts[:min(4, len(parts))], "/")
}
