package acl

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// differ compares two sides. It looks only at places where they differ, and computes for each the rights on
// either side, from all rules whose place contains it. No difference in any of these places means no difference
// anywhere: the greater of two different answers comes from a rule that only one side has, and it is greater in
// that rule's own place, too.
type differ struct {
	subjects subjects
	contents map[string]int32
	limits   map[limits]int32
	said     []limits // by number
	memo     map[string][]outcome
	key      []byte
	everyone int32

	before, after *side
	found         []found
}

// limits are the budget and approvers of a grant, which add up over grants.
type limits struct {
	budget    budget
	approvers int32 // a set; -1 if the grant names no approvers
}

// holds is the rights of one subject in one place: for each combination the confirmation (0 means no grant),
// the limits, and the denied combinations.
type holds struct {
	level  [8]uint8
	limits string // pairs of combinations and a number, as bytes
	denied combinations
	above  combinations
}

// outcome is a difference for all members of a set.
type outcome struct {
	set     int32
	was, is holds
}

// found is an outcome in a place.
type found struct {
	outcome
	denial bool
	domain string
	spotKey
	window window
}

func (d *differ) limitsOf(s *side, g *rule) int32 {
	l := limits{budget: g.budget, approvers: -1}
	if len(g.approvers) > 0 {
		l.approvers = d.resolve(s, g.approvers, false)
	}
	if l == (limits{approvers: -1}) {
		return 0
	}
	n, known := d.limits[l]
	if !known {
		n = int32(len(d.said))
		d.limits[l], d.said = n, append(d.said, l)
	}
	return n
}

func newDiffer(before, after *Policy) *differ {
	d := &differ{contents: map[string]int32{}, limits: map[limits]int32{}, said: make([]limits, 1), memo: map[string][]outcome{}}
	d.subjects = subjects{numbers: map[string]int32{}, ids: map[string]int32{}}
	d.everyone = d.subjects.number("*")
	d.before, d.after = d.side(before), d.side(after)
	return d
}

// compare fills found.
func (d *differ) compare() {
	d.compareAll(d.before.grants, d.after.grants, false)
	d.compareAll(d.before.denials, d.after.denials, true)
}

func (d *differ) compareAll(before, after places, denial bool) {
	for domain, here := range after {
		for k := range here {
			d.place(domain, k, before[domain][k], here[k], denial)
		}
	}
	for domain, here := range before {
		for k := range here {
			if after[domain][k] == nil {
				d.place(domain, k, here[k], nil, denial)
			}
		}
	}
}

func (d *differ) place(domain string, k spotKey, before, after *content, denial bool) {
	if before != nil && after != nil && before.id == after.id {
		return
	}
	differing := slices.Concat(without(before, after), without(after, before))
	var open []window
	for _, c := range differing {
		if !slices.Contains(open, c.window) {
			open = append(open, c.window)
		}
	}
	for _, w := range open {
		was, is := d.before.around(domain, k, denial), d.after.around(domain, k, denial)
		for _, o := range d.outcomes(was, is, w, denial, differing) {
			d.found = append(d.found, found{o, denial, domain, k, w})
		}
	}
}

// without returns the clauses of a that are not in b. Both are sorted.
func without(a, b *content) (rest []clause) {
	if a == nil || b == nil {
		if a != nil {
			return a.clauses
		}
		return nil
	}
	for _, c := range a.clauses {
		if _, found := slices.BinarySearchFunc(b.clauses, c, clause.compare); !found {
			rest = append(rest, c)
		}
	}
	return rest
}

// surrounding is a place that contains another one.
type surrounding struct {
	*content
	here   bool // the place has the same path
	denial bool
}

// around returns the places that contain a place. For a grant they include the denials, to tell which
// combinations are denied regardless.
func (s *side) around(domain string, k spotKey, denial bool) (all []surrounding) {
	if !denial {
		for name := range grantsAbove(domain) {
			all = s.grants[name].around(k, false, all)
		}
		k.path = fold(k.path)
	}
	for name := range denialsAbove(domain) {
		all = s.denials[name].around(k, true, all)
	}
	return all
}

func (all spots) around(k spotKey, denial bool, to []surrounding) []surrounding {
	if len(all) == 0 {
		return to
	}
	add := func(path string) {
		if c := all[spotKey{path, k.in}]; c != nil {
			to = append(to, surrounding{c, path == k.path, denial})
		}
		if c := all[spotKey{path, ""}]; c != nil && k.in != "" {
			to = append(to, surrounding{c, path == k.path, denial})
		}
	}
	add("")
	for i := range len(k.path) {
		if k.path[i] == '/' {
			add(k.path[:i+1])
		}
	}
	return to
}

// grantsAbove yields the domains whose grants hold on the whole domain; see starred.
func grantsAbove(domain string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		host, wild := strings.CutPrefix(domain, "*.")
		if wild && !yield(domain) {
			return
		}
		for name := range starred(host) {
			if name[0] == '.' {
				name = "*" + name
			} else if wild {
				continue
			}
			if !yield(name) {
				return
			}
		}
	}
}

// denialsAbove yields the domains whose denials hold on the whole domain.
func denialsAbove(domain string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !yield("") || domain == "" {
			return
		}
		host, wild := strings.CutPrefix(domain, "*.")
		if !wild && !yield(host) {
			return
		}
		for found := true; found; _, host, found = strings.Cut(host, ".") {
			if !yield("*." + host) {
				return
			}
		}
	}
}

// outcomes returns the differences in a place for the subjects that the differing clauses name.
func (d *differ) outcomes(was, is []surrounding, w window, denial bool, differing []clause) []outcome {
	// Write the key of the question: the window, the places on both sides, and the sets of subjects.
	d.key = w.append(d.key[:0])
	for _, all := range [][]surrounding{was, is} {
		for _, s := range all {
			d.key = append(binary.LittleEndian.AppendUint32(d.key, uint32(s.id)), flags(s.here, s.denial))
		}
		d.key = append(d.key, '|')
	}
	var sets []int32
	for _, c := range differing {
		if c.window == w && !slices.Contains(sets, c.set) {
			sets = append(sets, c.set)
			d.key = binary.LittleEndian.AppendUint32(d.key, uint32(c.set))
		}
	}
	// Answer equal questions once.
	key := string(append(d.key, flags(denial, false)))
	all, known := d.memo[key]
	if !known {
		all = d.partition(was, is, w, denial, sets)
		d.memo[key] = all
	}
	return all
}

func flags(a, b bool) (f byte) {
	if a {
		f |= 1
	}
	if b {
		f |= 2
	}
	return f
}

// partition puts subjects with equal differences together.
func (d *differ) partition(was, is []surrounding, w window, denial bool, sets []int32) (all []outcome) {
	together := map[outcome][]int32{}
	for _, who := range d.union(sets) {
		o := outcome{was: d.holds(was, who, w), is: d.holds(is, who, w)}
		if o.differs(denial) {
			together[o] = append(together[o], who)
		}
	}
	for o, who := range together {
		o.set = d.subjects.set(who)
		all = append(all, o)
	}
	return all
}

func (d *differ) union(sets []int32) (all []int32) {
	for _, set := range sets {
		all = append(all, d.subjects.sets[set]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (o *outcome) differs(denial bool) bool {
	if denial {
		return o.was.denied != o.is.denied || o.was.above != o.is.above
	}
	return o.was.level != o.is.level || o.was.limits != o.is.limits
}

// holds returns the rights of a subject in a place during w.
func (d *differ) holds(around []surrounding, who int32, w window) (h holds) {
	var limits [][5]byte
	for _, s := range around {
		s.each(d, who, w, func(c *clause) {
			switch {
			case !s.denial:
				h.grant(c)
				if c.limits != 0 {
					limits = append(limits, [5]byte(append(binary.BigEndian.AppendUint32(nil, uint32(c.limits)), byte(c.covers))))
				}
			case s.here:
				h.denied |= c.covers
				h.above |= c.above
			default:
				h.denied |= c.covers
				h.above |= c.covers & combine(both, 2, both)
			}
		})
	}
	h.limits = sayLimits(limits)
	return h
}

func (h *holds) grant(c *clause) {
	for i := range h.level {
		if c.covers>>i&1 == 1 {
			h.level[i] = max(h.level[i], c.level)
		}
	}
}

// sayLimits sorts limits and merges the combinations of equal ones.
func sayLimits(all [][5]byte) string {
	slices.SortFunc(all, func(a, b [5]byte) int { return cmp.Compare(string(a[:]), string(b[:])) })
	var said []byte
	for _, one := range all {
		if n := len(said); n > 0 && string(said[n-5:n-1]) == string(one[:4]) {
			said[n-1] |= one[4]
			continue
		}
		said = append(said, one[:]...)
	}
	return string(said)
}

// each calls do for the clauses that hold for a subject during w.
func (c *content) each(d *differ, who int32, w window, do func(*clause)) {
	c.index(d)
	for _, one := range []int32{who, d.everyone} {
		if c.of != nil {
			for _, i := range c.of[one] {
				c.clauses[i].during(w, do)
			}
			continue
		}
		for i := range c.clauses {
			if d.subjects.has(c.clauses[i].set, one) {
				c.clauses[i].during(w, do)
			}
		}
	}
}

func (c *clause) during(w window, do func(*clause)) {
	if c.window.contains(w) {
		do(c)
	}
}

// index maps subjects to their clauses, if the clauses are many.
func (c *content) index(d *differ) {
	if c.of != nil || len(c.clauses) <= few {
		return
	}
	c.of = map[int32][]int32{}
	for i, one := range c.clauses {
		for _, who := range d.subjects.sets[one.set] {
			c.of[who] = append(c.of[who], int32(i))
		}
	}
}
