package bot

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/account"
	"purgebot/purge"
)

// hands is a clock that a test advances.
type hands struct{ ahead atomic.Int64 }

func (c *hands) now() time.Time       { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *hands) pass(d time.Duration) { c.ahead.Add(int64(d)) }
func (c *hands) is(o *Options)        { o.Now = c.now }
func (b *Bot) probe(name string) *probe {
	for _, p := range b.vitals.probes {
		if p.name == name {
			return p
		}
	}
	return nil
}

// silent is a chat whose health answer waits for the test.
type silent struct {
	*fakeChat
	asked chan struct{}
	may   chan struct{}
}

func (s *silent) Health(ctx context.Context) error {
	s.asked <- struct{}{}
	<-s.may // it does not heed ctx: nothing makes a hanging disk or resolver do so
	return nil
}

// A reader of the condition gets the last answers within a second, with the name of each part that has been silent for too long.
func TestConditionWaitsForNobody(t *testing.T) {
	t.Parallel()
	c := &hands{}
	chat := &silent{newFakeChat(), make(chan struct{}, 100), make(chan struct{})}
	w := newWorld(t, c.is, func(o *Options) { o.Platforms["slack"] = chat })
	<-chat.asked
	require.Eventually(t, func() bool { _, known := w.bot.probe(database).state(); return known }, time.Minute, time.Millisecond)
	asks := func() Condition {
		begun := time.Now()
		defer func() { assert.Less(t, time.Since(begun), probePatience+time.Minute) }() // the machine may be busy
		return w.bot.Condition(t.Context())
	}
	assert.Equal(t, Condition{Problems: []string{"slack: it has not answered yet."}}, asks())
	c.pass(time.Minute)
	require.Eventually(t, func() bool { return len(asks().Problems) == 1 }, time.Minute, time.Millisecond, "the database is asked anew")
	assert.Regexp(t, `^\[slack: it has not answered for 1m\d+s\.\]$`, asks().Problems)
	assert.Empty(t, chat.asked, "and is not asked again meanwhile")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Len(t, w.bot.Condition(gone).Problems, 1, "nobody waits any more")
	close(chat.may)
	require.Eventually(t, func() bool { return len(asks().Problems) == 0 }, time.Minute, time.Millisecond)
	assert.Equal(t, map[string]bool{"cdn": true, "database": true, "slack": true}, w.bot.Up())
}

// A lasting problem is logged once, also without a reader, and so is its end.
func TestWhatIsNotWellIsLogged(t *testing.T) {
	t.Parallel()
	c := &hands{}
	var log book
	w := newWorld(t, c.is, logged(&log), func(o *Options) {})
	p := w.bot.probe("slack")
	again := func() {
		t.Helper()
		c.pass(time.Hour)
		w.bot.feel()
		require.Eventually(t, func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.answer == nil && p.now().Sub(p.at) < time.Hour
		}, time.Minute, time.Millisecond)
	}
	again()
	w.chat.says(&purge.Error{Kind: purge.Internal, Message: "The token is gone."})
	again()
	assert.Empty(t, log.lines("msg=\"part does not work\""), "once may be chance")
	for range 5 {
		again()
	}
	assert.Len(t, log.lines("level=WARN msg=\"part does not work\" part=slack error=\"The token is gone.\""), 1)
	assert.False(t, w.bot.Up()["slack"])
	w.chat.says(nil)
	again()
	again()
	assert.Len(t, log.lines("level=INFO msg=\"part works again\" part=slack was=\"The token is gone.\""), 1)
	assert.True(t, w.bot.Up()["slack"])
}

// A problem at the CDN that only an operator can solve is a warning before the first purge; a passing one is not.
func TestQuestionsToTheCDNAreHeeded(t *testing.T) {
	t.Parallel()
	for kind, warns := range map[purge.ErrorKind]bool{
		purge.Internal: true, purge.Unavailable: true, purge.NotFound: true, purge.Denied: false,
		purge.Invalid: false, purge.Conflict: false, purge.Exhausted: false, purge.Unknown: false,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			w := newListedWorld(t, nil, &purge.Error{Kind: kind, Message: "Mend it."})
			told := strings.Join(w.bot.Condition(t.Context()).Warnings, "\n")
			if !warns {
				assert.Empty(t, told)
				return
			}
			assert.Regexp(t, `^CDN, asked for the domains of the account: Mend it\. \(seen at .* UTC\)$`, told)
			assert.False(t, w.bot.Up()["cdn"])
			w.types(alice, "https://www.test.com/1")
			w.ends("Done")
			assert.Empty(t, w.bot.Condition(t.Context()).Warnings, "it is reached, takes the key, and purges without the question")
		})
	}
}

// The quota is asked for at intervals, also without purges.
func TestQuotaIsAskedNowAndThen(t *testing.T) {
	t.Parallel()
	c := &hands{}
	w := newWorld(t, c.is)
	w.cdn.mu.Lock()
	w.cdn.quota = func([]purge.Batch) ([]purge.Quota, error) { return nil, errors.New("of no kind") }
	w.cdn.mu.Unlock()
	c.pass(account.QuotaWatch)
	w.bot.vendor.WatchQuota()
	require.Eventually(t, func() bool {
		return strings.Contains(strings.Join(w.bot.Condition(t.Context()).Warnings, ""), string(account.CDNQuota))
	}, time.Minute, time.Millisecond)
}
