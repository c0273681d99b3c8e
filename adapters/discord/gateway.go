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

// gateway keeps one session with Discord's gateway in spite of discordgo's weaknesses: discordgo can hang in
// its own locks (https://github.com/bwmarrin/discordgo/issues/513), detects silence late, and reconnects in
// hopeless cases. So the gateway does not wait for discordgo, does all reconnecting itself, and abandons a
// session with its connection if discordgo does not return in time.
type gateway struct {
	d        *Discord
	state    problem // nil if connected
	patience patience
}

// patience is the set of a gateway's time limits; tests have shorter ones.
type patience struct {
	open   time.Duration // time to connect, until READY
	silent time.Duration // time without an acknowledged heartbeat; Discord expects one every 41.25 s
	stuck  time.Duration // time in discordgo's lock, which it normally holds for a second at most
	look   time.Duration // interval of the checks
	first  time.Duration // wait before the second attempt, doubling
	most   time.Duration // longest wait between attempts; Discord voids a token after 1,000 sessions a day
	lasted time.Duration // duration of a connection after which the waits start again with first
	// Waits after Discord refuses the token or the settings, doubling from refused to refusedMost: a 401 may be
	// temporary, and an operator may correct the settings at any time.
	refused, refusedMost time.Duration
	invalid              time.Duration // shortest wait between op 9 and IDENTIFY; the longest is five times that
	farewell             time.Duration // time for Discord to answer the close frame of a stop
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

// run keeps a session until ctx ends. It repeats every failure, because otherwise purgebot would stay deaf
// until a restart.
func (g *gateway) run(ctx context.Context, deliver func(name string, data []byte)) {
	var s *session
	defer func() { s.leave(g.patience.farewell) }()
	wait, refused := g.patience.first, g.patience.refused
	for ctx.Err() == nil {
		// Keep one connection for as long as possible.
		began := time.Now()
		err := g.keep(ctx, &s, deliver)
		if ctx.Err() != nil {
			return
		}
		// Report the loss, and choose the wait before the next attempt.
		if time.Since(began) > g.patience.lasted {
			wait, refused = g.patience.first, g.patience.refused
		}
		g.state.set(unwell(err))
		pause := wait/2 + rand.N(wait/2+1)
		if hopeless(err) {
			pause, refused = refused, min(2*refused, g.patience.refusedMost)
			g.d.config.Log.Error("discord: the gateway refuses purgebot, which receives nothing until the cause is corrected", "again_in", pause, "error", unwell(err))
		} else {
			wait = min(2*wait, g.patience.most)
			g.d.config.Log.Warn("discord: gateway lost", "again_in", pause, "error", g.d.redact(err.Error()))
		}
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// keep connects, resumes the session if possible, and returns the reason for the end of the connection.
func (g *gateway) keep(ctx context.Context, s **session, deliver func(string, []byte)) error {
	// Begin a session, or check the token of an existing one.
	if *s == nil {
		if err := g.mayIdentify(ctx); err != nil {
			return err
		}
		*s = g.newSession(deliver)
	} else if _, err := g.d.whoami(ctx, 0); hopeless(err) {
		return err // discordgo hides the code of a closed connection, and an invalid token deserves no further one
	}
	// Connect, and watch the connection.
	err := (*s).open(ctx, g.patience.open)
	if err == nil {
		err = g.watch(ctx, *s)
	}
	// Keep the session if it can be resumed.
	if errors.Is(err, errSilence) && (*s).cut(g.patience.stuck) {
		return err // and resume: missed events are replayed
	}
	if ctx.Err() == nil && !(*s).resumable(err) {
		(*s).abandon()
		*s = nil
	}
	return err
}

// resumable reports whether a session is worth another connection after this error.
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

// mayIdentify checks whether a new session may begin:
// https://docs.discord.com/developers/events/gateway#session-start-limit-object
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
	if said.Limit == nil || said.Limit.Remaining >= identifies { // the number that one connection may use
		return nil
	}
	after := time.Duration(said.Limit.ResetAfter) * time.Millisecond
	err := &purge.Error{Kind: purge.Unavailable, RetryAfter: after,
		Message: fmt.Sprintf("Discord lets purgebot begin no more sessions for %s; another process may be using DISCORD_TOKEN.", after.Round(time.Second))}
	g.state.set(err)
	_ = sleep(ctx, after)
	return err
}

// watch returns when a connection has ended or is stuck. It tries discordgo's lock without waiting for it.
func (g *gateway) watch(ctx context.Context, s *session) error {
	tick := time.NewTicker(g.patience.look)
	defer tick.Stop()
	free, opened, ready := time.Now(), time.Now(), false
	for {
		// Wait for an event of the connection, or for the next check.
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
		// Check that READY comes in time.
		if !ready && now.Sub(opened) > g.patience.open {
			return errStuck
		}
		// Check that discordgo releases its lock.
		if !s.TryRLock() {
			if now.Sub(free) > g.patience.stuck {
				return errStuck
			}
			continue
		}
		// Check that Discord acknowledges heartbeats.
		acknowledged := s.LastHeartbeatAck
		s.RUnlock()
		if free = now; now.Sub(acknowledged) > g.patience.silent {
			return errSilence
		}
	}
}

// session is a discordgo session with control over its connection.
type session struct {
	*discordgo.Session
	ended  chan struct{} // receives a token when a connection ends
	ready  chan struct{} // receives a token at READY or RESUMED, because Open also returns after op 9
	line   line
	opened bool
	begun  atomic.Bool // READY has arrived, so there is a session to resume
	resume resumeURL
}

const (
	intents        = discordgo.IntentGuilds | discordgo.IntentGuildMessages
	messageContent = discordgo.IntentMessageContent
)

func (g *gateway) newSession(deliver func(string, []byte)) *session {
	s := &session{Session: g.d.newSession(), ended: make(chan struct{}, 1), ready: make(chan struct{}, 1)}
	s.line = line{invalid: g.patience.invalid, lasted: g.patience.lasted}
	s.Token, s.Identify.Token = g.d.config.Token, g.d.config.Token // without the prefix "Bot " of calls
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

// hear handles one event of a session.
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

// open connects, with a limit on the wait for discordgo. discordgo may continue in the background until the
// session is abandoned.
func (s *session) open(ctx context.Context, within time.Duration) error {
	forget(s.ended) // tokens of the previous connection
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

// connect makes discordgo ask for an address each time, even if it remembers one, because a session is resumed
// at its own address. discordgo forgets an address after a failed dial, so the first dial is made to fail
// locally.
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

// cut closes the connection below discordgo, without a close frame, which would end the session. It reports
// whether discordgo noticed.
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

// abandon closes the connection for good, so that discordgo's remaining work on the session reaches no network.
func (s *session) abandon() {
	if s != nil {
		s.line.hangUp(true)
	}
}

// leave ends the session for good with a close frame, after which Discord shows the bot as offline immediately.
// It waits until Discord has closed the connection, for a limited time, because discordgo may hang in its lock.
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

// fatal maps the codes of a final close to instructions:
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
var fatal = map[int]string{
	4004: tokenGone,
	4010: "Discord refuses purgebot's shard. Tell whoever maintains purgebot.",
	4011: "Discord wants this bot sharded: it is in more servers than purgebot is made for. Make it leave those it does not serve.",
	4012: "Discord no longer speaks the gateway's version that purgebot does. Update purgebot.",
	4013: "Discord does not know the intents that purgebot asks for. Update purgebot.",
	4014: "Discord refuses the Message Content intent. Switch it on in the developer portal, on the Bot page below Privileged Gateway Intents, or set DISCORD_MESSAGE_CONTENT to false.",
}

// hopeless reports whether attempts will fail until the operator acts. A 401 counts, although it may be
// temporary.
func hopeless(err error) bool {
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return fatal[closed.Code] != ""
	}
	var refusal apiError
	return errors.As(err, &refusal) && refusal.status == http.StatusUnauthorized
}

const sayTriesAgain = " purgebot tries again every few minutes."

// unwell returns the error that Health reports for a lost connection.
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
