package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"purgebot/bot/chat"
)

// Limits of a modal: https://docs.slack.dev/reference/views/modal-views and https://docs.slack.dev/reference/block-kit/block-elements
const (
	maxViewTitle  = 24
	maxLabel      = 2000
	maxInput      = 3000
	maxOptionText = 75
	maxOptions    = 100
	maxError      = 1000 // characters in an error below a field; Slack documents no limit
)

// view is a submitted form.
type view struct {
	ID            string `json:"id"`
	Hash          string `json:"hash"`
	Team          string `json:"team_id"` // team of the person who opened the form
	InstalledTeam string `json:"app_installed_team_id"`
	App           string `json:"app_id"`
	Metadata      string `json:"private_metadata"`
	Blocks        []struct {
		Type    string `json:"type"`
		BlockID string `json:"block_id"`
	} `json:"blocks"`
	State struct {
		Values map[string]map[string]struct {
			Value    string `json:"value"`
			Selected *struct {
				Value string `json:"value"`
			} `json:"selected_option"`
		} `json:"values"`
	} `json:"state"`
}

// place is the origin of a form, stored in the 3,000 characters of private_metadata: a view has no channel and
// no message of its own.
type place struct {
	Channel string `json:"c"`
	Root    string `json:"r,omitempty"`
	Message string `json:"m,omitempty"` // the message whose button opened the form
	Token   string `json:"t"`
}

// ref returns the message whose button opened the form, or the zero reference.
func (p place) ref() chat.MessageRef {
	if p.Message == "" {
		return chat.MessageRef{}
	}
	return chat.MessageRef{Channel: p.Channel, ID: p.Message}
}

// open shows a form to the person behind the trigger, which expires after 3 s:
// https://docs.slack.dev/reference/methods/views.open
func (s *Slack) open(ctx context.Context, trigger string, at chat.Thread, on chat.MessageRef, f chat.Form) error {
	_, err := s.api.OpenViewContext(ctx, trigger, modal(at, on, f))
	return s.done("views.open", err)
}

func modal(at chat.Thread, on chat.MessageRef, f chat.Form) slack.ModalViewRequest {
	where, _ := json.Marshal(place{at.Channel, at.Root, on.ID, f.Token})
	v := slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: "form", PrivateMetadata: string(where),
		Title: plainText(f.Title, maxViewTitle), Submit: plainText(f.Submit, maxViewTitle), Close: plainText("Close", maxViewTitle),
	}
	for _, in := range f.Inputs {
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, input(in))
	}
	return v
}

func input(in chat.Input) *slack.InputBlock {
	b := &slack.InputBlock{
		Type: slack.MBTInput, BlockID: in.Name, Label: plainText(in.Label, maxLabel), Optional: in.Optional, Element: field(in),
	}
	if in.Hint != "" {
		b.Hint = plainText(in.Hint, maxLabel)
	}
	return b
}

func field(in chat.Input) slack.BlockElement {
	if len(in.Choices) == 0 {
		return &slack.PlainTextInputBlockElement{
			Type: slack.METPlainTextInput, ActionID: in.Name, Multiline: in.Lines, InitialValue: in.Value, MaxLength: maxInput,
		}
	}
	choices := &slack.SelectBlockElement{Type: slack.OptTypeStatic, ActionID: in.Name}
	for _, c := range in.Choices[:min(len(in.Choices), maxOptions)] {
		option := &slack.OptionBlockObject{Text: plainText(c, maxOptionText), Value: c}
		choices.Options = append(choices.Options, option)
		if c == in.Value {
			choices.InitialOption = option
		}
	}
	return choices
}

const notOurs = "purgebot did not open this form, or no longer knows it, so it took nothing. Type the command again."

// submission handles a submitted form:
// https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload After a failure or refusal
// the form stays open with its values, and shows the reason.
func (s *Slack) submission(ctx context.Context, h chat.Handler, in *interaction) reaction {
	// Read the origin of the form.
	var where place
	if decode([]byte(in.View.Metadata), &where) != nil || where.Token == "" || !channelID.match(where.Channel) {
		return in.View.refuseOr(reaction{}, notOurs)
	}
	// Give the answer to the bot.
	event := in.TriggerID
	if event == "" {
		event = in.View.ID + "/" + in.View.Hash
	}
	a := chat.Answer{
		Message: where.ref(), Token: where.Token, Values: in.View.values(), At: chat.Thread{Platform: platform, Channel: where.Channel, Root: where.Root},
	}
	reply, err := s.answer(ctx, h, in, event, &a)
	// Keep a refused form open, and show everything else in its place or as a message.
	switch {
	case err != nil:
		s.logUntaken("form", where.Channel, err)
		return in.View.refuse(notTaken(err))
	case reply.Form != nil:
		return reaction{json: map[string]any{"response_action": "update", "view": modal(a.At, a.Message, *reply.Form)}}
	case reply.Card != nil && reply.Refused && in.View.input() != "":
		return s.formRefused(in, a, *reply.Card)
	case reply.Card != nil:
		return reaction{then: func(ctx context.Context) { s.respond(ctx, "", a, *reply.Card) }}
	}
	return reaction{}
}

const seeMessage = " A private message says more."

// formRefused keeps a form open with its values and shows the reason. If a form cannot show the whole card, for
// example a button that purges the rest, a private message follows.
func (s *Slack) formRefused(in *interaction, a chat.Answer, c chat.Card) reaction {
	why := cmp.Or(inWords(c), "This was refused.")
	if len(c.Buttons) == 0 && len(c.Targets) == 0 && c.More == 0 && chat.Units(why) <= maxError {
		return in.View.refuse(why)
	}
	did := in.View.refuse(chat.Clip(why, maxError-len(seeMessage)) + seeMessage)
	did.then = func(ctx context.Context) { s.respond(ctx, "", a, c) }
	return did
}

// inWords returns a card as one paragraph.
func inWords(c chat.Card) string {
	var b strings.Builder
	for _, part := range append([]string{c.Title}, c.Lines...) {
		part = strings.TrimSpace(chat.OneLine(part))
		if part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(part)
		if end, _ := utf8.DecodeLastRuneInString(part); !strings.ContainsRune(".!?:…", end) {
			b.WriteByte('.')
		}
	}
	return b.String()
}

// values returns the values of the fields. Each block holds the one field of its name; other fields are
// ignored.
func (v *view) values() map[string]string {
	values := map[string]string{}
	for name, fields := range v.State.Values {
		field, found := fields[name]
		if !found {
			continue
		}
		values[name] = field.Value
		if field.Selected != nil {
			values[name] = field.Selected.Value
		}
	}
	return values
}

// refuse keeps a form open and shows a message below its first field. A form without a field also stays open,
// with Slack's own error: https://docs.slack.dev/surfaces/modals/#displaying_errors
func (v *view) refuse(message string) reaction {
	return v.refuseOr(reaction{status: http.StatusServiceUnavailable}, message)
}

func (v *view) refuseOr(fieldless reaction, message string) reaction {
	field := v.input()
	if field == "" {
		return fieldless
	}
	return reaction{json: map[string]any{"response_action": "errors", "errors": map[string]string{field: message}}}
}

// input returns the block of the first field, or "".
func (v *view) input() string {
	for _, b := range v.Blocks {
		if b.Type == "input" {
			return b.BlockID
		}
	}
	return ""
}
