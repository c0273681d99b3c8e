package bot

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/account"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// tells makes the CDN report its quota: other users' units are gone already, and each call's units are subtracted.
func (w *world) tells(total, left int) {
	w.cdn.mu.Lock()
	defer w.cdn.mu.Unlock()
	w.cdn.quota = func(sent []purge.Batch) (all []purge.Quota, err error) {
		for _, k := range []purge.Kind{purge.URL, purge.Directory, purge.Prefetch} {
			for _, a := range []purge.Area{purge.Mainland, purge.Overseas} {
				q := purge.Quota{Kind: k, Area: a, Total: total, Left: left}
				for _, b := range sent {
					if b.Kind == k && b.Area == a {
						q.Left -= len(b.Targets)
					}
				}
				all = append(all, q)
			}
		}
		return all, nil
	}
	w.bot.vendor.Quotas.Forget()
}

func lines(c chat.Card) string { return strings.Join(c.Lines, "\n") }

func TestQuotaIsDrawn(t *testing.T) {
	t.Parallel()
	for name, tells := range map[string]bool{"the API cannot tell": false, "the API tells": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *Options) { o.QuotaURLs, o.QuotaDirectories = 4, 100 })
			w.types(alice, "https://www.test.com/1 https://www.test.com/2 https://www.test.com/3")
			w.ends("Done")
			if tells {
				w.tells(10, 5) // another user spent five
			}
			c := w.types(alice, "quota")
			assert.Equal(t, "Resets at "+w.bot.vendor.DayTurns(), c.Footer)
			if tells {
				assert.Contains(t, c.Lines, "URLs in mainland: ▰▰▱▱▱▱▱▱▱▱ 2 of 10 left")
				assert.NotContains(t, c.Lines, card.QuotaOurs)
			} else {
				assert.Contains(t, c.Lines, "URLs in mainland: ▰▰▱▱▱▱▱▱▱▱ 1 of 4 left")
				assert.Contains(t, c.Lines, "Directories in overseas: ▰▰▰▰▰▰▰▰▰▰ 100 of 100 left")
				assert.Contains(t, c.Lines, card.QuotaOurs)
			}
			assert.Contains(t, c.Lines, "You used 3 URLs in mainland")
		})
	}
}

func TestWhoUsedTheQuotaIsToldToAdministratorsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/1")
	w.ends("Done")
	assert.Contains(t, lines(w.types(bob, "quota")), "Alice (slack:T0/UALICE) used 1 URL in mainland", "bob administers")
	assert.Contains(t, lines(w.types(alice2, "quota")), "You used 1 URL", "the same person")
	carols := lines(w.types(carol, "quota"))
	assert.NotContains(t, carols, "Alice")
	assert.Contains(t, carols, "You used nothing today.")
}

func TestTheQuestionSaysWhatTheVendorHasLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tells(100, 41)
	text := lines(w.asks(alice, "dir https://www.test.com/a/ https://www.test.com/b/ https://www.test.com/c/ --overseas").card)
	assert.Contains(t, text, "Costs 3 of 41 overseas directories left today; resets at "+w.bot.vendor.DayTurns()+".")
	assert.Contains(t, lines(w.types(alice, directory+" --dry-run")), "Costs 1 of 41 mainland directories left today; resets at")
}

func TestOverTheVendorsQuotaNothingIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tells(100, 2)
	<-w.bot.vendor.AskQuota()
	said := w.types(alice, "https://www.test.com/1 https://www.test.com/2 https://www.test.com/3").Title
	assert.Contains(t, said, "This needs 3 of today's mainland URLs, and 2 are left; nothing was sent. Ask for at most 2, or wait")
	w.quiet()
	w.types(alice, "https://www.test.com/1 https://www.test.com/2")
	w.ends("Done")
	assert.Contains(t, w.types(alice, "https://www.test.com/4").Title, "is used up; nothing was sent", "what was sent since counts")
}

func TestNoQuotaLeftIsNoMissingLimit(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	p := w.recordedPurge(t, "https://www.test.com/1")
	w.tells(100, 0)
	<-w.bot.vendor.AskQuota()
	_, err := w.bot.runner.Submit(t.Context(), p.ID, 0, 0)
	require.NoError(t, err)
	assert.Equal(t, purge.Failed, w.targets(t, p.ID)[0].Outcome)
	assert.Contains(t, w.targets(t, p.ID)[0].Reason, "is used up. It resets at")
	w.quiet()
}

func TestWhatIsLeftToOthersIsSaidAtTheSendToo(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	p := w.recordedPurge(t, "https://www.test.com/1")
	w.setPolicy(strings.Replace(worldPolicy, "grants:", "quota: {reserve: {url: 9}, to: [bob]}\ngrants:", 1))
	w.tells(100, 9)
	<-w.bot.vendor.AskQuota()
	_, err := w.bot.runner.Submit(t.Context(), p.ID, 0, 0)
	require.NoError(t, err)
	assert.Contains(t, w.targets(t, p.ID)[0].Reason, "is used up but for a reserve of 9 for others. It resets at")
	w.quiet()
}

func TestTheReserveIsForThoseItIsKeptFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.QuotaURLs = 10 })
	w.setPolicy(strings.Replace(worldPolicy, "grants:", "quota: {reserve: {url: 9}, to: [bob]}\ngrants:", 1))
	assert.Contains(t, w.types(alice, "https://www.test.com/1 https://www.test.com/2").Title, "and 1 are left besides a reserve of 9, as far as purgebot knows; nothing was sent.")
	assert.Contains(t, w.types(alice, "quota").Lines, card.ReserveLine(9, purge.URL, false))
	w.types(bob, "https://www.test.com/1 https://www.test.com/2")
	w.ends("Done")
	assert.Contains(t, w.types(alice, "https://www.test.com/3").Title, "is used up but for a reserve of 9 for others, as far as purgebot knows; nothing was sent.")
}

// The card shows the units that the requester can still use, for every reader.
func TestTheCostLineKeepsTheReserveOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPolicy(strings.Replace(worldPolicy, "grants:", "quota: {reserve: {directory: 9}, to: [bob]}\ngrants:", 1))
	w.tells(100, 41)
	<-w.bot.vendor.AskQuota()
	const others, own = "Costs 1 of 32 mainland directories left today besides a reserve of 9; resets at", "Costs 1 of 41 mainland directories left today; resets at"
	assert.Contains(t, lines(w.types(alice, directory+" --dry-run")), others)
	assert.Contains(t, lines(w.types(bob, directory+" --dry-run")), own)
	assert.Contains(t, lines(w.asks(alice, directory).card), others)
	w.presses(alice, "Cancel")
	w.ends("Cancelled")
	assert.Contains(t, lines(w.asks(bob, directory).card), own)
	assert.Contains(t, w.types(alice, "quota").Lines, "The last 9 directories of each area are a reserve, which you may not use.")
	assert.Contains(t, w.types(bob, "quota").Lines, "The last 9 directories of each area are a reserve, which you may use.")
}

func TestTheVendorsWordGrowsOld(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 21, 23, 59, 50, 0, time.UTC)
	var passed atomic.Int64
	w := newStillWorld(t, func(o *Options) { o.Now = func() time.Time { return start.Add(time.Duration(passed.Load())) } })
	w.tells(100, 7)
	<-w.bot.vendor.AskQuota()
	al, _ := w.bot.vendor.Allowance(purge.URL, purge.Mainland)
	assert.Equal(t, account.Allowance{Total: 100, Limit: 7, Told: true}, al)
	passed.Add(int64(10 * time.Second))
	al, _ = w.bot.vendor.Allowance(purge.URL, purge.Mainland)
	assert.False(t, al.Told, "yesterday's word says nothing of today")
	passed.Add(int64(time.Minute))
	<-w.bot.vendor.AskQuota()
	al, _ = w.bot.vendor.Allowance(purge.URL, purge.Mainland)
	assert.True(t, al.Told, "and is asked for again")
	passed.Add(int64(account.QuotaAge))
	al, _ = w.bot.vendor.Allowance(purge.URL, purge.Mainland)
	assert.False(t, al.Told)
}

func TestBar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, total, full int
	}{{0, 10, 0}, {1, 1000, 1}, {999, 1000, 9}, {1000, 1000, 10}, {5, 10, 5}, {3, 0, 1}, {20, 10, 10}} {
		assert.Equal(t, c.full, strings.Count(card.Bar(c.n, c.total), "▰"), "%d of %d", c.n, c.total)
		assert.Equal(t, 10, len([]rune(card.Bar(c.n, c.total))))
	}
}
