package bot

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/wish"
	"purgebot/purge"
)

func TestAReasonThatNamesALeakOffersToPurgeItAsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory+` --reason "API key leaked"`)
	assert.Contains(t, m.card.Lines, card.SoundsLikeLeak)
	assert.Contains(t, lines(w.pressesOn(carol, m, "Purge as leak")), "No rule lets you purge", "it is the presser's own request")
	w.quiet()
	assert.Equal(t, []string{"https://www.test.com/a/"}, w.pressesOn(alice, m, "Purge as leak").Targets, "the targets are for whoever asked alone")
	q := w.chat.await(t, func(q shown) bool { return q.ref != m.ref && hasButton(q.card, "Delete") })
	assert.False(t, hasButton(q.card, "Purge as leak"))
	assert.Empty(t, q.card.Targets)
	w.pressesOn(alice, q, "Delete")
	w.chat.await(t, func(d shown) bool {
		return d.ref == q.ref && strings.HasPrefix(d.card.Title, "Done in mainland and overseas")
	})
	require.Len(t, w.cdn.sent(), 2)
	assert.Equal(t, purge.Delete, w.cdn.sent()[0].Mode)
}

func TestOtherReasonsOfferNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.False(t, hasButton(w.asks(alice, directory+` --reason "the bleak new logo"`).card, "Purge as leak"))
}

func TestALeakOfWhatNobodyConfirmsIsOfferedAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, `https://www.test.com/key.txt --reason "private key leaked"`)
	w.ends("Done in mainland")
	w.presses(alice, "Purge as leak")
	w.presses(alice, "Purge")
	m := w.ends("Done in mainland and overseas: 1 URL")
	assert.Empty(t, m.card.Targets)
}

func TestLeakWords(t *testing.T) {
	t.Parallel()
	policy, err := acl.Parse("acl.yaml", []byte(strings.Replace(worldPolicy, "grants:", "leaks: {words: [gdpr, 外泄]}\ngrants:", 1)))
	require.NoError(t, err)
	for reason, leaks := range map[string]bool{
		"Leaked!": true, "a SECRET": true, "old password": true, "credentials of ci": true, "配置泄露了": true, "key泄漏": true,
		"GDPR request": true, "数据外泄": true,
		"": false, "new logo": false, "bleak": false, "unsecret": false,
	} {
		assert.Equal(t, leaks, wish.SoundsLikeLeak(policy, reason), reason)
	}
}
