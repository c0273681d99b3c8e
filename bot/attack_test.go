package bot

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/runner"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Attempts at a press: too late, on changed rules, or with empty words.

// held is a world whose workflows stop before they read a decision, or before they send, and whose clock can be advanced.
type held struct {
	*world
	reached chan struct{}
	goOn    func()
	later   atomic.Int64
}

func newHeldWorld(t *testing.T, at string, change ...func(*Options)) *held {
	t.Helper()
	h, closed := &held{reached: make(chan struct{}, 100)}, make(chan struct{})
	h.world = newApprovalWorld(t, append(change, func(o *Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(h.later.Load())) }
	})...)
	var open atomic.Bool
	h.goOn = func() {
		if !open.Swap(true) {
			close(closed)
		}
	}
	t.Cleanup(h.goOn)
	h.bot.At = func(point string) {
		if point == at {
			h.reached <- struct{}{}
			<-closed
		}
	}
	return h
}

func (h *held) passes(d time.Duration) { h.later.Add(int64(d)) }

// A later press is told about a decision that the workflow has not seen yet, also after the expiry.
func TestPressBetweenTheDecisionAndItsEffect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, then string
		passes      time.Duration
		says, ends  string
		calls       int
	}{
		"expired":                   {"", "Purge", time.Hour, card.ExpiredPress, "Expired", 0},
		"cancelled when expired":    {"Cancel", "Purge", time.Hour, "Already decided: cancelled by Alice", "Cancelled", 0},
		"confirmed, then too late":  {"Purge", "Purge", time.Hour, "Already decided: confirmed by Alice", "Done", 1},
		"a double click":            {"Purge", "Purge", 0, "", "Done", 1},
		"a double cancel":           {"Cancel", "Cancel", 0, "", "Cancelled", 0},
		"cancelled, then confirmed": {"Cancel", "Purge", 0, "Already decided: cancelled by Alice", "Cancelled", 0},
		"confirmed, then cancelled": {"Purge", "Cancel", 0, "Stopping", "Cancelled", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHeldWorld(t, "before decision")
			m := h.asks(alice, directory)
			if c.first != "" {
				assert.Empty(t, h.pressesOn(alice, m, c.first).Title)
			}
			h.passes(c.passes)
			assertSaid(t, c.says, h.pressesOn(alice, m, c.then).Title)
			if c.first != "" {
				h.goOn()
				h.ends(c.ends)
			}
			assert.Len(t, h.cdn.sent(), c.calls)
		})
	}
}

// The send uses the present policy file to match a requester's other account.
func TestAccountThatIsNoLongerTheRequesters(t *testing.T) {
	t.Parallel()
	h := newHeldWorld(t, "before submit")
	m := h.asks(alice, directory)
	assert.Empty(t, h.pressesOn(alice2, m, "Purge").Title)
	<-h.reached
	h.setPolicy(strings.NewReplacer(", slack:T0/UALICE2]", "]", "to: [alice, bob]", "to: [alice, bob, slack:T0/UALICE2]").Replace(worldPolicy))
	h.goOn()
	assert.Contains(t, strings.Join(h.ends("Not purged").card.Lines, "\n"), card.PresserGone)
	h.quiet()
}

// A purge whose rows differ from the request is not sent, and a guarded purge not without a confirmation.
func TestWhatIsSentIsWhatWasConfirmed(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	w.asksNamed()
	p := w.onlyPurge()
	batches, err := w.bot.Store.Batches(t.Context(), p.ID)
	require.NoError(t, err)
	part := p.Request.Parts[0]
	for what, d := range map[string]store.Decision{
		"":                                     {},
		"approved":                             {What: store.Confirmed, Who: bob},
		"approved by nobody":                   {What: store.Confirmed},
		"cancelled":                            {What: store.Cancelled, Who: bob},
		"released":                             {What: store.Confirmed, Who: erin, Emergency: why},
		"approved by one who may only release": {What: store.Confirmed, Who: erin},
		"released by one who may only approve": {What: store.Confirmed, Who: bob, Emergency: why},
	} {
		_, lapsed := w.bot.rules.Law(w.bot.rules.Policy()).Lapsed(p, d, part)
		assert.Equal(t, what != "approved" && what != "released", lapsed, what)
	}
	for what, change := range map[string]func(r *purge.Request){
		"mode":    func(r *purge.Request) { r.Mode = purge.Delete },
		"kind":    func(r *purge.Request) { r.Kind = purge.URL },
		"area":    func(r *purge.Request) { r.Parts = []purge.Part{{Area: purge.Overseas, Targets: part.Targets}} },
		"targets": func(r *purge.Request) { r.Parts = []purge.Part{{Area: purge.Mainland}} },
	} {
		other := p
		change(&other.Request)
		_, withdrawn, err := w.bot.runner.Recheck(t.Context(), other, batches[0])
		require.NoError(t, err)
		targets, err := w.bot.Store.Targets(t.Context(), p.ID)
		require.NoError(t, err)
		assert.True(t, withdrawn, what)
		assert.Contains(t, targets[0].Reason, card.NotAsAsked, what)
	}
}

func TestOfferExpires(t *testing.T) {
	t.Parallel()
	h := newHeldWorld(t, "")
	c := h.types(alice, "https://www.test.com/1 https://evil.test/")
	h.passes(h.bot.waits.ConfirmTTL + time.Second)
	assert.Equal(t, card.StaleButton, h.pressesOn(alice, shown{card: c}, c.Buttons[0].Label).Title)
	h.quiet()
}

// An administrator may cancel a purge without the right to purge or approve it.
func TestAdministratorCancels(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	w.setPolicy(strings.Replace(approvalPolicy, "administrators: [bob]", "administrators: [slack:T0/UADMIN]", 1))
	w.chat.put(chat.Person{Subject: "slack:T0/UADMIN", Name: "Admin", Standing: chat.Member})
	m := w.asksNamed()
	assert.Contains(t, w.pressesOn("slack:T0/UADMIN", m, "Purge").Title, notAllowed)
	assert.Empty(t, w.pressesOn("slack:T0/UADMIN", m, "Cancel").Title)
	w.ends("Cancelled")
	w.quiet()
}

// The address "//" counts as the whole site.
func TestSlashesAreAWholeSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, "dir https://www.test.com//")
	f := w.opens(alice, m)
	assert.Equal(t, card.TypedOther, w.fills(alice, f, "").Title)
	w.quiet()
}

// A reason must be visible to the approvers.
func TestReasonThatNobodySees(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t, urgent)
	f := w.releases(erin, w.urgentQuestion(ofNamed))
	for _, blank := range []string{strings.Repeat("\u200b", 20), strings.Repeat("\u202e \u2066", 20), "urgent" + strings.Repeat("\ufeff", 20)} {
		assert.Equal(t, card.ShortReason, w.sends(erin, f, map[string]string{"reason": blank}), "%q", blank)
	}
	w.quiet()
}

// The audit channel mentions the approvers who were not asked.
func TestAuditChannelMentionsThePassedOver(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t, urgent, auditChannel)
	w.sends(erin, w.releases(erin, w.urgentQuestion(ofNamed)), map[string]string{"reason": why})
	told := w.chat.await(t, func(m shown) bool {
		return m.at.Channel == "CAUDIT" && strings.Contains(textOf(m.card), "purged without approval")
	})
	assert.Equal(t, []acl.Subject{bob, group}, told.card.Mention)
	assert.Contains(t, textOf(told.card), why)
	for _, m := range w.chat.all() {
		if m.at.Channel == "CAUDIT" && m.ref != told.ref {
			assert.Empty(t, m.card.Mention, "of nothing else")
		}
	}
	body := store.Body{Approvers: []acl.Subject{bob, aliceElse}}.JSON()
	assert.Equal(t, []acl.Subject{aliceElse}, card.PassedOver(store.Entry{Body: body}, inDiscord))
}

// An approver in this chat is mentioned, however many approvers of other chats come first.
func TestApproversOfAnotherChatComeFirst(t *testing.T) {
	t.Parallel()
	var others, here []string
	for i := range 30 {
		others, here = append(others, fmt.Sprint("discord:1/2", i)), append(here, fmt.Sprint("slack:T0/UX", i))
	}
	w := newWorld(t)
	with := func(approvers []string) {
		w.setPolicy(worldPolicy + "  - {name: named, to: [alice], domains: [named.test.com], kinds: [directory], confirm: second-person, approvers: [" + strings.Join(approvers, ", ") + "]}\n")
	}
	with(append(others, "bob", "slack:T0/UBOB"))
	m := w.asksNamed()
	assert.Equal(t, []acl.Subject{bob}, m.card.Mention)
	assert.Contains(t, m.card.Lines, "A second person must press Purge: bob (UBOB); whoever asked cannot.")
	w.pressesOn(alice, m, "Cancel")
	w.ends("Cancelled")
	with(here)
	m = w.asks(alice, "dir https://named.test.com/b/")
	assert.Len(t, m.card.Mention, card.MaxApprovers)
	assert.Contains(t, strings.Join(m.card.Lines, "\n"), "and 25 more; whoever asked cannot.")
}

// The approvers of all rules are mentioned, each once, in the chat of the question.
func TestApproversOfSeveralRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rule := "  - {name: %s, to: [alice], domains: [%s.test.com], kinds: [directory], confirm: second-person, approvers: [bob, slack:T1/UBOB, discord:T0/1]}\n"
	w.setPolicy(worldPolicy + fmt.Sprintf(rule, "left", "left") + fmt.Sprintf(rule, "right", "right"))
	m := w.asks(alice, "dir https://left.test.com/a/ https://right.test.com/a/")
	assert.Equal(t, []acl.Subject{bob}, m.card.Mention)
}

// An approver can cancel a purge whose requester has lost the right to it.
func TestApproverCancelsWhatTheRequesterLost(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	m := w.asksNamed()
	w.setPolicy(strings.Replace(approvalPolicy, "named, to: [alice, bob,", "named, to: [bob,", 1))
	assert.Empty(t, w.pressesOn(bob, m, "Cancel").Title)
	w.ends("Cancelled")
	w.quiet()
}

// Of two presses without approval at once, one decides, and the other presser is told the name; the same holds for an approval in
// between.
func TestReleasedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	h := newHeldWorld(t, "before decision", func(o *Options) { o.EmergencyAfter = 1 })
	h.setPolicy(strings.Replace(approvalPolicy, "emergency: [slack:T0/UERIN]", "emergency: [slack:T0/UERIN, slack:T0/UCAROL]", 1))
	m := h.asksNamed()
	m.card.Buttons = append(m.card.Buttons, chat.Button{Label: "Purge without approval", Token: books.ButtonToken(h.firstSecret(), card.ActionEmergency)})
	one, other := h.releases(erin, m), h.releases(carol, m)
	assert.Empty(t, h.sends(erin, one, map[string]string{"reason": why}))
	assert.Contains(t, h.sends(carol, other, map[string]string{"reason": why}), "Already decided: purged without approval by Erin")
	assert.Contains(t, h.pressesOn(bob, m, "Purge").Title, "Already decided: purged without approval by Erin")
	h.goOn()
	h.ends("Done")
	assert.Len(t, h.cdn.sent(), 1)
	n := 0
	for _, m := range h.chat.all() {
		if strings.HasPrefix(m.card.Title, "Purged without approval") {
			n++
		}
	}
	assert.Equal(t, 1, n, "and told once")
}

// A form is invalid once its question is over, for every person.
func TestReasonAfterTheQuestion(t *testing.T) {
	t.Parallel()
	h := newHeldWorld(t, "before decision", func(o *Options) { o.EmergencyAfter = 1 })
	m := h.asksNamed()
	m.card.Buttons = append(m.card.Buttons, chat.Button{Label: "Purge without approval", Token: books.ButtonToken(h.firstSecret(), card.ActionEmergency)})
	f := h.releases(erin, m)
	h.passes(time.Hour)
	assert.Equal(t, card.ExpiredPress, h.sends(erin, f, map[string]string{"reason": why}))
	h.quiet()
}

// The wake-up for the emergency mentions no approver, since the reminder comes at half time.
func TestNoReminderBeforeHalfTime(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	w.asksNamed()
	j := runner.Job{ID: w.onlyPurge().ID, TTL: time.Minute, Wakes: []time.Duration{time.Second}}
	_, err := w.bot.runner.Remind(t.Context(), j, time.Now().Add(50*time.Second))
	require.NoError(t, err)
	_, wanted, err := w.bot.Store.CardOf(t.Context(), j.ID, store.Reminder)
	require.NoError(t, err)
	assert.False(t, wanted)
	_, err = w.bot.runner.Remind(t.Context(), j, time.Now().Add(10*time.Second))
	require.NoError(t, err)
	w.reminded()
}

// A press is refused in a channel that another organisation has joined meanwhile.
func TestPressInAChannelThatIsSharedByNow(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	m := w.asksNamed()
	w.chat.mu.Lock()
	w.chat.channel.Shared = true
	w.chat.mu.Unlock()
	for _, label := range []string{"Purge", "Cancel"} {
		assert.Equal(t, card.SharedChannel, w.pressesOn(bob, m, label).Title)
	}
	w.quiet()
}
