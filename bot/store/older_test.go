package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// A database of before rows had facts: purges in every state, some of whose rows, or which themselves, age has removed.

var midday = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// TestUpgradeBindsWhatIsThere upgrades such a database, lives on with it, alters it, and has age take it away.
func TestUpgradeBindsWhatIsThere(t *testing.T) {
	t.Parallel()
	s, url := opened(t)
	ids := everyState(t, s)
	_, err := s.db.Exec(`DELETE FROM pb_purge WHERE id = $1`, inState(t, s, 60, StateDone)) // age has removed it, and its rows stay
	require.NoError(t, err)
	s = upgraded(t, s, url)
	v := whole(t, s)
	assert.Positive(t, v.BoundFrom)
	assert.Equal(t, []string{"asked", "sending", "answered", "ended"}, kindsOf(t, s, ids[StateDone]), "no row of the upgrade's is told")

	// Whatever was open goes on and ends.
	for _, st := range []State{StateRecorded, StateWaiting, StateSending, StateFollowing} {
		require.NoError(t, s.SetState(t.Context(), ids[st], StateFollowing))
		done := []Target{{Area: purge.Mainland, Outcome: purge.Done}}
		require.NoError(t, s.SetOutcomes(t.Context(), ids[st], done, rowOf(AuditSeen, ids[st])))
		require.NoError(t, s.Finish(t.Context(), ids[st], StatePartly, "", midday, true, rowOf(AuditEnded, ids[st])))
	}
	require.NoError(t, s.Revise(t.Context(), ids[StateUnknown], StateDone, "", []Target{{Area: purge.Mainland, Outcome: purge.Done}}, rowOf(AuditRevised, ids[StateUnknown])))
	_, _, err = s.RevokeRules(t.Context(), []string{"r-1"}, "slack:T1/U1", midday, Event{}, rowOf(AuditRevoked, ""))
	require.NoError(t, err)
	whole(t, s)

	for name, id := range ids {
		for _, forged := range []string{
			`UPDATE pb_target SET target = 'https://forged.example/' WHERE purge = $1`, `UPDATE pb_target SET outcome = 'failed', reason = 'x' WHERE purge = $1`,
			`UPDATE pb_purge SET name = 'Mallory' WHERE id = $1`, `UPDATE pb_purge SET state = 'sending' WHERE id = $1`,
			`UPDATE pb_call SET receipt = '{"task":"forged"}' WHERE purge = $1`, `UPDATE pb_decision SET who = 'slack:T1/U9' WHERE purge = $1`,
			`DELETE FROM pb_target WHERE purge = $1`, `DELETE FROM pb_call WHERE purge = $1`, `DELETE FROM pb_decision WHERE purge = $1`,
		} {
			altered(t, s, fmt.Sprintf("%s: %s", name, forged), forged, id)
		}
	}
	altered(t, s, "rule", `UPDATE pb_rule SET grantee = 'x' WHERE id = $1`, "r-1")
	altered(t, s, "gone", `DELETE FROM pb_purge WHERE id = $1`, ids[StateFailed])
	agesAway(t, s)
}

// TestUpgradeMovesTheReasonOfAnEmergency upgrades a database of before any row bound a decision, and one whose rows bind the reason
// as a confirmation's problem: both have the reason where it belongs, and no forgery passes.
func TestUpgradeMovesTheReasonOfAnEmergency(t *testing.T) {
	t.Parallel()
	for name, reopen := range map[string]func(*testing.T, *Store, string) *Store{"before facts": upgraded, "before emergency": beforeEmergency} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := opened(t)
			released, refused := inState(t, s, 1, StateWaiting), inState(t, s, 2, StateWaiting)
			decided(t, s, Decision{Purge: released, What: Confirmed, Who: "slack:T1/U2", Emergency: "urgent", At: midday})
			decided(t, s, Decision{Purge: refused, What: Withdrawn, Problem: "no more", At: midday})
			_, err := s.db.Exec(`UPDATE pb_decision SET problem = emergency WHERE what = 'confirmed'`)
			require.NoError(t, err)
			s = reopen(t, s, url)
			whole(t, s)
			assertWhy(t, s, released, "urgent", "")
			assertWhy(t, s, refused, "", "no more")
			for _, forgery := range []string{`emergency = problem, problem = emergency WHERE purge = $1`, `emergency = problem WHERE purge = $1`, `problem = emergency WHERE purge = $1`,
				`emergency = '' WHERE purge = $1 AND emergency <> ''`, `problem = '' WHERE purge = $1 AND problem <> ''`, `emergency = 'x' WHERE purge = $1`, `problem = 'x' WHERE purge = $1`} {
				altered(t, s, forgery, `UPDATE pb_decision SET `+forgery, released)
				altered(t, s, forgery, `UPDATE pb_decision SET `+forgery, refused)
			}
		})
	}
}

func decided(t *testing.T, s *Store, d Decision) {
	_, _, err := s.Decide(t.Context(), d, Event{}, rowOf(AuditConfirmed, d.Purge))
	require.NoError(t, err)
	whole(t, s)
}

func assertWhy(t *testing.T, s *Store, id, emergency, problem string) {
	d, _, err := s.Decision(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, emergency, d.Emergency)
	assert.Equal(t, problem, d.Problem)
	assert.Equal(t, emergency != "", d.Released())
}

// beforeEmergency takes a database back to the schema before the reason had its column, and opens it.
func beforeEmergency(t *testing.T, s *Store, url string) *Store {
	_, err := s.db.Exec(`ALTER TABLE pb_decision DROP COLUMN emergency; DELETE FROM pb_schema WHERE version_id >= 16`)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	s, err = Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// agesAway has what remains verify at every step of age.
func agesAway(t *testing.T, s *Store) {
	for _, until := range []time.Duration{-time.Hour, time.Minute, 90 * 24 * time.Hour, 9000 * 24 * time.Hour} {
		_, err := s.Prune(t.Context(), midday.Add(until), midday)
		require.NoError(t, err)
		whole(t, s)
	}
	left, err := rows(t.Context(), s.db, text, `SELECT id FROM pb_purge UNION ALL SELECT id FROM pb_rule`)
	require.NoError(t, err)
	assert.Empty(t, left)
}

// altered runs a forgery, which Verify must find where it changed anything, and puts the tables back.
func altered(t *testing.T, s *Store, name, forgery, id string) {
	exec := func(query string, args ...any) int64 {
		r, err := s.db.Exec(query, args...)
		require.NoError(t, err, "%s: %s", name, query)
		n, err := r.RowsAffected()
		require.NoError(t, err)
		return n
	}
	exec(`PRAGMA foreign_keys = OFF`)
	forgeable := []string{"pb_purge", "pb_target", "pb_call", "pb_decision", "pb_rule"}
	for _, table := range forgeable {
		exec(`CREATE TEMP TABLE kept_` + table + ` AS SELECT * FROM ` + table)
	}
	changed := exec(forgery, id) > 0
	v, err := s.Verify(t.Context())
	require.NoError(t, err)
	assert.Equal(t, changed, v.Broken != nil, name)
	for _, table := range forgeable {
		exec(`DELETE FROM ` + table)
		exec(`INSERT INTO ` + table + ` SELECT * FROM kept_` + table)
		exec(`DROP TABLE kept_` + table)
	}
	exec(`PRAGMA foreign_keys = ON`)
}

func opened(t *testing.T) (*Store, string) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "purgebot.db")
	s, err := Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s, url
}

func whole(t *testing.T, s *Store) Verified {
	t.Helper()
	v, err := s.Verify(t.Context())
	require.NoError(t, err)
	if v.Broken != nil {
		t.Fatalf("row %d: %s", v.Broken.Seq, v.Broken.Why)
	}
	return v
}

func kindsOf(t *testing.T, s *Store, id string) (kinds []string) {
	entries, err := s.Audit(t.Context(), id)
	require.NoError(t, err)
	for _, e := range entries {
		kinds = append(kinds, string(e.What))
	}
	return kinds
}

func rowOf(what AuditKind, id string) Entry {
	return Entry{At: midday, Who: "slack:T1/U1", Name: "Alice", What: what, Purge: id, Body: Body{Reason: "x"}.JSON()}
}

// everyState has a purge in each state, by state, and a rule.
func everyState(t *testing.T, s *Store) map[State]string {
	ids := map[State]string{}
	for n, st := range []State{StateRecorded, StateWaiting, StateSending, StateFollowing, StateDone, StatePartly, StateAccepted, StateFailed, StateUnknown,
		StateRefused, StateCancelled, StateExpired} {
		ids[st] = inState(t, s, n, st)
	}
	p := oldPurge(t, 50)
	p.State, p.Joined = StateJoined, ids[StateSending]
	_, err := s.Record(t.Context(), p, nil, rowOf(AuditJoined, ids[StateSending]))
	require.NoError(t, err)
	ids[StateJoined] = p.ID
	r := Rule{ID: "r-1", Kind: Freeze, Domain: "www.test.com", Until: midday.Add(time.Hour), By: "slack:T1/U1", At: midday}
	_, _, err = s.AddRule(t.Context(), r, Event{}, rowOf(AuditFrozen, ""))
	require.NoError(t, err)
	return ids
}

func oldPurge(t *testing.T, n int) Purge {
	sum := sha256.Sum256(fmt.Append(nil, n))
	target, err := purge.Parse(purge.URL, fmt.Sprintf("https://www.test.com/%d", n))
	require.NoError(t, err)
	return Purge{ID: hex.EncodeToString(sum[:]), Secret: hex.EncodeToString(sum[:8]), Event: Event{Platform: "slack", Workspace: "T1", ID: fmt.Sprint(n)}, Requester: "slack:T1/U1", Name: "Alice",
		CreatedAt: midday, Request: purge.Request{Kind: purge.URL, Parts: []purge.Part{{Area: purge.Mainland, Targets: []purge.Target{target}}}}}
}

func inState(t *testing.T, s *Store, n int, st State) string {
	ctx, p := t.Context(), oldPurge(t, n)
	batch := purge.Batch{Kind: purge.URL, Area: purge.Mainland, Targets: p.Request.Parts[0].Targets}
	_, err := s.Record(ctx, p, []purge.Batch{batch}, rowOf(AuditAsked, p.ID))
	require.NoError(t, err)
	switch st {
	case StateRecorded:
		return p.ID
	case StateWaiting:
		_, err := s.Asked(ctx, p.ID, json.RawMessage(`{}`), midday.Add(time.Hour))
		require.NoError(t, err)
		return p.ID
	case StateCancelled, StateExpired, StateRefused:
		_, _, err := s.Decide(ctx, Decision{Purge: p.ID, What: Cancelled, Who: "slack:T1/U2", At: midday}, Event{}, rowOf(AuditCancelled, p.ID))
		require.NoError(t, err)
		require.NoError(t, s.Finish(ctx, p.ID, st, "so", midday, true, rowOf(AuditEnded, p.ID)))
		return p.ID
	}
	c, _, err := s.Begin(ctx, Call{Purge: p.ID, Kind: purge.URL, Area: purge.Mainland, Units: 1, Day: "d", At: midday}, 0, nil, rowOf(AuditSending, p.ID))
	require.NoError(t, err)
	if st == StateSending {
		return p.ID
	}
	c.State, c.Receipt = CallAccepted, purge.Receipt{TaskID: "1", At: midday}
	require.NoError(t, s.End(ctx, c, []Target{{Area: purge.Mainland, Outcome: purge.Accepted}}, rowOf(AuditAnswered, p.ID)))
	if st == StateFollowing {
		require.NoError(t, s.SetState(ctx, p.ID, st))
		return p.ID
	}
	require.NoError(t, s.Finish(ctx, p.ID, st, "", midday, true, rowOf(AuditEnded, p.ID)))
	return p.ID
}

// beforeFacts is the last schema whose rows bind nothing.
const beforeFacts = 8

// upgraded copies what is there into a database as an older purgebot would have left it, and opens that.
func upgraded(t *testing.T, s *Store, url string) *Store {
	entries, err := rows(t.Context(), s.db, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE what <> $1 ORDER BY seq`, AuditNoted)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	path := filepath.Join(t.TempDir(), "older.db")
	older, err := connect(path, writing)
	require.NoError(t, err)
	migrateTo(t, older, beforeFacts)
	copyTables(t, older, strings.TrimPrefix(url, "sqlite:"))
	chainOld(t, older, entries)
	require.NoError(t, older.Close())
	s, err = Open(context.Background(), "sqlite:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func migrateTo(t *testing.T, db *sql.DB, version int64) {
	p, err := goose.NewProvider(goose.DialectSQLite3, db, migrations(), goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true))
	require.NoError(t, err)
	_, err = p.UpTo(t.Context(), version)
	require.NoError(t, err)
}

// copyTables copies the columns that an older database has, but for the audit.
func copyTables(t *testing.T, older *sql.DB, from string) {
	_, err := older.Exec(`PRAGMA foreign_keys = OFF`)
	require.NoError(t, err)
	_, err = older.Exec(`ATTACH '` + from + `' AS now`)
	require.NoError(t, err)
	names, err := rows(t.Context(), older, text, `SELECT name FROM main.sqlite_master WHERE type = 'table' AND name LIKE 'pb\_%' ESCAPE '\' AND name NOT IN ('pb_schema', 'pb_audit')`)
	require.NoError(t, err)
	for _, name := range names {
		columns, err := rows(t.Context(), older, text, `SELECT name FROM pragma_table_info('`+name+`')`)
		require.NoError(t, err)
		list := strings.Join(columns, ", ")
		_, err = older.Exec(`DELETE FROM main.` + name + `; INSERT INTO main.` + name + ` (` + list + `) SELECT ` + list + ` FROM now.` + name)
		require.NoError(t, err, name)
	}
}

// chainOld writes rows without facts; age has removed the first, and its purge stays.
func chainOld(t *testing.T, older *sql.DB, entries []Entry) {
	prev := ""
	for i, e := range entries {
		e.Seq, e.Prev, e.facts = int64(i+1), prev, ""
		prev = sealed(e)
		if i == 0 {
			_, err := older.Exec(`UPDATE pb_audit_head SET pruned_seq = 1, pruned_hash = $1`, prev)
			require.NoError(t, err)
			continue
		}
		_, err := older.Exec(`INSERT INTO pb_audit (seq, at, who, name, what, purge, body, prev, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			e.Seq, millis(e.At), e.Who, e.Name, e.What, e.Purge, string(e.Body), e.Prev, prev)
		require.NoError(t, err)
	}
	_, err := older.Exec(`UPDATE pb_audit_head SET seq = $1, hash = $2`, len(entries), prev)
	require.NoError(t, err)
}
