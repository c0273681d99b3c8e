package acl

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"purgebot/purge"
)

// Difference is what changes for whom when one policy file takes the place of another.
type Difference struct {
	Gains   []Change `json:"gains,omitempty"`
	Loses   []Change `json:"loses,omitempty"`
	Changes []Change `json:"changes,omitempty"` // of the confirmation
	Others  []string `json:"others,omitempty"`  // sentences about all else: denials, windows, budgets, approvers, powers
}

// Change is one for all of Who, on all of Targets, with all of Schemes, Kinds and Areas.
type Change struct {
	Who     []string     `json:"who"`     // as the files name them; a group whose members differ is listed by member
	Targets []string     `json:"targets"` // hosts or "*." and a host, each with a path
	In      Subject      `json:"in,omitempty"`
	Schemes []string     `json:"schemes"`
	Kinds   []purge.Kind `json:"kinds"`
	Areas   []purge.Area `json:"areas"`
	Rule    string       `json:"rule"`              // that lets them, in the newer file if it still does
	Confirm Confirm      `json:"confirm,omitempty"` // as it will be; of what is lost, as it was
	Before  Confirm      `json:"before,omitempty"`  // as it was, of a change of it
}

// Diff asks both policies about everything that a grant of either names, and returns where the answers differ. Grants count
// as if every from and until were now.
func Diff(before, after *Policy) Difference {
	d := differ{before: before, after: after, who: map[string][2]Who{}, asked: map[probe]bool{}, found: map[finding]map[string][]string{}}
	for _, p := range []*Policy{before, after} {
		for i := range p.grants {
			d.grant(p, &p.grants[i])
		}
	}
	out := d.difference()
	out.Others = others(before, after)
	return out
}

// differ collects findings: what changed, for whom, on which targets.
type differ struct {
	before, after *Policy
	who           map[string][2]Who // before and after
	asked         map[probe]bool
	found         map[finding]map[string][]string
}

// probe is one place to ask about. Nothing is asked twice.
type probe struct {
	who, domain, path string
	in                Subject
}

// finding is one way in which answers differ.
type finding struct {
	effect          effect
	covers          combinations
	in              Subject
	rule            string
	confirm, before Confirm
}

type effect int

const (
	gain effect = iota
	loss
	change
)

// grant asks about all that a grant names.
func (d *differ) grant(p *Policy, g *rule) {
	paths := g.paths
	if len(paths) == 0 {
		paths = []string{"/"}
	}
	for _, to := range g.to {
		for _, who := range d.parts(p.names.texts[to]) {
			for _, domain := range g.domains {
				for _, path := range paths {
					for _, in := range g.channels(p) {
						d.ask(probe{who, domain, path, in})
					}
				}
			}
		}
	}
}

// parts is a group itself if it means the same in both files, else everybody behind the name.
func (d *differ) parts(name string) []string {
	before, after := d.before.behind(name), d.after.behind(name)
	if _, person := d.after.names.accounts[d.after.names.numbers[name]]; slices.Equal(before, after) && !person {
		return []string{name}
	}
	all := slices.Concat(before, after)
	slices.Sort(all)
	return slices.Compact(all)
}

// behind lists the accounts and platform groups that a name means, sorted.
func (p *Policy) behind(name string) []string {
	if strings.Contains(name, ":") {
		return []string{name}
	}
	n, known := p.names.numbers[name]
	if !known {
		return nil
	}
	all := subjectTexts(p.subjects(n, nil, map[principal]bool{}))
	slices.Sort(all)
	return all
}

func subjectTexts(subjects []Subject) (texts []string) {
	for _, s := range subjects {
		texts = append(texts, string(s))
	}
	return texts
}

// ask compares the answers about one place, for each scheme, kind and area.
func (d *differ) ask(at probe) {
	if d.asked[at] {
		return
	}
	d.asked[at] = true
	if _, known := d.who[at.who]; !known {
		d.who[at.who] = [2]Who{d.before.as(at.who), d.after.as(at.who)}
	}
	found := map[finding]combinations{}
	for i := range 8 {
		if f, differs := d.compare(at, i); differs {
			found[f] |= 1 << i
		}
	}
	for f, covers := range found {
		f.covers = covers
		if d.found[f] == nil {
			d.found[f] = map[string][]string{}
		}
		d.found[f][at.who] = append(d.found[f][at.who], at.domain+at.path)
	}
}

// compare asks both policies one question: about the path as a URL, about some directory in it, and about a label that no file
// names in the place of a star. So a denial below what is granted does not look as if it took away all of the grant.
func (d *differ) compare(at probe, combination int) (f finding, differs bool) {
	a := Ask{In: at.in, Kind: purge.Kind(kinds[combination>>1&1]), Area: purge.Area(areas[combination>>2]), anytime: true}
	address := schemes[combination&1] + "://" + strings.Replace(at.domain, "*", "any-label", 1) + at.path
	if a.Kind == purge.Directory {
		address += "any-directory/"
	}
	var err error
	if a.Target, err = purge.Parse(a.Kind, address); err != nil {
		return f, false
	}
	a.Who = d.who[at.who][0]
	was := d.before.Decide(a)
	a.Who = d.who[at.who][1]
	is := d.after.Decide(a)
	switch {
	case is.Allowed && !was.Allowed:
		return finding{effect: gain, in: at.in, rule: is.Rule, confirm: is.Confirm}, true
	case was.Allowed && !is.Allowed:
		return finding{effect: loss, in: at.in, rule: was.Rule, confirm: was.Confirm}, true
	}
	return finding{effect: change, in: at.in, rule: is.Rule, confirm: is.Confirm, before: was.Confirm}, is.Confirm != was.Confirm
}

// difference puts those together for whom the same changes, and splits what one sentence cannot say.
func (d *differ) difference() (out Difference) {
	for f, byWho := range d.found {
		together := map[string][]string{}
		for who, targets := range byWho {
			slices.Sort(targets)
			key := strings.Join(targets, "\n")
			together[key] = append(together[key], who)
		}
		for targets, who := range together {
			out.add(f, d.people(who), strings.Split(targets, "\n"))
		}
	}
	for _, all := range []*[]Change{&out.Gains, &out.Loses, &out.Changes} {
		slices.SortFunc(*all, func(a, b Change) int {
			return cmp.Or(slices.Compare(a.Who, b.Who), slices.Compare(a.Targets, b.Targets), cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
		})
	}
	return out
}

// people puts a person's name in the place of all the accounts.
func (d *differ) people(who []string) []string {
	for person, accounts := range d.after.names.accounts {
		if all := subjectTexts(accounts); among(all, who...) {
			who = slices.DeleteFunc(who, func(s string) bool { return slices.Contains(all, s) })
			who = append(who, d.after.names.texts[person])
		}
	}
	slices.Sort(who)
	return who
}

func (out *Difference) add(f finding, who, targets []string) {
	to := map[effect]*[]Change{gain: &out.Gains, loss: &out.Loses, change: &out.Changes}[f.effect]
	for _, t := range f.covers.terms() {
		*to = append(*to, Change{Who: who, Targets: targets, In: f.in, Rule: f.rule, Confirm: f.confirm, Before: f.before,
			Schemes: t[0].texts(schemes), Kinds: typed[purge.Kind](t[1].texts(kinds)), Areas: typed[purge.Area](t[2].texts(areas))})
	}
}

// terms splits a set of combinations into products of schemes, kinds and areas, the largest first.
func (c combinations) terms() (terms [][3]choice) {
	for widest := 3; widest >= 0; widest-- {
		for n := range 27 {
			t := [3]choice{choice(n%3 + 1), choice(n/3%3 + 1), choice(n/9 + 1)}
			if covers := combine(t[0], t[1], t[2]); bits.OnesCount8(uint8(covers)) == 1<<widest && c&covers == covers {
				terms = append(terms, t)
				c &^= covers
			}
		}
	}
	return terms
}
