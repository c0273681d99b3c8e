package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
)

func TestWhatWasJustPurgedIsPointedOutBeforeQuotaIsSpent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.asks(alice, directory)
	w.presses(alice, "Purge")
	first := w.ends("Done")
	q := w.asks(bob, directory)
	want := "https://www.test.com/a/ was purged in mainland by " + short(first) + " at "
	assert.Contains(t, lines(q.card), want)
	assert.Contains(t, lines(w.types(alice, directory+" --dry-run")), want)
	assert.NotContains(t, lines(w.types(alice, directory+" --dry-run --overseas")), "may still be on its way", "elsewhere it was not purged")
	assert.NotContains(t, lines(w.types(alice, directory+" --dry-run --mode delete")), "may still be on its way", "nor in this way")
	w.pressesOn(bob, q, "Purge")
	w.chat.await(t, func(m shown) bool { return m.ref == q.ref && strings.HasPrefix(m.card.Title, "Done") })
	assert.Len(t, w.cdn.sent(), 2, "it is pointed out, not refused")
}

func TestWhatNobodyConfirmsIsPointedOutInPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/1 https://www.test.com/2")
	first := w.ends("Done")
	w.types(bob, "https://www.test.com/2 https://www.test.com/1 https://www.test.com/3")
	told := w.chat.awaitIn(t, &w.chat.told, func(m shown) bool { return strings.HasPrefix(m.card.Title, "Purged again") })
	assert.Contains(t, told.card.Title, "2 of these were purged in mainland by "+short(first))
	require.Len(t, w.chat.told, 1, "alice was told nothing")
}

func TestAPrivatePurgeNamesNoTargetThatWasJustPurged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/hidden --private")
	w.ends("Done")
	w.types(alice, "https://www.test.com/hidden --private --global")
	q := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Purge") })
	for _, m := range w.chat.all() {
		assert.NotContains(t, string(mustJSON(m.card)), "hidden")
	}
	assert.Contains(t, lines(q.card), "One of these was purged in mainland")
}

// A private purge of somebody else is told to nobody, and one's own not where others read it.
func TestAPrivatePurgeIsNotPointedOutToOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/hidden --private")
	w.ends("Done")
	for who, finds := range map[acl.Subject]bool{alice: true, bob: false} {
		dry := w.types(who, "https://www.test.com/hidden --dry-run")
		assert.Equal(t, finds, strings.Contains(lines(dry), "may still be on its way"), who)
	}
	q := w.asks(alice, "https://www.test.com/hidden --global")
	assert.NotContains(t, lines(q.card), "may still be on its way")
}

func TestAnOldPurgeIsNoNews(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, func(o *Options) { o.Now = func() time.Time { return now } })
	w.types(alice, "https://www.test.com/1")
	w.ends("Done")
	p := w.onlyPurge()
	for later, found := range map[time.Duration]int{propagation: 1, propagation + time.Second: 0} {
		again, err := w.bot.lately(t.Context(), p, now.Add(later))
		require.NoError(t, err)
		assert.Len(t, again, found, later.String())
	}
}
