package acl

import (
	"cmp"
	"slices"
	"strings"
)

// The index makes a decision cost the same with one rule and with a million. It leads from the host (and each
// "*." above it) to a site, from the site along the path to spots, and in a spot from a principal and a channel
// to the few remaining rules. No list on the way grows with the policy.

type index struct {
	sites      dict[site] // by host; by ".example.com" for "*.example.com"
	wild       levels     // numbers of labels in "*." rules
	everywhere *denied    // denials without domains
}

// site holds the rules for one host, or for all hosts below one. Most sites use whole alone and fit one cache
// line.
type site struct {
	whole spot // grants without paths
	more  *more
}

// more holds the rare parts of a site.
type more struct {
	below  paths // grants with paths
	held   spot  // the same grants regardless of path, to explain refusals
	denied *denied
}

// denied holds the denials of a site, by folded path.
type denied struct {
	whole spot
	below paths
	above dict[spot] // by directories above a denied path
}

type paths struct {
	spots  dict[spot]
	levels levels
}

// levels is a set of small numbers; all numbers from 63 on count as one.
type levels uint64

func (l *levels) add(n int)     { *l |= 1 << min(n, 63) }
func (l levels) has(n int) bool { return l>>min(n, 63)&1 == 1 }

// spot holds the rules for one place. A finished spot is not copied: a single entry is stored inside it, which
// saves a cache miss.
type spot struct {
	entries  []entry
	table    *table // by key, if the entries are many
	single   [1]entry
	channels bool // some entry has a channel
	special  bool // some entry belongs to a special rule
}

// few is the number of entries up to which a walk is faster than a look-up.
const few = 8

// entry is one rule for one principal in one channel; channel 0 means every channel.
type entry struct {
	who, in principal
	rule    int32
	covers  combinations
	special bool
}

// anywhere is a channel added to every rule with channels; the tests of a file use it.
const anywhere principal = 1

func key(who, in principal) uint64 { return uint64(who)<<32 | uint64(in) }

func (e *entry) key() uint64 { return key(e.who, e.in) }

func newIndex(grants, denials []rule) index {
	x := index{everywhere: &denied{}}
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
		if len(r.paths) == 0 {
			s.whole.add(n, r, r.combinations())
			continue
		}
		m := s.furnish()
		for _, who := range r.to {
			m.held.entries = append(m.held.entries, entry{who: who, rule: n})
		}
		for _, path := range r.paths {
			m.below.at(path).add(n, r, r.combinations())
		}
	}
}

// deny indexes a denial. Unlike in a grant, "*.x" covers x, an empty list of domains covers all, and a path
// also closes the directories above it.
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
				d.above.at(path[:i+1]).add(n, r, combine(r.schemes, both, r.areas))
			}
		}
	}
}

// site returns the site of a host or of ".host".
func (x *index) site(name string) *site {
	if name[0] == '.' {
		x.wild.add(strings.Count(name, "."))
	}
	return x.sites.at(name)
}

func (x *index) denied(name string) *denied {
	m := x.site(name).furnish()
	if m.denied == nil {
		m.denied = &denied{}
	}
	return m.denied
}

func (s *site) furnish() *more {
	if s.more == nil {
		s.more = &more{}
	}
	return s.more
}

func (p *paths) at(path string) *spot {
	p.levels.add(strings.Count(path, "/"))
	return p.spots.at(path)
}

func (s *spot) add(n int32, r *rule, covers combinations) {
	special := r.special()
	for _, who := range r.to {
		if len(r.in) == 0 {
			s.entries = append(s.entries, entry{who, 0, n, covers, special})
			continue
		}
		s.entries = append(s.entries, entry{who, anywhere, n, covers, special})
		for _, in := range r.in {
			s.entries = append(s.entries, entry{who, in, n, covers, special})
		}
	}
}

func (x *index) finish() {
	x.everywhere.finish()
	x.sites.settle(func(s *site) {
		s.whole.finish()
		if s.more != nil {
			s.more.finish()
		}
	})
}

func (m *more) finish() {
	m.below.finish()
	m.held.order()
	m.held.settle()
	if m.denied != nil {
		m.denied.finish()
	}
}

func (d *denied) finish() {
	d.whole.finish()
	d.below.finish()
	d.above.settle((*spot).finish)
}

func (p *paths) finish() { p.spots.settle((*spot).finish) }

// finish drops the entries that an earlier rule always beats. At most eight remain for one key, besides the
// special ones.
func (s *spot) finish() {
	s.order()
	var last uint64
	var covered combinations
	s.entries = slices.DeleteFunc(s.entries, func(e entry) bool {
		if e.key() != last {
			last, covered = e.key(), 0
		}
		if e.special {
			return false
		}
		beaten := e.covers&^covered == 0
		covered |= e.covers
		return beaten
	})
	s.special = slices.ContainsFunc(s.entries, func(e entry) bool { return e.special })
	s.channels = slices.ContainsFunc(s.entries, func(e entry) bool { return e.in != 0 })
	s.settle()
}

func (s *spot) order() {
	slices.SortFunc(s.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.key(), b.key()), cmp.Compare(a.rule, b.rule))
	})
	s.entries = slices.Compact(s.entries)
}

// settle stores the entries in their fastest form.
func (s *spot) settle() {
	switch n := len(s.entries); {
	case n == 1:
		s.single[0] = s.entries[0]
		s.entries = s.single[:]
	case n > few:
		s.table = tabled(s.entries)
	}
}

// tabled returns a table of the places where the entries of each key begin.
func tabled(entries []entry) *table {
	t := newTable(len(entries))
	last := uint64(0)
	for i, e := range entries {
		if k := e.key(); k != last {
			t.put(slot{k, int32(i), e.rule})
			last = k
		}
	}
	return &t
}

// run returns the first entries of a key, at most the given number.
func (s *spot) run(at *slot, most int) []entry {
	rest := s.entries[at.at:]
	n := 0
	for n < min(most, len(rest)) && rest[n].key() == at.key {
		n++
	}
	return rest[:n]
}
