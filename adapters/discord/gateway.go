package discord

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	"purgebot/purge"
)

// gateway keeps one session with Discord's gateway, whatever becomes of discordgo's: that can hang for ever in its own locks
// (https://github.com/bwmarrin/discordgo/issues/513), notices silence late, and reconnects where it never should. So it is never
// waited for, reconnects nothing by itself, and is abandoned with its connection when it does not come back in time.
type gateway struct {
	d        *Discord
	state    problem // nil is connected
	patience patience
}

// patience is how long a gateway may take; tests have less.
type patience struct {
	open   time.Duration // to connect, until READY
	silent time.Duration // without an acknowledged heartbeat: Discord asks for one every 41.25 s
	stuck  time.Duration // in discordgo's lock, which it holds for a second at most
	look   time.Duration // how often all that is looked at
	first  time.Duration // before the second try, doubling
	most   time.Duration // between tries; at 1,000 sessions a day Discord voids the token
	lasted time.Duration // that a connection stood for the next to begin with first again
	// Before the next try where Discord refuses the token or the settings, doubling to refusedMost: a 401 may pass, and an operator
	// may mend what is wrong at any time.
	refused, refusedMost time.Duration
	invalid              time.Duration // between op 9 and IDENTIFY, at least; five times that at most
	farewell             time.Duration // for Discord to answer the close frame of a stop
}

var patiently = patience{
	open: 20 * time.Second, silent: 50 * time.Second, stuck: 10 * time.Second, look: time.Second,
	first: time.Second, most: 2 * time.Minute, lasted: time.Minute, refused: time.Minute, refusedMost: 5 * time.Minute,
	invalid: time.Second, farewell: 2 * time.Second,
}

var (
	errDropped = errors.New("the connection ended")
	errSilence = errors.New("no heartbeat was acknowledged")
	errStuck   = errors.New("discordgo does not come back")
)

func newGateway(d *Discord) *gateway {
	g := &gateway{d: d, patience: patiently}
	g.state.set(&purge.Error{Kind: purge.Unavailable, Message: "purgebot is still connecting to Discord's gateway."})
	return g
}

// run keeps a session until ctx ends. Whatever Discord says, it is tried again: purgebot must not stay deaf for want of a restart.
func (g *gateway) run(ctx context.Context, deliver func(name string, data []byte)) {
	var s *session
	defer func() { s.leave(g.patience.farewell) }()
	wait, refused := g.patience.first, g.patience.refused
	for ctx.Err() == nil {
		began := time.Now()
		err := g.keep(ctx, &s, deliver)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > g.patience.lasted {
			wait, refused = g.patience.first, g.patience.refused
		}
		g.state.set(unwell(err))
		pause := wait/2 + rand.N(wait/2+1)
		if hopeless(err) {
			pause, refused = refused, min(2*refused, g.patience.refusedMost)
			g.d.config.Log.Error("discord: the gateway is closed to purgebot, which hears nothing until that is mended", "again_in", pause, "error", unwell(err))
		} else {
			wait = min(2*wait, g.patience.most)
			g.d.config.Log.Warn("discord: gateway lost", "again_in", pause, "error", g.d.redact(err.Error()))
		}
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// keep connects, with the session there is if it can be resumed, and returns why the connection ended.
func (g *gateway) keep(ctx context.Context, s **session, deliver func(string, []byte)) error {
	if *s == nil {
		if err := g.mayIdentify(ctx); err != nil {
			return err
		}
		*s = g.newSession(deliver)
	} else if _, err := g.d.whoami(ctx, 0); hopeless(err) {
		return err // discordgo does not tell the code that it was closed with, and a dead token is worth no connection
	}
	err := (*s).open(ctx, g.patience.open)
	if err == nil {
		err = g.watch(ctx, *s)
	}
	if errors.Is(err, errSilence) && (*s).cut(g.patience.stuck) {
		return err // and resume: what was said meanwhile is replayed
	}
	if ctx.Err() == nil && !(*s).resumable(err) {
		(*s).abandon()
		*s = nil
	}
	return err
}

// resumable reports whether a session that ended so is worth another connection.
func (s *session) resumable(err error) bool {
	var refused *websocket.CloseError
	switch {
	case !s.begun.Load(), s.line.spent():
		return false
	case errors.Is(err, errDropped):
		return true
	}
	return !errors.Is(err, errStuck) && !errors.Is(err, errSilence) && !errors.As(err, &refused)
}

// mayIdentify asks whether a new session may begin: https://docs.discord.com/developers/events/gateway#session-start-limit-object
func (g *gateway) mayIdentify(ctx context.Context) error {
	var said struct {
		Limit *struct {
			Remaining  int   `json:"remaining"`
			ResetAfter int64 `json:"reset_after"`
		} `json:"session_start_limit"`
	}
	if err := g.d.call(ctx, http.MethodGet, "/gateway/bot", nil, &said); err != nil && !missing(err) {
		return err
	}
	if said.Limit == nil || said.Limit.Remaining >= identifies { // a connection may use as many
		return nil
	}
	after := time.Duration(said.Limit.ResetAfter) * time.Millisecond
	err := &purge.Error{Kind: purge.Unavailable, RetryAfter: after,
		Message: fmt.Sprintf("Discord lets purgebot begin no more sessions for %s; another process may be using DISCORD_TOKEN.", after.Round(time.Second))}
	g.state.set(err)
	_ = sleep(ctx, after)
	return err
}

// watch returns when a connection has ended, or should have. It touches discordgo's lock without waiting for it.
func (g *gateway) watch(ctx context.Context, s *session) error {
	tick := time.NewTicker(g.patience.look)
	defer tick.Stop()
	free, opened, ready := time.Now(), time.Now(), false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return errDropped
		case <-s.ready:
			ready = true
			g.state.set(nil)
		case <-tick.C:
		}
		now := time.Now()
		if !ready && now.Sub(opened) > g.patience.open {
			return errStuck
		}
		if !s.TryRLock() {
			if now.Sub(free) > g.patience.stuck {
				return errStuck
			}
			continue
		}
		acknowledged := s.LastHeartbeatAck
		s.RUnlock()
		if free = now; now.Sub(acknowledged) > g.patience.silent {
			return errSilence
		}
	}
}

// session is one of discordgo's, and a hold on its connection.
type session struct {
	*discordgo.Session
	ended  chan struct{} // a token for a connection that ended
	ready  chan struct{} // a token for READY or RESUMED: Open returns after op 9 too
	line   line
	opened bool
	begun  atomic.Bool // READY was heard: there is something to resume
	resume resumeURL
}

const (
	intents        = discordgo.IntentGuilds | discordgo.IntentGuildMessages
	messageContent = discordgo.IntentMessageContent
)

func (g *gateway) newSession(deliver func(string, []byte)) *session {
	s := &session{Session: g.d.newSession(), ended: make(chan struct{}, 1), ready: make(chan struct{}, 1)}
	s.line = line{invalid: g.patience.invalid, lasted: g.patience.lasted}
	s.Token, s.Identify.Token = g.d.config.Token, g.d.config.Token // without the "Bot " that calls have before it
	s.Identify.Intents = intents
	if g.d.config.MessageContent {
		s.Identify.Intents |= messageContent
	}
	dialer := *s.Dialer
	dialer.NetDialContext, dialer.HandshakeTimeout = s.line.dial, g.patience.open
	s.Dialer = &dialer
	s.Client = &http.Client{Timeout: s.Client.Timeout, Transport: directory{s.Client.Transport, &s.resume}}
	s.AddHandler(func(_ *discordgo.Session, _ *discordgo.Disconnect) { signal(s.ended) })
	s.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) { g.hear(s, e, deliver) })
	return s
}

// hear takes one event of a session.
func (g *gateway) hear(s *session, e *discordgo.Event, deliver func(string, []byte)) {
	switch e.Type {
	case "READY":
		s.resume.learn(e.RawData)
		s.begun.Store(true)
		signal(s.ready)
	case "RESUMED":
		signal(s.ready)
	}
	_, err := guarded(func() (struct{}, error) { deliver(e.Type, e.RawData); return struct{}{}, nil })
	if err != nil {
		g.d.config.Log.Error("discord: delivery failed", "event", e.Type, "error", err)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func forget(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// open connects, and does not wait for discordgo longer than it may take; it may go on behind until the session is abandoned.
func (s *session) open(ctx context.Context, within time.Duration) error {
	forget(s.ended) // of the connection before
	forget(s.ready)
	done := make(chan error, 1)
	go func() {
		_, err := guarded(func() (struct{}, error) { return struct{}{}, s.connect() })
		done <- err
	}()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errStuck
	}
}

// connect has discordgo ask for an address each time, also where it remembers one: a session is resumed at an address of its own.
// discordgo forgets an address at which a dial fails, so the first dial is one that does not leave the house.
func (s *session) connect() error {
	if s.opened {
		s.line.refuse(true)
		_ = s.Open()
		s.line.refuse(false)
	}
	s.opened = true
	err := s.Open()
	if err != nil && !s.line.reached() {
		s.resume.forget()
	}
	return err
}

// cut ends the connection under discordgo, without a word that would end the session, and reports whether discordgo noticed.
func (s *session) cut(within time.Duration) bool {
	s.line.hangUp(false)
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-s.ended:
		return true
	case <-timer.C:
		return false
	}
}

// abandon ends the connection for good: whatever discordgo still does with this session meets no network.
func (s *session) abandon() {
	if s != nil {
		s.line.hangUp(true)
	}
}

// leave ends the session for good, and says so to Discord, which then shows the bot as offline at once. It waits until Discord has
// hung up, but not long: discordgo may hang in its lock.
func (s *session) leave(within time.Duration) {
	if s == nil {
		return
	}
	gone, closed := s.line.leaves(), make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = guarded(func() (struct{}, error) { return struct{}{}, s.Close() })
	}()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-gone:
	case <-closed:
	case <-timer.C:
	}
	s.abandon()
}

// fatal is what to do about the codes with which Discord closes for good:
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
var fatal = map[int]string{
	4004: tokenGone,
	4010: "Discord refuses purgebot's shard. Tell whoever maintains purgebot.",
	4011: "Discord wants this bot sharded: it is in more servers than purgebot is made for. Make it leave those it does not serve.",
	4012: "Discord no longer speaks the gateway's version that purgebot does. Update purgebot.",
	4013: "Discord does not know the intents that purgebot asks for. Update purgebot.",
	4014: "Discord refuses the Message Content intent. Switch it on in the developer portal, on the Bot page below Privileged Gateway Intents, or set DISCORD_MESSAGE_CONTENT to false.",
}

// hopeless reports whether no further try can help before something is changed; but a 401 was seen to pass.
func hopeless(err error) bool {
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return fatal[closed.Code] != ""
	}
	var refusal apiError
	return errors.As(err, &refusal) && refusal.status == http.StatusUnauthorized
}

const sayTriesAgain = " purgebot tries again every few minutes."

// unwell is what Health says about a lost connection.
func unwell(err error) *purge.Error {
	var closed *websocket.CloseError
	var known *purge.Error
	switch {
	case errors.As(err, &closed) && fatal[closed.Code] != "":
		return &purge.Error{Kind: purge.Internal, Message: fatal[closed.Code] + sayTriesAgain, Err: fmt.Errorf("gateway closed with %d", closed.Code)}
	case errors.As(err, &known) && hopeless(err):
		return &purge.Error{Kind: known.Kind, Message: known.Message + sayTriesAgain, Err: known.Err}
	case errors.As(err, &known):
		return known
	}
	return &purge.Error{Kind: purge.Unavailable, Message: "Discord's gateway is not connected; purgebot is trying again.", Err: bare(err)}
}
