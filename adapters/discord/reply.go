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

// Discord gives up after 3 s: https://docs.discord.com/developers/interactions/receiving-and-responding#followup-messages
const (
	deferAfter = 2 * time.Second
	handleIn   = 2500 * time.Millisecond
	grace      = 500 * time.Millisecond // for a handler that was told to stop, to say so
	tokenLife  = 14 * time.Minute       // 15, and the way there
	afterwards = 10 * time.Second
)

// timing is how long things may take; tests have less patience.
type timing struct {
	deferAfter, handleIn, grace time.Duration
}

var defaults = timing{deferAfter: deferAfter, handleIn: handleIn, grace: grace}

// with adds patience to what an event may take.
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

// deferral has no other field that counts.
type deferral struct {
	Flags int `json:"flags"`
}

// exchange is one interaction being answered: by send once, and by what follows up on it.
type exchange struct {
	d    *Discord
	in   *interaction
	send func(context.Context, callback) error
}

// followUp is what it takes to tell somebody more below an interaction of theirs.
type followUp struct{ user, token string }

// answered is what the bot said.
type answered struct {
	reply chat.Reply
	err   error
}

// ask asks the bot and answers with what it says: at once, or if it takes its time, after Discord was told to wait.
func (x *exchange) ask(ctx context.Context, f func(context.Context) (chat.Reply, error)) {
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
	soon := time.NewTimer(d.timing.deferAfter)
	defer soon.Stop()
	select {
	case a := <-done:
		x.answer(ctx, x.settled(a))
	case <-soon.C:
		x.wait(ctx, done)
	}
	d.tokens.put(x.in.ID, followUp{x.in.Member.User.ID, x.in.Token}, d.config.Now()) // a follow-up before the answer would be taken for it
}

// wait tells Discord to wait, and answers later.
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

// settled makes a card of an error, and of a form that cannot be shown.
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

// sentence is a card that says why something was not taken.
func sentence(err error) *chat.Card {
	return &chat.Card{Title: notTaken(err), Tone: chat.Bad}
}

// onMessage reports whether the interaction hangs on a message, so that it can be answered with nothing to see.
func (x *exchange) onMessage() bool { return x.in.Message != nil }

// answer is the direct answer.
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

// show answers with a private message; one that a private button led to takes its place.
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

// silence answers a command that has nothing to say: Discord wants an answer, and one that vanished would only startle.
func (x *exchange) silence(ctx context.Context) {
	x.note(x.send(ctx, callback{showMessage, receipt}))
}

// receipt is a private answer that tells nothing of what was asked.
var receipt = outgoing{Content: sayTaken, Flags: ephemeral | suppressEmbeds, Mentions: nobody}

// followUp fills in what was put off.
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

// untold tells in a direct message what the interaction can no longer carry. What was taken stays taken.
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

// guarded makes an error of a panic, which would end the process: discordgo runs every handler in a goroutine of its own.
// What somebody panicked with may hold anything; only its type and where it was are told.
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
