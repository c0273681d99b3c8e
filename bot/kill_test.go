package bot

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// The tests here kill a real process with SIGKILL, between any two steps of a purge and around each of its calls, and start it
// again on the same database. The CDN and the chat stay in the test, over HTTP.

func TestMain(m *testing.M) {
	if dir := os.Getenv("PURGEBOT_TEST_CHILD"); dir != "" {
		runChild(dir, os.Getenv("PURGEBOT_TEST_OUTSIDE"))
		return
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue && runtime.GOMAXPROCS(0) < 16 {
		_ = f.Value.Set("16") // on every machine: the tests here wait more than they compute
	}
	os.Exit(m.Run())
}

// runChild runs a bot in a process of its own. Each line of its input is a command, which it acknowledges with "acked".
func runChild(dir, outside string) {
	o := &remote{outside}
	t := &testing.T{}
	w := &world{t: t, dir: dir, cdn: nil, chat: newFakeChat(), part: 100}
	policy, err := acl.Parse("acl.yaml", []byte(approvalPolicy))
	if err != nil {
		panic(err)
	}
	w.policy = policy
	b := w.open(func(op *Options) {
		op.CDN, op.Platforms = o, map[string]chat.Platform{"slack": &remoteChat{w.chat, o}}
		op.Log, op.ApprovalTTL, op.EmergencyAfter = discard, 5*time.Minute, time.Second
	})
	b.At = o.at
	if err := b.Start(); err != nil {
		panic(err)
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var a chat.Answer
		var c chat.Command
		switch {
		case json.Unmarshal(in.Bytes(), &c) == nil && c.Text != "":
			_, err = b.desk.Command(context.Background(), c)
		case json.Unmarshal(in.Bytes(), &a) == nil:
			_, err = b.desk.Answer(context.Background(), a)
		default:
			_, err = b.desk.Command(context.Background(), chat.Command{Event: chat.EventKey{Platform: "slack", Workspace: "T0", ID: "E1"}, From: alice, At: channel, Text: in.Text()})
		}
		fmt.Println("acked", err)
	}
}

// remote is the CDN of the child, which stays in the test.
type remote struct{ url string }

func (r *remote) call(path string, in, out any) error {
	resp, err := http.Post(r.url+path, "application/json", bytes.NewReader(books.JSON(in)))
	if err != nil {
		return &purge.Error{Kind: purge.Unknown, Err: err}
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusBadRequest:
		return badInput
	case http.StatusBadGateway:
		return &purge.Error{Kind: purge.Unknown, Message: "No answer."}
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

func (r *remote) at(point string) {
	var ok bool
	_ = r.call("/at", point, &ok)
}

func (r *remote) Submit(ctx context.Context, b purge.Batch, leaving func(context.Context) error) (receipt purge.Receipt, err error) {
	r.at("queued")
	var turn bool
	_ = r.call("/turn", nil, &turn)
	if err := leaving(ctx); err != nil {
		return receipt, err
	}
	r.at("before call")
	err = r.call("/submit", b, &receipt)
	r.at("after call")
	return receipt, err
}

func (r *remote) Status(_ context.Context, q purge.StatusQuery) ([]purge.TargetStatus, error) {
	var o purge.Outcome
	if err := r.call("/status", q.Batch, &o); err != nil || o == "" {
		return nil, err
	}
	return seen(q, o), nil
}

func (r *remote) Quota(context.Context) ([]purge.Quota, error) {
	return nil, &purge.Error{Kind: purge.Conflict}
}
func (r *remote) Limits() purge.Limits {
	return purge.Limits{URLs: 1000, Directories: 20, Prefetch: 500, Bytes: 1 << 20}
}

// remoteChat shows the child's messages in the test.
type remoteChat struct {
	*fakeChat
	remote *remote
}

type showCall struct {
	At   chat.Thread
	Ref  chat.MessageRef
	Card chat.Card
}

func (c *remoteChat) Show(_ context.Context, at chat.Thread, ref chat.MessageRef, _ string, card chat.Card) (chat.MessageRef, error) {
	c.remote.at("before show")
	err := c.remote.call("/show", showCall{at, ref, card}, &ref)
	c.remote.at("after show")
	return ref, err
}

// outside holds everything that outlives the child: the CDN, the chat and the kill switch.
type outside struct {
	*httptest.Server
	chat *fakeChat

	mu      sync.Mutex
	calls   []purge.Batch
	points  []string
	killAt  int // index of the point to kill at; -1 is never
	say     string
	bad     string        // the ending of refused addresses
	reminds bool          // bob presses, once there was a reminder
	running bool          // the CDN says so of all that it took
	queue   chan struct{} // if set, calls get their turn when it is closed
	loses   int           // the number of calls that are lost on the way to the CDN
	made    int           // calls, lost ones too
	child   *exec.Cmd
	in      interface{ Write([]byte) (int, error) }
	dead    chan struct{}
}

func newOutside(t *testing.T, killAt int) *outside {
	o := &outside{chat: newFakeChat(), killAt: killAt, say: "dir https://www.test.com/a/"}
	mux := http.NewServeMux()
	mux.HandleFunc("/at", func(w http.ResponseWriter, r *http.Request) {
		var point string
		_ = json.NewDecoder(r.Body).Decode(&point)
		o.reached(point)
		fmt.Fprint(w, "true")
	})
	mux.HandleFunc("/turn", func(w http.ResponseWriter, r *http.Request) {
		if o.queue != nil {
			select {
			case <-o.queue:
			case <-r.Context().Done():
			}
		}
		fmt.Fprint(w, "true")
	})
	mux.HandleFunc("/submit", func(w http.ResponseWriter, r *http.Request) {
		var b purge.Batch
		_ = json.NewDecoder(r.Body).Decode(&b)
		o.mu.Lock()
		o.made++
		lost := o.made <= o.loses
		if !lost {
			o.calls = append(o.calls, b)
		}
		o.mu.Unlock()
		if lost {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		if o.bad != "" && rejected(b, badInput, []string{o.bad}) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(purge.Receipt{TaskID: "1", At: time.Now()})
	})
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		var asked purge.Batch
		_ = json.NewDecoder(r.Body).Decode(&asked)
		o.mu.Lock()
		defer o.mu.Unlock()
		var outcome purge.Outcome
		switch {
		case o.took(asked) && o.running:
			outcome = purge.Accepted
		case o.took(asked):
			outcome = purge.Done
		}
		_ = json.NewEncoder(w).Encode(outcome)
	})
	mux.HandleFunc("/show", func(w http.ResponseWriter, r *http.Request) {
		var c showCall
		_ = json.NewDecoder(r.Body).Decode(&c)
		ref, _ := o.chat.Show(r.Context(), c.At, c.Ref, "", c.Card)
		_ = json.NewEncoder(w).Encode(ref)
	})
	o.Server = httptest.NewServer(mux)
	t.Cleanup(o.Close)
	return o
}

// took reports whether the CDN accepted a call with exactly these targets.
func (o *outside) took(asked purge.Batch) bool {
	for _, b := range o.calls {
		if b.Kind == asked.Kind && string(books.JSON(b.Targets)) == string(books.JSON(asked.Targets)) && (o.bad == "" || rejected(b, badInput, []string{o.bad}) == nil) {
			return true
		}
	}
	return false
}

// reached counts a point, and kills the child at the chosen one before the child continues.
func (o *outside) reached(point string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.points = append(o.points, point)
	if len(o.points)-1 == o.killAt {
		_ = o.child.Process.Kill()
		<-o.dead
	}
}

// launch starts the child and returns the channel of its acknowledgements, which closes at its death.
func (o *outside) launch(t *testing.T, dir string) <-chan string {
	t.Helper()
	migrate(t, dir)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PURGEBOT_TEST_CHILD="+dir, "PURGEBOT_TEST_OUTSIDE="+o.URL)
	cmd.Stderr = logTo{t}
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	dead := make(chan struct{})
	o.mu.Lock()
	require.NoError(t, cmd.Start())
	o.child, o.in, o.dead = cmd, in, dead
	o.mu.Unlock()
	acks := make(chan string, 10)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			acks <- lines.Text()
		}
		_ = cmd.Wait()
		close(dead)
		close(acks)
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-dead })
	return acks
}

// drive asks for the purge, presses the button of its question, and waits for the end or for the death of the child. It reports
// whether the command was acknowledged, and whether the child lived.
func (o *outside) drive(t *testing.T, acks <-chan string, ask bool) (acked, lived bool) {
	if ask {
		fmt.Fprintln(o.in, o.say)
		line, alive := <-acks
		if !alive {
			return false, false
		}
		require.Equal(t, "acked <nil>", line)
	}
	pressed := map[chat.MessageRef]bool{} // a kill between post and commit leaves a stale question behind
	return true, o.awaits(t, acks, func() bool {
		for _, m := range o.chat.all() {
			who, due := o.presser()
			if hasButton(m.card, "Purge") && !pressed[m.ref] && due {
				pressed[m.ref] = true
				a := chat.Answer{Event: chat.EventKey{Platform: "slack", Workspace: "T0", ID: "press " + m.ref.ID}, From: who, At: channel, Message: m.ref, Token: token(m.card, "Purge")}
				fmt.Fprintln(o.in, string(books.JSON(a)))
			}
		}
		return slices.ContainsFunc(o.chat.all(), isResult)
	})
}

// awaits waits until seen reports true, and returns false if the child died first.
func (o *outside) awaits(t *testing.T, acks <-chan string, seen func() bool) bool {
	for {
		o.chat.mu.Lock()
		changed := o.chat.changed
		o.chat.mu.Unlock()
		if seen() {
			return true
		}
		select {
		case _, alive := <-acks:
			if !alive {
				return false
			}
		case <-changed:
		case <-time.After(3 * time.Minute):
			t.Fatalf("nothing happens any more; messages %+v", o.chat.all())
		}
	}
}

// isResult reports whether a message is the final one of its thread, unlike a reminder or a reply about an unclear call.
func isResult(m shown) bool {
	before := func(s string) bool { return strings.HasPrefix(m.card.Title, s) }
	return m.at.Root != "" && !before(card.StillWaits) && !before(card.NotClear) && !before(card.Cleared)
}

// presser returns the person to press, and whether it is time.
func (o *outside) presser() (acl.Subject, bool) {
	if !o.reminds {
		return alice, true
	}
	return bob, o.reminders() > 0
}

func (o *outside) reminders() (n int) {
	for _, m := range o.chat.all() {
		if strings.HasPrefix(m.card.Title, card.StillWaits) {
			n++
		}
	}
	return n
}

func TestKilledBetweenAnyTwoSteps(t *testing.T) {
	t.Parallel()
	whole := newOutside(t, -1)
	whole.drive(t, whole.launch(t, t.TempDir()), true)
	whole.mu.Lock()
	points := append([]string(nil), whole.points...)
	whole.mu.Unlock()
	require.Subset(t, points, []string{"taken", "before start", "after finish"}, "also where it is committed and the engine has not heard of it")
	for i, point := range points {
		t.Run(fmt.Sprintf("%02d %s", i, point), func(t *testing.T) {
			t.Parallel()
			o, dir := newOutside(t, i), t.TempDir()
			acked, lived := o.drive(t, o.launch(t, dir), true)
			if !lived {
				o.drive(t, o.launch(t, dir), !acked)
			}
			assertToldTruly(t, o)
			// Fewer cards may be shown than in the first drive. Between the ledger and the CDN nobody can know; before both, a call is sent afterwards.
			o.mu.Lock()
			defer o.mu.Unlock()
			if i < len(o.points) && o.points[i] == "queued" {
				assert.Len(t, o.calls, 1)
			}
		})
	}
}

// A kill around an unclear call, around its looks and around its second try leads to no third try, and the final message fits the
// CDN's calls.
func TestKilledAroundASecondTry(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, killAt int) *outside {
		o, dir := newOutside(t, killAt), t.TempDir()
		o.say, o.loses = "https://www.test.com/1", 1
		acked, lived := o.drive(t, o.launch(t, dir), true)
		if !lived {
			o.drive(t, o.launch(t, dir), !acked)
		}
		return o
	}
	whole := run(t, -1)
	assert.Equal(t, []int{2, 1}, []int{whole.made, len(whole.calls)})
	whole.mu.Lock()
	points := append([]string(nil), whole.points...)
	whole.mu.Unlock()
	for i := slices.Index(points, "before submit"); i < len(points) && points[i] != "before finish"; i++ {
		t.Run(fmt.Sprintf("%02d %s", i, points[i]), func(t *testing.T) {
			t.Parallel()
			o := run(t, i)
			assertToldTruly(t, o)
			assert.LessOrEqual(t, o.made, purge.MostUnclear)
		})
	}
}

// A kill while many calls wait for their turn loses none and makes none unclear: the next process sends the queued calls.
func TestKilledWhileManyAreQueued(t *testing.T) {
	t.Parallel()
	const many = 20
	o, dir := newOutside(t, -1), t.TempDir()
	o.queue = make(chan struct{})
	acks := o.launch(t, dir)
	for i := range many {
		c := chat.Command{Event: chat.EventKey{Platform: "slack", Workspace: "T0", ID: fmt.Sprint("Q", i)}, From: alice, At: channel, Text: fmt.Sprintf("https://www.test.com/%d", i)}
		fmt.Fprintln(o.in, string(books.JSON(c)))
		require.Equal(t, "acked <nil>", <-acks)
	}
	require.Eventually(t, func() bool { return o.count("queued") == many }, time.Minute, 10*time.Millisecond)
	o.mu.Lock()
	_ = o.child.Process.Kill()
	o.mu.Unlock()
	<-o.dead
	close(o.queue)
	acks = o.launch(t, dir)
	require.True(t, o.awaits(t, acks, func() bool { return o.ended() == many }))
	o.mu.Lock()
	defer o.mu.Unlock()
	assert.Len(t, o.calls, many)
	for _, m := range o.chat.all() {
		assert.NotContains(t, m.card.Title, "Unknown")
	}
}

// count returns how often a point was reached.
func (o *outside) count(point string) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.points {
		if p == point {
			n++
		}
	}
	return n
}

// ended counts the final messages.
func (o *outside) ended() (n int) {
	for _, m := range o.chat.all() {
		if isResult(m) {
			n++
		}
	}
	return n
}

// assertToldTruly checks for one purge, at most one call, and a result that fits the CDN's calls.
func assertToldTruly(t *testing.T, o *outside) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	assert.LessOrEqual(t, len(o.calls), 1, "no call is made twice")
	var results []string
	for _, m := range o.chat.all() {
		if isResult(m) {
			results = append(results, m.card.Title)
		}
	}
	require.NotEmpty(t, results)
	if strings.HasPrefix(results[0], "Done") {
		assert.Len(t, o.calls, 1)
	} else {
		assert.True(t, strings.HasPrefix(results[0], "Unknown"), results[0])
		assert.Empty(t, o.calls, "what arrived can be looked up")
	}
}

func TestOpenConfirmationSurvivesRestarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "dir https://www.test.com/a/")
	w.ends("Purge 1 directory")
	for range 150 { // the engine's own limit is 100
		w.stop()
		w.start()
	}
	assert.Empty(t, w.presses(alice, "Purge").Title)
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
}

// A kill before or just after a press of an approver loses neither the question nor the reminder.
func TestKilledAroundAReminder(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, killAt int) *outside {
		o, dir := newOutside(t, killAt), t.TempDir()
		o.say, o.reminds = ofNamed, true
		acked, lived := o.drive(t, o.launch(t, dir), true)
		if !lived {
			o.drive(t, o.launch(t, dir), !acked)
		}
		return o
	}
	whole := run(t, -1)
	whole.mu.Lock()
	points := append([]string(nil), whole.points...)
	whole.mu.Unlock()
	first := slices.Index(points, "before remind")
	require.Positive(t, first)
	for i := first; i < len(points) && points[i] != "before submit"; i++ {
		t.Run(fmt.Sprintf("%02d %s", i, points[i]), func(t *testing.T) {
			t.Parallel()
			o := run(t, i)
			assertToldTruly(t, o)
			assert.Positive(t, o.reminders())
			assert.LessOrEqual(t, o.reminders(), 2, "a kill between post and commit may leave a second one")
		})
	}
}
