package bot

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// refusing makes the CDN refuse the batches that match.
func (w *world) refusing(e *purge.Error, match func(purge.Batch) bool) {
	w.cdn.set(func(b purge.Batch) error {
		if e != nil && match(b) {
			return e
		}
		return nil
	})
}

func short(m shown) string { return strings.Fields(m.card.Footer)[0] }

func TestRetrySendsOnlyWhatFailed(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*world, shown) chat.Card{
		"typed":   func(w *world, m shown) chat.Card { return w.types(alice, "retry "+short(m)) },
		"pressed": func(w *world, _ shown) chat.Card { return w.presses(alice, "Retry failed") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.refusing(&purge.Error{Kind: purge.Denied, Message: "Switched off."}, func(b purge.Batch) bool {
				return b.Area == purge.Overseas && b.Targets[0].Host() == "www.abc.com"
			})
			w.asks(alice, "https://www.test.com/1 https://www.abc.com/1 --global")
			w.presses(alice, "Purge")
			end := w.ends("Partly done")
			w.refusing(nil, nil)
			assert.Empty(t, ask(w, end).Title)
			again := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Purge") })
			assert.Contains(t, again.card.Lines, card.Retries(short(end)))
			assert.Equal(t, []string{"https://www.abc.com/1"}, again.card.Targets)
			w.pressesOn(alice, again, "Purge")
			w.ends("Done in overseas: 1 URL on www.abc.com")
			sent := w.cdn.sent()
			require.Len(t, sent, 5)
			assert.Equal(t, purge.Overseas, sent[4].Area)
		})
	}
}

func TestRetryOfUnknownAsksSinceItMayCostTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.status = func(purge.StatusQuery) ([]purge.TargetStatus, error) { return nil, nil }
	w.refusing(&purge.Error{Kind: purge.Unknown, Message: "No answer."}, func(purge.Batch) bool { return true })
	w.types(alice, "https://www.test.com/1")
	m := w.ends("Unknown")
	w.types(alice, "retry "+short(m))
	assert.Contains(t, lines(w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Purge") }).card), "may cost quota twice")
	assert.Len(t, w.cdn.sent(), purge.MostUnclear, "nothing is sent before somebody has read that")
}

func TestRetryIsTheRequestOfWhoeverTypesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refusing(&purge.Error{Kind: purge.Denied, Message: "Switched off."}, func(purge.Batch) bool { return true })
	w.types(alice, "https://www.test.com/1 https://www.abc.com/1")
	m := w.ends("Failed")
	assert.Equal(t, card.NoSuchPurge, w.types(carol, "retry "+short(m)).Title)
	assert.Contains(t, lines(w.pressesOn(carol, m, "Retry failed")), "No rule lets you purge")
	w.setPolicy(worldPolicy + "auditors: [slack:T0/UCAROL]\n")
	assert.Contains(t, lines(w.types(carol, "retry "+short(m))), "No rule lets you purge", "who may see it may not purge it for that")
	w.refusing(nil, nil)
	w.types(bob, "retry "+short(m))
	w.ends("Done")
	assert.Equal(t, bob, w.onlyPurge().Requester)
}

func TestARetryThatIsPartlyRefusedOffersTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refusing(&purge.Error{Kind: purge.Denied, Message: "Switched off."}, func(b purge.Batch) bool { return b.Area == purge.Mainland })
	w.types(alice, "https://www.test.com/1 https://www.abc.com/1")
	m := w.ends("Failed")
	w.refusing(nil, nil)
	w.setPolicy(strings.Replace(worldPolicy, "www.test.com, ", "", 1))
	c := w.pressesOn(alice, m, "Retry failed")
	require.True(t, hasButton(c, "Purge the other one"), "%+v", c)
	_, err := w.bot.desk.Answer(t.Context(), chat.Answer{Event: w.event(), From: alice, At: channel, Token: token(c, "Purge the other one")})
	require.NoError(t, err)
	w.ends("Done in mainland: 1 URL on www.abc.com")
}

func TestThereMayBeNothingToRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/1")
	m := w.ends("Done")
	assert.False(t, hasButton(m.card, "Retry failed"))
	assert.Equal(t, card.NothingToRetry(short(m)), w.types(alice, "retry "+short(m)).Title)
	q := w.asks(alice, directory)
	assert.Equal(t, card.NotEnded(short(q)), w.types(alice, "retry "+short(q)).Title)
	assert.Equal(t, card.NoSuchPurge, w.types(alice, "retry p-00000000").Title)
}
