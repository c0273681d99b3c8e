package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

// counted puts one purge of four URLs into every possible situation and checks the counts: URLs sent or to be sent in
// the last ten minutes, open purges, waiting questions, and units of budgets.
func counted(t *testing.T, w world) {
	// Each case makes a purge, leads it to a situation, and names the expected counts.
	type now struct{ urls, open, waits, budget int }
	plain := func(p *store.Purge) { p.Confirm = "" }
	hour := func(p *store.Purge) { p.CreatedAt = noon.Add(-50 * time.Minute) }
	for name, c := range map[string]struct {
		made func(*store.Purge)
		then func(life)
		want now
	}{
		"recorded":                      {made: plain, want: now{4, 1, 0, 4}},
		"asked long ago":                {made: func(p *store.Purge) { plain(p); hour(p) }, want: now{0, 1, 0, 4}},
		"a question not shown yet":      {want: now{0, 1, 0, 4}},
		"a question":                    {then: life.ask, want: now{0, 1, 1, 4}},
		"confirmed":                     {then: func(l life) { l.ask(); l.decide(store.Confirmed, noon) }, want: now{4, 1, 0, 4}},
		"confirmed an hour later":       {made: hour, then: func(l life) { l.ask(); l.decide(store.Confirmed, noon) }, want: now{4, 1, 0, 4}},
		"confirmed long ago":            {made: hour, then: func(l life) { l.ask(); l.decide(store.Confirmed, noon.Add(-40*time.Minute)) }, want: now{0, 1, 0, 4}},
		"cancelled, not taken up":       {then: func(l life) { l.ask(); l.decide(store.Cancelled, noon) }, want: now{}},
		"expired, not taken up":         {then: func(l life) { l.ask(); l.decide(store.Expired, noon) }, want: now{}},
		"withdrawn, not taken up":       {then: func(l life) { l.ask(); l.decide(store.Withdrawn, noon) }, want: now{}},
		"cancelled":                     {then: func(l life) { l.ask(); l.decide(store.Cancelled, noon); l.finish(store.StateCancelled) }, want: now{}},
		"expired":                       {then: func(l life) { l.ask(); l.decide(store.Expired, noon); l.finish(store.StateExpired) }, want: now{}},
		"refused at the send":           {made: plain, then: func(l life) { l.finish(store.StateRefused) }, want: now{}},
		"stopped after the first batch": {made: plain, then: func(l life) { l.call(0, store.CallAccepted, purge.Accepted); l.finish(store.StatePartly) }, want: now{2, 0, 0, 2}},
		"done": {made: plain, then: func(l life) {
			l.call(0, store.CallAccepted, purge.Done)
			l.call(1, store.CallAccepted, purge.Done)
			l.call(2, store.CallAccepted, purge.Done)
			l.finish(store.StateDone)
		}, want: now{4, 0, 0, 4}},
		"unknown in part": {made: plain, then: func(l life) {
			l.call(0, store.CallUnknown, purge.OutcomeUnknown)
			l.call(1, store.CallUnsent, purge.Failed)
			l.call(2, store.CallRefused, purge.Failed)
			l.finish(store.StateUnknown)
		}, want: now{2, 0, 0, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			// The purge is recorded with charges and led to its situation.
			s := w.open(t)
			l := life{t, s, record(t, s, 1, func(p *store.Purge) {
				p.Charges = chargesOf(10)
				if c.made != nil {
					c.made(p)
				}
			})}
			if c.then != nil {
				c.then(l)
			}
			// The store must count as expected.
			r, err := s.Recent(t.Context(), store.RecentQuery{Who: alice, URLs: noon.Add(-10 * time.Minute), Asked: noon.Add(-time.Hour)})
			require.NoError(t, err)
			budgets := used(t, s)
			assert.Equal(t, c.want, now{r.URLs, r.Open, r.Waits, budgets["person alice overseas"] + budgets["person alice mainland"]})
			n, err := s.Waiting(t.Context())
			require.NoError(t, err)
			assert.Equal(t, r.Waits, n, "both counts of what waits are one")
			intact(t, s)
		})
	}
}

// life leads one purge from one situation to the next.
type life struct {
	t *testing.T
	s *store.Store
	p store.Purge
}

// ask makes the purge wait for a decision.
func (l life) ask() {
	_, err := l.s.Asked(l.t.Context(), l.p.ID, []byte(`{"id":"1"}`), noon.Add(10*time.Minute))
	require.NoError(l.t, err)
}

// decide records a decision of Alice.
func (l life) decide(what store.Verdict, at time.Time) {
	d := store.Decision{Purge: l.p.ID, What: what, Who: alice, Name: "Alice", At: at}
	_, won, err := l.s.Decide(l.t.Context(), d, event(77), entry(store.AuditKind(what), l.p.ID))
	require.NoError(l.t, err)
	require.True(l.t, won)
}

// call makes the one call of a batch and writes its end and the outcome of its targets.
func (l life) call(batch int, st store.CallState, o purge.Outcome) {
	_, batches := order(l.t, 1)
	b := batches[batch]
	call := store.Call{Purge: l.p.ID, Batch: batch, Kind: b.Kind, Area: b.Area, Units: len(b.Targets), Day: today, At: noon, State: store.Calling}
	_, fresh, err := l.s.Begin(l.t.Context(), call, 0, nil)
	require.NoError(l.t, err)
	require.True(l.t, fresh)
	targets, err := l.s.Targets(l.t.Context(), l.p.ID)
	require.NoError(l.t, err)
	var outcomes []store.Target
	for _, target := range targets {
		if target.Batch == batch {
			target.Outcome = o
			outcomes = append(outcomes, target)
		}
	}
	call.State = st
	require.NoError(l.t, l.s.End(l.t.Context(), call, outcomes))
}

// finish ends the purge.
func (l life) finish(st store.State) {
	require.NoError(l.t, l.s.Finish(l.t.Context(), l.p.ID, st, "", noon, false))
}
