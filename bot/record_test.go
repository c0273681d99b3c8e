package bot

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// A database full of open purges, as a kill left them under one version of the durable engine, is recorded with
//
//	PURGEBOT_RECORD=testdata/open-dbos-VERSION.zip go test -count=1 -run '^TestRecordOpenPurges$' ./bot
//
// before that version is replaced. TestOpenPurgesAreCarriedOn then continues every recording in testdata. No recording is ever made
// again: it stands for the databases of installations. A new shape of purge is a new row of leftOpen and a further recording.

// left is one purge that was open at the kill. Its name is in its address.
type left struct {
	name  string
	text  string             // the command of alice, with NAME for the purge's name
	leave func(r *rig)       // types it, and returns when it stands where it is to be left
	then  func(*world, left) // the press after the kill
	ends  store.State
	calls int // the calls that the CDN accepted in all, before and after the kill
}

const (
	pages   = "https://www.test.com/NAME https://www.abc.com/NAME" // two batches
	onePage = "https://www.test.com/NAME"
	folder  = "dir https://www.test.com/NAME/"
	ages    = 100 * 365 * 24 * time.Hour // a question that the test still finds open
	shortly = 30 * time.Second           // a time that is over at the test
)

// leftOpen are the purges of a recording, one in each state that a kill can leave. Questions come first, because a person may have
// few of them.
var leftOpen = []left{
	{name: "restarted", text: folder, leave: restarted, then: pressing("Purge"), ends: store.StateDone, calls: 1}, // the first: nothing is halted yet
	{name: "not-asked", text: folder, leave: parked("before ask", 0), then: pressing("Purge"), ends: store.StateDone, calls: 1},
	{name: "shown", text: folder, leave: parked("shown shown", 0), then: pressingAnew, ends: store.StateDone, calls: 1},
	{name: "asked", text: folder, leave: parked("after ask", 0), then: pressing("Purge"), ends: store.StateDone, calls: 1},
	{name: "asks-again", text: folder, leave: chatIsDown, then: pressing("Purge"), ends: store.StateDone, calls: 1},
	{name: "waits", text: folder, leave: asking, then: pressing("Purge"), ends: store.StateDone, calls: 1},
	{name: "waits-for-cancel", text: folder, leave: asking, then: pressing("Cancel"), ends: store.StateCancelled},
	{name: "expires", text: folder, leave: func(r *rig) { r.bot.waits.ConfirmTTL = shortly; asking(r) }, ends: store.StateExpired},
	{name: "decided", text: folder, leave: decided("before decision", "Purge"), ends: store.StateDone, calls: 1},
	{name: "decided-taken-up", text: folder, leave: decided("after decision", "Purge"), ends: store.StateDone, calls: 1},
	{name: "decided-unheard", text: folder, leave: unheard, ends: store.StateDone, calls: 1},
	{name: "cancelled", text: folder, leave: decided("before decision", "Cancel"), ends: store.StateCancelled},
	{name: "approval", text: "dir https://named.test.com/NAME/", leave: asking, then: approving, ends: store.StateDone, calls: 1},
	{name: "approval-urgent", text: "dir https://named.test.com/NAME/", leave: urgentNow, then: releasing, ends: store.StateDone, calls: 1},
	{name: "approval-expires", text: "dir https://named.test.com/NAME/", leave: func(r *rig) { r.bot.waits.ApprovalTTL = shortly; asking(r) }, ends: store.StateExpired},

	{name: "not-begun", text: onePage, leave: parked("before start", 0), ends: store.StateDone, calls: 1},
	{name: "begun", text: onePage, leave: parked("before submit", 0), ends: store.StateDone, calls: 1},
	{name: "no-longer-granted", text: "https://gone.test.com/NAME", leave: parked("before submit", 0), ends: store.StateRefused},
	{name: "calling-arrived", text: onePage, leave: parked("answering calling-arrived", 0), ends: store.StateDone, calls: 1},
	{name: "calling-lost", text: onePage, leave: parked("calling calling-lost", 0), ends: store.StateUnknown},
	{name: "answered", text: onePage, leave: parked("after submit", 0), ends: store.StateDone, calls: 1},
	{name: "invalid", text: onePage, leave: parked("after submit", 0), ends: store.StateFailed},
	{name: "internal", text: pages, leave: parked("after submit", 0), ends: store.StateFailed},
	{name: "used-up", text: pages, leave: parked("after submit", 0), ends: store.StateFailed},
	{name: "between-batches", text: pages, leave: parked("before submit", 1), ends: store.StateDone, calls: 2},
	{name: "narrowing", text: "https://www.test.com/NAME https://www.test.com/NAME/bad", leave: parked("before submit", 1), ends: store.StatePartly, calls: 1},
	{name: "narrowed", text: "https://www.test.com/NAME https://www.test.com/NAME/bad", leave: parked("after submit", 1), ends: store.StatePartly, calls: 1},
	{name: "unavailable", text: onePage, leave: passed("after submit"), ends: store.StateDone, calls: 1},
	{name: "too-fast", text: onePage, leave: passed("after submit"), ends: store.StateDone, calls: 1},
	{name: "trying-again", text: onePage, leave: parked("before submit", 1), ends: store.StateDone, calls: 1},
	{name: "looking", text: onePage, leave: parked("before look", 0), ends: store.StateDone, calls: 1},
	{name: "looked", text: onePage, leave: parked("after look", 0), ends: store.StateDone, calls: 1},
	{name: "following-running", text: onePage, leave: passed("after look"), ends: store.StateDone, calls: 1},
	{name: "cancelled-between", text: pages, leave: func(r *rig) { parked("before submit", 1)(r); r.presses(alice, "Cancel") }, ends: store.StatePartly, calls: 1},
	{name: "joined-running", text: onePage, leave: joinedBy(bob), ends: store.StateDone, calls: 1},
	{name: "broken-running", text: onePage, leave: brokenEngine, ends: store.StateUnknown, calls: 1},
	{name: "finishing", text: onePage, leave: parked("before finish", 0), ends: store.StateDone, calls: 1},
	{name: "finished", text: onePage, leave: parked("after finish", 0), ends: store.StateDone, calls: 1},
	{name: "over", text: onePage, leave: passed("after finish"), ends: store.StateDone, calls: 1},
	{name: "fetch-running", text: onePage + " --prefetch", leave: passed("after look"), ends: store.StateDone, calls: 2},
	{name: "fetch-not-begun", text: onePage + " --prefetch", leave: parked("before start", 1), ends: store.StateDone, calls: 2},
	{name: "fetch-arrived", text: onePage + " --prefetch", leave: parked("answering fetch-arrived prefetch", 0), ends: store.StateDone, calls: 2},
	{name: "cards-due", text: onePage, leave: cardsDue, ends: store.StateDone, calls: 1}, // the last: no card is shown after it
}

// parked leaves a purge at a point of its way, after a number of earlier visits.
func parked(point string, before int) func(*rig) {
	return func(r *rig) { r.until(point, before, true, r.typed) }
}

// passed leaves a purge in the wait behind a point.
func passed(point string) func(*rig) {
	return func(r *rig) { r.until(point, 0, false, r.typed) }
}

// restarted leaves a purge in the engine's hands for the third time.
func restarted(r *rig) {
	asking(r)
	for range 2 {
		r.stop()
		r.begin()
	}
}

func asking(r *rig) { r.typed(); r.question() }

func decided(point, label string) func(*rig) {
	return func(r *rig) { asking(r); r.until(point, 0, true, func() { r.presses(alice, label) }) }
}

// unheard leaves a purge decided without a wake-up: the kill came between the two.
func unheard(r *rig) {
	asking(r)
	p := r.onlyPurge()
	_, _, err := r.bot.Store.Decide(context.Background(), store.Decision{Purge: p.ID, What: store.Confirmed, Who: alice, Name: "Alice", At: time.Now()},
		store.Event{Platform: "slack", Workspace: "T0", ID: "unheard"}, r.bot.Entry(store.AuditConfirmed, p.ID, "", store.Body{}))
	require.NoError(r.t, err)
}

func chatIsDown(r *rig) {
	r.chat.setFail(&purge.Error{Kind: purge.Unavailable, Message: "Slack is down.", RetryAfter: shortly})
	passed("after ask")(r)
	r.chat.setFail(nil)
}

func cardsDue(r *rig) {
	r.settle()
	r.chat.setFail(&purge.Error{Kind: purge.Unavailable, Message: "Slack is down.", RetryAfter: shortly})
	passed("after finish")(r)
}

func urgentNow(r *rig) {
	r.bot.waits.EmergencyAfter = time.Second
	asking(r)
	r.named(r.left.name, "Purge without approval")
}

// joinedBy has another person ask for the same in another channel.
func joinedBy(who acl.Subject) func(*rig) {
	return func(r *rig) {
		passed("after look")(r)
		r.typesAt(who, elsewhere, r.text())
	}
}

// brokenEngine leaves a workflow that the engine itself has ended.
func brokenEngine(r *rig) {
	passed("after look")(r)
	_, err := r.bot.Store.DB().Exec(`UPDATE workflow_status SET status = 'CANCELLED' WHERE workflow_uuid = $1`, r.onlyPurge().ID)
	require.NoError(r.t, err)
}

// rig is a bot that is halted at points of its way, one purge after the other.
type rig struct {
	*world
	cdn  *takingCDN
	left left

	mu      sync.Mutex
	point   string // at which something is halted, or told
	before  int    // how often it is still let pass
	halts   bool
	reached chan struct{}
}

// at halts a workflow at the point for good.
func (r *rig) at(point string) {
	r.mu.Lock()
	if point != r.point {
		r.mu.Unlock()
		return
	}
	if r.before--; r.before >= 0 {
		r.mu.Unlock()
		return
	}
	r.point = ""
	close(r.reached)
	r.mu.Unlock()
	if r.halts {
		select {}
	}
}

// until does something, and returns when its effect has reached the point.
func (r *rig) until(point string, before int, halts bool, do func()) {
	reached := make(chan struct{})
	r.mu.Lock()
	r.point, r.before, r.halts, r.reached = point, before, halts, reached
	r.mu.Unlock()
	do()
	select {
	case <-reached:
	case <-time.After(time.Minute):
		r.t.Fatalf("%s does not come to %q", r.left.name, point)
	}
}

func (r *rig) text() string { return strings.ReplaceAll(r.left.text, "NAME", r.left.name) }

func (r *rig) typed() { require.Empty(r.t, r.types(alice, r.text()).Title) }

func (r *rig) question() shown { return r.named(r.left.name, "Purge") }

func (r *rig) presses(who acl.Subject, label string) {
	r.pressesOn(who, r.named(r.left.name, label), label)
}

// settle waits until all cards are shown, except those of questions that are not asked yet.
func (r *rig) settle() {
	require.Eventually(r.t, func() bool {
		due, err := r.bot.Store.DueCards(context.Background(), 1000)
		for _, c := range due {
			if p, _, _ := r.bot.Store.Purge(context.Background(), c.Purge); p.Confirm == "" && p.Follows == "" {
				return false
			}
		}
		return err == nil
	}, time.Minute, 10*time.Millisecond)
}

// named returns the newest message about a purge that has a button.
func (w *world) named(name, label string) shown {
	w.t.Helper()
	return w.chat.await(w.t, func(m shown) bool { return called(m.card.Targets) == name && hasButton(m.card, label) })
}

// called returns the name of a purge from its targets' addresses: the first part of their path.
func called(targets []string) string {
	if len(targets) == 0 {
		return ""
	}
	return strings.Split(targets[0], "/")[3]
}

// takingCDN remembers the calls that it accepted. During a recording it refuses some, and is halted.
type takingCDN struct {
	*fakeCDN
	recording bool
	at        func(point string)
	tried     map[string]bool
}

func (c *takingCDN) Submit(ctx context.Context, b purge.Batch, leaving func(context.Context) error) (purge.Receipt, error) {
	if err := leaving(ctx); err != nil {
		return purge.Receipt{}, err
	}
	about := calledBatch(b)
	if b.Kind == purge.Prefetch {
		about += " prefetch"
	}
	c.at("calling " + about)
	if err := c.refuses(calledBatch(b), b); err != nil {
		return purge.Receipt{}, err
	}
	c.mu.Lock()
	c.calls = append(c.calls, b)
	c.mu.Unlock()
	c.at("answering " + about)
	return purge.Receipt{TaskID: "1", At: time.Now()}, nil
}

func calledBatch(b purge.Batch) string { return called([]string{b.Targets[0].String()}) }

// refuses returns the answer to a batch by its name; some batches are refused only during a recording, or only the first time.
func (c *takingCDN) refuses(name string, b purge.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.tried[name]
	c.tried[name] = true
	switch {
	case name == "invalid", rejected(b, badInput, []string{"/bad"}) != nil:
		return badInput
	case !c.recording:
		return nil
	case name == "internal":
		return &purge.Error{Kind: purge.Internal, Message: "Wrong key."}
	case name == "used-up":
		return &purge.Error{Kind: purge.Exhausted, Message: "No quota."}
	case name == "unavailable":
		return &purge.Error{Kind: purge.Unavailable, Message: "No connection.", RetryAfter: shortly}
	case name == "too-fast":
		return &purge.Error{Kind: purge.Exhausted, Message: "Slow down.", RetryAfter: shortly}
	case name == "trying-again" && first:
		return &purge.Error{Kind: purge.Unavailable, Message: "No connection."}
	}
	return nil
}

// Status reports the accepted targets, and no others.
func (c *takingCDN) Status(_ context.Context, q purge.StatusQuery) ([]purge.TargetStatus, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.calls {
		if b.Kind != q.Batch.Kind || b.Area != q.Batch.Area || string(books.JSON(b.Targets)) != string(books.JSON(q.Batch.Targets)) {
			continue
		}
		if c.recording && strings.HasSuffix(calledBatch(b), "-running") {
			return seen(q, purge.Accepted), nil
		}
		return seen(q, purge.Done), nil
	}
	return nil, nil
}

// haltedChat halts the caller after a message is shown.
type haltedChat struct {
	*fakeChat
	at func(point string)
}

func (c haltedChat) Show(ctx context.Context, at chat.Thread, ref chat.MessageRef, key string, card chat.Card) (chat.MessageRef, error) {
	ref, err := c.fakeChat.Show(ctx, at, ref, key, card)
	c.at("shown " + called(card.Targets))
	return ref, err
}

// remembered is the state outside of the bot.
type remembered struct {
	Calls    []purge.Batch // that the CDN has taken
	Messages []showCall
}

const goneGrant = "  - {name: gone, to: [alice], domains: [gone.test.com]}\n"

func TestRecordOpenPurges(t *testing.T) {
	t.Parallel()
	into := os.Getenv("PURGEBOT_RECORD")
	if into == "" {
		return // there is nothing to record: see above
	}
	r := newRig(t)
	for _, l := range leftOpen {
		r.left = l
		r.bot.waits.ConfirmTTL, r.bot.waits.ApprovalTTL, r.bot.waits.EmergencyAfter = ages, ages, ages
		l.leave(r)
		t.Log("left", l.name)
	}
	r.write(into)
}

// newRig makes a bot with very short waits and endless questions. It is never stopped, because a stop would wait for its halted
// workflows.
func newRig(t *testing.T) *rig {
	dir, err := os.MkdirTemp("", "record")
	require.NoError(t, err)
	r := &rig{world: &world{t: t, dir: dir, chat: newFakeChat(), cdn: newFakeCDN()}}
	r.cdn = &takingCDN{fakeCDN: r.world.cdn, recording: true, at: r.at, tried: map[string]bool{}}
	r.setPolicy(strings.Replace(approvalPolicy, "emergency:", goneGrant+"emergency:", 1))
	r.chat.put(chat.Person{Subject: erin, Name: "Erin", Standing: chat.Member})
	r.begin()
	return r
}

func (r *rig) begin() {
	r.bot = r.open(func(o *Options) {
		o.CDN, o.Platforms = r.cdn, map[string]chat.Platform{"slack": haltedChat{r.chat, r.at}}
		o.Poll, o.PollMax, o.Deadline, o.PersonOpen, o.Log = shortly, shortly, ages, 1000, discard
		o.ConfirmTTL, o.ApprovalTTL = ages, ages
	})
	r.bot.At = r.at
	r.startStill()
}

// write stores the committed rows, as a kill at this moment would leave them, with the memory of the CDN and the chat.
func (r *rig) write(into string) {
	file := filepath.Join(r.dir, "kept.db")
	_, err := r.bot.Store.DB().Exec(`VACUUM INTO $1`, file)
	require.NoError(r.t, err)
	database, err := os.ReadFile(file)
	require.NoError(r.t, err)
	var outside remembered
	outside.Calls = r.cdn.sent()
	for _, m := range r.chat.all() {
		outside.Messages = append(outside.Messages, showCall{m.at, m.ref, m.card})
	}
	f, err := os.Create(into)
	require.NoError(r.t, err)
	z := zip.NewWriter(f)
	for name, content := range map[string][]byte{"bot.db": database, "outside.json": books.JSON(outside)} {
		part, err := z.Create(name)
		require.NoError(r.t, err)
		_, err = part.Write(content)
		require.NoError(r.t, err)
	}
	require.NoError(r.t, z.Close())
	require.NoError(r.t, f.Close())
}
