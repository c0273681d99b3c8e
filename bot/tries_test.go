package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/runner"
	"purgebot/bot/store"
	"purgebot/purge"
)

var (
	notThere = &purge.Error{Kind: purge.Unavailable, Message: "Tencent cannot be reached; try again in a minute."}
	noAnswer = &purge.Error{Kind: purge.Unknown, Message: "No answer."}
	switched = &purge.Error{Kind: purge.Denied, Message: "Switched off."}
)

// answering gives the calls these answers in turn, and success to all later calls.
func (w *world) answering(answers ...*purge.Error) {
	n := 0
	w.cdn.set(func(purge.Batch) error {
		if n++; n > len(answers) || answers[n-1] == nil {
			return nil
		}
		return answers[n-1]
	})
}

// steps runs the step "submit" of a purge's first batch until nothing follows, without waiting, and returns the waits.
func (w *world) steps(t *testing.T, id string) (waits []time.Duration) {
	t.Helper()
	for try := range 100 {
		s, err := w.bot.runner.Submit(t.Context(), id, 0, try)
		require.NoError(t, err)
		if !s.Again {
			return waits
		}
		waits = append(waits, s.Wait)
	}
	t.Fatal("it never ends")
	return nil
}

// The answers to a batch's calls and the vendor's log decide how often it is called, its outcome, and the units that count as spent.
func TestHowOftenABatchIsCalled(t *testing.T) {
	t.Parallel()
	lacks := func(purge.StatusQuery) ([]purge.TargetStatus, error) { return nil, nil }
	fails := func(e *purge.Error) func(purge.StatusQuery) ([]purge.TargetStatus, error) {
		return func(purge.StatusQuery) ([]purge.TargetStatus, error) { return nil, e }
	}
	has := func(o purge.Outcome) func(purge.StatusQuery) ([]purge.TargetStatus, error) {
		return func(q purge.StatusQuery) ([]purge.TargetStatus, error) { return seen(q, o), nil }
	}
	always := func(e *purge.Error) []*purge.Error { return nTimes(e, 50) }
	for name, tc := range map[string]struct {
		answers []*purge.Error
		log     func(purge.StatusQuery) ([]purge.TargetStatus, error)
		calls   int
		ends    purge.Outcome
		spent   int
	}{
		"accepted":                        {nil, lacks, 1, purge.Accepted, 1},
		"never sent":                      {always(notThere), lacks, purge.MostTries, purge.Failed, 0},
		"not sent twice":                  {[]*purge.Error{notThere, notThere}, lacks, 3, purge.Accepted, 1},
		"refused":                         {always(switched), lacks, 1, purge.Failed, 0},
		"too fast for ever":               {always(&purge.Error{Kind: purge.Exhausted, Message: "Slow down.", RetryAfter: time.Second}), lacks, purge.MostTries, purge.Failed, 0},
		"no quota":                        {always(&purge.Error{Kind: purge.Exhausted, Message: "No quota."}), lacks, 1, purge.Failed, 0},
		"unclear, and not there":          {[]*purge.Error{noAnswer}, lacks, 2, purge.Accepted, 2},
		"unclear for ever":                {always(noAnswer), lacks, 2, purge.OutcomeUnknown, 2},
		"unclear, and there":              {always(noAnswer), has(purge.Done), 1, purge.Done, 1},
		"unclear, and running":            {always(noAnswer), has(purge.Accepted), 1, purge.Accepted, 1},
		"unclear, and failed":             {always(noAnswer), has(purge.Failed), 1, purge.Failed, 1},
		"unclear, and nobody can tell":    {always(noAnswer), fails(&purge.Error{Kind: purge.Denied}), 1, purge.OutcomeUnknown, 1},
		"unclear, and no log just now":    {always(noAnswer), fails(notThere), 1, purge.OutcomeUnknown, 1},
		"unclear, then refused":           {[]*purge.Error{noAnswer, switched}, lacks, 2, purge.OutcomeUnknown, 1},
		"unclear, then malformed":         {[]*purge.Error{noAnswer, badInput}, lacks, 2, purge.OutcomeUnknown, 1},
		"unclear, then not sent, then in": {[]*purge.Error{noAnswer, notThere}, lacks, 3, purge.Accepted, 2},
		"unclear, then never sent":        {append([]*purge.Error{noAnswer}, always(notThere)...), lacks, purge.MostTries, purge.OutcomeUnknown, 1},
		"not sent, then unclear twice":    {[]*purge.Error{notThere, noAnswer, noAnswer}, lacks, 3, purge.OutcomeUnknown, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newStillWorld(t)
			w.bot.waits.Deadline = time.Hour
			w.answering(tc.answers...)
			w.cdn.status = tc.log
			p := w.recordedPurge(t, "https://www.test.com/1")
			waits := w.steps(t, p.ID)
			assert.Len(t, w.cdn.sent(), tc.calls)
			assert.Equal(t, tc.ends, w.targets(t, p.ID)[0].Outcome)
			spent, err := w.bot.Store.Spent(t.Context(), w.bot.vendor.Day(time.Now()))
			require.NoError(t, err)
			total := 0
			for _, s := range spent {
				total += s.Units
			}
			assert.Equal(t, tc.spent, total)
			for _, wait := range waits {
				assert.LessOrEqual(t, wait, time.Minute+time.Minute/4)
			}
		})
	}
}

// nTimes returns the same answer n times.
func nTimes(e *purge.Error, n int) []*purge.Error {
	all := make([]*purge.Error, n)
	for i := range all {
		all[i] = e
	}
	return all
}

// A further batch of the area is independent, and no wait exceeds the rest of the deadline.
func TestTheDeadlineEndsTrying(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newStillWorld(t, func(o *Options) { o.Now = func() time.Time { return now } })
	w.bot.waits.Deadline = 3500 * time.Millisecond
	w.answering(nTimes(notThere, 50)...)
	p := w.recordedPurge(t, "https://www.test.com/1")
	waits := w.steps(t, p.ID) // no time passes
	require.NotEmpty(t, waits)
	for _, wait := range waits {
		assert.Less(t, wait, w.bot.waits.Deadline)
	}
	assert.Less(t, len(w.cdn.sent()), purge.MostTries)
	assert.Equal(t, purge.Failed, w.targets(t, p.ID)[0].Outcome)
}

// The card shows the number of tries, the time of the next, and the reason, and no advice.
func TestTheCardSaysThatItIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Deadline = time.Hour })
	w.answering(notThere, notThere, &purge.Error{Kind: purge.Unavailable, Message: "Tencent cannot be reached; try again in a minute.", RetryAfter: time.Minute})
	w.types(alice, "https://www.test.com/1")
	m := w.chat.await(t, func(m shown) bool { return strings.Contains(lines(m.card), "Tried 3 times; next at ") })
	assert.Regexp(t, `Tried 3 times; next at \d\d:\d\d UTC\. Tencent cannot be reached\.\n`, lines(m.card)+"\n")
	assert.NotContains(t, lines(m.card), "try again")
	assert.True(t, hasButton(m.card, "Cancel"))
}

// A reply tells once about a lasting unclear outcome, with the end of the looks and a check to make; a press looks at once, and the
// end comes as usual.
func TestWhatStaysUnclearIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Deadline = time.Hour })
	w.bot.tendEvery = 20 * time.Millisecond
	w.answering(nTimes(noAnswer, 9)...)
	w.cdn.mu.Lock()
	w.cdn.status = func(purge.StatusQuery) ([]purge.TargetStatus, error) { return nil, notThere }
	w.cdn.mu.Unlock()
	w.types(alice, "https://www.test.com/1")
	told := w.ends(card.NotClear)
	assert.NotEmpty(t, told.at.Root, "in the thread")
	assert.Contains(t, told.card.Mention, alice)
	assert.Regexp(t, `looking until \d\d:\d\d UTC at the latest`, lines(told.card))
	assert.Contains(t, lines(told.card), card.Meanwhile(purge.URL))
	w.pressesOn(alice, told, "Look again")
	w.chat.awaitIn(t, &w.chat.told, func(m shown) bool { return strings.Contains(m.card.Title, "says nothing new") })
	w.logs(func(q purge.StatusQuery) []purge.TargetStatus { return seen(q, purge.Done) })
	w.pressesOn(alice, told, "Look again")
	w.ends("Done")
	cleared := w.chat.await(t, func(m shown) bool { return m.ref == told.ref && m.card.Title == card.Cleared })
	assert.Empty(t, cleared.card.Buttons)
	assert.Len(t, w.cdn.sent(), 1)
	n := 0
	for _, m := range w.chat.all() {
		if m.ref == told.ref {
			n++
		}
	}
	assert.Equal(t, 1, n)
}

// A purge that ends before the reply about its unclear outcome is due posts its end alone.
func TestWhatIsClearSoonIsNotToldTwice(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	p := w.recordedPurge(t, "https://www.test.com/1")
	w.answering(noAnswer)
	w.cdn.status = func(purge.StatusQuery) ([]purge.TargetStatus, error) { return nil, notThere }
	_, err := w.bot.runner.Submit(t.Context(), p.ID, 0, 0)
	require.NoError(t, err)
	w.bot.waits.Poll = time.Hour
	w.bot.poster.TellUnclear(t.Context())
	_, found, err := w.bot.Store.CardOf(t.Context(), p.ID, store.Looking)
	require.NoError(t, err)
	assert.False(t, found, "it left just now")
}

// A row of the vendor's log proves nothing if two purges have sent the same target: neither is called done by the other's row.
func TestTheLedgerKnowsWhoseRowItMayBe(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	first, second := w.recordedPurge(t, "https://www.test.com/1", "https://www.test.com/2"), store.Purge{}
	t.Run("second", func(t *testing.T) { second = w.recordedPurge(t, "https://www.test.com/2", "https://www.abc.com/1") })
	var beside []purge.Sent
	w.cdn.status = func(q purge.StatusQuery) (_ []purge.TargetStatus, err error) {
		beside, err = q.Beside(context.Background())
		return nil, err
	}
	w.answering(noAnswer, nil)
	for _, id := range []string{first.ID, second.ID} {
		_, err := w.bot.runner.Submit(t.Context(), id, 0, 0)
		require.NoError(t, err)
	}
	_, err := w.bot.runner.Look(t.Context(), first.ID, 1)
	require.NoError(t, err)
	require.Len(t, beside, 1)
	assert.Equal(t, purge.Sent{Kind: purge.URL, Area: purge.Mainland, Target: beside[0].Target, TaskID: "1"}, beside[0])
	assert.Equal(t, "https://www.test.com/2", beside[0].Target.String())
	_, err = w.bot.runner.Look(t.Context(), second.ID, 1)
	require.NoError(t, err)
	assert.Len(t, beside, 2, "both of the first may have been done")
}

// A call that waits for its turn is not in the ledger, and is cancelled like an untried one; a turn that never comes is no try.
func TestWhatIsQueuedHasNotLeft(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	p := w.recordedPurge(t, "https://www.test.com/1")
	w.cdn.queue = &purge.Error{Kind: purge.Unavailable, Message: "Too many wait.", RetryAfter: 7 * time.Second}
	for try := range 2 * purge.MostTries {
		s, err := w.bot.runner.Submit(t.Context(), p.ID, 0, try)
		require.NoError(t, err)
		assert.Equal(t, runner.Submitted{Again: true, Wait: 7 * time.Second}, s)
	}
	calls, err := w.bot.Store.Calls(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Empty(t, calls)
	w.cdn.queue = nil
	s, err := w.bot.runner.Submit(t.Context(), p.ID, 0, 2*purge.MostTries)
	require.NoError(t, err)
	assert.Equal(t, runner.Submitted{}, s)
	assert.Len(t, w.cdn.sent(), 1)
}

// A call that is queued when the bot stops is sent by the next process.
func TestWhatIsQueuedAtAStopStays(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	p := w.recordedPurge(t, "https://www.test.com/1")
	w.cdn.turn = func() { w.bot.Calls.Close(0) }
	_, err := w.bot.runner.Submit(t.Context(), p.ID, 0, 0)
	assert.ErrorIs(t, err, books.ErrStopping)
	assert.Empty(t, w.cdn.sent())
	calls, err := w.bot.Store.Calls(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Empty(t, calls)
}

// A second try is made within the deadline or not at all.
func TestNoSecondTryAfterTheDeadline(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	w.bot.waits.Deadline = time.Hour
	w.answering(noAnswer)
	w.cdn.status = func(purge.StatusQuery) ([]purge.TargetStatus, error) { return nil, nil }
	p := w.recordedPurge(t, "https://www.test.com/1")
	_, err := w.bot.runner.Submit(t.Context(), p.ID, 0, 0)
	require.NoError(t, err)
	w.bot.waits.Deadline = 0
	s, err := w.bot.runner.Submit(t.Context(), p.ID, 0, runner.UnlistedLooks)
	require.NoError(t, err)
	assert.Equal(t, runner.Submitted{}, s)
	assert.Len(t, w.cdn.sent(), 1)
}
