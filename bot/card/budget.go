package card

import (
	"fmt"
	"strings"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// OverBudget refuses a purge that exceeds a budget: the sentence names the budget, its use and the next step.
func OverBudget(c store.Charge, left int, contact, turns string) string {
	used := fmt.Sprintf("%d of %d %s in %s", c.Limit-left, c.Limit, nounPlural(c.Kind), c.Area)
	s := fmt.Sprintf("%s for today is used up: %s; %d of these %d do not fit, and nothing was purged.", Title(whose(c.Key)), used, c.Units-left, c.Units)
	if left > 0 {
		s = fmt.Sprintf("%s for today does not hold this: %s are used; %d of these %d do not fit, and nothing was purged.", Title(whose(c.Key)), used, c.Units-left, c.Units)
	}
	return s + " It resets at " + turns + "." + askFor(contact)
}

// askFor names the contact who can raise a budget; it returns "" if the policy file names no contact.
func askFor(contact string) string {
	if contact == "" {
		return ""
	}
	return " Ask " + contact + " for more."
}

// whose describes in words the budget that a key of the policy stands for.
func whose(key string) string {
	if group, is := strings.CutPrefix(key, "group "); is {
		return "the budget that " + chat.OneLine(group) + " shares"
	}
	if _, rule, is := strings.Cut(key, ", grant "); is {
		return "your budget under the rule “" + chat.OneLine(rule) + "”"
	}
	return "your budget"
}

// Budget is one limit on a kind of purge in an area.
type Budget struct {
	acl.Charge
	QuotaOf
}

// BudgetLine shows the rest of one budget.
func BudgetLine(o Budget, left int) string {
	return fmt.Sprintf("%s: %d of %d %s in %s left today", Title(whose(o.Key)), left, o.Limit, nounPlural(o.Kind), o.Area)
}

// QuotaOf names one quota.
type QuotaOf struct {
	Kind purge.Kind
	Area purge.Area
}
