package acl

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"time"

	"purgebot/purge"
)

// Difference is the set of changes between two policies.
type Difference struct {
	Same     bool        `json:"same"` // no changes; all other fields are empty
	Who      []ChangesOf `json:"who,omitempty"`
	More     int         `json:"more,omitempty"` // number of places with changes for people who are not listed
	Settings []string    `json:"settings,omitempty"`
}

// ChangesOf are changes that apply alike to each person in Who.
type ChangesOf struct {
	Who     []string `json:"who"`               // people, by name if all their accounts are affected; otherwise subjects; "*" means everyone
	MoreWho int      `json:"moreWho,omitempty"` // number of unlisted people
	Changes []Change `json:"changes"`
	More    int      `json:"more,omitempty"` // number of unlisted changes
}

// Change is one difference on some domains, for all of its schemes, kinds and areas taken together.
type Change struct {
	What         Effect       `json:"what"`
	Domains      []string     `json:"domains"` // empty means every domain
	MoreDomains  int          `json:"moreDomains,omitempty"`
	Path         string       `json:"path,omitempty"`  // "" means every path; folded in denials
	Above        bool         `json:"above,omitempty"` // the change concerns the directories that contain Path instead of Path
	In           Subject      `json:"in,omitempty"`
	Schemes      []string     `json:"schemes"`
	Kinds        []purge.Kind `json:"kinds"`
	Areas        []purge.Area `json:"areas"`
	From         time.Time    `json:"from,omitzero"`
	Until        time.Time    `json:"until,omitzero"`
	Confirm      Confirm      `json:"confirm,omitempty"` // the new confirmation; of a lost right, the old one
	Before       Confirm      `json:"before,omitempty"`  // the old confirmation, if it changes
	Limits       string       `json:"limits,omitempty"`  // the new budgets and approvers; of a lost right, the old ones
	LimitsBefore string       `json:"limitsBefore,omitempty"`
	Denied       bool         `json:"denied,omitempty"` // a denial closes the place regardless: after the change for a gain, before it for a loss
}

// Effect is a kind of change.
type Effect string

// The effects, in the order of the listing.
const (
	Gains          Effect = "gains"
	Loses          Effect = "loses"
	ConfirmChanged Effect = "confirm" // a grant has another confirmation
	LimitsChanged  Effect = "limits"  // a grant has other budgets or approvers
	DenialAdded    Effect = "denied"
	DenialRemoved  Effect = "no longer denied"
)

var effects = []Effect{Gains, Loses, ConfirmChanged, LimitsChanged, DenialAdded, DenialRemoved}

// Diff compares two policies place by place, with groups and people resolved; different names of rules and
// groups are no difference. It lists at most the given number of changes, and as many entries of each list in
// them; 0 means all. Policies without a difference decide every ask alike. Names of budgets are not compared,
// so a renamed budget may start afresh.
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

// report converts findings into a Difference.
type report struct {
	*differ
	most  int
	of    map[int32][]int32           // indices of findings, by set
	lines map[int32]map[line][]string // the lines of each shown set, with their domains
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

// linesOf returns the lines for the members of a set. They are built on demand, because the sets may be many.
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

// differences returns the differences with their combinations.
func (f *found) differences() map[line]combinations {
	if !f.denial {
		return f.granted()
	}
	all := map[line]combinations{
		{what: DenialAdded}:   f.is.denied &^ f.was.denied,
		{what: DenialRemoved}: f.was.denied &^ f.is.denied,
	}
	if f.was.denied == f.is.denied {
		all[line{what: DenialAdded, above: true}] = f.is.above &^ f.was.above
		all[line{what: DenialRemoved, above: true}] = f.was.above &^ f.is.above
	}
	return all
}

// granted returns the differences in the grants.
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
			l.what, l.limited = LimitsChanged, limited
		default:
			l.what, l.before, l.limited = ConfirmChanged, was, limited
		}
		all[l] |= 1 << i
	}
	return all
}

// limitsOn returns the limits of one combination.
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

// difference lists the changes by groups of people with equal changes. Each group gets a share of the lines.
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

// block is a group of subjects with changes, and the sets that contain them.
type block struct {
	first string
	who   []int32
	sets  []int32
}

func (r *report) blocks() (blocks []block) {
	of := map[int32][]int32{}
	// Find the sets of each subject.
	for _, set := range slices.Sorted(maps.Keys(r.of)) {
		for _, who := range r.subjects.sets[set] {
			of[who] = append(of[who], set)
		}
	}
	// Put subjects with equal sets together.
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
	// Sort the blocks by their first subject.
	for _, b := range together {
		blocks = append(blocks, *b)
	}
	slices.SortFunc(blocks, func(a, b block) int { return cmp.Compare(a.first, b.first) })
	return blocks
}

// places returns the number of places with changes for the members of all these sets.
func (r *report) places(sets []int32) (n int) {
	for _, set := range sets {
		n += len(r.of[set])
	}
	return n
}

// names returns the people and subjects with these numbers, sorted. A person replaces the accounts that both
// files give them.
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

// changes returns the changes for the members of all these sets.
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
