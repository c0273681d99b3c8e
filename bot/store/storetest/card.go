package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
)

// cards checks the order of due cards and the effect of shown and failed cards.
func cards(t *testing.T, w world) {
	s := w.open(t)
	older := record(t, s, 1, func(p *store.Purge) { p.CreatedAt = noon.Add(-time.Hour) })
	newer := record(t, s, 2)
	require.NoError(t, s.Finish(t.Context(), older.ID, store.StateDone, "", noon, true))
	status, result := older.ID+" status", older.ID+" result"
	fresh := newer.ID + " status"
	due := func(limit int) (names []string) {
		cards, err := s.DueCards(t.Context(), limit)
		require.NoError(t, err)
		for _, c := range cards {
			names = append(names, c.Purge+" "+string(c.Role))
		}
		return names
	}
	ref := json.RawMessage(`{"id":"7"}`)

	// Cards that open a purge come first.
	assert.Equal(t, []string{status, fresh, result}, due(9), "what opens a purge first, the oldest before; then what is told of them")
	assert.Equal(t, []string{status}, due(1))

	// A failed card goes to the end.
	require.NoError(t, s.CardFailed(t.Context(), older.ID, store.Status, 2, false))
	assert.Equal(t, []string{fresh, status, result}, due(9), "what fails holds up nobody")
	assert.Equal(t, 1, cardOf(t, s, older.ID, store.Status).Fails)

	// Showing a card never lowers its version and keeps its message.
	require.NoError(t, s.CardShown(t.Context(), older.ID, store.Status, 1, ref))
	assert.Equal(t, []string{fresh, status, result}, due(9), "an older version was shown meanwhile: it is an edit now")
	require.NoError(t, s.CardShown(t.Context(), older.ID, store.Status, 2, nil))
	assert.Equal(t, []string{fresh, result}, due(9))
	require.NoError(t, s.CardShown(t.Context(), older.ID, store.Status, 1, nil))
	c := cardOf(t, s, older.ID, store.Status)
	assert.Equal(t, store.Card{Purge: older.ID, Role: store.Status, Ref: ref, Wanted: 2, Shown: 2}, c, "shown never goes back, a ref stays")

	// A card given up is not due before a newer version is wanted.
	require.NoError(t, s.CardFailed(t.Context(), older.ID, store.Result, 1, true))
	assert.Equal(t, []string{fresh}, due(9), "given up")
	require.NoError(t, s.CardShown(t.Context(), newer.ID, store.Status, 1, ref))
	assert.Empty(t, due(9))
	require.NoError(t, s.SetState(t.Context(), newer.ID, store.StateSending))
	assert.Equal(t, []string{fresh}, due(9), "something newer is wanted")
}

// reminders checks that a waiting question is reminded of, and that the reminder is one message.
func reminders(t *testing.T, w world) {
	s := w.open(t)
	p := ask(t, s, 1)
	wanted := func() int64 { return cardOf(t, s, p.ID, store.Status).Wanted }
	// A reminder without a message of its own only shows the question again.
	require.NoError(t, s.Remind(t.Context(), p.ID, false))
	_, found, err := s.CardOf(t.Context(), p.ID, store.Reminder)
	require.NoError(t, err)
	assert.False(t, found, "only its card is shown anew")
	before := wanted()
	for range 2 {
		require.NoError(t, s.Remind(t.Context(), p.ID, true))
	}
	assert.Equal(t, before+2, wanted())
	assert.Equal(t, store.Card{Purge: p.ID, Role: store.Reminder, Wanted: 1}, cardOf(t, s, p.ID, store.Reminder), "once")

	// A decided question gets no reminder.
	_, _, err = s.Decide(t.Context(), press(p, bob), event(9))
	require.NoError(t, err)
	decided := wanted()
	require.NoError(t, s.Remind(t.Context(), p.ID, true))
	assert.Equal(t, decided, wanted(), "nobody is asked any more")

	// A purge that waits for no decision gets no reminder.
	sent := record(t, s, 2)
	require.NoError(t, s.SetState(t.Context(), sent.ID, store.StateSending))
	require.NoError(t, s.Remind(t.Context(), sent.ID, true))
	_, found, err = s.CardOf(t.Context(), sent.ID, store.Reminder)
	require.NoError(t, err)
	assert.False(t, found, "what waits for nobody")
}
