package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

func TestQuotaSaysWhenTheDayTurns(t *testing.T) {
	t.Parallel()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	w := newWorld(t, func(o *Options) { o.Zone, o.QuotaURLs = shanghai, 2 })
	assert.Contains(t, w.types(alice, "https://www.test.com/1 https://www.test.com/2 https://www.test.com/3").Title,
		"Ask for at most 2, or wait until the quota resets at 00:00 Asia/Shanghai (16:00 UTC).")
	w.types(alice, "https://www.test.com/1 https://www.test.com/2")
	w.ends("Done")
	said := w.types(alice, "https://www.test.com/3").Title
	assert.NotContains(t, said, "at most 0")
	assert.Contains(t, said, "is used up, as far as purgebot knows; nothing was sent. It resets at 00:00 Asia/Shanghai (16:00 UTC): ask again then.")
	assert.Contains(t, w.bot.vendor.OverQuota(store.Purge{}, purge.Batch{Kind: purge.URL, Area: purge.Mainland}), "00:00 Asia/Shanghai (16:00 UTC)")
}

func TestTimesAreInUTCAndTheReaders(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 20, 5, 0, 0, time.FixedZone("", 3600))
	assert.Equal(t, "2026-11-21 19:05 UTC", card.Dated(at, nil))
	assert.Equal(t, "2026-11-21 19:05 UTC", card.Dated(at, time.UTC))
	assert.Equal(t, "2026-11-21 19:05 UTC (11-22 03:05 +08:00)", card.Dated(at, time.FixedZone("CST", 8*3600)))

	w := newWorld(t)
	w.types(alice, "https://www.test.com/1")
	short := strings.Fields(w.ends("Done").card.Footer)[0]
	bobs := w.chat.people[bob]
	bobs.Zone = time.FixedZone("CST", 8*3600)
	w.chat.mu.Lock()
	w.chat.people[bob] = bobs
	w.chat.mu.Unlock()
	assert.Regexp(t, `· \d{4}-\d\d-\d\d \d\d:\d\d UTC · 1 URL`, w.types(alice, "history").Lines[0])
	assert.Regexp(t, `· \d{4}-\d\d-\d\d \d\d:\d\d UTC \(\d\d-\d\d \d\d:\d\d \+08:00\) · 1 URL`, w.types(bob, "history").Lines[0])
	assert.Regexp(t, `Asked at \d{4}-\d\d-\d\d \d\d:\d\d UTC \(.* \+08:00\) by Alice`, strings.Join(w.types(bob, "status "+short).Lines, "\n"))
}

// A refusal for good does not ask the person to try again.
func TestRefusalsDoNotSayTryAgain(t *testing.T) {
	t.Parallel()
	var all []string
	for _, s := range card.StandingProblem {
		all = append(all, s)
	}
	all = append(all, card.SharedChannel, card.NotYours, card.StaleButton, card.ExpiredPress, card.OnlyRequester, card.SecondPerson, card.MayNotCancel, card.NoSuchPurge,
		card.TypedOther, card.NoFormToType, card.WhoUnknown, card.WhoAskedUnknown, card.WhereUnknown, card.PresserDenied(card.Refusal{}, false), card.RequesterDenied("gone", nil, false), card.RequesterDenied("", []card.Refusal{{}}, true))
	for _, s := range all {
		assert.NotContains(t, strings.ToLower(s), "try again")
	}
}
