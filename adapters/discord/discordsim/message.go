package discordsim

import (
	"encoding/json"
	"slices"
	"time"
)

// Message is one message as it stands; it is a copy.
type Message struct {
	ID, Channel     string
	User            string          // who posted it; the bot's is Sim.BotUser, Discord's own notices are "1"
	To              string          // the only person who sees it; "" is everybody in the channel
	Type            int             // 0 is ordinary, 19 a reply, 20 and 23 an answer to a slash or context-menu command
	Content         string          // Discord's markup
	Embeds          json.RawMessage // nil if it has none
	Components      json.RawMessage // nil if it has none
	Files           []File
	Flags           Flag
	AllowedMentions json.RawMessage // as its sender said it; nil if nothing was said, and then everything notifies
	Nonce           string
	ReplyTo         string    // the message it answers, in the same channel
	Ping            bool      // it is a reply that notifies whom it answers, unless AllowedMentions says otherwise
	Interaction     string    // the interaction it came from
	Webhook         string    // the webhook that posted it
	Snapshots       []Message // what it forwards
	Thread          string    // the thread that was started from it
	Loading         bool      // "purgebot is thinking…"
	Deleted         bool
	Edited          bool
	History         []Version // what it was before each edit, oldest first; filling in a loading one is no edit

	editedAt    time.Time
	answers     string // the author of ReplyTo
	names       map[string]string
	mentionable map[string]bool
	may         Permission // what its author may do in the channel
}

// Version is what a message was before an edit.
type Version struct {
	Content                             string
	Embeds, Components, AllowedMentions json.RawMessage
	Flags                               Flag
}

// Flag is a set of message flags: https://docs.discord.com/developers/resources/message#message-object-message-flags
type Flag int

// The flags.
const (
	SuppressEmbeds        Flag = 1 << 2
	HasThread             Flag = 1 << 5
	Ephemeral             Flag = 1 << 6
	IsLoading             Flag = 1 << 7
	SuppressNotifications Flag = 1 << 12
	HasSnapshot           Flag = 1 << 14
	ComponentsV2          Flag = 1 << 15
)

// post adds a message and returns it as kept; a session hears of it by MESSAGE_CREATE.
func (s *Sim) post(m Message) *Message {
	m.ID = s.id()
	if to := s.find(m.Channel, m.ReplyTo); to != nil {
		m.answers = to.User
	}
	s.log = append(s.log, &m)
	s.revive(m)
	s.change()
	return &m
}

// revive takes a thread out of the archive, as a message in it does.
func (s *Sim) revive(m Message) {
	if c := s.channels[m.Channel]; c.Archived && m.To == "" {
		c.Archived = false
		s.putChannel(c)
		s.announce(c, true)
	}
}

// tell shows a user what Discord itself has to say.
func (s *Sim) tell(user, channel, text string) {
	s.post(Message{User: itself, To: user, Channel: channel, Content: text, Flags: Ephemeral})
}

// remember keeps what a message was before an edit.
func (s *Sim) remember(m *Message) {
	if m.Loading {
		m.Loading, m.Flags = false, m.Flags&^IsLoading
		return
	}
	m.History = append(m.History, Version{m.Content, m.Embeds, m.Components, m.AllowedMentions, m.Flags})
	m.Edited, m.editedAt = true, s.Now()
}

func (s *Sim) remove(m *Message) {
	m.Deleted = true
	if m.To == "" {
		s.tellChannel(m, "MESSAGE_DELETE", node{"id": m.ID, "channel_id": m.Channel})
	}
	s.change()
}

// find returns a message by its address, deleted ones too, or nil.
func (s *Sim) find(channel, id string) *Message {
	for _, m := range slices.Backward(s.log) {
		if m.ID == id && m.Channel == channel {
			return m
		}
	}
	return nil
}

// empty deletes what hangs in a channel.
func (s *Sim) empty(channel string) {
	for _, m := range s.log {
		if m.Channel == channel {
			m.Deleted = true
		}
	}
}

// lastIn and saidIn are what a channel tells of its messages.
func (s *Sim) lastIn(channel string) string {
	for _, m := range slices.Backward(s.log) {
		if m.Channel == channel && m.To == "" {
			return m.ID
		}
	}
	return ""
}

func (s *Sim) saidIn(channel string) int {
	n := 0
	for _, m := range s.log {
		if m.Channel == channel && m.To == "" && !m.Deleted {
			n++
		}
	}
	return n
}

// which returns copies of the standing messages for which keep holds.
func (s *Sim) which(keep func(*Message) bool) []Message {
	defer s.lock()()
	var found []Message
	for _, m := range s.log {
		if !m.Deleted && keep(m) {
			found = append(found, s.copy(m))
		}
	}
	return found
}

func (s *Sim) copy(m *Message) Message {
	c := *m
	c.names, c.mentionable, c.may = s.names, s.mentionable, s.may(m.User, s.channels[m.Channel])
	if m.Webhook != "" {
		c.may = all
	}
	return c
}

// Messages returns what everybody sees in a channel or a thread, oldest first.
func (s *Sim) Messages(channel string) []Message {
	return s.which(func(m *Message) bool { return m.Channel == channel && m.To == "" })
}

// Thread returns the root message, if it still stands, and what was said in the thread made from it, oldest first.
func (s *Sim) Thread(channel, root string) []Message {
	return s.which(func(m *Message) bool {
		return m.To == "" && (m.Channel == channel && m.ID == root || m.Channel == root)
	})
}

// Ephemerals returns what only this user sees, in any channel, oldest first; direct messages are not in it.
func (s *Sim) Ephemerals(user string) []Message {
	return s.which(func(m *Message) bool { return m.To == user })
}

// Visible returns all that a user sees in a channel, threads and ephemerals included, in the order in which it came.
func (s *Sim) Visible(user, channel string) []Message {
	return s.which(func(m *Message) bool { return s.within(channel, m) && m.visible(user) })
}

// within reports whether a message hangs in a channel or in a thread of it.
func (s *Sim) within(channel string, m *Message) bool {
	return m.Channel == channel || s.channels[m.Channel].thread() && s.channels[m.Channel].Parent == channel
}

func (m *Message) visible(user string) bool { return m.To == "" || m.To == user }

// Message returns one message, deleted ones and ephemerals too, or false.
func (s *Sim) Message(channel, id string) (Message, bool) {
	defer s.lock()()
	if m := s.find(channel, id); m != nil {
		return s.copy(m), true
	}
	return Message{}, false
}

// Delete removes a message, as its author or a moderator does; it reports whether it was there.
func (s *Sim) Delete(channel, id string) bool {
	defer s.lock()()
	m := s.find(channel, id)
	if m == nil || m.Deleted {
		return false
	}
	s.remove(m)
	return true
}

// Reload drops a user's ephemerals and open form, as a restart of the client does.
func (s *Sim) Reload(user string) {
	defer s.lock()()
	for _, m := range s.log {
		if m.To == user {
			m.Deleted = true
		}
	}
	delete(s.modals, user)
	s.change()
}
