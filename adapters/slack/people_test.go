package slack

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/adapters/slack/slacksim"
	"purgebot/bot/chat"
)

func TestStanding(t *testing.T) {
	t.Parallel()
	for want, users := range map[chat.Standing][]slackgo.User{
		chat.Member:      {{TeamID: "T1"}, {TeamID: "T2", Enterprise: slackgo.EnterpriseUser{Teams: []string{"T3", "T1"}}}},
		chat.Guest:       {{TeamID: "T1", IsRestricted: true}, {TeamID: "T1", IsUltraRestricted: true}},
		chat.Outsider:    {{TeamID: "T2"}, {TeamID: "T1", IsStranger: true}, {}, {TeamID: "T2", IsRestricted: true}},
		chat.Bot:         {{TeamID: "T1", IsBot: true}, {TeamID: "T1", IsWorkflowBot: true}, {TeamID: "T1", ID: "USLACKBOT"}, {TeamID: "T1", IsConnectorBot: true}},
		chat.Deactivated: {{TeamID: "T1", Deleted: true}, {TeamID: "T1", Deleted: true, IsBot: true}},
	} {
		for _, u := range users {
			assert.Equal(t, want, standing("T1", &u), "%+v", u)
		}
	}
}

func TestShared(t *testing.T) {
	t.Parallel()
	channel := func(ext, pending, shared, org bool) *slackgo.Channel {
		c := &slackgo.Channel{}
		c.IsExtShared, c.IsPendingExtShared, c.IsShared, c.IsOrgShared = ext, pending, shared, org
		return c
	}
	assert.False(t, shared(channel(false, false, false, false)))
	assert.False(t, shared(channel(false, false, true, true)), "with another workspace of the same organisation")
	assert.True(t, shared(channel(true, false, true, false)))
	assert.True(t, shared(channel(true, false, true, true)))
	assert.True(t, shared(channel(false, true, false, false)))
	assert.True(t, shared(channel(false, false, true, false)))
}

func TestAnEventRemembersThatItsChannelIsShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, nil)
	tell := func(shared bool) {
		w.settled(w.Workspace.Type("U0ALICE", "C0CDN", "", "@purgebot whoami", slacksim.AlterJSON(func(e map[string]any) { e["is_ext_shared_channel"] = shared })))
	}
	for _, want := range []bool{true, false} {
		tell(want)
		c, err := w.slack.Channel(t.Context(), w.Channel(), time.Minute)
		require.NoError(t, err)
		assert.Equal(t, want, c.Shared)
	}
}

func TestSubjectsOfOthersAreNotAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, nil)
	for _, who := range []acl.Subject{
		"slack:T9/U0ALICE", "discord:T0SIM/U0ALICE", "terminal:alice", "", "slack:T0SIM/u0alice", "slack:T0SIM/U0ALICE/x", "slack:T0SIM/<!channel>", "slack:T0SIM/S0ALICE", "slack:T0SIM/",
	} {
		p, err := w.slack.Person(t.Context(), who, time.Minute)
		require.NoError(t, err)
		assert.Equal(t, chat.Outsider, p.Standing, who)
		assert.Equal(t, who, p.Subject)
	}
	c, err := w.slack.Channel(t.Context(), chat.Thread{Platform: "slack", Workspace: "T9", Channel: "C0CDN"}, time.Minute)
	require.NoError(t, err)
	assert.Equal(t, chat.Channel{Shared: true}, c)
	assert.Empty(t, w.Calls("users.info", "conversations.info"))
}

// clock is a clock that tests turn.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) forward(d time.Duration) { c.offset.Add(int64(d)) }

func TestWhatIsKnownOfPeopleAges(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, &fake{}, func(config *Config) { config.Now = c.now })
	ask := func(maxAge time.Duration) (chat.Standing, int) {
		t.Helper()
		p, err := w.slack.Person(t.Context(), w.Bob(), maxAge)
		require.NoError(t, err)
		return p.Standing, len(w.Calls("users.info"))
	}
	expect := func(maxAge time.Duration, standing chat.Standing, calls int) {
		t.Helper()
		s, n := ask(maxAge)
		assert.Equal(t, standing, s)
		assert.Equal(t, calls, n)
	}
	expect(5*time.Minute, chat.Member, 1)
	w.PutUser(slacksim.User{ID: "U0BOB", Name: "bob", Deleted: true})
	expect(5*time.Minute, chat.Member, 1)
	c.forward(time.Minute)
	expect(5*time.Minute, chat.Member, 1)
	expect(30*time.Second, chat.Deactivated, 2)
	expect(0, chat.Deactivated, 3)
	w.PutUser(slacksim.User{ID: "U0BOB", Name: "bob"})
	c.forward(6 * time.Minute)
	expect(24*time.Hour, chat.Member, 4)
	c.forward(-time.Hour) // after the clock was set back, no answer is fresh
	expect(5*time.Minute, chat.Member, 5)
}

func TestGroupsOutliveAnOutageForAWhile(t *testing.T) {
	t.Parallel()
	var c clock
	w := newWorld(t, &fake{}, func(config *Config) { config.Now = c.now })
	ask := func(maxAge time.Duration) ([]acl.Subject, error) {
		p, err := w.slack.Person(t.Context(), w.Alice(), maxAge)
		return p.Groups, err
	}
	groups, err := ask(roster)
	require.NoError(t, err)
	assert.Equal(t, []acl.Subject{w.Group()}, groups)
	w.Fail("usergroups.users.list", "internal_error", -1)
	c.forward(14 * time.Minute)
	groups, err = ask(roster)
	require.NoError(t, err)
	assert.Equal(t, []acl.Subject{w.Group()}, groups)
	_, err = ask(time.Minute)
	assert.Error(t, err, "who asks for newer ones gets no older ones")
	c.forward(2 * time.Minute)
	_, err = ask(roster)
	assert.Error(t, err)
	w.Heal()
	w.PutUserGroup(slacksim.UserGroup{ID: "S0ALICE", Handle: "alices", Members: []string{"U0ALICE"}, Disabled: true})
	groups, err = ask(roster)
	require.NoError(t, err)
	assert.Empty(t, groups, "nobody is in a disabled group")
}

// TestOneRound checks that each of the person, the groups and the channel is looked up once, before the bot
// asks.
func TestOneRound(t *testing.T) {
	t.Parallel()
	var w *world
	f := &fake{}
	f.command = func(ctx context.Context) (chat.Reply, error) {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				_, err := w.slack.Person(ctx, "slack:T0SIM/U0ALICE", roster)
				assert.NoError(t, err)
				_, err = w.slack.Channel(ctx, in("C0CDN"), roster)
				assert.NoError(t, err)
			})
		}
		all.Wait()
		return chat.Reply{}, nil
	}
	w = newWorld(t, f, nil)
	for range 3 {
		require.True(t, w.Type(slash, "whoami"))
		require.True(t, w.Type(mention, "whoami"))
	}
	assert.Len(t, w.Calls("auth.test"), 1)
	assert.Len(t, w.Calls("users.info"), 1)
	assert.Len(t, w.Calls("conversations.info"), 1)
	assert.Len(t, w.Calls("usergroups.users.list"), 2, "one for each of our groups")
}

func TestCache(t *testing.T) {
	t.Parallel()
	t.Run("gives up on a look-up that hangs, and tells every caller", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache[int](time.Now, 0)
			begin := time.Now()
			hang := func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
			a, b := c.ask("k", roster, hang), c.ask("k", roster, hang)
			assert.Same(t, a, b)
			_, err := a.wait(t.Context())
			assert.Error(t, err)
			assert.Equal(t, lookUpWithin, time.Since(begin))
		})
	})
	t.Run("leaves a caller who leaves", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache[int](time.Now, 0)
			a := c.ask("k", roster, func(context.Context) (int, error) { time.Sleep(time.Second); return 7, nil })
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_, err := a.wait(ctx)
			assert.Error(t, err)
			v, err := a.wait(t.Context())
			assert.NoError(t, err)
			assert.Equal(t, 7, v)
		})
	})
	t.Run("remembers no failure", func(t *testing.T) {
		c := newCache[int](time.Now, 0)
		_, err := c.ask("k", roster, func(context.Context) (int, error) { return 0, errors.New("no") }).wait(t.Context())
		assert.Error(t, err)
		_, known := c.peek("k")
		assert.False(t, known)
		v, err := c.ask("k", roster, func(context.Context) (int, error) { return 1, nil }).wait(t.Context())
		assert.NoError(t, err)
		assert.Equal(t, 1, v)
	})
	t.Run("survives a panic", func(t *testing.T) {
		_, err := newCache[int](time.Now, 0).ask("k", roster, func(context.Context) (int, error) { panic("x") }).wait(t.Context())
		assert.Error(t, err)
	})
	t.Run("is bounded", func(t *testing.T) {
		c := newCache[int](time.Now, 0)
		m := newMarks()
		for i := range remembered + 1000 {
			_, _ = c.ask(fmt.Sprint(i), roster, func(context.Context) (int, error) { return i, nil }).wait(t.Context())
			m.mark(fmt.Sprint(i), true)
		}
		assert.Len(t, c.kept, remembered)
		assert.Len(t, m.set, remembered)
	})
	t.Run("keeps no chain of what was", func(t *testing.T) {
		c := newCache[int](time.Now, 0)
		for i := range 10 {
			_, _ = c.ask("k", 0, func(context.Context) (int, error) { return i, nil }).wait(t.Context())
		}
		assert.Nil(t, c.kept["k"].last.last)
	})
}

func TestZone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, nil)
	var ids []string
	for tz, want := range map[string]string{"Europe/Berlin": "Europe/Berlin", "": "", "Nowhere/At-All": "", "../etc/passwd": ""} {
		id := fmt.Sprintf("U0ZONE%d", len(ids))
		ids = append(ids, id)
		w.PutUser(slacksim.User{ID: id, Name: "zoned", TZ: tz})
		p, err := w.slack.Person(t.Context(), acl.Subject("slack:T0SIM/"+id), time.Hour)
		require.NoError(t, err)
		if want == "" {
			assert.Nil(t, p.Zone, tz)
		} else {
			assert.Equal(t, want, p.Zone.String())
		}
	}
}
