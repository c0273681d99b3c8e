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
	errElsewhere = errors.New("not at that address")
	errInvalid   = errors.New("Discord refused IDENTIFY again")
)

// line is the connection under a session. What discordgo does on it by itself cannot be configured, so it is seen to here.
type line struct {
	invalid time.Duration // before an IDENTIFY that follows op 9, at least
	lasted  time.Duration // after which IDENTIFYs are counted anew

	mu      sync.Mutex
	conn    *paced
	refuses bool // the next dial
	dead    bool
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	l.mu.Lock()
	refuses := l.refuses
	l.mu.Unlock()
	if refuses {
		return nil, errElsewhere
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		conn.Close()
		return nil, net.ErrClosed
	}
	l.conn = &paced{Conn: conn, invalid: l.invalid, lasted: l.lasted, gone: make(chan struct{})}
	return l.conn, nil
}

// refuse makes dials fail at once, or not.
func (l *line) refuse(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuses = on
}

// current is the connection there was last; nil is none.
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

// spent reports whether the last connection was ended because Discord refuses to begin a session.
func (l *line) spent() bool {
	p := l.current()
	return p != nil && p.is(&p.spent)
}

// leaves says that the next that is written is a close frame. What it returns is closed when that is answered, or when the connection
// has ended; nil if there is none.
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

// identifies is how often a connection may say IDENTIFY, or RESUME and then IDENTIFY, while Discord answers with op 9.
const identifies = 2

// short is in bytes: a heartbeat and a close frame are shorter, even in TLS; what holds the token is longer.
const short = 96

// paced waits before it answers op 9. discordgo says IDENTIFY at once, as often as it is refused, and each counts against the token:
// https://docs.discord.com/developers/events/gateway#session-start-limit
type paced struct {
	net.Conn
	invalid, lasted time.Duration
	gone            chan struct{}

	mu    sync.Mutex
	open  bool // it is a websocket: what is long from now on is IDENTIFY or RESUME
	said  int  // of them
	last  time.Time
	spent bool
	// A close frame is to be written, is being written, and was answered.
	leaving, left, ended bool
}

func (p *paced) is(what *bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *what
}

// SetDeadline implements net.Conn. The dialer lifts its deadline when the connection has become a websocket.
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

// turn says how long to wait before an IDENTIFY: the first needs no wait, and each later one answers an op 9.
func (p *paced) turn() (time.Duration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open {
		return 0, nil
	}
	now := time.Now()
	again := p.said > 0
	if now.Sub(p.last) > p.lasted {
		p.said = min(p.said, 1)
	}
	p.last, p.said = now, p.said+1
	switch {
	case p.said > identifies:
		p.spent = true
		return 0, errInvalid
	case again:
		return p.invalid + rand.N(4*p.invalid+1), nil
	}
	return 0, nil
}
