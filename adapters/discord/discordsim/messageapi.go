package discordsim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// What an application may set: https://docs.discord.com/developers/resources/message#create-message
const (
	settable = SuppressEmbeds | SuppressNotifications | ComponentsV2
	editable = SuppressEmbeds | ComponentsV2
)

// nonceLife is what "the past few minutes" of enforce_nonce are here.
const nonceLife = 5 * time.Minute

// createMessage: https://docs.discord.com/developers/resources/message#create-message
func (s *Sim) createMessage(r *request) (answer, *failure) {
	c, problem := s.channel(r)
	if problem != nil {
		return answer{}, problem
	}
	m := Message{Channel: c.ID, User: s.BotUser, Nonce: text(r.body["nonce"])}
	if problem := s.write(&m, r.body, r.files, settable, ""); problem != nil {
		return answer{}, problem
	}
	if problem := s.mayPost(c, &m, r.body); problem != nil {
		return answer{}, problem
	}
	if twin := s.twin(m, r.body); twin != nil {
		return ok(s.wireMessage(twin))
	}
	m.Files = s.storeAll(c.ID, m.Files)
	posted := s.post(m)
	s.publish(posted, "MESSAGE_CREATE", nil)
	return ok(s.wireMessage(posted))
}

// text is a string or a number, as text.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// twin finds what the bot posted with the same nonce, in whatever channel, if it asked not to post twice. That message is the answer
// as it stands; nothing of the new one is looked at: https://docs.discord.com/developers/resources/message#create-message
func (s *Sim) twin(m Message, b node) *Message {
	if m.Nonce == "" || !b.yes("enforce_nonce") {
		return nil
	}
	for _, old := range slices.Backward(s.log) {
		if old.Nonce == m.Nonce && old.User == m.User && s.Now().Sub(bornAt(old.ID)) < nonceLife {
			return old
		}
	}
	return nil
}

// mayPost refuses what the bot may not do in the channel.
func (s *Sim) mayPost(c Channel, m *Message, b node) *failure {
	may := s.may(s.BotUser, c)
	send := SendMessages
	if c.thread() {
		send = SendMessagesInThreads
	}
	switch {
	case c.Kind == Forum:
		return fail(40058)
	case c.Kind == DM && s.users[c.People[0]].NoDMs:
		return fail(50007)
	case !may.has(send):
		return fail(50013)
	case m.Embeds != nil && !may.has(EmbedLinks), len(m.Files) > 0 && !may.has(AttachFiles):
		return fail(50013)
	case c.Locked && !may.has(ManageThreads):
		return fail(160005)
	}
	return s.mayRefer(c, m, b, may)
}

func (s *Sim) mayRefer(c Channel, m *Message, b node, may Permission) *failure {
	reference := b.node("message_reference")
	if reference == nil {
		return nil
	}
	to := s.find(c.ID, reference.str("message_id"))
	gone := to == nil || to.Deleted || to.To != ""
	switch {
	case !may.has(ReadMessageHistory):
		return fail(160002)
	case gone && reference["fail_if_not_exists"] == false:
		return nil
	case gone:
		return wrong("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
	}
	m.ReplyTo, m.Type, m.Ping = to.ID, 19, true
	return nil
}

// write checks what a message is to say, and says it. What is not said stays.
func (s *Sim) write(m *Message, b node, files []File, may Flag, at string) *failure {
	flags := m.Flags
	if b.has("flags") {
		flags = m.Flags&^(may&^ComponentsV2) | Flag(b.number("flags"))&may
	}
	if problem := checkMessage(b, files, flags, at); problem != nil {
		return problem
	}
	next := *m
	next.Flags = flags
	if b.said("content") {
		next.Content, next.AllowedMentions = strings.TrimSpace(b.str("content")), nil
	}
	if a := b.node("allowed_mentions"); a != nil {
		next.AllowedMentions = rawJSON(a)
	}
	if b.said("embeds") {
		next.Embeds = kept(b.list("embeds"))
	}
	if b.said("components") {
		next.Components = kept(b.list("components"))
	}
	next.Files = attached(m.Files, b, files)
	if next.blank() {
		return fail(50006)
	}
	*m = next
	return nil
}

func (m *Message) blank() bool {
	return m.Content == "" && m.Embeds == nil && m.Components == nil && len(m.Files) == 0 && len(m.Snapshots) == 0
}

// attached: an edit that lists attachments keeps only those; what comes along is added.
func attached(old []File, b node, files []File) []File {
	var all []File
	for _, f := range old {
		listed := slices.ContainsFunc(b.list("attachments"), func(a node) bool { return attachmentID(a) == f.ID })
		if !b.said("attachments") || listed {
			all = append(all, f)
		}
	}
	for _, f := range files {
		f.Name = fileName(b, f)
		all = append(all, f)
	}
	return all
}

// mine returns a message that a call is about, if the bot may change it.
func (s *Sim) mine(r *request) (*Message, *failure) {
	c, problem := s.channel(r)
	if problem != nil {
		return nil, problem
	}
	m := s.find(c.ID, r.arg("message"))
	switch {
	case m == nil || m.Deleted || m.To != "":
		return nil, fail(10008)
	case m.User != s.BotUser || m.Webhook != "":
		return m, fail(50005)
	}
	return m, nil
}

// editMessage: https://docs.discord.com/developers/resources/message#edit-message
func (s *Sim) editMessage(r *request) (answer, *failure) {
	m, problem := s.mine(r)
	if problem != nil {
		return answer{}, problem
	}
	c := s.channels[m.Channel]
	switch may := s.may(s.BotUser, c); {
	case c.Archived:
		return answer{}, fail(50083)
	case c.Locked && !may.has(ManageThreads):
		return answer{}, fail(160005)
	}
	if problem := s.edit(m, r.body, r.files, ""); problem != nil {
		return answer{}, problem
	}
	return ok(s.wireMessage(m))
}

// edit changes what a message says, and tells the sessions.
func (s *Sim) edit(m *Message, b node, files []File, at string) *failure {
	next := *m
	if problem := s.write(&next, b, files, editable, at); problem != nil {
		return problem
	}
	s.remember(m)
	m.Content, m.AllowedMentions, m.Embeds, m.Components = next.Content, next.AllowedMentions, next.Embeds, next.Components
	m.Flags = next.Flags &^ IsLoading
	m.Files = s.newOnes(m.Channel, next.Files)
	s.change()
	s.publish(m, "MESSAGE_UPDATE", nil)
	return nil
}

// newOnes puts the files on the CDN that are not there yet.
func (s *Sim) newOnes(channel string, files []File) []File {
	for i, f := range files {
		if f.URL == "" {
			files[i] = s.store(channel, f)
		}
	}
	return files
}

func (s *Sim) deleteMessage(r *request) (answer, *failure) {
	m, problem := s.mine(r)
	if problem != nil && problem.code == 50005 && s.may(s.BotUser, s.channels[m.Channel]).has(ManageMessages) {
		problem = nil
	} else if problem != nil && problem.code == 50005 {
		problem = fail(50013)
	}
	if problem != nil {
		return answer{}, problem
	}
	s.remove(m)
	return none()
}

// getMessage: what an application may not read over the gateway it may not read here either.
func (s *Sim) getMessage(r *request) (answer, *failure) {
	c, problem := s.readable(r)
	if problem != nil {
		return answer{}, problem
	}
	m := s.find(c.ID, r.arg("message"))
	if m == nil || m.Deleted || m.To != "" {
		return answer{}, fail(10008)
	}
	return ok(s.wireFor(m, s.Privileged))
}

func (s *Sim) readable(r *request) (Channel, *failure) {
	c, problem := s.channel(r)
	if problem == nil && !s.may(s.BotUser, c).has(ReadMessageHistory) {
		problem = fail(50013)
	}
	return c, problem
}

// getMessages: newest first. https://docs.discord.com/developers/resources/message#get-channel-messages
func (s *Sim) getMessages(r *request) (answer, *failure) {
	c, problem := s.readable(r)
	if problem != nil {
		return answer{}, problem
	}
	query := r.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		limit = 50
	}
	found := []node{}
	for _, m := range slices.Backward(s.log) {
		after, before := query.Get("after"), query.Get("before")
		if m.Channel != c.ID || m.Deleted || m.To != "" || after != "" && !older(after, m.ID) || before != "" && !older(m.ID, before) {
			continue
		}
		if len(found) < min(limit, 100) {
			found = append(found, s.wireFor(m, s.Privileged))
		}
	}
	return ok(found)
}

// older compares snowflakes.
func older(a, b string) bool {
	return len(a) < len(b) || len(a) == len(b) && a < b
}

// wireFor is a message as somebody with these intents sees it.
func (s *Sim) wireFor(m *Message, intents Intent) node {
	n := s.wireMessage(m)
	if intents&MessageContent == 0 && !s.openTo(m) {
		return withoutContent(n)
	}
	return n
}

// openTo reports whether the application may read a message without MESSAGE_CONTENT: its own, one to it, one that names it, a
// reply to it with the ping on: https://docs.discord.com/developers/events/gateway#message-content-intent
func (s *Sim) openTo(m *Message) bool {
	if m.User == s.BotUser || s.channels[m.Channel].Kind == DM {
		return true
	}
	named := s.copy(m).notified()
	if m.Ping && m.answers == s.BotUser {
		to := s.find(m.Channel, m.ReplyTo)
		return to != nil && to.Interaction == ""
	}
	return slices.Contains(named.users, s.BotUser)
}
