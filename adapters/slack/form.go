package slack

import (
	"context"
	"encoding/json"
	"net/http"

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
)

// view is a form as it comes back.
type view struct {
	ID            string `json:"id"`
	Hash          string `json:"hash"`
	Team          string `json:"team_id"` // of whoever opened it
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

// place is what a form remembers of where it was opened, within the 3,000 characters of private_metadata: a view has no channel
// and no message of its own.
type place struct {
	Channel string `json:"c"`
	Root    string `json:"r,omitempty"`
	Message string `json:"m,omitempty"` // the one whose button opened it
	Token   string `json:"t"`
}

// ref is the message whose button opened the form, if it was a button.
func (p place) ref() chat.MessageRef {
	if p.Message == "" {
		return chat.MessageRef{}
	}
	return chat.MessageRef{Channel: p.Channel, ID: p.Message}
}

// open shows a form to whoever caused the trigger, which lasts 3 s: https://docs.slack.dev/reference/methods/views.open
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

// submission takes a form that came back: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
// If it was not taken, the form stays open with what was typed, and says why.
func (s *Slack) submission(ctx context.Context, h chat.Handler, in *interaction) reaction {
	var where place
	if decode([]byte(in.View.Metadata), &where) != nil || where.Token == "" || !channelID.match(where.Channel) {
		return reaction{}
	}
	event := in.TriggerID
	if event == "" {
		event = in.View.ID + "/" + in.View.Hash
	}
	a := chat.Answer{
		Message: where.ref(), Token: where.Token, Values: in.View.values(), At: chat.Thread{Platform: platform, Channel: where.Channel, Root: where.Root},
	}
	reply, err := s.answer(ctx, h, in, event, &a)
	switch {
	case err != nil:
		s.logUntaken("form", where.Channel, err)
		return in.View.refuse(notTaken(err))
	case reply.Form != nil:
		return reaction{json: map[string]any{"response_action": "update", "view": modal(a.At, a.Message, *reply.Form)}}
	case reply.Card != nil:
		return reaction{then: func(ctx context.Context) { s.respond(ctx, "", a, *reply.Card) }}
	}
	return reaction{}
}

func (v *view) values() map[string]string {
	values := map[string]string{}
	for _, fields := range v.State.Values {
		for name, field := range fields {
			values[name] = field.Value
			if field.Selected != nil {
				values[name] = field.Selected.Value
			}
		}
	}
	return values
}

func (v *view) refuse(message string) reaction {
	for _, b := range v.Blocks {
		if b.Type == "input" {
			return reaction{json: map[string]any{"response_action": "errors", "errors": map[string]string{b.BlockID: message}}}
		}
	}
	return reaction{status: http.StatusServiceUnavailable}
}
