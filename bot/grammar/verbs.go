package grammar

import (
	"slices"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// This file holds the table of verbs. The parser, the menus of platforms, help and the README's table follow from the table; package bot
// holds the function of each verb in a table of the same order.

// Verb is the act that a command asks for.
type Verb string

// These are the verbs.
const (
	VerbPurge   Verb = "purge"
	VerbLeak    Verb = "leak"
	VerbForm    Verb = "form" // VerbForm is a bare "/purge"
	VerbStatus  Verb = "status"
	VerbCancel  Verb = "cancel"
	VerbRetry   Verb = "retry"
	VerbHistory Verb = "history"
	VerbQuota   Verb = "quota"
	VerbDomains Verb = "domains"
	VerbWhy     Verb = "why"
	VerbWhoami  Verb = "whoami"
	VerbHelp    Verb = "help"

	// These verbs are for administrators.
	VerbFreeze   Verb = "freeze"
	VerbUnfreeze Verb = "unfreeze"
	VerbGrant    Verb = "grant"
	VerbRevoke   Verb = "revoke"
)

// usage describes the first word, the parts and the flags of a verb.
type usage struct {
	name        string   // the first word, also in menus
	also        []string // other first words with the same meaning
	verb        Verb
	does        string     // the menu's text, at most 100 characters
	kind        purge.Kind // the kind of the targets, if the first word decides it
	takes       []operand  // the positional values behind the verb, in this order
	flags       []string   // the flags of the verb
	implied     []string   // flags that are read and refused with a sentence of their own
	needsReason bool       // true if a reason is required, with or without its flag
	admins      bool       // true for administrators' verbs
}

// operand is a positional value behind a verb.
type operand int

const (
	takesNothing operand = iota
	takesLinks           // one or more links
	takesOneLink
	takesID
	takesHost // a host, or no value
	takesDomain
	takesSpan
	takesSubject
)

// usages is the table of verbs, in the order of menus.
var usages = []usage{
	{name: "url", also: []string{"purge"}, verb: VerbPurge, kind: purge.URL, takes: []operand{takesLinks},
		does: "Purge single URLs", flags: []string{"area", "reason", "private", "dry-run", "prefetch"}, implied: []string{"mode"}},
	{name: "dir", also: []string{"directory", "path"}, verb: VerbPurge, kind: purge.Directory, takes: []operand{takesLinks},
		does: "Purge directories and all below them", flags: []string{"area", "mode", "reason", "private", "dry-run"}, implied: []string{"prefetch"}},
	{name: "leak", verb: VerbLeak, takes: []operand{takesLinks}, needsReason: true,
		does: "Purge everywhere, deleted and private: something leaked", flags: []string{"dry-run"}, implied: []string{"area", "mode", "private"}},
	{name: "form", verb: VerbForm, does: "Fill in a form, for many targets"},

	{name: "status", verb: VerbStatus, takes: []operand{takesID}, does: "What became of a purge"},
	{name: "cancel", verb: VerbCancel, takes: []operand{takesID}, does: "Stop what has not left yet"},
	{name: "retry", verb: VerbRetry, takes: []operand{takesID}, does: "Once more, but only what failed", flags: []string{"reason"}},
	{name: "history", verb: VerbHistory, takes: []operand{takesHost}, does: "The latest purges", flags: []string{"since", "until", "by", "outcome"}},

	{name: "quota", verb: VerbQuota, does: "What is left today, and who used it"},
	{name: "domains", verb: VerbDomains, does: "What you may purge"},
	{name: "why", verb: VerbWhy, kind: purge.URL, takes: []operand{takesOneLink}, does: "Why you may purge a URL or not", flags: []string{"area"}},
	{name: "whoami", verb: VerbWhoami, does: "Who you are to the policy"},
	{name: "help", also: []string{"--help"}, verb: VerbHelp, does: "How to use purgebot"},

	{name: "freeze", verb: VerbFreeze, takes: []operand{takesDomain, takesSpan}, needsReason: true, admins: true,
		does: "Administrators: let nobody purge a domain for a while"},
	{name: "unfreeze", verb: VerbUnfreeze, takes: []operand{takesDomain}, needsReason: true, admins: true,
		does: "Administrators: end a freeze"},
	{name: "grant", verb: VerbGrant, kind: purge.URL, takes: []operand{takesSubject, takesDomain, takesSpan}, needsReason: true, admins: true,
		does: "Administrators: let somebody purge for a while", flags: []string{"kind", "area"}},
	{name: "revoke", verb: VerbRevoke, takes: []operand{takesID}, needsReason: true, admins: true,
		does: "Administrators: end a grant or a freeze before its time"},
}

// firstWords holds the usage of each first word. The form has no first word, because a bare command opens it.
var firstWords = func() map[string]usage {
	words := map[string]usage{}
	for _, u := range usages {
		for _, w := range append(u.also, u.name) {
			words[w] = u
		}
	}
	delete(words, string(VerbForm))
	return words
}()

// usageOf returns the first usage of a verb.
func usageOf(v Verb) usage {
	i := slices.IndexFunc(usages, func(u usage) bool { return u.verb == v })
	return usages[max(i, 0)]
}

// allows reports whether a flag or field belongs to the verb; "--overseas" is a short form of the flag for the area.
func (u usage) allows(name string) bool { return slices.Contains(u.flagNames(), name) }

// flagNames lists the flags that may be typed.
func (u usage) flagNames() []string {
	names := slices.Concat(u.flags, u.implied)
	if u.needsReason {
		names = append(names, "reason")
	}
	if slices.Contains(names, "area") {
		names = append(names, areaNames...)
	}
	return names
}

// takesMany reports whether the verb takes one or more links.
func (u usage) takesMany() bool { return slices.Contains(u.takes, takesLinks) }

// ForAdministrators reports whether the verb is for administrators only.
func (v Verb) ForAdministrators() bool { return usageOf(v).admins }

// Words returns every first word of a command with its verb.
func Words() map[string]Verb {
	words := make(map[string]Verb, len(firstWords))
	for word, use := range firstWords {
		words[word] = use.verb
	}
	return words
}

// These bounds limit the values of options, in characters.
const (
	mostTyped   = 6000 // Discord's own bound for one option
	mostID      = 100
	mostDomain  = 255 // the 2 characters of "*." and the 253 of a host
	mostSubject = 100
	mostMoment  = 20
)

// Menu lists the verbs for platforms with native options. Required options come first, because Discord demands that order.
func Menu() []chat.Verb {
	var menu []chat.Verb
	for _, u := range usages {
		menu = append(menu, chat.Verb{Name: u.name, Does: u.does, Options: u.options()})
	}
	return menu
}

// options lists the options of a verb: the positional values, the reason and the flags.
func (u usage) options() (all []chat.Option) {
	// The options are collected in the order of the table.
	for _, t := range u.takes {
		all = append(all, u.positional(t)...)
	}
	if u.needsReason {
		required := flagOptions["reason"]
		required.Required = true
		all = append(all, required)
	}
	for _, name := range u.flags {
		all = append(all, flagOptions[name])
	}
	// Required options move to the front.
	slices.SortStableFunc(all, func(a, b chat.Option) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	return all
}

// positional returns the options for one positional value of the verb.
func (u usage) positional(t operand) []chat.Option {
	switch t {
	case takesLinks:
		return []chat.Option{
			{Name: "targets", Says: "https://… one or several", Suggest: "targets", Most: mostTyped},
			{Name: "file", Says: "A text file, one address a line", Kind: chat.FileOption},
		}
	case takesOneLink:
		return []chat.Option{{Name: "url", Says: "https://…", Required: true, Suggest: "targets", Most: mostTyped}}
	case takesID:
		if u.verb == VerbRevoke {
			return []chat.Option{{Name: "id", Says: "As on its card: r-7k3f9x2q", Required: true, Suggest: "rule", Most: mostID}}
		}
		return []chat.Option{{Name: "id", Says: "As on the card: p-7k3f9x2q", Required: true, Suggest: "id", Most: mostID}}
	case takesHost, takesDomain:
		return []chat.Option{{Name: "domain", Says: "www.example.com, or *.example.com", Required: t == takesDomain, Suggest: "domain", Most: mostDomain}}
	case takesSpan:
		return []chat.Option{{Name: "for", Says: "How long: 30m, 2h, 1d", Required: true, Most: mostMoment}}
	case takesSubject:
		return []chat.Option{{Name: "subject", Says: "Mention a person or a role, or name a group of the policy file", Required: true, Most: mostSubject}}
	}
	return nil
}

// flagOptions are the flags as options of a menu.
var flagOptions = map[string]chat.Option{
	"area":     {Name: "area", Says: "Where; if not said, where it is served, or mainland", Choices: areaNames},
	"mode":     {Name: "mode", Says: "Directories: changed files only, or everything", Choices: modeNames},
	"kind":     {Name: "kind", Says: "What it lets purge; url if not said", Choices: kindNames},
	"reason":   {Name: "reason", Says: "Shown on the card and kept", Most: MaxReason},
	"private":  {Name: "private", Says: "The channel does not see the targets", Kind: chat.YesOption},
	"dry-run":  {Name: "dry-run", Says: "Only show what would be done", Kind: chat.YesOption},
	"prefetch": {Name: "prefetch", Says: "Fetch the URLs again once they are purged", Kind: chat.YesOption},
	"since":    {Name: "since", Says: "How long ago, or a day: 12h, 30d, 2026-11-21", Most: mostMoment},
	"until":    {Name: "until", Says: "As since", Most: mostMoment},
	"by":       {Name: "by", Says: "me, or mention somebody", Most: mostSubject},
	"outcome":  {Name: "outcome", Says: "How they ended", Choices: stateNames},
}
