package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// chat is one simulated chat, from the view of its users. Both chats have the same people and a channel #cdn.
type chat interface {
	// people returns the users with their ids.
	people() []person
	// ready returns once purgebot receives messages.
	ready(ctx context.Context) error
	// say types text in #cdn, or in the thread of the message with that id, and returns once purgebot has
	// accepted it.
	say(user, thread, text string) error
	// example returns a complete command, which opens no form.
	example() string
	// press presses a button of a message; with message "", of the newest message with that label.
	press(user, channel, message, label string) error
	// messages returns all messages that a user sees, oldest first.
	messages(user string) []message
	// form returns the user's open form, or nil.
	form(user string) *form
	// submit sends that form, with values by block; dismiss closes it.
	submit(user string, values map[string]string) error
	dismiss(user string) error
	// changed returns a channel that is closed at the next change.
	changed() <-chan struct{}
}

// person is a user of a chat.
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

// answerIn is the time limit for an answer.
const answerIn = 3 * time.Second

// answered types text. For a mention it also waits for the bot's answer, because mentions are delivered before
// they are handled.
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
		case <-late: // the bot may have no answer
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

// everything returns the messages of all users, each once, oldest first. The field to of a private message
// names its reader.
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

// message is a message from the view of a user.
type message struct {
	Key     string   `json:"key"`
	Channel string   `json:"channel"`
	ID      string   `json:"id"`   // increasing with time
	At      int64    `json:"at"`   // Unix milliseconds
	Root    string   `json:"root"` // key of the first message of its thread, or ""
	From    string   `json:"from"`
	Who     string   `json:"who"` // person, bot or chat (the platform itself)
	OnlyYou bool     `json:"onlyYou"`
	Direct  bool     `json:"direct"` // in a direct message from the bot
	Edited  bool     `json:"edited"`
	Open    bool     `json:"open"` // its thread accepts replies
	Parts   []part   `json:"parts"`
	Buttons []button `json:"buttons"`
	Files   []file   `json:"files"`

	text string // the whole text, without buttons
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

// form is an open form of the bot.
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

// plain returns a message in the format of the transcript, with its buttons below.
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
