package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// chat is one of the simulated chats, as whoever types in it sees it. Both have the same people and a channel #cdn.
type chat interface {
	// people are those who type, with their ids.
	people() []person
	// ready returns once purgebot hears what is typed.
	ready(ctx context.Context) error
	// say types text in #cdn, or in the thread of the message with that id, and returns once purgebot has taken it.
	say(user, thread, text string) error
	// example is a whole command, which opens no form.
	example() string
	// press presses a button of a message, or with message "" the newest with that label.
	press(user, channel, message, label string) error
	// messages is all that one person sees, oldest first.
	messages(user string) []message
	// form is what the person has open, or nil.
	form(user string) *form
	// submit sends that form, by block; dismiss closes it.
	submit(user string, values map[string]string) error
	dismiss(user string) error
	// changed is closed at the next change of any of this.
	changed() <-chan struct{}
}

// person is somebody who types.
type person struct{ id, name string }

// find returns the id of a person.
func find(c chat, name string) (string, error) {
	var names []string
	for _, p := range c.people() {
		if p.name == name {
			return p.id, nil
		}
		names = append(names, p.name)
	}
	return "", fmt.Errorf("there is no %q here: there are %s", name, strings.Join(names, ", "))
}

// answerIn is how long a chat waits for an answer.
const answerIn = 3 * time.Second

// answered types something, and if it is a mention waits for what the bot says to it: it is delivered before it is taken.
func answered(c chat, user, text string, say func() error) error {
	before := fromBot(c, user)
	if err := say(); err != nil || !strings.HasPrefix(text, "@purgebot") {
		return err
	}
	for late := time.After(answerIn + leeway); ; {
		changed := c.changed()
		if fromBot(c, user) > before {
			return nil
		}
		select {
		case <-changed:
		case <-late: // it may have nothing to say
			return nil
		}
	}
}

func fromBot(c chat, user string) int {
	n := 0
	for _, m := range c.messages(user) {
		if m.Who == "bot" {
			n++
		}
	}
	return n
}

// everything is what anybody sees, each message once, oldest first; of one that is private, to says whose it is.
func everything(c chat) []message {
	var all []message
	have := map[string]bool{}
	for _, p := range c.people() {
		for _, m := range c.messages(p.id) {
			if have[m.Key] {
				continue
			}
			have[m.Key] = true
			if m.OnlyYou {
				m.to = p.name
			}
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b message) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// message is a message as somebody sees it.
type message struct {
	Key     string   `json:"key"`
	Channel string   `json:"channel"`
	ID      string   `json:"id"`   // later is greater
	At      int64    `json:"at"`   // unix milliseconds
	Root    string   `json:"root"` // the key of the message whose thread it hangs in, or ""
	From    string   `json:"from"`
	Who     string   `json:"who"` // person, bot or chat: the platform itself
	OnlyYou bool     `json:"onlyYou"`
	Direct  bool     `json:"direct"` // in a direct message from the bot
	Edited  bool     `json:"edited"`
	Open    bool     `json:"open"` // one can reply in its thread
	Parts   []part   `json:"parts"`
	Buttons []button `json:"buttons"`
	Files   []file   `json:"files"`

	text string // all of it but the buttons
	to   string // see everything
}

// part is a piece of a message: title, text, small or code.
type part struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

type button struct {
	Label string `json:"label"`
	Style string `json:"style"`
}

type file struct {
	Name string `json:"name"`
	Text string `json:"text"`
	Cut  bool   `json:"cut"`
}

func newFile(name string, content []byte) file {
	text := content[:min(len(content), shownFile)]
	return file{name, strings.ToValidUTF8(string(text), "�"), len(text) < len(content)}
}

// form is a form that the bot opened.
type form struct {
	Key    string  `json:"key"`
	Title  string  `json:"title"`
	Submit string  `json:"submit"`
	Close  string  `json:"close"`
	Error  string  `json:"error"`
	Fields []field `json:"fields"`
}

type field struct {
	Block    string   `json:"block"`
	Label    string   `json:"label"`
	Hint     string   `json:"hint"`
	Value    string   `json:"value"`
	Options  []string `json:"options"`
	Lines    bool     `json:"lines"`
	Optional bool     `json:"optional"`
	Error    string   `json:"error"`
}

// plain is a message as the transcript prints it, its buttons below.
func (m message) plain() string {
	text := strings.TrimRight(m.text, "\n")
	var labels []string
	for _, b := range m.Buttons {
		labels = append(labels, "["+b.Label+"]")
	}
	if len(labels) > 0 {
		text += "\n" + strings.Join(labels, " ")
	}
	return text
}
