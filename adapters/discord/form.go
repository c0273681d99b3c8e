package discord

import (
	"purgebot/bot/chat"
)

// Limits of a form: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-modal
// and https://docs.discord.com/developers/components/reference#label
const (
	maxFormTitle = 45
	maxInputs    = 5
	maxHint      = 100
	maxInput     = 4000
	maxOptions   = 25
)

// The types of components. No released version of discordgo knows labels, so the types are defined here.
const (
	typeButton = 2
	typeSelect = 3
	typeText   = 4
	typeLabel  = 18
)

type form struct {
	Title      string  `json:"title"`
	CustomID   string  `json:"custom_id"`
	Components []label `json:"components"`
}

type label struct {
	Type        int    `json:"type"`
	Label       string `json:"label"`
	Description string `json:"description,omitempty"`
	Component   any    `json:"component"`
}

type textInput struct {
	Type     int    `json:"type"`
	CustomID string `json:"custom_id"`
	Style    int    `json:"style"`
	Required bool   `json:"required"`
	Value    string `json:"value,omitempty"`
	Max      int    `json:"max_length"`
}

type selectInput struct {
	Type     int            `json:"type"`
	CustomID string         `json:"custom_id"`
	Required bool           `json:"required"`
	Options  []selectOption `json:"options"`
}

type selectOption struct {
	Label   string `json:"label"`
	Value   string `json:"value"`
	Default bool   `json:"default,omitempty"`
}

// modal returns a form in Discord's format. Its button is always Discord's own "Submit".
func modal(f chat.Form) form {
	m := form{Title: chat.Clip(chat.OneLine(f.Title), maxFormTitle), CustomID: f.Token, Components: []label{}}
	for _, in := range f.Inputs[:min(len(f.Inputs), maxInputs)] {
		m.Components = append(m.Components, label{typeLabel, chat.Clip(chat.OneLine(in.Label), maxFormTitle), chat.Clip(chat.OneLine(in.Hint), maxHint), field(in)})
	}
	return m
}

func field(in chat.Input) any {
	if len(in.Choices) == 0 {
		style := 1
		if in.Lines {
			style = 2
		}
		return textInput{typeText, in.Name, style, !in.Optional, chat.Clip(in.Value, maxInput), maxInput}
	}
	s := selectInput{Type: typeSelect, CustomID: in.Name, Required: !in.Optional}
	for _, c := range in.Choices[:min(len(in.Choices), maxOptions)] {
		s.Options = append(s.Options, selectOption{chat.Clip(chat.OneLine(c), maxChoice), c, c == in.Value})
	}
	return s
}
