package discordsim

import (
	"fmt"
	"slices"
	"strings"
)

// Type types text as a user: a message, in a channel, a thread or a direct message; or a slash command, if it begins with "/",
// as the client reads it: "/purge dir https://a.example/ area:overseas" is the command "purge dir" with the option area, and
// with its first option, whose name may be left out. In a message "@name" and "#name" become Discord's markup where they name
// somebody or something; everything else is sent as it is. The application hears of a message if it sees the channel; Type
// returns when it has read it, or after AckWithin.
func (s *Sim) Type(user, channel, text string, opts ...Option) Delivery {
	if strings.HasPrefix(text, "/") {
		return s.typeCommand(user, channel, text, opts)
	}
	o := apply(opts)
	unlock := s.lock()
	m := o.typed
	m.User, m.Channel, m.Content = user, channel, s.compose(text)
	return s.say(unlock, m, o)
}

// say posts what a person typed and tells the application.
func (s *Sim) say(unlock func(), m Message, o *outgoing) Delivery {
	c := s.channels[m.Channel]
	if refused := s.cannotType(m, c); refused != "" {
		unlock()
		return Delivery{Event: "MESSAGE_CREATE", Refused: refused}
	}
	m.Files = s.storeAll(m.Channel, m.Files)
	posted := s.post(m)
	o.Event, o.ID = "MESSAGE_CREATE", posted.ID
	o.Body = s.event(posted, MessageContent, o.alterJSON)
	heard := s.publish(posted, o.Event, o.alterJSON)
	unlock()
	return s.heard(o, heard)
}

// cannotType returns what stops a user from typing in a channel.
func (s *Sim) cannotType(m Message, c Channel) string {
	_, known := s.users[m.User]
	send := SendMessages
	if c.thread() {
		send = SendMessagesInThreads
	}
	switch {
	case !known && m.Webhook == "":
		return "there is no user " + m.User
	case c.ID == "" || m.Webhook == "" && !s.sees(m.User, c):
		return "there is no channel " + m.Channel + " for " + m.User
	case m.Webhook == "" && !s.may(m.User, c).has(send), c.Kind == Forum:
		return "You do not have permission to send messages in this channel."
	case c.Locked:
		return "This thread is locked."
	case characters(m.Content) > maxContent && m.Type == 0:
		return "Your message is too long."
	case m.blank() && (m.Type == 0 || m.Type == 19):
		return "there is nothing to send"
	}
	return ""
}

// Attach attaches a file to a typed message.
func Attach(f File) Option {
	return func(o *outgoing) { o.typed.Files = append(o.typed.Files, f) }
}

// ReplyTo makes a typed message a reply to another of the channel; ping notifies its author.
func ReplyTo(message string, ping bool) Option {
	return func(o *outgoing) { o.typed.Type, o.typed.ReplyTo, o.typed.Ping = 19, message, ping }
}

// WithEmbeds gives a typed message embeds (a JSON array), as Discord does for a link, or another bot for its cards.
func WithEmbeds(embeds string) Option { return func(o *outgoing) { o.typed.Embeds = list(embeds) } }

// WithComponents gives a typed message components (a JSON array), of types that no library need know.
func WithComponents(components string) Option {
	return func(o *outgoing) { o.typed.Components = list(components) }
}

// list checks a JSON array that a test wrote.
func list(text string) []byte {
	if parsed([]byte(text)) == nil {
		panic("discordsim: not a JSON array: " + text)
	}
	return []byte(text)
}

// ByWebhook makes a webhook post it; user is then only the name shown.
func ByWebhook(id string) Option { return func(o *outgoing) { o.typed.Webhook = id } }

// OfType sets the message's type: 7 is a join notice, 24 an AutoMod alert.
func OfType(n int) Option { return func(o *outgoing) { o.typed.Type = n } }

// Forward posts what somebody else wrote as a forwarded message: its own content is empty, it has a snapshot.
func (s *Sim) Forward(user, channel, fromChannel, message string, opts ...Option) Delivery {
	o := apply(opts)
	unlock := s.lock()
	from := s.find(fromChannel, message)
	if from == nil || from.Deleted {
		unlock()
		return Delivery{Event: "MESSAGE_CREATE", Refused: "there is no such message to forward"}
	}
	m := o.typed
	m.User, m.Channel, m.Flags, m.Snapshots = user, channel, HasSnapshot, []Message{*from}
	return s.say(unlock, m, o)
}

// Edit changes the content of a message that a user typed; the application hears of it by MESSAGE_UPDATE.
func (s *Sim) Edit(channel, message, text string, opts ...Option) Delivery {
	return s.alter(channel, message, opts, func(m *Message) string {
		if m.User == s.BotUser {
			return "this is not your message"
		}
		s.remember(m)
		m.Content = s.compose(text)
		return ""
	})
}

// Unfurl does what Discord does a moment after a link was posted: it gives the message an embed for its first link, if any
// may be fetched, and sends MESSAGE_UPDATE. It is no edit.
func (s *Sim) Unfurl(channel, message string) Delivery {
	return s.alter(channel, message, nil, func(m *Message) string {
		links := s.copy(m).Unfurls()
		if len(links) == 0 {
			return "there is no link to preview"
		}
		m.Embeds = rawJSON([]node{{"type": "link", "url": links[0], "title": "A preview"}})
		return ""
	})
}

func (s *Sim) alter(channel, message string, opts []Option, change func(*Message) string) Delivery {
	o := apply(opts)
	unlock := s.lock()
	m := s.find(channel, message)
	refused := "there is no such message"
	if m != nil && !m.Deleted {
		refused = change(m)
	}
	if refused != "" {
		unlock()
		return Delivery{Event: "MESSAGE_UPDATE", Refused: refused}
	}
	s.change()
	o.Event, o.ID, o.Body = "MESSAGE_UPDATE", m.ID, s.event(m, MessageContent, o.alterJSON)
	heard := s.publish(m, o.Event, o.alterJSON)
	unlock()
	return s.heard(o, heard)
}

// typeCommand reads a line as the client does once the command is picked: the longest name that is registered, then options.
func (s *Sim) typeCommand(user, channel, line string, opts []Option) Delivery {
	unlock := s.lock()
	command, options, refused := s.readCommand(s.channels[channel].Guild, line)
	unlock()
	if refused != "" {
		return Delivery{Event: "INTERACTION_CREATE", Refused: refused}
	}
	return s.Command(user, channel, command, options, opts...)
}

func (s *Sim) readCommand(guild, line string) (command string, options Options, refused string) {
	words := strings.Fields(strings.TrimPrefix(line, "/"))
	for n := min(len(words), 3); n > 0; n-- {
		name := strings.Join(words[:n], " ")
		_, _, defined, problem := s.lookUp(guild, name)
		if problem != "" {
			continue
		}
		rest := strings.TrimPrefix(line, "/")
		for _, word := range words[:n] {
			_, rest, _ = strings.Cut(rest, word)
		}
		options, refused = readOptions(s.pick(strings.TrimSpace(rest)), defined)
		return name, options, refused
	}
	return "", nil, fmt.Sprintf("there is no command %q", line)
}

// pick writes "@name" as the client does where somebody is picked in a text option; a link that holds one stays as it is.
func (s *Sim) pick(text string) string {
	words := strings.Split(text, " ")
	for i, word := range words {
		if name, value, named := strings.Cut(word, ":"); named && strings.HasPrefix(value, "@") {
			words[i] = name + ":" + s.compose(value)
		} else if strings.HasPrefix(word, "@") {
			words[i] = s.compose(word)
		}
	}
	return strings.Join(words, " ")
}

// readOptions splits "text name:text name:text" at the names that the command has.
func readOptions(text string, defined []node) (Options, string) {
	options, name := Options{}, ""
	var value []string
	put := func() string {
		said := strings.Join(value, " ")
		value = nil
		switch {
		case said == "" && name == "":
			return ""
		case name == "" && len(defined) == 0:
			return "this command takes no options"
		case name == "":
			name = defined[0].str("name")
		}
		options[name] = said
		return ""
	}
	for word := range strings.SplitSeq(text, " ") {
		key, first, named := strings.Cut(word, ":")
		if named && slices.ContainsFunc(defined, func(o node) bool { return o.str("name") == key }) {
			if refused := put(); refused != "" {
				return nil, refused
			}
			name, word = key, first
		}
		if word != "" {
			value = append(value, word)
		}
	}
	return options, put()
}
