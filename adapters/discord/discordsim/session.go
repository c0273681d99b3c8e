package discordsim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Intent is a set of gateway intents: https://docs.discord.com/developers/events/gateway#gateway-intents
type Intent int

// The intents that matter here; the last three are privileged.
const (
	Guilds         Intent = 1 << 0
	GuildMessages  Intent = 1 << 9
	DirectMessages Intent = 1 << 12
	GuildMembers   Intent = 1 << 1
	GuildPresences Intent = 1 << 8
	MessageContent Intent = 1 << 15

	privileged = GuildMembers | GuildPresences | MessageContent
	// documented is every intent that there is.
	documented = 1<<17 - 1 | 1<<20 | 1<<21 | 1<<24 | 1<<25
)

// session is what an IDENTIFY begins; it outlives its connections.
type session struct {
	id      string
	intents Intent
	log     []frame // every event, in order: the one with sequence number n is at n-1
	beat    int     // the highest sequence number that a heartbeat named
	conn    *conn   // nil while it waits to be resumed
	starved bool    // it gets no more events
}

// hearing is an event as one session has it.
type hearing struct {
	session *session
	seq     int
	live    bool // it went out at once
}

// identify: https://docs.discord.com/developers/events/gateway-events#identify
func (c *conn) identify(d json.RawMessage) {
	var i struct {
		Token    string
		Intents  *Intent
		Compress bool
		Shard    []int
	}
	s := c.sim
	if json.Unmarshal(d, &i) != nil {
		c.close(4002)
		return
	}
	c.waited()
	soon := s.IdentifyEvery > 0 && s.Now().Sub(s.lastIdentify) < s.IdentifyEvery
	s.stats.Identifies++
	s.lastIdentify = s.Now()
	switch {
	case c.session != nil:
		c.close(4005)
	case c.opening.code != 0:
		c.close(c.opening.code)
	case !s.knows(i.Token) || s.stats.Identifies > s.IdentifyLimit:
		c.close(4004)
	case len(i.Shard) == 2 && (i.Shard[0] < 0 || i.Shard[0] >= i.Shard[1]):
		c.close(4010)
	case i.Intents == nil || *i.Intents&^documented != 0:
		c.close(4013)
	case *i.Intents&privileged&^s.Privileged != 0:
		c.close(4014)
	case soon:
		c.invalidate(false)
	case c.instead():
	default:
		c.compress = i.Compress
		s.welcome(c, *i.Intents)
	}
}

// invalidate says op 9: https://docs.discord.com/developers/events/gateway-events#invalid-session
func (c *conn) invalidate(resumable bool) {
	c.send(frame{Op: opInvalidSession, D: rawJSON(resumable)})
	c.sim.invalidated = c.sim.Now()
}

// waited notes how long after op 9 an IDENTIFY comes.
func (c *conn) waited() {
	if s := c.sim; !s.invalidated.IsZero() {
		s.stats.Waits = append(s.stats.Waits, s.Now().Sub(s.invalidated))
		s.invalidated = time.Time{}
	}
}

// knows reports whether a token is the bot's; the gateway takes it with and without the prefix of the REST API.
func (s *Sim) knows(token string) bool { return strings.TrimPrefix(token, "Bot ") == s.Token }

// instead does what stands in the place of READY and RESUMED, if anything does.
func (c *conn) instead() bool {
	switch c.opening.how {
	case ReconnectNotReady:
		c.send(frame{Op: opReconnect})
	case InvalidNotReady:
		c.invalidate(false)
	case ResumableNotReady:
		c.invalidate(true)
	case NotReady, NoHello, ReconnectNotHello: // deaf
	default:
		return false
	}
	return true
}

// welcome opens a session: READY, then the guilds. https://docs.discord.com/developers/events/gateway-events#ready
func (s *Sim) welcome(c *conn, intents Intent) {
	one := &session{id: s.random(16), intents: intents, conn: c}
	s.sessions[one.id], c.session = one, one
	s.stats.LastIntents = intents
	guilds := []node{}
	for _, g := range s.present() {
		guilds = append(guilds, node{"id": g.ID, "unavailable": true})
	}
	me := s.wireUser(s.BotUser)
	me["verified"], me["mfa_enabled"], me["email"], me["flags"] = true, false, nil, 0
	one.add("READY", rawJSON(node{"v": 9, "user": me, "guilds": guilds, "session_id": one.id, "resume_gateway_url": s.gatewayURL() + one.place(),
		"session_type": "normal", "private_channels": []any{}, "relationships": []any{}, "shard": []int{0, 1},
		"application": node{"id": s.ApplicationID, "flags": s.applicationFlags()}}))
	if intents&Guilds == 0 {
		return
	}
	for _, g := range s.present() {
		one.add("GUILD_CREATE", rawJSON(s.wireGuildCreate(g)))
	}
}

// place is the path below which a session is resumed. Discord names a host of its own for that.
func (one *session) place() string { return "/resume/" + one.id[:8] }

// present are the guilds that the bot is in.
func (s *Sim) present() []Guild {
	return slices.DeleteFunc(sorted(s.guilds), func(g Guild) bool { return g.Absent })
}

// resume: https://docs.discord.com/developers/events/gateway#resuming
func (c *conn) resume(d json.RawMessage) {
	var r struct {
		Token     string
		SessionID string `json:"session_id"`
		Seq       int
	}
	s := c.sim
	if json.Unmarshal(d, &r) != nil {
		c.close(4002)
		return
	}
	one := s.sessions[r.SessionID]
	switch {
	case c.session != nil:
		c.close(4005)
	case c.opening.code != 0:
		c.close(c.opening.code)
	case !s.knows(r.Token):
		c.close(4004)
	case c.instead():
	case one == nil:
		c.invalidate(false)
	case r.Seq < 0 || r.Seq > len(one.log):
		c.close(4007)
		s.kill(one)
	default:
		s.replay(c, one, r.Seq)
	}
}

// replay hands a session to a new connection: what was missed, and what RepeatOnResume asks for, then RESUMED.
func (s *Sim) replay(c *conn, one *session, seq int) {
	if one.conn != nil {
		one.conn.close(4000)
	}
	one.conn, c.session = c, one
	s.stats.Resumes++
	if strings.TrimSuffix(c.path, "/") != one.place() {
		s.stats.Astray++
	}
	for _, f := range one.log[max(seq-s.repeats, 0):] {
		c.send(f)
	}
	one.add("RESUMED", rawJSON(node{"_trace": []any{}}))
}

// add gives an event its number, keeps it for a resume, and sends it if the session is connected.
func (one *session) add(event string, data json.RawMessage) hearing {
	if one.starved {
		return hearing{session: one}
	}
	seq := len(one.log) + 1
	f := frame{Op: opDispatch, D: data, S: &seq, T: &event}
	one.log = append(one.log, f)
	if one.conn != nil {
		one.conn.send(f)
	}
	return hearing{one, seq, one.conn != nil && !one.conn.muted}
}

func (s *Sim) kill(one *session) {
	delete(s.sessions, one.id)
	if one.conn != nil {
		one.conn.session = nil
		one.conn = nil
	}
}

// broadcast sends an event to every session that has all these intents.
func (s *Sim) broadcast(need Intent, event string, data node) []hearing {
	return s.broadcastRaw(need, event, rawJSON(data))
}

func (s *Sim) broadcastRaw(need Intent, event string, data json.RawMessage) []hearing {
	var heard []hearing
	for _, one := range sorted(s.sessions) {
		if one.intents&need == need {
			heard = append(heard, one.add(event, data))
		}
	}
	return heard
}

// reach says which intent a session needs to hear of what happens to a message, or that none suffices.
func (s *Sim) reach(m *Message) (Intent, bool) {
	c := s.channels[m.Channel]
	switch {
	case m.To != "":
		return DirectMessages, m.User == s.BotUser
	case c.Kind == DM:
		return DirectMessages, true
	case c.Kind == GroupDM:
		return 0, false
	}
	return GuildMessages, s.may(s.BotUser, c).has(ViewChannel)
}

// publish tells the sessions of a message, each as much of it as its intents show.
func (s *Sim) publish(m *Message, event string, alter []func(map[string]any)) []hearing {
	need, reaches := s.reach(m)
	if !reaches {
		return nil
	}
	var heard []hearing
	for _, one := range sorted(s.sessions) {
		if one.intents&need == need {
			heard = append(heard, one.add(event, s.event(m, one.intents, alter)))
		}
	}
	return heard
}

// event is a message with what only the gateway adds: https://docs.discord.com/developers/events/gateway-events#message-create
func (s *Sim) event(m *Message, intents Intent, alter []func(map[string]any)) json.RawMessage {
	n, c := s.wireFor(m, intents), s.channels[m.Channel]
	n["channel_type"] = int(c.Kind)
	if m.To == "" && c.Guild != "" {
		n["guild_id"] = c.Guild
		if member, is := s.members[memberKey{c.Guild, m.User}]; is && m.Webhook == "" {
			n["member"] = s.wireMember(member)
		}
	}
	o := outgoing{data: n, alterJSON: alter}
	o.encode()
	return o.Body
}

// tellChannel tells the sessions that something happened to a message.
func (s *Sim) tellChannel(m *Message, event string, data node) {
	if need, reaches := s.reach(m); reaches {
		if guild := s.channels[m.Channel].Guild; guild != "" {
			data["guild_id"] = guild
		}
		s.broadcast(need, event, data)
	}
}

// settled asks every connection that heard an event for a heartbeat, which names the last event read, and waits until one has
// read this one: https://docs.discord.com/developers/events/gateway#heartbeat-requests
func (s *Sim) settled(heard []hearing) bool {
	heard = slices.DeleteFunc(heard, func(h hearing) bool { return !h.live })
	if len(heard) == 0 {
		return false
	}
	unlock := s.lock()
	for _, h := range heard {
		if c := h.session.conn; c != nil {
			c.asked++
			c.send(frame{Op: opHeartbeat})
		}
	}
	unlock()
	over := time.NewTimer(s.AckWithin)
	defer over.Stop()
	for {
		changed := s.Changed()
		if s.beaten(heard) {
			return true
		}
		select {
		case <-changed:
		case <-over.C:
			return false
		}
	}
}

func (s *Sim) beaten(heard []hearing) bool {
	defer s.lock()()
	return slices.ContainsFunc(heard, func(h hearing) bool { return h.session.beat >= h.seq })
}

// dispatchAndWait sends an event as it is to every session, and waits until it is read.
func (s *Sim) dispatchAndWait(o *outgoing) Delivery {
	unlock := s.lock()
	heard := s.broadcastRaw(0, o.Event, o.Body)
	s.change()
	unlock()
	return s.heard(o, heard)
}

// heard completes the record of an event that asks for no answer.
func (s *Sim) heard(o *outgoing, heard []hearing) Delivery {
	o.Sent = slices.ContainsFunc(heard, func(h hearing) bool { return h.live })
	o.Read = s.settled(heard)
	if len(heard) > 0 && !o.Read {
		o.Err = errSilence
	}
	defer s.lock()()
	if len(s.sessions) == 0 {
		o.Err = errNobody
	}
	kept := o.Delivery
	s.deliveries = append(s.deliveries, &kept)
	s.change()
	return o.Delivery
}
