package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/runner"
	"purgebot/bot/store"
	"purgebot/purge"
)

// world is a bot with a chat and a CDN in memory. Both can be made to fail.
type world struct {
	t    *testing.T
	dir  string
	bot  *Bot
	chat *fakeChat
	cdn  *fakeCDN

	mu     sync.Mutex
	policy *acl.Policy
	events int
	// part of the time of an approval, as one in so many, after which its approvers are reminded; 0 is the bot's own.
	part time.Duration
	// tampered says that the test wrote to tables by hand, so that the audit does not fit them.
	tampered bool
}

const worldPolicy = `version: 1
contact: "#cdn-help"
people:
  alice: [slack:T0/UALICE, slack:T0/UALICE2]
  bob: [slack:T0/UBOB]
groups: {web: [alice]}
administrators: [bob]
grants:
  - {name: site, to: [alice, bob], domains: [www.test.com, www.abc.com], kinds: [url, directory], areas: [mainland, overseas]}
  - {name: two, to: [alice, bob], domains: [two.test.com], kinds: [url, directory], areas: [mainland, overseas], confirm: second-person}
`

func newWorld(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), chat: newFakeChat(), cdn: newFakeCDN()}
	w.setPolicy(worldPolicy)
	w.start(change...)
	t.Cleanup(w.stop)
	return w
}

// newStillWorld returns a world whose tending loop ignores the purges that a test records by itself.
func newStillWorld(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), chat: newFakeChat(), cdn: newFakeCDN()}
	w.setPolicy(worldPolicy)
	w.bot = w.open(change...)
	w.startStill()
	t.Cleanup(w.stop)
	return w
}

func (w *world) startStill() {
	w.t.Helper()
	require.NoError(w.t, w.bot.runner.Engine.Launch())
	ctx, cancel := context.WithCancel(context.Background())
	w.bot.stop = cancel
	w.bot.Done.Go(func() { w.bot.poster.ShowCards(ctx) })
}

func (w *world) setPolicy(text string) {
	w.t.Helper()
	p, err := acl.Parse("acl.yaml", []byte(text))
	require.NoError(w.t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.policy = p
}

func (w *world) start(change ...func(*Options)) {
	w.t.Helper()
	w.bot = w.open(change...)
	require.NoError(w.t, w.bot.Start())
}

var discard = slog.New(slog.DiscardHandler)

// migrated is a new database with all migrations, the bot's and the engine's. They are most of the cost of a small test.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "migrated")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "bot.db")
	db, err := store.Open(context.Background(), "sqlite:"+file)
	if err != nil {
		return nil, err
	}
	e, err := runner.NewEngine(db.DB(), "test", discard, (&runner.Runner{}).Purge)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(e.Shutdown(5*time.Second), db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// migrate puts such a database into a directory without one.
func migrate(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "bot.db")
	if _, err := os.Stat(file); err == nil {
		return
	}
	content, err := migrated()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, content, 0o600))
}

// busy is the extra time of an event in tests, since the machine may be occupied.
const busy = time.Minute

// open makes a bot on the world's database.
func (w *world) open(change ...func(*Options)) *Bot {
	w.t.Helper()
	migrate(w.t, w.dir)
	db, err := store.Open(context.Background(), "sqlite:"+filepath.Join(w.dir, "bot.db"))
	require.NoError(w.t, err)
	o := Options{
		Store: db, CDN: w.cdn, Platforms: map[string]chat.Platform{"slack": w.chat}, Executor: "test",
		Policy:     func() *acl.Policy { w.mu.Lock(); defer w.mu.Unlock(); return w.policy },
		Log:        slog.New(slog.NewTextHandler(logTo{w.t}, &slog.HandlerOptions{Level: slog.LevelWarn})),
		ConfirmTTL: time.Minute, ApprovalTTL: time.Minute, ConfirmURLs: 100, Poll: 5 * time.Millisecond, PollMax: 20 * time.Millisecond,
		Deadline: time.Hour, Patience: busy, QuotaURLs: 10000, QuotaDirectories: 100, Zone: time.UTC, PersonRate: 1000, PersonOpen: 50, Keep: time.Hour,
	}
	for _, c := range change {
		c(&o)
	}
	b, err := New(o)
	require.NoError(w.t, err)
	b.waits.Part = cmp.Or(w.part, b.waits.Part)
	return b
}

func (w *world) stop() {
	if w.bot != nil {
		if err := w.bot.Stop(5 * time.Second); err != nil {
			w.t.Errorf("stop: %v", err)
		}
		w.bot = nil
		w.verify()
	}
}

// verify checks the tables against the audit: each value that the history prints must be bound to an audit row.
func (w *world) verify() {
	w.t.Helper()
	if w.tampered {
		return
	}
	db, err := store.OpenReadOnly(context.Background(), "sqlite:"+filepath.Join(w.dir, "bot.db"))
	require.NoError(w.t, err)
	defer func() { _ = db.Close() }()
	v, err := db.Verify(context.Background())
	require.NoError(w.t, err)
	if v.Broken != nil {
		w.t.Errorf("row %d of the audit: %s", v.Broken.Seq, v.Broken.Why)
	}
}

// logTo writes the log to the test, while the test lasts.
type logTo struct{ t *testing.T }

func (l logTo) Write(p []byte) (int, error) {
	defer func() { _ = recover() }() // a line that is logged at the end of a test is lost without a failure
	if l.t.Context().Err() == nil {
		l.t.Log(strings.TrimSpace(string(p)))
	}
	return len(p), nil
}

var _ io.Writer = logTo{}

const (
	alice  = acl.Subject("slack:T0/UALICE")
	alice2 = acl.Subject("slack:T0/UALICE2")
	bob    = acl.Subject("slack:T0/UBOB")
	carol  = acl.Subject("slack:T0/UCAROL")
)

var channel = chat.Thread{Platform: "slack", Workspace: "T0", Channel: "C0"}

func (w *world) event() chat.EventKey {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events++
	return chat.EventKey{Platform: "slack", Workspace: "T0", ID: fmt.Sprintf("E%d", w.events)}
}

// types sends a command and returns the private reply.
func (w *world) types(who acl.Subject, text string) chat.Card {
	w.t.Helper()
	r, err := w.bot.desk.Command(context.Background(), chat.Command{Event: w.event(), From: who, At: channel, Text: text})
	require.NoError(w.t, err)
	return replyCard(r)
}

func replyCard(r chat.Reply) chat.Card {
	if r.Card == nil {
		return chat.Card{}
	}
	return *r.Card
}

// presses presses the button with a label on the newest message that has it.
func (w *world) presses(who acl.Subject, label string) chat.Card {
	w.t.Helper()
	m := w.chat.await(w.t, func(m shown) bool { return hasButton(m.card, label) })
	return w.pressesOn(who, m, label)
}

func (w *world) pressesOn(who acl.Subject, m shown, label string) chat.Card {
	w.t.Helper()
	r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: who, At: channel, Message: m.ref, Token: token(m.card, label)})
	require.NoError(w.t, err)
	return replyCard(r)
}

func hasButton(c chat.Card, label string) bool { return token(c, label) != "" }

func token(c chat.Card, label string) string {
	for _, b := range c.Buttons {
		if b.Label == label {
			return b.Token
		}
	}
	return ""
}

// ends waits for a message whose title begins with the given words. If both the card and its reply match, it returns the card,
// however late the test looks.
func (w *world) ends(title string) shown {
	w.t.Helper()
	so := func(m shown) bool { return strings.HasPrefix(m.card.Title, title) }
	m := w.chat.await(w.t, so)
	for _, card := range w.chat.all() {
		if card.ref.ID == m.at.Root && so(card) {
			return card
		}
	}
	return m
}

// shown is one message as the channel sees it.
type shown struct {
	ref   chat.MessageRef
	at    chat.Thread
	card  chat.Card
	after string // the event that a private message is about
	edits int
}

type fakeChat struct {
	mu         sync.Mutex
	changed    chan struct{} // closed and replaced at each change
	messages   []shown
	past       []shown // every message as it was at each moment
	told       []shown
	people     map[acl.Subject]chat.Person
	before     map[acl.Subject]chat.Person // the people of two seconds ago, for callers that accept this age
	channel    chat.Channel
	fail       error                 // of Show
	refuses    func(edit bool) error // if set, the error of Show for an edit or a post
	mayNotPost error                 // of Show, where it is no edit
	failsTell  []error               // of Tell, one after the other
	asks       error                 // of Person
	unknown    map[acl.Subject]error // of Person, for some
	where      error                 // of Channel
	health     error
	noForms    bool
	noFiles    bool
	place      string
	addressed  bool
	options    bool
	posted     chan struct{} // if set, Show returns only when it is closed, though the message is there
	shows      int
}

func newFakeChat() *fakeChat {
	c := &fakeChat{changed: make(chan struct{}), channel: chat.Channel{Joined: true, Invite: "/invite @purgebot"}, people: map[acl.Subject]chat.Person{}}
	for s, name := range map[acl.Subject]string{alice: "Alice", alice2: "Alice again", bob: "Bob", carol: "Carol"} {
		c.people[s] = chat.Person{Subject: s, Name: name, Standing: chat.Member}
	}
	return c
}

func (c *fakeChat) Show(_ context.Context, at chat.Thread, ref chat.MessageRef, _ string, card chat.Card) (chat.MessageRef, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shows++
	if c.fail != nil {
		return chat.MessageRef{}, c.fail
	}
	if c.refuses != nil {
		if err := c.refuses(ref != chat.MessageRef{}); err != nil {
			return chat.MessageRef{}, err
		}
	}
	if c.mayNotPost != nil && ref == (chat.MessageRef{}) {
		return chat.MessageRef{}, c.mayNotPost
	}
	defer c.bell()
	for i := range c.messages {
		if c.messages[i].ref == ref {
			c.messages[i].card, c.messages[i].edits = card, c.messages[i].edits+1
			c.past = append(c.past, c.messages[i])
			return ref, nil
		}
	}
	ref = chat.MessageRef{Channel: at.Channel, ID: fmt.Sprintf("M%d", len(c.messages)+1)}
	c.messages = append(c.messages, shown{ref: ref, at: at, card: card})
	c.past = append(c.past, shown{ref: ref, at: at, card: card})
	if c.posted != nil {
		c.bell()
		c.mu.Unlock()
		<-c.posted
		c.mu.Lock()
	}
	return ref, nil
}

func (c *fakeChat) bell() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *fakeChat) Tell(_ context.Context, who acl.Subject, at chat.Thread, after chat.EventKey, card chat.Card) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.bell()
	if len(c.failsTell) > 0 {
		err := c.failsTell[0]
		c.failsTell = c.failsTell[1:]
		return err
	}
	c.told = append(c.told, shown{at: at, card: card, after: after.ID})
	return nil
}

func (c *fakeChat) Person(_ context.Context, s acl.Subject, maxAge time.Duration) (chat.Person, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, was := c.before[s]; was && maxAge > 2*time.Second {
		return p, c.asks
	}
	if err := c.unknown[s]; err != nil {
		return chat.Person{}, err
	}
	return c.people[s], c.asks
}

func (c *fakeChat) Channel(context.Context, chat.Thread, time.Duration) (chat.Channel, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.channel, c.where
}

func (c *fakeChat) Limits() chat.ChatLimits {
	return chat.ChatLimits{Forms: !c.noForms, Files: !c.noFiles, Workspace: c.place, Addressed: c.addressed, Options: c.options, Mentions: "Pick them from the list."}
}
func (c *fakeChat) Health(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.health
}

// says sets the error that the chat's health check returns from now on; nil is health.
func (c *fakeChat) says(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.health = err
}

func (c *fakeChat) setFail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = err
}

// await returns the newest matching message, as soon as there is one.
func (c *fakeChat) await(t *testing.T, match func(shown) bool) shown {
	t.Helper()
	return c.awaitIn(t, &c.messages, match)
}

func (c *fakeChat) awaitIn(t *testing.T, list *[]shown, match func(shown) bool) shown {
	t.Helper()
	late := time.After(3 * time.Minute)
	for {
		c.mu.Lock()
		for i := len(*list) - 1; i >= 0; i-- {
			if m := (*list)[i]; match(m) {
				c.mu.Unlock()
				return m
			}
		}
		changed, all := c.changed, fmt.Sprintf("%+v", *list)
		c.mu.Unlock()
		select {
		case <-changed:
		case <-late:
			t.Fatalf("no such message; there are: %s", all)
		}
	}
}

func (c *fakeChat) all() []shown {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]shown(nil), c.messages...)
}

// fakeCDN accepts every call until a test makes it fail.
type fakeCDN struct {
	mu       sync.Mutex
	calls    []purge.Batch
	answer   func(purge.Batch) error
	status   func(purge.StatusQuery) ([]purge.TargetStatus, error)
	quota    func(sent []purge.Batch) ([]purge.Quota, error) // if set, the API tells
	entered  chan struct{}                                   // if set, one is sent when a call begins
	prefetch int                                             // URLs of a call; 0: it cannot
	hold     chan struct{}                                   // if set, a call waits until it is closed
	turn     func()                                          // if set, called when a call has its turn
	queue    *purge.Error                                    // if set, no call gets its turn
}

func newFakeCDN() *fakeCDN {
	c := &fakeCDN{prefetch: 500}
	c.status = func(q purge.StatusQuery) ([]purge.TargetStatus, error) { return seen(q, purge.Done), nil }
	return c
}

func seen(q purge.StatusQuery, o purge.Outcome) []purge.TargetStatus {
	var s []purge.TargetStatus
	for _, t := range q.Batch.Targets {
		s = append(s, purge.TargetStatus{Target: t, Outcome: o})
	}
	return s
}

func (c *fakeCDN) Submit(ctx context.Context, b purge.Batch, leaving func(context.Context) error) (purge.Receipt, error) {
	if c.queue != nil {
		return purge.Receipt{}, c.queue
	}
	if c.turn != nil {
		c.turn()
	}
	if err := leaving(ctx); err != nil {
		return purge.Receipt{}, err
	}
	if c.entered != nil {
		c.entered <- struct{}{}
	}
	if c.hold != nil {
		<-c.hold
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, b)
	if c.answer != nil {
		if err := c.answer(b); err != nil {
			return purge.Receipt{}, err
		}
	}
	return purge.Receipt{TaskID: "1", At: time.Now()}, nil
}

func (c *fakeCDN) Status(_ context.Context, q purge.StatusQuery) ([]purge.TargetStatus, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status(q)
}

func (c *fakeCDN) Quota(context.Context) ([]purge.Quota, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.quota != nil {
		return c.quota(c.calls)
	}
	return nil, &purge.Error{Kind: purge.Conflict, Message: "This API cannot tell."}
}

func (c *fakeCDN) Limits() purge.Limits {
	c.mu.Lock()
	defer c.mu.Unlock()
	return purge.Limits{URLs: 1000, Directories: 20, Prefetch: c.prefetch, Bytes: 1 << 20}
}

func (c *fakeCDN) set(answer func(purge.Batch) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

func (c *fakeCDN) sent() []purge.Batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]purge.Batch(nil), c.calls...)
}

// onlyPurge returns the newest purge.
func (w *world) onlyPurge() store.Purge {
	w.t.Helper()
	all, err := w.bot.Store.History(context.Background(), store.Filter{Limit: 1})
	require.NoError(w.t, err)
	require.NotEmpty(w.t, all)
	return all[0]
}
