package bot

import (
	"fmt"
	"testing"
	"time"

	"purgebot/bot/card"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A history that is cut short says so.
func TestLongHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range historyLines + 1 {
		assert.NotContains(t, w.types(alice, "history").Lines, card.MoreHistory)
		w.types(alice, fmt.Sprintf("https://www.test.com/%d", n))
		w.ends("Done")
	}
	lines := w.types(alice, "history").Lines
	assert.Len(t, lines, historyLines+1)
	assert.Equal(t, card.MoreHistory, lines[historyLines])
	assert.Contains(t, textOf(w.types(carol, "history")), "No purge that you may see matches.")
}

// The holder of a limited grant is told its times, in UTC and on the holder's own clock.
func TestGrantsThatBeginAndEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPolicy(worldPolicy + "  - {name: sale, to: [alice, bob], domains: [sale.test.com], from: 2090-11-27T18:00:00+08:00, until: 2090-11-28T00:00:00Z}\n")
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	p := w.chat.people[alice]
	p.Zone = shanghai
	w.chat.people[alice] = p

	span := "from 2090-11-27 10:00 UTC (11-27 18:00 +08:00)%suntil 2090-11-28 00:00 UTC (11-28 08:00 +08:00)"
	says := "You may purge sale.test.com " + fmt.Sprintf(span, " ") + "."
	assert.Contains(t, textOf(w.types(alice, "https://sale.test.com/1.jpg")), says)
	assert.Contains(t, textOf(w.types(alice, "why https://sale.test.com/1.jpg")), says)
	assert.Contains(t, textOf(w.types(alice, "domains")), "sale.test.com: URLs in mainland, "+fmt.Sprintf(span, ", "))
	assert.Contains(t, textOf(w.types(bob, "https://sale.test.com/1.jpg")),
		"You may purge sale.test.com from 2090-11-27 10:00 UTC until 2090-11-28 00:00 UTC.", "whose clock is not known")
	assert.NotContains(t, textOf(w.types(carol, "https://sale.test.com/1.jpg")), "2090", "who holds none learns nothing")

	w.types(bob, `freeze www.test.com 2h "release"`)
	w.ends("Frozen until")
	assert.Regexp(t, `frozen until \S+ \S+ UTC \(\S+ \S+ \+08:00\) by Bob`, textOf(w.types(alice, "https://www.test.com/1.jpg")))
	w.quiet()
}
