package main

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// subcommand is one command of the menu that purgebot has registered.
type subcommand struct {
	Name    string
	Options []registered
}

// registered is one option of a subcommand.
type registered struct {
	Name string
	Type int // https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-type
}

const booleanOption = 5

// menuOf reads the registered commands as Discord's client does.
func menuOf(commands json.RawMessage) []subcommand {
	var all []struct {
		Name    string
		Options []subcommand
	}
	_ = json.Unmarshal(commands, &all) // the simulator wrote it
	for _, c := range all {
		if c.Name == "purge" {
			return c.Options
		}
	}
	return nil
}

// asOptions writes a line as Discord's client sends it: "/purge dir https://a.example/ --overseas" is "/purge dir
// https://a.example/ area:overseas". Discord has options where purgebot's own way of writing has flags; a line that has none,
// one that is no command, and one that no entry of the menu takes, stays as it is. A flag that there is no option for stays among
// the targets, where purgebot refuses it.
func asOptions(text string, menu []subcommand) string {
	rest, found := strings.CutPrefix(text, "/purge")
	if !found || rest != "" && !strings.HasPrefix(rest, " ") {
		return text
	}
	verb, words, found := menuEntry(quotedWords(rest), menu)
	if !found {
		return text
	}
	places := verb.places()
	var placed, options []string
	for len(words) > 0 {
		var said string
		var named bool
		said, named, words = verb.option(words)
		switch n := len(placed); {
		case named:
			options = append(options, said)
		case n < len(places):
			placed = append(placed, places[n]+said)
		default:
			placed = append(placed, said)
		}
	}
	return strings.Join(slices.Concat([]string{"/purge", verb.Name}, placed, options), " ")
}

// places are the options that words without a flag fill, in their order. The name of a subcommand's first may be left out.
func (c subcommand) places() (names []string) {
	for i, o := range c.Options {
		switch {
		case !slices.Contains([]string{"targets", "url", "id", "domain", "subject", "for"}, o.Name):
		case i == 0:
			names = append(names, "")
		default:
			names = append(names, o.Name+":")
		}
	}
	return names
}

// otherWords are purgebot's other words for a subcommand.
var otherWords = map[string]string{"directory": "dir", "path": "dir", "--help": "help"}

// menuEntry finds the subcommand, which on Discord is never left out. Nothing is found where purgebot has registered no menu.
func menuEntry(words []word, menu []subcommand) (c subcommand, rest []word, found bool) {
	name := "form"
	if len(words) > 0 {
		name, rest = cmp.Or(otherWords[words[0].text], words[0].text), words[1:]
	}
	called := func(name string) int {
		return slices.IndexFunc(menu, func(c subcommand) bool { return c.Name == name })
	}
	if i := called(name); i >= 0 {
		return menu[i], rest, true
	}
	if i := called("url"); i >= 0 {
		return menu[i], words, true
	}
	return subcommand{}, words, false
}

// option is the first word or flag as Discord's client has it, and whether that is an option with a name.
func (c subcommand) option(words []word) (said string, named bool, rest []word) {
	first, rest := words[0], words[1:]
	name, flag := strings.CutPrefix(first.text, "--")
	name, value, given := strings.Cut(name, "=")
	i := slices.IndexFunc(c.Options, func(o registered) bool { return o.Name == name })
	switch {
	case first.quoted:
		return "reason:" + first.text, true, rest
	case flag && slices.Contains([]string{"mainland", "overseas", "global"}, name):
		return "area:" + name, true, rest
	case !flag || i < 0:
		return first.text, false, rest
	case c.Options[i].Type == booleanOption:
		return name + ":true", true, rest
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
