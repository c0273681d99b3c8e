package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/store"
	"purgebot/purge"
)

// public is a purge of which everybody may know, and that nobody need confirm.
func public(p *store.Purge) { p.Private, p.Confirm = false, "" }

// lookAs asks what is recent for somebody who asks for what record records.
func lookAs(who acl.Subject, changes ...func(*store.RecentQuery)) store.RecentQuery {
	q := store.RecentQuery{ID: idOf(99), Who: who, Channel: channel, Digest: "digest", Same: noon.Add(-time.Minute), URLs: noon.Add(-time.Minute),
		Day: today, Kind: purge.URL, Platform: "slack", Workspace: "T1"}
	for _, change := range changes {
		change(&q)
	}
	return q
}

// running is which purge a request may join.
func running(t *testing.T, w world) {
	hour := func(p *store.Purge) { p.CreatedAt = noon.Add(-time.Hour) }
	for name, c := range map[string]struct {
		made  func(*store.Purge)
		then  func(*testing.T, *store.Store, store.Purge)
		asked func(*store.RecentQuery)
		no    bool
	}{
		"just recorded":                 {},
		"of an hour ago":                {made: hour},
		"sending":                       {then: func(t *testing.T, s *store.Store, p store.Purge) { move(t, s, p, store.StateSending) }},
		"accepted":                      {then: func(t *testing.T, s *store.Store, p store.Purge) { becomes(t, s, p, purge.Accepted) }},
		"unknown":                       {then: func(t *testing.T, s *store.Store, p store.Purge) { becomes(t, s, p, purge.OutcomeUnknown) }},
		"asked in another channel":      {asked: func(q *store.RecentQuery) { q.Channel = "slack:T1/C2" }},
		"confirmed":                     {made: guarded, then: presses(store.Confirmed)},
		"not confirmed":                 {made: guarded, no: true},
		"refused at the press":          {made: guarded, then: presses(store.Withdrawn), no: true},
		"partly left out":               {then: func(t *testing.T, s *store.Store, p store.Purge) { becomes(t, s, p, purge.Skipped) }, no: true},
		"partly failed":                 {then: func(t *testing.T, s *store.Store, p store.Purge) { becomes(t, s, p, purge.Failed) }, no: true},
		"stopped":                       {then: halt, no: true},
		"over":                          {then: finish, no: true},
		"of another digest":             {asked: func(q *store.RecentQuery) { q.Digest = "another" }, no: true},
		"in another workspace":          {asked: func(q *store.RecentQuery) { q.Workspace = "T2" }, no: true},
		"on another platform":           {asked: func(q *store.RecentQuery) { q.Platform = "discord" }, no: true},
		"private":                       {made: func(p *store.Purge) { p.Private = true }, no: true},
		"asked for in private":          {asked: func(q *store.RecentQuery) { q.Private = true }, no: true},
		"private of one's own":          {made: func(p *store.Purge) { p.Private = true; hour(p) }, asked: func(q *store.RecentQuery) { q.Who = alice }},
		"one's own asked in private":    {made: hour, asked: func(q *store.RecentQuery) { q.Who, q.Private = alice, true }},
		"asked for anew, whatever runs": {asked: func(q *store.RecentQuery) { q.Anew = true }, no: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := w.open(t)
			p := record(t, s, 1, public, func(p *store.Purge) {
				if c.made != nil {
					c.made(p)
				}
			})
			if c.then != nil {
				c.then(t, s, p)
			}
			q := lookAs(bob)
			if c.asked != nil {
				c.asked(&q)
			}
			r, err := s.Recent(t.Context(), q)
			require.NoError(t, err)
			want := p.ID
			if c.no {
				want = ""
			}
			assert.Equal(t, want, r.Running)
			assert.Empty(t, r.Same)
		})
	}
}

func guarded(p *store.Purge) { p.Confirm = acl.Requester }

func move(t *testing.T, s *store.Store, p store.Purge, st store.State) {
	require.NoError(t, s.SetState(t.Context(), p.ID, st))
}

func becomes(t *testing.T, s *store.Store, p store.Purge, o purge.Outcome) {
	require.NoError(t, s.SetOutcomes(t.Context(), p.ID, []store.Target{{Area: purge.Overseas, N: 1, Outcome: o}}))
}

func presses(v store.Verdict) func(*testing.T, *store.Store, store.Purge) {
	return func(t *testing.T, s *store.Store, p store.Purge) {
		d := press(p, alice)
		d.What = v
		_, won, err := s.Decide(t.Context(), d, event(50))
		require.NoError(t, err)
		require.True(t, won)
	}
}

func halt(t *testing.T, s *store.Store, p store.Purge) {
	_, err := s.Stop(t.Context(), p.ID, alice, event(50))
	require.NoError(t, err)
}

func finish(t *testing.T, s *store.Store, p store.Purge) {
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StateDone, "", noon, true))
}

// joinAs has bob's nth request join what runs.
func joinAs(t *testing.T, s *store.Store, n int, changes ...func(*store.Purge)) store.Purge {
	taken, err := s.TakeIf(t.Context(), lookAs(bob, func(q *store.RecentQuery) { q.ID = idOf(n); q.Same = noon.Add(time.Hour) }), joining(t, n, changes...))
	require.NoError(t, err)
	require.NotNil(t, taken.Purge)
	return *taken.Purge
}

// joining joins where it may, and else records the nth purge as bob's.
func joining(t *testing.T, n int, changes ...func(*store.Purge)) func(store.Recent) *store.Intake {
	return func(r store.Recent) *store.Intake {
		p, batches := order(t, n)
		public(&p)
		p.Requester, p.Name, p.Event = bob, "Bob", event(n)
		for _, change := range changes {
			change(&p)
		}
		in := &store.Intake{Purge: p, Batches: batches, Entries: []store.Entry{entry("asked", p.ID)}}
		if r.Running != "" {
			in.Purge.Joined, in.Purge.State = r.Running, store.StateJoined
			in.Entries = []store.Entry{entry("joined", r.Running)}
		}
		return in
	}
}

// joined is a request whose messages are wanted whenever those of the purge are, and that costs nothing.
func joined(t *testing.T, w world) {
	s := w.open(t)
	first := record(t, s, 1, public)
	other := joinAs(t, s, 2)
	assert.Equal(t, first.ID, other.Joined)
	s = w.reopen(t, s)
	read, found, err := s.Purge(t.Context(), other.ID)
	require.NoError(t, err)
	require.True(t, found)
	assert.Equal(t, store.StateJoined, read.State)
	assert.Equal(t, first.Request.Digest(), read.Request.Digest(), "it has the targets of the purge")
	assert.Equal(t, noon, read.FinishedAt)
	assert.Equal(t, []string{"asked", "joined"}, whats(t, s, first.ID))
	for id, who := range map[string]acl.Subject{first.ID: bob, other.ID: alice} {
		has, err := s.HasJoined(t.Context(), who, id)
		require.NoError(t, err)
		assert.Equal(t, who == bob, has, "%s joined", who)
	}
	open, err := s.Unfinished(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{first.ID}, open, "it is nothing to run")
	batches, err := s.Batches(t.Context(), other.ID)
	require.NoError(t, err)
	assert.Empty(t, batches)
	r, err := s.Recent(t.Context(), lookAs(bob))
	require.NoError(t, err)
	assert.Zero(t, r.Open)
	assert.Zero(t, r.URLs, "nor has it cost anything")
	mine, err := s.History(t.Context(), store.Filter{Host: "www.test.com", By: bob})
	require.NoError(t, err)
	assert.Len(t, mine, 1)

	bumps := func(change func() error) {
		t.Helper()
		before := cardOf(t, s, other.ID, store.Status).Wanted
		require.NoError(t, change())
		assert.Equal(t, before+1, cardOf(t, s, other.ID, store.Status).Wanted)
	}
	bumps(func() error { return s.SetState(t.Context(), first.ID, store.StateSending) })
	bumps(func() error { return s.Redraw(t.Context(), first.ID) })
	bumps(func() error {
		return s.SetOutcomes(t.Context(), first.ID, []store.Target{{Area: purge.Overseas, N: 1, Outcome: purge.Accepted}})
	})
	_, found, err = s.CardOf(t.Context(), other.ID, store.Result)
	require.NoError(t, err)
	assert.False(t, found)
	bumps(func() error { return s.Finish(t.Context(), first.ID, store.StateCancelled, "", noon, false) })
	assert.Equal(t, int64(1), cardOf(t, s, other.ID, store.Result).Wanted, "whoever joined did not end it")
	_, found, err = s.CardOf(t.Context(), first.ID, store.Result)
	require.NoError(t, err)
	assert.False(t, found)
	bumps(func() error { return s.Revise(t.Context(), first.ID, store.StateDone, "", nil) })
	assert.Equal(t, int64(2), cardOf(t, s, other.ID, store.Result).Wanted)

	gone, err := s.Prune(t.Context(), noon.Add(time.Hour), noon)
	require.NoError(t, err)
	assert.Positive(t, gone)
	for _, id := range []string{first.ID, other.ID} {
		_, found, err = s.Purge(t.Context(), id)
		require.NoError(t, err)
		assert.False(t, found)
	}
	intact(t, s)
}

// rejoined: who asks again a moment later is told of the first, and what runs newest is joined.
func rejoined(t *testing.T, w world) {
	s := w.open(t)
	first := record(t, s, 1, public)
	joinAs(t, s, 2)
	for name, c := range map[string]struct {
		change func(*store.RecentQuery)
		same   string
	}{
		"at once":            {func(*store.RecentQuery) {}, first.ID},
		"later":              {func(q *store.RecentQuery) { q.Same = noon.Add(time.Millisecond) }, ""},
		"in another channel": {func(q *store.RecentQuery) { q.Channel = "slack:T1/C2" }, ""},
		"anew":               {func(q *store.RecentQuery) { q.Anew = true }, ""},
	} {
		q := lookAs(bob)
		c.change(&q)
		r, err := s.Recent(t.Context(), q)
		require.NoError(t, err)
		assert.Equal(t, c.same, r.Same, name)
	}
	newer := record(t, s, 3, public, func(p *store.Purge) { p.CreatedAt = noon.Add(time.Second) })
	r, err := s.Recent(t.Context(), lookAs(bob))
	require.NoError(t, err)
	assert.Equal(t, newer.ID, r.Running, "it covers more")
	finish(t, s, first)
	finish(t, s, newer)
	r, err = s.Recent(t.Context(), lookAs(bob))
	require.NoError(t, err)
	assert.Empty(t, r.Same+r.Running)
}

// joinedAtOnce: of many identical requests at once, one starts.
func joinedAtOnce(t *testing.T, w world) {
	s := w.open(t)
	const n = 12
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			q := lookAs(bob, func(q *store.RecentQuery) { q.ID = idOf(i); q.Same = noon.Add(time.Hour) })
			_, err := s.TakeIf(t.Context(), q, joining(t, i))
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	open, err := s.Unfinished(t.Context())
	require.NoError(t, err)
	assert.Len(t, open, 1)
	all, err := s.History(t.Context(), store.Filter{Limit: 2 * n})
	require.NoError(t, err)
	assert.Len(t, all, n)
	for _, p := range all {
		assert.Equal(t, p.ID != open[0], p.Joined == open[0])
	}
}
