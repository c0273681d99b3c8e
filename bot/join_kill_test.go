package bot

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/chat"
)

// says hands a command to the child, as the same event each time, and reports whether it was acknowledged.
func (o *outside) says(t *testing.T, acks <-chan string, event string, who acl.Subject, at chat.Thread) bool {
	fmt.Fprintln(o.in, string(books.JSON(chat.Command{Event: chat.EventKey{Platform: "slack", Workspace: "T0", ID: event}, From: who, At: at, Text: page})))
	line, alive := <-acks
	if alive {
		require.Equal(t, "acked <nil>", line)
	}
	return alive
}

// driveJoin has alice ask, bob ask for the same during her purge, and the purge end. It continues after a death of the child.
func (o *outside) driveJoin(t *testing.T, dir string) {
	o.running = true
	var alices, bobs bool
	for range 3 {
		acks := o.launch(t, dir)
		if alices = alices || o.says(t, acks, "E1", alice, channel); !alices {
			continue
		}
		if bobs = bobs || o.says(t, acks, "E2", bob, elsewhere); !bobs {
			continue
		}
		o.mu.Lock()
		o.running = false
		o.mu.Unlock()
		if o.told(t, acks) {
			return
		}
	}
	t.Fatal("the child died more than once")
}

// told waits until both threads show the end, or for the death of the child.
func (o *outside) told(t *testing.T, acks <-chan string) bool {
	return o.awaits(t, acks, func() bool { return len(o.results("C0")) > 0 && len(o.results("C1")) > 0 })
}

// results returns the titles of the final messages in a channel.
func (o *outside) results(channel string) (titles []string) {
	for _, m := range o.chat.all() {
		if m.at.Channel == channel && isResult(m) {
			titles = append(titles, m.card.Title)
		}
	}
	return titles
}

// A kill at any point after the commit of a joining request loses no message and sends nothing twice.
func TestKilledAroundAJoin(t *testing.T) {
	t.Parallel()
	whole := newOutside(t, -1)
	whole.driveJoin(t, t.TempDir())
	whole.mu.Lock()
	points := slices.Clone(whole.points)
	whole.mu.Unlock()
	first := slices.Index(points, "taken")
	second := first + 1 + slices.Index(points[first+1:], "taken")
	require.Greater(t, second, first, "%v", points)
	for i := second; i < len(points); i++ {
		t.Run(fmt.Sprintf("%02d %s", i, points[i]), func(t *testing.T) {
			t.Parallel()
			o := newOutside(t, i)
			o.driveJoin(t, t.TempDir())
			assertJoinedTruly(t, o)
		})
	}
}

// assertJoinedTruly checks that at most one call left, and that both threads show the same end, in accord with the CDN.
func assertJoinedTruly(t *testing.T, o *outside) {
	t.Helper()
	o.mu.Lock()
	calls := len(o.calls)
	o.mu.Unlock()
	assert.LessOrEqual(t, calls, 1, "nothing is sent twice")
	hers, his := o.results("C0"), o.results("C1")
	assert.LessOrEqual(t, len(hers), 2, "a kill between post and commit may leave a second one")
	assert.LessOrEqual(t, len(his), 2)
	joined := slices.ContainsFunc(o.chat.all(), func(m shown) bool {
		return m.at.Channel == "C1" && strings.Contains(lines(m.card), "Joined ")
	})
	switch {
	case joined:
		assert.Equal(t, hers[0], his[0])
		assert.Equal(t, strings.HasPrefix(hers[0], "Done"), calls == 1, hers[0])
	default: // hers was over, its call lost before it left
		assert.True(t, strings.HasPrefix(hers[0], "Unknown"), hers[0])
		assert.True(t, strings.HasPrefix(his[0], "Done"), his[0])
	}
}
