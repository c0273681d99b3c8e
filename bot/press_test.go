package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// The basic cases of a press; the matrix has the rest.

const directory = "dir https://www.test.com/a/"

// asks types a guarded command, and returns its question as first shown, even if it is over by now.
func (w *world) asks(who acl.Subject, text string) shown {
	w.t.Helper()
	w.chat.mu.Lock()
	w.chat.past = nil
	w.chat.mu.Unlock()
	assert.Empty(w.t, w.types(who, text).Title)
	return w.chat.awaitIn(w.t, &w.chat.past, func(m shown) bool { return hasButton(m.card, "Purge") })
}

func (w *world) quiet() {
	w.t.Helper()
	assert.Empty(w.t, w.cdn.sent(), "nothing may have left")
}

func TestPressByAnotherAccountOfTheRequester(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.asks(alice, directory)
	w.presses(alice2, "Purge")
	w.ends("Done")
}

func TestPressByOthersIsRefusedAndLeavesItOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	for _, who := range []acl.Subject{bob, carol} {
		assert.Contains(t, w.pressesOn(who, m, "Purge").Title, "Only the person who asked")
	}
	assert.Contains(t, w.pressesOn(carol, m, "Cancel").Title, "Only the person who asked")
	w.quiet()
	w.pressesOn(alice, m, "Purge")
	w.ends("Done")
}

func TestSecondPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, "dir https://two.test.com/a/")
	assert.Contains(t, strings.Join(m.card.Lines, "\n"), "second person")
	for _, who := range []acl.Subject{alice, alice2} {
		assert.Contains(t, w.pressesOn(who, m, "Purge").Title, "second person", "under any account of the requester")
	}
	assert.Contains(t, w.pressesOn(carol, m, "Purge").Title, "You may not purge everything")
	w.quiet()
	w.pressesOn(bob, m, "Purge")
	w.ends("Done")
}

func TestDoublePressIsOnePurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	done := make(chan chat.Card, 8)
	for range cap(done) {
		go func() {
			r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: alice, At: channel, Message: m.ref, Token: token(m.card, "Purge")})
			assert.NoError(t, err)
			done <- replyCard(r)
		}()
	}
	for range cap(done) {
		<-done
	}
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
}

func TestConfirmAfterCancelIsToldWhoWasFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	w.pressesOn(bob, m, "Cancel") // could approve it, so may stop it
	w.ends("Cancelled")
	assert.Contains(t, w.pressesOn(alice, m, "Purge").Title, "cancelled by Bob")
	w.quiet()
}

func TestPressAfterExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.ConfirmTTL = 50 * time.Millisecond })
	m := w.asks(alice, directory)
	w.ends("Expired, nothing was purged")
	assert.Contains(t, w.pressesOn(alice, m, "Purge").Title, "expired")
	w.quiet()
	assert.Empty(t, w.presses(alice, "Ask again").Title)
	again := w.chat.await(t, func(n shown) bool { return hasButton(n.card, "Purge") && n.ref != m.ref })
	assert.NotEqual(t, token(m.card, "Purge"), token(again.card, "Purge"), "a new question has buttons of its own")
}

func TestPressFromElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	copied := m
	copied.ref.ID = "M999"
	assert.Contains(t, w.pressesOn(alice, copied, "Purge").Title, "This card is an old copy", "a copied message")
	r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: alice, Message: m.ref, Token: token(m.card, "Purge"),
		At: chat.Thread{Platform: "slack", Workspace: "T0", Channel: "C9"}})
	require.NoError(t, err)
	assert.Contains(t, r.Card.Title, "no longer valid", "another channel")
	r, err = w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: alice, At: channel, Message: m.ref, Token: strings.Repeat("0", 32)})
	require.NoError(t, err)
	assert.Contains(t, r.Card.Title, "no longer valid", "a guessed token")
	w.quiet()
}

func TestGrantRevokedBeforeThePress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	w.setPolicy(strings.Replace(worldPolicy, "www.test.com, ", "", 1))
	assert.Contains(t, w.pressesOn(alice, m, "Purge").Title, "The rules have changed")
	end := w.chat.await(t, func(now shown) bool { return now.ref == m.ref && strings.HasPrefix(now.card.Title, "Not purged") })
	assert.Equal(t, []string{"Ask again"}, labels(end.card), "nobody can press what was withdrawn")
	w.setPolicy(worldPolicy)
	assert.Contains(t, w.pressesOn(alice, m, "Purge").Title, "already refused", "on a screen that is behind")
	w.quiet()
}

// A refused presser leaves the question open for the others.
func TestPresserWhoMayNotLeavesTheQuestionOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, "dir https://two.test.com/a/")
	w.setPolicy(strings.Replace(worldPolicy, "two, to: [alice, bob]", "two, to: [alice]", 1))
	assert.Contains(t, w.pressesOn(bob, m, "Purge").Title, "You may not purge everything")
	assert.Equal(t, []string{"Purge", "Cancel"}, labels(w.chat.all()[0].card))
	w.setPolicy(worldPolicy)
	w.pressesOn(bob, m, "Purge")
	w.ends("Done")
}

// A requester's other account may have fewer rights, which refuses the press and leaves the question open.
func TestPressByAnotherAccountThatMayLessLeavesTheQuestionOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	w.setPolicy(strings.Replace(worldPolicy, "site, to: [alice, bob]", "site, to: [\"slack:T0/UALICE\", bob]", 1))
	assert.Contains(t, w.pressesOn(alice2, m, "Purge").Title, "You may not purge everything")
	w.pressesOn(alice, m, "Purge")
	w.ends("Done")
}

// A question that is over shows no answering button.
func TestButtonsOfAQuestionThatIsOverDisappear(t *testing.T) {
	t.Parallel()
	for end, over := range map[string]func(w *world, m shown){
		"Expired":   func(*world, shown) {},
		"Cancelled": func(w *world, m shown) { w.pressesOn(alice, m, "Cancel") },
		"Not purged": func(w *world, m shown) {
			w.setPolicy(strings.Replace(worldPolicy, "www.test.com, ", "", 1))
			w.pressesOn(alice, m, "Purge")
		},
		"Done": func(w *world, m shown) { w.pressesOn(alice, m, "Purge") },
	} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *Options) {
				if end == "Expired" {
					o.ConfirmTTL = 50 * time.Millisecond
				}
			})
			m := w.asks(alice, directory)
			over(w, m)
			is := w.chat.await(t, func(n shown) bool { return n.ref == m.ref && strings.HasPrefix(n.card.Title, end) })
			assert.NotContains(t, labels(is.card), "Purge")
			assert.NotContains(t, labels(is.card), "Cancel")
		})
	}
}

// A press may come before the commit of its card.
func TestPressBeforeTheCardIsCommitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Patience = 0 })
	w.chat.posted = make(chan struct{})
	m := w.asks(alice, directory)
	from := time.Now()
	_, err := w.bot.desk.Answer(t.Context(), chat.Answer{Event: chat.EventKey{Platform: "slack", Workspace: "T0", ID: "P1"}, From: alice, At: channel, Message: m.ref, Token: token(m.card, "Purge")})
	e := purge.AsError(err)
	assert.Equal(t, purge.Unavailable, e.Kind)
	assert.Equal(t, "The card is still being put up; try again in a moment.", e.Message)
	assert.Less(t, time.Since(from), handleWithin, "in time to be told")
	close(w.chat.posted)
	_, err = w.bot.desk.Answer(t.Context(), chat.Answer{Event: chat.EventKey{Platform: "slack", Workspace: "T0", ID: "P1"}, From: alice, At: channel, Message: m.ref, Token: token(m.card, "Purge")})
	require.NoError(t, err)
	w.ends("Done")
}

func labels(c chat.Card) []string {
	var all []string
	for _, b := range c.Buttons {
		all = append(all, b.Label)
	}
	return all
}

func TestRequesterRevokedBeforeTheApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, "dir https://two.test.com/a/")
	w.setPolicy(strings.Replace(worldPolicy, "two, to: [alice, bob]", "two, to: [bob]", 1))
	assert.Contains(t, w.pressesOn(bob, m, "Purge").Title, "The rules have changed")
	w.chat.await(t, func(m shown) bool { // it is decided before it ends
		return strings.HasPrefix(m.card.Title, "Not purged") && strings.Contains(strings.Join(m.card.Lines, "\n"), "https://two.test.com/a/")
	})
	w.quiet()
}

func TestGuestsAreRefusedAtThePressToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	for _, standing := range []chat.Standing{chat.Guest, chat.Outsider, chat.Bot, chat.Deactivated, ""} {
		w.chat.is(alice, standing)
		assert.Equal(t, card.StandingProblem[standing], w.pressesOn(alice, m, "Purge").Title)
	}
	w.quiet()
}

func TestGrantRevokedBeforeTheSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.hold, w.cdn.entered = make(chan struct{}), make(chan struct{}, 9)
	w.types(alice, "https://www.test.com/1 https://www.abc.com/1")
	<-w.cdn.entered // the first batch has left
	w.setPolicy(strings.Replace(worldPolicy, ", www.abc.com", "", 1))
	close(w.cdn.hold)
	end := w.ends("Partly done")
	assert.Contains(t, strings.Join(end.card.Lines, "\n"), "The rules have changed")
	assert.Len(t, w.cdn.sent(), 1)
}

func TestCancelStopsWhatHasNotLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.hold, w.cdn.entered = make(chan struct{}), make(chan struct{}, 9)
	w.types(alice, "https://www.test.com/1 https://www.abc.com/1")
	<-w.cdn.entered
	short := w.ends("Purging").card.Footer
	assert.Contains(t, w.types(alice, "cancel "+short).Title, "Stopping")
	close(w.cdn.hold)
	end := w.ends("Partly done")
	assert.Contains(t, strings.Join(end.card.Lines, "\n"), "1 not sent")
	assert.Len(t, w.cdn.sent(), 1)
}

func TestFollowUpsAreNewRequestsOfWhoeverPresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/1")
	w.ends("Done in mainland")
	assert.Contains(t, w.presses(carol, "Also overseas").Title, "Nothing was purged")
	w.presses(bob, "Also overseas")
	m := w.asksNow("in overseas?")
	assert.Equal(t, bob, m.card.By)
	w.pressesOn(bob, m, "Purge")
	w.ends("Done in overseas")
	require.Len(t, w.cdn.sent(), 2)
	assert.Equal(t, purge.Overseas, w.cdn.sent()[1].Area)
}

func (w *world) asksNow(part string) shown {
	w.t.Helper()
	return w.chat.await(w.t, func(m shown) bool { return hasButton(m.card, "Purge") && strings.Contains(m.card.Title, part) })
}

func (c *fakeChat) is(s acl.Subject, standing chat.Standing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.people[s]
	p.Standing = standing
	c.people[s] = p
}

// A press looks up the presser, the requester and the givers anew, on every button: a person who has just left the workspace does
// not count.
func TestAPressAsksAnewWhoItIsOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		who   acl.Subject
		from  func(*world) shown
		label string
		gone  acl.Subject
		says  string
	}{
		"confirms": {alice, func(w *world) shown { return w.asks(alice, directory) }, "Purge", alice, card.StandingProblem[chat.Deactivated]},
		"cancels":  {alice, func(w *world) shown { return w.asks(alice, directory) }, "Cancel", alice, card.StandingProblem[chat.Deactivated]},
		"approves": {bob, func(w *world) shown { return w.asks(alice, "dir https://two.test.com/a/") }, "Purge", bob, card.StandingProblem[chat.Deactivated]},
		"asked": {bob, func(w *world) shown { return w.asks(alice, "dir https://two.test.com/a/") }, "Purge", alice,
			"Whoever asked may no longer purge, so nothing was sent. Ask for it yourself if it is still needed."},
		"types the host": {alice, func(w *world) shown { return w.asks(alice, "dir https://www.test.com/") }, "Purge", alice, card.StandingProblem[chat.Deactivated]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m := c.from(w)
			w.chat.mu.Lock()
			w.chat.before = map[acl.Subject]chat.Person{c.gone: w.chat.people[c.gone]}
			w.chat.mu.Unlock()
			w.chat.is(c.gone, chat.Deactivated)
			assert.Equal(t, c.says, w.pressesOn(c.who, m, c.label).Title)
			w.quiet()
		})
	}
}
