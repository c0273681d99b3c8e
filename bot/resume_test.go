package bot

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// The state that a repeated step finds, and events at the same time.

// recordedPurge records a purge without sending it.
func (w *world) recordedPurge(t *testing.T, targets ...string) store.Purge {
	t.Helper()
	r := purge.Request{Kind: purge.URL, Parts: []purge.Part{{Area: purge.Mainland}}}
	for _, s := range targets {
		target, err := purge.Parse(purge.URL, s)
		require.NoError(t, err)
		r.Parts[0].Targets = append(r.Parts[0].Targets, target)
	}
	p := store.Purge{ID: books.HashID("recorded", t.Name()), Secret: books.NewToken(), Event: store.Event{Platform: "slack", Workspace: "T0", ID: "R" + t.Name()},
		Requester: alice, Name: "Alice", Thread: books.JSON(channel), Channel: channel.Subject(), Request: r, Digest: r.Digest(),
		State: store.StateRecorded, CreatedAt: time.Now()}
	batches, err := purge.NewPlan(r, w.cdn.Limits())
	require.NoError(t, err)
	p, err = w.bot.Store.Record(t.Context(), p, batches)
	require.NoError(t, err)
	return p
}

func (w *world) targets(t *testing.T, id string) []store.Target {
	t.Helper()
	rows, err := w.bot.Store.Targets(t.Context(), id)
	require.NoError(t, err)
	return rows
}

func TestWhatLeftIsFoundBeforeThePolicyIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	p := w.recordedPurge(t, "https://www.test.com/1")
	_, fresh, err := w.bot.Store.Begin(t.Context(), store.Call{Purge: p.ID, Kind: purge.URL, Area: purge.Mainland, Units: 1, Day: "2026-11-21", At: time.Now(), State: store.Calling}, 0, nil)
	require.NoError(t, err)
	require.True(t, fresh, "a call has left, and its answer was never recorded")
	w.setPolicy(strings.Replace(worldPolicy, "www.test.com, ", "", 1))
	_, err = w.bot.runner.Submit(t.Context(), p.ID, 0, 0)
	require.NoError(t, err)
	assert.Equal(t, purge.Accepted, w.targets(t, p.ID)[0].Outcome, "it is looked up, not called refused")
	assert.Empty(t, w.cdn.sent(), "and not called again")
}

func TestInterruptedCallThatCannotBeLookedUpIsUnknown(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	w.cdn.status = func(purge.StatusQuery) ([]purge.TargetStatus, error) { return nil, nil }
	p := w.recordedPurge(t, "https://www.test.com/1")
	_, _, err := w.bot.Store.Begin(t.Context(), store.Call{Purge: p.ID, Kind: purge.URL, Area: purge.Mainland, Units: 1, Day: "d", At: time.Now(), State: store.Calling}, 0, nil)
	require.NoError(t, err)
	_, err = w.bot.runner.Submit(t.Context(), p.ID, 0, 0)
	require.NoError(t, err)
	assert.Equal(t, purge.OutcomeUnknown, w.targets(t, p.ID)[0].Outcome)
	assert.Empty(t, w.cdn.sent())
}

func TestAStepCutAfterItsAnswerGoesOnAsItWouldHave(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*purge.Error{
		"not sent":  {Kind: purge.Unavailable, Message: "No connection."},
		"too fast":  {Kind: purge.Exhausted, Message: "Slow down.", RetryAfter: time.Second},
		"wrong key": {Kind: purge.Internal, Message: "Wrong key."},
		"no quota":  {Kind: purge.Exhausted, Message: "No quota."},
		"refused":   {Kind: purge.Invalid, Message: "No."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newStillWorld(t)
			w.cdn.answer = func(purge.Batch) error { return e }
			p := w.recordedPurge(t, "https://www.test.com/1", "https://www.abc.com/1")
			first, err := w.bot.runner.Submit(t.Context(), p.ID, 0, 0)
			require.NoError(t, err)
			again, err := w.bot.runner.Submit(t.Context(), p.ID, 0, 0)
			require.NoError(t, err)
			first.Wait, again.Wait = 0, 0
			assert.Equal(t, first, again)
			assert.Len(t, w.cdn.sent(), 1, "the answer is in the ledger: nothing is called again")
		})
	}
}

func TestUsedUpQuotaStopsTheRestOfItsArea(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.answer = func(b purge.Batch) error {
		if b.Area == purge.Mainland {
			return &purge.Error{Kind: purge.Exhausted, Message: "No quota."}
		}
		return nil
	}
	w.types(alice, "https://www.test.com/1 https://www.abc.com/1 --global")
	w.presses(alice, "Purge")
	lines := strings.Join(w.ends("Partly done").card.Lines, "\n")
	assert.Contains(t, lines, "Mainland: 2 failed.")
	assert.Contains(t, lines, "Overseas: 2 done.")
	assert.Len(t, w.cdn.sent(), 3, "one refusal is enough for mainland")
}

func TestConfirmedPurgeCanBeCancelledWhileItIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.answer = func(purge.Batch) error {
		return &purge.Error{Kind: purge.Unavailable, Message: "No connection.", RetryAfter: 3 * time.Second}
	}
	w.asks(alice, directory)
	w.presses(alice, "Purge")
	w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Cancel") && !hasButton(m.card, "Purge") })
	assert.Contains(t, w.presses(alice, "Cancel").Title, "Stopping")
	w.ends("Cancelled")
}

func TestCommandsAtTheSameTimeAreJudgedOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	for range 8 {
		e := w.event()
		all.Go(func() {
			_, err := w.bot.desk.Command(context.Background(), chat.Command{Event: e, From: alice, At: channel, Text: directory})
			assert.NoError(t, err)
		})
	}
	all.Wait()
	w.presses(alice, "Purge")
	w.ends("Done")
	rows, err := w.bot.Store.History(t.Context(), store.Filter{})
	require.NoError(t, err)
	assert.Len(t, rows, 1, "the same request of the same person is one purge")
}

func TestRunningAtTheDeadlineIsSaidSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Deadline = 50 * time.Millisecond })
	w.cdn.status = func(q purge.StatusQuery) ([]purge.TargetStatus, error) { return seen(q, purge.Accepted), nil }
	w.types(alice, "https://www.test.com/1")
	w.ends("Accepted in mainland")
	assert.Contains(t, w.result().card.Lines, card.StillRunning)
}

func TestPrivateTargetsStayPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "dir https://two.test.com/secret/ --private")
	m := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Purge") })
	assert.NotContains(t, string(books.JSON(w.pressesOn(carol, m, "Purge"))), "secret")
	short := strings.Fields(m.card.Footer)[0]
	assert.Equal(t, []string{"https://two.test.com/secret/"}, w.types(bob, "status "+short).Targets, "an approver sees what is to be approved")
	w.setPolicy(strings.Replace(worldPolicy, "two, to: [alice, bob]", "two, to: [bob]", 1))
	w.pressesOn(bob, m, "Purge")
	w.ends("Not purged")
	for _, shown := range w.chat.all() {
		assert.NotContains(t, string(books.JSON(shown.card)), "secret")
	}
}

func TestFollowUpOfAPrivatePurgeTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/secret --private")
	w.ends("Done")
	assert.NotContains(t, string(books.JSON(w.presses(carol, "Also overseas"))), "secret")
}

func TestSecondPressOfAnOfferSaysWhereToLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/1")
	w.ends("Done")
	assert.Empty(t, w.presses(alice, "Also overseas").Title)
	m := w.asksNow("in overseas?")
	w.pressesOn(alice, m, "Cancel")
	w.ends("Cancelled")
	done := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Also overseas") })
	assert.Contains(t, w.pressesOn(alice, done, "Also overseas").Title, "You already asked")
}

func TestLockedDatabaseMeansNotTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Patience = 0 })
	other, err := sql.Open("sqlite", filepath.Join(w.dir, "bot.db")+"?_pragma=busy_timeout(5000)") // the bot may be writing just now
	require.NoError(t, err)
	defer other.Close()
	lock, err := other.Conn(t.Context())
	require.NoError(t, err)
	_, err = lock.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	from := time.Now()
	c := chat.Command{Event: w.event(), From: alice, At: channel, Text: "https://www.test.com/1"}
	_, err = w.bot.desk.Command(context.Background(), c)
	assert.Equal(t, "The database did not answer; nothing was taken. Try again.", purge.AsError(err).Message)
	assert.Less(t, time.Since(from), 3*time.Second, "the lock would be held for ever")
	_, err = lock.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	_, err = w.bot.desk.Command(context.Background(), c) // the platform delivers it again
	require.NoError(t, err)
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1, "what was not taken is not sent when the database is back")
}

func TestAPurgeThatTheEngineDoesNotKnowIsStarted(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	p := w.recordedPurge(t, "https://www.test.com/1", "https://www.abc.com/1")
	begun := store.Call{Purge: p.ID, Kind: purge.URL, Area: purge.Mainland, Units: 1, Day: "d", At: time.Now(), State: store.Calling}
	_, _, err := w.bot.Store.Begin(t.Context(), begun, 0, nil)
	require.NoError(t, err)
	w.bot.runner.TendOpen(t.Context())
	w.bot.runner.TendOpen(t.Context()) // started twice it runs once
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1, "what had left before is looked up, and only the rest is sent")
}

func TestLostByTheEngineEndsAsWhatIsKnown(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	p := w.recordedPurge(t, "https://www.test.com/1")
	_, _, err := w.bot.Store.Begin(t.Context(), store.Call{Purge: p.ID, Kind: purge.URL, Area: purge.Mainland, Units: 1, Day: "d", At: time.Now(), State: store.Calling}, 0, nil)
	require.NoError(t, err)
	_, err = w.bot.Store.DB().Exec(`INSERT INTO workflow_status (workflow_uuid, status, created_at, updated_at, name) VALUES ($1, 'ERROR', 1, 1, 'purge')`, p.ID)
	require.NoError(t, err)
	w.bot.runner.TendOpen(t.Context())
	w.ends("Unknown")
	assert.Equal(t, purge.OutcomeUnknown, w.targets(t, p.ID)[0].Outcome)
	assert.Contains(t, strings.Join(w.bot.Condition(t.Context()).Problems, "\n"), "lost by the engine")
}
