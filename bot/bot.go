// Package bot is the conversation. Its desk takes events, looks up the person and the place, decides by the rules, commits the
// decision, and answers; the packages below it run purges, show cards and word them. It makes no access rule of its own, and takes
// no purge without a commit.
package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"purgebot/acl"
	"purgebot/bot/account"
	"purgebot/bot/books"
	"purgebot/bot/chat"
	"purgebot/bot/poster"
	"purgebot/bot/rules"
	"purgebot/bot/runner"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Options are the parts of a Bot. Every field is needed unless its comment says otherwise.
type Options struct {
	Store     *store.Store
	CDN       purge.CDN
	Platforms map[string]chat.Platform
	Policy    func() *acl.Policy // the present policy; never nil
	Log       *slog.Logger
	Executor  string           // unique per process sharing the database, stable across restarts
	Now       func() time.Time // optional; the engine's durable waits keep the real clock

	ConfirmTTL  time.Duration // the time for a requester to press
	ApprovalTTL time.Duration // the time for a second person to press
	// EmergencyAfter is the time that a second person has before the people in the policy's emergency list may purge without one; 0
	// is five minutes.
	EmergencyAfter time.Duration
	ConfirmURLs    int           // the URLs that a person may purge in ten minutes without a question
	Poll           time.Duration // the first pause between two looks; it doubles up to PollMax
	PollMax        time.Duration
	Deadline       time.Duration // the end of following: a purge keeps its last known state
	EditGap        time.Duration // the least time between two edits of one message

	QuotaURLs, QuotaDirectories int // the account's quota, per vendor day and area; 0 is no limit
	Zone                        *time.Location
	PersonRate                  int // the commands that a person may send in ten seconds
	PersonOpen                  int // the purges that a person may have open
	Keep                        time.Duration
	// Patience is optional: an addition to each bound on the answer to an event. A chat waits three seconds, so it is useful only
	// where a chat is simulated on a busy machine.
	Patience     time.Duration
	AuditChannel chat.Thread // optional: the channel that shows every purge, decision and rule from chat
}

// Bot holds the conversation. It is a chat.Handler: the desk takes events and decides, the runner runs purges, and the poster shows
// cards and notices. All three share the same rules and the same facts about the vendor.
type Bot struct {
	*books.Books
	*desk
	*rules.Rules
	waits  *books.Waits
	vendor *account.Account
	poster *poster.Poster
	runner *runner.Runner

	vitals    *vitals // the health of everything that the bot depends on
	tendEvery time.Duration
	stop      context.CancelFunc
}

var _ chat.Handler = (*Bot)(nil)

// New opens the durable engine on the store's database, and wires the parts. It resumes no purge before Start.
func New(o Options) (*Bot, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	// Shared first: the books, the rules, the waiting times and the vendor.
	kept := books.New(o.Store, o.Log, o.Now)
	kept.Patience = o.Patience
	law := rules.New(kept, o.Policy)
	patience := &books.Waits{Books: kept, ConfirmTTL: o.ConfirmTTL, ApprovalTTL: o.ApprovalTTL, EmergencyAfter: cmp.Or(o.EmergencyAfter, books.EmergencyAfter),
		Poll: o.Poll, PollMax: o.PollMax, Deadline: o.Deadline, Part: 2}
	cdn := &account.Account{Books: kept, Rules: law, CDN: o.CDN, Zone: o.Zone, QuotaURLs: o.QuotaURLs, QuotaDirectories: o.QuotaDirectories}
	// Then the poster, the runner and the desk, each with the parts below it.
	shows := poster.New(kept, law, patience, cdn)
	shows.Platforms, shows.EditGap, shows.AuditChannel = o.Platforms, o.EditGap, o.AuditChannel
	runs, err := runner.New(kept, law, patience, cdn, shows, o.Executor, o.Keep)
	if err != nil {
		return nil, err
	}
	b := &Bot{Books: kept, Rules: law, waits: patience, vendor: cdn, poster: shows, runner: runs, tendEvery: tendEvery}
	b.desk = newDesk(&reception{Books: kept, rules: law, waits: patience, vendor: cdn, poster: shows, runner: runs}, o)
	b.vitals = b.newVitals()
	return b, nil
}

// Start resumes every purge that a stop or a kill has left open, and begins to show cards.
func (b *Bot) Start() error {
	if err := b.rules.Read(context.Background()); err != nil {
		return fmt.Errorf("read the rules from chat: %w", err)
	}
	if b.poster.AuditChannel.Channel != "" {
		if _, err := b.Store.FedUntil(context.Background(), poster.AuditFeed); err != nil { // the audit channel begins at this moment
			return fmt.Errorf("begin to tell the audit: %w", err)
		}
	}
	if err := b.runner.Engine.Launch(); err != nil {
		return fmt.Errorf("take up open purges: %w", err)
	}
	// The background loops end with Stop.
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

// Stop waits up to the given time for calls in flight to be recorded, then ends the bot and closes the database. Open purges keep
// their state and continue at the next Start. The Handler must not be called any more.
func (b *Bot) Stop(timeout time.Duration) error {
	b.vitals.stop()
	b.Calls.Close(timeout)
	if b.stop != nil {
		b.stop()
		b.Done.Wait()
	}
	return errors.Join(b.runner.Engine.Shutdown(5*time.Second), b.Store.Close())
}

// Backlog is the number of things under way.
type Backlog struct {
	Open    int // purges before their end
	Waiting int // those among them that wait for a press
	Cards   int // messages that are not up to date
	Asking  int // background questions to the CDN: for its quota, its domains, or the outcome of an old purge
}

// Backlog counts the things under way.
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

// Ended returns the final states of the newest ended purges, newest first.
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

// tendEvery is the interval of the tending loop.
const tendEvery = 5 * time.Second

// tend repairs and refreshes the bot at each interval until ctx ends: it starts purges that a kill left between their commit and
// the engine, wakes purges with an unseen decision, ends those that the engine has given up, tells about unclear calls, deletes old
// rows, refreshes the known domains and quota, and checks the health of every part.
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
