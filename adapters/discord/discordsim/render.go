package discordsim

import (
	"encoding/json"
	"strings"
)

// Component types: https://docs.discord.com/developers/components/reference#component-object-component-types
const (
	actionRow    = 1
	button       = 2
	stringSelect = 3
	textInput    = 4
	section      = 9
	textDisplay  = 10
	container    = 17
	label        = 18
	fileUpload   = 19
)

// Button is a button of a message.
type Button struct {
	Label, CustomID, URL string
	Style                int // 1 primary, 2 secondary, 3 success, 4 danger, 5 link
	Disabled             bool
}

// Plain returns the message as a person sees it, one line a line: its content, its embeds, the text among its components, then
// its files and what it forwards. Buttons are not in it. Of a masked link only the label is seen.
func (m Message) Plain() string {
	if m.Loading {
		return m.names[m.User] + " is thinking…"
	}
	lines := []string{plainMarkup(m.Content, m.names)}
	for _, e := range parsed(m.Embeds) {
		lines = append(lines, plainEmbed(e, m.names)...)
	}
	walk(parsed(m.Components), func(c node) {
		if c.number("type") == textDisplay {
			lines = append(lines, plainMarkup(c.str("content"), m.names))
		}
	})
	for _, f := range m.Files {
		lines = append(lines, "["+f.Name+"]")
	}
	for _, forwarded := range m.Snapshots {
		forwarded.names = m.names
		lines = append(lines, forwarded.Plain())
	}
	return join(lines)
}

// join leaves out what is empty.
func join(lines []string) string {
	var said []string
	for _, line := range lines {
		if line != "" {
			said = append(said, line)
		}
	}
	return strings.Join(said, "\n")
}

// plainEmbed: titles, names and texts are markup; author and footer are not.
func plainEmbed(e node, names map[string]string) []string {
	lines := []string{e.node("author").str("name"), plainMarkup(e.str("title"), names), plainMarkup(e.str("description"), names)}
	for _, f := range e.list("fields") {
		lines = append(lines, plainMarkup(f.str("name"), names), plainMarkup(f.str("value"), names))
	}
	return append(lines, e.node("footer").str("text"))
}

// Buttons returns the buttons in the order shown.
func (m Message) Buttons() []Button {
	var buttons []Button
	walk(parsed(m.Components), func(c node) {
		if c.number("type") == button {
			buttons = append(buttons, Button{c.str("label"), c.str("custom_id"), c.str("url"), c.number("style"), c.yes("disabled")})
		}
	})
	return buttons
}

// walk visits components in the order shown, those inside others too.
func walk(components []node, visit func(node)) {
	for _, c := range components {
		if c == nil {
			continue
		}
		visit(c)
		walk(c.list("components"), visit)
		for _, inner := range []string{"component", "accessory"} {
			if child := c.node(inner); child != nil {
				walk([]node{child}, visit)
			}
		}
	}
}

// kept turns a list into what is kept of it.
func kept(list []node) json.RawMessage {
	if len(list) == 0 {
		return nil
	}
	return rawJSON(list)
}
