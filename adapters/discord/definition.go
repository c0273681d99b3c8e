package discord

const (
	maxTyped   = 6000 // https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-structure
	maxReason  = 500
	maxDomain  = 255 // "*." and 253
	maxSubject = 100
	maxMoment  = 20
)

// definition is a command as it is registered. What Discord adds by itself (ids, versions) is not in it.
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

func word(name, description string, most int) definitionOption {
	return definitionOption{Type: optionString, Name: name, Description: description, MaxLength: most}
}

func yes(name, description string) definitionOption {
	return definitionOption{Type: optionBoolean, Name: name, Description: description}
}

func required(o definitionOption) definitionOption  { o.Required = true; return o }
func suggested(o definitionOption) definitionOption { o.Autocomplete = true; return o }

func oneOf(name, description string, all ...string) definitionOption {
	return definitionOption{Type: optionString, Name: name, Description: description, Choices: choicesOf(all)}
}

func sub(name, description string, options ...definitionOption) definitionOption {
	return definitionOption{Type: optionSubcommand, Name: name, Description: description, Options: options}
}

// definitions are the commands, in the words of the bot's grammar; a required option comes first, as Discord wants it.
func definitions() []definition {
	typed := definition{Name: commandName, Type: commandTyped, Description: "Purge the CDN's caches"}
	typed.Options = append(purges(), append(followed(), append(answers(), ruled()...)...)...)
	return []definition{typed, {Name: onMessageName, Type: commandOnMessage}}
}

var (
	areaOption   = oneOf("area", "Where; mainland if not said", "mainland", "overseas", "global")
	reasonOption = word("reason", "Shown on the card and kept", maxReason)
	idOption     = required(suggested(word("id", "As on the card: p-7k3f9x2q", maxChoice)))
	ruleOption   = required(suggested(word("id", "As on its card: r-7k3f9x2q", maxChoice)))
	domainOption = suggested(word("domain", "www.example.com, or *.example.com", maxDomain))
)

// purges are the ways to purge.
func purges() []definitionOption {
	targets := suggested(word("targets", "https://… one or several", maxTyped))
	file := definitionOption{Type: optionAttachment, Name: "file", Description: "A text file, one address a line"}
	mode := oneOf("mode", "Directories: changed files only, or everything", "flush", "delete")
	private, dry := yes("private", "The channel does not see the targets"), yes("dry-run", "Only show what would be done")
	prefetch := yes("prefetch", "Fetch the URLs again once they are purged")
	return []definitionOption{
		sub("url", "Purge single URLs", targets, file, areaOption, reasonOption, private, dry, prefetch),
		sub("dir", "Purge directories and all below them", targets, file, areaOption, mode, reasonOption, private, dry),
		sub("leak", "Purge everywhere, deleted and private: something leaked", required(reasonOption), targets, file, dry),
		sub("form", "Fill in a form, for many targets"),
	}
}

// followed is what can be done about one purge, and where they are found.
func followed() []definitionOption {
	return []definitionOption{
		sub("status", "What became of a purge", idOption),
		sub("cancel", "Stop what has not left yet", idOption),
		sub("retry", "Once more, but only what failed", idOption, reasonOption),
		sub("history", "The latest purges", domainOption,
			word("since", "How long ago, or a day: 12h, 30d, 2026-11-21", maxMoment), word("until", "As since", maxMoment),
			word("by", "me, or mention somebody", maxSubject),
			oneOf("outcome", "How they ended", "done", "partly-done", "accepted", "failed", "unknown", "refused", "cancelled", "expired")),
	}
}

// answers say something, and do nothing.
func answers() []definitionOption {
	return []definitionOption{
		sub("quota", "What is left today, and who used it"),
		sub("domains", "What you may purge"),
		sub("why", "Why you may purge a URL or not", required(suggested(word("url", "https://…", maxTyped))), areaOption),
		sub("whoami", "Who you are to the policy"),
		sub("help", "How to use purgebot"),
	}
}

// ruled is what administrators do. A subject is a string, in which Discord's client writes a mention as "<@1>" or "<@&1>": a
// mentionable option could not name a group of the policy file, or somebody of another chat.
func ruled() []definitionOption {
	for_ := required(word("for", "How long: 30m, 2h, 1d", maxMoment))
	subject := required(word("subject", "Mention a person or a role, or name a group of the policy file", maxSubject))
	kind := oneOf("kind", "What it lets purge; url if not said", "url", "directory")
	return []definitionOption{
		sub("freeze", "Administrators: let nobody purge a domain for a while", required(domainOption), for_, required(reasonOption)),
		sub("unfreeze", "Administrators: end a freeze", required(domainOption), required(reasonOption)),
		sub("grant", "Administrators: let somebody purge for a while", subject, required(domainOption), for_, required(reasonOption), kind, areaOption),
		sub("revoke", "Administrators: end a grant or a freeze before its time", ruleOption, required(reasonOption)),
	}
}
