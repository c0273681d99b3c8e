package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// copyOf posts a card a second time, as a crash between the post and its commit does.
func (w *world) copyOf(m shown) shown {
	w.t.Helper()
	ref, err := w.chat.Show(context.Background(), m.at, chat.MessageRef{}, "", m.card)
	require.NoError(w.t, err)
	return shown{ref: ref, at: m.at, card: m.card}
}

// The test presses each button on a copy that a crash left behind, while the question is open and after it.
func TestAnOldCopyOfACardPointsToTheCardThatCounts(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]struct {
		label string
		does  func(*world, shown)
		says  string
	}{
		"purge while it is open":  {"Purge", func(*world, shown) {}, "stands open on another card here: press there."},
		"cancel while it is open": {"Cancel", func(*world, shown) {}, "stands open on another card here: press there."},
		"once it is cancelled":    {"Purge", func(w *world, m shown) { w.pressesOn(alice, m, "Cancel"); w.ends("Cancelled") }, "Another card here shows p-"},
		"once it is done":         {"Purge", func(w *world, m shown) { w.pressesOn(alice, m, "Purge"); w.ends("Done") }, "Another card here shows p-"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m := w.asks(alice, directory)
			old := w.copyOf(m)
			then.does(w, m)
			sent := len(w.cdn.sent())
			said := w.pressesOn(alice, old, then.label).Title
			assert.Contains(t, said, "This card is an old copy, so pressing it did nothing.")
			assert.Contains(t, said, then.says)
			assert.Contains(t, said, short(m), "it is named")
			edited := w.chat.await(t, func(n shown) bool { return n.ref == old.ref && n.edits > 0 })
			assert.Equal(t, "Old copy: another card here shows "+short(m), edited.card.Title)
			assert.Empty(t, edited.card.Buttons)
			assert.Len(t, w.cdn.sent(), sent)
			if strings.Contains(then.says, "open") {
				w.pressesOn(alice, m, "Purge")
				w.ends("Done")
			}
		})
	}
}

// A press that names another purge's message, which no chat delivers, edits nothing.
func TestAButtonOnAnotherPurgesCardEditsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	w.types(bob, "dir https://www.test.com/b/")
	other := w.chat.await(t, func(n shown) bool { return n.ref != m.ref && hasButton(n.card, "Purge") })
	r, err := w.bot.desk.Answer(t.Context(), chat.Answer{Event: w.event(), From: alice, At: channel, Message: other.ref, Token: token(m.card, "Purge")})
	require.NoError(t, err)
	assert.Equal(t, card.StaleButton, replyCard(r).Title)
	w.pressesOn(bob, other, "Purge")
	w.ends("Done")
}

// The test ends purges of people with different rights, and compares the buttons of the final cards.
func TestFollowUpsAreOfferedToWhomThePolicyLets(t *testing.T) {
	t.Parallel()
	const policy = `version: 1
grants:
  - {name: home, to: [slack:T0/UALICE], domains: [www.test.com], kinds: [url, directory]}
  - {name: abroad, to: [slack:T0/UBOB], domains: [www.test.com], areas: [overseas]}
  - {name: both, to: [slack:T0/UCAROL], domains: [www.test.com], areas: [mainland, overseas]}
  - {name: half, to: [slack:T0/UCAROL], domains: [www.abc.com]}
`
	for name, c := range map[string]struct {
		who  acl.Subject
		text string
		asks bool
		want []string
	}{
		"mainland alone":                 {alice, "https://www.test.com/1", false, nil},
		"a directory in mainland alone":  {alice, directory, true, []string{"Delete instead"}},
		"overseas alone":                 {bob, "https://www.test.com/1 --overseas", true, nil},
		"both":                           {carol, "https://www.test.com/1", false, []string{"Also overseas"}},
		"both from overseas":             {carol, "https://www.test.com/1 --overseas", true, []string{"Also mainland"}},
		"one host of two":                {carol, "https://www.test.com/1 https://www.abc.com/1", false, nil},
		"a leak that cannot be followed": {alice, `https://www.test.com/1 --reason "a leak"`, false, nil},
		"a leak that can":                {carol, `https://www.test.com/1 --reason "a leak"`, false, []string{"Also overseas", "Purge as leak"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.setPolicy(policy)
			w.types(c.who, c.text)
			if c.asks {
				w.presses(c.who, "Purge")
			}
			assert.Equal(t, c.want, labels(w.ends("Done").card))
			assert.Equal(t, c.want, labels(w.chat.await(t, func(m shown) bool { return m.at.Root != "" && strings.HasPrefix(m.card.Title, "Done") }).card), "in the reply")
		})
	}
}

// A freeze removes no offer, since it may be over at the press.
func TestAFreezeTakesNoOfferAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.hold = make(chan struct{})
	w.types(alice, "https://www.test.com/1")
	w.chat.await(t, func(m shown) bool { return strings.HasPrefix(m.card.Title, "Purging") })
	w.types(bob, `freeze www.test.com 2h "release"`)
	close(w.cdn.hold)
	m := w.chat.await(t, func(m shown) bool { return m.card.Footer != "" && m.card.By == alice && m.card.Tone != chat.Busy })
	if strings.HasPrefix(m.card.Title, "Done") {
		assert.Contains(t, labels(m.card), "Also overseas")
	}
}

// The test compares the question, its button, its form and its emergency for flushes and deletions.
func TestWhatDeletesLooksLikeIt(t *testing.T) {
	t.Parallel()
	for mode, want := range map[purge.Mode]chat.Button{purge.Flush: {Label: "Purge", Style: chat.Primary}, purge.Delete: {Label: "Delete", Style: chat.Danger}} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.types(alice, "dir https://www.test.com/ --mode "+string(mode))
			m := w.chat.await(t, func(m shown) bool { return hasButton(m.card, want.Label) })
			assert.Equal(t, want.Style, m.card.Buttons[0].Style)
			assert.Contains(t, m.card.Lines, "Only the person who asked may press "+want.Label+".")
			r, err := w.bot.desk.Answer(t.Context(), chat.Answer{Event: w.event(), From: alice, At: channel, Message: m.ref, Token: token(m.card, want.Label)})
			require.NoError(t, err)
			require.NotNil(t, r.Form)
			assert.Equal(t, want.Label+" a whole site", r.Form.Title)
			assert.Equal(t, want.Label, r.Form.Submit)
			assert.Equal(t, want.Label+" without approval", card.LabelWithoutApproval(w.onlyPurge().Request))
			w.fills(alice, *r.Form, "www.test.com")
			w.ends("Done")
		})
	}
}

// The form of a whole site shows the mode, the area and the omitted targets like the card, in every chat.
func TestTheFormOfAWholeSiteSaysWhatHappens(t *testing.T) {
	t.Parallel()
	target := func(host, path string) purge.Target {
		parsed, err := purge.Parse(purge.Directory, "https://"+host+path)
		require.NoError(t, err)
		return parsed
	}
	a, b, part := target("a.test.com", "/"), target("b.test.com", "/"), target("c.test.com", "/x/")
	in := func(area purge.Area, targets ...purge.Target) purge.Part {
		return purge.Part{Area: area, Targets: targets}
	}
	for want, parts := range map[string][]purge.Part{
		"in mainland; overseas is left out":      {in(purge.Mainland, a)},
		"in overseas; mainland is left out":      {in(purge.Overseas, a, b, part)},
		"in mainland and overseas":               {in(purge.Mainland, a, b), in(purge.Overseas, a, b)},
		"each host in the areas of its card":     {in(purge.Mainland, a), in(purge.Overseas, b)},
		"in mainland; overseas is left out. Any": {in(purge.Mainland, a, part), in(purge.Overseas, part)},
	} {
		for mode, does := range map[purge.Mode]string{purge.Flush: "Flushes changed files", purge.Delete: "Deletes everything"} {
			r := purge.Request{Kind: purge.Directory, Mode: mode, Parts: parts}
			said := card.HostsField(r, r.WholeSites()).Hint
			assert.True(t, strings.HasPrefix(said, does), said)
			assert.Contains(t, said, want)
			assert.LessOrEqual(t, len(said), 100, said)
			assert.Equal(t, strings.Contains(want, "left out"), strings.Contains(said, "left out"), said)
		}
	}
}

// The reply repeats every note of the card, since edits notify nobody.
func TestTheReplyKeepsWhatWasLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.types(alice, "https://www.test.com/1 https://www.test.com/2 https://evil.test/1 https://evil.test/2")
	_, err := w.bot.desk.Answer(t.Context(), chat.Answer{Event: w.event(), From: alice, At: channel, Token: token(c, "Purge the other 2")})
	require.NoError(t, err)
	card := w.ends("Done").card
	reply := w.result().card
	assert.Contains(t, card.Lines, "2 refused and left out.")
	for _, note := range w.onlyPurge().Notes {
		assert.Contains(t, reply.Lines, note)
	}
	assert.Contains(t, reply.Lines, "2 refused and left out.")
}

// The test cancels purges in every state that allows it, as every person who may cancel.
func TestWhoCancelledIsNamed(t *testing.T) {
	t.Parallel()
	for who, name := range map[acl.Subject]string{alice: "Alice (UALICE)", bob: "Bob (UBOB)"} {
		t.Run("a question by "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.asks(alice, directory)
			w.presses(who, "Cancel")
			assert.Contains(t, lines(w.ends("Cancelled").card), "Cancelled by "+name+" at ")
		})
		t.Run("on its way by "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.cdn.entered, w.cdn.hold = make(chan struct{}, 9), make(chan struct{})
			w.types(alice, "https://www.test.com/1 https://www.abc.com/1")
			<-w.cdn.entered
			assert.Contains(t, w.types(who, "cancel "+w.onlyPurge().Short).Title, "Stopping")
			close(w.cdn.hold)
			m := w.chat.await(t, func(m shown) bool { return m.at.Root == "" && strings.HasPrefix(m.card.Title, "Partly done") })
			assert.Contains(t, lines(m.card), "Cancelled by "+name+" at ")
			assert.Contains(t, lines(m.card), "the part that had not left was not sent.")
		})
	}
}

// The README's list of people who may cancel matches the replies to their presses.
func TestWhoMayCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPolicy(worldPolicy + fmt.Sprintf("  - {name: part, to: [%s], domains: [www.test.com], paths: [/b/], kinds: [directory]}\n", carol))
	m := w.asks(alice, "dir https://www.test.com/a/ https://www.test.com/b/")
	assert.Equal(t, card.MayNotCancel, w.pressesOn(carol, m, "Cancel").Title, "who may purge a part of it")
	assert.Empty(t, w.pressesOn(bob, m, "Cancel").Title, "who may purge all of it")
	assert.True(t, slices.ContainsFunc(w.ends("Cancelled").card.Lines, func(l string) bool { return strings.HasPrefix(l, "Cancelled by Bob") }))
	w.quiet()
}
