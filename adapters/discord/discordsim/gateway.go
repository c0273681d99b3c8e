package discordsim

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Opcodes: https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-opcodes
const (
	opDispatch       = 0
	opHeartbeat      = 1
	opIdentify       = 2
	opResume         = 6
	opReconnect      = 7
	opInvalidSession = 9
	opHello          = 10
	opAck            = 11
)

// What an application may send: https://docs.discord.com/developers/events/gateway#sending-events and #rate-limiting
const (
	maxSent      = 4096
	maxPerMinute = 120
)

// bigPayload is from where a payload is compressed for a client that asked for it.
const bigPayload = 1 << 10

// frame is one payload, either way.
type frame struct {
	Op int             `json:"op"`
	D  json.RawMessage `json:"d"`
	S  *int            `json:"s"`
	T  *string         `json:"t"`
}

// conn is one websocket. Its fields are guarded by the simulator's lock; out is what waits to be written.
type conn struct {
	sim      *Sim
	ws       *websocket.Conn
	opening  opening
	path     string
	session  *session
	out      []frame
	wake     chan struct{}
	muted    bool
	gone     bool
	code     int // what we close with; 0 is without a close frame
	compress bool
	begun    time.Time // of the minute in which sent counts
	sent     int
	asked    int // heartbeats that we asked for, and that do not count
}

func (s *Sim) getGateway(*request) (answer, *failure) { return ok(node{"url": s.gatewayURL()}) }

// getGatewayBot: https://docs.discord.com/developers/events/gateway#get-gateway-bot
func (s *Sim) getGatewayBot(*request) (answer, *failure) {
	return ok(node{"url": s.gatewayURL(), "shards": 1, "session_start_limit": node{"total": s.IdentifyLimit,
		"remaining": max(s.IdentifyLimit-s.stats.Identifies, 0), "reset_after": 14400000, "max_concurrency": 1}})
}

func (s *Sim) gatewayURL() string { return "ws" + strings.TrimPrefix(s.own, "http") }

// serveGateway: https://docs.discord.com/developers/events/gateway#connection-lifecycle
func (s *Sim) serveGateway(w http.ResponseWriter, r *http.Request) {
	opening := s.nextOpening()
	if opening.how == RefuseUpgrade {
		status, _, body, _ := page(http.StatusServiceUnavailable)
		w.WriteHeader(status)
		_, _ = w.Write(body)
		return
	}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	ws.SetReadLimit(1 << 20)
	c := &conn{sim: s, ws: ws, opening: opening, path: r.URL.Path, wake: make(chan struct{}, 1)}
	go c.write()
	c.greet(r.URL.Query())
	c.read()
}

// nextOpening uses up one of what Meet and RefuseWith asked for.
func (s *Sim) nextOpening() opening {
	defer s.lock()()
	if s.down {
		return opening{how: RefuseUpgrade}
	}
	for i := range s.openings {
		if o := &s.openings[i]; o.n != 0 {
			if o.n > 0 {
				o.n--
			}
			return *o
		}
	}
	return opening{}
}

// greet says HELLO, or what stands in its place.
func (c *conn) greet(query url.Values) {
	defer c.sim.lock()()
	c.sim.conns[c] = true
	c.sim.stats.Dials++
	version, encoding := query.Get("v"), query.Get("encoding")
	switch {
	case version != "" && version != "9" && version != "10":
		c.close(4012)
	case encoding != "" && encoding != "json":
		c.close(4002)
	case c.opening.how == HangUpBeforeHello:
		c.close(0)
	case c.opening.how == NoHello:
	case c.opening.how == ReconnectNotHello:
		c.send(frame{Op: opReconnect})
	default:
		c.send(frame{Op: opHello, D: rawJSON(node{"heartbeat_interval": c.sim.HeartbeatEvery.Milliseconds()})})
		c.alive()
	}
	c.sim.change()
}

// alive gives the client until the beat after next.
func (c *conn) alive() {
	_ = c.ws.SetReadDeadline(time.Now().Add(2*c.sim.HeartbeatEvery + time.Second))
}

// read takes what the client sends until the connection ends, and finds out how it ended.
func (c *conn) read() {
	for {
		_, raw, err := c.ws.ReadMessage()
		if err != nil {
			c.end(err)
			return
		}
		c.take(raw)
	}
}

func (c *conn) take(raw []byte) {
	defer c.sim.lock()()
	var f frame
	switch {
	case c.muted || c.gone:
		return
	case len(raw) > maxSent || json.Unmarshal(raw, &f) != nil:
		c.close(4002)
		return
	case c.tooMany(f.Op):
		c.close(4008)
		return
	}
	switch f.Op {
	case opHeartbeat:
		c.heartbeat(f.D)
	case opIdentify:
		c.identify(f.D)
	case opResume:
		c.resume(f.D)
	case 3, 4, 8: // presence, voice, members: nothing of this bot's
		if c.session == nil {
			c.close(4003)
		}
	default:
		c.close(4001)
	}
	c.sim.change()
}

// tooMany counts what the client sends by itself.
func (c *conn) tooMany(op int) bool {
	if op == opHeartbeat && c.asked > 0 {
		c.asked--
		return false
	}
	if now := c.sim.Now(); now.Sub(c.begun) > time.Minute {
		c.begun, c.sent = now, 0
	}
	c.sent++
	return c.sent > maxPerMinute
}

func (c *conn) heartbeat(d json.RawMessage) {
	var seq int
	_ = json.Unmarshal(d, &seq) // null before the first event
	c.sim.stats.Heartbeats++
	if c.session != nil {
		c.session.beat = max(c.session.beat, seq)
	}
	c.alive()
	c.send(frame{Op: opAck})
}

// end notes how the connection ended. Without a close frame, or with another code than 1000 and 1001, the session stays:
// https://docs.discord.com/developers/events/gateway#initiating-a-disconnect
func (c *conn) end(err error) {
	defer c.sim.lock()()
	code := websocket.CloseAbnormalClosure
	if closed, said := err.(*websocket.CloseError); said {
		code = closed.Code
	}
	if c.session != nil && (code == websocket.CloseNormalClosure || code == websocket.CloseGoingAway) && c.session.conn == c {
		c.sim.kill(c.session)
	}
	if !c.gone {
		c.sim.stats.Codes = append(c.sim.stats.Codes, code)
	}
	c.detach()
	c.gone = true
	c.ring()
	delete(c.sim.conns, c)
	c.sim.change()
}

func (c *conn) detach() {
	if c.session != nil && c.session.conn == c {
		c.session.conn = nil
	}
	c.session = nil
}

// close ends the connection from our side once everything before it is written; code 0 sends no close frame.
func (c *conn) close(code int) {
	if c.gone {
		return
	}
	c.detach()
	c.gone, c.code = true, code
	c.ring()
}

// send queues a payload.
func (c *conn) send(f frame) {
	if c.muted || c.gone {
		return
	}
	c.out = append(c.out, f)
	c.ring()
}

func (c *conn) ring() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write empties the queue whenever something is in it, and closes the socket at the end.
func (c *conn) write() {
	defer c.ws.Close()
	for range c.wake {
		unlock := c.sim.lock()
		out, gone, code, compress := c.out, c.gone, c.code, c.compress
		c.out = nil
		unlock()
		for _, f := range out {
			if c.put(f, compress) != nil {
				return
			}
		}
		if gone {
			if code != 0 {
				_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
			}
			return
		}
	}
}

// put writes one payload: https://docs.discord.com/developers/events/gateway#payload-compression
func (c *conn) put(f frame, compress bool) error {
	_ = c.ws.SetWriteDeadline(time.Now().Add(10 * time.Second))
	raw := rawJSON(f)
	if !compress || len(raw) < bigPayload {
		return c.ws.WriteMessage(websocket.TextMessage, raw)
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(raw)
	_ = z.Close()
	return c.ws.WriteMessage(websocket.BinaryMessage, packed.Bytes())
}
