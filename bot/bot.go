// Package bot is the conversation. Its desk takes events, finds out who asks and where, decides by the rules, commits what was
// decided, and answers; the packages below it run purges, show cards and word them. It decides nothing about access by itself: the
// policy does. It takes no purge that it has not committed.
package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/chat"
	"purgebot/bot/poster"
	"purgebot/bot/rules"
	"purgebot/bot/runner"
	"purgebot/bot/store"
	"purgebot/bot/vendor"
	"purgebot/purge"
)

// Options is all that a Bot is made of. Every field is needed unless it says otherwise.
type Options struct {
	Store     *store.Store
	CDN       purge.CDN
	Platforms map[string]chat.Platform
	Policy    func() *acl.Policy // the policy of this moment; never nil
	Log       *slog.Logger
	Executor  string           // unique per process sharing the database, stable across restarts
	Now       func() time.Time // optional; the engine's durable waits keep the real clock

	ConfirmTTL  time.Duration // how long a requester may take to press
	ApprovalTTL time.Duration // how long a second person may take
	// EmergencyAfter is how long a second person has before those of the policy's emergency may purge without; 0 is five minutes.
	EmergencyAfter time.Duration
	ConfirmURLs    int           // URLs a person may purge in ten minutes without being asked
	Poll           time.Duration // first wait before looking again; doubles up to PollMax
	PollMax        time.Duration
	Deadline       time.Duration // after it a purge is left as it is last known
	EditGap        time.Duration // least time between two edits of one message

	QuotaURLs, QuotaDirectories int // the account's, per vendor day and area; 0 is no limit
	Zone                        *time.Location
	PersonRate                  int // commands a person may send in ten seconds
	PersonOpen                  int // purges a person may have open
	Keep                        time.Duration
	// Patience is optional: what each bound on the answer to an event has added to it. A chat waits three seconds, so there is some only
	// where a chat is simulated on a machine that may be busy.
	Patience     time.Duration
	AuditChannel chat.Thread // optional: where every purge, decision and rule from chat is told
}

// Bot holds the conversation. It is a Handler: the desk takes events and decides, the runner runs purges, and the poster shows
// cards and notices. All three ask the same rules and know the same of the vendor.
type Bot struct {
	*books.Books
	*desk
	*rules.Rules
	waits  *books.Waits
	vendor *vendor.Vendor
	poster *poster.Poster
	runner *runner.Runner

	vitals    *vitals // how everything is that the bot hangs on
	tendEvery time.Duration
	stop      context.CancelFunc
}

var _ chat.Handler = (*Bot)(nil)

// New opens the durable engine on the store's database. It takes nothing up before Start.
func New(o Options) (*Bot, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	kept := books.New(o.Store, o.Log, o.Now)
	kept.Patience = o.Patience
	law := rules.New(kept, o.Policy)
	patience := &books.Waits{Books: kept, ConfirmTTL: o.ConfirmTTL, ApprovalTTL: o.ApprovalTTL, EmergencyAfter: cmp.Or(o.EmergencyAfter, books.EmergencyAfter),
		Poll: o.Poll, PollMax: o.PollMax, Deadline: o.Deadline, Part: 2}
	cdn := &vendor.Vendor{Books: kept, Rules: law, CDN: o.CDN, Zone: o.Zone, QuotaURLs: o.QuotaURLs, QuotaDirectories: o.QuotaDirectories}
	shows := poster.New(kept, law, patience, cdn)
	shows.Platforms, shows.EditGap, shows.AuditChannel = o.Platforms, o.EditGap, o.AuditChannel
	runs, err := runner.New(kept, law, patience, cdn, shows, o.Executor, o.Keep)
	if err != nil {
		return nil, err
	}
	b := &Bot{Books: kept, Rules: law, waits: patience, vendor: cdn, poster: shows, runner: runs, tendEvery: tendEvery}
	b.desk = &desk{Books: kept, rules: law, waits: patience, vendor: cdn, poster: shows, runner: runs, rate: newPersonRate(o.PersonRate),
		PersonRate: o.PersonRate, PersonOpen: o.PersonOpen, ConfirmURLs: o.ConfirmURLs}
	b.desk.verbs = verbsOf(b.desk)
	b.vitals = b.newVitals()
	return b, nil
}

// Start takes up every purge that a stop or a kill has left open, and begins to show cards.
func (b *Bot) Start() error {
	if err := b.rules.Read(context.Background()); err != nil {
		return fmt.Errorf("read the rules from chat: %w", err)
	}
	if b.poster.AuditChannel.Channel != "" {
		if _, err := b.Store.FedUntil(context.Background(), poster.AuditFeed); err != nil { // what happens from here on is told
			return fmt.Errorf("begin to tell the audit: %w", err)
		}
	}
	if err := b.runner.Engine.Launch(); err != nil {
		return fmt.Errorf("take up open purges: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = cancel
	b.Done.Go(func() { b.poster.ShowCards(ctx) })
	b.Done.Go(func() { b.tend(ctx) })
	b.Done.Go(func() { b.rules.Watch(ctx) })
	b.Done.Go(func() { b.poster.PostNotices(ctx) })
	if b.poster.AuditChannel.Channel != "" {
		b.Done.Go(func() { b.poster.FeedAudit(ctx, b.poster.AuditChannel) })
	}
	b.vendor.WatchQuota()
	b.vendor.AskDomains(ctx)
	return nil
}

// Stop waits up to the given time for calls in flight to be recorded, then ends the bot and closes the database.
// Open purges stay where they stand and go on at the next Start.
// Nothing may call the Handler any more.
func (b *Bot) Stop(timeout time.Duration) error {
	b.vitals.stop()
	b.Calls.Close(timeout)
	if b.stop != nil {
		b.stop()
		b.Done.Wait()
	}
	return errors.Join(b.runner.Engine.Shutdown(5*time.Second), b.Store.Close())
}

// Backlog is what is under way.
type Backlog struct {
	Open    int // purges that are not final
	Waiting int // of them, those that wait for a press
	Cards   int // messages that are behind what they should show
	Asking  int // questions to the CDN under way that no purge waits for: its quota, its domains, what became of an old purge
}

// Backlog counts what is under way.
func (b *Bot) Backlog(ctx context.Context) (Backlog, error) {
	ids, err := b.Store.Unfinished(ctx)
	if err != nil {
		return Backlog{}, err
	}
	backlog := Backlog{Open: len(ids), Asking: int(b.vendor.Asking.Load())}
	if backlog.Waiting, err = b.Store.Waiting(ctx); err != nil {
		return backlog, err
	}
	due, err := b.Store.DueCards(ctx, 1000)
	if err != nil {
		return backlog, err
	}
	notices, err := b.Store.Notices(ctx, 1000)
	backlog.Cards = len(due) + len(notices)
	return backlog, err
}

// Ended says how the newest purges that are final ended, newest first.
func (b *Bot) Ended(ctx context.Context) ([]string, error) {
	rows, err := b.Store.History(ctx, store.Filter{Limit: 1000})
	var ended []string
	for _, p := range rows {
		if p.State.Final() {
			ended = append(ended, string(p.State))
		}
	}
	return ended, err
}

// tendEvery is how often the bell is rung again, and what the engine does not know or has ended is looked for.
const tendEvery = 5 * time.Second

// tend starts what a kill has left between its commit and the engine, rings for decisions that were not taken up, ends what
// the engine has given up, tells what stays unclear, forgets what is old, keeps what is known of the account's domains new, and asks
// everything how it is.
func (b *Bot) tend(ctx context.Context) {
	for n := 0; ; n++ {
		b.feel()
		b.vendor.AskDomains(ctx)
		b.vendor.WatchQuota()
		b.runner.TendOpen(ctx)
		b.runner.RingDecided(ctx)
		b.poster.TellUnclear(ctx)
		if n%720 == 1 {
			b.runner.Forget(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(b.tendEvery):
		}
	}
}
