package discordsim

import (
	"slices"
)

// Kind is the type of a channel: https://docs.discord.com/developers/resources/channel#channel-object-channel-types
type Kind int

// The kinds.
const (
	Text          Kind = 0
	DM            Kind = 1
	Voice         Kind = 2
	GroupDM       Kind = 3 // of people without the bot: only a user-installed application is reached there
	News          Kind = 5
	NewsThread    Kind = 10
	PublicThread  Kind = 11
	PrivateThread Kind = 12
	Forum         Kind = 15
)

// Channel is a channel, a thread, or a direct message.
type Channel struct {
	ID, Guild, Name string // no Guild: a direct message
	Kind            Kind
	Parent          string     // of a thread
	Owner           string     // of a thread: who started it
	Allow, Deny     Permission // what the bot may do here beyond its roles, and may not; a thread has its parent's
	Overwrites      []Overwrite
	People          []string // who sees it; nil is everybody. In a direct message: the people in it, the bot not counted
	Archived        bool     // of a thread
	Locked          bool     // of a thread
}

func (c Channel) thread() bool {
	return c.Kind == NewsThread || c.Kind == PublicThread || c.Kind == PrivateThread
}

func (c Channel) direct() bool { return c.Kind == DM || c.Kind == GroupDM }

// PutChannel adds a channel or replaces the one with its ID; its messages stay.
func (s *Sim) PutChannel(c Channel) {
	defer s.lock()()
	_, existed := s.channels[c.ID]
	s.putChannel(c)
	s.announce(c, existed)
}

func (s *Sim) putChannel(c Channel) {
	s.channels[c.ID] = c
	s.name(c.ID, "#"+c.Name)
}

// announce tells the sessions of a channel that came or changed, if the bot sees it.
func (s *Sim) announce(c Channel, existed bool) {
	event := map[bool]string{false: "_CREATE", true: "_UPDATE"}[existed]
	switch {
	case c.direct() || !s.may(s.BotUser, c).has(ViewChannel):
		return
	case c.thread():
		event = "THREAD" + event
	default:
		event = "CHANNEL" + event
	}
	s.broadcast(Guilds, event, s.wireChannel(c))
}

// DeleteChannel deletes a channel and what hangs in it: 10003 from then on.
func (s *Sim) DeleteChannel(id string) {
	defer s.lock()()
	c, found := s.channels[id]
	if !found {
		return
	}
	event := "CHANNEL_DELETE"
	if c.thread() {
		event = "THREAD_DELETE"
	}
	if s.may(s.BotUser, c).has(ViewChannel) {
		s.broadcast(Guilds, event, s.wireChannel(c))
	}
	for _, one := range sorted(s.channels) {
		if one.ID == id || one.Parent == id {
			s.empty(one.ID)
			delete(s.channels, one.ID)
		}
	}
	s.change()
}

// Archive archives a thread, or locks it as well. A message revives an archived thread, an edit meets 50083.
func (s *Sim) Archive(thread string, locked bool) {
	defer s.lock()()
	c := s.channels[thread]
	c.Archived, c.Locked = true, locked
	s.putChannel(c)
	s.announce(c, true)
}

// Channel returns the channel with this ID, or false.
func (s *Sim) Channel(id string) (Channel, bool) {
	defer s.lock()()
	c, found := s.channels[id]
	return c, found
}

// Channels returns every channel, threads and direct messages too, by ID.
func (s *Sim) Channels() []Channel {
	defer s.lock()()
	return sorted(s.channels)
}

// DM returns the ID of the direct message between the bot and a user, opening it.
func (s *Sim) DM(user string) string {
	defer s.lock()()
	return s.dm(user)
}

func (s *Sim) dm(user string) string {
	for _, c := range s.channels {
		if c.Kind == DM && len(c.People) == 1 && c.People[0] == user {
			return c.ID
		}
	}
	id := s.id()
	s.putChannel(Channel{ID: id, Name: "directmessage", Kind: DM, People: []string{user}})
	return id
}

// rulesOf returns the channel whose permissions hold in c: a thread's are its parent's.
func (s *Sim) rulesOf(c Channel) Channel {
	if parent, found := s.channels[c.Parent]; found && c.thread() {
		return parent
	}
	return c
}

// sees reports whether a user can read a channel.
func (s *Sim) sees(user string, c Channel) bool {
	if c.direct() {
		return slices.Contains(c.People, user)
	}
	return s.may(user, c).has(ViewChannel)
}

// threadsOf returns the threads of a guild that are not archived, and that the bot sees.
func (s *Sim) threadsOf(guild string) []Channel {
	return slices.DeleteFunc(sorted(s.channels), func(c Channel) bool {
		return c.Guild != guild || !c.thread() || c.Archived || !s.sees(s.BotUser, c)
	})
}

func (s *Sim) channelsOf(guild string) []Channel {
	return slices.DeleteFunc(sorted(s.channels), func(c Channel) bool {
		return c.Guild != guild || c.thread() || !s.sees(s.BotUser, c)
	})
}
