package bot

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/bot/store"
)

// formToken marks the form of a bare command. It grants nothing: the form's values are judged like a typed command.
const formToken = "purge-form"

// form returns the form for a bare command, or the help on a platform without forms.
func (b *answers) form(_ context.Context, s scene, _ grammar.Intent) (chat.Reply, error) {
	if !b.poster.Limits(s.at).Forms {
		card := b.helpCard(s)
		return chat.Reply{Card: &card}, nil
	}
	form := card.PurgeForm(formToken)
	return chat.Reply{Form: &form}, nil
}

// submitForm carries out the command of a form that came back.
func (b *desk) submitForm(ctx context.Context, s scene, v map[string]string) (chat.Reply, error) {
	in, err := grammar.ParseFields(&chat.Fields{Verb: v["verb"], Targets: v["targets"], Area: v["area"], Mode: v["mode"], Reason: v["reason"]})
	if err != nil {
		return b.requests.misunderstood(ctx, s, chat.Command{Fields: &chat.Fields{}}, err)
	}
	return b.do(ctx, s, in)
}

// pressed is the stored part of the form behind a press, besides its purge and its presser. It decides nothing by itself.
type pressed struct {
	Message chat.MessageRef `json:"message"` // the message with the pressed button
}

// askTyped opens the form in which the presser types the hosts of whole sites, and the reason for an emergency. The question stays
// open meanwhile.
func (b *presses) askTyped(ctx context.Context, s scene, p store.Purge, on chat.MessageRef, hosts []string, how press) (chat.Reply, error) {
	if !b.poster.Limits(s.at).Forms {
		return b.refuse(ctx, s, "press", card.NoForm(how.emergency))
	}
	if _, decided, err := b.Store.Decision(ctx, p.ID); decided || err != nil { // the workflow may not have seen the decision yet
		return b.tooLate(ctx, s, p)
	}
	form := card.PressForm(p.Request, hosts, how.emergency, books.NewToken())
	action, what := card.ActionTyped, store.AuditAskedForHost
	if how.emergency {
		action, what = card.ActionReleased, store.AuditAskedForReason
	}
	button := store.Button{Token: form.Token, Purge: p.ID, Action: action, Who: s.person.Subject, Channel: p.Channel,
		Request: books.JSON(pressed{on}), Expires: p.ExpiresAt}
	dup, err := b.Store.Take(ctx, s.event, []store.Button{button}, b.sceneEntry(s, what, p.ID))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	return chat.Reply{Form: &form}, nil
}

// messageOfForm returns the message whose button has opened a form, or the zero reference for another person's form.
func messageOfForm(s scene, a chat.Answer, button store.Button) chat.MessageRef {
	var from pressed
	if a.Values == nil || button.Who != s.person.Subject || json.Unmarshal(button.Request, &from) != nil {
		return chat.MessageRef{}
	}
	return from.Message
}

// typed reports whether a text is exactly these hosts, one on each line. Surrounding space and capitals do not count.
func typed(text string, hosts []string) bool {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.ToLower(strings.TrimSpace(line)); line != "" {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return slices.Equal(lines, hosts)
}
