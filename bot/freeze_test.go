package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// rulesPolicy makes bob the administrator, and lets alice override freezes.
const rulesPolicy = worldPolicy + "freezes: {override: [alice]}\n"

func textOf(c chat.Card) string {
	return c.Title + "\n" + strings.Join(c.Lines, "\n") + "\n" + c.Footer
}

func (w *world) audited(what store.AuditKind) (rows []store.Entry) {
	w.t.Helper()
	for m, err := range w.bot.Store.Timeline(context.Background(), store.Filter{}) {
		require.NoError(w.t, err)
		if m.What == what {
			rows = append(rows, m.Entry)
		}
	}
	return rows
}

func TestFreezeAndUnfreeze(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	waiting := w.asks(alice, directory)
	assert.Empty(t, w.types(bob, `freeze *.test.com 2h "release 7"`))
	card := w.ends("Frozen until").card
	assert.Contains(t, card.Title, ": *.test.com")
	assert.Equal(t, bob, card.By)
	assert.Contains(t, textOf(card), "Reason: release 7")
	assert.Regexp(t, `^r-`, card.Footer)

	refused := textOf(w.types(alice, "https://www.test.com/1.jpg"))
	assert.Contains(t, refused, "*.test.com is frozen until")
	assert.Contains(t, refused, "by Bob (UBOB): “release 7”. Wait, or ask an administrator for /purge unfreeze *.test.com.")
	assert.NotContains(t, textOf(w.types(carol, "https://www.test.com/1.jpg")), "frozen", "who may not purge it learns nothing")
	blocked := w.chat.await(t, func(m shown) bool { return m.ref == waiting.ref && strings.Contains(textOf(m.card), "is frozen until") })
	assert.Contains(t, w.pressesOn(alice, blocked, "Purge").Title, "the question stays open. *.test.com is frozen until")
	assert.Contains(t, textOf(w.types(alice, "why https://www.test.com/1.jpg")), "*.test.com is frozen until")
	assert.Contains(t, textOf(w.types(alice, "domains")), "*.test.com is frozen until")
	assert.NotContains(t, textOf(w.types(carol, "domains")), "frozen")
	w.quiet()

	assert.Contains(t, w.types(bob, `unfreeze www.test.com "over"`).Title, "No freeze is of exactly www.test.com, so nothing was changed. Frozen: *.test.com until")
	assert.Empty(t, w.types(bob, `unfreeze *.test.com "over"`))
	w.ends("No longer frozen: *.test.com")
	thawed := w.chat.await(t, func(m shown) bool { return m.ref == waiting.ref && !strings.Contains(textOf(m.card), "frozen") })
	w.pressesOn(alice, thawed, "Purge")
	w.ends("Done")
	assert.Contains(t, w.types(bob, `unfreeze *.test.com "over"`).Title, "Nothing is frozen")

	require.Len(t, w.audited("frozen"), 1)
	body := w.audited("frozen")[0].Said()
	assert.Equal(t, card.Footer, body.Rule)
	assert.Equal(t, "release 7", body.Reason)
	require.Len(t, w.audited("unfrozen"), 1)
}

func TestFreezeMayBeStillCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, "dir https://two.test.com/a/")
	w.types(bob, `freeze two.test.com 2h "release"`)
	w.ends("Frozen until")
	assert.Empty(t, w.pressesOn(bob, m, "Cancel"), "who could approve it without the freeze")
	w.ends("Cancelled")
}

func TestFreezingAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(bob, `freeze www.test.com 2h "one"`)
	w.ends("Frozen until")
	assert.Contains(t, w.types(bob, `freeze www.test.com 1h "two"`).Title, "www.test.com is already frozen until")
	assert.Empty(t, w.types(bob, `freeze www.test.com 3h "three"`))
	longer := w.chat.await(t, func(m shown) bool { return strings.Contains(textOf(m.card), "this makes it longer") })
	assert.Contains(t, textOf(w.types(alice, "https://www.test.com/1.jpg")), "“three”")
	assert.Empty(t, w.types(bob, `revoke `+longer.card.Footer+` "enough"`))
	w.ends("Revoked: freeze")
	assert.Contains(t, textOf(w.types(alice, "https://www.test.com/1.jpg")), "“one”")
	assert.Empty(t, w.types(bob, `unfreeze www.test.com "over"`))
	w.types(alice, "https://www.test.com/1.jpg")
	w.ends("Done")
}

// Only administrators change rules, and each refusal is audited.
func TestOnlyAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, text := range []string{`freeze www.test.com 2h "why"`, `unfreeze www.test.com "over"`, `grant <@UCAROL> www.test.com 2h "why"`, `revoke r-00000000 "enough"`} {
		for _, who := range []acl.Subject{alice, carol} {
			assert.Contains(t, w.types(who, text).Title, "Only administrators of the policy file may", text)
		}
	}
	assert.Len(t, w.audited("refused"), 8)
	assert.Contains(t, w.types(bob, `revoke r-00000000 "enough"`).Title, "No freeze or grant from chat holds now")
	rules, _, err := w.bot.Store.Rules(context.Background(), w.bot.Now())
	require.NoError(t, err)
	assert.Empty(t, rules)
	w.chat.channel.Joined = false
	assert.Contains(t, w.types(bob, `freeze www.test.com 2h "why"`).Title, "I cannot post in this channel, so nothing was changed.")
}

// A committed notice without a post is posted once after the next start.
func TestNoticeSurvivesAKill(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	w.types(bob, `freeze www.test.com 2h "why"`)
	w.stop()
	w.start()
	w.ends("Frozen until")
	assert.Eventually(t, func() bool {
		due, err := w.bot.Store.Notices(context.Background(), 1)
		return err == nil && len(due) == 0
	}, time.Minute, 5*time.Millisecond)
	n := 0
	for _, m := range w.chat.all() {
		if strings.HasPrefix(m.card.Title, "Frozen until") {
			n++
		}
	}
	assert.Equal(t, 1, n)
}

func TestRuleDeliveredTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := chat.Command{Event: w.event(), From: bob, At: channel, Text: `freeze www.test.com 2h "why"`}
	for range 2 {
		r, err := w.bot.desk.Command(context.Background(), c)
		require.NoError(t, err)
		c.Text = `freeze www.abc.com 2h "why"` // and forged
		assert.Equal(t, chat.Reply{}, r)
	}
	rules, _, err := w.bot.Store.Rules(context.Background(), w.bot.Now())
	require.NoError(t, err)
	require.Len(t, rules, 1)
	assert.Equal(t, "www.test.com", rules[0].Domain)
}

// People in the policy's override list may purge under a freeze with a reason and a press, and the card says so.
func TestOverride(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPolicy(rulesPolicy)
	w.types(bob, `freeze www.test.com 2h "release"`)
	w.ends("Frozen until")
	assert.Contains(t, textOf(w.types(alice, "https://www.test.com/1.jpg")), "You may purge in spite of it: ask anew with --reason.")
	assert.Contains(t, textOf(w.types(bob, `https://www.test.com/1.jpg --reason "urgent"`)), "is frozen until", "a reason alone is not enough")
	w.quiet()

	m := w.asks(alice, `https://www.test.com/1.jpg --reason "a leak"`)
	assert.Contains(t, textOf(m.card), "In spite of the freeze of www.test.com until")
	assert.Contains(t, textOf(m.card), "(“release”): a leak")
	w.pressesOn(alice, m, "Purge")
	w.ends("Done")
	asked := w.audited("asked")
	require.Len(t, asked, 1)
	body := asked[0].Said()
	require.Len(t, body.Freezes, 1)

	m = w.asks(alice, `https://www.test.com/2.jpg --reason "another"`)
	w.types(bob, `freeze www.test.com 9h "later"`)
	blocked := w.chat.await(t, func(b shown) bool { return b.ref == m.ref && strings.Contains(textOf(b.card), "“later”. Wait") })
	assert.Contains(t, w.pressesOn(alice, blocked, "Purge").Title, "the question stays open", "it was not asked in spite of this one")
	assert.Len(t, w.cdn.sent(), 1)
}
