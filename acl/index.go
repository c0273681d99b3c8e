package acl

import (
	"cmp"
	"slices"
	"strings"
)

// The index makes a decision cost the same with one rule and with a million. It leads from the host (and each "*." above it)
// to a site, from there along the path to spots, and in a spot from a principal and a channel to the few rules left.
// Nothing on the way is a list that grows with the policy.

type index struct {
	sites      map[string]*site // by host; by ".example.com" for "*.example.com"
	wild       levels           // how many labels "*." rules have
	everywhere *denied          // denials without domains
}

// site is what rules say about one host, or about all hosts below one.
type site struct {
	whole  spot  // grants without paths
	below  paths // grants with paths
	denied *denied
	held   spot // every grant, to explain refusals with
}

// denied is the denials of a site. Their paths are folded.
type denied struct {
	whole spot
	below paths
	above map[string]*spot // by the directories that contain a denied path
}

type paths struct {
	spots  map[string]*spot
	levels levels
}

// levels is a set of small numbers; from 63 on they are one.
type levels uint64

func (l *levels) add(n int)     { *l |= 1 << min(n, 63) }
func (l levels) has(n int) bool { return l>>min(n, 63)&1 == 1 }

// spot is the rules that name one place.
type spot struct {
	entries []entry
	table   *table // by entry.key, once entries are many
}

// few is how many entries are faster walked than looked up.
const few = 8

// entry is one rule for one principal in one channel; no channel (0) is every channel.
type entry struct {
	who, in principal
	rule    int32
	covers  combinations
}

// anywhere is a channel that every rule with channels is in too: tests ask there.
const anywhere principal = 1

func key(who, in principal) uint64 { return uint64(who)<<32 | uint64(in) }

func newIndex(grants, denials []rule) index {
	x := index{sites: map[string]*site{}, everywhere: &denied{}}
	for i := range grants {
		x.grant(int32(i), &grants[i])
	}
	for i := range denials {
		x.deny(int32(i), &denials[i])
	}
	x.finish()
	return x
}

func (x *index) grant(n int32, r *rule) {
	for _, domain := range r.domains {
		s := x.site(strings.TrimPrefix(domain, "*"))
		for _, who := range r.to {
			s.held.entries = append(s.held.entries, entry{who: who, rule: n})
		}
		if len(r.paths) == 0 {
			s.whole.add(n, r, r.combinations())
		}
		for _, path := range r.paths {
			s.below.at(path).add(n, r, r.combinations())
		}
	}
}

// deny differs from grant: "*.x" covers x too, no domain is all, and a path closes the directories above it as well.
func (x *index) deny(n int32, r *rule) {
	if len(r.domains) == 0 {
		x.everywhere.add(n, r)
	}
	for _, domain := range r.domains {
		x.denied(strings.TrimPrefix(domain, "*")).add(n, r)
		if apex, wild := strings.CutPrefix(domain, "*."); wild {
			x.denied(apex).add(n, r)
		}
	}
}

func (d *denied) add(n int32, r *rule) {
	if len(r.paths) == 0 {
		d.whole.add(n, r, r.combinations())
	}
	for _, path := range r.paths {
		path = fold(path)
		d.below.at(path).add(n, r, r.combinations())
		for i := range len(path) - 1 {
			if path[i] == '/' {
				d.containing(path[:i+1]).add(n, r, combine(r.schemes, both, r.areas))
			}
		}
	}
}

func (d *denied) containing(path string) *spot {
	if d.above == nil {
		d.above = map[string]*spot{}
	}
	return at(d.above, path)
}

// at returns the V of key, a new one if need be.
func at[V any](m map[string]*V, key string) *V {
	v := m[key]
	if v == nil {
		v = new(V)
		m[key] = v
	}
	return v
}

// site returns that of a host or of ".host".
func (x *index) site(name string) *site {
	if name[0] == '.' {
		x.wild.add(strings.Count(name, "."))
	}
	return at(x.sites, name)
}

func (x *index) denied(name string) *denied {
	s := x.site(name)
	if s.denied == nil {
		s.denied = &denied{}
	}
	return s.denied
}

func (p *paths) at(path string) *spot {
	if p.spots == nil {
		p.spots = map[string]*spot{}
	}
	p.levels.add(strings.Count(path, "/"))
	return at(p.spots, path)
}

func (s *spot) add(n int32, r *rule, covers combinations) {
	for _, who := range r.to {
		if len(r.in) == 0 {
			s.entries = append(s.entries, entry{who, 0, n, covers})
			continue
		}
		s.entries = append(s.entries, entry{who, anywhere, n, covers})
		for _, in := range r.in {
			s.entries = append(s.entries, entry{who, in, n, covers})
		}
	}
}

func (x *index) finish() {
	x.everywhere.finish()
	for _, s := range x.sites {
		s.whole.finish()
		s.below.finish()
		s.held.order()
		s.held.look()
		if s.denied != nil {
			s.denied.finish()
		}
	}
}

func (d *denied) finish() {
	d.whole.finish()
	d.below.finish()
	for _, s := range d.above {
		s.finish()
	}
}

func (p *paths) finish() {
	for _, s := range p.spots {
		s.finish()
	}
}

// finish drops the entries that an earlier rule always beats, which leaves at most eight for one key.
func (s *spot) finish() {
	s.order()
	var last uint64
	var covered combinations
	s.entries = slices.DeleteFunc(s.entries, func(e entry) bool {
		if key(e.who, e.in) != last {
			last, covered = key(e.who, e.in), 0
		}
		beaten := e.covers&^covered == 0
		covered |= e.covers
		return beaten
	})
	s.look()
}

func (s *spot) order() {
	slices.SortFunc(s.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(key(a.who, a.in), key(b.who, b.in)), cmp.Compare(a.rule, b.rule))
	})
	s.entries = slices.Compact(s.entries)
}

// look builds the table, if there are enough entries to need one.
func (s *spot) look() {
	if len(s.entries) <= few {
		return
	}
	t := newTable(len(s.entries))
	for from := 0; from < len(s.entries); {
		to, first := from, s.entries[from]
		for to < len(s.entries) && key(s.entries[to].who, s.entries[to].in) == key(first.who, first.in) {
			to++
		}
		t.put(key(first.who, first.in), span{int32(from), int32(to)})
		from = to
	}
	s.table = &t
}
