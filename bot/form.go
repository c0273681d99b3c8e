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

// formToken marks the form of a bare command. It grants nothing: what comes back is judged like anything typed.
const formToken = "purge-form"

// form asks for what was not typed, where the platform has forms, and otherwise shows the help.
func (b *desk) form(_ context.Context, s scene, _ grammar.Intent) (chat.Reply, error) {
	if !b.poster.Limits(s.at).Forms {
		card := b.helpCard(s)
		return chat.Reply{Card: &card}, nil
	}
	form := card.PurgeForm(formToken)
	return chat.Reply{Form: &form}, nil
}

func (b *desk) submitForm(ctx context.Context, s scene, v map[string]string) (chat.Reply, error) {
	in, err := grammar.ParseFields(&chat.Fields{Verb: v["verb"], Targets: v["targets"], Area: v["area"], Mode: v["mode"], Reason: v["reason"]})
	if err != nil {
		return b.misunderstood(ctx, s, chat.Command{Fields: &chat.Fields{}}, err)
	}
	return b.do(ctx, s, in)
}

// pressed is what the form of a press stands for, besides its purge and who pressed: it decides nothing else.
type pressed struct {
	Message chat.MessageRef `json:"message"` // that the button hangs on
}

// askTyped opens the form in which whoever pressed types the hosts of the whole sites, and why it cannot wait for approval. The
// question stays open meanwhile.
func (b *desk) askTyped(ctx context.Context, s scene, p store.Purge, on chat.MessageRef, hosts []string, how press) (chat.Reply, error) {
	if !b.poster.Limits(s.at).Forms {
		return b.refuse(ctx, s, "press", card.NoForm(how.emergency))
	}
	if _, decided, err := b.Store.Decision(ctx, p.ID); decided || err != nil { // and not taken up yet
		return b.tooLate(ctx, s, p)
	}
	form := card.PressForm(p.Request, hosts, how.emergency, books.NewToken())
	action, what := card.ActionTyped, store.AuditAskedForHost
	if how.emergency {
		action, what = card.ActionReleased, store.AuditAskedForReason
	}
	button := store.Button{Token: form.Token, Purge: p.ID, Action: action, Who: s.person.Subject, Channel: p.Channel,
		Request: books.JSON(pressed{on}), Expires: p.ExpiresAt}
	dup, err := b.Store.Take(ctx, s.event, []store.Button{button}, b.seen(s, what, p.ID))
	if err != nil || dup {
		return chat.Reply{}, err
	}
	return chat.Reply{Form: &form}, nil
}

// messageOfForm is the message whose button has opened a form; none if the form is another person's.
func messageOfForm(s scene, a chat.Answer, button store.Button) chat.MessageRef {
	var from pressed
	if a.Values == nil || button.Who != s.person.Subject || json.Unmarshal(button.Request, &from) != nil {
		return chat.MessageRef{}
	}
	return from.Message
}

// typed reports whether a text is exactly these hosts, one a line. Space around them and capitals do not count.
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
