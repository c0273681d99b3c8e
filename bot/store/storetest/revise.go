package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

// refusedCall begins the first batch of a purge and returns its call as refused and to be split.
func refusedCall(t *testing.T, s *store.Store, p store.Purge) store.Call {
	c, fresh, err := s.Begin(t.Context(), callOf(p, 0), 0, nil)
	require.NoError(t, err)
	require.True(t, fresh)
	c.State, c.Problem, c.Next = store.CallRefused, "one of them is not yours", store.Next{What: store.Split, First: 1, Parts: 2}
	return c
}

// parts returns a split of the first batch: each target gets a batch of its own behind all others.
func parts() [][]store.Target {
	return [][]store.Target{
		{{Area: purge.Overseas, N: 2, Batch: 3}},
		{{Area: purge.Overseas, N: 0, Batch: 4}},
	}
}

// split checks that a refused call ends and its targets get batches of their own, once, even if the step runs again
// after a kill.
func split(t *testing.T, w world) {
	// The step runs before and after a restart.
	s := w.open(t)
	p := record(t, s, 1)
	c := refusedCall(t, s, p)
	require.NoError(t, s.Split(t.Context(), c, parts(), entry("answered", p.ID)))
	s = w.reopen(t, s)
	require.NoError(t, s.Split(t.Context(), c, parts(), entry("answered", p.ID)), "the step runs again")

	// The call has ended without cost, and the targets have new batches.
	calls, err := s.Calls(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, []store.Call{c}, calls)
	assert.Zero(t, spent(t, s), "a refused call costs nothing")
	batches, err := s.Batches(t.Context(), p.ID)
	require.NoError(t, err)
	one := func(n int, area purge.Area, url string) purge.Batch {
		return purge.Batch{N: n, Kind: purge.URL, Area: area, Targets: targets(t, url)}
	}
	assert.Equal(t, []purge.Batch{
		one(1, purge.Overseas, "https://www.abc.com/a?q=1"), one(2, purge.Mainland, "https://www.test.com/1.jpg"),
		one(3, purge.Overseas, "https://www.test.com/2.jpg"), one(4, purge.Overseas, "https://www.test.com/1.jpg"),
	}, batches)
	assert.Equal(t, []string{"asked", "answered"}, whats(t, s, p.ID))
	assert.Equal(t, int64(2), cardOf(t, s, p.ID, store.Status).Wanted)
}

// splitWhole checks that a split with a foreign target writes nothing, not even the end of the call.
func splitWhole(t *testing.T, w world) {
	s := w.open(t)
	p := record(t, s, 1)
	c := refusedCall(t, s, p)
	foreign := append(parts(), []store.Target{{Area: purge.Overseas, N: 1, Batch: 5}})
	require.Error(t, s.Split(t.Context(), c, foreign, entry("answered", p.ID)))
	calls, err := s.Calls(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, store.Calling, calls[0].State)
	batches, err := s.Batches(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Len(t, batches, 3)
	assert.Equal(t, []string{"asked"}, whats(t, s, p.ID))
	require.Error(t, s.Split(t.Context(), store.Call{Purge: idOf(99), State: store.CallRefused}, nil), "it never began")
}

// revise checks that later findings change the outcome of a finished purge and bump both cards. The time of the end
// stays, and an open purge does not change.
func revise(t *testing.T, w world) {
	// Before the end nothing changes.
	s := w.open(t)
	p := record(t, s, 1)
	learned := []store.Target{{Area: purge.Overseas, N: 0, Outcome: purge.Done}}
	again := func() error {
		return s.Revise(t.Context(), p.ID, store.StateDone, "", learned, entry("looked again", p.ID))
	}
	require.NoError(t, again())
	assert.Equal(t, store.StateRecorded, stateOf(t, s, p.ID), "it has not ended")
	assert.Equal(t, int64(1), cardOf(t, s, p.ID, store.Status).Wanted)
	assert.Equal(t, []string{"asked"}, whats(t, s, p.ID))

	// After the end the outcome and the cards change.
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StateUnknown, "nobody knows", noon.Add(time.Minute), true))
	before := cardOf(t, s, p.ID, store.Status).Wanted
	require.NoError(t, again())
	got, _, err := s.Purge(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, store.StateDone, got.State)
	assert.Empty(t, got.Problem)
	assert.Equal(t, noon.Add(time.Minute), got.FinishedAt)
	// Only the named target has a new outcome.
	rows, err := s.Targets(t.Context(), p.ID)
	require.NoError(t, err)
	for _, r := range rows {
		assert.Equal(t, r.Area == purge.Overseas && r.N == 0, r.Outcome == purge.Done, r)
	}
	assert.Equal(t, before+1, cardOf(t, s, p.ID, store.Status).Wanted)
	assert.Equal(t, int64(2), cardOf(t, s, p.ID, store.Result).Wanted)
	assert.Equal(t, "looked again", whats(t, s, p.ID)[1])
	require.Error(t, s.Revise(t.Context(), idOf(99), store.StateDone, "", nil), "a purge that is not there")
	intact(t, s)
}

// redraw checks that Redraw bumps the status card of an open purge and nothing else.
func redraw(t *testing.T, w world) {
	s := w.open(t)
	p, other := ask(t, s, 1), record(t, s, 2)
	require.NoError(t, s.Remind(t.Context(), p.ID, true))
	before := cardOf(t, s, p.ID, store.Status).Wanted
	require.NoError(t, s.Redraw(t.Context(), p.ID))
	assert.Equal(t, before+1, cardOf(t, s, p.ID, store.Status).Wanted)
	assert.Equal(t, int64(1), cardOf(t, s, p.ID, store.Reminder).Wanted, "a reminder is posted once")
	assert.Equal(t, int64(1), cardOf(t, s, other.ID, store.Status).Wanted)
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StateDone, "", noon, true))
	status := cardOf(t, s, p.ID, store.Status).Wanted
	require.NoError(t, s.Redraw(t.Context(), p.ID))
	assert.Equal(t, status, cardOf(t, s, p.ID, store.Status).Wanted, "it has ended")
	assert.Equal(t, int64(1), cardOf(t, s, p.ID, store.Result).Wanted)
	require.NoError(t, s.Redraw(t.Context(), idOf(99)), "of nothing there is nothing to draw")
}

// waiting checks the number of undecided questions.
func waiting(t *testing.T, w world) {
	s := w.open(t)
	count := func(want int) {
		t.Helper()
		n, err := s.Waiting(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, n)
	}
	record(t, s, 1)
	count(0)
	p := ask(t, s, 2)
	ask(t, s, 3)
	count(2)
	_, _, err := s.Decide(t.Context(), store.Decision{Purge: p.ID, What: store.Confirmed, Who: alice, At: noon}, event(9))
	require.NoError(t, err)
	count(1)
}
