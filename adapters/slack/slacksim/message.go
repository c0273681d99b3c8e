package slacksim

import (
	"context"
	"encoding/json"
)

// Message is one message as it stands; it is a copy.
type Message struct {
	Channel, TS string
	ThreadTS    string // of the thread it hangs in; "" at top level
	User        string // who posted it; the bot's is Workspace.BotUser, Slack's own notices are "USLACKBOT"
	To          string // the only person who sees it; "" is everybody in the channel
	Text        string // Slack's markup
	Blocks      json.RawMessage
	Files       []File
	UnfurlLinks bool // false only if the sender said so
	UnfurlMedia bool // false only if the sender said so
	LinkNames   bool // the sender asked for "@name" to be linked (link_names, or parse=full)
	Broadcast   bool // a thread reply that is also shown in the channel
	Deleted     bool
	History     []Version // what it was before each edit, oldest first

	names map[string]string
}

// Version is what a message said before an edit.
type Version struct {
	Text   string
	Blocks json.RawMessage
}

// File is an uploaded file.
type File struct {
	ID, Name, Title string
	Content         []byte
}

// Button is a button of a message.
type Button struct {
	Text, ActionID, BlockID, Value, Style string
}

// Plain returns the message as a person sees it, one line a line: its blocks if it has any, else its text. Buttons are not in it.
func (m Message) Plain() string { panic("todo") }

// Buttons returns the buttons in the order shown.
func (m Message) Buttons() []Button { panic("todo") }

// Mentions returns whom the message would notify, as Slack's markup names them ("<!channel>", "<@U1>", "<!subteam^S1>").
// plain_text never notifies; code spans do not protect.
func (m Message) Mentions() []string { panic("todo") }

// Messages returns what everybody sees at the top level of a channel, oldest first.
func (w *Workspace) Messages(channel string) []Message { panic("todo") }

// Thread returns the root message, if it still stands, and its replies.
func (w *Workspace) Thread(channel, root string) []Message { panic("todo") }

// Ephemerals returns what only this user sees, in any channel, oldest first.
func (w *Workspace) Ephemerals(user string) []Message { panic("todo") }

// Message returns one message, deleted ones and ephemerals too, or false.
func (w *Workspace) Message(channel, ts string) (Message, bool) { panic("todo") }

// Delete removes a message, as its author or an administrator does; it reports whether it was there.
func (w *Workspace) Delete(channel, ts string) bool { panic("todo") }

// Reload drops a user's ephemerals, as a reload of the client does.
func (w *Workspace) Reload(user string) {}

// Wait returns once ok holds, looking again after every change, or with ctx's error.
func (w *Workspace) Wait(ctx context.Context, ok func() bool) error { panic("todo") }
