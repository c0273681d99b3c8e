package bot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

// Budgets are what people may purge in one vendor day, by the policy file. They are taken in the transaction that takes the purge,
// so that two commands at once cannot both have the last of one; the store gives back what surely was not sent.

// charge counts the n-th target of an area towards its budgets.
func (v *verdict) charge(k purge.Kind, a purge.Area, n int, charges []acl.Charge) {
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

// chargesOn is what a purge takes of the budgets of a day.
func (v *verdict) chargesOn(day string) []store.Charge {
	charges := slices.Clone(v.charges)
	for i, c := range charges {
		charges[i].Day = day
		for _, p := range v.allowed.Parts {
			if p.Area == c.Area && len(p.Targets) == c.Units {
				charges[i].Targets = nil // all of the area
			}
		}
	}
	return charges
}

// overBudget says that a budget does not hold all of it, and offers what fits.
func (b *desk) overBudget(ctx context.Context, s scene, w wish.Wish, v verdict, over *store.OverBudget) (chat.Reply, error) {
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

// budgetLines says what is left of budgets today, in their order.
func (b *desk) budgetLines(ctx context.Context, of []card.Budget) ([]string, error) {
	left, err := b.budgetsLeft(ctx, of)
	var lines []string
	for i, o := range of {
		lines = append(lines, card.BudgetLine(o, left[i]))
	}
	return lines, err
}

// budgetsLeft is what each has left today.
func (b *desk) budgetsLeft(ctx context.Context, of []card.Budget) ([]int, error) {
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

// wouldTake says what is left of each budget that a wish would be charged to, and why it would be refused, in the words that the
// charge itself has; "" if it fits. Nothing is charged.
func (b *desk) wouldTake(ctx context.Context, s scene, v verdict) (lines []string, refused string, err error) {
	charges := slices.SortedFunc(slices.Values(v.charges), func(a, b store.Charge) int { // as the store takes them
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Area, b.Area))
	})
	var of []card.Budget
	for _, c := range charges {
		of = append(of, card.Budget{Charge: acl.Charge{Key: c.Key, Limit: c.Limit}, QuotaOf: card.QuotaOf{Kind: c.Kind, Area: c.Area}})
	}
	left, err := b.budgetsLeft(ctx, of)
	for i, c := range charges {
		lines = append(lines, fmt.Sprintf("%s; this takes %d.", card.BudgetLine(of[i], left[i]), c.Units))
		if refused == "" && c.Units > left[i] {
			refused = card.OverBudget(c, left[i], s.policy.Contact(), b.vendor.DayTurns())
		}
	}
	return lines, refused, err
}

// mostBudgets bounds what is looked at to say which budgets somebody has.
const mostBudgets = 64

// budgetsOf are the budgets that count for somebody here, found by asking for what each grant lets them purge.
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

// sample asks for something that a grant covers.
func sample(s scene, g acl.GrantView, k purge.Kind, a purge.Area) acl.Request {
	host, path, in := strings.Replace(g.Domains[0], "*.", "a.", 1), "/", s.at.Subject()
	if len(g.Paths) > 0 {
		path = g.Paths[0]
	}
	if len(g.In) > 0 {
		in = g.In[0]
	}
	t, _ := purge.Parse(k, g.Schemes[0]+"://"+host+path) // the zero target is denied
	return acl.Request{Who: s.who, In: in, Despite: acl.Despite{All: true},
		Purge: purge.Request{Kind: k, Parts: []purge.Part{{Area: a, Targets: []purge.Target{t}}}}}
}
