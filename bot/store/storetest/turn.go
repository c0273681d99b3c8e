package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
)

// soon is the tolerance of these tests. Turns are hours apart, so that the duration of a test does not matter.
const soon = time.Minute

// near checks that a wait is at most want, and less by no more than the tolerance.
func near(t *testing.T, want, got time.Duration) {
	t.Helper()
	assert.LessOrEqual(t, got, want)
	assert.Greater(t, got, want-soon)
}

// take takes a turn that comes within a time.
func take(t *testing.T, s *store.Store, within time.Duration) (time.Duration, bool) {
	wait, taken, err := s.Turn(t.Context(), time.Hour, within)
	require.NoError(t, err)
	return wait, taken
}

// turns checks that the first caller has no wait, and that simultaneous callers get different turns.
func turns(t *testing.T, w world) {
	s := w.open(t)
	waits := make([]time.Duration, 12)
	var all sync.WaitGroup
	for i := range waits {
		all.Go(func() {
			wait, taken, err := s.Turn(t.Context(), time.Hour, 100*time.Hour)
			assert.NoError(t, err)
			assert.True(t, taken)
			waits[i] = wait
		})
	}
	all.Wait()
	slices.Sort(waits)
	assert.Zero(t, waits[0], "nobody waits where nobody is ahead")
	for i, wait := range waits[1:] {
		near(t, time.Duration(i+1)*time.Hour, wait)
	}
}

// tooFar checks that a turn beyond the limit is not taken, so that no later caller waits for it.
func tooFar(t *testing.T, w world) {
	s := w.open(t)
	take(t, s, 0)
	for range 3 {
		wait, taken := take(t, s, time.Minute)
		assert.False(t, taken)
		near(t, time.Hour, wait)
	}
	wait, taken := take(t, s, time.Hour)
	assert.True(t, taken)
	near(t, time.Hour, wait)
}

// turnsRestart checks that turns and rests survive a restart.
func turnsRestart(t *testing.T, w world) {
	s := w.open(t)
	for range 3 {
		take(t, s, 10*time.Hour)
	}
	require.NoError(t, s.Rest(t.Context(), 2*time.Hour))
	s = w.reopen(t, s)
	wait, _ := take(t, s, 10*time.Hour)
	near(t, 3*time.Hour, wait)
	rest, err := s.Resting(t.Context())
	require.NoError(t, err)
	near(t, 2*time.Hour, rest)
}

// rests checks that a rest delays every turn, that simultaneous reports begin one rest, and that no rest becomes
// shorter.
func rests(t *testing.T, w world) {
	s := w.open(t)
	resting := func(want time.Duration) {
		t.Helper()
		rest, err := s.Resting(t.Context())
		require.NoError(t, err)
		near(t, want, rest)
	}
	// Nearly equal rests are one rest.
	resting(0 + time.Nanosecond)
	take(t, s, 0)
	for _, d := range []time.Duration{3 * time.Hour, time.Second, 3*time.Hour + time.Second/2} {
		require.NoError(t, s.Rest(t.Context(), d))
		resting(3 * time.Hour)
	}
	// A longer rest replaces the first, and turns come after it.
	wait, _ := take(t, s, 10*time.Hour)
	near(t, 3*time.Hour, wait)
	require.NoError(t, s.Rest(t.Context(), 5*time.Hour)) // a longer rest replaces the first
	resting(5 * time.Hour)
	wait, _ = take(t, s, 10*time.Hour)
	near(t, 5*time.Hour, wait)
}

// turnsClock checks that a changed clock makes no caller wait longer than the turns ahead take.
func turnsClock(t *testing.T, w world) {
	// The stored time is moved, as if the clock had been changed.
	for name, c := range map[string]struct {
		by   time.Duration // distance by which the stored time is ahead of the clock
		want time.Duration
	}{
		"set back by a day":    {24 * time.Hour, 2 * time.Hour},
		"set back by seconds":  {5 * time.Second, 2 * time.Hour},
		"set forward by a day": {-24 * time.Hour, 0},
	} {
		// Two turns and a rest are taken before the clock changes.
		s := w.open(t)
		take(t, s, 0)
		take(t, s, 2*time.Hour)
		require.NoError(t, s.Rest(t.Context(), time.Hour))
		_, err := s.DB().ExecContext(t.Context(), fmt.Sprintf(`UPDATE pb_rate SET at = at + %d`, c.by.Microseconds()))
		require.NoError(t, err)
		wait, taken := take(t, s, 10*time.Hour)
		assert.True(t, taken, name)
		near(t, c.want+time.Nanosecond, wait)
		rest, err := s.Resting(t.Context())
		require.NoError(t, err)
		assert.LessOrEqual(t, rest, time.Hour, name)
	}
}

// turnsClockTooFar checks that a clock set back does not stop the queue, even while no turn is near enough to be taken.
func turnsClockTooFar(t *testing.T, w world) {
	s := w.open(t)
	take(t, s, 0)
	_, err := s.DB().ExecContext(t.Context(), fmt.Sprintf(`UPDATE pb_rate SET at = at + %d`, (24*time.Hour).Microseconds()))
	require.NoError(t, err)
	first, taken := take(t, s, time.Minute)
	assert.False(t, taken)
	near(t, time.Hour, first)
	var ahead int64
	require.NoError(t, s.DB().QueryRowContext(t.Context(), `SELECT at FROM pb_rate WHERE name = 'cdn'`).Scan(&ahead))
	assert.LessOrEqual(t, ahead, time.Now().Add(soon).UnixMicro(), "it counts from now, not from a time to come")
	second, _ := take(t, s, time.Minute)
	assert.Less(t, second, first, "what has passed since is passed")
}
