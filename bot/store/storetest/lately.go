package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/store"
	"purgebot/purge"
)

// only reduces a request to one area.
func only(area purge.Area) func(*store.Purge) {
	return func(p *store.Purge) {
		for _, part := range p.Request.Parts {
			if part.Area == area {
				p.Request.Parts = []purge.Part{part}
			}
		}
	}
}

// recordOnly records the nth purge with one batch in one area.
func recordOnly(t *testing.T, s *store.Store, n int, area purge.Area, changes ...func(*store.Purge)) store.Purge {
	p, _ := order(t, n)
	for _, change := range append(changes, only(area)) {
		change(&p)
	}
	batch := purge.Batch{Kind: p.Request.Kind, Area: area, Targets: p.Request.Parts[0].Targets}
	stored, err := s.Record(t.Context(), p, []purge.Batch{batch})
	require.NoError(t, err)
	return stored
}

// run makes the call of a purge with one batch and writes its end and outcomes.
func run(t *testing.T, s *store.Store, p store.Purge, at time.Time, st store.CallState, o purge.Outcome) {
	part := p.Request.Parts[0]
	call := callOf(p, 0)
	call.Area, call.At, call.Units = part.Area, at, len(part.Targets)
	call, _, err := s.Begin(t.Context(), call, 0, nil)
	require.NoError(t, err)
	var rows []store.Target
	for n := range part.Targets {
		rows = append(rows, store.Target{Area: part.Area, N: n, Outcome: o})
	}
	call.State = st
	require.NoError(t, s.End(t.Context(), call, rows))
}

// durations checks the usual duration of purges.
func durations(t *testing.T, w world) {
	s := w.open(t)
	none, err := s.Durations(t.Context(), purge.URL, purge.Overseas, 100)
	require.NoError(t, err)
	assert.Equal(t, store.Usual{}, none)
	for n := 1; n <= 20; n++ { // the nth took n minutes and ended last so far
		p := recordOnly(t, s, n, purge.Overseas)
		run(t, s, p, noon, store.CallAccepted, purge.Done)
		require.NoError(t, s.Finish(t.Context(), p.ID, store.StateDone, "", noon.Add(time.Duration(n)*time.Minute), false))
	}
	// Purges of another area, without a result, or without a call do not count.
	for n, odd := range []struct {
		area purge.Area
		st   store.State
		sent bool
	}{{purge.Mainland, store.StateDone, true}, {purge.Overseas, store.StateAccepted, true}, {purge.Overseas, store.StateDone, false}} {
		p := recordOnly(t, s, 30+n, odd.area)
		if odd.sent {
			run(t, s, p, noon, store.CallAccepted, purge.Done)
		}
		require.NoError(t, s.Finish(t.Context(), p.ID, odd.st, "", noon.Add(10*time.Hour), false))
	}
	// The percentiles come from the last n purges.
	for _, c := range []struct {
		n    int
		want store.Usual
	}{
		{100, store.Usual{Of: 20, P50: 10 * time.Minute, P95: 19 * time.Minute}},
		{5, store.Usual{Of: 4, P50: 18 * time.Minute, P95: 20 * time.Minute}}, // one of the last five was never sent
		{2, store.Usual{Of: 1, P50: 20 * time.Minute, P95: 20 * time.Minute}},
	} {
		got, err := s.Durations(t.Context(), purge.URL, purge.Overseas, c.n)
		require.NoError(t, err)
		assert.Equal(t, c.want, got, "the last %d", c.n)
	}
	other, err := s.Durations(t.Context(), purge.Directory, purge.Overseas, 100)
	require.NoError(t, err)
	assert.Zero(t, other.Of)
}

// spentBy checks the units that each person used on a day.
func spentBy(t *testing.T, w world) {
	s := w.open(t)
	// Alice and Bob make calls of all kinds.
	for n, who := range []acl.Subject{alice, bob, bob} {
		p := recordOnly(t, s, n, purge.Overseas, func(p *store.Purge) { p.Requester, p.Name = who, string("AB"[min(n, 1)]) })
		run(t, s, p, noon, store.CallAccepted, purge.Accepted)
	}
	p := recordOnly(t, s, 10, purge.Mainland)
	run(t, s, p, noon, store.CallUnknown, purge.OutcomeUnknown)
	p = recordOnly(t, s, 11, purge.Mainland)
	run(t, s, p, noon, store.CallRefused, purge.Failed)
	// Bob used most, and refused calls cost nothing.
	got, err := s.SpentBy(t.Context(), today)
	require.NoError(t, err)
	assert.Equal(t, []store.SpentBy{
		{Who: bob, Name: "B", Spent: store.Spent{Kind: purge.URL, Area: purge.Overseas, Units: 6}},
		{Who: alice, Name: "A", Spent: store.Spent{Kind: purge.URL, Area: purge.Overseas, Units: 3}},
		{Who: alice, Name: "Alice", Spent: store.Spent{Kind: purge.URL, Area: purge.Mainland, Units: 1}},
	}, got)
	// The sums agree with the units used by all.
	sum := map[purge.Area]int{}
	for _, by := range got {
		sum[by.Area] += by.Units
	}
	all, err := s.Spent(t.Context(), today)
	require.NoError(t, err)
	for _, area := range all {
		assert.Equal(t, area.Units, sum[area.Area], "what people used is what was used")
	}
	got, err = s.SpentBy(t.Context(), "2026-11-22")
	require.NoError(t, err)
	assert.Empty(t, got)
}

// lastPurged checks which targets of a request were purged lately.
func lastPurged(t *testing.T, w world) {
	s := w.open(t)
	// Two purges were sent, one was refused, and one never left.
	first := recordOnly(t, s, 1, purge.Overseas)
	run(t, s, first, noon, store.CallAccepted, purge.Done)
	second := recordOnly(t, s, 2, purge.Overseas, func(p *store.Purge) {
		p.Request.Parts[0].Targets, p.Private = p.Request.Parts[0].Targets[:1], false // .../1.jpg
	})
	run(t, s, second, noon.Add(time.Minute), store.CallUnknown, purge.OutcomeUnknown)
	refused := recordOnly(t, s, 3, purge.Overseas)
	run(t, s, refused, noon.Add(2*time.Minute), store.CallRefused, purge.Failed)
	recordOnly(t, s, 4, purge.Overseas) // never sent

	// look asks for the same targets with changes.
	asking, _ := order(t, 5)
	own := alice
	look := func(since time.Time, change func(*purge.Request)) (found []string) {
		r := asking.Request
		if change != nil {
			change(&r)
		}
		again, err := s.LastPurged(t.Context(), r, since, own)
		require.NoError(t, err)
		for _, p := range again {
			found = append(found, flat(t, []any{p.Target, p.Area, p.Outcome, p.At, p.Purge}))
		}
		return found
	}
	want := func(target string, o purge.Outcome, at time.Time, p store.Purge) string {
		return flat(t, []any{target, purge.Overseas, o, at, p.Short})
	}
	// Each target has its newest call, and only equal kinds, modes and areas count.
	all := []string{
		want("https://www.test.com/1.jpg", purge.OutcomeUnknown, noon.Add(time.Minute), second),
		want("https://www.abc.com/a?q=1", purge.Done, noon, first),
		want("https://www.test.com/2.jpg", purge.Done, noon, first),
	}
	assert.Equal(t, all, look(noon, nil), "the newest of each, mainland not")
	assert.Equal(t, all[:1], look(noon.Add(time.Second), nil), "calls of before do not count")
	assert.Empty(t, look(noon.Add(time.Hour), nil))
	assert.Empty(t, look(noon, func(r *purge.Request) { r.Mode = purge.Delete }), "deleting is more than flushing")
	assert.Empty(t, look(noon, func(r *purge.Request) { r.Kind = purge.Directory }))
	assert.Empty(t, look(noon, func(r *purge.Request) {
		r.Parts = []purge.Part{{Area: purge.Overseas, Targets: targets(t, "https://www.test.com/3.jpg")}}
	}))
	// Private purges of others stay hidden.
	own = bob
	assert.Equal(t, all[:1], look(noon, nil), "what is private is not told to others")
}
