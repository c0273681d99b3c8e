package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
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
	assert.NotContains(t, lines(w.types(alice, directory+" --dry-run --overseas")), "costs quota again", "elsewhere it was not purged")
	assert.NotContains(t, lines(w.types(alice, directory+" --dry-run --mode delete")), "costs quota again", "nor in this way")
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
		assert.NotContains(t, string(books.JSON(m.card)), "hidden")
	}
	assert.Contains(t, lines(q.card), "One of these was purged in mainland")
}

// Another person's private purge is never pointed out, and one's own only in private.
func TestAPrivatePurgeIsNotPointedOutToOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/hidden --private")
	w.ends("Done")
	for who, finds := range map[acl.Subject]bool{alice: true, bob: false} {
		dry := w.types(who, "https://www.test.com/hidden --dry-run")
		assert.Equal(t, finds, strings.Contains(lines(dry), "costs quota again"), who)
	}
	q := w.asks(alice, "https://www.test.com/hidden --global")
	assert.NotContains(t, lines(q.card), "costs quota again")
}

func TestAnOldPurgeIsNoNews(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, func(o *Options) { o.Now = func() time.Time { return now } })
	w.types(alice, "https://www.test.com/1")
	w.ends("Done")
	p := w.onlyPurge()
	for later, found := range map[time.Duration]int{card.Propagation: 1, card.Propagation + time.Second: 0} {
		again, err := w.bot.poster.Lately(t.Context(), p, now.Add(later))
		require.NoError(t, err)
		assert.Len(t, again, found, later.String())
	}
}

// Each earlier purge is named with the number of its own targets, and only targets without a known end are said to be under way.
func TestEachPurgeIsNamedWithItsOwnCount(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 28, 9, 41, 0, 0, time.UTC)
	purged := func(short string, area purge.Area, o purge.Outcome, minute, from, n int) (all []store.Purged) {
		for i := range n {
			target, err := purge.Parse(purge.URL, fmt.Sprintf("https://www.test.com/%d", from+i))
			require.NoError(t, err)
			all = append(all, store.Purged{Target: target, Area: area, Outcome: o, At: at.Add(time.Duration(minute) * time.Minute), Purge: short})
		}
		return all
	}
	for name, c := range map[string]struct {
		again   []store.Purged
		private bool
		want    string
	}{
		"nothing": {},
		"94 and one": {slices.Concat(purged("p-a", purge.Mainland, purge.Done, 0, 0, 94), purged("p-b", purge.Mainland, purge.Accepted, 1, 94, 1)), false,
			"https://www.test.com/94 was purged in mainland by p-b at 09:42 UTC; 94 of these in mainland by p-a at 09:41 UTC. p-b may still be on the way: a purge takes about 5 min. Purging again costs quota again."},
		"all done": {purged("p-a", purge.Mainland, purge.Done, 0, 0, 2), false, "2 of these were purged in mainland by p-a at 09:41 UTC. Purging again costs quota again."},
		"both areas": {slices.Concat(purged("p-a", purge.Mainland, purge.Done, 0, 0, 1), purged("p-a", purge.Overseas, purge.OutcomeUnknown, 0, 0, 2)), true,
			"One of these was purged in mainland by p-a at 09:41 UTC; 2 of these in overseas by p-a at 09:41 UTC. p-a may still be on the way: a purge takes about 5 min. Purging again costs quota again."},
		"one of many not done": {append(purged("p-a", purge.Mainland, purge.Done, 0, 0, 5), purged("p-a", purge.Mainland, purge.Accepted, 0, 5, 1)...), false,
			"6 of these were purged in mainland by p-a at 09:41 UTC. p-a may still be on the way: a purge takes about 5 min. Purging again costs quota again."},
		"too many to name": {slices.Concat(purged("p-a", purge.Mainland, purge.Done, 4, 0, 2), purged("p-b", purge.Mainland, purge.Done, 3, 2, 3), purged("p-c", purge.Mainland, purge.Done, 2, 5, 4),
			purged("p-d", purge.Mainland, purge.Done, 1, 9, 5), purged("p-e", purge.Mainland, purge.Accepted, 0, 14, 1)), false,
			"2 of these were purged in mainland by p-a at 09:45 UTC; 3 of these in mainland by p-b at 09:44 UTC; 4 of these in mainland by p-c at 09:43 UTC; 6 more by p-d, p-e. p-e may still be on the way: a purge takes about 5 min. Purging again costs quota again."},
	} {
		assert.Equal(t, c.want, card.PurgedLately(c.again, c.private), name)
	}
}
