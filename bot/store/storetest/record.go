package storetest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/store"
	"purgebot/purge"
)

// events checks that an event is taken once, and that a redelivery writes one audit row only.
func events(t *testing.T, w world) {
	s := w.open(t)
	button := store.Button{Token: "token", Action: "purge", Who: alice, Channel: channel, Request: json.RawMessage(`{}`), Expires: noon}

	// The first delivery makes a button.
	duplicate, err := s.Take(t.Context(), event(1), []store.Button{button}, entry("refused", ""))
	require.NoError(t, err)
	require.False(t, duplicate)

	// The second delivery makes none.
	again := event(1)
	again.Digest = "something else"
	other := store.Button{Token: "other", Action: "purge"}
	duplicate, err = s.Take(t.Context(), again, []store.Button{other}, entry("refused", ""))
	require.NoError(t, err)
	require.True(t, duplicate)

	got, found, err := s.Button(t.Context(), "token")
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, button, got)
	_, found, err = s.Button(t.Context(), "other")
	require.NoError(t, err)
	assert.False(t, found, "a duplicate must not make buttons")
	verified, err := s.Verify(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 2, verified.Rows, "one row for the event, one for its duplicate")
	assert.Nil(t, verified.Broken)

	// Another workspace or an empty event is no duplicate.
	elsewhere := event(1)
	elsewhere.Workspace = "T2"
	duplicate, err = s.Take(t.Context(), elsewhere, nil)
	require.NoError(t, err)
	assert.False(t, duplicate, "the same id in another workspace is another event")
	for range 2 {
		duplicate, err = s.Take(t.Context(), store.Event{}, nil, entry("looked", ""))
		require.NoError(t, err)
		assert.False(t, duplicate, "no event is never a duplicate")
	}
}

// purges checks that a recorded purge comes back whole, or is not recorded at all.
func purges(t *testing.T, w world) {
	s := w.open(t)
	p, batches := order(t, 1)

	// The purge is recorded and found by its id and its short id.
	stored, err := s.Record(t.Context(), p, batches, entry("asked", p.ID))
	require.NoError(t, err)
	assert.Equal(t, store.StateRecorded, stored.State)
	assert.Regexp(t, `^p-[0-9a-hjkmnp-tv-z]{8}$`, stored.Short)

	got, found, err := s.Purge(t.Context(), p.ID)
	require.NoError(t, err)
	require.True(t, found)
	assert.Equal(t, flat(t, stored), flat(t, got), "read back as Record returned it")
	byShort, found, err := s.Find(t.Context(), "slack", "T1", stored.Short)
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, flat(t, got), flat(t, byShort))
	_, found, err = s.Find(t.Context(), "slack", "T2", stored.Short)
	require.NoError(t, err)
	assert.False(t, found, "a short id is its workspace's")

	// The batches and targets come back in their order.
	planned, err := s.Batches(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, flat(t, batches), flat(t, planned), "batches come back as recorded")
	rows, err := s.Targets(t.Context(), p.ID)
	require.NoError(t, err)
	require.Len(t, rows, 4)
	assert.Equal(t, store.Target{N: 0, Area: purge.Mainland, Target: rows[0].Target, Batch: 2, Outcome: purge.Pending}, rows[0])
	assert.Equal(t, []int{2, 0, 1, 0}, []int{rows[0].Batch, rows[1].Batch, rows[2].Batch, rows[3].Batch})

	// The card and the key of the buttons exist.
	card := cardOf(t, s, p.ID, store.Status)
	assert.Equal(t, store.Card{Purge: p.ID, Role: store.Status, Wanted: 1}, card)
	of, found, err := s.Pressed(t.Context(), store.ButtonKey(p.Secret))
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, p.ID, of.ID)
	_, found, err = s.Pressed(t.Context(), store.ButtonKey("another"))
	require.NoError(t, err)
	assert.False(t, found)

	duplicate, err := s.Take(t.Context(), p.Event, nil)
	require.NoError(t, err)
	assert.True(t, duplicate, "Record takes the event's key")

	t.Run("in no batch, in no request", func(t *testing.T) {
		p, batches := order(t, 2)
		batches[0].Targets = append(batches[0].Targets, targets(t, "https://www.test.com/other")...)
		_, err := s.Record(t.Context(), p, batches)
		require.Error(t, err)
		_, found, err := s.Purge(t.Context(), p.ID)
		require.NoError(t, err)
		assert.False(t, found)
	})
	t.Run("whole or not at all", func(t *testing.T) {
		p, _ := order(t, 3)
		p.Request.Parts = append(p.Request.Parts, p.Request.Parts[0]) // two equal rows violate a key at the third write
		_, err := s.Record(t.Context(), p, nil, entry("asked", p.ID))
		require.Error(t, err)
		_, found, err := s.Purge(t.Context(), p.ID)
		require.NoError(t, err)
		assert.False(t, found)
		assert.Empty(t, whats(t, s, p.ID))
		duplicate, err := s.Take(t.Context(), p.Event, nil)
		require.NoError(t, err)
		assert.False(t, duplicate, "the key is free again")
	})
	t.Run("short ids that collide", func(t *testing.T) {
		a := record(t, s, 4, func(p *store.Purge) { p.ID = p.ID[:10] + p.ID[10:] })
		b := record(t, s, 5, func(p *store.Purge) { p.ID = a.ID[:10] + p.ID[10:] })
		c := record(t, s, 6, func(p *store.Purge) { p.ID, p.Event.Workspace = a.ID[:10]+p.ID[10:], "T2" })
		assert.NotEqual(t, a.Short, b.Short)
		assert.Equal(t, a.Short, c.Short, "free in another workspace")
	})
	intact(t, s)
}

// flat formats a value as JSON, so that cached fields of Target do not matter in a comparison.
func flat(t *testing.T, v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return string(b)
}

// recent checks the counts that an answer to a request needs.
func recent(t *testing.T, w world) {
	s := w.open(t)
	// The store holds purges of two people, of different ages and states.
	open := record(t, s, 1, func(p *store.Purge) { p.Confirm = "" })
	record(t, s, 2, func(p *store.Purge) { p.Requester, p.Confirm = bob, "" })
	record(t, s, 3, func(p *store.Purge) { p.Digest, p.CreatedAt, p.Confirm = "other", noon.Add(-time.Hour), "" })
	ask(t, s, 4)
	over := record(t, s, 5)
	require.NoError(t, s.Finish(t.Context(), over.ID, store.StateDone, "", noon, false))

	// Each case asks for another person, channel, digest or time.
	for name, c := range map[string]struct {
		who, in    acl.Subject
		digest     string
		same, urls time.Time
		want       store.Recent
	}{
		"everything":        {alice, channel, "digest", noon, noon, store.Recent{Same: open.ID, Open: 3, Waits: 1, URLs: 4}},
		"the hour before":   {alice, channel, "other", noon.Add(-time.Hour), noon.Add(-time.Hour), store.Recent{Same: idOf(3), Open: 3, Waits: 1, URLs: 8}},
		"too long ago":      {alice, channel, "other", noon, noon.Add(time.Second), store.Recent{Open: 3, Waits: 1}},
		"another channel":   {alice, "slack:T1/C2", "digest", noon, noon, store.Recent{Open: 3, Waits: 1, URLs: 4}},
		"somebody new":      {"slack:T1/U9", channel, "digest", noon, noon, store.Recent{Waits: 1}},
		"what bob asks for": {bob, channel, "digest", noon, noon, store.Recent{Same: idOf(2), Open: 1, Waits: 1, URLs: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.Recent(t.Context(), store.RecentQuery{Who: c.who, Channel: c.in, Digest: c.digest, Same: c.same, URLs: c.urls})
			require.NoError(t, err)
			if name == "everything" { // two purges fit equally well
				assert.Contains(t, []string{idOf(1), idOf(4)}, got.Same)
				got.Same = c.want.Same
			}
			assert.Equal(t, c.want, got)
		})
	}
}

// recentKnows checks that a recorded purge is known by its id, and that units count on the day of their call.
func recentKnows(t *testing.T, w world) {
	s := w.open(t)
	p := record(t, s, 1)
	_, fresh, err := s.Begin(t.Context(), store.Call{Purge: p.ID, Kind: purge.URL, Area: purge.Mainland, Units: 3, Day: "2026-11-21", At: noon, State: store.Calling}, 0, nil)
	require.NoError(t, err)
	require.True(t, fresh)
	for id, known := range map[string]bool{p.ID: true, idOf(2): false} {
		got, err := s.Recent(t.Context(), store.RecentQuery{ID: id, Day: "2026-11-21", Kind: purge.URL})
		require.NoError(t, err)
		assert.Equal(t, known, got.Known)
		assert.Equal(t, []int{3, 0}, []int{got.Mainland, got.Overseas})
	}
	other, err := s.Recent(t.Context(), store.RecentQuery{Day: "2026-11-22", Kind: purge.URL})
	require.NoError(t, err)
	assert.Zero(t, other.Mainland)
}

// history checks the filters and the order of the history.
func history(t *testing.T, w world) {
	s := w.open(t)
	// The store holds four purges that differ in every filtered field.
	record(t, s, 1, func(p *store.Purge) { p.CreatedAt = noon.Add(-2 * time.Hour) })
	record(t, s, 2, func(p *store.Purge) { p.CreatedAt, p.Requester = noon.Add(-time.Hour), bob })
	dir, err := purge.Parse(purge.Directory, "https://img.test.com/a/")
	require.NoError(t, err)
	p, _ := order(t, 3)
	p.Request = purge.Request{Kind: purge.Directory, Mode: purge.Delete, Parts: []purge.Part{{Area: purge.Mainland, Targets: []purge.Target{dir}}}}
	_, err = s.Record(t.Context(), p, []purge.Batch{{Kind: purge.Directory, Mode: purge.Delete, Area: purge.Mainland, Targets: []purge.Target{dir}}})
	require.NoError(t, err)
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StateDone, "", noon, false))
	record(t, s, 4, func(p *store.Purge) { p.Event.Workspace, p.CreatedAt = "T2", noon.Add(-3*time.Hour) })

	// Each filter selects its purges, newest first.
	for name, c := range map[string]struct {
		filter store.Filter
		want   []int
	}{
		"newest first": {store.Filter{}, []int{3, 2, 1, 4}},
		"workspace":    {store.Filter{Platform: "slack", Workspace: "T1"}, []int{3, 2, 1}},
		"host":         {store.Filter{Host: "www.abc.com", Platform: "slack", Workspace: "T1"}, []int{2, 1}},
		"by":           {store.Filter{By: bob}, []int{2}},
		"since":        {store.Filter{Since: noon.Add(-time.Hour)}, []int{3, 2}},
		"until":        {store.Filter{Until: noon.Add(-time.Hour)}, []int{1, 4}},
		"state":        {store.Filter{State: store.StateDone, Host: "img.test.com"}, []int{3}},
		"limit":        {store.Filter{Limit: 1}, []int{3}},
		"nothing":      {store.Filter{Host: "' OR 1=1 --"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := s.History(t.Context(), c.filter)
			require.NoError(t, err)
			var got, want []string
			for _, p := range found {
				got = append(got, p.ID)
				assert.NotEmpty(t, p.Request.Parts[0].Targets, "with its targets")
			}
			for _, n := range c.want {
				want = append(want, idOf(n))
			}
			assert.Equal(t, want, got)
		})
	}
	batches, err := s.Batches(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, purge.Delete, batches[0].Mode)
}

// restart closes the store at each stage of a purge and continues with the stored state.
func restart(t *testing.T, w world) {
	s := w.open(t)
	// Each function is one stage.
	p := ask(t, s, 1)
	call := callOf(p, 0)
	stages := []func(){
		func() {
			_, won, err := s.Decide(t.Context(), press(p, bob), event(2), entry("confirmed", p.ID))
			require.NoError(t, err)
			assert.True(t, won)
		},
		func() {
			ids, err := s.Decided(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []string{p.ID}, ids, "its bell is to be rung again")
			require.NoError(t, s.SetState(t.Context(), p.ID, store.StateSending))
		},
		func() {
			_, fresh, err := s.Begin(t.Context(), call, 0, nil, entry("sending", p.ID))
			require.NoError(t, err)
			assert.True(t, fresh)
		},
		func() {
			stored, fresh, err := s.Begin(t.Context(), call, 0, nil, entry("sending", p.ID))
			require.NoError(t, err)
			assert.False(t, fresh, "it may have left before the restart")
			assert.Equal(t, store.Calling, stored.State)
		},
		func() {
			ids, err := s.Unfinished(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []string{p.ID}, ids)
			require.NoError(t, s.Finish(t.Context(), p.ID, store.StateUnknown, "", noon, true, entry("over", p.ID)))
		},
		func() {
			ids, err := s.Unfinished(t.Context())
			require.NoError(t, err)
			assert.Empty(t, ids)
			assert.Equal(t, []string{"asked", "confirmed", "sending", "over"}, whats(t, s, p.ID))
			assert.Equal(t, int64(1), cardOf(t, s, p.ID, store.Result).Wanted)
		},
	}
	// The store is reopened after each stage.
	for _, stage := range stages {
		stage()
		s = w.reopen(t, s)
		intact(t, s)
	}
}

// repetition does each step twice, as the engine does after a kill. The second time changes nothing.
func repetition(t *testing.T, w world) {
	s := w.open(t)
	// The values are the same both times.
	p, batches := order(t, 1)
	expires := noon.Add(time.Minute)
	call := callOf(p, 0)
	ended := call
	ended.State, ended.Receipt = store.CallAccepted, purge.Receipt{TaskID: "7", At: noon}
	accepted := []store.Target{{Area: purge.Overseas, N: 0, Outcome: purge.Accepted}}
	// The steps are those of a whole purge.
	steps := []struct {
		name string
		do   func(ctx context.Context) error
	}{
		{"record", func(ctx context.Context) error {
			stored, err := s.Record(ctx, p, batches, entry("asked", p.ID))
			assert.NotEmpty(t, stored.Short)
			assert.Equal(t, flat(t, p.Request), flat(t, stored.Request))
			return err
		}},
		{"asked", func(ctx context.Context) error {
			first, err := s.Asked(ctx, p.ID, json.RawMessage(`{"id":"1"}`), expires)
			assert.Equal(t, noon.Add(time.Minute), first, "the expiry set first wins")
			expires = expires.Add(time.Hour)
			return err
		}},
		{"sending", func(ctx context.Context) error {
			return s.SetState(ctx, p.ID, store.StateSending, entry("to be sent", p.ID))
		}},
		{"begin", func(ctx context.Context) error {
			_, _, err := s.Begin(ctx, call, 100, nil, entry("sending", p.ID))
			return err
		}},
		{"end", func(ctx context.Context) error { return s.End(ctx, ended, accepted, entry("accepted", p.ID)) }},
		{"outcomes", func(ctx context.Context) error {
			return s.SetOutcomes(ctx, p.ID, []store.Target{{Area: purge.Overseas, N: 0, Outcome: purge.Done}}, entry("seen", p.ID))
		}},
		{"finish", func(ctx context.Context) error {
			return s.Finish(ctx, p.ID, store.StatePartly, "", noon, true, entry("over", p.ID))
		}},
	}
	// Each step runs twice.
	for _, step := range steps {
		require.NoError(t, step.do(t.Context()), step.name)
		before := snapshot(t, s, p.ID)
		require.NoError(t, step.do(t.Context()), "%s again", step.name)
		assert.Equal(t, before, snapshot(t, s, p.ID), "%s again changed something", step.name)
	}
	assert.Equal(t, []string{"asked", "to be sent", "sending", "accepted", "seen", "over"}, whats(t, s, p.ID))
	// A final state stays.
	require.NoError(t, s.SetState(t.Context(), p.ID, store.StateFollowing), "too late is no error")
	assert.Equal(t, store.StatePartly, stateOf(t, s, p.ID), "a final state is never left")
	require.Error(t, s.SetState(t.Context(), p.ID, store.StateDone), "only Finish ends a purge")
}

// snapshot returns all stored facts about a purge.
func snapshot(t *testing.T, s *store.Store, id string) string {
	p, _, err := s.Purge(t.Context(), id)
	require.NoError(t, err)
	rows, err := s.Targets(t.Context(), id)
	require.NoError(t, err)
	calls, err := s.Calls(t.Context(), id)
	require.NoError(t, err)
	due, err := s.DueCards(t.Context(), 10)
	require.NoError(t, err)
	audit, err := s.Audit(t.Context(), id)
	require.NoError(t, err)
	spent, err := s.Spent(t.Context(), "2026-11-21")
	require.NoError(t, err)
	return flat(t, []any{p, rows, calls, due, audit, spent})
}

// givingUp checks that a call with an ended context asks to try again and leaves nothing behind.
func givingUp(t *testing.T, w world) {
	s := w.open(t)
	ended, end := context.WithCancel(t.Context())
	end()
	p, batches := order(t, 1)
	_, err := s.Record(ended, p, batches)
	require.Error(t, err)
	assert.Equal(t, purge.Unavailable, purge.AsError(err).Kind)
	_, err = s.Recent(ended, store.RecentQuery{Who: alice, Channel: channel, Digest: "digest", Same: noon, URLs: noon})
	assert.Equal(t, purge.Unavailable, purge.AsError(err).Kind)
	_, found, err := s.Purge(t.Context(), p.ID)
	require.NoError(t, err)
	assert.False(t, found)

	require.NoError(t, s.Close())
	_, err = s.Take(t.Context(), event(1), nil)
	assert.Equal(t, purge.Unavailable, purge.AsError(err).Kind, "closed: %v", err)
}
