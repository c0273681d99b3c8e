package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

// beside checks that Beside returns the calls of other purges at a host that may have been carried out.
func beside(t *testing.T, w world) {
	s := w.open(t)
	// The calls differ in state, time and area.
	states := []store.CallState{store.CallAccepted, store.CallUnknown, store.CallRefused, store.CallUnsent}
	for n, st := range states {
		run(t, s, recordOnly(t, s, n, purge.Mainland), noon, st, purge.Accepted)
	}
	calling := recordOnly(t, s, 10, purge.Mainland)
	call := callOf(calling, 0)
	call.Area, call.At = purge.Mainland, noon.Add(time.Minute)
	call, _, err := s.Begin(t.Context(), call, 0, nil)
	require.NoError(t, err)
	run(t, s, recordOnly(t, s, 11, purge.Mainland), noon.Add(-time.Hour), store.CallAccepted, purge.Accepted)
	run(t, s, recordOnly(t, s, 12, purge.Overseas), noon, store.CallAccepted, purge.Accepted)
	recordOnly(t, s, 13, purge.Mainland) // a purge without a call

	// Only calls that may have been carried out at this host and time are found.
	one := purge.Sent{Kind: purge.URL, Area: purge.Mainland, Target: targets(t, "https://www.test.com/1.jpg")[0]}
	look := func(id, host string) []purge.Sent {
		found, err := s.Beside(t.Context(), id, purge.Mainland, host, noon.Add(-purge.Overlap))
		require.NoError(t, err)
		return found
	}
	assert.Equal(t, []purge.Sent{one, one, one}, look(idOf(99), "www.test.com"), "accepted, unknown, and calling")
	assert.Equal(t, []purge.Sent{one, one}, look(calling.ID, "www.test.com"), "not one's own")
	assert.Empty(t, look(idOf(99), "other.test.com"))

	// The answer to a call adds its task.
	call.State, call.Receipt = store.CallAccepted, purge.Receipt{TaskID: "7", At: noon}
	require.NoError(t, s.End(t.Context(), call, nil))
	named := one
	named.TaskID = "7"
	assert.Contains(t, look(idOf(99), "www.test.com"), named)
}

// unclear checks that each open purge with an unclear call gets one message, once the call is old enough.
func unclear(t *testing.T, w world) {
	s := w.open(t)
	// Only the first of four purges is open and unclear.
	run(t, s, recordOnly(t, s, 1, purge.Mainland), noon, store.CallUnknown, purge.OutcomeUnknown)
	run(t, s, recordOnly(t, s, 2, purge.Mainland), noon, store.CallUnknown, purge.Done) // resolved since
	run(t, s, recordOnly(t, s, 3, purge.Mainland), noon, store.CallAccepted, purge.Accepted)
	over := recordOnly(t, s, 4, purge.Mainland)
	run(t, s, over, noon, store.CallUnknown, purge.OutcomeUnknown)
	require.NoError(t, s.Finish(t.Context(), over.ID, store.StateUnknown, "", noon, true))
	tell := func(before time.Time) int {
		n, err := s.TellUnclear(t.Context(), before)
		require.NoError(t, err)
		return n
	}
	// The message is wanted once.
	assert.Zero(t, tell(noon), "not yet")
	assert.Equal(t, 1, tell(noon.Add(time.Second)))
	assert.Zero(t, tell(noon.Add(time.Hour)), "once")
	card := func(n int) (store.Card, bool) {
		c, found, err := s.CardOf(t.Context(), idOf(n), store.Looking)
		require.NoError(t, err)
		return c, found
	}
	// The card exists for that purge alone, and is edited at the end.
	c, found := card(1)
	assert.Equal(t, []any{true, int64(1), int64(0)}, []any{found, c.Wanted, c.Shown})
	for _, n := range []int{2, 3, 4} {
		_, found := card(n)
		assert.False(t, found, n)
	}
	require.NoError(t, s.Finish(t.Context(), idOf(1), store.StateUnknown, "", noon, true))
	c, _ = card(1)
	assert.EqualValues(t, 2, c.Wanted, "its end is edited in")
}

// learning checks that Learn writes outcomes of an open purge and nothing of a finished one.
func learning(t *testing.T, w world) {
	s := w.open(t)
	p := recordOnly(t, s, 1, purge.Mainland)
	// A repeated step changes nothing.
	run(t, s, p, noon, store.CallUnknown, purge.OutcomeUnknown)
	found := []store.Target{{Area: purge.Mainland, N: 0, Outcome: purge.Done}}
	for range 2 {
		open, err := s.Learn(t.Context(), p.ID, found, entry(store.AuditSeen, p.ID))
		require.NoError(t, err)
		assert.True(t, open)
	}
	rows, err := s.Targets(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, purge.Done, rows[0].Outcome)
	// After the end nothing is written.
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StateDone, "", noon, true))
	found[0].Outcome = purge.Failed
	open, err := s.Learn(t.Context(), p.ID, found)
	require.NoError(t, err)
	assert.False(t, open)
	rows, err = s.Targets(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, purge.Done, rows[0].Outcome, "which Revise is for")
}
