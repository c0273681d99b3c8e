package bot

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

// Budgets limit the units that people may purge in one vendor day, by the policy file. They are charged in the transaction that
// takes the purge, so that two commands at once cannot both use the last unit; the store returns units that were surely not sent.

// charge counts the n-th target of an area towards its budgets.
func (v *judgement) charge(k purge.Kind, a purge.Area, n int, charges []acl.Charge) {
	for _, c := range charges {
		i := slices.IndexFunc(v.charges, func(t store.Charge) bool { return t.Key == c.Key && t.Area == a })
		if i < 0 {
			i = len(v.charges)
			v.charges = append(v.charges, store.Charge{Key: c.Key, Kind: k, Area: a, Limit: c.Limit})
		}
		v.charges[i].Units++
		v.charges[i].Targets = append(v.charges[i].Targets, n)
	}
}

// chargesOn returns the charges of a purge to the budgets of a day.
func (v *judgement) chargesOn(day string) []store.Charge {
	charges := slices.Clone(v.charges)
	for i, c := range charges {
		charges[i].Day = day
		for _, p := range v.allowed.Parts {
			if p.Area == c.Area && len(p.Targets) == c.Units {
				charges[i].Targets = nil // no list means all targets of the area
			}
		}
	}
	return charges
}

// overBudget refuses a request that exceeds a budget, and offers the part that fits.
func (b *requests) overBudget(ctx context.Context, s scene, w wish.Wish, v judgement, over *store.OverBudget) (chat.Reply, error) {
	c := over.Charge
	reason := card.OverBudget(c, over.Left, s.policy.Contact(), b.vendor.DayTurns())
	fits := v
	fits.refused = nil
	for _, p := range v.allowed.Parts {
		for n, t := range p.Targets {
			counted := c.Targets == nil || slices.Contains(c.Targets, n)
			if p.Area == c.Area && counted {
				if over.Left--; over.Left < 0 {
					fits.refused = append(fits.refused, card.Refusal{Target: t.String(), Area: p.Area, Reason: reason})
				}
			}
		}
	}
	return b.offer(ctx, s, w, fits, chat.Card{Title: reason, Tone: chat.Bad})
}

// budgetLines returns one line for each budget with the units that are left today, in the given order.
func (b *requests) budgetLines(ctx context.Context, of []card.Budget) ([]string, error) {
	left, err := b.budgetsLeft(ctx, of)
	var lines []string
	for i, o := range of {
		lines = append(lines, card.BudgetLine(o, left[i]))
	}
	return lines, err
}

// budgetsLeft returns the units that each budget has left today.
func (b *requests) budgetsLeft(ctx context.Context, of []card.Budget) ([]int, error) {
	var keys []string
	for _, o := range of {
		keys = addOnce(keys, o.Key)
	}
	rows, err := b.Store.Budget(ctx, b.vendor.Day(b.Now()), keys...)
	left := make([]int, len(of))
	for i, o := range of {
		left[i] = o.Limit
		for _, r := range rows {
			if r.Key == o.Key && (card.QuotaOf{Kind: r.Kind, Area: r.Area}) == o.QuotaOf {
				left[i] = max(0, o.Limit-r.Units)
			}
		}
	}
	return left, err
}

// wouldTake returns the remaining units of each budget that a request would be charged to, and the refusal that the charge would
// get, or "". It charges nothing.
func (b *requests) wouldTake(ctx context.Context, s scene, v judgement) (lines []string, refused string, err error) {
	charges := slices.SortedFunc(slices.Values(v.charges), func(a, b store.Charge) int { // in the order of the store
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Area, b.Area))
	})
	var of []card.Budget
	for _, c := range charges {
		of = append(of, card.Budget{Charge: acl.Charge{Key: c.Key, Limit: c.Limit}, QuotaOf: card.QuotaOf{Kind: c.Kind, Area: c.Area}})
	}
	left, err := b.budgetsLeft(ctx, of)
	for i, c := range charges {
		lines = append(lines, card.BudgetTakes(of[i], left[i], c.Units))
		if refused == "" && c.Units > left[i] {
			refused = card.OverBudget(c, left[i], s.policy.Contact(), b.vendor.DayTurns())
		}
	}
	return lines, refused, err
}

// mostBudgets bounds the number of grants that are searched for budgets.
const mostBudgets = 64

// budgetsOf returns the budgets that count for a person here, found by judging a sample target of each grant.
func budgetsOf(s scene, grants []acl.GrantView) (found []card.Budget) {
	for _, g := range grants[:min(len(grants), mostBudgets)] {
		for _, k := range g.Kinds {
			for _, a := range g.Areas {
				for _, c := range s.law.JudgeOne(sample(s, g, k, a)).Charges {
					if o := (card.Budget{Charge: c, QuotaOf: card.QuotaOf{Kind: k, Area: a}}); !slices.Contains(found, o) {
						found = append(found, o)
					}
				}
			}
		}
	}
	return found
}

// sample returns a request for one target that a grant covers.
func sample(s scene, g acl.GrantView, k purge.Kind, a purge.Area) acl.Request {
	host, path, in := strings.Replace(g.Domains[0], "*.", "a.", 1), "/", s.at.Subject()
	if len(g.Paths) > 0 {
		path = g.Paths[0]
	}
	if len(g.In) > 0 {
		in = g.In[0]
	}
	t, _ := purge.Parse(k, g.Schemes[0]+"://"+host+path) // a parse error yields the zero target, which is denied
	return acl.Request{Who: s.who, In: in, Despite: acl.Despite{All: true},
		Purge: purge.Request{Kind: k, Parts: []purge.Part{{Area: a, Targets: []purge.Target{t}}}}}
}
