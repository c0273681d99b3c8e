package store

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

func TestRuns(t *testing.T) {
	t.Parallel()
	for want, ns := range map[string][]int{"0": {0}, "0-3,7": {7, 0, 1, 3, 2, 2}, "5-6,8-9": {9, 8, 6, 5}} {
		assert.Equal(t, want, runs(ns))
	}
	for range 200 {
		some := rand.Perm(50)[:1+rand.IntN(49)]
		back, err := numbers(runs(some))
		require.NoError(t, err)
		assert.ElementsMatch(t, some, back)
	}
	for _, odd := range []string{"", "x", "1-", "-", "1,,2"} {
		_, err := numbers(odd)
		assert.Error(t, err, odd)
	}
}

// TestDigestsKeepBorders: what moves from one value into the next is another digest.
func TestDigestsKeepBorders(t *testing.T) {
	t.Parallel()
	p := Purge{ID: "a", Name: "bc", Reason: "d"}
	q := Purge{ID: "ab", Name: "c", Reason: "d"}
	assert.NotEqual(t, p.digest(nil), q.digest(nil))
	one := []placedTarget{{target: "https://a.example/"}}
	assert.NotEqual(t, p.digest(nil), p.digest(one))
	p.Name = "\xff"
	q = p
	q.Name = "\ufffd"
	assert.NotEqual(t, p.digest(nil), q.digest(nil), "not as JSON has them")
}

// TestBytesThatAreNoText: the tables keep them, and rows hold them as JSON does.
func TestBytesThatAreNoText(t *testing.T) {
	t.Parallel()
	s, _ := opened(t)
	p := oldPurge(t, 1)
	p.Name, p.Reason, p.Problem = "\xff", "\xfe", "\xfd"
	_, err := s.Record(t.Context(), p, nil)
	require.NoError(t, err)
	require.NoError(t, s.SetOutcomes(t.Context(), p.ID, []Target{{Area: purge.Mainland, Outcome: purge.Failed, Reason: "\xff\xfe"}}))
	whole(t, s)
}

// TestWhatNoEntryIsAboutIsNoted: a change without a row gets one of its own in the same commit, which is not told.
func TestWhatNoEntryIsAboutIsNoted(t *testing.T) {
	t.Parallel()
	s, _ := opened(t)
	p := oldPurge(t, 1)
	_, err := s.Record(t.Context(), p, nil)
	require.NoError(t, err)
	require.NoError(t, s.SetState(t.Context(), p.ID, StateSending))
	require.NoError(t, s.SetState(t.Context(), p.ID, StateSending), "nothing changes")
	require.NoError(t, s.Finish(t.Context(), p.ID, StateDone, "", midday.Add(time.Hour), false))
	assert.EqualValues(t, 3, whole(t, s).Rows)
	assert.Empty(t, kindsOf(t, s, p.ID))
	for range s.Timeline(t.Context(), Filter{}) {
		t.Error("a note is told")
	}
}
