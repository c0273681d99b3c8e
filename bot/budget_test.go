package bot

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// budgetPolicy gives each person five URLs and two directories a day and area, all of web together six URLs, and the grant
// "careful" two.
const budgetPolicy = `version: 1
contact: "#cdn-help"
people: {alice: [slack:T0/UALICE, slack:T0/UALICE2], bob: [slack:T0/UBOB]}
groups: {web: [alice, bob]}
administrators: [bob]
defaults: {budget: {url: 5, directory: 2}}
budgets: {web: {url: 6}}
grants:
  - {name: site, to: [web], domains: [www.test.com], kinds: [url, directory], areas: [mainland, overseas]}
  - {name: careful, to: [web], domains: [two.test.com], paths: [/a/], budget: {url: 2}}
`

func urls(host string, names ...string) string {
	return "https://" + host + "/a/" + strings.Join(names, " https://"+host+"/a/")
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPolicy(budgetPolicy)
	w.types(alice, urls("www.test.com", "1", "2", "3"))
	w.ends("Done")
	reply := w.types(alice2, urls("www.test.com", "4", "5", "6"))
	assert.Equal(t, "Your budget for today does not hold this: 3 of 5 URLs in mainland are used; 1 of these 3 do not fit, and nothing was purged."+
		" It resets at 00:00 UTC. Ask #cdn-help for more.", reply.Title, "all accounts of a person are one")
	assert.Equal(t, "Purge the other 2", reply.Buttons[0].Label)
	r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: alice2, At: channel, Token: reply.Buttons[0].Token})
	require.NoError(t, err)
	require.Nil(t, r.Card)
	w.chat.await(t, func(m shown) bool { return m.card.Title == "Done in mainland: 2 URLs on www.test.com" })

	reply = w.types(alice, urls("www.test.com", "7"))
	assert.Contains(t, reply.Title, "Your budget for today is used up: 5 of 5 URLs in mainland; 1 of these 1 do not fit")
	assert.Empty(t, reply.Buttons)
	assert.Contains(t, w.types(bob, urls("www.test.com", "8", "9")).Title, "The budget that web shares for today does not hold this: 5 of 6 URLs in mainland")
	w.types(bob, urls("www.test.com", "8")+" --overseas")
	w.presses(bob, "Purge")
	w.chat.await(t, func(m shown) bool { return m.card.Title == "Done in overseas: 1 URL on www.test.com" })
	assert.Contains(t, w.types(bob, urls("two.test.com", "1", "2", "3")).Title, "The budget that web shares", "the first that does not hold it is named")
	w.setPolicy(strings.Replace(budgetPolicy, "budgets: {web: {url: 6}}", "", 1))
	assert.Contains(t, w.types(bob, urls("two.test.com", "1", "2", "3")).Title, "Your budget under the rule “careful” for today does not hold this: 0 of 2 URLs in mainland are used")
	w.setPolicy(budgetPolicy)
	assert.Len(t, w.audited("refused"), 5)

	domains := textOf(w.types(alice, "domains"))
	assert.Contains(t, domains, "Your budget: 0 of 5 URLs in mainland left today")
	assert.Contains(t, domains, "Your budget: 5 of 5 URLs in overseas left today")
	assert.Contains(t, domains, "The budget that web shares: 1 of 6 URLs in mainland left today")
	assert.Contains(t, domains, "Your budget under the rule “careful”: 2 of 2 URLs in mainland left today")
	assert.Equal(t, 1, strings.Count(domains, "Your budget: 2 of 2 directories in mainland"))
	why := textOf(w.types(alice, "why https://two.test.com/a/1 --mainland"))
	assert.Contains(t, why, "Your budget under the rule “careful”: 2 of 2 URLs in mainland left today")
}

// A dry run judges budgets as the command itself does, and charges nothing.
func TestDryRunJudgesBudgets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPolicy(budgetPolicy)
	w.types(alice, urls("www.test.com", "1", "2", "3"))
	w.ends("Done")
	for range 2 {
		fits := lines(w.types(alice, urls("www.test.com", "4", "5")+" --dry-run"))
		assert.Contains(t, fits, "Your budget: 2 of 5 URLs in mainland left today; this takes 2.")
		assert.Contains(t, fits, "The budget that web shares: 3 of 6 URLs in mainland left today; this takes 2.")
		assert.NotContains(t, fits, "refused")
	}
	dir := lines(w.types(alice, "dir https://www.test.com/a/ --global --dry-run"))
	assert.Contains(t, dir, "Your budget: 2 of 2 directories in mainland left today; this takes 1.")
	assert.Contains(t, dir, "Your budget: 2 of 2 directories in overseas left today; this takes 1.")
	for _, more := range [][]string{{"4", "5", "6"}, {"4", "5", "6", "7"}} { // the first is over one budget, the second over both
		dry := lines(w.types(alice2, urls("www.test.com", more...)+" --dry-run"))
		assert.Contains(t, dry, "It would be refused: "+w.types(alice2, urls("www.test.com", more...)).Title, "in the same words")
	}
	w.setPolicy(worldPolicy)
	assert.NotContains(t, lines(w.types(alice, urls("www.test.com", "9")+" --dry-run")), "budget", "who has none hears of none")
}

// A budget gets back the units that were surely not sent, and no others.
func TestBudgetIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer error
		cancel bool
		left   string
	}{
		"cancelled": {nil, true, "Your budget: 2 of 2 directories in mainland"},
		"refused":   {&purge.Error{Kind: purge.Invalid, Message: "No."}, false, "Your budget: 2 of 2 directories in mainland"},
		"unknown":   {&purge.Error{Kind: purge.Unknown, Message: "Cut."}, false, "Your budget: 1 of 2 directories in mainland"},
		"done":      {nil, false, "Your budget: 1 of 2 directories in mainland"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.setPolicy(budgetPolicy)
			w.cdn.status = func(q purge.StatusQuery) ([]purge.TargetStatus, error) {
				if name == "unknown" {
					return nil, &purge.Error{Kind: purge.Unavailable, Message: "Later."}
				}
				return seen(q, purge.Done), nil
			}
			w.bot.waits.Deadline = 0
			w.cdn.set(func(purge.Batch) error { return c.answer })
			m := w.asks(alice, directory)
			assert.Contains(t, textOf(w.types(alice, "domains")), "Your budget: 1 of 2 directories in mainland", "an open question holds it")
			if c.cancel {
				w.pressesOn(alice, m, "Cancel")
			} else {
				w.pressesOn(alice, m, "Purge")
			}
			w.chat.await(t, func(m shown) bool { return strings.Contains(m.card.Footer, "took") })
			assert.Contains(t, textOf(w.types(alice, "domains")), c.left)
		})
	}
}

// Simultaneous requests never take more units than a budget has.
func TestBudgetAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPolicy(budgetPolicy)
	var all sync.WaitGroup
	for _, name := range strings.Split("abcdefghij", "") {
		all.Go(func() { w.types(alice, urls("www.test.com", name)) })
	}
	all.Wait()
	assert.Eventually(t, func() bool { return len(w.cdn.sent()) == 5 }, 60e9, 5e6)
	assert.Len(t, w.audited("refused"), 5)
}
