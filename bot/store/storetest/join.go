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

// public makes a purge visible to everybody and free of confirmation.
func public(p *store.Purge) { p.Private, p.Confirm = false, "" }

// lookAs returns the query of a person who asks for the same purge as record.
func lookAs(who acl.Subject, changes ...func(*store.RecentQuery)) store.RecentQuery {
	q := store.RecentQuery{ID: idOf(99), Who: who, Channel: channel, Digest: "digest", Same: noon.Add(-time.Minute), URLs: noon.Add(-time.Minute),
		Day: today, Kind: purge.URL, Platform: "slack", Workspace: "T1"}
	for _, change := range changes {
		change(&q)
	}
	return q
}

// running checks for every situation of a purge whether a request may join it.
func running(t *testing.T, w world) {
	hour := func(p *store.Purge) { p.CreatedAt = noon.Add(-time.Hour) }
	// Each case makes a purge, leads it to a situation, and changes the query.
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
			// Alice's purge is recorded, and Bob asks for the same.
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

// guarded makes a purge wait for its requester's confirmation.
func guarded(p *store.Purge) { p.Confirm = acl.Requester }

// move sets the state of a purge.
func move(t *testing.T, s *store.Store, p store.Purge, st store.State) {
	require.NoError(t, s.SetState(t.Context(), p.ID, st))
}

// becomes sets the outcome of one target.
func becomes(t *testing.T, s *store.Store, p store.Purge, o purge.Outcome) {
	require.NoError(t, s.SetOutcomes(t.Context(), p.ID, []store.Target{{Area: purge.Overseas, N: 1, Outcome: o}}))
}

// presses decides about a purge with a verdict.
func presses(v store.Verdict) func(*testing.T, *store.Store, store.Purge) {
	return func(t *testing.T, s *store.Store, p store.Purge) {
		d := press(p, alice)
		d.What = v
		_, won, err := s.Decide(t.Context(), d, event(50))
		require.NoError(t, err)
		require.True(t, won)
	}
}

// halt stops a purge.
func halt(t *testing.T, s *store.Store, p store.Purge) {
	_, err := s.Stop(t.Context(), p.ID, alice, event(50))
	require.NoError(t, err)
}

// finish ends a purge as done.
func finish(t *testing.T, s *store.Store, p store.Purge) {
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StateDone, "", noon, true))
}

// joinAs lets Bob's nth request join the running purge.
func joinAs(t *testing.T, s *store.Store, n int, changes ...func(*store.Purge)) store.Purge {
	taken, err := s.TakeIf(t.Context(), lookAs(bob, func(q *store.RecentQuery) { q.ID = idOf(n); q.Same = noon.Add(time.Hour) }), joining(t, n, changes...))
	require.NoError(t, err)
	require.NotNil(t, taken.Purge)
	return *taken.Purge
}

// joining joins a running purge, or records the nth purge for Bob.
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

// joined checks that a request that joined a purge costs nothing and shows every change of that purge.
func joined(t *testing.T, w world) {
	s := w.open(t)
	// Bob joins Alice's purge, also in the stored form.
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
	// The audit and the queries know who joined, and the request itself is neither run nor counted.
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

	// Each change of the purge bumps the card of the joined request.
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
	// The end gives the joined request a result card, although its requester did not end the purge.
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

	// Age removes both together.
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

// rejoined checks that a repeated request leads to the purge joined before, and that a new request joins the newest
// running purge.
func rejoined(t *testing.T, w world) {
	s := w.open(t)
	first := record(t, s, 1, public)
	joinAs(t, s, 2)
	// Only an immediate repetition in the same channel counts as the same.
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
	// A newer purge is joined instead of the older one, and a finished purge is not joined.
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

// joinedAtOnce checks that of many simultaneous identical requests one starts a purge and the rest join it.
func joinedAtOnce(t *testing.T, w world) {
	s := w.open(t)
	const n = 12
	// Twelve requests arrive at the same time.
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			q := lookAs(bob, func(q *store.RecentQuery) { q.ID = idOf(i); q.Same = noon.Add(time.Hour) })
			_, err := s.TakeIf(t.Context(), q, joining(t, i))
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	// One purge is open, and all other requests point to it.
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
