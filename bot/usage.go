package bot

import (
	"context"
	"fmt"

	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/bot/vendor"
	"purgebot/purge"
)

// quotaCard draws today's quota: a bar each kind and area, when it starts anew, and who used what, as far as that is theirs to know.
func (b *desk) quotaCard(ctx context.Context, s scene) (chat.Card, []store.Entry, error) {
	b.vendor.AwaitQuota(ctx, vendor.QuotaReply)
	day := b.vendor.Day(b.Now())
	spent, err := b.vendor.Spent(ctx, day)
	if err != nil {
		return chat.Card{}, nil, err
	}
	c := chat.Card{Title: "Today's quota", Footer: "Resets at " + b.vendor.DayTurns()}
	told := true
	for _, k := range b.vendor.Kinds() {
		for _, a := range []purge.Area{purge.Mainland, purge.Overseas} {
			al, limited := b.vendor.Allowance(k, a)
			told = told && (al.Told || k == purge.Prefetch)
			c.Lines = append(c.Lines, card.QuotaLine(k, a, al.Total, max(0, al.Limit-spent[card.QuotaOf{Kind: k, Area: a}]), spent[card.QuotaOf{Kind: k, Area: a}], limited))
		}
		if n := s.policy.Reserve(k); n > 0 {
			c.Lines = append(c.Lines, card.ReserveLine(n, k, s.policy.MayTouchReserve(s.who)))
		}
	}
	if !told {
		c.Lines = append(c.Lines, card.QuotaOurs)
	}
	by, err := b.Store.SpentBy(ctx, day)
	c.Lines = append(c.Lines, usedLines(s, by)...)
	return c, nil, err
}

// mostUsers is how many people's use is shown.
const mostUsers = 15

// usedLines says who used how much: everybody to auditors and administrators, to others their own.
func usedLines(s scene, by []store.SpentBy) []string {
	all := s.policy.Auditor(s.who) || s.policy.Administrator(s.who)
	var lines []string
	for _, u := range by {
		own := s.policy.SamePerson(u.Who, s.person.Subject)
		if !all && !own {
			continue
		}
		name := "You"
		if !own {
			name = chat.OneLine(u.Name) + " (" + string(u.Who) + ")"
		}
		lines = append(lines, fmt.Sprintf("%s used %s in %s", name, card.Things(u.Units, u.Kind), u.Area))
	}
	if more := len(lines) - mostUsers; more > 0 {
		lines = append(lines[:mostUsers], fmt.Sprintf("and %d more.", more))
	}
	if len(lines) == 0 && !all {
		return []string{"You used nothing today."}
	}
	return lines
}
