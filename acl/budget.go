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

// Charge is one daily budget that a target counts towards: all that is charged to Key in a vendor day, for the decision's kind
// and area, may be Limit targets. Keys stay the same as long as the names in the file do.
type Charge struct {
	Key   string
	Limit int
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
		}
		if v.shape != scalar || err != nil || units < 1 {
			r.wrong(v, "a budget is a number of targets a day, or unlimited")
		}
		b[slices.Index(kinds[:], key)] = units
	})
	if whole && n.shape == mapping && said < len(b) {
		r.wrong(n, "say both url and directory; write `unlimited` where there is to be no limit")
	}
	return b
}

// groupBudgets reads what all members of a group share.
func (r *reader) groupBudgets(n node) {
	r.entries(n, "write `oncall: {url: 5000, directory: 40}`", func(name, v node) {
		if !r.groups[name.text] {
			r.wrong(name, "`%s` is no group of this file; define it under `groups`", name.text)
			return
		}
		r.shared = append(r.shared, groupBudget{r.names.number(name.text), r.budget(v, false)})
	})
}

type groupBudget struct {
	group  principal
	budget budget
}

// person is what budgets call the one who acts: all accounts of one person are one.
func (p *Policy) person(s Subject) string {
	if owner, owned := p.names.owner[s]; owned {
		return "person " + p.names.texts[owner]
	}
	return "person " + string(s)
}

// charges are the budgets of a kind that everything counts towards which this person purges, under whatever grant.
func (p *Policy) charges(w Who, kind int) (all []Charge) {
	if limit := p.each[kind]; limit > 0 && limit < unlimited {
		all = append(all, Charge{p.person(w.subject), limit})
	}
	for _, g := range p.shared {
		if limit := g.budget[kind]; limit > 0 && limit < unlimited && w.named.has(g.group) {
			all = append(all, Charge{"group " + p.names.texts[g.group], limit})
		}
	}
	return slices.Clip(all)
}

// addSpecial adds what special grants ask for beside the one that ranks first: their budgets, and their approvers.
func (p *Policy) addSpecial(d *Decision, w Who, kind purge.Kind, grants []int32) {
	slices.Sort(grants)
	for _, n := range slices.Compact(grants) {
		g := &p.grants[n]
		if limit := g.budget[kindIndex(kind)]; limit > 0 && limit < unlimited {
			d.Charges = append(d.Charges, Charge{p.person(w.subject) + ", grant " + g.name, limit})
		}
		if len(g.approvers) > 0 {
			d.approved = append(d.approved, n)
		}
	}
}
