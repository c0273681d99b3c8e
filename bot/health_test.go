package bot

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"purgebot/bot/account"
	"purgebot/purge"
)

func TestConditionOfAPlatform(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Equal(t, Condition{}, w.bot.Condition(t.Context()))
	for kind := purge.Internal; kind <= purge.Unknown; kind++ {
		w.chat.says(&purge.Error{Kind: kind, Message: "Mend it."})
		c := w.bot.Condition(t.Context())
		if kind == purge.Denied {
			assert.Equal(t, Condition{Warnings: []string{"slack: Mend it."}}, c, "one channel is not the whole chat")
		} else {
			assert.Equal(t, Condition{Problems: []string{"slack: Mend it."}}, c)
		}
	}
	w.chat.says(errors.New("of no kind"))
	assert.Len(t, w.bot.Condition(t.Context()).Problems, 1)
}

// A problem at the CDN that an operator must solve is a warning, and does not take the bot out of service, where its solution would
// not show.
func TestRefusalOfTheCDNIsAWarningForAWhile(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	var log book
	w := newWorld(t, logged(&log), func(o *Options) { o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) } })
	wrong := func(purge.Batch) error { return &purge.Error{Kind: purge.Internal, Message: "The key is wrong."} }
	w.cdn.set(wrong)
	fails := func(n string) {
		w.types(alice, "https://www.test.com/"+n)
		w.chat.await(t, func(m shown) bool {
			return strings.HasPrefix(m.card.Title, "Failed") && strings.Contains(strings.Join(m.card.Targets, ""), n)
		})
	}
	fails("1")
	c := w.bot.Condition(t.Context())
	assert.Empty(t, c.Problems)
	assert.Len(t, c.Warnings, 1)
	assert.Regexp(t, `^CDN: The key is wrong\. \(seen at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)$`, c.Warnings[0])
	assert.Len(t, log.lines("level=ERROR msg=\"call not accepted\""), 1)
	assert.Len(t, log.lines("kind=internal"), 1)

	ahead.Store(int64(account.WarnFor))
	assert.Equal(t, Condition{}, w.bot.Condition(t.Context()), "it may have been mended since")

	fails("2")
	assert.Len(t, w.bot.Condition(t.Context()).Warnings, 1)
	w.cdn.set(nil)
	w.types(alice, "https://www.test.com/3")
	w.ends("Done")
	assert.Equal(t, Condition{}, w.bot.Condition(t.Context()))
}

// A refused key fails every call, so each target that is left out shows that reason.
func TestWhatAHaltLeavesOutSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.set(func(purge.Batch) error { return &purge.Error{Kind: purge.Internal, Message: "The key is wrong."} })
	w.types(alice, "https://www.test.com/1 https://www.abc.com/1 https://www.abc.com/2")
	end := w.ends("Failed")
	lines := strings.Join(end.card.Lines, "\n")
	assert.Contains(t, lines, "Mainland: 1 failed, 2 not sent.")
	assert.Contains(t, lines, "https://www.test.com/1: The key is wrong.")
	assert.Contains(t, lines, "https://www.abc.com/1 and 1 more: Not sent, because the call before was refused: The key is wrong.")
	p := w.onlyPurge()
	for _, target := range w.targets(t, p.ID) {
		assert.NotEmpty(t, target.Reason)
	}
	rows, err := w.bot.Store.Audit(t.Context(), p.ID)
	assert.NoError(t, err)
	var said []string
	for _, r := range rows {
		if r.What == "not sent" {
			said = append(said, string(r.Body))
		}
	}
	assert.Equal(t, []string{`{"targets":2,"problem":"Not sent, because the call before was refused: The key is wrong."}`}, said)
	assert.Len(t, w.cdn.sent(), 1)
}
