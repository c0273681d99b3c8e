package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

func TestProgressIsABarWithTheTimeItUsuallyTakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range card.EnoughPurges {
		w.types(alice, fmt.Sprintf("https://www.test.com/before/%d", i))
		w.chat.await(t, func(m shown) bool { return m.at.Root != "" && m.card.Targets == nil && w.onlyPurge().State.Final() })
	}
	w.logs(func(q purge.StatusQuery) []purge.TargetStatus {
		all := seen(q, purge.Accepted)
		for i, one := range all {
			if one.Target.Path() < "/0006" { // those that were seen done are not asked about again
				all[i].Outcome = purge.Done
			}
		}
		return all
	})
	w.types(alice, many(12))
	m := w.chat.await(t, func(m shown) bool {
		return m.card.Tone == chat.Busy && strings.Contains(strings.Join(m.card.Lines, "\n"), "6 of 12 settled")
	})
	assert.Contains(t, m.card.Lines, "▰▰▰▰▰▱▱▱▱▱ 6 of 12 settled")
	assert.Contains(t, lines(m.card), "Usually 1 s in mainland, rarely over 1 s.")
	w.chat.await(t, func(later shown) bool { return later.ref == m.ref && later.edits > m.edits+1 })
	w.logs(func(q purge.StatusQuery) []purge.TargetStatus { return seen(q, purge.Done) })
	end := w.ends("Done in mainland: 12 URLs")
	assert.NotContains(t, lines(end.card), "Usually")
	assert.NotContains(t, lines(end.card), "settled")
}

func TestTheTimeSomebodyTookToPressIsNotTheVendors(t *testing.T) {
	t.Parallel()
	asked := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	v := card.View{Purge: store.Purge{CreatedAt: asked, State: store.StateSending}, Now: asked.Add(9*time.Minute + 30*time.Second)}
	assert.Equal(t, []string{"Under way for 10 min."}, v.ProgressLines())
	v.Decided, v.Decision = true, store.Decision{What: store.Confirmed, At: asked.Add(9 * time.Minute)}
	assert.Equal(t, []string{"Under way for 30 s."}, v.ProgressLines())
	target, err := purge.Parse(purge.URL, "https://www.test.com/")
	require.NoError(t, err)
	v.Request = purge.Request{Kind: purge.URL, Parts: []purge.Part{{Area: purge.Overseas, Targets: []purge.Target{target}}}}
	v.Usual = map[purge.Area]store.Usual{purge.Overseas: {Of: card.EnoughPurges - 1, P50: 40 * time.Second, P95: 2 * time.Minute}}
	assert.Len(t, v.ProgressLines(), 1, "four are no custom")
	v.Usual[purge.Overseas] = store.Usual{Of: card.EnoughPurges, P50: 40 * time.Second, P95: 2 * time.Minute}
	assert.Contains(t, v.ProgressLines(), "Usually 40 s in overseas, rarely over 2 min.")
}

func TestLasts(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "1 s", 1400 * time.Millisecond: "1 s", 99 * time.Second: "99 s", 100 * time.Second: "2 min", 90 * time.Minute: "90 min", 100 * time.Minute: "2 h",
	} {
		assert.Equal(t, want, card.Lasts(d), d.String())
	}
}
