package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

// timeline checks the history of a day with two purges, a refusal and a freeze.
func timeline(t *testing.T, w world) {
	s := w.open(t)
	at := func(minute int, e store.Entry) store.Entry {
		e.At = noon.Add(time.Duration(minute) * time.Minute)
		return e
	}
	// The first purge is confirmed by Bob and fails.
	p, batches := order(t, 1)
	_, err := s.Record(t.Context(), p, batches, at(0, entry("asked", p.ID)))
	require.NoError(t, err)
	_, err = s.Asked(t.Context(), p.ID, json.RawMessage(`{"id":"1"}`), noon.Add(time.Hour))
	require.NoError(t, err)
	d := store.Decision{Purge: p.ID, What: store.Confirmed, Who: bob, Name: "Bob", At: noon}
	confirmed := at(3, entry("confirmed", p.ID))
	confirmed.Who, confirmed.Name = bob, "Bob"
	_, _, err = s.Decide(t.Context(), d, event(100), confirmed)
	require.NoError(t, err)
	own := at(4, entry("sending", p.ID))
	own.Who, own.Name = "", ""
	_, _, err = s.Begin(t.Context(), callOf(p, 0), 0, nil, own)
	require.NoError(t, err)
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StateFailed, "no", noon, false, at(9, entry("ended", p.ID))))

	// The second purge is Bob's, in another workspace.
	other, _ := order(t, 2)
	other.Requester, other.Event.Workspace = bob, "T2"
	other.Request.Parts = []purge.Part{{Area: purge.Mainland, Targets: targets(t, "https://other.com/")}}
	otherAsked := at(1, entry("asked", other.ID))
	otherAsked.Who = bob
	_, err = s.Record(t.Context(), other, nil, otherAsked)
	require.NoError(t, err)

	// The refusal and the freeze belong to no purge.
	refused := at(2, entry("refused", ""))
	refused.Body = json.RawMessage(`{"refused":[{"target":"https://pay.com/x"},{"target":"https://www.abc.com/y"}]}`)
	frozen := at(5, entry("frozen", ""))
	frozen.Body = json.RawMessage(`{"domain":"*.abc.com"}`)
	require.NoError(t, s.Note(t.Context(), refused, frozen))

	// Each filter selects its rows, oldest first.
	for name, c := range map[string]struct {
		store.Filter
		want string
	}{
		"all":              {store.Filter{}, "asked asked refused confirmed sending frozen ended"},
		"a host":           {store.Filter{Host: "www.abc.com"}, "asked refused confirmed sending frozen ended"},
		"a refused host":   {store.Filter{Host: "pay.com"}, "refused"},
		"the apex":         {store.Filter{Host: "abc.com"}, "frozen"},
		"no such host":     {store.Filter{Host: "xabc.com"}, ""},
		"another's":        {store.Filter{By: bob}, "asked confirmed"},
		"somebody's":       {store.Filter{By: alice}, "asked refused confirmed sending frozen ended"},
		"failed":           {store.Filter{State: store.StateFailed}, "asked confirmed sending ended"},
		"refused":          {store.Filter{State: store.StateRefused}, "refused"},
		"since and until":  {store.Filter{Since: noon.Add(2 * time.Minute), Until: noon.Add(5 * time.Minute)}, "refused confirmed sending"},
		"a workspace":      {store.Filter{Platform: "slack", Workspace: "T2"}, "asked"},
		"a host of one":    {store.Filter{Host: "other.com", By: bob}, "asked"},
		"a host of none's": {store.Filter{Host: "other.com", By: alice}, ""},
	} {
		var got string
		for m, err := range s.Timeline(t.Context(), c.Filter) {
			require.NoError(t, err)
			got += string(m.What) + " "
		}
		assert.Equal(t, c.want, string([]byte(got)[:max(0, len(got)-1)]), name)
	}
	// A later look revises the first purge.
	learned := []store.Target{{Area: purge.Overseas, N: 1, Outcome: purge.Done}, {Area: purge.Overseas, N: 2, Outcome: purge.OutcomeUnknown, Reason: "lost"}}
	require.NoError(t, s.Revise(t.Context(), p.ID, store.StateUnknown, "", learned, at(20, entry("seen", p.ID)), at(21, entry("revised", p.ID))))
	asThen(t, s, p.ID)
}

// asThen checks that each row shows the state at the time of its writing.
func asThen(t *testing.T, s *store.Store, id string) {
	var said []string
	ends := 0
	// Each row is summed up in a line.
	for m, err := range s.Timeline(t.Context(), store.Filter{Host: "www.test.com"}) {
		require.NoError(t, err)
		if m.Entry.Purge != id {
			continue
		}
		said = append(said, fmt.Sprintf("%s: %s by %q, %d calls, %s", m.What, m.Purge.State, m.Decision.Who, len(m.Calls), outcomesOf(m.Targets)))
		assert.Equal(t, store.AuditAsked, m.First.What)
		if m.Ends {
			ends++
		}
	}
	// The lines show the state of their time, and one row ends the purge.
	assert.Equal(t, []string{
		`asked: recorded by "", 0 calls, pending pending pending pending`,
		`confirmed: waiting by "slack:T1/U2", 0 calls, `,
		`sending: waiting by "slack:T1/U2", 0 calls, `,
		`ended: failed by "slack:T1/U2", 1 calls, skipped skipped skipped skipped`,
		`seen: unknown by "slack:T1/U2", 0 calls, done unknown`,
		`revised: unknown by "slack:T1/U2", 0 calls, `,
	}, said)
	assert.Equal(t, 1, ends)
	for range s.Timeline(t.Context(), store.Filter{}) {
		break // the reader may stop early
	}
}

// outcomesOf lists the outcomes of targets.
func outcomesOf(targets []store.Target) string {
	words := make([]string, len(targets))
	for i, t := range targets {
		words[i] = string(t.Outcome)
	}
	return strings.Join(words, " ")
}

// longTimeline checks that a history of several pages is complete, even with many rows of the same time.
func longTimeline(t *testing.T, w world) {
	// 250 rows have three different times.
	s := w.open(t)
	var want []string
	for n := range 250 {
		e := entry(store.AuditKind(fmt.Sprint(n)), "")
		e.At = noon.Add(time.Duration(n/120) * time.Second)
		want = append(want, string(e.What))
		require.NoError(t, s.Note(t.Context(), e))
	}
	// All rows come back in order, and a closed store reports an error.
	var got []string
	for m, err := range s.Timeline(t.Context(), store.Filter{Since: noon}) {
		require.NoError(t, err)
		got = append(got, string(m.What))
	}
	assert.Equal(t, want, got)
	require.NoError(t, s.Close())
	for _, err := range s.Timeline(t.Context(), store.Filter{}) {
		require.Error(t, err)
		assert.Equal(t, purge.Unavailable, purge.AsError(err).Kind)
	}
}
