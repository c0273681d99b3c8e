// Package bot is the conversation: the command grammar, the ports to chat platforms, the durable workflow of a purge,
// and every word that people read. It knows no platform and no vendor by name, and it decides nothing about access:
// that is acl's. It does not send a purge whose intent is not committed, and does not report as failed what may have happened.
package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
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
	*books
	*desk
	*rules
	waits  *waits
	vendor *vendor
	poster *poster
	runner *runner

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
	books := &books{Store: o.Store, Log: o.Log, Now: o.Now, Patience: o.Patience, at: func(string) {}}
	rules := newRules(books, o.Policy)
	waits := newWaits(books, o)
	vendor := newVendor(books, rules, o)
	poster := newPoster(books, rules, waits, vendor, o)
	runner, err := newRunner(books, rules, waits, vendor, poster, o)
	if err != nil {
		return nil, err
	}
	b := &Bot{books: books, rules: rules, waits: waits, vendor: vendor, poster: poster, runner: runner, tendEvery: tendEvery}
	b.desk = &desk{books: books, rules: rules, waits: waits, vendor: vendor, poster: poster, runner: runner, rate: newPersonRate(o.PersonRate),
		PersonRate: o.PersonRate, PersonOpen: o.PersonOpen, ConfirmURLs: o.ConfirmURLs}
	b.vitals = b.newVitals()
	return b, nil
}

// Start takes up every purge that a stop or a kill has left open, and begins to show cards.
func (b *Bot) Start() error {
	if err := b.rules.readRules(context.Background()); err != nil {
		return fmt.Errorf("read the rules from chat: %w", err)
	}
	if b.poster.AuditChannel.Channel != "" {
		if _, err := b.Store.FedUntil(context.Background(), auditFeed); err != nil { // what happens from here on is told
			return fmt.Errorf("begin to tell the audit: %w", err)
		}
	}
	if err := b.runner.engine.launch(); err != nil {
		return fmt.Errorf("take up open purges: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = cancel
	b.done.Go(func() { b.poster.showCards(ctx) })
	b.done.Go(func() { b.tend(ctx) })
	b.done.Go(func() { b.rules.watchRules(ctx) })
	b.done.Go(func() { b.poster.postNotices(ctx) })
	if b.poster.AuditChannel.Channel != "" {
		b.done.Go(func() { b.poster.feedAudit(ctx, b.poster.AuditChannel) })
	}
	b.vendor.watchQuota()
	b.vendor.askDomains(ctx)
	return nil
}

// asks has the CDN asked something beside everything else.
func (b *vendor) asks(question func()) {
	b.asking.Add(1)
	b.done.Go(func() {
		defer b.asking.Add(-1)
		question()
	})
}

// Stop waits up to the given time for calls in flight to be recorded, then ends the bot and closes the database.
// Open purges stay where they stand and go on at the next Start.
// Nothing may call the Handler any more.
func (b *Bot) Stop(timeout time.Duration) error {
	b.vitals.stop()
	b.calls.close(timeout)
	if b.stop != nil {
		b.stop()
		b.done.Wait()
	}
	return errors.Join(b.runner.engine.shutdown(5*time.Second), b.Store.Close())
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
	backlog := Backlog{Open: len(ids), Asking: int(b.vendor.asking.Load())}
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
		b.vendor.askDomains(ctx)
		b.vendor.watchQuota()
		b.runner.tendOpen(ctx)
		b.runner.ringDecided(ctx)
		b.poster.tellUnclear(ctx)
		if n%720 == 1 {
			b.runner.forget(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(b.tendEvery):
		}
	}
}

func (b *runner) ringDecided(ctx context.Context) {
	ids, err := b.Store.Decided(ctx)
	for _, id := range ids {
		err = errors.Join(err, b.engine.ring(id))
	}
	b.logError(ctx, "ring again", err)
}

// tendOpen sees to it that every open purge is in the engine's hands, and ends those that the engine itself has ended.
func (b *runner) tendOpen(ctx context.Context) {
	ids, err := b.Store.Unfinished(ctx)
	if err == nil && len(ids) > 0 {
		var known map[string]condition
		known, err = b.engine.conditions(ids)
		for i := 0; i < len(ids) && err == nil; i++ {
			switch known[ids[i]] {
			case unstarted:
				err = b.startLost(ctx, ids[i])
			case broken:
				err = b.endBroken(ctx, ids[i])
			}
		}
	}
	b.logError(ctx, "tend open purges", err)
}

// startLost starts a purge that was recorded and that the engine does not know: a kill came between the two, or its rows were
// lost. Started twice it runs once. Whatever of it has left is in the ledger, and is not called again.
func (b *runner) startLost(ctx context.Context, id string) error {
	p, err := b.load(ctx, id)
	if err != nil || p.State.Final() {
		return err
	}
	batches, err := b.Store.Batches(ctx, id)
	if err != nil {
		return err
	}
	last := -1 // the numbers have gaps where a batch was split
	for _, batch := range batches {
		last = batch.N
	}
	return b.engine.start(b.jobOf(p, last+1))
}

func (b *runner) jobOf(p store.Purge, batches int) job {
	j := job{ID: p.ID, Batches: batches, Guarded: p.Confirm != "", TTL: b.waits.ConfirmTTL}
	if p.Confirm == acl.SecondPerson {
		j.TTL, j.Wakes = b.waits.ApprovalTTL, b.waits.wakes(p)
	}
	return j
}

// endBroken ends what the engine itself ended, and says what is known: a call without an answer may have been done, and what
// has none was never sent.
func (b *runner) endBroken(ctx context.Context, id string) error {
	b.Log.ErrorContext(ctx, "a purge ended in the engine", "purge", id)
	err := b.endOne(ctx, id)
	b.poster.wantCards()
	return err
}

func (b *runner) endOne(ctx context.Context, id string) error {
	calls, err := b.Store.Calls(ctx, id)
	if err != nil {
		return err
	}
	targets, err := b.Store.Targets(ctx, id)
	if err != nil {
		return err
	}
	state := store.StateRefused
	for _, c := range calls {
		if c.State == store.Calling {
			lost := slices.DeleteFunc(slices.Clone(targets), func(t store.Target) bool { return t.Batch != c.Batch })
			err = errors.Join(err, b.Store.SetOutcomes(ctx, id, outcomes(lost, purge.OutcomeUnknown, card.Interrupted)))
		}
		state = store.StateUnknown
	}
	b.mu.Lock()
	b.broken++
	b.mu.Unlock()
	b.endings.count(state)
	return errors.Join(err, b.Store.Finish(ctx, id, state, card.LostByEngine, b.Now(), true, b.entry(store.AuditEnded, id, "", ended(state, card.LostByEngine))))
}

func (b *runner) forget(ctx context.Context) {
	now := b.Now()
	n, err := b.Store.Prune(ctx, now.Add(-b.Keep), now.Add(-7*24*time.Hour))
	b.logError(ctx, "forget old purges", errors.Join(err, b.engine.forget(now.Add(-24*time.Hour))))
	if n > 0 {
		b.Log.InfoContext(ctx, "forgot old purges", "purges", n)
	}
}

// platform returns the adapter of a thread. A purge of a platform that was switched off since has none.
func (b *poster) platform(name string) (chat.Platform, error) {
	if p := b.Platforms[name]; p != nil {
		return p, nil
	}
	return nil, &purge.Error{Kind: purge.Denied, Message: "This chat is switched off; nothing was purged. Ask whoever runs purgebot.", Err: fmt.Errorf("no platform %q", name)}
}
