package main

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// subcommand is one command in purgebot's registered menu.
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

// menuOf reads the registered commands like Discord's client.
func menuOf(commands json.RawMessage) []subcommand {
	var all []struct {
		Name    string
		Options []subcommand
	}
	_ = json.Unmarshal(commands, &all) // written by the simulator
	for _, c := range all {
		if c.Name == "purge" {
			return c.Options
		}
	}
	return nil
}

// asOptions converts a line into the form that Discord's client sends: "/purge dir https://a.example/
// --overseas" becomes "/purge dir https://a.example/ area:overseas". A line without flags, a line that is no
// command, and a line without an entry in the menu stay unchanged. An unknown flag stays among the targets,
// where purgebot refuses it.
func asOptions(text string, menu []subcommand) string {
	rest, found := strings.CutPrefix(text, "/purge")
	if !found || rest != "" && !strings.HasPrefix(rest, " ") {
		return text
	}
	// Find the subcommand.
	verb, words, found := menuEntry(quotedWords(rest), menu)
	if !found {
		return text
	}
	// Convert flags to options, and fill the places in order.
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

// places returns the options that words without a flag fill, in order. The name of a subcommand's first option
// may be omitted.
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

// otherWords maps purgebot's synonyms to subcommands.
var otherWords = map[string]string{"directory": "dir", "path": "dir", "--help": "help"}

// menuEntry returns the subcommand, which Discord always requires. It finds none if purgebot has registered no
// menu.
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

// option returns the first word or flag in the form of Discord's client, and whether it is a named option.
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

// word is one word, or several in double quotes.
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
