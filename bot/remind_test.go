package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/runner"
	"purgebot/bot/store"
	"purgebot/purge"
)

// newRemindedWorld returns a world with this time to approve, and a reminder after one part in so many.
func newRemindedWorld(t *testing.T, ttl, part time.Duration) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), chat: newFakeChat(), cdn: newFakeCDN(), part: part}
	w.setPolicy(approvalPolicy)
	w.start(func(o *Options) { o.ApprovalTTL, o.EmergencyAfter = ttl, time.Hour })
	t.Cleanup(w.stop)
	return w
}

func (w *world) reminded() shown {
	w.t.Helper()
	return w.ends(card.StillWaits)
}

func (w *world) reminders() (n int) {
	for _, m := range w.chat.all() {
		if strings.HasPrefix(m.card.Title, card.StillWaits) {
			n++
		}
	}
	return n
}

func TestApproversAreReminded(t *testing.T) {
	t.Parallel()
	w := newRemindedWorld(t, 6*time.Second, 6)
	m := w.asksNamed()
	r := w.reminded()
	assert.Equal(t, card.StillWaits+"purge 1 directory on named.test.com in mainland?", r.card.Title)
	assert.Equal(t, []acl.Subject{bob, group}, r.card.Mention)
	assert.Equal(t, m.ref.ID, r.at.Root, "in the thread of its card")
	assert.Empty(t, r.card.Buttons, "its card has them")
	assert.False(t, time.Now().Before(w.onlyPurge().ExpiresAt.Add(-5*time.Second)), "not sooner")
	w.ends("Expired")
	assert.Equal(t, 1, w.reminders(), "once")
	assert.Zero(t, w.chat.await(t, func(n shown) bool { return n.ref == r.ref }).edits)
	w.quiet()
}

func TestApprovedAfterTheReminder(t *testing.T) {
	t.Parallel()
	w := newRemindedWorld(t, time.Minute, 100)
	m := w.asksNamed()
	w.reminded()
	assert.Empty(t, w.pressesOn(bob, m, "Purge").Title)
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
}

func TestWhoIsNotReminded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		ttl  time.Duration
		do   func(w *world, m shown)
	}{
		"a requester":         {directory, time.Second, func(*world, shown) {}},
		"nobody who is named": {"dir https://two.test.com/a/", time.Second, func(*world, shown) {}},
		"of what is decided":  {ofNamed, time.Minute, func(w *world, m shown) { w.pressesOn(alice, m, "Cancel") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newApprovalWorld(t, func(o *Options) {
				o.ApprovalTTL, o.ConfirmTTL = test.ttl, test.ttl
			})
			m := w.asks(alice, test.text)
			test.do(w, m)
			w.chat.await(t, func(m shown) bool {
				return strings.HasPrefix(m.card.Title, "Expired") || strings.HasPrefix(m.card.Title, "Cancelled")
			})
			assert.Zero(t, w.reminders())
		})
	}
}

// A reminder that was due while the bot was down is posted after the start.
func TestReminderAfterARestart(t *testing.T) {
	t.Parallel()
	w := newRemindedWorld(t, time.Minute, 12)
	m := w.asksNamed()
	due := w.onlyPurge().ExpiresAt.Add(-55 * time.Second)
	w.stop()
	assert.Zero(t, w.reminders())
	<-time.After(time.Until(due))
	w.start(func(o *Options) { o.ApprovalTTL, o.EmergencyAfter = time.Minute, time.Hour })
	w.reminded()
	assert.Empty(t, w.pressesOn(bob, m, "Purge").Title)
	w.ends("Done")
	assert.Equal(t, 1, w.reminders())
}

// A reminder without a post before the decision is given up.
func TestReminderOfWhatIsDecidedIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	m := w.asksNamed()
	w.chat.setFail(&purge.Error{Kind: purge.Unavailable, Message: "Down."})
	require.NoError(t, w.bot.Store.Remind(t.Context(), w.onlyPurge().ID, true))
	w.pressesOn(alice, m, "Cancel")
	w.chat.setFail(nil)
	w.ends("Cancelled")
	assert.Eventually(t, func() bool { due, err := w.bot.Store.DueCards(t.Context(), 9); return err == nil && len(due) == 0 }, time.Minute, 10*time.Millisecond)
	assert.Zero(t, w.reminders())
}

func TestWakes(t *testing.T) {
	t.Parallel()
	b := &books.Waits{Part: 2}
	p := store.Purge{Confirm: acl.SecondPerson}
	for _, c := range []struct {
		ttl, emergency time.Duration
		wakes          []time.Duration
	}{
		{time.Hour, 5 * time.Minute, []time.Duration{5 * time.Minute, 30 * time.Minute}},
		{8 * time.Minute, 5 * time.Minute, []time.Duration{4 * time.Minute, 5 * time.Minute}},
		{5 * time.Minute, 5 * time.Minute, []time.Duration{150 * time.Second}},
	} {
		b.ApprovalTTL, b.EmergencyAfter = c.ttl, c.emergency
		assert.Equal(t, c.wakes, b.Wakes(p))
	}
	assert.Empty(t, b.Wakes(store.Purge{Confirm: acl.Requester}))
	expires := time.Now()
	j := runner.Job{TTL: time.Hour, Wakes: []time.Duration{5 * time.Minute}}
	assert.Equal(t, expires.Add(-55*time.Minute), j.Wake(0, expires))
	assert.Equal(t, expires, j.Wake(1, expires))
}
