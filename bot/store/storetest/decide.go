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
	"purgebot/purge"
)

// press returns a confirmation of p.
func press(p store.Purge, who acl.Subject) store.Decision {
	return store.Decision{Purge: p.ID, What: store.Confirmed, Who: who, Name: "Bob", Groups: []acl.Subject{"slack:T1/S1"}, At: noon}
}

// decisions checks that a purge gets one decision, and the audit rows of late presses.
func decisions(t *testing.T, w world) {
	s := w.open(t)
	// A waiting question has a shown card and no decision.
	p := ask(t, s, 1)
	card := cardOf(t, s, p.ID, store.Status)
	assert.Equal(t, json.RawMessage(`{"id":"1"}`), card.Ref)
	assert.Equal(t, card.Wanted, card.Shown, "the card that asks is shown")
	assert.Equal(t, store.StateWaiting, stateOf(t, s, p.ID))
	_, found, err := s.Decision(t.Context(), p.ID)
	require.NoError(t, err)
	assert.False(t, found)

	// The first press wins.
	first, won, err := s.Decide(t.Context(), press(p, bob), event(2), entry("confirmed", p.ID))
	require.NoError(t, err)
	assert.True(t, won)
	assert.Equal(t, press(p, bob), first)
	stored, found, err := s.Decision(t.Context(), p.ID)
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, press(p, bob), stored)

	// Later presses, repeated events and the expiry get the first decision.
	for name, c := range map[string]struct {
		d  store.Decision
		ev store.Event
	}{
		"a later press":     {press(p, alice), event(3)},
		"a redelivered one": {press(p, bob), event(2)},
		"time":              {store.Decision{Purge: p.ID, What: store.Expired, At: noon}, store.Event{}},
	} {
		first, won, err = s.Decide(t.Context(), c.d, c.ev, entry("wrong", p.ID))
		require.NoError(t, err, name)
		assert.False(t, won, name)
		assert.Equal(t, bob, first.Who, name)
	}
	assert.ElementsMatch(t, []string{"asked", "confirmed", "pressed too late", "duplicate"}, whats(t, s, p.ID))

	t.Run("over already", func(t *testing.T) {
		p := record(t, s, 10)
		require.NoError(t, s.Finish(t.Context(), p.ID, store.StateFailed, "not in the channel", noon, false))
		first, won, err := s.Decide(t.Context(), press(p, bob), event(11), entry("confirmed", p.ID))
		require.NoError(t, err)
		assert.False(t, won)
		assert.Zero(t, first)
		assert.Equal(t, []string{"asked", "pressed too late"}, whats(t, s, p.ID))
	})
	t.Run("pressed before it was known to be asked", func(t *testing.T) {
		p := record(t, s, 20)
		_, won, err := s.Decide(t.Context(), press(p, bob), event(21))
		require.NoError(t, err)
		require.True(t, won)
		_, err = s.Asked(t.Context(), p.ID, json.RawMessage(`{}`), noon)
		require.NoError(t, err)
		ids, err := s.Decided(t.Context())
		require.NoError(t, err)
		assert.Contains(t, ids, p.ID)
		require.NoError(t, s.SetState(t.Context(), p.ID, store.StateSending))
		ids, err = s.Decided(t.Context())
		require.NoError(t, err)
		assert.NotContains(t, ids, p.ID, "it was taken up")
	})
	t.Run("stopped", func(t *testing.T) {
		p := record(t, s, 30)
		for i, want := range []struct {
			duplicate bool
			what      string
		}{{false, "stop"}, {true, "duplicate"}} {
			duplicate, err := s.Stop(t.Context(), p.ID, bob, event(31), entry("stop", p.ID))
			require.NoError(t, err)
			assert.Equal(t, want.duplicate, duplicate)
			assert.Equal(t, want.what, whats(t, s, p.ID)[1+i])
		}
		_, err := s.Stop(t.Context(), p.ID, alice, event(32), entry("stop", p.ID))
		require.NoError(t, err)
		assert.Equal(t, "stopped too late", whats(t, s, p.ID)[3])
		got, _, err := s.Purge(t.Context(), p.ID)
		require.NoError(t, err)
		assert.Equal(t, bob, got.Cancelled, "who was first")
		c, fresh, err := s.Begin(t.Context(), callOf(p, 0), 0, nil)
		require.NoError(t, err)
		assert.False(t, fresh)
		assert.Equal(t, store.CallStopped, c.State)
	})
	t.Run("of nothing", func(t *testing.T) {
		none := store.Purge{ID: idOf(99)}
		_, _, err := s.Decide(t.Context(), press(none, bob), event(40))
		assert.Equal(t, purge.NotFound, purge.AsError(err).Kind)
		_, err = s.Asked(t.Context(), none.ID, nil, noon)
		assert.Equal(t, purge.NotFound, purge.AsError(err).Kind)
		_, err = s.Stop(t.Context(), none.ID, bob, event(41))
		assert.Equal(t, purge.NotFound, purge.AsError(err).Kind)
		duplicate, err := s.Take(t.Context(), event(41), nil)
		require.NoError(t, err)
		assert.False(t, duplicate, "what failed took no key")
	})
	intact(t, s)
}

// races lets two people press at the same time, and a person while the question expires. Exactly one decision wins.
func races(t *testing.T, w world) {
	trials := 1000
	if testing.Short() {
		trials = 100
	}
	// In every second trial the rival is the expiry.
	s := w.open(t)
	for n := range trials {
		p := record(t, s, 10*n)
		racers := []store.Decision{press(p, alice), press(p, bob)}
		if n%2 == 1 {
			racers[1] = store.Decision{Purge: p.ID, What: store.Expired, At: noon.Add(time.Minute)}
		}
		wins, firsts := make([]bool, 2), make([]store.Decision, 2)
		var racing sync.WaitGroup
		// Both decide at the same time.
		for i, d := range racers {
			racing.Go(func() {
				ev := event(10*n + 1 + i)
				if d.Who == "" {
					ev = store.Event{}
				}
				var err error
				firsts[i], wins[i], err = s.Decide(t.Context(), d, ev, entry("won", p.ID))
				assert.NoError(t, err)
			})
		}
		racing.Wait()
		// One decision wins, and both callers learn of it.
		require.NotEqual(t, wins[0], wins[1], "one wins, in trial %d", n)
		require.Equal(t, firsts[0], firsts[1], "both are told the same")
		winner := 0
		if wins[1] {
			winner = 1
		}
		require.Equal(t, racers[winner].Who, firsts[0].Who)
	}
	intact(t, s)
}
