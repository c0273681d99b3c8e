package storetest

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/store"
)

// audit checks that concurrent notes make one unbroken chain, also over a restart.
func audit(t *testing.T, w world) {
	// Eight writers note rows at the same time.
	s := w.open(t)
	var writing sync.WaitGroup
	for range 8 {
		writing.Go(func() {
			for range 20 {
				assert.NoError(t, s.Note(t.Context(), entry("one", idOf(1)), entry("two", "")))
			}
		})
	}
	writing.Wait()
	verified, err := s.Verify(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 320, verified.Rows)
	assert.Nil(t, verified.Broken)

	// The rows of one purge come back as they were written.
	entries, err := s.Audit(t.Context(), idOf(1))
	require.NoError(t, err)
	require.Len(t, entries, 160)
	got := entries[0]
	got.Seq, got.Prev, got.Hash = 0, "", ""
	assert.Equal(t, entry("one", idOf(1)), got)
	s = w.reopen(t, s)
	require.NoError(t, s.Note(t.Context(), entry("after a restart", "")))
	intact(t, s)
}

// prune checks that age removes finished purges, events, buttons and audit rows, and keeps everything that an open purge
// needs.
func prune(t *testing.T, w world) {
	s := w.open(t)
	// The store holds an old finished purge, an old open purge, an old purge that ended lately, and 500 old rows.
	old := noon.Add(-400 * 24 * time.Hour)
	aged := func(p *store.Purge) { p.CreatedAt = old }
	long := func(what store.AuditKind, id string) store.Entry { return store.Entry{At: old, What: what, Purge: id} }
	over, batches := order(t, 1)
	over.CreatedAt = old
	_, err := s.Record(t.Context(), over, batches, long("asked", over.ID))
	require.NoError(t, err)
	require.NoError(t, s.Finish(t.Context(), over.ID, store.StateDone, "", old, true))
	for range 500 {
		require.NoError(t, s.Note(t.Context(), long("long ago", "")))
	}
	open := record(t, s, 2, aged)
	p, batches := order(t, 3)
	p.CreatedAt = old
	_, err = s.Record(t.Context(), p, batches, long("asked", p.ID))
	require.NoError(t, err)
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StateDone, "", noon, true))
	loose := []store.Button{{Token: "loose", Expires: old}}
	_, err = s.Take(t.Context(), event(4), loose)
	require.NoError(t, err)
	before := time.Now() // the store's own clock sets the age of events

	// The first run removes the finished purge with its rows.
	n, err := s.Prune(t.Context(), noon.Add(-time.Hour), old)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	_, found, err := s.Purge(t.Context(), over.ID)
	require.NoError(t, err)
	assert.False(t, found)
	rows, err := s.Targets(t.Context(), over.ID)
	require.NoError(t, err)
	assert.Empty(t, rows)
	_, found, err = s.CardOf(t.Context(), over.ID, store.Result)
	require.NoError(t, err)
	assert.False(t, found)
	assert.Equal(t, store.StateRecorded, stateOf(t, s, open.ID), "an open purge stays, however old")
	assert.Equal(t, []string{"asked"}, whats(t, s, open.ID), "with its audit")
	assert.Equal(t, []string{"asked"}, whats(t, s, p.ID), "and what came after it")
	verified, err := s.Verify(t.Context())
	require.NoError(t, err)
	assert.Nil(t, verified.Broken)
	assert.EqualValues(t, 3, verified.Rows, "only the rows of old went")
	// The event and its button are younger than the limit.
	_, found, err = s.Button(t.Context(), "loose")
	require.NoError(t, err)
	assert.True(t, found)
	duplicate, err := s.Take(t.Context(), event(4), nil)
	require.NoError(t, err)
	assert.True(t, duplicate)

	// The second run removes the event and the buttons, but no purge, since an open purge is older.
	n, err = s.Prune(t.Context(), noon.Add(time.Hour), before.Add(time.Hour))
	require.NoError(t, err)
	assert.Zero(t, n, "what came after an open purge stays with its rows")
	for _, token := range []string{"go", "loose"} {
		_, found, err = s.Button(t.Context(), token)
		require.NoError(t, err)
		assert.False(t, found, token)
	}
	duplicate, err = s.Take(t.Context(), event(4), nil)
	require.NoError(t, err)
	assert.False(t, duplicate, "the event is forgotten")
	// The open purge still counts, and its end lets the next run remove the other purges.
	recent, err := s.Recent(t.Context(), store.RecentQuery{Who: alice, Channel: acl.Subject(channel), Digest: "digest", Same: old, URLs: old})
	require.NoError(t, err)
	assert.Equal(t, store.Recent{Same: open.ID, Open: 1}, recent)
	s = w.reopen(t, s)
	intact(t, s)
	require.NoError(t, s.Note(t.Context(), store.Entry{At: noon, What: "more", Body: json.RawMessage(`null`)}))
	require.NoError(t, s.Finish(t.Context(), open.ID, store.StateDone, "", noon, true))
	n, err = s.Prune(t.Context(), noon.Add(time.Hour), before.Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	verified, err = s.Verify(t.Context())
	require.NoError(t, err)
	assert.Nil(t, verified.Broken)
}

// pruneRules checks that age removes rules and spent budgets once both are long over.
func pruneRules(t *testing.T, w world) {
	// One freeze has ended, another still holds, and a purge has spent a budget.
	s := w.open(t)
	ended, held := freeze(1), freeze(2)
	ended.Until, held.Until = noon.Add(-time.Hour), noon.Add(time.Hour)
	for n, r := range []store.Rule{ended, held} {
		made := entry(store.AuditFrozen, "")
		made.At = noon.Add(-2 * time.Hour)
		_, _, err := s.AddRule(t.Context(), r, event(n+1), made)
		require.NoError(t, err)
	}
	p := ask(t, s, 3)
	_, over := confirm(t, s, p, 103, chargesOf(9))
	require.Nil(t, over)
	before := used(t, s)

	// The ended freeze goes, and today's budget stays.
	_, err := s.Prune(t.Context(), noon, noon.Add(24*time.Hour))
	require.NoError(t, err)
	_, found, err := s.Rule(t.Context(), ended.ID)
	require.NoError(t, err)
	assert.False(t, found)
	_, found, err = s.Rule(t.Context(), held.ID)
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, before, used(t, s), "today's budgets stay, however short everything else is kept")
	// Three days later the budget goes as well.
	_, err = s.Prune(t.Context(), noon, noon.Add(72*time.Hour))
	require.NoError(t, err)
	assert.Empty(t, used(t, s))
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StateCancelled, "", noon, false), "nothing is left to give back to")
	assert.Empty(t, used(t, s))
}
