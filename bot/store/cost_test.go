package store_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPlainPurgeWrites counts what our part of a plain purge of one URL writes, alone and among others: commits, each an fsync, and pages,
// each two writes. What the durable engine writes is not among it. The numbers are a bound: lower it with each that is saved.
func TestPlainPurgeWrites(t *testing.T) {
	t.Parallel()
	s := opened(t)
	_, err := s.DB().Exec(`PRAGMA wal_autocheckpoint = 0`) // else the log begins anew on the way
	require.NoError(t, err)
	plain(t, s, record(t, s, 1, 1)) // what is there from then on, such as the sums of a person
	const purges = 20
	before := writtenBy(t, s)
	for n := range purges {
		plain(t, s, record(t, s, 2+n, 1))
	}
	alone := writtenBy(t, s).since(before)
	assert.LessOrEqual(t, alone.commits, 9*purges)
	assert.LessOrEqual(t, alone.pages, 78*purges)

	before = writtenBy(t, s)
	var all sync.WaitGroup
	for n := range purges {
		all.Go(func() { plain(t, s, record(t, s, 100+n, 1)) })
	}
	all.Wait()
	together := writtenBy(t, s).since(before)
	assert.Less(t, 2*together.commits, alone.commits, "what comes at once is committed at once")
	assert.Less(t, together.pages, alone.pages)
	for how, w := range map[string]written{"alone": alone, "together": together} {
		t.Logf("%s: %.1f commits and %.1f pages a purge", how, float64(w.commits)/purges, float64(w.pages)/purges)
	}
}
