package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

const today = "2026-11-21"

// callOf returns the first try of a batch: two units of URLs overseas.
func callOf(p store.Purge, batch int) store.Call {
	return store.Call{Purge: p.ID, Batch: batch, Try: 1, Kind: purge.URL, Area: purge.Overseas, Units: 2, Day: today, Owner: "one", At: noon}
}

// spent returns the units used today.
func spent(t *testing.T, s *store.Store) int {
	all, err := s.Spent(t.Context(), today)
	require.NoError(t, err)
	if len(all) == 0 {
		return 0
	}
	require.Len(t, all, 1)
	assert.Equal(t, store.Spent{Kind: purge.URL, Area: purge.Overseas, Units: all[0].Units}, all[0])
	return all[0].Units
}

// ledger checks that a call is recorded before it leaves and gets one answer.
func ledger(t *testing.T, w world) {
	s := w.open(t)
	// The call begins.
	p := record(t, s, 1)
	c, fresh, err := s.Begin(t.Context(), callOf(p, 0), 0, nil, entry("sending", p.ID))
	require.NoError(t, err)
	require.True(t, fresh)
	want := callOf(p, 0)
	want.State = store.Calling
	assert.Equal(t, want, c)

	// The answer is stored with the outcomes of its targets.
	c.State, c.Receipt, c.Problem = store.CallAccepted, purge.Receipt{TaskID: "12345678901234567890", RequestID: "r", At: noon}, ""
	outcome := []store.Target{{Area: purge.Overseas, N: 2, Outcome: purge.Accepted}, {Area: purge.Overseas, N: 0, Outcome: purge.Failed, Reason: "said no"}}
	require.NoError(t, s.End(t.Context(), c, outcome, entry("answered", p.ID)))
	calls, err := s.Calls(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, []store.Call{c}, calls)
	rows, err := s.Targets(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, []purge.Outcome{purge.Pending, purge.Failed, purge.Pending, purge.Accepted},
		[]purge.Outcome{rows[0].Outcome, rows[1].Outcome, rows[2].Outcome, rows[3].Outcome})
	assert.Equal(t, "said no", rows[1].Reason)
	assert.Equal(t, int64(2), cardOf(t, s, p.ID, store.Status).Wanted, "End bumps the card")

	// A second answer changes nothing.
	c.State = store.CallUnknown
	require.NoError(t, s.End(t.Context(), c, nil, entry("answered otherwise", p.ID)))
	calls, err = s.Calls(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, store.CallAccepted, calls[0].State, "the first answer stays")
	assert.Equal(t, []string{"asked", "sending", "answered"}, whats(t, s, p.ID))

	// Invalid ends and unknown purges are errors.
	c.State = store.Calling
	require.Error(t, s.End(t.Context(), c, nil), "calling is no end")
	c.Batch, c.State = 1, store.CallRefused
	require.Error(t, s.End(t.Context(), c, nil), "it never began")
	_, _, err = s.Begin(t.Context(), store.Call{Purge: idOf(99)}, 0, nil)
	assert.Equal(t, purge.NotFound, purge.AsError(err).Kind)

	// No call begins after the end of the purge.
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StateUnknown, "", noon, false))
	c, fresh, err = s.Begin(t.Context(), callOf(p, 1), 0, nil)
	require.NoError(t, err)
	assert.False(t, fresh)
	assert.Equal(t, store.CallStopped, c.State, "nothing leaves once it is over")
}

// quota checks that calls reserve units of the day's quota and return them if surely not used.
func quota(t *testing.T, w world) {
	s := w.open(t)
	p := record(t, s, 1)
	end := func(batch int, st store.CallState) {
		c := callOf(p, batch)
		c.State = st
		require.NoError(t, s.End(t.Context(), c, nil))
	}
	// Each row is one call; refused and unsent calls return their units.
	for i, c := range []struct {
		units, quota int
		want         store.CallState
		end          store.CallState
		spent        int
	}{
		{6, 5, store.CallOverQuota, "", 0},
		{2, 5, store.Calling, store.CallUnsent, 0},
		{2, 5, store.Calling, store.CallRefused, 0},
		{2, 5, store.Calling, store.CallUnknown, 2},
		{2, 5, store.Calling, store.CallAccepted, 4},
		{2, 5, store.CallOverQuota, "", 4},
		{1, 5, store.Calling, "", 5},
		{1, 0, store.Calling, "", 6},
	} {
		call := callOf(p, i)
		call.Units = c.units
		got, fresh, err := s.Begin(t.Context(), call, c.quota, nil)
		require.NoError(t, err)
		assert.Equal(t, c.want, got.State, "call %d", i)
		assert.Equal(t, c.want == store.Calling, fresh, "call %d", i)
		if c.end != "" {
			end(i, c.end)
		}
		assert.Equal(t, c.spent, spent(t, s), "after call %d", i)
	}
	// Another day has its own quota.
	tomorrow := callOf(p, 50)
	tomorrow.Day = "2026-11-22"
	got, _, err := s.Begin(t.Context(), tomorrow, 2, nil)
	require.NoError(t, err)
	assert.Equal(t, store.Calling, got.State, "each day has its own")

	t.Run("the last unit, raced", func(t *testing.T) {
		s := w.open(t)
		first, second := record(t, s, 1), record(t, s, 2)
		for day := range 50 {
			var fits atomic.Int32
			var racing sync.WaitGroup
			for _, p := range []store.Purge{first, second} {
				racing.Go(func() {
					c := callOf(p, day)
					c.Day, c.Units = fmt.Sprint("day ", day), 1
					_, fresh, err := s.Begin(t.Context(), c, 1, nil)
					assert.NoError(t, err)
					if fresh {
						fits.Add(1)
					}
				})
			}
			racing.Wait()
			require.EqualValues(t, 1, fits.Load(), "day %d", day)
		}
	})
}

// outcomes checks the outcomes of 1,000 targets.
func outcomes(t *testing.T, w world) {
	s := w.open(t)
	// A purge has 1,000 targets in one batch.
	p, _ := order(t, 1)
	var urls []string
	for i := range 1000 {
		urls = append(urls, fmt.Sprintf("https://www.test.com/%d", i))
	}
	many := targets(t, urls...)
	p.Request.Parts = []purge.Part{{Area: purge.Overseas, Targets: many}}
	_, err := s.Record(t.Context(), p, []purge.Batch{{Kind: purge.URL, Area: purge.Overseas, Targets: many}})
	require.NoError(t, err)

	// All but one target get an outcome.
	var news []store.Target
	for n := range 999 {
		o := store.Target{Area: purge.Overseas, N: n, Outcome: purge.Done}
		if n%10 == 0 {
			o.Outcome, o.Reason = purge.Failed, fmt.Sprint("reason ", n%3)
		}
		news = append(news, o)
	}
	require.NoError(t, s.SetOutcomes(t.Context(), p.ID, news))
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StatePartly, "a problem", noon, true))
	// The last target, never sent, ends as skipped.
	got, err := s.Targets(t.Context(), p.ID)
	require.NoError(t, err)
	for n, o := range news {
		require.Equal(t, o.Outcome, got[n].Outcome)
		require.Equal(t, o.Reason, got[n].Reason)
		require.Equal(t, urls[n], got[n].Target.String())
	}
	assert.Equal(t, purge.Skipped, got[999].Outcome, "what never left is skipped in the end")
	stored, _, err := s.Purge(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, "a problem", stored.Problem)
	assert.Equal(t, noon, stored.FinishedAt)
}
