package cdnsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (w *world) fill(t *testing.T, urls ...string) {
	t.Helper()
	for _, u := range urls {
		require.NoError(t, w.Fill(u))
	}
}

func TestPurgeExpiresOneAreaAfterTheDelay(t *testing.T) {
	t.Parallel()
	const one, other = "https://www.test.com/1.jpg", "https://www.test.com/2.jpg"
	for action, area := range map[string]Area{"RefreshCdnUrl": Mainland, "RefreshCdnOverSeaUrl": Overseas} {
		w := newWorld()
		w.fill(t, one, other)
		filled := w.clock.Now()
		w.call(t, action, "urls.0", one)

		w.clock.add(time.Minute - 1)
		assert.Equal(t, Edge{area, one, Fresh, false, filled}, w.Edge(area, one), "the delay is not over")
		w.clock.add(1)
		assert.Equal(t, Edge{area, one, Stale, false, filled.Add(time.Minute)}, w.Edge(area, one))
		w.call(t, action, "urls.0", one)
		w.clock.add(time.Minute)
		assert.Equal(t, filled.Add(time.Minute), w.Edge(area, one).Since, "it is stale already")
		assert.Len(t, w.Edges(), 4)
		for _, e := range w.Edges() {
			assert.Equal(t, e.Area == area && e.URL == one, e.State == Stale, "%v", e)
		}

		w.fill(t, one)
		assert.Equal(t, Edge{area, one, Fresh, false, filled.Add(2 * time.Minute)}, w.Edge(area, one), "a visit caches it again")
	}
}

func TestPurgeWithoutDelayIsDoneAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.Delay = 0
	w.fill(t, "https://www.test.com/")
	w.call(t, "RefreshCdnUrl", "urls.0", "https://www.test.com")
	assert.Equal(t, Stale, w.Edge(Mainland, "https://www.test.com/").State, "an empty path is the root")
}

func TestUrlPurgeTakesTheExactURL(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cached, purged string
		state          State
	}{
		"same":                      {"https://www.test.com/a?x=1", "https://www.test.com/a?x=1", Stale},
		"host in capitals":          {"https://www.test.com/a", "https://WWW.Test.com/a", Stale},
		"path in capitals":          {"https://www.test.com/a", "https://www.test.com/A", Fresh},
		"other scheme":              {"https://www.test.com/a", "http://www.test.com/a", Fresh},
		"other query":               {"https://www.test.com/a?x=1", "https://www.test.com/a?x=2", Fresh},
		"without query":             {"https://www.test.com/a?x=1", "https://www.test.com/a", Fresh},
		"page of a directory":       {"https://www.test.com/a/b", "https://www.test.com/a/", Fresh},
		"query ignored":             {"https://www.abc.com/a?x=1", "https://www.abc.com/a?x=2", Stale},
		"query ignored, none":       {"https://www.abc.com/a", "https://www.abc.com/a?x=2", Stale},
		"letters raw":               {"https://www.test.com/é", "https://www.test.com/é", Fresh},
		"letters encoded":           {"https://www.test.com/é", "https://www.test.com/%C3%A9", Stale},
		"encoded in small letters":  {"https://www.test.com/%C3%A9", "https://www.test.com/%c3%a9", Fresh},
		"fragment is never visited": {"https://www.test.com/a#b", "https://www.test.com/a", Stale},
	} {
		w := newWorld()
		w.Delay = 0
		w.fill(t, c.cached)
		require.Equal(t, 0, w.call(t, "RefreshCdnUrl", "urls.0", c.purged).Code, name)
		assert.Equal(t, c.state, w.Edge(Mainland, c.cached).State, name)
	}
}

func TestDirectoryPurgeTakesEverythingBelow(t *testing.T) {
	t.Parallel()
	below := []string{"https://www.test.com/a/", "https://www.test.com/a/1", "https://www.test.com/a/b/2?x=1"}
	beside := []string{"https://www.test.com/", "https://www.test.com/a", "https://www.test.com/ab/1", "http://www.test.com/a/1", "https://cn.test.com/a/1"}
	for _, directory := range []string{"https://www.test.com/a/", "https://www.test.com/a"} {
		w := newWorld()
		w.Delay = 0
		w.fill(t, below...)
		w.fill(t, beside...)
		require.Equal(t, 0, w.call(t, "RefreshCdnDir", "dirs.0", directory, "type", "2").Code)
		for _, u := range below {
			assert.Equal(t, Stale, w.Edge(Mainland, u).State, u)
			assert.Equal(t, Fresh, w.Edge(Overseas, u).State, u)
		}
		for _, u := range beside {
			assert.Equal(t, Fresh, w.Edge(Mainland, u).State, u)
		}
	}
}

func TestFlushLeavesUnchangedFiles(t *testing.T) {
	t.Parallel()
	const changed, same = "https://www.test.com/a/changed", "https://www.test.com/a/same"
	for kind, sameAfter := range map[string]State{"-": Fresh, "1": Fresh, "2": Stale} {
		w := newWorld()
		w.fill(t, changed, same)
		w.call(t, "RefreshCdnDir", "dirs.0", "https://www.test.com/a/", "type", kind)
		require.NoError(t, w.Change(changed))
		assert.True(t, w.Edge(Mainland, changed).Outdated)
		w.clock.add(time.Minute)
		assert.Equal(t, Stale, w.Edge(Mainland, changed).State, kind)
		assert.Equal(t, sameAfter, w.Edge(Mainland, same).State, kind)
		w.fill(t, changed)
		assert.False(t, w.Edge(Mainland, changed).Outdated, "fetched from the origin")
	}
}

// What is cached between acceptance and due time expires as well; what is cached after it does not.
func TestPurgesTakeEffectInTheOrderInWhichTheyFallDue(t *testing.T) {
	t.Parallel()
	const u = "https://www.test.com/"
	w := newWorld()
	w.call(t, "RefreshCdnUrl", "urls.0", u)
	w.clock.add(30 * time.Second)
	w.fill(t, u)
	w.Adjust(func(s *Sim) { s.Delay = 10 * time.Second })
	w.call(t, "RefreshCdnUrl", "urls.0", u)
	w.clock.add(10 * time.Second)
	assert.Equal(t, Stale, w.Edge(Mainland, u).State, "the later purge was faster")
	w.fill(t, u)
	w.clock.add(20 * time.Second)
	assert.Equal(t, w.clock.Now(), w.Edge(Mainland, u).Since, "then the first one came")
	w.fill(t, u)
	w.clock.add(time.Hour)
	assert.Equal(t, Fresh, w.Edge(Mainland, u).State)
}

func TestFinishCarriesOutWhatIsRunning(t *testing.T) {
	t.Parallel()
	const u = "https://www.test.com/"
	w := newWorld()
	w.fill(t, u)
	w.call(t, "RefreshCdnUrl", "urls.0", u)
	assert.Equal(t, Fresh, w.Edge(Mainland, u).State)
	w.Finish()
	assert.Equal(t, Stale, w.Edge(Mainland, u).State)
	assert.Zero(t, w.Due())
	w.fill(t, u)
	w.clock.add(time.Hour)
	assert.Equal(t, Fresh, w.Edge(Mainland, u).State, "once")
}

func TestVisitOfWhatIsFreshIsAHit(t *testing.T) {
	t.Parallel()
	const u = "https://www.test.com/"
	w := newWorld()
	w.fill(t, u)
	require.NoError(t, w.Change(u))
	filled := w.clock.Now()
	w.clock.add(time.Second)
	w.fill(t, u)
	assert.Equal(t, Edge{Mainland, u, Fresh, true, filled}, w.Edge(Mainland, u))
}

func TestFillKeepsToTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld()
	assert.Error(t, w.Fill("https://foreign.example/"))
	assert.Error(t, w.Fill("www.test.com"))
	assert.Error(t, w.Change("https://foreign.example/"))
	require.NoError(t, w.Fill("https://cn.test.com/"))
	require.NoError(t, w.Fill("https://www.test.com/", Overseas))
	assert.Equal(t, Edge{}, w.Edge(Overseas, "https://cn.test.com/"), "not accelerated there")
	assert.Equal(t, Edge{}, w.Edge(Mainland, "https://www.test.com/"), "not visited there")
	assert.Equal(t, Edge{}, w.Edge(Mainland, "https://foreign.example/"))
	assert.Len(t, w.Edges(), 2)
}
