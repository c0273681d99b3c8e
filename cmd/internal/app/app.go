// Package app is the configuration and the wiring of purgebot: the only package that knows every concrete type.
//
// Package app reads no environment by itself (the caller passes a lookup function), wraps the ports to measure and pace
// them, and makes no decision about a purge. Package app imports no simulator.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot"
	"purgebot/bot/store"
)

// App is a running purgebot with its listeners.
type App struct {
	bot      *bot.Bot
	chats    chats
	metrics  *metrics
	web, ops *server

	log          *slog.Logger
	stopWatching context.CancelFunc
}

// executor names the owner of open purges for the durable engine. The name is constant, since the lock of the SQLite
// file admits one process at a time. With the host's name instead, the open purges of a recreated container would have
// no owner.
const executor = "purgebot"

// Start opens the database, resumes open purges, and begins to listen. Its error holds one sentence per problem.
func Start(ctx context.Context, c Config, log *slog.Logger) (*App, error) {
	log.Info("starting", "version", Version(), "go", runtime.Version())
	// The policy and the chats come first, since they change nothing on this machine.
	policy, err := openPolicy(c.ACL, log)
	if err != nil {
		return nil, err
	}
	a := &App{metrics: newMetrics(log), log: log, stopWatching: func() {}}
	if a.chats, err = newChats(c, func() []acl.Subject { return a.named(policy) }, a.metrics, log); err != nil {
		return nil, err
	}
	// The listeners are bound before the database is opened, so that a taken address leaves no new file behind.
	if a.web, err = bind("PURGEBOT_LISTEN", c.Listen); err == nil {
		a.web.http.WriteTimeout += c.Patience
		a.ops, err = bind("PURGEBOT_OPS_LISTEN", c.OpsListen)
	}
	// The database and the open purges come last.
	if err == nil {
		a.bot, err = newBot(ctx, c, a, policy, log)
	}
	if err == nil {
		err = a.begin(policy)
	}
	if err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	log.Info("listening", "webhooks", a.web.addr, "ops", a.ops.addr, "config", c)
	return a, nil
}

// named returns the subjects whose group memberships matter now: the subjects of the policy file, and the recipients of
// grants made in chat.
func (a *App) named(policy *policyFile) []acl.Subject {
	all := policy.subjects()
	if a.bot == nil { // the chats are built before the bot
		return all
	}
	return slices.Concat(all, a.bot.Borrowers())
}

// newBot opens the database and connects the bot to the CDN and the chats.
func newBot(ctx context.Context, c Config, a *App, policy *policyFile, log *slog.Logger) (*bot.Bot, error) {
	// The CDN client is made before the database is opened, so that a wrong setting leaves no file behind.
	zone, err := time.LoadLocation(c.QuotaZone)
	if err != nil {
		return nil, fmt.Errorf("PURGEBOT_QUOTA_ZONE: %w", err)
	}
	pace := newPace(c.CDNRate)
	cdn, err := openCDN(c, zone, pace)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, c.Database)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	// Pacing needs the database, because all processes on one database share its turns.
	pace.db = db
	b, err := bot.New(bot.Options{
		Store: db, CDN: a.metrics.cdn(cdn, pace), Platforms: a.chats.platforms(a.metrics),
		Policy: policy.current, Log: log, Executor: executor,
		ConfirmTTL: c.ConfirmTTL, ApprovalTTL: c.ApprovalTTL, EmergencyAfter: c.EmergencyAfter, ConfirmURLs: c.ConfirmURLs,
		Poll: c.Poll, PollMax: max(c.Poll, time.Minute), Deadline: c.Deadline, EditGap: time.Second,
		QuotaURLs: c.QuotaURLs, QuotaDirectories: c.QuotaDirectories, Zone: zone,
		PersonRate: c.PersonRate, PersonOpen: c.PersonOpen, Keep: c.Keep, AuditChannel: threadOf(c.AuditChannel), Patience: c.Patience,
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return b, nil
}

// begin resumes open purges and then accepts events from the chats.
func (a *App) begin(policy *policyFile) error {
	ctx, stop := context.WithCancel(context.Background())
	a.stopWatching = stop
	go policy.watch(ctx)
	a.ops.serve(opsHandler(a.bot, policy, a.metrics))
	if err := a.bot.Start(); err != nil {
		return err
	}
	h := a.metrics.handler(a.bot)
	a.web.serve(drained(a.chats.routes(h)))
	return a.chats.start(ctx, h)
}

// Addr returns the address of the webhooks.
func (a *App) Addr() string { return a.web.addr }

// OpsAddr returns the address of health checks and metrics.
func (a *App) OpsAddr() string { return a.ops.addr }

// Progress counts the unfinished work and lists the finished purges.
type Progress struct {
	bot.Backlog
	Ended   []string // one line for the end of each final purge, newest first
	Refused int64    // commands and presses that got a refusal
}

// Progress reads the progress of all purges from the database.
func (a *App) Progress(ctx context.Context) (Progress, error) {
	backlog, err := a.bot.Backlog(ctx)
	if err != nil {
		return Progress{}, err
	}
	backlog.Cards += a.chats.replying() // a private reply is a message too
	ended, err := a.bot.Ended(ctx)
	return Progress{backlog, ended, a.metrics.refused.Load()}, err
}

// Stop stops listening, waits for calls in flight to be recorded, and leaves open purges for the next start.
func (a *App) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	begun := time.Now()
	a.log.Info("stopping")
	a.stopWatching()
	// The listeners close first, so that no new event arrives.
	var errs []error
	for _, s := range []*server{a.web, a.ops} {
		if s != nil {
			errs = append(errs, s.stop(ctx))
		}
	}
	// The private replies, the bot and the last cards finish next, in this order.
	a.chats.stop()
	if a.bot != nil {
		errs = append(errs, a.bot.Stop(12*time.Second))
	}
	a.chats.settle()
	err := errors.Join(errs...)
	a.log.Info("stopped", "took", time.Since(begun).Round(time.Millisecond), "error", err)
	return err
}

// Wait returns when a listener fails, or nil when ctx ends.
func (a *App) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-a.web.failed:
		return err
	case err := <-a.ops.failed:
		return err
	}
}

// server is the HTTP server on one address.
type server struct {
	http     *http.Server
	listener net.Listener
	addr     string
	failed   chan error
}

// bind opens the address that a variable names. Connections that arrive before serve are queued.
func bind(variable, addr string) (*server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	// The timeouts keep a slow sender from holding a connection (a slow loris).
	return &server{listener: l, addr: l.Addr().String(), failed: make(chan error, 1), http: &http.Server{
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
	}}, nil
}

func (s *server) serve(h http.Handler) {
	s.http.Handler = h
	go func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
}

func (s *server) stop(ctx context.Context) error {
	defer s.listener.Close() // http.Server does not close a listener that never served
	return s.http.Shutdown(ctx)
}
