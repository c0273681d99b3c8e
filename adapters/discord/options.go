package discord

import (
	"context"
	"encoding/json"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// The types of options in use:
// https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-type
const (
	optionSubcommand = 1
	optionString     = 3
	optionBoolean    = 5
	optionUser       = 6
	optionRole       = 8
	optionMention    = 9
	optionAttachment = 11
)

// text returns the value of a string option, and "" for other types.
func (o option) text() string {
	var s string
	if o.Type == optionString || o.Type == 0 {
		_ = json.Unmarshal(o.Value, &s)
	}
	return s
}

func (o option) yes() bool {
	var b bool
	return (o.Type == optionBoolean || o.Type == 0) && json.Unmarshal(o.Value, &b) == nil && b
}

// mentioned returns the value of a string option, or a picked person or role as a mention.
func (o option) mentioned(c data) string {
	var id string
	if o.Type != optionUser && o.Type != optionRole && o.Type != optionMention || json.Unmarshal(o.Value, &id) != nil || !snowflake(id) {
		return o.text()
	}
	if _, role := c.Resolved.Roles[id]; role || o.Type == optionRole {
		return "<@&" + id + ">"
	}
	return "<@" + id + ">"
}

// fields reads a slash command. Each option stays separate; unknown options and types are ignored. The result
// collected is true for links from a file.
func (d *Discord) fields(ctx context.Context, c data) (f *chat.Fields, collected bool, err error) {
	if c.Name != commandName || len(c.Options) == 0 || c.Options[0].Type != optionSubcommand {
		return nil, false, invalid("Discord sent a command that purgebot does not have. Restart Discord and try again.")
	}
	sub := c.Options[0]
	f = &chat.Fields{Verb: sub.Name}
	for _, o := range sub.Options {
		if o.Type != optionAttachment {
			fill(f, o, c)
		} else if f.File, err = d.file(ctx, o, c); err != nil {
			return nil, false, err
		}
	}
	return f, f.File != nil, nil
}

// file reads the file of an option.
func (d *Discord) file(ctx context.Context, o option, c data) (*chat.File, error) {
	var id string
	_ = json.Unmarshal(o.Value, &id) // an invalid id matches no attachment
	a := c.Resolved.Attachments[id]
	text, err := d.fetch(ctx, a)
	if err != nil {
		return nil, err
	}
	return &chat.File{Name: a.Filename, Text: text}, nil
}

// fill sets the field of an option. A picked person or role is written as a mention.
func fill(f *chat.Fields, o option, c data) {
	if !f.SetYes(o.Name, o.yes()) {
		f.Set(o.Name, o.mentioned(c))
	}
}

func invalid(message string) error { return &purge.Error{Kind: purge.Invalid, Message: message} }
