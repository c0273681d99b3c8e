package discord

import (
	"context"
	"net"
	"sync"
	"time"
)

// line is the connection under a session.
type line struct {
	every time.Duration // between writes
	mu    sync.Mutex
	conn  net.Conn
	dead  bool
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
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
	l.conn = conn
	return &paced{Conn: conn, every: l.every}, nil
}

// paced slows down whoever identifies too often. discordgo answers every op 9 with an IDENTIFY at once, and Discord one that comes
// too soon with op 9: https://docs.discord.com/developers/events/gateway#rate-limiting
type paced struct {
	net.Conn
	every time.Duration
	mu    sync.Mutex
	next  time.Time // when a write is due, if they came as slowly as they should
}

const (
	atOnce = 12  // TLS, the upgrade, IDENTIFY
	short  = 128 // bytes: a heartbeat, which is never held up, is shorter even in TLS; what holds the token is longer
)

// Write implements net.Conn.
func (p *paced) Write(b []byte) (int, error) {
	if len(b) < short {
		return p.Conn.Write(b)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	time.Sleep(p.next.Sub(now) - atOnce*p.every)
	p.next = p.next.Add(p.every)
	return p.Conn.Write(b)
}

func (l *line) hangUp(forGood bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = l.dead || forGood
	if l.conn != nil {
		l.conn.Close()
	}
}
