package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/purge"
)

// TestKept leads purges through random lives. After each step what is kept beside the rows is what the rows say, counted anew: sums, and
// the order of the cards.
func TestKept(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		s, _ := opened(t)
		r := rand.New(rand.NewPCG(seed, 1))
		var ids []string
		for step := range 150 {
			if len(ids) == 0 || r.IntN(5) == 0 {
				ids = append(ids, randomPurge(t, s, r, len(ids), ids))
			}
			did := randomStep(t, s, r, ids[r.IntN(len(ids))])
			require.Equal(t, countedAnew(t, s), kept(t, s), "seed %d, step %d: %s", seed, step, did)
			require.Equal(t, dueAnew(t, s), due(t, s), "seed %d, step %d: %s", seed, step, did)
		}
	}
}

func randomPurge(t *testing.T, s *Store, r *rand.Rand, n int, ids []string) string {
	p := oldPurge(t, n)
	p.Requester = acl.Subject(fmt.Sprint("slack:T1/U", r.IntN(3)))
	p.CreatedAt = midday.Add(time.Duration(r.IntN(300_000)) * time.Millisecond)
	p.Confirm = []acl.Confirm{"", acl.Requester}[r.IntN(2)]
	if len(ids) > 0 {
		switch r.IntN(6) {
		case 0:
			p.Joined, p.State = ids[r.IntN(len(ids))], StateJoined
		case 1:
			p.Follows = ids[r.IntN(len(ids))]
		case 2:
			p.State = StateWaiting
		}
	}
	batch := purge.Batch{Kind: purge.URL, Area: purge.Mainland, Targets: p.Request.Parts[0].Targets}
	_, err := s.Record(t.Context(), p, []purge.Batch{batch}, rowOf(AuditAsked, p.ID))
	require.NoError(t, err)
	return p.ID
}

// randomStep does one of the things that happen to a purge, whether it makes sense or not.
func randomStep(t *testing.T, s *Store, r *rand.Rand, id string) string {
	ctx := context.Background()
	at := midday.Add(time.Duration(r.IntN(400_000)) * time.Millisecond)
	call := Call{Purge: id, Kind: purge.URL, Area: purge.Mainland, Units: 1, Day: "d", At: at, Try: r.IntN(3)}
	role := []Role{Status, Result, Looking}[r.IntN(3)]
	outcome := Target{Area: purge.Mainland, Outcome: []purge.Outcome{purge.Failed, purge.Done, purge.OutcomeUnknown}[r.IntN(3)]}
	steps := map[string]func() error{
		"ask": func() error { _, err := s.Asked(ctx, id, json.RawMessage(`{}`), at); return err },
		"move": func() error {
			return s.SetState(ctx, id, []State{StateSending, StateFollowing, StateWaiting}[r.IntN(3)])
		},
		"decide": func() error {
			what := []Verdict{Confirmed, Cancelled, Expired, Withdrawn}[r.IntN(4)]
			_, _, err := s.Decide(ctx, Decision{Purge: id, What: what, Who: "slack:T1/U9", At: at}, Event{})
			return err
		},
		"begin": func() error { _, _, err := s.Begin(ctx, call, 0, nil); return err },
		"end": func() error {
			call.State = []CallState{CallAccepted, CallRefused, CallUnsent, CallUnknown}[r.IntN(4)]
			_, _, err := s.Begin(ctx, call, 0, nil)
			if err == nil {
				_ = s.End(ctx, call, []Target{outcome}) // there is none where it was stopped
			}
			return err
		},
		"finish":  func() error { return s.Finish(ctx, id, StateUnknown, "", at, r.IntN(2) == 0) },
		"shown":   func() error { return s.CardShown(ctx, id, role, int64(r.IntN(4)), json.RawMessage(`{}`)) },
		"failed":  func() error { return s.CardFailed(ctx, id, role, int64(r.IntN(4)), r.IntN(2) == 0) },
		"remind":  func() error { return s.Remind(ctx, id, r.IntN(2) == 0) },
		"redraw":  func() error { return s.Redraw(ctx, id) },
		"revise":  func() error { return s.Revise(ctx, id, StateDone, "", []Target{outcome}) },
		"unclear": func() error { _, err := s.TellUnclear(ctx, at); return err },
		"freeze": func() error {
			rule := Rule{ID: fmt.Sprint("r-", r.Uint64()), Kind: Freeze, Domain: "x.test", Until: at, By: "slack:T1/U1", At: at}
			_, _, err := s.AddRule(ctx, rule, Event{})
			return err
		},
	}
	names := []string{"ask", "move", "decide", "begin", "end", "finish", "shown", "failed", "remind", "redraw", "revise", "unclear", "freeze", "shown", "failed", "move"}
	name := names[r.IntN(len(names))]
	require.NoError(t, steps[name](), name)
	return name
}

// kept are the sums that are not zero.
func kept(t *testing.T, s *Store) []string {
	sums := linesOf(t, s, `SELECT who || ' ' || what || ' ' || at || ' ' || n FROM pb_tally WHERE n <> 0 ORDER BY who, what, at`)
	return append(sums, linesOf(t, s, `SELECT day || kind || area || who || name || units FROM pb_spent_by WHERE units <> 0 ORDER BY day, kind, area, who`)...)
}

// countedAnew are the same, from the rows.
func countedAnew(t *testing.T, s *Store) []string {
	sums := linesOf(t, s, `WITH counted AS (SELECT p.*, CASE WHEN p.confirm = '' THEN p.created_at ELSE d.at END AS counts FROM pb_purge p
		LEFT JOIN pb_decision d ON d.purge = p.id AND d.what = 'confirmed' WHERE p.urls > 0)
	SELECT who || ' ' || what || ' ' || at || ' ' || n FROM (
		SELECT requester AS who, 'open' AS what, 0 AS at, count(*) AS n FROM pb_purge o LEFT JOIN pb_decision d ON d.purge = o.id
			WHERE o.finished_at = 0 AND o.follows IS NULL AND (d.what IS NULL OR d.what = 'confirmed') GROUP BY requester
		UNION ALL SELECT '', 'waiting', 0, count(*) FROM pb_purge p WHERE state = 'waiting' AND NOT EXISTS (SELECT 1 FROM pb_decision d WHERE d.purge = p.id)
		UNION ALL SELECT requester, 'urls by second', counts - counts % 1000, sum(urls) FROM counted WHERE counts > 0 GROUP BY 1, 3
		UNION ALL SELECT requester, 'urls by minute', counts - counts % 60000, sum(urls) FROM counted WHERE counts > 0 GROUP BY 1, 3)
	WHERE n <> 0 ORDER BY who, what, at`)
	return append(sums, linesOf(t, s, `SELECT c.day || c.kind || c.area || p.requester || max(p.name) || sum(c.units) FROM pb_call c JOIN pb_purge p ON p.id = c.purge
		WHERE c.state NOT IN ('unsent', 'refused') GROUP BY c.day, c.kind, c.area, p.requester HAVING sum(c.units) <> 0 ORDER BY c.day, c.kind, c.area, p.requester`)...)
}

// due are the cards in their order.
func due(t *testing.T, s *Store) (lines []string) {
	cards, err := s.DueCards(t.Context(), 1000)
	require.NoError(t, err)
	for _, c := range cards {
		lines = append(lines, fmt.Sprint(c.Purge[:8], " ", c.Role, " ", c.Opens))
	}
	return lines
}

// dueAnew is the order by all that it depends on.
func dueAnew(t *testing.T, s *Store) []string {
	const later = `CASE WHEN c.role = 'status' AND c.ref = '' AND p.follows IS NULL THEN 0 ELSE 8 END`
	return linesOf(t, s, `SELECT substr(c.purge, 1, 8) || ' ' || c.role || ' ' || CASE WHEN `+later+` = 0 THEN 'true' ELSE 'false' END
		FROM pb_card c JOIN pb_purge p ON p.id = c.purge WHERE c.shown < c.wanted
		ORDER BY (SELECT max(f.fails) FROM pb_card f WHERE f.purge = c.purge AND f.shown < f.wanted) + `+later+`, p.created_at, c.purge, c.role DESC`)
}

func linesOf(t *testing.T, s *Store, query string) []string {
	lines, err := rows(t.Context(), s.db, text, query)
	require.NoError(t, err)
	return lines
}

// TestSumsOfTime counts what was asked for since a time by whole seconds: nothing since then is missing, and nothing of a second before.
func TestSumsOfTime(t *testing.T) {
	t.Parallel()
	s, _ := opened(t)
	r := rand.New(rand.NewPCG(7, 7))
	at := map[int]time.Time{}
	for n := range 60 {
		p := oldPurge(t, n)
		p.CreatedAt = midday.Add(time.Duration(r.IntN(900_000)) * time.Millisecond)
		at[n] = p.CreatedAt
		_, err := s.Record(t.Context(), p, nil)
		require.NoError(t, err)
	}
	for range 200 {
		since := midday.Add(time.Duration(r.IntN(900_000)) * time.Millisecond)
		got, err := s.Recent(t.Context(), RecentQuery{Who: "slack:T1/U1", URLs: since})
		require.NoError(t, err)
		want := 0
		for _, asked := range at {
			if !asked.Before(since.Truncate(time.Second)) {
				want++
			}
		}
		assert.Equal(t, want, got.URLs, since)
	}
}

// TestUpgradeKeeps has an older database get what is kept from its rows.
func TestUpgradeKeeps(t *testing.T) {
	t.Parallel()
	s, url := opened(t)
	everyState(t, s)
	wantKept, wantDue := kept(t, s), due(t, s)
	before, err := s.LastPurged(t.Context(), oldPurge(t, 4).Request, midday, "slack:T1/U1")
	require.NoError(t, err)
	s = upgraded(t, s, url)
	assert.Equal(t, wantKept, kept(t, s))
	assert.Equal(t, wantDue, due(t, s))
	for n := range 12 {
		after, err := s.LastPurged(t.Context(), oldPurge(t, n).Request, midday, "slack:T1/U1")
		require.NoError(t, err)
		if n == 4 {
			assert.Equal(t, before, after)
			assert.Len(t, after, 1)
		}
	}
}
