package bot

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/books"
	"purgebot/bot/runner"
	"purgebot/bot/store"
	"purgebot/purge"
)

var badInput = &purge.Error{Kind: purge.Invalid, Message: "Tencent does not take one of these."}

// rejects makes the CDN refuse every call with one of these targets.
func (w *world) rejects(e *purge.Error, bad ...string) {
	w.cdn.set(func(b purge.Batch) error { return rejected(b, e, bad) })
}

func rejected(b purge.Batch, e *purge.Error, bad []string) error {
	for _, t := range b.Targets {
		for _, s := range bad {
			if strings.HasSuffix(t.String(), s) {
				return e
			}
		}
	}
	return nil
}

func many(n int) string {
	var words []string
	for i := range n {
		words = append(words, fmt.Sprintf("https://www.test.com/%04d", i))
	}
	return strings.Join(words, " ")
}

func TestARefusedBatchIsNarrowedToTheCulprit(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 3, 7, 100, 300} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *Options) { o.ConfirmURLs = 10000 })
			w.rejects(badInput, fmt.Sprintf("/%04d", n/2))
			w.types(alice, many(n))
			m := w.ends("Partly done")
			assert.Contains(t, lines(m.card), fmt.Sprintf("Mainland: %d done, 1 failed.", n-1))
			assert.Contains(t, lines(m.card), fmt.Sprintf("https://www.test.com/%04d: %s", n/2, badInput.Message))
			assert.LessOrEqual(t, len(w.cdn.sent()), 1+runner.MostNarrowing)
			taken := map[string]int{}
			for _, b := range w.cdn.sent() {
				if rejected(b, badInput, []string{fmt.Sprintf("/%04d", n/2)}) == nil {
					for _, target := range b.Targets {
						taken[target.String()]++
					}
				}
			}
			assert.Len(t, taken, n-1)
			for target, times := range taken {
				assert.Equal(t, 1, times, target)
			}
			if n > 20 {
				file := w.result().card.File
				require.NotNil(t, file)
				assert.Equal(t, n, strings.Count(file.Text, "\n"))
				assert.Contains(t, file.Text, fmt.Sprintf("https://www.test.com/%04d\tmainland\tfailed\t%s\n", n/2, badInput.Message))
				assert.Contains(t, file.Text, "https://www.test.com/0000\tmainland\tdone\t\n")
			}
		})
	}
}

func TestNarrowingEndsWhereNothingGoesThrough(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.ConfirmURLs = 10000 })
	w.cdn.set(func(purge.Batch) error { return badInput })
	w.types(alice, many(64))
	m := w.ends("Failed")
	assert.Contains(t, lines(m.card), "at least one of which is wrong. "+badInput.Message)
	assert.LessOrEqual(t, len(w.cdn.sent()), 1+2*7+1)
	assert.Contains(t, lines(w.types(alice, "quota")), "You used nothing today.", "what was refused costs nothing")
}

func TestNarrowingLeavesOtherBatchesAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rejects(badInput, "test.com/0001")
	w.asks(alice, many(4)+" https://www.abc.com/1 --global")
	w.presses(alice, "Purge")
	text := lines(w.ends("Partly done").card)
	assert.Contains(t, text, "Mainland: 4 done, 1 failed.")
	assert.Contains(t, text, "Overseas: 4 done, 1 failed.")
}

func TestOnlyWhatATargetCanCauseIsNarrowed(t *testing.T) {
	t.Parallel()
	for kind, calls := range map[purge.ErrorKind]int{purge.Invalid: 3, purge.NotFound: 1, purge.Denied: 1, purge.Unknown: 1, purge.Internal: 1} {
		w := newStillWorld(t)
		w.cdn.set(func(purge.Batch) error { return &purge.Error{Kind: kind, Message: "No."} })
		p := w.recordedPurge(t, "https://www.test.com/1", "https://www.test.com/2")
		batches := 1
		for n := 0; n < batches; n++ {
			s, err := w.bot.runner.Submit(t.Context(), p.ID, n, 0)
			require.NoError(t, err)
			batches += s.More
		}
		assert.Len(t, w.cdn.sent(), calls, kind.String())
		w.stop()
	}
}

// mixed returns a purge with a batch of several hosts, as another plan might make it.
func (w *world) mixed(t *testing.T) store.Purge {
	p := w.recordedPurge(t, "https://www.test.com/1", "https://www.abc.com/1", "https://www.test.com/2")
	rows := w.targets(t, p.ID)
	for i := range rows {
		rows[i].Batch = 0
	}
	_, err := w.bot.Store.DB().ExecContext(t.Context(), `UPDATE pb_target SET batch = 0, place = n WHERE purge = $1`, p.ID)
	require.NoError(t, err)
	return p
}

func TestHostsAreToldApartFirst(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	w.rejects(&purge.Error{Kind: purge.NotFound, Message: "No such domain."}, "abc.com/1")
	p := w.mixed(t)
	s, err := w.bot.runner.Submit(t.Context(), p.ID, 0, 0)
	require.NoError(t, err)
	require.Equal(t, 2, s.More)
	for n := 1; n <= 2; n++ {
		_, err = w.bot.runner.Submit(t.Context(), p.ID, n, 0)
		require.NoError(t, err)
	}
	assert.Equal(t, []purge.Outcome{purge.Accepted, purge.Failed, purge.Accepted},
		[]purge.Outcome{w.targets(t, p.ID)[0].Outcome, w.targets(t, p.ID)[1].Outcome, w.targets(t, p.ID)[2].Outcome})
	assert.Len(t, w.cdn.sent(), 3)
}

func TestACutNarrowingGoesOnAsItWouldHave(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	w.rejects(badInput, "com/2")
	p := w.recordedPurge(t, "https://www.test.com/1", "https://www.test.com/2", "https://www.test.com/3")
	batches, calls := 1, 0
	for n := 0; n < batches; n++ {
		first, err := w.bot.runner.Submit(t.Context(), p.ID, n, 0)
		require.NoError(t, err)
		calls = len(w.cdn.sent())
		again, err := w.bot.runner.Submit(t.Context(), p.ID, n, 0)
		require.NoError(t, err)
		assert.Equal(t, first, again, "batch %d", n)
		assert.Len(t, w.cdn.sent(), calls, "the answer is in the ledger: nothing is called again")
		batches += first.More
	}
	assert.Equal(t, 5, batches)
	_, err := w.bot.runner.Submit(t.Context(), p.ID, batches, 0)
	require.NoError(t, err, "a purge whose engine rows were lost counts its batches anew")
	assert.Len(t, w.cdn.sent(), 5)
}

func TestNarrowingKilledAtAnyCall(t *testing.T) {
	t.Parallel()
	narrowing := func(o *outside) {
		o.bad, o.say = "/bad/", "dir https://www.test.com/a/ https://www.test.com/bad/ https://www.test.com/c/"
	}
	whole := newOutside(t, -1)
	narrowing(whole)
	whole.drive(t, whole.launch(t, t.TempDir()), true)
	whole.mu.Lock()
	points := append([]string(nil), whole.points...)
	whole.mu.Unlock()
	for i, point := range points {
		if !strings.HasSuffix(point, "call") && !strings.HasSuffix(point, "submit") {
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", i, point), func(t *testing.T) {
			t.Parallel()
			o, dir := newOutside(t, i), t.TempDir()
			narrowing(o)
			acked, lived := o.drive(t, o.launch(t, dir), true)
			if !lived {
				o.drive(t, o.launch(t, dir), !acked)
			}
			assertNarrowedTruly(t, o)
		})
	}
}

// assertNarrowedTruly checks that no call was repeated, that every done target was accepted by the CDN, and that no accepted target
// failed.
func assertNarrowedTruly(t *testing.T, o *outside) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	seen := map[string]bool{}
	taken := map[string]bool{}
	for _, b := range o.calls {
		key := string(bytes.TrimSpace(books.JSON(b.Targets)))
		assert.False(t, seen[key], "called twice: %s", key)
		seen[key] = true
		if rejected(b, badInput, []string{o.bad}) == nil {
			for _, target := range b.Targets {
				taken[target.String()] = true
			}
		}
	}
	for _, m := range o.chat.all() {
		if m.at.Root == "" {
			continue
		}
		text := lines(m.card)
		assert.NotContains(t, text, "3 done")
		if len(taken) == 2 {
			assert.Contains(t, text, "2 done")
		} else {
			assert.Contains(t, text, "unknown", "what was not taken was lost to a kill, and is said so: %v", o.calls)
		}
	}
}
