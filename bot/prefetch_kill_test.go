package bot

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// drivePrefetch has alice ask for a purge with a prefetch, and waits until the prefetch has ended. It continues after a death of
// the child.
func (o *outside) drivePrefetch(t *testing.T, dir string) {
	o.say = fetchedPage
	asked := false
	for range 3 {
		acks := o.launch(t, dir)
		if !asked {
			fmt.Fprintln(o.in, o.say)
			line, alive := <-acks
			if !alive {
				continue
			}
			require.Equal(t, "acked <nil>", line)
			asked = true
		}
		if o.fetched(t, acks) {
			return
		}
	}
	t.Fatal("the child died more than once")
}

// fetched waits for the final message of the prefetch, or for the death of the child.
func (o *outside) fetched(t *testing.T, acks <-chan string) bool {
	return o.awaits(t, acks, func() bool {
		return slices.ContainsFunc(o.chat.all(), func(m shown) bool {
			return m.card.Mention != nil && (aboutFetching(m) || strings.Contains(lines(m.card), card.NoneFetched) || strings.HasPrefix(m.card.Title, "Unknown"))
		})
	})
}

func aboutFetching(m shown) bool { return strings.Contains(m.card.Title, "etch") }

// A kill at any point from the end of the purge to the end of its prefetch loses nothing and fetches nothing twice.
func TestKilledAroundAPrefetch(t *testing.T) {
	t.Parallel()
	whole := newOutside(t, -1)
	whole.drivePrefetch(t, t.TempDir())
	whole.mu.Lock()
	points := slices.Clone(whole.points)
	whole.mu.Unlock()
	first := slices.Index(points, "before finish")
	require.Positive(t, first, "%v", points)
	require.Contains(t, points[first:], "before start", "also between its commit and the engine: %v", points)
	require.Contains(t, points[first:], "after call")
	for i := first; i < len(points); i++ {
		t.Run(fmt.Sprintf("%02d %s", i, points[i]), func(t *testing.T) {
			t.Parallel()
			o, dir := newOutside(t, i), t.TempDir()
			o.drivePrefetch(t, dir)
			o.assertFetchedTruly(t, dir)
		})
	}
}

// assertFetchedTruly checks that the purge and its prefetch are one row and at most one call each, and that their messages fit the
// CDN's calls.
func (o *outside) assertFetchedTruly(t *testing.T, dir string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	calls := map[purge.Kind]int{}
	for _, b := range o.calls {
		calls[b.Kind]++
	}
	assert.Equal(t, 1, calls[purge.URL])
	assert.LessOrEqual(t, calls[purge.Prefetch], 1)
	_ = o.child.Process.Kill()
	<-o.dead
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(dir, "bot.db"))
	require.NoError(t, err)
	defer db.Close()
	all, err := db.History(t.Context(), store.Filter{})
	require.NoError(t, err)
	require.Len(t, all, 2)
	fetch, page := all[0], all[1]
	if fetch.Request.Kind != purge.Prefetch {
		fetch, page = page, fetch
	}
	assert.Equal(t, []any{store.StateDone, page.ID}, []any{page.State, fetch.Follows})
	switch fetch.State {
	case store.StateDone:
		assert.Equal(t, 1, calls[purge.Prefetch])
	case store.StateUnknown:
		assert.Zero(t, calls[purge.Prefetch], "what arrived can be looked up")
	default:
		t.Errorf("it ended as %q", fetch.State)
	}
}
