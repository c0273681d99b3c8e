package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/purge"
)

// Who presses what, when: the matrix.

const directory = "dir https://www.test.com/a/"

func (w *world) asks(who acl.Subject, text string) shown {
	w.t.Helper()
	assert.Empty(w.t, w.types(who, text).Title)
	return w.chat.await(w.t, func(m shown) bool { return hasButton(m.card, "Purge") })
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
	done := make(chan Card, 8)
	for range cap(done) {
		go func() {
			r, err := w.bot.Answer(context.Background(), Answer{Event: w.event(), From: alice, At: channel, Message: m.ref, Token: token(m.card, "Purge")})
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
	assert.Contains(t, w.pressesOn(alice, copied, "Purge").Title, "no longer valid", "a copied message")
	r, err := w.bot.Answer(context.Background(), Answer{Event: w.event(), From: alice, Message: m.ref, Token: token(m.card, "Purge"),
		At: Thread{Platform: "slack", Workspace: "T0", Channel: "C9"}})
	require.NoError(t, err)
	assert.Contains(t, r.Card.Title, "no longer valid", "another channel")
	r, err = w.bot.Answer(context.Background(), Answer{Event: w.event(), From: alice, At: channel, Message: m.ref, Token: strings.Repeat("0", 32)})
	require.NoError(t, err)
	assert.Contains(t, r.Card.Title, "no longer valid", "a guessed token")
	w.quiet()
}

func TestGrantRevokedBeforeThePress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	w.setPolicy(strings.Replace(worldPolicy, "www.test.com, ", "", 1))
	assert.Contains(t, w.pressesOn(alice, m, "Purge").Title, "You may not purge everything")
	w.quiet()
}

func TestRequesterRevokedBeforeTheApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, "dir https://two.test.com/a/")
	w.setPolicy(strings.Replace(worldPolicy, "two, to: [alice, bob]", "two, to: [bob]", 1))
	assert.Contains(t, w.pressesOn(bob, m, "Purge").Title, "The rules have changed")
	end := w.ends("Not purged")
	assert.Contains(t, strings.Join(end.card.Lines, "\n"), "https://two.test.com/a/")
	w.quiet()
}

func TestGuestsAreRefusedAtThePressToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	for _, standing := range []Standing{Guest, Outsider, Robot, Gone, ""} {
		w.chat.is(alice, standing)
		assert.Equal(t, sayStanding[standing], w.pressesOn(alice, m, "Purge").Title)
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

func (c *fakeChat) is(s acl.Subject, standing Standing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.people[s]
	p.Standing = standing
	c.people[s] = p
}
