package discord

import "purgebot/bot/chat"

// definition is a registered command. It lacks Discord's additions (ids, versions).
type definition struct {
	Name        string             `json:"name"`
	Type        int                `json:"type"`
	Description string             `json:"description,omitempty"`
	Options     []definitionOption `json:"options,omitempty"`
}

type definitionOption struct {
	Type         int                `json:"type"`
	Name         string             `json:"name"`
	Description  string             `json:"description"`
	Required     bool               `json:"required,omitempty"`
	Autocomplete bool               `json:"autocomplete,omitempty"`
	MaxLength    int                `json:"max_length,omitempty"`
	Choices      []choice           `json:"choices,omitempty"`
	Options      []definitionOption `json:"options,omitempty"`
}

// definitions returns the commands to register: /purge with each verb as a subcommand, and the entry in the
// menu of a message.
func definitions(verbs []chat.Verb) []definition {
	typed := definition{Name: commandName, Type: commandTyped, Description: "Purge the CDN's caches"}
	for _, v := range verbs {
		sub := definitionOption{Type: optionSubcommand, Name: v.Name, Description: v.Does}
		for _, o := range v.Options {
			sub.Options = append(sub.Options, defined(o))
		}
		typed.Options = append(typed.Options, sub)
	}
	return []definition{typed, {Name: onMessageName, Type: commandOnMessage}}
}

// optionTypes maps kinds of options to Discord's types. A subject is a string, in which Discord's client writes
// a mention as "<@1>" or "<@&1>": a mentionable option could not name a group of the policy file, or a person
// of another chat.
var optionTypes = map[chat.OptionKind]int{chat.TextOption: optionString, chat.YesOption: optionBoolean, chat.FileOption: optionAttachment}

func defined(o chat.Option) definitionOption {
	d := definitionOption{Type: optionTypes[o.Kind], Name: o.Name, Description: o.Says, Required: o.Required,
		Autocomplete: o.Suggest != "", MaxLength: o.Most}
	if len(o.Choices) > 0 {
		d.Choices = choicesOf(o.Choices)
	}
	return d
}

// option returns an option of a verb, or the zero Option.
func (d *Discord) option(verb, name string) chat.Option {
	for _, v := range d.config.Verbs {
		for _, o := range v.Options {
			if v.Name == verb && o.Name == name {
				return o
			}
		}
	}
	return chat.Option{}
}
