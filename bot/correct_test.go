package bot

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// An unclear command stands behind one button for each reading.

// commands sends a command and returns the whole reply.
func (w *world) commands(c chat.Command) chat.Reply {
	w.t.Helper()
	c.Event, c.From = w.event(), alice
	if c.At == (chat.Thread{}) {
		c.At = channel
	}
	r, err := w.bot.desk.Command(context.Background(), c)
	require.NoError(w.t, err)
	return r
}

// takes presses a button of a private reply, in the given place.
func (w *world) takes(who acl.Subject, at chat.Thread, c chat.Card, label string) chat.Card {
	w.t.Helper()
	require.True(w.t, hasButton(c, label), "%q: %v", label, labels(c))
	r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: who, At: at, Token: token(c, label)})
	require.NoError(w.t, err)
	return replyCard(r)
}

// A correction purges nothing without a press, and its press has the effect of the corrected command.
func TestAPressTakesACorrection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed, label string
		shown        []string
	}{
		{"please purge https://www.test.com/a.css", "Purge this as shown", []string{"https://www.test.com/a.css"}},
		{"https://www.test.com/my photo.jpg", "Purge this as shown", []string{"https://www.test.com/my%20photo.jpg"}},
		{"www.test.com/a.css https://www.test.com/b.css", "Purge these 2 as shown", []string{"https://www.test.com/a.css", "https://www.test.com/b.css"}},
		{`["https://www.test.com/a.css","https://www.test.com/b.css"]`, "Purge these 2 as shown", []string{"https://www.test.com/a.css", "https://www.test.com/b.css"}},
	} {
		w := newWorld(t)
		told := w.types(alice, c.typed)
		assert.Equal(t, c.shown, told.Targets, c.typed)
		w.quiet()
		assert.Empty(t, w.cdn.sent(), c.typed)
		assert.Empty(t, w.takes(alice, channel, told, c.label).Title)
		w.ends("Done")
		assert.Len(t, w.cdn.sent(), 1)
		assert.Contains(t, w.takes(alice, channel, told, c.label).Title, "You already asked", "one press is one purge")
		assert.Equal(t, card.StaleButton, w.takes(bob, channel, told, c.label).Title, "and only of who typed")
		assert.Len(t, w.cdn.sent(), 1)
	}
}

// A correction is guarded, denied and limited like a typed command.
func TestACorrectionIsJudgedAsIfTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	told := w.types(alice, "please dir https://www.test.com/images")
	w.takes(alice, channel, told, "Purge this directory as shown")
	m := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Purge") })
	assert.Contains(t, m.card.Title, "1 directory")
	assert.Empty(t, w.cdn.sent(), "it asks, as every directory does")

	told = w.types(alice, "please https://pay.test.org/a.css")
	assert.Contains(t, w.takes(alice, channel, told, "Purge this as shown").Title, "refused")
	told = w.types(alice, "please https://pay.test.org/a.css https://www.test.com/a.css")
	assert.Equal(t, []string{"https://www.test.com/a.css"}, told.Targets, "what no rule allows is not offered beside what one does")

	w.setPolicy(strings.ReplaceAll(worldPolicy, "domains: [www.test.com, www.abc.com]", "domains: [www.abc.com]"))
	assert.Contains(t, w.takes(alice, channel, told, "Purge this as shown").Title, "refused", "the rules are those of the press")
	assert.Empty(t, w.cdn.sent())
}

func TestEachReadingHasItsPress(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][]string{
		"https://www.test.com/a.css,200,HIT":                       {"1: purge 1 URL on www.test.com", "2: purge as typed"},
		"dir https://www.test.com/a.css":                           {"1: purge 1 URL on www.test.com", "2: purge 1 directory on www.test.com"},
		"https://www.test.com/img*":                                {"1: purge 1 URL on www.test.com", "2: purge 1 directory on www.test.com"},
		"https://www.test.com/images/*":                            {"Purge this directory as shown"},
		"https://www.test.com/my photo":                            {},
		"did not purge https://www.test.com/":                      {},
		"https://www.test.com/a.css https://www.test.com/{id}.css": {"Purge the other one"},
		"www.test.com/a.css https://www.test.com/b.css":            {"Purge these 2 as shown", "Purge the other one"},
		"everything www.test.com":                                  {"Purge this directory as shown"},
		"status p-1":                                               {},
	} {
		w := newWorld(t)
		told := w.types(alice, typed)
		assert.ElementsMatch(t, want, labels(told), typed)
		w.quiet()
		assert.Empty(t, w.cdn.sent(), typed)
	}
	w := newWorld(t)
	told := w.types(alice, "https://www.test.com/a.css,200,HIT")
	assert.Contains(t, told.Lines, "1: 1 URL:")
	assert.Contains(t, told.Lines, "https://www.test.com/a.css")
	assert.Contains(t, told.Lines, "2: as typed, 1 URL:")
	w.takes(alice, channel, told, "2: purge as typed")
	w.ends("Done")
	assert.Equal(t, "https://www.test.com/a.css,200,HIT", w.cdn.sent()[0].Targets[0].String())
}

// Many targets with one mistake get one reason, every address, and one button.
func TestManyOfOneRepair(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var typed, want []string
	for i := range 12 {
		typed, want = append(typed, fmt.Sprintf("www.test.com/图%d.jpg", i)), append(want, fmt.Sprintf("https://www.test.com/%%E5%%9B%%BE%d.jpg", i))
	}
	told := w.types(alice, strings.Join(typed, "\n"))
	assert.Equal(t, want, told.Targets)
	assert.Zero(t, told.More)
	assert.Equal(t, []string{"12 addresses: Begin the address with http:// or https://, spelled out."}, told.Lines)
	w.takes(alice, channel, told, "Purge these 12 as shown")
	w.ends("Done")

	for i := range 300 {
		typed = append(typed, fmt.Sprintf("www.test.com/%d.jpg", i))
	}
	told = w.types(alice, strings.Join(typed, " "))
	assert.Len(t, told.Targets, card.ShownOffered)
	assert.Equal(t, 312-card.ShownOffered, told.More)
	w.takes(alice, channel, told, "Purge these 312 as shown")
	m := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Purge") })
	assert.NotNil(t, m.card.File, "what was not shown is asked about, with a file of all")
}

// A reading that does not fit on the card whole leads to a question.
func TestWhatIsNotShownIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var typed []string
	for i := range 12 {
		typed = append(typed, fmt.Sprintf("https://www.test.com/%s%d.css,200,HIT", strings.Repeat("a", 100), i))
	}
	c := w.types(alice, strings.Join(typed, "\n"))
	assert.Contains(t, strings.Join(c.Lines, "\n"), "more.")
	w.takes(alice, channel, c, "1: purge 12 URLs on www.test.com")
	w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Purge") })
	assert.Empty(t, w.cdn.sent())
}

// The press of an offer counts for the place of the command, even if it comes from a direct message.
func TestAnOfferIsOfThePlaceWhereItWasTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	told := w.types(alice, "please https://www.test.com/a.css")
	direct, elsewhere := chat.Thread{Platform: "slack", Workspace: "T0", Channel: "D0"}, chat.Thread{Platform: "slack", Workspace: "T9", Channel: "C0"}
	assert.Equal(t, card.StaleButton, w.takes(bob, direct, told, "Purge this as shown").Title)
	assert.NotEmpty(t, w.takes(alice, elsewhere, told, "Purge this as shown").Title, "another workspace")
	w.quiet()
	assert.Empty(t, w.cdn.sent())
	assert.Empty(t, w.takes(alice, direct, told, "Purge this as shown").Title)
	assert.Equal(t, channel.Channel, w.ends("Done").at.Channel)
}

func TestAnOfferExpires(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	w := newWorld(t, func(o *Options) { o.Now = func() time.Time { return time.Now().Add(time.Duration(passed.Load())) } })
	told := w.types(alice, "please https://www.test.com/a.css")
	passed.Add(int64(time.Hour))
	assert.Equal(t, card.StaleButton, w.takes(alice, channel, told, "Purge this as shown").Title)
	assert.Empty(t, w.cdn.sent())
}

func TestAnAddressWithoutItsHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	told := w.types(alice, "/images/a.jpg")
	assert.ElementsMatch(t, []string{"1: purge 1 URL on www.test.com", "2: purge 1 URL on www.abc.com", "3: purge 1 URL on two.test.com"}, labels(told))
	assert.NotContains(t, told.Title, "example.com")
	w.takes(alice, channel, told, "2: purge 1 URL on www.abc.com")
	w.ends("Done")
	assert.Equal(t, "https://www.abc.com/images/a.jpg", w.cdn.sent()[0].Targets[0].String())
	assert.Empty(t, w.types(carol, "/images/a.jpg").Buttons, "who may purge nothing is offered nothing")
}

// A corrected command begins as commands do in that chat.
func TestACorrectionFitsThePlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.commands(chat.Command{Text: "please https://www.test.com/a.css", Opening: "@purgebot"})
	assert.Contains(t, r.Card.Title, "Try: @purgebot https://www.test.com/a.css")
	assert.Equal(t, r.Card.Title, r.Public)
	r = w.commands(chat.Command{Text: "please https://www.test.com/a.css"})
	assert.Contains(t, r.Card.Title, "Try: /purge https://www.test.com/a.css")

	const label = "The chat sent a label."
	r = w.commands(chat.Command{Text: "the new banner", NoLink: label})
	assert.Contains(t, r.Card.Lines, label)
	r = w.commands(chat.Command{Text: "the new www.test.com/a.css", NoLink: label})
	assert.NotContains(t, r.Card.Lines, label)
}

// The public part of a correction holds the typed text, and nothing about the rules.
func TestWhatMayBeSaidInPublic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for typed, want := range map[string]string{
		"www.test.com/a.css":                        "Nothing was purged. www.test.com/a.css: Begin the address with http:// or https://, spelled out. Did you mean https://www.test.com/a.css?",
		"https://pay.test.org/a.css":                "",
		"www.test.com/a.css https://pay.test.org/a": "",
		"freeze www.test.com 2h \"why\"":            "",
	} {
		assert.Equal(t, want, w.commands(chat.Command{Text: typed}).Public, typed)
	}
	public := w.commands(chat.Command{Text: "/images/a.jpg"}).Public
	assert.NotContains(t, public, "www.abc.com")
	assert.NotContains(t, public, "https://")
}

func TestAFormIsCorrectedAsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: alice, At: channel, Token: formToken, Values: map[string]string{"targets": "https://www.test.com/a.css please", "verb": "url"}})
	require.NoError(t, err)
	w.takes(alice, channel, replyCard(r), "Purge this as shown")
	w.ends("Done")
	r = w.commands(chat.Command{Collected: true, Fields: &chat.Fields{Verb: "url", Targets: "https://www.test.com/b.css,200,HIT"}})
	w.takes(alice, channel, replyCard(r), "1: purge 1 URL on www.test.com")
	w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Purge") })
	assert.Len(t, w.cdn.sent(), 1, "links of a message are asked about, corrected or not")
	assert.Equal(t, purge.URL, w.cdn.sent()[0].Kind)
}
