package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// Discord gives up after 3 s:
// https://docs.discord.com/developers/interactions/receiving-and-responding#followup-messages
const (
	deferAfter = 2 * time.Second
	handleIn   = 2500 * time.Millisecond
	grace      = 500 * time.Millisecond // extra time for a cancelled handler to return
	tokenLife  = 14 * time.Minute       // 15 minutes, less the time for the call
	afterwards = 10 * time.Second
)

// timing is the set of time limits; tests have shorter ones.
type timing struct {
	deferAfter, handleIn, grace time.Duration
}

var defaults = timing{deferAfter: deferAfter, handleIn: handleIn, grace: grace}

// with returns the time limits extended by patience.
func (t timing) with(patience time.Duration) timing {
	t.deferAfter += patience
	t.handleIn += patience
	return t
}

// The types of callbacks.
const (
	pong             = 1
	showMessage      = 4
	thinking         = 5
	nothingToSee     = 6
	updateMessage    = 7
	showChoices      = 8
	showForm         = 9
	ephemeral        = 1 << 6
	suppressEmbeds   = 1 << 2
	sayTaken         = "Taken. What becomes of it is shown in this channel."
	gaveUp           = "Discord gave up waiting for the form. Try again."
	noFormHere       = "Discord cannot show a form here. Type /purge form."
	perhapsTaken     = "purgebot took too long to answer, and may still have taken this. Look with /purge history before you try again."
	onlyInTheGuild   = "purgebot works in the channels of its own server only. Go there and type /purge."
	notInstalledThus = "purgebot must be installed to the server, not to an account. Use it there."
	contradicts      = "Discord says two different things about who did this, or where, so nothing was taken. Try again."
	otherServer      = "This purgebot serves another server, so it took nothing."
)

// callback is the first answer to an interaction.
type callback struct {
	Type int `json:"type"`
	Data any `json:"data,omitempty"`
}

// deferral holds the only field with an effect.
type deferral struct {
	Flags int `json:"flags"`
}

// exchange is one interaction with its answers: one through send, and follow-ups.
type exchange struct {
	d    *Discord
	in   *interaction
	send func(context.Context, callback) error
}

// followUp is the data for a later message below a person's interaction.
type followUp struct{ user, token string }

// answered is the bot's reply.
type answered struct {
	reply chat.Reply
	err   error
}

// ask gives an interaction to the bot and sends its answer: immediately, or, for a slow bot, after a deferral.
func (x *exchange) ask(ctx context.Context, f func(context.Context) (chat.Reply, error)) {
	// Give the interaction to the bot.
	d := x.d
	handle, cancel := context.WithTimeout(ctx, d.timing.handleIn)
	defer cancel()
	done := make(chan answered, 1)
	d.later.Go(func() {
		reply, err := guarded(func() (chat.Reply, error) { return f(handle) })
		done <- answered{reply, err}
	})
	ctx, stop := context.WithTimeout(ctx, d.timing.handleIn+d.timing.grace+afterwards)
	defer stop()
	// Answer at once, or defer the answer.
	soon := time.NewTimer(d.timing.deferAfter)
	defer soon.Stop()
	select {
	case a := <-done:
		x.answer(ctx, x.settled(a))
	case <-soon.C:
		x.wait(ctx, done)
	}
	d.tokens.put(x.in.ID, followUp{x.in.Member.User.ID, x.in.Token}, d.config.Now()) // stored late, because an earlier follow-up would count as the answer
}

// wait defers the answer, and sends it later.
func (x *exchange) wait(ctx context.Context, done <-chan answered) {
	c := callback{Type: thinking, Data: deferral{ephemeral}}
	if x.onMessage() {
		c = callback{Type: nothingToSee}
	}
	err := x.send(ctx, c)
	late := time.NewTimer(x.d.timing.handleIn - x.d.timing.deferAfter + x.d.timing.grace)
	defer late.Stop()
	a := answered{err: &purge.Error{Kind: purge.Unknown, Message: perhapsTaken}}
	select {
	case a = <-done:
	case <-late.C:
	}
	card := x.settled(a).reply
	if card.Form != nil {
		card = chat.Reply{Card: &chat.Card{Title: gaveUp, Tone: chat.Bad}}
	}
	x.followUp(ctx, card.Card, err == nil)
}

// settled turns errors, and forms that cannot be shown, into cards.
func (x *exchange) settled(a answered) answered {
	if errors.Is(a.err, errPanic) {
		x.d.config.Log.Error("discord: delivery failed", "error", a.err)
		return answered{reply: chat.Reply{Card: sentence(purge.AsError(nil))}}
	}
	if a.err != nil {
		x.d.logUntaken("interaction", x.in.ID, a.err)
		return answered{reply: chat.Reply{Card: sentence(a.err)}}
	}
	if a.reply.Form != nil && x.in.Type == interactionModal {
		return answered{reply: chat.Reply{Card: &chat.Card{Title: noFormHere, Tone: chat.Bad}}}
	}
	return a
}

// sentence returns a card with the reason for a failure.
func sentence(err error) *chat.Card {
	return &chat.Card{Title: notTaken(err), Tone: chat.Bad}
}

// onMessage reports whether the interaction belongs to a message, so that an empty answer is possible.
func (x *exchange) onMessage() bool { return x.in.Message != nil }

// answer sends the direct answer.
func (x *exchange) answer(ctx context.Context, a answered) {
	card := a.reply.Card
	switch {
	case a.reply.Form != nil:
		if err := x.send(ctx, callback{showForm, modal(*a.reply.Form)}); err != nil {
			x.untold(ctx, &chat.Card{Title: gaveUp, Tone: chat.Bad}, err)
		}
	case card != nil:
		x.show(ctx, *card)
	case x.onMessage():
		x.note(x.send(ctx, callback{Type: nothingToSee}))
	default:
		x.silence(ctx)
	}
}

// show answers with a private message. It replaces the private message of a pressed button.
func (x *exchange) show(ctx context.Context, c chat.Card) {
	m, files := x.d.message(c)
	m.Flags |= ephemeral
	kind := showMessage
	if x.in.Type == interactionComponent && x.in.Message != nil && x.in.Message.Flags&ephemeral != 0 {
		kind = updateMessage
	}
	if err := x.send(ctx, callback{kind, m}); err != nil {
		x.untold(ctx, &c, err)
		return
	}
	if len(files) > 0 {
		x.note(x.d.call(ctx, http.MethodPost, x.webhook(), attached(outgoing{Flags: ephemeral, Mentions: nobody}, files), nil, files...))
	}
}

// silence answers a command without a reply: Discord requires an answer, and a vanishing one would be
// confusing.
func (x *exchange) silence(ctx context.Context) {
	x.note(x.send(ctx, callback{showMessage, receipt}))
}

// receipt is a private answer that reveals nothing about the command.
var receipt = outgoing{Content: sayTaken, Flags: ephemeral | suppressEmbeds, Mentions: nobody}

// followUp completes a deferred answer.
func (x *exchange) followUp(ctx context.Context, c *chat.Card, waiting bool) {
	switch {
	case c == nil && waiting && !x.onMessage():
		x.note(x.d.call(ctx, http.MethodPatch, x.original(), receipt, nil))
	case c == nil:
	case !waiting:
		x.untold(ctx, c, errSilent)
	default:
		if err := x.fill(ctx, *c); err != nil {
			x.untold(ctx, c, err)
		}
	}
}

func (x *exchange) fill(ctx context.Context, c chat.Card) error {
	m, files := x.d.message(c)
	m = attached(m, files)
	if x.onMessage() {
		m.Flags |= ephemeral
		return x.d.call(ctx, http.MethodPost, x.webhook(), m, nil, files...)
	}
	return x.d.call(ctx, http.MethodPatch, x.original(), m, nil, files...)
}

func (x *exchange) original() string { return x.webhook() + "/messages/@original" }

func (x *exchange) webhook() string {
	return "/webhooks/" + x.d.config.ApplicationID + "/" + x.in.Token
}

// untold sends a direct message if the interaction can no longer be answered. The recorded action stays
// recorded.
func (x *exchange) untold(ctx context.Context, c *chat.Card, why error) {
	x.note(why)
	if x.in.GuildID != x.d.config.GuildID {
		return
	}
	x.note(x.d.offerDirectly(ctx, x.in.Member.User.ID, *c))
}

func (x *exchange) note(err error) {
	if err != nil {
		x.d.config.Log.Warn("discord: answer not delivered", "interaction", x.in.ID, "error", x.d.redact(err.Error()))
	}
}

// errPanic marks an error that was a panic.
var errPanic = errors.New("panic")

// guarded runs f and returns a panic as an error. A panic would end the process, because discordgo runs every
// handler in its own goroutine. The error holds only the type of the value and the place, because the value may
// hold secrets.
func guarded[V any](f func() (V, error)) (v V, err error) {
	defer func() {
		if p := recover(); p != nil {
			about := fmt.Sprintf("%T", p)
			if e, ok := p.(interface{ RuntimeError() }); ok {
				about = fmt.Sprint(e)
			}
			err = fmt.Errorf("%w: %s\n%s", errPanic, about, debug.Stack())
		}
	}()
	return f()
}
