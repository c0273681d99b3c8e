package slacksim

import (
	"context"
	"encoding/json"
	"slices"
)

// Message is one message as it stands; it is a copy.
type Message struct {
	Channel, TS string
	ThreadTS    string          // of the thread it hangs in; "" at top level
	User        string          // who posted it; the bot's is Workspace.BotUser, Slack's own notices are "USLACKBOT"
	To          string          // the only person who sees it; "" is everybody in the channel
	Text        string          // Slack's markup
	Blocks      json.RawMessage // nil if it has none
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

// post adds a message and returns it as kept.
func (w *Workspace) post(m Message) *Message {
	m.TS = w.stamp()
	w.log = append(w.log, &m)
	w.change()
	return &m
}

// tell shows a user what Slack itself has to say.
func (w *Workspace) tell(user, channel, thread, text string) {
	w.post(Message{User: slackbot, To: user, Channel: channel, ThreadTS: thread, Text: escape(text)})
}

// edit replaces what a message says.
func (w *Workspace) edit(m *Message, text string, blocks json.RawMessage) {
	m.History = append(m.History, Version{m.Text, m.Blocks})
	m.Text, m.Blocks = text, blocks
	w.change()
}

func (w *Workspace) remove(m *Message) {
	m.Deleted = true
	w.change()
}

// find returns a message by its address, deleted ones too, or nil.
func (w *Workspace) find(channel, ts string) *Message {
	for _, m := range slices.Backward(w.log) {
		if m.TS == ts && m.Channel == channel {
			return m
		}
	}
	return nil
}

// which returns copies of the standing messages for which keep holds.
func (w *Workspace) which(keep func(*Message) bool) []Message {
	defer w.lock()()
	var found []Message
	for _, m := range w.log {
		if !m.Deleted && keep(m) {
			found = append(found, w.copy(m))
		}
	}
	return found
}

func (w *Workspace) copy(m *Message) Message {
	c := *m
	c.names = w.names
	return c
}

// Messages returns what everybody sees at the top level of a channel, oldest first.
func (w *Workspace) Messages(channel string) []Message {
	return w.which(func(m *Message) bool {
		return m.Channel == channel && m.To == "" && (m.ThreadTS == "" || m.Broadcast)
	})
}

// Thread returns the root message, if it still stands, and its replies, oldest first.
func (w *Workspace) Thread(channel, root string) []Message {
	return w.which(func(m *Message) bool {
		return m.Channel == channel && m.To == "" && (m.TS == root || m.ThreadTS == root)
	})
}

// Ephemerals returns what only this user sees, in any channel, oldest first.
func (w *Workspace) Ephemerals(user string) []Message {
	return w.which(func(m *Message) bool { return m.To == user })
}

// Visible returns all that a user sees in a channel, threads and ephemerals included, in the order in which it came.
func (w *Workspace) Visible(user, channel string) []Message {
	return w.which(func(m *Message) bool { return m.Channel == channel && m.visible(user) })
}

func (m *Message) visible(user string) bool { return m.To == "" || m.To == user }

// Message returns one message, deleted ones and ephemerals too, or false.
func (w *Workspace) Message(channel, ts string) (Message, bool) {
	defer w.lock()()
	if m := w.find(channel, ts); m != nil {
		return w.copy(m), true
	}
	return Message{}, false
}

// Delete removes a message, as its author or an administrator does; it reports whether it was there.
func (w *Workspace) Delete(channel, ts string) bool {
	defer w.lock()()
	m := w.find(channel, ts)
	if m == nil || m.Deleted {
		return false
	}
	w.remove(m)
	return true
}

// Reload drops a user's ephemerals, as a reload of the client does.
func (w *Workspace) Reload(user string) {
	defer w.lock()()
	for _, m := range w.log {
		if m.To == user {
			m.Deleted = true
		}
	}
	w.change()
}

// Wait returns once ok holds, looking again after every change, or with ctx's error.
func (w *Workspace) Wait(ctx context.Context, ok func() bool) error {
	for {
		changed := w.Changed()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
