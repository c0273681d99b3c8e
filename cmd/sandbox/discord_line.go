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
	line, words := subcommand(quotedWords(rest))
	var targets, options []string
	for len(words) > 0 {
		var said string
		var named bool
		said, named, words = option(words)
		if named {
			options = append(options, said)
		} else {
			targets = append(targets, said)
		}
	}
	if len(targets) > 0 && line == "/purge leak" {
		targets[0] = "targets:" + targets[0] // elsewhere they are the first option, whose name may be left out
	}
	return strings.Join(slices.Concat([]string{line}, targets, options), " ")
}

// subcommands are purgebot's verbs as Discord knows them.
var subcommands = map[string]string{
	"url": "url", "dir": "dir", "directory": "dir", "path": "dir", "leak": "leak", "form": "form", "status": "status", "cancel": "cancel",
	"history": "history", "domains": "domains", "why": "why", "whoami": "whoami", "help": "help", "--help": "help",
}

// subcommand is the verb, which on Discord is never left out.
func subcommand(words []word) (line string, rest []word) {
	if len(words) == 0 {
		return "/purge form", nil
	}
	if name := subcommands[words[0].text]; name != "" {
		return "/purge " + name, words[1:]
	}
	return "/purge url", words
}

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
	case flag && (name == "private" || name == "dry-run"):
		return name + ":true", true, rest
	case !flag || !slices.Contains([]string{"area", "mode", "reason"}, name):
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
