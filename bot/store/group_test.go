package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

// held keeps the connection from the writer until it is called.
func held(t testing.TB, s *store.Store) (release func()) {
	conn, err := s.DB().Conn(t.Context())
	require.NoError(t, err)
	return func() { require.NoError(t, conn.Close()) }
}

// queued has each of the jobs wait before the next one comes. Their answers come in the same order.
func queued(t testing.TB, s *store.Store, jobs ...func() error) []chan error {
	answers := make([]chan error, len(jobs))
	for i, job := range jobs {
		answers[i] = make(chan error, 1)
		waiting := store.Waiting(s)
		go func() {
			defer close(answers[i]) // also where it ends its goroutine
			answers[i] <- job()
		}()
		until(t, func() bool { return store.Waiting(s) > waiting })
	}
	return answers
}

func until(t testing.TB, true func() bool) {
	for !true() {
		require.NoError(t, t.Context().Err())
		runtime.Gosched()
	}
}

// takes takes the nth event, with an audit row.
func takes(s *store.Store, n int) func() error {
	return func() error {
		_, err := s.Take(context.Background(), store.Event{Platform: "p", ID: strconv.Itoa(n)}, nil, store.Entry{What: "one", Purge: "p"})
		return err
	}
}

func isTaken(t testing.TB, s *store.Store, n int) bool {
	var yes bool
	require.NoError(t, s.DB().QueryRow(`SELECT EXISTS (SELECT 1 FROM pb_event WHERE event = $1)`, strconv.Itoa(n)).Scan(&yes))
	return yes
}

// judging is a job that runs f inside its transaction and takes nothing.
func judging(ctx context.Context, s *store.Store, f func()) func() error {
	return func() error {
		_, err := s.TakeIf(ctx, store.RecentQuery{}, func(store.Recent) *store.Intake { f(); return nil })
		return err
	}
}

func opened(t testing.TB) *store.Store {
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "purgebot.db"))
}

// TestGroupCommit commits at once what waited for the connection, as many as a group holds, and each alone where nothing waits.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	s := opened(t)
	before := writtenBy(t, s)
	for n := range 3 {
		require.NoError(t, takes(s, n)())
	}
	assert.Equal(t, 3, writtenBy(t, s).since(before).commits)
	before = writtenBy(t, s)
	release := held(t, s)
	var jobs []func() error
	for n := range 2*store.GroupSize + 1 {
		jobs = append(jobs, takes(s, 100+n))
	}
	answers := queued(t, s, jobs...)
	release()
	for _, answer := range answers {
		require.NoError(t, <-answer)
	}
	assert.Equal(t, 3, writtenBy(t, s).since(before).commits)
	whole(t, s, 3+len(jobs))
}

// whole verifies the audit, and that it has so many rows.
func whole(t testing.TB, s *store.Store, rows int) {
	verified, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.Nil(t, verified.Broken)
	assert.EqualValues(t, rows, verified.Rows)
}

// TestGroupFails has one fail in each place of a group, in each way: its caller alone is told, and all others are taken.
func TestGroupFails(t *testing.T) {
	t.Parallel()
	s := opened(t)
	const group = 5
	ways := map[string]func() error{
		"there is no such purge": func() error { return s.SetState(context.Background(), "none", store.StateSending) },
		"panic: on purpose":      judging(context.Background(), s, func() { panic("on purpose") }),
		"it ended before":        judging(context.Background(), s, runtime.Goexit),
	}
	n := 0
	for says, way := range ways {
		for place := range group {
			release := held(t, s)
			var jobs []func() error
			for range group {
				jobs = append(jobs, takes(s, n))
				n++
			}
			jobs[place] = way
			answers := queued(t, s, jobs...)
			release()
			for i, answer := range answers {
				err := <-answer
				if i != place {
					require.NoError(t, err, "%s at %d: %d", says, place, i)
					assert.True(t, isTaken(t, s, n-group+i))
					continue
				}
				require.Error(t, err, says)
				assert.Contains(t, strings.ToLower(err.Error()), says)
			}
		}
	}
	whole(t, s, len(ways)*group*(group-1))
}

// TestGroupGivenUp has one caller give up while its statements are among those of others: it is told that nothing was taken, which is
// so, and the others are taken.
func TestGroupGivenUp(t *testing.T) {
	t.Parallel()
	for place := range 3 {
		s := opened(t)
		ctx, cancel := context.WithCancel(t.Context())
		release := held(t, s)
		jobs := []func() error{takes(s, 0), takes(s, 1), takes(s, 2)}
		jobs[place] = func() error {
			_, err := s.Take(ctx, store.Event{Platform: "p", ID: strconv.Itoa(place)}, nil, store.Entry{What: "one", Purge: "p"})
			return err
		}
		givenUp := make(chan error, 1)
		var answers []chan error
		jobs = append(jobs, judging(t.Context(), s, sync.OnceFunc(func() { // all others have run their statements
			cancel()
			givenUp <- <-answers[place]
		})))
		answers = queued(t, s, jobs...)
		release()
		for n := range 3 {
			if n == place {
				err := <-givenUp
				require.ErrorIs(t, err, context.Canceled)
				assert.Equal(t, purge.Unavailable, purge.AsError(err).Kind)
			} else {
				require.NoError(t, <-answers[n])
			}
		}
		require.NoError(t, <-answers[3])
		for n := range 3 {
			assert.Equal(t, n != place, isTaken(t, s, n), "%d of them where %d gave up", n, place)
		}
		whole(t, s, 2)
	}
}

// TestGroupStorm has many do all kinds of thing at once: whoever was told that something is taken finds it, whoever was told that
// nothing is finds nothing, a budget is what the successful took of it, and the audit has no gap.
func TestGroupStorm(t *testing.T) {
	t.Parallel()
	s := opened(t)
	const callers, each, limit = 16, 12, 40
	var mu sync.Mutex
	var taken, refused, doubtful []int
	paid := 0
	note := func(n int, err error, pays bool) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil && pays:
			paid++
			fallthrough
		case err == nil:
			taken = append(taken, n)
		case purge.AsError(err).Kind == purge.Unknown:
			doubtful = append(doubtful, n)
		default:
			refused = append(refused, n)
		}
	}
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(caller)))
			for i := range each {
				n := caller*each + i
				ctx, cancel := context.Background(), context.CancelFunc(func() {})
				if r.IntN(4) == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(4000))*time.Microsecond)
				}
				way := r.IntN(3)
				note(n, stormy(ctx, s, n, way, limit), way == 0)
				cancel()
			}
		})
	}
	all.Wait()
	for _, n := range taken {
		assert.True(t, isTaken(t, s, n), "%d was answered", n)
	}
	for _, n := range refused {
		assert.False(t, isTaken(t, s, n), "%d was refused", n)
	}
	assert.LessOrEqual(t, paid, limit)
	used, err := s.Budget(t.Context(), "2026-11-21", "all")
	require.NoError(t, err)
	require.NotEmpty(t, used)
	assert.InDelta(t, paid, used[0].Units, float64(len(doubtful)))
	assert.NotEmpty(t, refused)
	verified, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.Nil(t, verified.Broken)
	assert.InDelta(t, len(taken), verified.Rows, float64(len(doubtful)))
}

// stormy takes the nth event: with a purge that pays one unit, alone, or with a panic behind it.
func stormy(ctx context.Context, s *store.Store, n, way, limit int) error {
	p, batches := ordered(n, 1)
	p.Event.ID = strconv.Itoa(n)
	entry := store.Entry{At: noon, What: "asked", Purge: p.ID}
	switch way {
	case 0:
		p.Charges = []store.Charge{{Day: "2026-11-21", Key: "all", Kind: purge.URL, Area: purge.Mainland, Units: 1, Limit: limit}}
		_, err := s.TakeIf(ctx, store.RecentQuery{ID: p.ID}, func(store.Recent) *store.Intake {
			return &store.Intake{Purge: p, Batches: batches, Entries: []store.Entry{entry}}
		})
		return err
	case 1:
		_, err := s.Take(ctx, p.Event, nil, store.Entry{At: noon, What: "one"})
		return err
	}
	_, err := s.TakeIf(ctx, store.RecentQuery{ID: p.ID}, func(store.Recent) *store.Intake { panic("on purpose") })
	return errors.Join(errors.New("it must fail"), err)
}

// childGroup has this test binary bring a group to the last statement before its commit, say so, and stay there. childStorm has it
// take events from many callers at once, and say each number once it was answered.
const (
	childGroup = "PURGEBOT_TEST_CHILD_GROUP"
	childStorm = "PURGEBOT_TEST_CHILD_STORM"
)

// groupThatStays is the child of TestKilledInGroup.
func groupThatStays(t testing.TB, url string) {
	s := open(t, url)
	release := held(t, s)
	var jobs []func() error
	for n := range 20 {
		jobs = append(jobs, func() error {
			err := takes(s, n)()
			fmt.Println("answered", n, err)
			return err
		})
	}
	jobs = append(jobs, judging(context.Background(), s, func() {
		fmt.Println("statements done")
		select {}
	}))
	queued(t, s, jobs...)
	release()
	select {}
}

// TestKilledInGroup kills a process between the statements of a group and its commit: nobody was answered, and nothing is there.
func TestKilledInGroup(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "purgebot.db")
	said := killedAtLine(t, url, childGroup, "statements done", 1)
	assert.Equal(t, []string{"statements done"}, said, "nobody was answered before the commit")
	s := open(t, url)
	for n := range 20 {
		assert.False(t, isTaken(t, s, n))
	}
	whole(t, s, 0)
	require.NoError(t, takes(s, 0)())
}

// TestKilledInStorm kills a process that commits group after group: all that it answered is there, and the audit is whole.
func TestKilledInStorm(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "purgebot.db")
	for life := range 3 {
		said := killedAtLine(t, url, childStorm, "", 100+150*life)
		s := open(t, url)
		for _, line := range said {
			n, err := strconv.Atoi(line)
			require.NoError(t, err)
			assert.True(t, isTaken(t, s, n), "%d was answered", n)
		}
		verified, err := s.Verify(t.Context())
		require.NoError(t, err)
		require.Nil(t, verified.Broken)
		require.NoError(t, s.Close())
	}
}

// stormForEver is the child of TestKilledInStorm.
func stormForEver(t testing.TB, url string) {
	s := open(t, url)
	var said sync.Mutex
	for caller := range 30 {
		go func() {
			for n := caller; ; n += 30 {
				if err := takes(s, n)(); err != nil {
					panic(err)
				}
				said.Lock()
				fmt.Println(n)
				said.Unlock()
			}
		}()
	}
	select {}
}

// killedAtLine runs this test binary as a child and kills it at the nth line that contains a text; it returns the lines that were said.
func killedAtLine(t *testing.T, url, child, contains string, nth int) (said []string) {
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.count=1")
	c.Env = append(os.Environ(), child+"="+url)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	defer func() { _ = c.Wait() }()
	for read := bufio.NewScanner(out); read.Scan(); {
		said = append(said, read.Text())
		if strings.Contains(read.Text(), contains) {
			nth--
		}
		if nth == 0 {
			require.NoError(t, c.Process.Kill())
		}
	}
	require.LessOrEqual(t, nth, 0, "the child ended by itself: %v", said)
	return said
}

// TestChild is what the children run.
func TestChild(t *testing.T) {
	if url := os.Getenv(childGroup); url != "" {
		groupThatStays(t, url)
	}
	if url := os.Getenv(childStorm); url != "" {
		stormForEver(t, url)
	}
}
