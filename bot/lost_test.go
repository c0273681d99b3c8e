package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// changing makes each target end at a look of its own, so that the purge changes often before its end.
func changing(w *world, looks int) {
	n := 0
	w.cdn.status = func(q purge.StatusQuery) ([]purge.TargetStatus, error) {
		n++
		all := seen(q, purge.Accepted)
		for i := range min(n, len(all)) {
			all[i].Outcome = purge.Done
		}
		return all[:min(len(all), looks)], nil
	}
}

const sixURLs = "https://www.test.com/1 https://www.test.com/2 https://www.test.com/3 https://www.test.com/4 https://www.test.com/5 https://www.test.com/6"

// A requester whose channel is lost is told the end privately, once, for each way to lose a channel and however often the purge
// changes.
func TestAnEndIsToldOnceWhereTheChannelIsLost(t *testing.T) {
	t.Parallel()
	gone := &purge.Error{Kind: purge.NotFound, Message: "That channel is gone. Use another one."}
	closed := &purge.Error{Kind: purge.Denied, Message: "Allow Send Messages there."}
	passing := &purge.Error{Kind: purge.Unavailable, Message: "Discord does not answer. Try again."}
	for name, c := range map[string]struct {
		lose func(w *world)
		why  string
	}{
		"from the start":            {func(w *world) { w.chat.setFail(closed) }, closed.Message},
		"gone":                      {func(w *world) { w.chat.setFail(gone) }, gone.Message},
		"only posting is forbidden": {func(w *world) { w.chat.mayNotPost = closed }, closed.Message},
		"telling fails at first":    {func(w *world) { w.chat.setFail(closed); w.chat.failsTell = []error{passing, passing} }, closed.Message},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			changing(w, 6)
			c.lose(w)
			w.types(alice, sixURLs)
			told := w.chat.awaitIn(t, &w.chat.told, func(shown) bool { return true })
			assert.Equal(t, "Done in mainland: 6 URLs on www.test.com", told.card.Title)
			assert.Contains(t, strings.Join(told.card.Lines, "\n"), card.ToldAlone(c.why))
			assert.Equal(t, "E1", told.after, "it is about the command")
			w.settlesTold(1)
		})
	}
}

// A card can be edited where posting is forbidden; the requester is then told the end privately, since an edit notifies nobody.
func TestWhereOnlyPostingIsRevokedTheCardIsEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.hold = make(chan struct{})
	changing(w, 6)
	w.types(alice, sixURLs)
	w.ends("Purging")
	w.chat.mu.Lock()
	w.chat.mayNotPost = &purge.Error{Kind: purge.Denied, Message: "Allow Send Messages there."}
	w.chat.mu.Unlock()
	close(w.cdn.hold)
	w.ends("Done in mainland")
	w.settlesTold(1)
	require.Len(t, w.chat.all(), 1, "the card")
	assert.Contains(t, w.chat.all()[0].card.Title, "Done in mainland")
}

// Each requester of a joined purge is told once, after that requester's own event.
func TestWhoJoinedIsToldTheirs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.hold = make(chan struct{})
	w.types(alice, "https://www.test.com/1")
	w.ends("Purging")
	w.types(bob, "https://www.test.com/1")
	w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Purge again") })
	w.chat.setFail(&purge.Error{Kind: purge.Denied, Message: "That thread is archived."})
	close(w.cdn.hold)
	w.settlesTold(2)
	after := map[string]bool{}
	for _, m := range w.chat.told {
		after[m.after] = true
	}
	assert.Equal(t, map[string]bool{"E1": true, "E2": true}, after)
}

// settlesTold waits until no card is due, and returns the number of private messages.
func (w *world) settlesTold(n int) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		left, err := w.bot.Backlog(w.t.Context())
		return err == nil && left.Open == 0 && left.Cards == 0
	}, 3*time.Minute, 20*time.Millisecond, "settled")
	w.chat.mu.Lock()
	defer w.chat.mu.Unlock()
	require.Len(w.t, w.chat.told, n)
	for _, m := range w.chat.told {
		assert.Equal(w.t, chat.Good, m.card.Tone)
	}
}
