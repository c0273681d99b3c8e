package acl

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// The sides of a difference are two policies in common terms: groups and people are resolved to their subjects,
// and rules are split into places (a domain, a path, a channel) with rights of subjects. Names of groups and
// rules are dropped, so a new name is no difference.

// subjects numbers subjects and sets of them, for both sides.
type subjects struct {
	numbers map[string]int32
	texts   []string
	ids     map[string]int32
	sets    [][]int32 // by id; sorted
}

func (s *subjects) number(text string) int32 {
	n, found := s.numbers[text]
	if !found {
		n = int32(len(s.texts))
		s.numbers[text], s.texts = n, append(s.texts, text)
	}
	return n
}

// set returns the id of a set. The members may be unsorted and repeated.
func (s *subjects) set(members []int32) int32 {
	slices.Sort(members)
	members = slices.Compact(members)
	key, _ := binary.Append(nil, binary.LittleEndian, members)
	id, found := s.ids[string(key)]
	if !found {
		id = int32(len(s.sets))
		s.ids[string(key)], s.sets = id, append(s.sets, members)
	}
	return id
}

func (s *subjects) has(set, subject int32) bool {
	_, found := slices.BinarySearch(s.sets[set], subject)
	return found
}

// side is one policy of the comparison.
type side struct {
	policy  *Policy
	members map[principal][]principal // members of each group
	sets    [2]map[principal]int32    // resolved sets, for grants and for denials
	grants  places
	denials places
}

// places are the contents of rules by domain ("" is every domain), and then by path and channel.
type places map[string]spots

type spots map[spotKey]*content

type spotKey struct {
	path string // folded in denials; "" means the whole domain
	in   Subject
}

// clause is the part of one rule that concerns a place.
type clause struct {
	set    int32
	covers combinations
	above  combinations // of a denial with a path: combinations for which the directories above are closed
	level  uint8        // of a grant: the strictness of its confirmation, from 1
	limits int32        // of a grant: the number of its budget and approvers; 0 means none
	window window
}

// content is all clauses of one place. Equal contents have equal ids, on both sides.
type content struct {
	id      int32 // 0 means empty
	clauses []clause
	of      map[int32][]int32 // the clauses of each subject, if the clauses are many
}

func (d *differ) side(p *Policy) *side {
	s := &side{policy: p, members: map[principal][]principal{}, grants: places{}, denials: places{}}
	s.sets = [2]map[principal]int32{{}, {}}
	// Invert the membership of groups.
	for m, groups := range p.names.in {
		for _, g := range groups {
			s.members[g] = append(s.members[g], m)
		}
	}
	// Split the rules into clauses of places.
	for i := range p.grants {
		g := &p.grants[i]
		c := clause{set: d.resolve(s, g.to, false), covers: g.combinations(), level: uint8(1 + g.confirm.strictness()), window: g.window}
		c.limits = d.limitsOf(s, g)
		s.grants.add(p, g, c, g.domains, g.paths)
	}
	for i := range p.denials {
		r := &p.denials[i]
		c := clause{set: d.resolve(s, r.to, true), covers: r.combinations(), above: combine(r.schemes, 2, r.areas), window: r.window}
		s.denials.add(p, r, c, r.domains, folded(r.paths))
	}
	// Give equal contents equal ids.
	for _, all := range []places{s.grants, s.denials} {
		for _, here := range all {
			for _, c := range here {
				d.settle(c)
			}
		}
	}
	return s
}

func folded(paths []string) (all []string) {
	for _, path := range paths {
		all = append(all, fold(path))
	}
	return all
}

func (all places) add(p *Policy, r *rule, c clause, domains, paths []string) {
	for _, domain := range orNone(domains) {
		here := all[domain]
		if here == nil {
			here = spots{}
			all[domain] = here
		}
		for _, path := range orNone(paths) {
			for _, in := range orNone(p.texts(r.in)) {
				k := spotKey{path, Subject(in)}
				if here[k] == nil {
					here[k] = &content{}
				}
				here[k].clauses = append(here[k].clauses, c)
			}
		}
	}
}

func orNone(texts []string) []string {
	if len(texts) == 0 {
		return []string{""}
	}
	return texts
}

// settle gives a content its id.
func (d *differ) settle(c *content) {
	slices.SortFunc(c.clauses, clause.compare)
	c.clauses = slices.Compact(c.clauses)
	d.key = d.key[:0]
	for _, one := range c.clauses {
		d.key = one.append(d.key)
	}
	id, found := d.contents[string(d.key)]
	if !found {
		id = int32(1 + len(d.contents))
		d.contents[string(d.key)] = id
	}
	c.id = id
}

func (c clause) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(c.set))
	b = append(b, byte(c.covers), byte(c.above), c.level)
	b = binary.LittleEndian.AppendUint32(b, uint32(c.limits))
	return c.window.append(b)
}

func (w window) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(w.from))
	return binary.LittleEndian.AppendUint64(b, uint64(w.until))
}

func (c clause) compare(other clause) int {
	return cmp.Or(cmp.Compare(c.set, other.set), cmp.Compare(c.covers, other.covers), cmp.Compare(c.above, other.above), cmp.Compare(c.level, other.level),
		cmp.Compare(c.limits, other.limits), cmp.Compare(c.window.from, other.window.from), cmp.Compare(c.window.until, other.window.until))
}

// contains reports whether w is open whenever other is.
func (w window) contains(other window) bool {
	return w.from <= other.from && (w.until == 0 || other.until != 0 && other.until <= w.until)
}

// resolve returns the set of subjects behind the names in a rule. A denial of one account covers all accounts
// of the person.
func (d *differ) resolve(s *side, to []principal, denies bool) int32 {
	if len(to) == 1 {
		return d.resolveOne(s, to[0], denies)
	}
	var members []int32
	for _, p := range to {
		members = append(members, d.subjects.sets[d.resolveOne(s, p, denies)]...)
	}
	return d.subjects.set(members)
}

func (d *differ) resolveOne(s *side, p principal, denies bool) int32 {
	memo := s.sets[0]
	if denies {
		memo = s.sets[1]
	}
	id, known := memo[p]
	if !known {
		id = d.subjects.set(d.behind(s, p, denies, nil, map[principal]bool{}))
		memo[p] = id
	}
	return id
}

// behind adds the subjects that p stands for.
func (d *differ) behind(s *side, p principal, denies bool, members []int32, seen map[principal]bool) []int32 {
	if seen[p] {
		return members
	}
	seen[p] = true
	// Add the subject itself, or the accounts of the person.
	n, text := s.policy.names, s.policy.names.texts[p]
	accounts := n.accounts[p]
	if strings.Contains(text, ":") || p == everyone {
		members = append(members, d.subjects.number(text))
		if denies {
			accounts = n.accounts[n.owner[Subject(text)]]
		}
	}
	for _, account := range accounts {
		members = append(members, d.subjects.number(string(account)))
	}
	// Add the members of the group.
	for _, m := range s.members[p] {
		members = d.behind(s, m, denies, members, seen)
	}
	return members
}
