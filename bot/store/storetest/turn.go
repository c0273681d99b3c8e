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

// Turns here are hours apart, so that what a test takes is nothing beside them.
const soon = time.Minute

// near checks that a wait is as long as it should be, but for what has passed meanwhile.
func near(t *testing.T, want, got time.Duration) {
	t.Helper()
	assert.LessOrEqual(t, got, want)
	assert.Greater(t, got, want-soon)
}

func take(t *testing.T, s *store.Store, within time.Duration) (time.Duration, bool) {
	wait, taken, err := s.Turn(t.Context(), time.Hour, within)
	require.NoError(t, err)
	return wait, taken
}

// turns: who comes first goes at once, who comes at the same time goes after, and no two have the same turn.
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

// tooFar: a turn that comes too late is not taken, and nobody else waits for it.
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

// turnsRestart: a process that starts anew goes on behind the turns that are taken.
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

// rests: everybody rests, a rest is begun once however many are told of it, and none is made shorter.
func rests(t *testing.T, w world) {
	s := w.open(t)
	resting := func(want time.Duration) {
		t.Helper()
		rest, err := s.Resting(t.Context())
		require.NoError(t, err)
		near(t, want, rest)
	}
	resting(0 + time.Nanosecond)
	take(t, s, 0)
	for _, d := range []time.Duration{3 * time.Hour, time.Second, 3*time.Hour + time.Second/2} {
		require.NoError(t, s.Rest(t.Context(), d))
		resting(3 * time.Hour)
	}
	wait, _ := take(t, s, 10*time.Hour)
	near(t, 3*time.Hour, wait)
	require.NoError(t, s.Rest(t.Context(), 5*time.Hour)) // longer: another one
	resting(5 * time.Hour)
	wait, _ = take(t, s, 10*time.Hour)
	near(t, 5*time.Hour, wait)
}

// turnsClock: whatever happens to the clock, nobody waits for longer than the turns ahead take.
func turnsClock(t *testing.T, w world) {
	for name, c := range map[string]struct {
		by   time.Duration // how much the clock was set forward before, and now is back
		want time.Duration
	}{
		"set back by a day":    {24 * time.Hour, 2 * time.Hour},
		"set back by seconds":  {5 * time.Second, 2 * time.Hour},
		"set forward by a day": {-24 * time.Hour, 0},
	} {
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

// turnsClockTooFar: the clock is back where nobody's turn is soon enough; what is ahead passes all the same.
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
