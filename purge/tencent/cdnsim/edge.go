package cdnsim

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// State is what an edge would do with a visit.
type State string

// The states. The zero state is that of a URL that is not cached.
const (
	Fresh State = "fresh" // answered from the cache
	Stale State = "stale" // expired by a purge: the next visit goes to the origin
)

// Edge is one cached object in one area.
type Edge struct {
	Area     Area
	URL      string // its cache key, which lacks the query where the host ignores it
	State    State
	Outdated bool      // the origin has another version than the cache
	Since    time.Time // when State began
}

type edgeKey struct {
	area Area
	url  string
}

type cache map[edgeKey]*Edge

// carryOut does what a task was about, but for the targets that fail.
func (c *cache) carryOut(t *task) {
	for _, area := range t.areas {
		for _, target := range t.targets {
			switch {
			case target.fails:
			case t.kind == Push:
				c.fill(edgeKey{area, target.key}, t.due)
			default:
				c.expire(t, area, target)
			}
		}
	}
}

// expire carries out a purge. A flush leaves what the origin has not changed.
func (c cache) expire(t *task, area Area, target target) {
	if t.kind == URL {
		c[edgeKey{area, target.key}].expire(t.due)
		return
	}
	for key, e := range c {
		if key.area == area && below(key.url, target.key) && (t.delete || e.Outdated) {
			e.expire(t.due)
		}
	}
}

// below says whether a URL is in a directory, whose own slash may be missing.
func below(url, directory string) bool {
	return strings.HasPrefix(url, strings.TrimSuffix(directory, "/")+"/")
}

func (e *Edge) expire(at time.Time) {
	if e != nil && e.State == Fresh {
		e.State, e.Since = Stale, at
	}
}

// Fill visits a URL in the given areas, or in all of its host: what is stale or missing there is fetched from the origin.
func (s *Sim) Fill(url string, areas ...Area) error {
	now := s.lock()
	defer s.changed()
	host, key, err := s.visit(url)
	if err != nil {
		return err
	}
	for _, area := range []Area{Mainland, Overseas} {
		if host.in(area) && (areas == nil || slices.Contains(areas, area)) {
			s.cache.fill(edgeKey{area, key}, now)
		}
	}
	return nil
}

func (c *cache) fill(key edgeKey, now time.Time) {
	if *c == nil {
		*c = cache{}
	}
	if e := (*c)[key]; e == nil || e.State == Stale {
		(*c)[key] = &Edge{Area: key.area, URL: key.url, State: Fresh, Since: now}
	}
}

// Change gives a URL another version at the origin; the edges go on with theirs until they expire.
func (s *Sim) Change(url string) error {
	s.lock()
	defer s.changed()
	_, key, err := s.visit(url)
	if err != nil {
		return err
	}
	for k, e := range s.cache {
		if k.url == key && e.State == Fresh {
			e.Outdated = true
		}
	}
	return nil
}

// Edge returns what an area caches for a URL; the zero Edge if nothing.
func (s *Sim) Edge(area Area, url string) Edge {
	s.lock()
	defer s.mu.Unlock()
	_, key, err := s.visit(url)
	if e := s.cache[edgeKey{area, key}]; err == nil && e != nil {
		return *e
	}
	return Edge{}
}

// Edges returns everything cached, sorted by URL and area.
func (s *Sim) Edges() []Edge {
	s.lock()
	defer s.mu.Unlock()
	out := make([]Edge, 0, len(s.cache))
	for _, e := range s.cache {
		out = append(out, *e)
	}
	slices.SortFunc(out, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.Area, b.Area))
	})
	return out
}

// visit is what a browser makes of a URL: no fragment, other letters percent-encoded. So a purge that names such
// letters raw is accepted and purges nothing, as with the vendor.
func (s *Sim) visit(raw string) (Host, string, error) {
	raw, _, _ = strings.Cut(raw, "#")
	name, no := hostOf(raw, URL)
	host, found := s.host(name)
	if no != nil || !found {
		return Host{}, "", fmt.Errorf("cdnsim: %q is no URL of a host on the account", raw)
	}
	return host, cacheKey(encodeLetters(raw), host), nil
}

func encodeLetters(raw string) string {
	var b strings.Builder
	for _, r := range raw {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			b.WriteString(url.PathEscape(string(r)))
		}
	}
	return b.String()
}

// cacheKey is what a URL is cached under. Scheme and host in lower case; an empty path is "/"; nothing else moves.
func cacheKey(raw string, h Host) string {
	scheme, rest, _ := strings.Cut(raw, "://")
	i := strings.IndexAny(rest+"/", "/?#")
	authority, rest := rest[:i], rest[i:]
	if h.IgnoreQuery {
		rest, _, _ = strings.Cut(rest, "?")
	}
	if !strings.HasPrefix(rest, "/") {
		rest = "/" + rest
	}
	return scheme + "://" + strings.ToLower(authority) + rest
}
