package acl

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"time"

	"purgebot/purge"
)

// Difference is what changes when one policy takes the place of another.
type Difference struct {
	Same     bool        `json:"same"` // nothing below is filled
	Who      []ChangesOf `json:"who,omitempty"`
	More     int         `json:"more,omitempty"` // how many places change for others, who are not listed
	Settings []string    `json:"settings,omitempty"`
}

// ChangesOf are the changes for some, the same for each of them.
type ChangesOf struct {
	Who     []string `json:"who"`               // people, by name if all their accounts are meant; else subjects; "*" is everybody
	MoreWho int      `json:"moreWho,omitempty"` // how many are not listed
	Changes []Change `json:"changes"`
	More    int      `json:"more,omitempty"` // how many are not listed
}

// Change is what differs on some domains, for all of its schemes, kinds and areas taken together.
type Change struct {
	What         Effect       `json:"what"`
	Domains      []string     `json:"domains"` // none is every domain
	MoreDomains  int          `json:"moreDomains,omitempty"`
	Path         string       `json:"path,omitempty"`  // "" is every path; of denials, folded
	Above        bool         `json:"above,omitempty"` // the directories that contain Path are meant, and it is not
	In           Subject      `json:"in,omitempty"`
	Schemes      []string     `json:"schemes"`
	Kinds        []purge.Kind `json:"kinds"`
	Areas        []purge.Area `json:"areas"`
	From         time.Time    `json:"from,omitzero"`
	Until        time.Time    `json:"until,omitzero"`
	Confirm      Confirm      `json:"confirm,omitempty"` // as it will be; of what is lost, as it was
	Before       Confirm      `json:"before,omitempty"`  // as it was, where that changes
	Limits       string       `json:"limits,omitempty"`  // budgets and approvers, likewise
	LimitsBefore string       `json:"limitsBefore,omitempty"`
	Denied       bool         `json:"denied,omitempty"` // a denial closes it anyway: to what is gained, after; to what is lost, before
}

// Effect is a way to differ.
type Effect string

// The effects, in the order in which they are listed.
const (
	Gains       Effect = "gains"
	Loses       Effect = "loses"
	Reconfirms  Effect = "confirm" // a grant asks for another confirmation
	Relimits    Effect = "limits"  // a grant has other budgets or approvers
	IsDenied    Effect = "denied"
	IsNotDenied Effect = "no longer denied"
)

var effects = []Effect{Gains, Loses, Reconfirms, Relimits, IsDenied, IsNotDenied}

// Diff compares what two policies say, place by place, once their groups and people are resolved; what rules and groups are
// called is no difference. It lists at most so many changes, and of each list in them at most so many; 0 is all.
// If nothing differs, both decide every ask alike; names of budgets are not compared, so what was used of them may be forgotten.
func Diff(before, after *Policy, most int) Difference {
	d := newDiffer(before, after)
	d.compare()
	r := report{differ: d, most: most, of: map[int32][]int32{}, lines: map[int32]map[line][]string{}}
	for i, f := range d.found {
		r.of[f.set] = append(r.of[f.set], int32(i))
	}
	out := r.difference()
	out.Settings = d.settings()
	out.Same = len(out.Who) == 0 && len(out.Settings) == 0
	return out
}

// report puts what was found into words.
type report struct {
	*differ
	most  int
	of    map[int32][]int32           // what was found, by set
	lines map[int32]map[line][]string // the same with the domains of each line, for sets that are shown
}

// line is a Change without its domains.
type line struct {
	what            Effect
	path            string
	above           bool
	in              Subject
	of              [3]choice
	window          window
	confirm, before uint8
	limits, limited string
	denied          bool
}

// linesOf are the lines for the members of a set. They are put together where they are shown: there may be very many others.
func (r *report) linesOf(set int32) map[line][]string {
	lines, known := r.lines[set]
	if !known {
		lines = map[line][]string{}
		r.lines[set] = lines
		for _, i := range r.of[set] {
			r.found[i].add(lines)
		}
	}
	return lines
}

func (f *found) add(lines map[line][]string) {
	for l, covers := range f.differences() {
		l.path, l.in, l.window = f.path, f.in, f.window
		for _, l.of = range covers.terms() {
			lines[l] = append(lines[l], f.domain)
		}
	}
}

// differences says what differs, with the combinations for which it does.
func (f *found) differences() map[line]combinations {
	if !f.denial {
		return f.granted()
	}
	all := map[line]combinations{
		{what: IsDenied}:    f.is.denied &^ f.was.denied,
		{what: IsNotDenied}: f.was.denied &^ f.is.denied,
	}
	if f.was.denied == f.is.denied {
		all[line{what: IsDenied, above: true}] = f.is.above &^ f.was.above
		all[line{what: IsNotDenied, above: true}] = f.was.above &^ f.is.above
	}
	return all
}

// granted says what differs in what grants say.
func (o *outcome) granted() map[line]combinations {
	all := map[line]combinations{}
	for i := range o.was.level {
		was, is := o.was.level[i], o.is.level[i]
		l := line{confirm: is, limits: o.is.limitsOn(i), denied: o.is.denied>>i&1 == 1}
		switch limited := o.was.limitsOn(i); {
		case was == is && l.limits == limited:
			continue
		case was == 0:
			l.what = Gains
		case is == 0:
			l = line{what: Loses, confirm: was, limits: limited, denied: o.was.denied>>i&1 == 1}
		case was == is:
			l.what, l.limited = Relimits, limited
		default:
			l.what, l.before, l.limited = Reconfirms, was, limited
		}
		all[l] |= 1 << i
	}
	return all
}

// limitsOn are the limits of one combination.
func (h *holds) limitsOn(i int) string {
	var on []byte
	for rest := h.limits; rest != ""; rest = rest[5:] {
		if rest[4]>>i&1 == 1 {
			on = append(on, rest[:4]...)
		}
	}
	return string(on)
}

// terms splits a set of combinations into products of schemes, kinds and areas, the largest first.
func (c combinations) terms() (terms [][3]choice) {
	for size := 8; c != 0; size /= 2 {
		for n := range 27 {
			term := [3]choice{1 + choice(n%3), 1 + choice(n/3%3), 1 + choice(n/9)}
			all := combine(term[0], term[1], term[2])
			if bits.OnesCount8(uint8(all)) == size && c&all == all {
				terms = append(terms, term)
				c &^= all
			}
		}
	}
	return terms
}

// difference lists the changes by those for whom they are the same. Each of them gets a share of the lines.
func (r *report) difference() (out Difference) {
	blocks := r.blocks()
	left, share := r.most, max(10, r.most/max(1, len(blocks)))
	if r.most == 0 {
		left, share = unlimited, unlimited
	}
	for _, b := range blocks {
		if left == 0 {
			out.More += r.places(b.sets)
			continue
		}
		c := r.changesOf(b, min(share, left))
		left -= len(c.Changes)
		out.Who = append(out.Who, c)
	}
	return out
}

func (r *report) changesOf(b block, most int) (c ChangesOf) {
	all := r.changes(b.sets)
	c.Changes = all[:min(most, len(all))]
	c.Who, c.MoreWho = r.some(r.names(b.who))
	c.More = len(all) - len(c.Changes)
	return c
}

// block is some subjects and the sets that they are in, of those for which something changes.
type block struct {
	first string
	who   []int32
	sets  []int32
}

func (r *report) blocks() (blocks []block) {
	of := map[int32][]int32{}
	for _, set := range slices.Sorted(maps.Keys(r.of)) {
		for _, who := range r.subjects.sets[set] {
			of[who] = append(of[who], set)
		}
	}
	together := map[int32]*block{}
	sets := subjects{ids: map[string]int32{}}
	for who, of := range of {
		id := sets.set(of)
		if together[id] == nil {
			together[id] = &block{first: r.subjects.texts[who], sets: of}
		}
		b := together[id]
		b.who, b.first = append(b.who, who), min(b.first, r.subjects.texts[who])
	}
	for _, b := range together {
		blocks = append(blocks, *b)
	}
	slices.SortFunc(blocks, func(a, b block) int { return cmp.Compare(a.first, b.first) })
	return blocks
}

// places is how many places have changes for the members of all these sets.
func (r *report) places(sets []int32) (n int) {
	for _, set := range sets {
		n += len(r.of[set])
	}
	return n
}

// names are the people and subjects behind numbers, sorted. A person stands for all accounts that both files give it.
func (r *report) names(who []int32) (names []string) {
	in := map[string]bool{}
	for _, n := range who {
		in[r.subjects.texts[n]] = true
	}
	for text := range in {
		names = append(names, r.name(text, in))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (r *report) name(text string, in map[string]bool) string {
	for _, s := range []*side{r.after, r.before} {
		owner, owned := s.policy.names.owner[Subject(text)]
		if !owned {
			continue
		}
		name := s.policy.names.texts[owner]
		if slices.ContainsFunc(s.policy.names.accounts[owner], func(a Subject) bool { return !in[string(a)] }) {
			return text + " (" + name + ")"
		}
		return name
	}
	return text
}

// changes are those for the members of all these sets.
func (r *report) changes(sets []int32) (all []Change) {
	for _, set := range sets {
		for l, domains := range r.linesOf(set) {
			all = append(all, r.change(l, domains))
		}
	}
	slices.SortFunc(all, func(a, b Change) int {
		return cmp.Or(cmp.Compare(slices.Index(effects, a.What), slices.Index(effects, b.What)), slices.Compare(a.Domains, b.Domains), cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.In, b.In), slices.Compare(a.Kinds, b.Kinds), slices.Compare(a.Areas, b.Areas), slices.Compare(a.Schemes, b.Schemes), a.From.Compare(b.From), a.Until.Compare(b.Until))
	})
	return all
}

func (r *report) change(l line, domains []string) Change {
	c := Change{
		What: l.what, Path: l.path, Above: l.above, In: l.in, Denied: l.denied, Schemes: l.of[0].texts(schemes), Kinds: typed[purge.Kind](l.of[1].texts(kinds)),
		Areas: typed[purge.Area](l.of[2].texts(areas)), From: moment(l.window.from), Until: moment(l.window.until), Limits: r.sayLimits(l.limits), LimitsBefore: r.sayLimits(l.limited),
	}
	if l.confirm > 0 {
		c.Confirm = confirmations[l.confirm-1]
	}
	if l.before > 0 {
		c.Before = confirmations[l.before-1]
	}
	slices.Sort(domains)
	if domains[0] != "" {
		c.Domains, c.MoreDomains = r.some(domains)
	}
	return c
}

func (r *report) some(texts []string) (some []string, more int) {
	n := len(texts)
	if r.most > 0 {
		n = min(n, r.most)
	}
	return texts[:n], len(texts) - n
}
