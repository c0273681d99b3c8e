package slacksim

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain returns the message as a person sees it, one line a line: its blocks if it has any, else its text; then its files.
// Buttons are not in it. Of a link with a label only the label is seen.
func (m Message) Plain() string {
	shown := plainMarkup(m.Text, m.names)
	if blocks := parsed(m.Blocks); len(blocks) > 0 {
		shown = plainBlocks(blocks, m.names)
	}
	for _, f := range m.Files {
		shown += "\n[" + f.Title + "]"
	}
	return strings.Trim(shown, "\n")
}

// Button is a button of a message.
type Button struct {
	Text, ActionID, BlockID, Value, Style string
	Confirm                               string // what its confirmation dialog asks; "" if it has none
}

// Buttons returns the buttons in the order shown.
func (m Message) Buttons() []Button {
	var buttons []Button
	for _, b := range parsed(m.Blocks) {
		for _, e := range append(b.list("elements"), b.node("accessory")) {
			if e.str("type") == "button" {
				buttons = append(buttons, Button{e.node("text").str("text"), e.str("action_id"), b.str("block_id"),
					e.str("value"), e.str("style"), e.node("confirm").node("text").str("text")})
			}
		}
	}
	return buttons
}

func plainBlocks(blocks []node, names map[string]string) string {
	var lines []string
	for _, b := range blocks {
		if shown := plainBlock(b, names); shown != "" {
			lines = append(lines, shown)
		}
	}
	return strings.Join(lines, "\n")
}

func plainBlock(b node, names map[string]string) string {
	switch b.str("type") {
	case "header", "section":
		return strings.Join(plainTexts(append([]node{b.node("text")}, b.list("fields")...), names), "\n")
	case "context":
		return strings.Join(plainTexts(b.list("elements"), names), " ")
	case "divider":
		return "────"
	case "image":
		return "[" + b.str("alt_text") + "]"
	case "input":
		return b.node("label").str("text")
	case "markdown":
		return plainMarkup(b.str("text"), names)
	case "rich_text":
		return plainRich(b.list("elements"), names)
	case "table":
		return plainTable(b, names)
	case "plan":
		return plainPlan(b)
	}
	return ""
}

func plainTexts(texts []node, names map[string]string) []string {
	var shown []string
	for _, t := range texts {
		switch t.str("type") {
		case "plain_text":
			shown = append(shown, t.str("text"))
		case "mrkdwn":
			shown = append(shown, plainMarkup(t.str("text"), names))
		case "image":
			shown = append(shown, "["+t.str("alt_text")+"]")
		}
	}
	return shown
}

// plainRich renders the sections of a rich_text block, or the runs of one section.
func plainRich(elements []node, names map[string]string) string {
	var lines []string
	for _, e := range elements {
		lead := ""
		switch e.str("type") {
		case "rich_text_quote":
			lead = "> "
		case "rich_text_list":
			for _, item := range e.list("elements") {
				lines = append(lines, "• "+plainRuns(item.list("elements"), names))
			}
			continue
		}
		lines = append(lines, lead+plainRuns(e.list("elements"), names))
	}
	return strings.Join(lines, "\n")
}

func plainRuns(runs []node, names map[string]string) string {
	var shown strings.Builder
	for _, r := range runs {
		switch r.str("type") {
		case "link":
			shown.WriteString(firstOf(r.str("text"), r.str("url")))
		case "user":
			shown.WriteString(firstOf(names[r.str("user_id")], "@"+r.str("user_id")))
		case "usergroup":
			shown.WriteString(firstOf(names[r.str("usergroup_id")], "@"+r.str("usergroup_id")))
		case "channel":
			shown.WriteString(firstOf(names[r.str("channel_id")], "#"+r.str("channel_id")))
		case "broadcast":
			shown.WriteString("@" + r.str("range"))
		case "emoji":
			shown.WriteString(":" + r.str("name") + ":")
		default:
			shown.WriteString(r.str("text"))
		}
	}
	return shown.String()
}

func plainTable(b node, names map[string]string) string {
	rows, _ := b["rows"].([]any)
	var lines []string
	for _, row := range rows {
		var cells []string
		for _, c := range (node{"cells": row}).list("cells") {
			cells = append(cells, firstOf(c.str("text"), plainRich(c.list("elements"), names)))
		}
		lines = append(lines, strings.Join(cells, " | "))
	}
	return strings.Join(lines, "\n")
}

func plainPlan(b node) string {
	lines := []string{b.str("title")}
	for _, t := range b.list("tasks") {
		lines = append(lines, t.str("status")+": "+t.str("title"))
	}
	return strings.Join(lines, "\n")
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

var unescaper = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")

// shownURL is a bare address, in which nothing is emphasis.
var shownURL = regexp.MustCompile("^https?://[^\\s<>`]+")

// plainMarkup renders mrkdwn as it is seen: emphasis and code lose their marks, links show their label, names are resolved.
func plainMarkup(s string, names map[string]string) string {
	var shown strings.Builder
	for before := ' '; s != ""; {
		text, length := markupAt(s, before, names)
		if length == 0 {
			r, size := utf8.DecodeRuneInString(s)
			text, length = string(r), size
		}
		shown.WriteString(text)
		before, _ = utf8.DecodeLastRuneInString(s[:length])
		s = s[length:]
	}
	return unescaper.Replace(shown.String())
}

// markupAt reads one piece of markup at the start of s: how it is seen, still escaped, and its length; 0 is none.
func markupAt(s string, before rune, names map[string]string) (string, int) {
	switch s[0] {
	case '`':
		return plainCode(s, names)
	case '<':
		if end := strings.IndexByte(s, '>'); end > 1 {
			return plainAngle(s[1:end], names), end + 1
		}
	case '*', '_', '~':
		return plainEmphasis(s, before, names)
	case 'h':
		if link := shownURL.FindString(s); link != "" {
			return link, len(link)
		}
	}
	return "", 0
}

func plainCode(s string, names map[string]string) (string, int) {
	for _, fence := range []string{"```", "`"} {
		rest, fenced := strings.CutPrefix(s, fence)
		end := strings.Index(rest, fence)
		if fenced && end > 0 && (len(fence) == 3 || !strings.Contains(rest[:end], "\n")) {
			return strings.Trim(plainAngles(rest[:end], names), "\n"), end + 2*len(fence)
		}
	}
	return "", 0
}

// plainAngles renders what stands in angle brackets: code spans do not keep it from being markup.
func plainAngles(s string, names map[string]string) string {
	return angled.ReplaceAllStringFunc(s, func(a string) string { return plainAngle(a[1:len(a)-1], names) })
}

var angled = regexp.MustCompile(`<[^<>]+>`)

// plainAngle renders the inside of "<…>".
func plainAngle(inner string, names map[string]string) string {
	target, label, _ := strings.Cut(inner, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return firstOf(escape(names[target[1:]]), firstOf(label, target))
	case strings.HasPrefix(target, "#"):
		return firstOf(escape(names[target[1:]]), firstOf(label, target))
	case strings.HasPrefix(target, "!subteam^"):
		id := strings.TrimPrefix(target, "!subteam^")
		return firstOf(escape(names[id]), firstOf(label, "@"+id))
	case strings.HasPrefix(target, "!"):
		return firstOf(label, "@"+target[1:])
	}
	return firstOf(label, strings.TrimPrefix(target, "mailto:"))
}

// plainEmphasis renders *bold*, _italic_ and ~struck~, which begin and end at the edge of a word, on one line.
func plainEmphasis(s string, before rune, names map[string]string) (string, int) {
	if wordy(before) || len(s) < 3 || s[1] == ' ' || s[1] == s[0] {
		return "", 0
	}
	for end := 2; end < len(s) && s[end] != '\n'; end++ {
		after, _ := utf8.DecodeRuneInString(s[end+1:])
		if s[end] == s[0] && s[end-1] != ' ' && (end+1 == len(s) || !wordy(after)) {
			return escape(plainMarkup(s[1:end], names)), end + 1
		}
	}
	return "", 0
}

func wordy(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
