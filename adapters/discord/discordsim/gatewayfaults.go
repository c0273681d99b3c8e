package discordsim

import (
	"net/http"
	"slices"
	"time"
)

// Gateway counts what happened on the gateway.
type Gateway struct {
	Dials      int // websockets accepted
	Open       int // of which stand now
	Live       int // of which have a session, and are not mute
	Sessions   int // that are connected or can be resumed
	Identifies int // sent, taken or not
	Resumes    int // that were taken
	Heartbeats int
	Astray     int // RESUMEs at another address than the session's resume_gateway_url
	// Waits are what lay between each op 9 and the IDENTIFY after it, by Now; a client waits 1 to 5 s.
	Waits       []time.Duration
	Codes       []int // with which the application closed, oldest first; 1006 is a connection that just broke
	LastIntents Intent
}

// Gateway returns the counts.
func (s *Sim) Gateway() Gateway {
	defer s.lock()()
	g := s.stats
	g.Waits = slices.Clone(g.Waits)
	g.Codes, g.Open, g.Sessions = slices.Clone(g.Codes), len(s.conns), len(s.sessions)
	for c := range s.conns {
		if c.session != nil && !c.muted {
			g.Live++
		}
	}
	return g
}

// Opening is how the gateway meets a client that connects.
type Opening string

// The openings.
const (
	NoHello           Opening = "no HELLO" // accepts, and says nothing
	ReconnectNotHello Opening = "op 7, not HELLO"
	ReconnectNotReady Opening = "op 7, not READY"     // instead of READY and of RESUMED
	NotReady          Opening = "no READY"            // acknowledges heartbeats, and nothing else
	InvalidNotReady   Opening = "op 9 false"          // instead of READY and of RESUMED
	ResumableNotReady Opening = "op 9 true"           // the session, if there is one, stays
	RefuseUpgrade     Opening = "HTTP 503"            // instead of a websocket
	HangUpBeforeHello Opening = "closed before HELLO" // without a close frame
)

// opening is what the next n connections meet; code, if any, closes them once they identify or resume.
type opening struct {
	how  Opening
	code int
	n    int
}

// Meet makes the next n connections begin so; n < 0 is until Heal.
func (s *Sim) Meet(o Opening, n int) {
	defer s.lock()()
	s.openings = append(s.openings, opening{how: o, n: n})
}

// RefuseWith makes the next n connections close with this code once they identify or resume (4004, 4010 to 4014, 4009);
// n < 0 is until Heal.
func (s *Sim) RefuseWith(code, n int) {
	defer s.lock()()
	s.openings = append(s.openings, opening{code: code, n: n})
}

// live are the connections that have a session.
func (s *Sim) live() []*conn {
	var found []*conn
	for c := range s.conns {
		if c.session != nil {
			found = append(found, c)
		}
	}
	return found
}

// Reconnect sends op 7 on every live connection.
func (s *Sim) Reconnect() {
	defer s.lock()()
	for _, c := range s.live() {
		c.send(frame{Op: opReconnect})
	}
}

// Invalidate sends op 9 on every live connection; unless resumable, the sessions are gone.
func (s *Sim) Invalidate(resumable bool) {
	defer s.lock()()
	for _, c := range s.live() {
		c.invalidate(resumable)
		one := c.session
		c.detach()
		if !resumable {
			s.kill(one)
		}
	}
	s.change()
}

// ending are the codes after which a session cannot be resumed:
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
var ending = []int{1000, 1001, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014}

// Hangup closes every connection with this code; 4004, 4007, 4009 to 4014, 1000 and 1001 end the sessions too.
func (s *Sim) Hangup(code int) {
	defer s.lock()()
	for c := range s.conns {
		if one := c.session; one != nil && slices.Contains(ending, code) {
			s.kill(one)
		}
		c.close(code)
	}
	s.change()
}

// Drop cuts every connection without a close frame. The sessions can be resumed.
func (s *Sim) Drop() {
	defer s.lock()()
	s.cutAll()
}

func (s *Sim) cutAll() {
	for c := range s.conns {
		c.close(0)
	}
	s.change()
}

func (s *Sim) authed(r *http.Request) bool {
	defer s.lock()()
	return r.Header.Get("Authorization") == "Bot "+s.Token
}

// Revoke gives the bot another token, as a reset in the portal does: the old one is good for nothing, and its connections end with 4004.
func (s *Sim) Revoke(token string) {
	unlock := s.lock()
	s.Token = token
	unlock()
	s.Hangup(4004)
}

// Mute makes every connection that stands now die silently: nothing is sent on it any more, heartbeats are not acknowledged,
// and it stays open. What happens meanwhile is replayed on a resume.
func (s *Sim) Mute() {
	defer s.lock()()
	for c := range s.conns {
		c.muted = true
		_ = c.ws.SetReadDeadline(time.Time{})
	}
	s.change()
}

// Starve makes every session that stands now get no more events, for good, though its heartbeats are acknowledged: what
// happened to some applications in 2026 (https://github.com/discord/discord-api-docs/issues/8162).
func (s *Sim) Starve() {
	defer s.lock()()
	for _, one := range s.sessions {
		one.starved = true
	}
}

// RepeatOnResume makes each resume replay the last n events that the application had received already, besides those it
// missed, until Heal.
func (s *Sim) RepeatOnResume(n int) {
	defer s.lock()()
	s.repeats = n
}

// Forget ends every session that has no connection, as a few minutes do: resuming it meets op 9.
func (s *Sim) Forget() {
	defer s.lock()()
	for _, one := range sorted(s.sessions) {
		if one.conn == nil {
			s.kill(one)
		}
	}
}

// Dispatch sends any other event ("GUILD_DELETE") to every session, whatever its intents, and returns when it has been read.
func (s *Sim) Dispatch(event string, data map[string]any, opts ...Option) Delivery {
	o := apply(opts)
	o.Event, o.data = event, data
	o.encode()
	return s.dispatchAndWait(o)
}

// Close cuts every connection for good. It is for the end of a test.
func (s *Sim) Close() { s.Down(true) }
