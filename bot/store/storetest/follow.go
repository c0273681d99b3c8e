package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

// fetching returns a prefetch of one URL that follows the purge first.
func fetching(t *testing.T, n int, first store.Purge) *store.Intake {
	p, _ := order(t, n)
	one := targets(t, "https://www.test.com/1.jpg")
	p.Event.ID, p.Confirm, p.Follows = "", "", first.ID
	p.Request = purge.Request{Kind: purge.Prefetch, Parts: []purge.Part{{Area: purge.Mainland, Targets: one}}}
	return &store.Intake{Purge: p, Batches: []purge.Batch{{Kind: purge.Prefetch, Area: purge.Mainland, Targets: one}}, Entries: []store.Entry{entry("prefetching", p.ID)}}
}

// follows checks that the purge that follows another is recorded with the end of the first, and once, even when several
// callers end the first.
func follows(t *testing.T, w world) {
	s := w.open(t)
	first := record(t, s, 1, func(p *store.Purge) { p.Prefetch = true })
	// Four callers end the purge at the same time.
	var wait sync.WaitGroup
	var mu sync.Mutex
	wrote := 0
	for range 4 {
		wait.Go(func() {
			p, err := s.FinishThen(t.Context(), first.ID, store.StateDone, "", noon.Add(time.Minute), true, fetching(t, 2, first), entry("ended", first.ID))
			assert.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			if p != nil {
				wrote++
				assert.NotEmpty(t, p.Short)
			}
		})
	}
	wait.Wait()
	assert.Equal(t, 1, wrote)
	// The following purge survives a restart and waits to be run.
	s = w.reopen(t, s)
	read, found, err := s.Purge(t.Context(), idOf(2))
	require.NoError(t, err)
	require.True(t, found)
	assert.Equal(t, first.ID, read.Follows)
	assert.False(t, read.Prefetch)
	assert.Equal(t, store.StateRecorded, read.State)
	open, err := s.Unfinished(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{read.ID}, open, "it is to be run")
	// It has its batch, its card and its audit row.
	batches, err := s.Batches(t.Context(), read.ID)
	require.NoError(t, err)
	assert.Equal(t, fetching(t, 2, first).Batches, batches)
	assert.Equal(t, int64(1), cardOf(t, s, read.ID, store.Status).Wanted)
	assert.Equal(t, []string{"prefetching"}, whats(t, s, read.ID))
	ended, _, err := s.Purge(t.Context(), first.ID)
	require.NoError(t, err)
	assert.True(t, ended.Prefetch)
	assert.Equal(t, store.StateDone, ended.State)

	// A purge that follows another does not count as open.
	r, err := s.Recent(t.Context(), lookAs(alice))
	require.NoError(t, err)
	assert.Zero(t, r.Open, "nobody waits for what follows by itself")
}

// followsOrNothing checks that a purge does not end if its following purge cannot be recorded. The step that ends it
// would run again.
func followsOrNothing(t *testing.T, w world) {
	s := w.open(t)
	first := record(t, s, 1)
	wrong := fetching(t, 2, first)
	wrong.Batches[0].Targets = targets(t, "https://www.test.com/other")
	_, err := s.FinishThen(t.Context(), first.ID, store.StateDone, "", noon, true, wrong, entry("ended", first.ID))
	require.Error(t, err)
	read, _, err := s.Purge(t.Context(), first.ID)
	require.NoError(t, err)
	assert.False(t, read.State.Final())
	_, found, err := s.Purge(t.Context(), idOf(2))
	require.NoError(t, err)
	assert.False(t, found)
	assert.Equal(t, []string{"asked"}, whats(t, s, first.ID))
}

// followsWhatIsForgotten checks that age may remove a purge before the one that follows it.
func followsWhatIsForgotten(t *testing.T, w world) {
	s := w.open(t)
	first := record(t, s, 1)
	_, err := s.FinishThen(t.Context(), first.ID, store.StateDone, "", noon, true, fetching(t, 2, first))
	require.NoError(t, err)
	n, err := s.Prune(t.Context(), noon.Add(time.Hour), noon)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	read, found, err := s.Purge(t.Context(), idOf(2))
	require.NoError(t, err)
	require.True(t, found)
	assert.Empty(t, read.Follows)
}
