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
)

// A press on a whole site types its host.

const site = "dir https://www.test.com/"

// opens presses Purge and returns the opened form.
func (w *world) opens(who acl.Subject, m shown) chat.Form {
	w.t.Helper()
	r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: who, At: channel, Message: m.ref, Token: token(m.card, "Purge")})
	require.NoError(w.t, err)
	require.NotNil(w.t, r.Form, replyCard(r).Title)
	return *r.Form
}

// fills sends a form back.
func (w *world) fills(who acl.Subject, f chat.Form, text string) chat.Card {
	w.t.Helper()
	r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: who, At: channel, Token: f.Token, Values: map[string]string{f.Inputs[0].Name: text}})
	require.NoError(w.t, err)
	return replyCard(r)
}

func TestWholeSiteIsTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, site)
	assert.Contains(t, m.card.Lines, "Warning: www.test.com is a whole site.")
	assert.Contains(t, m.card.Lines, "Whole site: whoever presses types the host.")
	f := w.opens(alice, m)
	require.Len(t, f.Inputs, 1)
	assert.False(t, f.Inputs[0].Optional)
	assert.Empty(t, f.Inputs[0].Value)
	for _, text := range []string{"", " ", "www.test", "test.com", "https://www.test.com/", "www.test.com.", "www.abc.com", "www.test.com\nwww.abc.com", "www.test.com\nwww.test.com", "www.tеst.com"} {
		assert.Equal(t, card.TypedOther, w.fills(alice, f, text).Title, "%q", text)
	}
	w.quiet()
	assert.Equal(t, []string{"Purge", "Cancel"}, labels(w.chat.all()[0].card), "the question stays open")
	assert.Empty(t, w.fills(alice, f, "  WWW.Test.com \n").Title)
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
	assert.Contains(t, w.fills(alice, f, "www.test.com").Title, "Already decided", "once")
}

func TestEveryWholeSiteIsTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, "dir https://www.test.com/ http://www.test.com/ https://www.abc.com/ https://www.abc.com/a/ --global")
	assert.Contains(t, m.card.Lines, "Warning: www.abc.com, www.test.com are whole sites.")
	f := w.opens(alice, m)
	assert.True(t, f.Inputs[0].Lines)
	assert.Equal(t, card.TypedOther, w.fills(alice, f, "www.test.com").Title)
	w.fills(alice, f, "www.test.com\nwww.abc.com")
	w.ends("Done")
}

func TestPartOfASiteIsNotTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, "dir https://www.test.com/a/")
	assert.NotContains(t, m.card.Lines, card.TypeHost)
	w.pressesOn(alice, m, "Purge")
	w.ends("Done")
	home := w.asks(alice, "https://www.test.com/ --overseas")
	assert.NotContains(t, home.card.Lines, card.TypeHost, "one page is no site")
}

// The form is judged like the press, so it bypasses no rule.
func TestFormOfAWholeSiteIsAPress(t *testing.T) {
	t.Parallel()
	right := "www.test.com"
	for name, test := range map[string]struct {
		send func(w *world, m shown, f chat.Form) chat.Card
		says string
	}{
		"another person":                {func(w *world, _ shown, f chat.Form) chat.Card { return w.fills(bob, f, right) }, card.StaleButton},
		"the requester's other account": {func(w *world, _ shown, f chat.Form) chat.Card { return w.fills(alice2, f, right) }, card.StaleButton},
		"no longer granted": {func(w *world, _ shown, f chat.Form) chat.Card {
			w.setPolicy(strings.Replace(worldPolicy, "www.test.com, ", "", 1))
			return w.fills(alice, f, right)
		}, "The rules have changed"},
		"no longer a member": {func(w *world, _ shown, f chat.Form) chat.Card {
			w.chat.is(alice, chat.Guest)
			return w.fills(alice, f, right)
		}, card.StandingProblem[chat.Guest]},
		"cancelled meanwhile": {func(w *world, m shown, f chat.Form) chat.Card {
			w.pressesOn(bob, m, "Cancel")
			return w.fills(alice, f, right)
		}, "cancelled by Bob"},
		"another channel": {func(w *world, _ shown, f chat.Form) chat.Card {
			r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: alice, At: chat.Thread{Platform: "slack", Workspace: "T0", Channel: "C9"}, Token: f.Token, Values: map[string]string{card.HostsInput: right}})
			require.NoError(w.t, err)
			return replyCard(r)
		}, card.StaleButton},
		"a press with the form's token": {func(w *world, m shown, f chat.Form) chat.Card {
			r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: alice, At: channel, Message: m.ref, Token: f.Token})
			require.NoError(w.t, err)
			return replyCard(r)
		}, card.StaleButton},
		"the card's token with values but no message": {func(w *world, m shown, f chat.Form) chat.Card {
			r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: alice, At: channel, Token: token(m.card, "Purge"), Values: map[string]string{card.HostsInput: right}})
			require.NoError(w.t, err)
			return replyCard(r)
		}, card.StaleButton},
		"the other button's form": {func(w *world, m shown, f chat.Form) chat.Card {
			r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: alice, At: channel, Token: f.Token, Values: map[string]string{"targets": right}})
			require.NoError(w.t, err)
			return replyCard(r)
		}, card.TypedOther},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m := w.asks(alice, site)
			said := test.send(w, m, w.opens(alice, m)).Title
			assert.Contains(t, said, test.says)
			w.quiet()
		})
	}
}

func TestFormOfAWholeSiteExpiresWithItsQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.ConfirmTTL = 5 * time.Second })
	m := w.asks(alice, site)
	f := w.opens(alice, m)
	w.ends("Expired")
	assert.Contains(t, w.fills(alice, f, "www.test.com").Title, "expired")
	w.quiet()
}

// A second person types the host too, and the requester cannot.
func TestSecondPersonTypesTheHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, "dir https://two.test.com/")
	assert.Equal(t, card.SecondPerson, w.pressesOn(alice, m, "Purge").Title)
	f := w.opens(bob, m)
	assert.Equal(t, card.StaleButton, w.fills(alice, f, "two.test.com").Title)
	w.fills(bob, f, "two.test.com")
	w.ends("Done")
}

func TestWholeSiteWhereThereAreNoForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.chat.noForms = true
	m := w.asks(alice, site)
	assert.Equal(t, card.NoFormToType, w.pressesOn(alice, m, "Purge").Title)
	assert.NotContains(t, strings.ToLower(card.NoFormToType), "try again")
	w.quiet()
	assert.Equal(t, []string{"Purge", "Cancel"}, labels(w.chat.all()[0].card))
}

func FuzzTyped(f *testing.F) {
	f.Add("www.test.com")
	f.Add("WWW.TEST.COM \r\n")
	f.Add("www.test.com\x00")
	f.Fuzz(func(t *testing.T, text string) {
		if typed(text, []string{"www.test.com"}) && !strings.EqualFold(strings.TrimSpace(text), "www.test.com") {
			t.Errorf("%q passes", text)
		}
		if typed(text, nil) != (strings.TrimSpace(text) == "") {
			t.Errorf("%q against nothing", text)
		}
	})
}
