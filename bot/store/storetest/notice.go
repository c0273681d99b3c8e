package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
)

// notices checks that a notice exists from its audit row until it was posted.
func notices(t *testing.T, w world) {
	s := w.open(t)
	// A redelivered event makes no second notice.
	said := entry("frozen", "")
	said.Notice = &store.Notice{Thread: json.RawMessage(`{"channel":"C1"}`), Card: json.RawMessage(`{"title":"Frozen"}`)}
	later := said
	later.At, later.Notice = said.At.Add(time.Minute), &store.Notice{Thread: said.Notice.Thread, Card: json.RawMessage(`{"title":"Thawed"}`)}
	for range 2 { // the second is a redelivery
		_, _, err := s.AddRule(t.Context(), freeze(1), event(1), said)
		require.NoError(t, err)
	}
	require.NoError(t, s.Note(t.Context(), entry("else", ""), later))

	// Notices survive a restart, oldest first.
	s = w.reopen(t, s)
	due := func() (titles []string) {
		all, err := s.Notices(t.Context(), 10)
		require.NoError(t, err)
		for _, n := range all {
			titles = append(titles, string(n.Card))
		}
		return titles
	}
	assert.Equal(t, []string{`{"title":"Frozen"}`, `{"title":"Thawed"}`}, due())
	all, err := s.Notices(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, said.Notice.Thread, all[0].Thread)
	assert.Equal(t, said.At, all[0].At)
	assert.NotEmpty(t, all[0].ID)

	// A failed notice goes to the end, and a posted one disappears.
	require.NoError(t, s.NoticeFailed(t.Context(), all[0].ID))
	assert.Equal(t, []string{`{"title":"Thawed"}`, `{"title":"Frozen"}`}, due(), "what fails holds up nothing")
	require.NoError(t, s.NoticePosted(t.Context(), all[0].ID))
	assert.Equal(t, []string{`{"title":"Thawed"}`}, due())
	assertWhole(t, s)
}

// assertWhole verifies the audit.
func assertWhole(t *testing.T, s *store.Store) {
	t.Helper()
	v, err := s.Verify(t.Context())
	require.NoError(t, err)
	assert.Nil(t, v.Broken)
}
