package acl

import (
	"math"
	"slices"
	"strconv"

	"purgebot/purge"
)

// unlimited is a budget that the file states and that has no bound.
const unlimited = math.MaxInt

// budget is the number of targets of each kind, by the kind's index, for one vendor day and area; 0 means no
// budget.
type budget [2]int

// limit returns the bound of a kind, or 0 if there is none.
func (b budget) limit(kind int) int { return b[kind] % unlimited }

// Charge is one daily budget that a target counts towards. Limit bounds the targets of the decision's kind and
// area that are charged to Key in a vendor day. A Key is stable as long as the names in the file are.
type Charge struct {
	Key   string `json:"key"`
	Limit int    `json:"limit"`
}

func kindIndex(k purge.Kind) int { return slices.Index(kinds[:], string(k)) }

// budget reads a whole number for each kind. The flag whole makes both kinds required, so that "unlimited" is
// always written.
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

// groupBudget is a budget that all members of a group share.
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

// counted refuses a budget of a grant without a unique name, because use is counted by that name.
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

// person returns the name of the acting person in keys of budgets, the same for all accounts of one person.
func (p *Policy) person(s Subject) string {
	if owner, owned := p.names.owner[s]; owned {
		return "person " + p.names.texts[owner]
	}
	return "person " + string(s)
}

// chargesAlways returns the budgets of a kind that apply to w under every grant.
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

// charges returns all budgets that apply to w under the given grants.
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
