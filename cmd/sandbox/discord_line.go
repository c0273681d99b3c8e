package main

import (
	"slices"
	"strings"
)

// asOptions writes a line as Discord's client sends it: "/purge dir https://a.example/ --overseas" is "/purge dir
// https://a.example/ area:overseas". Discord has options where purgebot's own way of writing has flags; a line that has none,
// and one that is no command, stays as it is. A flag that there is no option for stays among the targets, where purgebot refuses it.
func asOptions(text string) string {
	rest, found := strings.CutPrefix(text, "/purge")
	if !found || rest != "" && !strings.HasPrefix(rest, " ") {
		return text
	}
	verb, words := subcommand(quotedWords(rest))
	var placed, options []string
	for len(words) > 0 {
		var said string
		var named bool
		said, named, words = option(words)
		switch n := len(placed); {
		case named:
			options = append(options, said)
		case n < len(places[verb]):
			placed = append(placed, places[verb][n]+said)
		default:
			placed = append(placed, said)
		}
	}
	return strings.Join(slices.Concat([]string{"/purge", verb}, placed, options), " ")
}

// places are the options that words without a flag are, in their order. The name of a subcommand's first may be left out.
var places = map[string][]string{
	"leak": {"targets:"}, "freeze": {"", "for:"}, "grant": {"", "domain:", "for:"},
}

// subcommands are purgebot's verbs as Discord knows them.
var subcommands = map[string]string{
	"url": "url", "dir": "dir", "directory": "dir", "path": "dir", "leak": "leak", "form": "form", "status": "status", "cancel": "cancel",
	"history": "history", "domains": "domains", "why": "why", "whoami": "whoami", "help": "help", "--help": "help",
	"retry": "retry", "quota": "quota", "freeze": "freeze", "unfreeze": "unfreeze", "grant": "grant", "revoke": "revoke",
}

// subcommand is the verb, which on Discord is never left out.
func subcommand(words []word) (name string, rest []word) {
	if len(words) == 0 {
		return "form", nil
	}
	if name := subcommands[words[0].text]; name != "" {
		return name, words[1:]
	}
	return "url", words
}

// The flags, which are options of the same name.
var (
	valued = []string{"area", "mode", "reason", "kind", "since", "until", "by", "outcome"}
	bare   = []string{"private", "dry-run", "prefetch"}
)

// option is the first word or flag as Discord's client has it, and whether that is an option with a name.
func option(words []word) (said string, named bool, rest []word) {
	first, rest := words[0], words[1:]
	name, flag := strings.CutPrefix(first.text, "--")
	name, value, given := strings.Cut(name, "=")
	switch {
	case first.quoted:
		return "reason:" + first.text, true, rest
	case flag && slices.Contains([]string{"mainland", "overseas", "global"}, name):
		return "area:" + name, true, rest
	case flag && slices.Contains(bare, name):
		return name + ":true", true, rest
	case !flag || !slices.Contains(valued, name):
		return first.text, false, rest
	case !given && len(rest) > 0:
		return name + ":" + rest[0].text, true, rest[1:]
	}
	return name + ":" + value, true, rest
}

// word is a word, or several in double quotes.
type word struct {
	text   string
	quoted bool
}

func quotedWords(s string) []word {
	var all []word
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" {
			return all
		}
		if inside, found := strings.CutPrefix(s, `"`); found {
			text, rest, _ := strings.Cut(inside, `"`)
			all, s = append(all, word{text, true}), rest
			continue
		}
		end := strings.IndexAny(s, " \t\r\n")
		if end < 0 {
			end = len(s)
		}
		all, s = append(all, word{text: s[:end]}), s[end:]
	}
}
