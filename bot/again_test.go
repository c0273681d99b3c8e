package bot

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/card"
	"purgebot/bot/runner"
	"purgebot/purge"
)

// lost makes the CDN lose the answer of every call, and tell nothing about it later.
func (w *world) lost() {
	w.cdn.set(func(purge.Batch) error { return &purge.Error{Kind: purge.Unknown, Message: "No answer."} })
	w.logs(func(purge.StatusQuery) []purge.TargetStatus { return nil })
}

func (w *world) logs(status func(purge.StatusQuery) []purge.TargetStatus) {
	w.cdn.mu.Lock()
	defer w.cdn.mu.Unlock()
	w.cdn.status = func(q purge.StatusQuery) ([]purge.TargetStatus, error) { return status(q), nil }
}

func TestLookAgainSettlesWhatWasUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lost()
	w.types(alice, "https://www.test.com/1")
	m := w.ends("Unknown")
	assert.Contains(t, m.card.Lines, card.UnclearCosts(1))
	w.presses(alice, "Look again")
	told := w.chat.awaitIn(t, &w.chat.told, func(m shown) bool { return strings.Contains(m.card.Title, "says nothing new") })
	assert.Equal(t, card.NothingNew(short(m)), told.card.Title)
	w.logs(func(q purge.StatusQuery) []purge.TargetStatus { return seen(q, purge.Done) })
	w.presses(alice, "Look again")
	w.chat.await(t, func(s shown) bool {
		return s.ref == m.ref && strings.HasPrefix(s.card.Title, "Done") && !hasButton(s.card, "Look again")
	})
	w.chat.await(t, func(s shown) bool { return s.at.Root != "" && strings.HasPrefix(s.card.Title, "Done") })
	assert.Len(t, w.cdn.sent(), purge.MostUnclear, "looking sends nothing")
	rows, err := w.bot.Store.Audit(t.Context(), w.onlyPurge().ID)
	require.NoError(t, err)
	var what []string
	for _, r := range rows {
		what = append(what, string(r.What))
	}
	assert.Contains(t, what, "looks again")
	assert.Equal(t, "revised", what[len(what)-1])
}

func TestLookAgainIsForThoseWhoMaySeeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lost()
	w.types(alice, "https://www.test.com/1")
	m := w.ends("Unknown")
	assert.Equal(t, card.NotYoursToLook, w.pressesOn(carol, m, "Look again").Title)
}

func TestWhatWasStillRunningAtTheEndCanBeLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Deadline = 50 * time.Millisecond })
	w.logs(func(q purge.StatusQuery) []purge.TargetStatus { return seen(q, purge.Accepted) })
	w.types(alice, "https://www.test.com/1 https://www.test.com/2")
	w.ends("Accepted in mainland")
	w.logs(func(q purge.StatusQuery) []purge.TargetStatus {
		return []purge.TargetStatus{{Target: q.Batch.Targets[0], Outcome: purge.Done}}
	})
	m := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Look again") })
	w.pressesOn(alice, m, "Look again")
	half := w.chat.await(t, func(m shown) bool { return strings.Contains(lines(m.card), "1 done, 1 accepted") })
	assert.Contains(t, lines(half.card), card.StillRunning)
	assert.True(t, hasButton(half.card, "Look again"), "the rest is still unclear")
}

// The vendor writes its log beside its answer: a target that is not listed yet counts as unclear, not as lost.
func TestALogThatLagsIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, lags := range map[string]int32{"accepted": runner.UnlistedLooks, "the answer was lost": runner.UnlistedLooks - 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if lags < runner.UnlistedLooks { // else it would be sent once more
				w.lost()
			}
			var looks atomic.Int32
			w.logs(func(q purge.StatusQuery) []purge.TargetStatus {
				if looks.Add(1) <= lags {
					return nil
				}
				return seen(q, purge.Done)
			})
			w.types(alice, "https://www.test.com/1")
			w.ends("Done in mainland")
			assert.Len(t, w.cdn.sent(), 1)
		})
	}
}
