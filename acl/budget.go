package acl

import (
	"math"
	"slices"
	"strconv"

	"purgebot/purge"
)

// unlimited is a budget that is written and bounds nothing.
const unlimited = math.MaxInt

// budget is how many targets of a kind, by its index, may be purged in one vendor day and area; 0 is not said.
type budget [2]int

// limit returns the bound of a kind, 0 if there is none.
func (b budget) limit(kind int) int { return b[kind] % unlimited }

// Charge is one daily budget that a target counts towards: all that is charged to Key in a vendor day, for the decision's kind
// and area, may be Limit targets. A Key stays the same as long as the names in the file do.
type Charge struct {
	Key   string `json:"key"`
	Limit int    `json:"limit"`
}

func kindIndex(k purge.Kind) int { return slices.Index(kinds[:], string(k)) }

// budget reads whole numbers for kinds. whole wants every kind said: that there is no limit must be written.
func (r *reader) budget(n node, whole bool) (b budget) {
	said := 0
	r.fields(n, budgetKeys, func(key string, v node) {
		said++
		units, err := strconv.Atoi(v.text)
		if v.text == "unlimited" {
			units, err = unlimited, nil
		} else if err == nil && strconv.Itoa(units) != v.text {
			r.wrong(v, "%s is another number to another reader of YAML (010 is 10, or 8); write %d", v.text, units)
		}
		if v.shape != scalar || err != nil || units < 1 {
			r.wrong(v, "a budget is a number of targets a day, or unlimited")
		}
		b[kindIndex(purge.Kind(key))] = units
	})
	if whole && n.shape == mapping && said < len(b) {
		r.wrong(n, "say both url and directory; write `unlimited` where there is to be no limit")
	}
	return b
}

// groupBudget is what all members of a group share.
type groupBudget struct {
	group  principal
	budget budget
}

func (r *reader) groupBudgets(n node) {
	r.entries(n, "write `oncall: {url: 5000, directory: 40}`", func(name, v node) {
		if !r.groups[name.text] {
			r.wrong(name, "`%s` is no group of this file; define it under `groups`", name.text)
			return
		}
		r.shared = append(r.shared, groupBudget{r.names.number(name.text), r.budget(v, false)})
	})
}

// counted refuses a budget that no name tells from another: what is used of it is kept by the grant's name.
func (r *reader) counted(n node, g *rule, named bool) {
	if g.budget == (budget{}) {
		return
	}
	if !named {
		r.wrong(n, "a grant with a budget needs a `name`, by which what is used of it is counted")
	}
	if r.budgets[g.name] {
		r.wrong(n, "another grant with a budget is called %q too; what is used of each is counted by its name", g.name)
	}
	r.budgets[g.name] = true
}

// person is what budgets call the one who acts: all accounts of one person are one.
func (p *Policy) person(s Subject) string {
	if owner, owned := p.names.owner[s]; owned {
		return "person " + p.names.texts[owner]
	}
	return "person " + string(s)
}

// chargesAlways are the budgets of a kind that count whatever grant w purges under.
func (p *Policy) chargesAlways(w Who, kind int) (all []Charge) {
	if limit := p.each.limit(kind); limit > 0 {
		all = append(all, Charge{p.person(w.subject), limit})
	}
	for _, g := range p.shared {
		if limit := g.budget.limit(kind); limit > 0 && w.named.has(g.group) {
			all = append(all, Charge{"group " + p.names.texts[g.group], limit})
		}
	}
	return slices.Clip(all)
}

// charges are all the budgets that count for w where these grants cover.
func (p *Policy) charges(w Who, k purge.Kind, special *special) []Charge {
	kind := kindIndex(k)
	all := w.also.charges[kind]
	if special == nil {
		return all
	}
	for _, n := range special.grants {
		if limit := p.grants[n].budget.limit(kind); limit > 0 {
			all = append(all, Charge{p.person(w.subject) + ", grant " + p.grants[n].name, limit})
		}
	}
	return all
}
