package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

// chargesOf returns the charges for the purge of order: for all targets to a person, and for two overseas targets to a
// grant.
func chargesOf(limit int) []store.Charge {
	return []store.Charge{
		{Day: today, Key: "person alice", Kind: purge.URL, Area: purge.Overseas, Units: 3, Limit: limit},
		{Day: today, Key: "grant shop", Kind: purge.URL, Area: purge.Overseas, Units: 2, Limit: limit, Targets: []int{0, 2}},
		{Day: today, Key: "person alice", Kind: purge.URL, Area: purge.Mainland, Units: 1, Limit: limit},
	}
}

// used returns the used units of today's budgets.
func used(t *testing.T, s *store.Store) map[string]int {
	all, err := s.Budget(t.Context(), today, "person alice", "grant shop")
	require.NoError(t, err)
	sums := map[string]int{}
	for _, b := range all {
		sums[fmt.Sprint(b.Key, " ", b.Area)] = b.Units
	}
	return sums
}

// confirm decides about a recorded purge with the nth event.
func confirm(t *testing.T, s *store.Store, p store.Purge, n int, charges []store.Charge) (won bool, over *store.OverBudget) {
	d := store.Decision{Purge: p.ID, What: store.Confirmed, Who: alice, Name: "Alice", At: noon, Charges: charges}
	_, won, err := s.Decide(t.Context(), d, event(n), entry("confirmed", p.ID))
	if errors.As(err, &over) {
		return false, over
	}
	require.NoError(t, err)
	return won, nil
}

// budgets checks that a decision takes all its charges or none, once, and within the limits.
func budgets(t *testing.T, w world) {
	s := w.open(t)
	// The first purge is charged once, also when its press is delivered twice.
	first, second := ask(t, s, 1), ask(t, s, 2)
	won, over := confirm(t, s, first, 101, chargesOf(4))
	require.Nil(t, over)
	require.True(t, won)
	full := map[string]int{"person alice overseas": 3, "grant shop overseas": 2, "person alice mainland": 1}
	assert.Equal(t, full, used(t, s))
	won, _ = confirm(t, s, first, 101, chargesOf(4))
	assert.False(t, won, "a redelivery")
	assert.Equal(t, full, used(t, s), "charges nothing")

	// The second purge exceeds the limit, so nothing is written.
	_, over = confirm(t, s, second, 102, chargesOf(4))
	require.NotNil(t, over)
	assert.Equal(t, "person alice", over.Charge.Key)
	assert.Equal(t, purge.Overseas, over.Charge.Area)
	assert.Equal(t, 1, over.Left)
	assert.Equal(t, full, used(t, s), "nothing at all is taken")
	_, decided, err := s.Decision(t.Context(), second.ID)
	require.NoError(t, err)
	assert.False(t, decided, "nor decided")
	assert.Equal(t, []string{"asked"}, whats(t, s, second.ID))
	// The same press succeeds after the limit was raised.
	won, over = confirm(t, s, second, 102, chargesOf(6))
	assert.True(t, won, "the same press, once there is more: its event was not used up")
	assert.Nil(t, over)
	assert.Equal(t, 6, used(t, s)["person alice overseas"], "up to the limit")

	// Charges without a limit, duplicates and empty charges are errors.
	third := ask(t, s, 3)
	_, over = confirm(t, s, third, 103, []store.Charge{{Day: today, Key: "new", Kind: purge.URL, Area: purge.Mainland, Units: 1}})
	require.NotNil(t, over, "no limit said is nothing allowed")
	twice := chargesOf(100)[:1]
	d := store.Decision{Purge: third.ID, What: store.Confirmed, Who: alice, Charges: append(twice, twice...)}
	_, _, err = s.Decide(t.Context(), d, event(103))
	require.Error(t, err, "one charge for each budget")
	for _, units := range []int{-1, 0} {
		d.Charges = []store.Charge{{Day: today, Key: "person alice", Kind: purge.URL, Area: purge.Overseas, Units: units, Limit: 9}}
		_, _, err = s.Decide(t.Context(), d, event(103))
		require.Error(t, err, "a charge takes something")
	}
	assert.Equal(t, 6, used(t, s)["person alice overseas"])

	// Another day has its own budgets.
	tomorrow := chargesOf(3)
	for i := range tomorrow {
		tomorrow[i].Day = "2026-11-22"
	}
	won, _ = confirm(t, s, third, 103, tomorrow)
	assert.True(t, won, "each day has its own")
	assert.Equal(t, 6, used(t, s)["person alice overseas"])
}

// refunds ends a purge with different outcomes and checks the returned charges.
func refunds(t *testing.T, w world) {
	sent := func(st store.CallState) *store.CallState { return &st }
	for name, c := range map[string]struct {
		first    *store.CallState // state of the call with the overseas targets 2 and 0; nil without a call
		outcome  purge.Outcome    // outcome of both targets
		overseas int              // of the two units of the person, the number still used
		shop     int              // of the two units of the grant, the number still used
	}{
		"never called":               {nil, purge.Pending, 0, 0},
		"skipped":                    {nil, purge.Skipped, 0, 0},
		"over the vendor's quota":    {nil, purge.Failed, 0, 0},
		"refused":                    {sent(store.CallRefused), purge.Failed, 0, 0},
		"unsent":                     {sent(store.CallUnsent), purge.Failed, 0, 0},
		"accepted":                   {sent(store.CallAccepted), purge.Accepted, 2, 2},
		"done":                       {sent(store.CallAccepted), purge.Done, 2, 2},
		"failed after it was sent":   {sent(store.CallAccepted), purge.Failed, 2, 2},
		"unknown":                    {sent(store.CallUnknown), purge.OutcomeUnknown, 2, 2},
		"unknown, said to be failed": {sent(store.CallUnknown), purge.Failed, 2, 2},
		"unknown, then skipped":      {sent(store.CallUnknown), purge.Skipped, 2, 2},
		"still calling":              {sent(store.Calling), purge.Pending, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := w.open(t)
			p := ask(t, s, 1)
			_, over := confirm(t, s, p, 101, chargesOf(9))
			require.Nil(t, over)
			rest := func(batch int, area purge.Area, n int) { // done
				call := callOf(p, batch)
				call.Area = area
				call, _, err := s.Begin(t.Context(), call, 0, nil)
				require.NoError(t, err)
				call.State = store.CallAccepted
				require.NoError(t, s.End(t.Context(), call, []store.Target{{Area: area, N: n, Outcome: purge.Done}}))
			}
			// The other two batches are done, so their charges stay.
			rest(1, purge.Overseas, 1)
			rest(2, purge.Mainland, 0)
			// The first batch ends as the case says.
			both := []store.Target{{Area: purge.Overseas, N: 0, Outcome: c.outcome}, {Area: purge.Overseas, N: 2, Outcome: c.outcome}}
			if c.first != nil {
				call, _, err := s.Begin(t.Context(), callOf(p, 0), 0, nil)
				require.NoError(t, err)
				if *c.first != store.Calling {
					call.State = *c.first
					require.NoError(t, s.End(t.Context(), call, nil))
				}
			}
			require.NoError(t, s.SetOutcomes(t.Context(), p.ID, both))
			for range 2 { // the second end changes nothing
				require.NoError(t, s.Finish(t.Context(), p.ID, store.StatePartly, "", noon, false))
				got := used(t, s)
				assert.Equal(t, 1+c.overseas, got["person alice overseas"])
				assert.Equal(t, c.shop, got["grant shop overseas"])
				assert.Equal(t, 1, got["person alice mainland"])
			}
		})
	}
}

// lastBudget checks that one of two racing purges gets the last units.
func lastBudget(t *testing.T, w world) {
	s := w.open(t)
	for n := range 20 {
		first, second := ask(t, s, 2*n), ask(t, s, 2*n+1)
		charge := []store.Charge{{Day: fmt.Sprint("day ", n), Key: "k", Kind: purge.URL, Area: purge.Mainland, Units: 2, Limit: 3}}
		var fits atomic.Int32
		var racing sync.WaitGroup
		for i, p := range []store.Purge{first, second} {
			racing.Go(func() {
				d := store.Decision{Purge: p.ID, What: store.Confirmed, Who: alice, At: noon, Charges: charge}
				if _, won, err := s.Decide(t.Context(), d, event(1000+2*n+i)); err == nil && won {
					fits.Add(1)
				}
			})
		}
		racing.Wait()
		require.EqualValues(t, 1, fits.Load())
	}
}

// budgetModel makes random presses, calls and ends, and compares the budgets with a model that counts targets.
func budgetModel(t *testing.T, w world) {
	// Each seed is another random sequence.
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := w.open(t)
			m := model{Rand: rand.New(rand.NewPCG(seed, 1)), s: s, limit: 7, used: map[string]int{}}
			for n := range 6 {
				m.purges = append(m.purges, &modelled{Purge: ask(t, s, n), sent: map[int]bool{}})
			}
			for range 120 {
				m.step(t)
				got := used(t, s)
				for key, units := range m.used {
					require.Equal(t, units, got[key], key)
					require.GreaterOrEqual(t, units, 0)
					require.LessOrEqual(t, units, m.limit)
				}
			}
			assert.Positive(t, m.refused, "the limit was met")
			assert.Positive(t, m.returned, "something was given back")
		})
	}
}

// model is the expected state of all budgets.
type model struct {
	*rand.Rand
	s                 *store.Store
	limit             int
	used              map[string]int
	purges            []*modelled
	presses           int
	refused, returned int
}

// modelled is one purge of the model.
type modelled struct {
	store.Purge
	charged, over bool
	sent          map[int]bool // batches that may have reached the vendor
	tries         [3]int
}

// cost is the price of each batch of order, by budget.
var cost = []map[string]int{
	{"person alice overseas": 2, "grant shop overseas": 2},
	{"person alice overseas": 1},
	{"person alice mainland": 1},
}

// step makes one random press, call or end.
func (m *model) step(t *testing.T) {
	n := m.IntN(len(m.purges))
	p := m.purges[n]
	// Presses and calls are frequent, ends are rare.
	switch m.IntN(8) {
	case 0, 1, 2:
		m.press(t, p)
	case 3, 4, 5, 6:
		m.call(t, p, m.IntN(3))
	case 7:
		require.NoError(t, m.s.Finish(t.Context(), p.ID, store.StatePartly, "", noon, false))
		// At the end the model gets back the charges of batches that surely were not sent.
		if p.charged && !p.over {
			for batch, units := range cost {
				for key, u := range units {
					if !p.sent[batch] {
						m.used[key] -= u
						m.returned += u
					}
				}
			}
		}
		p.over = true
		m.purges[n] = &modelled{Purge: ask(t, m.s, 100+m.presses*10+n), sent: map[int]bool{}}
		m.presses++
	}
}

// press confirms a purge and compares the result with the model.
func (m *model) press(t *testing.T, p *modelled) {
	fits := m.used["person alice overseas"]+3 <= m.limit && m.used["grant shop overseas"]+2 <= m.limit && m.used["person alice mainland"]+1 <= m.limit
	m.presses++
	won, over := confirm(t, m.s, p.Purge, 10_000+m.presses, chargesOf(m.limit))
	switch {
	case p.charged:
		require.False(t, won)
	case !fits:
		require.NotNil(t, over)
		m.refused++
	default:
		require.True(t, won)
		p.charged = true
		m.used["person alice overseas"] += 3
		m.used["grant shop overseas"] += 2
		m.used["person alice mainland"]++
	}
}

// call makes one try of a batch with a random end, or without one, and with a random outcome.
func (m *model) call(t *testing.T, p *modelled, batch int) {
	if !p.charged {
		return
	}
	// The try is recorded before it leaves.
	c := callOf(p.Purge, batch)
	c.Try = p.tries[batch]
	p.tries[batch]++
	c, _, err := m.s.Begin(t.Context(), c, 0, nil)
	require.NoError(t, err)
	// A random end is chosen, and the model notes a batch that may have reached the vendor.
	ends := []store.CallState{store.Calling, store.CallAccepted, store.CallRefused, store.CallUnsent, store.CallUnsent, store.CallUnknown}
	c.State = ends[m.IntN(len(ends))]
	p.sent[batch] = p.sent[batch] || c.State != store.CallRefused && c.State != store.CallUnsent
	if c.State == store.Calling {
		return
	}
	outcome := []purge.Outcome{purge.Failed, purge.Pending, purge.Skipped}[m.IntN(3)]
	rows := [][]store.Target{
		{{Area: purge.Overseas, N: 2, Outcome: outcome}, {Area: purge.Overseas, N: 0, Outcome: outcome}},
		{{Area: purge.Overseas, N: 1, Outcome: outcome}},
		{{Area: purge.Mainland, N: 0, Outcome: outcome}},
	}
	require.NoError(t, m.s.End(t.Context(), c, rows[batch]))
}

// chargedAtOnce checks that a purge takes its charges in the transaction that records it. A purge over its budget is not
// recorded.
func chargedAtOnce(t *testing.T, w world) {
	s := w.open(t)
	take := func(n, limit int) (store.Taken, error) {
		p, batches := order(t, n)
		p.Charges, p.Overrides = chargesOf(limit), []string{"r-1"}
		q := store.RecentQuery{ID: p.ID, Who: p.Requester, Channel: p.Channel, Day: today, Kind: p.Request.Kind}
		return s.TakeIf(t.Context(), q, func(store.Recent) *store.Intake {
			return &store.Intake{Purge: p, Batches: batches, Entries: []store.Entry{entry("asked", p.ID)}}
		})
	}
	// The first purge fits.
	taken, err := take(1, 4)
	require.NoError(t, err)
	full := used(t, s)
	assert.Equal(t, 3, full["person alice overseas"])
	stored, _, err := s.Purge(t.Context(), taken.Purge.ID)
	require.NoError(t, err)
	assert.Equal(t, []string{"r-1"}, stored.Overrides)

	// The second purge exceeds the limit and leaves no trace.
	_, err = take(2, 4)
	var over *store.OverBudget
	require.ErrorAs(t, err, &over)
	assert.Equal(t, 1, over.Left)
	assert.Equal(t, full, used(t, s))
	p, _ := order(t, 2)
	_, found, err := s.Purge(t.Context(), p.ID)
	require.NoError(t, err)
	assert.False(t, found, "nothing of it is there")
	assert.Empty(t, whats(t, s, p.ID))

	// The end of the first purge makes room for the second.
	require.NoError(t, s.Finish(t.Context(), stored.ID, store.StateExpired, "", noon, false))
	assert.Empty(t, used(t, s), "what was never sent is given back")
	_, err = take(2, 4)
	require.NoError(t, err)
}
