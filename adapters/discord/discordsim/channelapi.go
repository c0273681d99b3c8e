package discordsim

import (
	"slices"
	"unicode/utf8"
)

// channel returns the channel that a call is about, if the bot sees it.
func (s *Sim) channel(r *request) (Channel, *failure) {
	c, found := s.channels[r.arg("channel")]
	switch {
	case !found:
		return c, fail(10003)
	case c.Kind == GroupDM || !s.may(s.BotUser, c).has(ViewChannel):
		return c, fail(50001)
	}
	return c, nil
}

func (s *Sim) getChannel(r *request) (answer, *failure) {
	c, problem := s.channel(r)
	if problem != nil {
		return answer{}, problem
	}
	return ok(s.wireChannel(c))
}

// patchChannel changes a thread: https://docs.discord.com/developers/topics/threads#editing-deleting-threads
func (s *Sim) patchChannel(r *request) (answer, *failure) {
	c, problem := s.channel(r)
	switch {
	case problem != nil:
		return answer{}, problem
	case !c.thread() || !s.mayChange(c, r.body):
		return answer{}, fail(50013)
	}
	if r.body.said("archived") {
		c.Archived = r.body.yes("archived")
	}
	if r.body.said("locked") {
		c.Locked = r.body.yes("locked")
	}
	if name := r.body.str("name"); name != "" {
		c.Name = name
	}
	s.putChannel(c)
	s.announce(c, true)
	return ok(s.wireChannel(c))
}

// mayChange: who started a thread may change it, but for its lock; anybody in it may revive it unless it is locked.
func (s *Sim) mayChange(c Channel, b node) bool {
	revives := len(b) == 1 && b.said("archived") && !b.yes("archived")
	own := c.Owner == s.BotUser
	return s.may(s.BotUser, c).has(ManageThreads) || revives && (own || !c.Locked) || own && !b.said("locked")
}

func (s *Sim) typing(r *request) (answer, *failure) {
	if _, problem := s.channel(r); problem != nil {
		return answer{}, problem
	}
	return none()
}

// joinThread: https://docs.discord.com/developers/resources/channel#join-thread
func (s *Sim) joinThread(r *request) (answer, *failure) {
	c, problem := s.channel(r)
	switch {
	case problem != nil:
		return answer{}, problem
	case !c.thread():
		return answer{}, fail(50024)
	case c.Archived:
		return answer{}, fail(50083)
	}
	return none()
}

// startThread: https://docs.discord.com/developers/resources/channel#start-thread-from-message
func (s *Sim) startThread(r *request) (answer, *failure) {
	c, problem := s.channel(r)
	if problem != nil {
		return answer{}, problem
	}
	m := s.find(c.ID, r.arg("message"))
	switch {
	case c.direct():
		return answer{}, fail(50003)
	case c.Kind != Text && c.Kind != News:
		return answer{}, fail(50024)
	case !s.may(s.BotUser, c).has(CreatePublicThreads):
		return answer{}, fail(50013)
	case m == nil || m.Deleted || m.To != "":
		return answer{}, fail(10008)
	case m.Type != 0 && m.Type != 19 && m.Type != 20 && m.Type != 23:
		return answer{}, fail(50021)
	case m.Thread != "":
		return answer{}, fail(160004)
	}
	if problem := checkThread(r.body); problem != nil {
		return answer{}, problem
	}
	thread := s.openThread(c, m, s.BotUser, r.body.str("name"))
	return answer{201, s.wireChannel(thread)}, nil
}

func (s *Sim) openThread(c Channel, m *Message, owner, name string) Channel {
	kind := PublicThread
	if c.Kind == News {
		kind = NewsThread
	}
	thread := Channel{ID: m.ID, Guild: c.Guild, Name: name, Kind: kind, Parent: c.ID, Owner: owner}
	m.Thread = m.ID
	s.putChannel(thread)
	s.announce(thread, false)
	s.publish(m, "MESSAGE_UPDATE", nil)
	return thread
}

func checkThread(b node) *failure {
	c := &checker{}
	if n := utf8.RuneCountInString(b.str("name")); n < 1 || n > 100 {
		c.say("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
	}
	if b.has("auto_archive_duration") && !slices.Contains([]int{60, 1440, 4320, 10080}, b.number("auto_archive_duration")) {
		c.say("auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of {60, 1440, 4320, 10080}.")
	}
	return c.failure()
}
