package bot

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/books"
	"purgebot/bot/chat"
	"purgebot/bot/poster"
	"purgebot/bot/store"
	"purgebot/purge"
)

// quick is a clock on which a second takes ten milliseconds, and which tests may also advance.
type quick struct {
	began  time.Time
	offset atomic.Int64
}

func newQuick() *quick { return &quick{began: time.Now()} }

func (c *quick) now() time.Time {
	return c.began.Add(100*time.Since(c.began) + time.Duration(c.offset.Load()))
}

func (c *quick) forward(d time.Duration) { c.offset.Add(int64(d)) }

// passingly are the errors of a chat that pass.
var passingly = map[string]*purge.Error{
	"no answer":             {Kind: purge.Unavailable, Message: "The chat does not answer."},
	"it may be shown":       {Kind: purge.Unknown, Message: "It may be shown."},
	"throttled":             {Kind: purge.Exhausted, Message: "Slow down.", RetryAfter: time.Second},
	"throttled for an hour": {Kind: purge.Exhausted, Message: "Slow down.", RetryAfter: 50 * time.Minute},
}

// newFailingWorld returns a world whose chat refuses edits with an error until it is healed.
func newFailingWorld(t *testing.T, with *purge.Error) (w *world, failed *atomic.Int32, heal func()) {
	c := newQuick()
	failed = new(atomic.Int32)
	w = newWorld(t, func(o *Options) {
		o.Now, o.Deadline, o.ConfirmTTL, o.ApprovalTTL = c.now, 24*time.Hour, 24*time.Hour, 24*time.Hour
	})
	w.chat.mu.Lock()
	defer w.chat.mu.Unlock()
	w.chat.refuses = func(edit bool) error {
		if !edit {
			return nil
		}
		failed.Add(1)
		return with
	}
	return w, failed, func() {
		w.chat.mu.Lock()
		defer w.chat.mu.Unlock()
		w.chat.refuses = nil
		c.forward(55 * time.Minute)
	}
}

// A card that cannot be edited for a while does not delay the reply, since edits notify nobody; later the card shows the same, and
// nothing is posted twice.
func TestAReplyGoesOutWithoutItsCard(t *testing.T) {
	t.Parallel()
	for name, problem := range passingly {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, failed, heal := newFailingWorld(t, problem)
			w.cdn.hold = make(chan struct{})
			w.types(alice, "https://www.test.com/1")
			w.ends("Purging") // before the end: the next change is an edit
			close(w.cdn.hold)
			reply := w.ends("Done in mainland")
			assert.NotEmpty(t, reply.at.Root, "it is the reply in the thread")
			assert.Less(t, failed.Load(), int32(4*poster.AloneAfter), "after a few tries")
			root := w.chat.all()[0]
			assert.Equal(t, reply.at.Root, root.ref.ID)
			assert.NotContains(t, root.card.Title, "Done", "its card cannot say so yet")
			heal()
			w.chat.await(t, func(m shown) bool { return m.ref == root.ref && strings.HasPrefix(m.card.Title, "Done") })
			assert.Len(t, w.chat.all(), 2, "nothing is posted twice")
			w.awaitNothingDue()
			assert.Empty(t, w.chat.told)
		})
	}
}

// A message that fails once or twice still comes before its followers.
func TestAPassingFailureKeepsTheOrder(t *testing.T) {
	t.Parallel()
	w, failed, _ := newFailingWorld(t, passingly["no answer"])
	w.chat.mu.Lock()
	fails := w.chat.refuses
	w.chat.refuses = func(edit bool) error {
		if failed.Load() >= poster.AloneAfter-1 {
			return nil
		}
		return fails(edit)
	}
	w.chat.mu.Unlock()
	w.cdn.hold = make(chan struct{})
	w.types(alice, "https://www.test.com/1")
	w.ends("Purging")
	close(w.cdn.hold)
	w.chat.await(t, func(m shown) bool { return m.at.Root != "" })
	assert.Equal(t, int32(poster.AloneAfter-1), failed.Load())
	assert.True(t, strings.HasPrefix(w.chat.all()[0].card.Title, "Done"))
}

// Reminders and the cards of a prefetch do not wait for a failing card either.
func TestWhatFollowsGoesOutWithoutItsCard(t *testing.T) {
	t.Parallel()
	w, _, _ := newFailingWorld(t, passingly["no answer"])
	w.cdn.hold = make(chan struct{})
	w.types(alice, "https://www.test.com/1 --prefetch")
	w.ends("Purging")
	close(w.cdn.hold)
	w.chat.await(t, func(m shown) bool { return m.at.Root != "" && strings.HasPrefix(m.card.Title, "Done in mainland") })
	w.chat.await(t, func(m shown) bool { return m.at.Root != "" && strings.HasPrefix(m.card.Title, "Fetched again") })

	w, _, _ = newFailingWorld(t, passingly["no answer"])
	w.asks(alice, "dir https://two.test.com/a/")
	require.Eventually(t, func() bool { return w.onlyPurge().State == store.StateWaiting }, time.Minute, 10*time.Millisecond)
	require.NoError(t, w.bot.Store.Remind(t.Context(), w.onlyPurge().ID, true))
	w.bot.poster.WantCards()
	w.reminded()
}

// In a chat that limits messages, the first card of every purge comes before any reply.
func TestRootCardsGoFirst(t *testing.T) {
	t.Parallel()
	const purges = 12
	for name, every := range map[string]time.Duration{"one a second": time.Second, "one in ten seconds": 10 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newQuick()
			var open atomic.Bool
			var free atomic.Int64 // when the next message is taken
			w := newWorld(t, func(o *Options) { o.Now, o.Deadline = c.now, 24*time.Hour })
			w.chat.mu.Lock()
			w.chat.refuses = func(edit bool) error {
				left := time.Duration(free.Load() - c.now().UnixNano())
				switch {
				case edit:
					return nil
				case !open.Load():
					return &purge.Error{Kind: purge.Exhausted, Message: "Slow down.", RetryAfter: time.Second}
				case left > 0:
					return &purge.Error{Kind: purge.Exhausted, Message: "Slow down.", RetryAfter: left}
				}
				free.Store(c.now().Add(every).UnixNano())
				return nil
			}
			w.chat.mu.Unlock()
			for i := range purges {
				w.types(alice, fmt.Sprintf("https://www.test.com/%d", i))
			}
			require.Eventually(t, func() bool {
				unfinished, err := w.bot.Store.Unfinished(t.Context())
				return err == nil && len(unfinished) == 0
			}, time.Minute, 10*time.Millisecond, "the CDN does not wait for the chat")
			open.Store(true)
			w.awaitNothingDue()
			all := w.chat.all()
			require.Len(t, all, 2*purges)
			for i, m := range all {
				assert.Equal(t, i >= purges, m.at.Root != "", "message %d: %s", i, m.card.Title)
			}
		})
	}
}

// First cards that keep failing delay no replies, nor do those of another channel.
func TestRootCardsThatKeepFailingHoldUpNobody(t *testing.T) {
	t.Parallel()
	now := time.Now()
	b := &poster.Poster{Books: &books.Books{Now: func() time.Time { return now }}}
	root := func(id string, fails int) store.Due {
		return store.Due{Card: store.Card{Purge: id, Role: store.Status, Fails: fails}, Channel: "slack:T0/C0", Opens: true}
	}
	reply := store.Due{Card: store.Card{Purge: "c", Role: store.Result}, Channel: "slack:T0/C0"}
	elsewhere := reply
	elsewhere.Channel = "slack:T0/C1"
	edit := reply
	edit.Ref = books.JSON(chat.MessageRef{ID: "1"})
	takes := func(d store.Due, due ...store.Due) bool {
		if !b.HasTurn(d, now, poster.Opening(due)) {
			return false
		}
		give, taken := b.TakeLane(d)
		if taken {
			give()
		}
		return taken
	}
	assert.False(t, takes(reply, root("a", 0), reply))
	assert.True(t, takes(root("a", 0), root("a", 0), reply))
	assert.True(t, takes(elsewhere, root("a", 0)))
	assert.True(t, takes(edit, root("a", 0)), "an edit takes no message's place")
	assert.True(t, takes(reply, root("a", store.HeadStart)))
	assert.False(t, takes(reply, root("a", store.HeadStart), root("b", store.HeadStart-1)))

	give, taken := b.TakeLane(root("a", 0))
	require.True(t, taken)
	assert.False(t, takes(root("b", 0)), "one at a time to a channel")
	assert.False(t, takes(reply))
	assert.True(t, takes(edit))
	assert.True(t, takes(elsewhere))
	give()
	assert.True(t, takes(reply))
	b.Pace.Wait(poster.Posts("slack:T0/C0"), now.Add(time.Second))
	assert.False(t, takes(reply))
	assert.True(t, takes(edit), "posts and edits are counted apart")
	assert.True(t, takes(elsewhere))
}

// awaitNothingDue waits until every message is up to date.
func (w *world) awaitNothingDue() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		due, err := w.bot.Store.DueCards(w.t.Context(), 99)
		return err == nil && len(due) == 0
	}, time.Minute, 10*time.Millisecond)
}
