package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
)

// feeding checks that a feed begins at the newest row, keeps its position over a restart, and never goes back.
func feeding(t *testing.T, w world) {
	// A new feed skips the existing rows.
	s := w.open(t)
	require.NoError(t, s.Note(t.Context(), entry("before", "")))
	from, err := s.FedUntil(t.Context(), "channel")
	require.NoError(t, err)
	assert.Equal(t, int64(1), from)
	require.NoError(t, s.Note(t.Context(), entry("one", ""), entry("two", ""), entry("three", "")))
	next, err := s.AuditAfter(t.Context(), from, 2)
	require.NoError(t, err)
	require.Len(t, next, 2)
	assert.Equal(t, []store.AuditKind{"one", "two"}, []store.AuditKind{next[0].What, next[1].What})
	// The position survives a restart, and an older position is ignored.
	require.NoError(t, s.Fed(t.Context(), "channel", next[1].Seq))
	require.NoError(t, s.Fed(t.Context(), "channel", next[0].Seq))
	s = w.reopen(t, s)
	from, err = s.FedUntil(t.Context(), "channel")
	require.NoError(t, err)
	assert.Equal(t, next[1].Seq, from)
	next, err = s.AuditAfter(t.Context(), from, 10)
	require.NoError(t, err)
	require.Len(t, next, 1)
	assert.Equal(t, store.AuditKind("three"), next[0].What)
}
