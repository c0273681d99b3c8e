package discord

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

var (
	errElsewhere = errors.New("dial refused, so that discordgo forgets the address")
	errInvalid   = errors.New("Discord refused IDENTIFY again")
)

// line is the connection under a session. It controls the parts of discordgo's behaviour that have no setting.
type line struct {
	invalid time.Duration // shortest wait before an IDENTIFY after op 9
	lasted  time.Duration // time after which the count of IDENTIFYs restarts

	mu      sync.Mutex
	conn    *paced
	refuses bool // applies to the next dial
	dead    bool
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	l.mu.Lock()
	refuses := l.refuses
	l.mu.Unlock()
	if refuses {
		return nil, errElsewhere
	}
	// Dial.
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	// Keep the connection, unless the session was abandoned meanwhile.
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		conn.Close()
		return nil, net.ErrClosed
	}
	l.conn = &paced{Conn: conn, invalid: l.invalid, lasted: l.lasted, gone: make(chan struct{})}
	return l.conn, nil
}

// refuse switches the immediate failure of dials on or off.
func (l *line) refuse(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuses = on
}

// current returns the last connection, or nil.
func (l *line) current() *paced {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn
}

// reached reports whether the last connection became a websocket.
func (l *line) reached() bool {
	p := l.current()
	return p != nil && p.is(&p.open)
}

// spent reports whether the last connection ended because Discord refuses new sessions.
func (l *line) spent() bool {
	p := l.current()
	return p != nil && p.is(&p.spent)
}

// leaves announces a close frame as the next write. The returned channel is closed when the frame is answered
// or the connection has ended; it is nil without a connection.
func (l *line) leaves() <-chan struct{} {
	p := l.current()
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaving = true
	return p.gone
}

func (l *line) hangUp(forGood bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = l.dead || forGood
	if l.conn != nil {
		l.conn.Close()
	}
}

// identifies is the number of times that a connection may send IDENTIFY, or RESUME and then IDENTIFY, while
// Discord answers with op 9.
const identifies = 2

// short is a size in bytes: heartbeats and close frames are shorter, even in TLS; messages with the token are
// longer.
const short = 96

// paced delays the answer to op 9. discordgo repeats IDENTIFY immediately after every refusal, and each one
// counts against the token: https://docs.discord.com/developers/events/gateway#session-start-limit
type paced struct {
	net.Conn
	invalid, lasted time.Duration
	gone            chan struct{}

	mu    sync.Mutex
	open  bool // the connection is a websocket: from now on long messages are IDENTIFY or RESUME
	said  int  // number of those messages
	last  time.Time
	spent bool
	// The states of a close frame: announced, being written, and answered.
	leaving, left, ended bool
}

func (p *paced) is(what *bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *what
}

// SetDeadline implements net.Conn. The dialer removes its deadline once the connection is a websocket.
func (p *paced) SetDeadline(t time.Time) error {
	if t.IsZero() {
		p.mu.Lock()
		p.open = true
		p.mu.Unlock()
	}
	return p.Conn.SetDeadline(t)
}

// Read implements net.Conn.
func (p *paced) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	if (err != nil || p.left) && !p.ended {
		p.ended = true
		close(p.gone)
	}
	return n, err
}

// Write implements net.Conn.
func (p *paced) Write(b []byte) (int, error) {
	if len(b) < short {
		p.mu.Lock()
		p.left = p.leaving
		p.mu.Unlock()
		return p.Conn.Write(b)
	}
	wait, err := p.turn()
	if err != nil {
		p.Conn.Close()
		return 0, err
	}
	time.Sleep(wait)
	return p.Conn.Write(b)
}

// turn returns the wait before an IDENTIFY: none for the first, and one for each later IDENTIFY, which answers
// an op 9.
func (p *paced) turn() (time.Duration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open {
		return 0, nil
	}
	// Count the IDENTIFYs, and restart the count after a long connection.
	now := time.Now()
	again := p.said > 0
	if now.Sub(p.last) > p.lasted {
		p.said = min(p.said, 1)
	}
	p.last, p.said = now, p.said+1
	// Choose the wait.
	switch {
	case p.said > identifies:
		p.spent = true
		return 0, errInvalid
	case again:
		return p.invalid + rand.N(4*p.invalid+1), nil
	}
	return 0, nil
}
