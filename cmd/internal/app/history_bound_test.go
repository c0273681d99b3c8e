package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/store"
	"purgebot/cmd/internal/app"
	"purgebot/purge"
)

// The insider alters tables by hand. Whatever that changes of what history prints, --verify must find.

// mustBind are the columns that are bound whether history prints them just now or not.
var mustBind = map[string][]string{
	"pb_purge": {"id", "short", "platform", "workspace", "requester", "name", "requester_groups", "channel", "kind", "mode", "areas", "policy", "confirm",
		"reason", "private", "state", "problem", "created_at", "finished_at", "cancelled"},
	"pb_target":   {"purge", "area", "n", "target", "outcome", "reason"},
	"pb_host":     {"host", "at", "purge"},
	"pb_decision": {"purge", "what", "who", "name", "who_groups", "problem", "emergency", "at"},
	"pb_call":     {"purge", "batch", "try", "kind", "area", "units", "day", "at", "state", "receipt", "problem"},
	"pb_rule": {"id", "kind", "platform", "workspace", "grantee", "domain", "path", "kinds", "areas", "until", "maker", "name", "groups_of", "reason", "at",
		"revoked_at", "revoked_by"},
	"pb_audit": {"seq", "at", "who", "name", "what", "purge", "body", "prev", "hash", "facts"},
}

// TestHistoryPrintsNothingUnbound alters, deletes and copies every value of every table, one at a time.
func TestHistoryPrintsNothingUnbound(t *testing.T) {
	t.Parallel()
	w := eventful(t)
	base := w.prints(t)
	w.sees(t, "")
	for _, table := range w.texts(t, `SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'pb\_%' ESCAPE '\' AND name <> 'pb_schema' ORDER BY name`) {
		columns := w.texts(t, `SELECT name FROM pragma_table_info('`+table+`')`)
		for _, id := range w.texts(t, `SELECT CAST(rowid AS TEXT) FROM `+table) {
			for _, column := range columns {
				w.alters(t, base, table, column, id)
			}
			w.deletes(t, base, table, id)
			w.copies(t, base, table, columns, id)
		}
	}
	assert.Equal(t, base, w.prints(t), "all was put back")
	w.sees(t, "")
}

// TestHistoryPrintsAllOfIt holds the test above to what history can print: each of its values is there somewhere.
func TestHistoryPrintsAllOfIt(t *testing.T) {
	t.Parallel()
	empty := map[string]bool{}
	d := json.NewDecoder(strings.NewReader(history(t, app.History{Format: "json"}, eventful(t).environ)))
	for {
		var row map[string]any
		if err := d.Decode(&row); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
		for key, value := range row {
			is := value == nil || value == "" || value == 0.0
			was, seen := empty[key]
			empty[key] = is && (was || !seen)
		}
	}
	for key, is := range empty {
		assert.False(t, is, "%s is in no row: have a row of eventful print it, so that its tables are altered", key)
	}
}

type tables struct {
	environ []string
	db      *store.Store
}

// prints is all that history shows, by every way in.
func (w tables) prints(t *testing.T) string {
	var b bytes.Buffer
	for _, h := range []app.History{{}, {Host: "www.example.com"}, {By: "slack:T1/U1"}, {Outcome: "failed"}} {
		h.Format, h.Zone = "json", "UTC"
		if err := h.Run(t.Context(), w.environ, noon.Add(time.Hour), &b); err != nil {
			fmt.Fprintln(&b, "cannot be read:", err)
		}
	}
	some, err := w.db.History(t.Context(), store.Filter{Platform: "slack", Workspace: "T1", Limit: 100})
	fmt.Fprintln(&b, err)
	for _, p := range some { // as a chat has them
		fmt.Fprintln(&b, p.Short, p.CreatedAt, p.Request, p.State, p.Name, p.Requester, p.Private)
	}
	return b.String()
}

// broken is what --verify finds; "" is nothing.
func (w tables) broken(t *testing.T) string {
	if err := app.VerifyHistory(t.Context(), w.environ, io.Discard); err != nil {
		return err.Error()
	}
	return ""
}

func (w tables) sees(t *testing.T, want string) {
	t.Helper()
	assert.Equal(t, want, w.broken(t))
}

func (w tables) exec(t *testing.T, query string, args ...any) error {
	_, err := w.db.DB().ExecContext(context.Background(), query, args...)
	return err
}

func (w tables) texts(t *testing.T, query string) (found []string) {
	rows, err := w.db.DB().QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		found = append(found, s)
	}
	return found
}

func (w tables) alters(t *testing.T, base, table, column, id string) {
	where := ` WHERE rowid = ` + id
	var was any
	require.NoError(t, w.db.DB().QueryRow(`SELECT `+column+` FROM `+table+where).Scan(&was), "%s %s %s", table, column, id)
	for _, value := range others(was) {
		if w.exec(t, `UPDATE `+table+` SET `+column+` = $1`+where, value) != nil {
			continue // the database takes no such value
		}
		what := fmt.Sprintf("%s.%s of row %s from %v to %v", table, column, id, was, value)
		w.found(t, base, what, slices.Contains(mustBind[table], column))
		require.NoError(t, w.exec(t, `UPDATE `+table+` SET `+column+` = $1`+where, was))
	}
}

// others are values that somebody could put in place of one.
func others(was any) []any {
	switch was := was.(type) {
	case int64:
		return []any{was + 1, -was - 1}
	case string:
		values := []any{was + "x", ""}
		if strings.HasPrefix(was, "[") || was == "null" {
			values = append(values, `["slack:T1/U9"]`)
		}
		if strings.Contains(was, "https://www.") {
			values = append(values, strings.Replace(was, "https://www.", "https://forged.", 1))
		}
		if strings.Contains(was, "task7") {
			values = append(values, strings.Replace(was, "task7", "task8", 1))
		}
		return slices.DeleteFunc(values, func(v any) bool { return v == was })
	}
	return []any{"x"}
}

func (w tables) deletes(t *testing.T, base, table, id string) {
	require.NoError(t, w.exec(t, `CREATE TEMP TABLE kept AS SELECT * FROM `+table+` WHERE rowid = `+id))
	require.NoError(t, w.exec(t, `DELETE FROM `+table+` WHERE rowid = `+id))
	w.found(t, base, table+" without row "+id, mustBind[table] != nil)
	columns := strings.Join(w.texts(t, `SELECT name FROM pragma_table_info('`+table+`')`), ", ")
	require.NoError(t, w.exec(t, `INSERT INTO `+table+` (rowid, `+columns+`) SELECT `+id+`, * FROM kept`))
	require.NoError(t, w.exec(t, `DROP TABLE kept`))
}

// copies puts a row in again with another key: whatever column may not be there twice is altered. One of no purge at all is
// nothing that is ever read.
func (w tables) copies(t *testing.T, base, table string, columns []string, id string) {
	unique := w.texts(t, `SELECT DISTINCT ii.name FROM pragma_index_list('`+table+`') il, pragma_index_info(il.name) ii WHERE il."unique" = 1`)
	for _, key := range unique {
		values := slices.Clone(columns)
		for i, c := range columns {
			if c == key || table == "pb_purge" && slices.Contains(unique, c) {
				values[i] = `CASE typeof(` + c + `) WHEN 'text' THEN ` + c + ` || 'x' ELSE ` + c + ` + 1000 END`
			}
		}
		if w.exec(t, `INSERT INTO `+table+` SELECT `+strings.Join(values, ", ")+` FROM `+table+` WHERE rowid = `+id) != nil {
			continue
		}
		w.found(t, base, table+" with row "+id+" copied under another "+key, mustBind[table] != nil && key != "purge")
		require.NoError(t, w.exec(t, `DELETE FROM `+table+` WHERE rowid = last_insert_rowid()`))
	}
}

// found holds --verify to finding what changed if history prints otherwise than before, or if it must anyhow.
func (w tables) found(t *testing.T, base, what string, must bool) {
	if must || w.prints(t) != base {
		assert.NotEmpty(t, w.broken(t), what)
	}
}

// eventful is a database in which history has everything to print.
func eventful(t *testing.T) tables {
	url := "sqlite:" + filepath.Join(t.TempDir(), "purgebot.db")
	db, err := store.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	w := tables{[]string{"DATABASE_URL=" + url}, db}
	p := w.purges(t, "a1", "www.example.com")
	w.joins(t, p)
	w.fetchesAgain(t, p)
	w.rules(t)
	row := store.Entry{At: noon, Who: "slack:T1/U3", Name: "Eve", What: store.AuditRefused, Body: store.Body{
		Channel: "slack:T1/C9", Policy: "later", Message: "No.", Refused: []store.Refused{{Target: "https://www.example.com/", Area: purge.Mainland, Reason: "No rule.", Rule: "frozen"}}}.JSON()}
	require.NoError(t, db.Note(t.Context(), row))
	require.NoError(t, w.exec(t, `PRAGMA foreign_keys = OFF`))
	return w
}

func by(who acl.Subject, name string, what store.AuditKind, id string, b store.Body) store.Entry {
	return store.Entry{At: noon, Who: who, Name: name, What: what, Purge: id, Body: b.JSON()}
}

// requested is a purge of two targets by Alice.
func requested(t *testing.T, id, host string) (store.Purge, []purge.Batch) {
	var targets []purge.Target
	for _, path := range []string{"/a/", "/b/"} {
		target, err := purge.Parse(purge.Directory, "https://"+host+path)
		require.NoError(t, err)
		targets = append(targets, target)
	}
	r := purge.Request{Kind: purge.Directory, Mode: purge.Flush, Parts: []purge.Part{{Area: purge.Mainland, Targets: targets}}}
	return store.Purge{
		ID: strings.Repeat(id, 32), Secret: id, Event: store.Event{Platform: "slack", Workspace: "T1", ID: id}, Requester: "slack:T1/U1", Name: "Alice",
		Groups: []acl.Subject{"slack:T1/S1"}, Channel: "slack:T1/C1", Policy: "policyhash", Confirm: acl.SecondPerson, Reason: "stale", Request: r,
		Digest: r.Digest(), CreatedAt: noon,
	}, []purge.Batch{{Kind: r.Kind, Mode: r.Mode, Area: purge.Mainland, Targets: targets}}
}

// purges lives through a purge that was confirmed, sent, looked at, ended as unknown, and looked at again.
func (w tables) purges(t *testing.T, id, host string) store.Purge {
	ctx := t.Context()
	p, batches := requested(t, id, host)
	asked := store.Body{Verb: "dir", Rules: []string{"shop"}, Via: []string{"oncall"}, Channel: p.Channel, Policy: p.Policy, Reason: p.Reason, Groups: p.Groups}
	p, err := w.db.Record(ctx, p, batches, by(p.Requester, p.Name, store.AuditAsked, p.ID, asked))
	require.NoError(t, err)
	_, err = w.db.Asked(ctx, p.ID, json.RawMessage(`{}`), noon.Add(time.Hour))
	require.NoError(t, err)
	d := store.Decision{Purge: p.ID, What: store.Confirmed, Who: "slack:T1/U2", Name: "Bob", Groups: []acl.Subject{"slack:T1/S2"}, Emergency: "urgent", At: noon}
	_, _, err = w.db.Decide(ctx, d, store.Event{}, by(d.Who, d.Name, store.AuditConfirmed, p.ID, store.Body{}))
	require.NoError(t, err)
	require.NoError(t, w.db.SetState(ctx, p.ID, store.StateSending))
	call := store.Call{Purge: p.ID, Kind: p.Request.Kind, Area: purge.Mainland, Units: 2, Day: "2026-11-21", At: noon}
	call, _, err = w.db.Begin(ctx, call, 0, nil, by("", "", store.AuditSending, p.ID, store.Body{}))
	require.NoError(t, err)
	call.State, call.Receipt = store.CallUnknown, purge.Receipt{TaskID: "task7", RequestID: "request8", At: noon}
	lost := []store.Target{{Area: purge.Mainland, Outcome: purge.OutcomeUnknown, Reason: "lost"}, {Area: purge.Mainland, N: 1, Outcome: purge.OutcomeUnknown, Reason: "lost"}}
	answered := store.Body{Task: "task7", Request: "request8", Problem: "No answer came."}
	require.NoError(t, w.db.End(ctx, call, lost, by("", "", store.AuditAnswered, p.ID, answered)))
	ended := store.Body{State: "unknown", Problem: "It is not known."}
	require.NoError(t, w.db.Finish(ctx, p.ID, store.StateUnknown, ended.Problem, noon, true, by("", "", store.AuditEnded, p.ID, ended)))
	lost[1].Outcome, lost[1].Reason = purge.Failed, "The vendor says so."
	require.NoError(t, w.db.Revise(ctx, p.ID, store.StateFailed, "It failed.", lost[1:], by("", "", store.AuditRevised, p.ID, store.Body{State: "failed"})))
	return p
}

// joins has Bob ask for the same while another purge is under way.
func (w tables) joins(t *testing.T, same store.Purge) {
	p, batches := requested(t, "d4", "www.example.net")
	running, err := w.db.Record(t.Context(), p, batches, by(p.Requester, p.Name, store.AuditAsked, p.ID, store.Body{}))
	require.NoError(t, err)
	j := running
	j.ID, j.Secret, j.Event.ID, j.Requester, j.Name, j.State, j.Joined = strings.Repeat("e5", 32), "e5", "e5", "slack:T1/U2", "Bob", store.StateJoined, running.ID
	_, err = w.db.Record(t.Context(), j, nil, by(j.Requester, j.Name, store.AuditJoined, running.ID, store.Body{ID: j.ID}))
	require.NoError(t, err)
	_, err = w.db.Stop(t.Context(), running.ID, "slack:T1/U1", store.Event{}, by("slack:T1/U1", "Alice", store.AuditCancelled, running.ID, store.Body{}))
	require.NoError(t, err)
	require.NoError(t, w.db.Finish(t.Context(), running.ID, store.StateCancelled, "", noon, false, by("", "", store.AuditEnded, running.ID, store.Body{State: "cancelled"})))
}

// fetchesAgain has one purge follow another, and stand open.
func (w tables) fetchesAgain(t *testing.T, after store.Purge) {
	p, batches := requested(t, "f6", "www.example.com")
	p.Follows, p.Event.ID = after.ID, "f6"
	_, err := w.db.Record(t.Context(), p, batches, by("", "", store.AuditPrefetching, p.ID, store.Body{Follows: after.ID}))
	require.NoError(t, err)
}

func (w tables) rules(t *testing.T) {
	made := func(id, domain string) store.Rule {
		r := store.Rule{ID: id, Kind: store.Grant, Platform: "slack", Workspace: "T1", To: "slack:T1/U7", Domain: domain, Path: "/a/", Kinds: []purge.Kind{purge.URL},
			Areas: []purge.Area{purge.Mainland}, Until: noon.Add(2 * time.Hour), By: "slack:T1/U1", ByName: "Alice", ByGroups: []acl.Subject{"slack:T1/S1"}, Reason: "on call", At: noon}
		body := store.Body{Rule: r.ID, To: r.To, Domain: r.Domain, Kinds: r.Kinds, Areas: r.Areas, Until: "2026-11-21 14:00 UTC", Freezes: []string{"r-0"}}
		_, _, err := w.db.AddRule(t.Context(), r, store.Event{Platform: "slack", Workspace: "T1", ID: id}, by(r.By, r.ByName, store.AuditGranted, "", body))
		require.NoError(t, err)
		return r
	}
	made("r-1", "www.example.com")
	gone := made("r-2", "www.example.org")
	_, _, err := w.db.RevokeRules(t.Context(), []string{gone.ID}, "slack:T1/U1", noon.Add(time.Minute), store.Event{},
		by("slack:T1/U1", "Alice", store.AuditRevoked, "", store.Body{Rules: []string{gone.ID}, Domain: gone.Domain}))
	require.NoError(t, err)
}
