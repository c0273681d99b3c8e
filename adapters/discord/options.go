package discord

import (
	"context"
	"encoding/json"
	"strings"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// The types of options that are used: https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-type
const (
	optionSubcommand = 1
	optionString     = 3
	optionBoolean    = 5
	optionUser       = 6
	optionRole       = 8
	optionMention    = 9
	optionAttachment = 11
)

// text returns a string option's value, and "" of any other.
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

// mentioned returns a string option's value, or the person or role that an option holds, as a mention.
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

// fields reads a slash command. Each option stays apart; one that is not known, or is of another type, is passed over.
// collected says that links came from a file.
func (d *Discord) fields(ctx context.Context, c data) (f *chat.Fields, collected bool, err error) {
	if c.Name != commandName || len(c.Options) == 0 || c.Options[0].Type != optionSubcommand {
		return nil, false, invalid("Discord sent a command that purgebot does not have. Restart Discord and try again.")
	}
	sub := c.Options[0]
	f = &chat.Fields{Verb: sub.Name}
	for _, o := range sub.Options {
		if o.Type != optionAttachment {
			fill(f, o, c)
			continue
		}
		var id string
		_ = json.Unmarshal(o.Value, &id)
		text, err := d.fetch(ctx, c.Resolved.Attachments[id])
		if err != nil {
			return nil, false, err
		}
		collected = true
		f.Targets = strings.TrimSpace(f.Targets + "\n" + text)
	}
	return f, collected, nil
}

// fill sets the field that an option names. A person or role that was picked is written as a mention.
func fill(f *chat.Fields, o option, c data) {
	switch {
	case o.Name == "targets" || o.Name == "url":
		f.Targets = strings.TrimSpace(o.text() + "\n" + f.Targets)
	case f.SetYes(o.Name, o.yes()):
	default:
		f.Set(o.Name, o.mentioned(c))
	}
}

func invalid(message string) error { return &purge.Error{Kind: purge.Invalid, Message: message} }
