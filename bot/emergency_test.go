package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

const why = "checkout serves last week's prices"

func urgent(o *Options) { o.EmergencyAfter = 100 * time.Millisecond }

// urgentQuestion returns a question that has waited long enough for an emergency.
func (w *world) urgentQuestion(text string) shown {
	w.t.Helper()
	m := w.asks(alice, text)
	return w.chat.await(w.t, func(n shown) bool { return n.ref == m.ref && hasButton(n.card, "Purge without approval") })
}

// answers presses a button and returns the whole reply.
func (w *world) answers(who acl.Subject, m shown, label string) chat.Reply {
	w.t.Helper()
	r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: who, At: channel, Message: m.ref, Token: token(m.card, label)})
	require.NoError(w.t, err)
	return r
}

func (w *world) releases(who acl.Subject, m shown) chat.Form {
	w.t.Helper()
	r := w.answers(who, m, "Purge without approval")
	require.NotNil(w.t, r.Form, replyCard(r).Title)
	return *r.Form
}

// sends sends a form back.
func (w *world) sends(who acl.Subject, f chat.Form, values map[string]string) string {
	w.t.Helper()
	r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: who, At: channel, Token: f.Token, Values: values})
	require.NoError(w.t, err)
	return replyCard(r).Title
}

func TestPurgeWithoutApproval(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t, urgent)
	m := w.urgentQuestion(ofNamed)
	assert.Contains(t, strings.Join(m.card.Lines, "\n"), "Nobody has approved it so far")
	for who, said := range map[acl.Subject]string{alice: card.EmergencyOnly, bob: card.EmergencyOnly, carol: card.EmergencyOnly} {
		assert.Equal(t, said, w.pressesOn(who, m, "Purge without approval").Title)
	}
	f := w.releases(erin, m)
	require.Len(t, f.Inputs, 1)
	assert.Equal(t, "Purge without approval", f.Title)
	assert.False(t, f.Inputs[0].Optional)
	for _, short := range []string{"", "   ", "urgent", "u r g e n", strings.Repeat(" \n", 20) + "123456789"} {
		assert.Equal(t, card.ShortReason, w.sends(erin, f, map[string]string{"reason": short}), "%q", short)
	}
	assert.Equal(t, card.ReasonLong, w.sends(erin, f, map[string]string{"reason": strings.Repeat("a", 501)}))
	assert.Equal(t, card.StaleButton, w.sends(bob, f, map[string]string{"reason": why}), "another person's form")
	w.quiet()
	assert.Empty(t, w.sends(erin, f, map[string]string{"reason": why + "\n "}))
	end := w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
	assert.Contains(t, w.chat.await(t, func(n shown) bool { return n.ref == m.ref && strings.HasPrefix(n.card.Title, "Done") }).card.Lines, "Why it could not wait: "+why)
	assert.NotContains(t, labels(end.card), "Purge without approval")

	told := w.ends("Purged without approval")
	assert.Equal(t, []acl.Subject{bob, group}, told.card.Mention)
	assert.Equal(t, erin, told.card.By)
	assert.Equal(t, m.ref.ID, told.at.Root, "in its thread")
	assert.Contains(t, told.card.Lines, "Why it could not wait: "+why)
	assert.Contains(t, w.sends(erin, f, map[string]string{"reason": why}), "Already decided: purged without approval by Erin")
	w.assertReleased(why)
}

// assertReleased checks the presser and the reason in the decision and the audit.
func (w *world) assertReleased(reason string) {
	w.t.Helper()
	p := w.onlyPurge()
	d, _, err := w.bot.Store.Decision(w.t.Context(), p.ID)
	require.NoError(w.t, err)
	assert.Equal(w.t, store.Confirmed, d.What)
	assert.Equal(w.t, reason, d.Emergency)
	entries, err := w.bot.Store.Audit(w.t.Context(), p.ID)
	require.NoError(w.t, err)
	for _, e := range entries {
		if e.What == "confirmed without approval" {
			body := e.Said()
			assert.Equal(w.t, reason, body.Reason)
			assert.Equal(w.t, erin, e.Who)
			assert.NotEmpty(w.t, body.Approvers)
			line, err := w.bot.poster.FeedLine(w.t.Context(), e)
			require.NoError(w.t, err)
			assert.Contains(w.t, line, "Erin (UERIN) · purged without approval · "+p.Short, "what the audit channel is told")
			assert.Contains(w.t, line, reason)
			return
		}
	}
	w.t.Error("the audit does not say so")
}

// A requester on the emergency list may purge without approval, but no other person may press Purge in the requester's place.
func TestRequesterPurgesWithoutApproval(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t, urgent)
	w.asks(erin, ofNamed)
	m := w.chat.await(t, func(n shown) bool { return hasButton(n.card, "Purge without approval") })
	assert.Equal(t, card.SecondPerson, w.pressesOn(erin, m, "Purge").Title)
	assert.Empty(t, w.sends(erin, w.releases(erin, m), map[string]string{"reason": why}))
	w.ends("Done")
}

func TestNoEmergencyYet(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	m := w.asksNamed()
	assert.NotContains(t, labels(m.card), "Purge without approval")
	early := m
	early.card.Buttons = []chat.Button{{Label: "Purge without approval", Token: books.ButtonToken(w.onlyPurge().Secret, card.ActionEmergency)}}
	assert.Equal(t, card.NotYetUrgent, w.pressesOn(erin, early, "Purge without approval").Title)
	w.quiet()
}

func TestNoEmergencyWhereNobodyIsListed(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t, urgent)
	w.setPolicy(strings.Replace(approvalPolicy, "emergency: [slack:T0/UERIN]\n", "", 1))
	m := w.asksNamed()
	now := w.chat.await(t, func(n shown) bool { return n.ref == m.ref && n.edits > 0 })
	assert.Equal(t, []string{"Purge", "Cancel"}, labels(now.card))
}

// A question to the requester has no emergency.
func TestNoEmergencyForTheRequestersOwnPress(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t, urgent)
	m := w.asks(alice, directory)
	m.card.Buttons = []chat.Button{{Label: "Purge without approval", Token: books.ButtonToken(w.onlyPurge().Secret, card.ActionEmergency)}}
	assert.Equal(t, card.StaleButton, w.pressesOn(erin, m, "Purge without approval").Title)
	w.quiet()
}

// An emergency press is judged like every other press.
func TestReleaseIsAPress(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do   func(w *world, m shown)
		says string
	}{
		"not granted": {func(w *world, _ shown) {
			w.setPolicy(strings.Replace(approvalPolicy, "slack:T0/UCAROL, slack:T0/UERIN]", "slack:T0/UCAROL]", 1))
		}, "You may not purge everything"},
		"no longer listed": {func(w *world, _ shown) {
			w.setPolicy(strings.Replace(approvalPolicy, "emergency: [slack:T0/UERIN]", "emergency: [slack:T0/UCAROL]", 1))
		}, card.EmergencyOnly},
		"requester's is gone": {func(w *world, _ shown) {
			w.setPolicy(strings.Replace(approvalPolicy, "named, to: [alice, bob,", "named, to: [bob,", 1))
		}, "The rules have changed"},
		"requester has left":  {func(w *world, _ shown) { w.chat.is(alice, chat.Deactivated) }, "Whoever asked may no longer purge"},
		"a guest by now":      {func(w *world, _ shown) { w.chat.is(erin, chat.Guest) }, card.StandingProblem[chat.Guest]},
		"approved meanwhile":  {func(w *world, m shown) { w.pressesOn(bob, m, "Purge"); w.ends("Done") }, "confirmed by Bob"},
		"cancelled meanwhile": {func(w *world, m shown) { w.pressesOn(alice, m, "Cancel") }, "cancelled by Alice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newApprovalWorld(t, urgent)
			m := w.urgentQuestion(ofNamed)
			f := w.releases(erin, m)
			test.do(w, m)
			assert.Contains(t, w.pressesOn(erin, m, "Purge without approval").Title, test.says)
			if name != "requester's is gone" && name != "requester has left" { // there the press has ended it
				assert.Contains(t, w.sends(erin, f, map[string]string{"reason": why}), test.says)
			}
			if name != "approved meanwhile" {
				w.quiet()
			}
			for _, n := range w.chat.all() {
				assert.NotContains(t, n.card.Title, "without approval", "who had no say is not told that they were passed over")
			}
		})
	}
}

// An emergency press on a whole site still types the host.
func TestReleaseOfAWholeSite(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t, urgent)
	f := w.releases(erin, w.urgentQuestion("dir https://named.test.com/"))
	require.Len(t, f.Inputs, 2)
	assert.Equal(t, card.TypedOther, w.sends(erin, f, map[string]string{"reason": why}))
	assert.Equal(t, card.ShortReason, w.sends(erin, f, map[string]string{"hosts": "named.test.com"}))
	w.quiet()
	assert.Empty(t, w.sends(erin, f, map[string]string{"reason": why, "hosts": "named.test.com"}))
	w.ends("Done")
}

// The form of a whole site does not release a purge, and the emergency form does not confirm a whole site.
func TestFormsAreNotEachOther(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t, urgent)
	m := w.urgentQuestion("dir https://named.test.com/")
	assert.Equal(t, card.SecondPerson, w.pressesOn(alice, m, "Purge").Title)
	f := w.opens(bob, m)
	assert.Equal(t, card.TypedOther, w.sends(bob, f, map[string]string{"reason": why}))
	assert.Equal(t, card.StaleButton, w.sends(erin, f, map[string]string{"reason": why, "hosts": "named.test.com"}))
	w.quiet()
}

func TestReleaseWhereThereAreNoForms(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t, urgent)
	m := w.urgentQuestion(ofNamed)
	w.chat.noForms = true
	assert.Equal(t, card.NoFormReason, w.pressesOn(erin, m, "Purge without approval").Title)
	w.quiet()
}

// A release is judged again at the send.
func TestReleaseIsJudgedAgainAtTheSend(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t, urgent)
	reached, goOn := make(chan struct{}, 1), make(chan struct{})
	w.bot.At = func(point string) {
		if point == "before submit" {
			reached <- struct{}{}
			<-goOn
		}
	}
	m := w.urgentQuestion(ofNamed)
	w.sends(erin, w.releases(erin, m), map[string]string{"reason": why})
	<-reached
	w.setPolicy(strings.Replace(approvalPolicy, "emergency: [slack:T0/UERIN]", "emergency: [slack:T0/UCAROL]", 1))
	close(goOn)
	w.ends("Not purged")
	w.quiet()
}

// A restart neither loses nor delays the emergency button.
func TestEmergencyAfterARestart(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t, func(o *Options) { o.EmergencyAfter = 2 * time.Second })
	m := w.asksNamed()
	w.stop()
	w.start(func(o *Options) { o.EmergencyAfter = 2 * time.Second })
	now := w.chat.await(t, func(n shown) bool { return n.ref == m.ref && hasButton(n.card, "Purge without approval") })
	assert.Empty(t, w.sends(erin, w.releases(erin, now), map[string]string{"reason": why}))
	w.ends("Done")
}

func TestEmergencyCountsFromTheQuestion(t *testing.T) {
	t.Parallel()
	at := time.Now()
	b := &books.Waits{ApprovalTTL: time.Hour, EmergencyAfter: 5 * time.Minute}
	asked := store.Purge{CreatedAt: at, ExpiresAt: at.Add(time.Hour + time.Minute)}
	assert.Equal(t, at.Add(6*time.Minute), b.EmergencyFrom(asked), "its card came a minute later")
	asked.ExpiresAt = at.Add(10 * time.Minute) // asked under another setting
	assert.Equal(t, at.Add(5*time.Minute), b.EmergencyFrom(asked))
}
