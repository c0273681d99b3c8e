package app_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
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

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// past makes a database with one purge that a second person confirmed, and two refusals by somebody with an odd name. It stays
// open, as by a process that serves.
func past(t *testing.T) (environ []string, db *store.Store) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "purgebot.db")
	db, err := store.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	target, err := purge.Parse(purge.URL, "https://www.example.com/a_b.jpg")
	require.NoError(t, err)
	p := store.Purge{
		ID: strings.Repeat("a1", 32), Event: store.Event{Platform: "slack", Workspace: "T1", ID: "1"}, Requester: "slack:T1/U1", Name: "Alice",
		Groups: []acl.Subject{"slack:T1/S1"}, Channel: "slack:T1/C1", Policy: "policyhash", Reason: "-stale", CreatedAt: noon,
		Request: purge.Request{Kind: purge.URL, Parts: []purge.Part{{Area: purge.Overseas, Targets: []purge.Target{target}}}},
	}
	batches := []purge.Batch{{Kind: purge.URL, Area: purge.Overseas, Targets: []purge.Target{target}}}
	row := func(minute int, who acl.Subject, name string, what store.AuditKind, body string) store.Entry {
		return store.Entry{At: noon.Add(time.Duration(minute) * time.Minute), Who: who, Name: name, What: what, Purge: p.ID, Body: json.RawMessage(body)}
	}
	_, err = db.Record(t.Context(), p, batches, row(0, "slack:T1/U1", "Alice", "asked", `{"rules":["shop"],"via":["oncall"],"reason":"-stale"}`))
	require.NoError(t, err)
	d := store.Decision{Purge: p.ID, What: store.Confirmed, Who: "slack:T1/U2", Name: "Bob", Groups: []acl.Subject{"slack:T1/S2"}, At: noon}
	_, _, err = db.Decide(t.Context(), d, store.Event{}, row(1, "slack:T1/U2", "Bob", "confirmed", `{}`))
	require.NoError(t, err)
	call := store.Call{Purge: p.ID, Kind: purge.URL, Area: purge.Overseas, Units: 1, Day: "2026-11-21", At: noon}
	call, _, err = db.Begin(t.Context(), call, 0, nil, row(2, "", "", "sending", `{}`))
	require.NoError(t, err)
	call.State, call.Receipt = store.CallAccepted, purge.Receipt{TaskID: "task7", RequestID: "request8", At: noon}
	failed := []store.Target{{Area: purge.Overseas, Outcome: purge.Failed, Reason: "Tencent said no."}}
	require.NoError(t, db.End(t.Context(), call, failed, row(3, "", "", "answered", `{"task":"task7","request":"request8"}`)))
	require.NoError(t, db.Finish(t.Context(), p.ID, store.StateFailed, "", noon, true, row(4, "", "", "ended", `{"problem":"It failed."}`)))
	odd := "=HYPERLINK(\"x\")|<b>\n@everyone \u202e*"
	refusal := row(5, "slack:T1/U3", odd, "refused",
		`{"channel":"slack:T1/C9","policy":"later","refused":[{"target":"https://pay.example.com/","area":"mainland","reason":"No rule lets you.","rule":"frozen"}]}`)
	refusal.Purge = ""
	message := row(6, "slack:T1/U3", "\ttab", "refused", `{"message":"The word foo is unknown."}`)
	message.Purge = ""
	require.NoError(t, db.Note(t.Context(), refusal, message))
	return []string{"DATABASE_URL=" + url}, db
}

func history(t *testing.T, h app.History, environ []string) string {
	var out bytes.Buffer
	require.NoError(t, h.Run(t.Context(), environ, noon.Add(time.Hour), &out))
	return out.String()
}

func TestHistoryAsJSON(t *testing.T) {
	t.Parallel()
	environ, _ := past(t)
	d := json.NewDecoder(strings.NewReader(history(t, app.History{Format: "json", Zone: "Asia/Shanghai"}, environ)))
	var rows []map[string]any
	for {
		var row map[string]any
		if err := d.Decode(&row); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
		rows = append(rows, row)
	}
	var what []any
	for _, row := range rows {
		what = append(what, row["what"])
	}
	require.Equal(t, []any{"asked", "confirmed", "sending", "answered", "ended", "refused", "refused"}, what)
	has := func(n int, want map[string]any) {
		for key, value := range want {
			assert.Equal(t, value, rows[n][key], "%s of row %d", key, n)
		}
	}
	list := func(values ...any) []any { return values }
	has(0, map[string]any{
		"utc": "2026-11-21T12:00:00.000Z", "local": "2026-11-21T20:00:00.000+08:00", "subject": "slack:T1/U1", "name": "Alice",
		"groups": list("slack:T1/S1"), "via": list("oncall"), "rules": list("shop"), "policy": "policyhash", "channel": "slack:T1/C1",
		"requester": "slack:T1/U1", "kind": "url", "areas": list("overseas"), "reason": "-stale", "approver": "", "approver_name": "",
		"state": "recorded", "outcome": "", "tasks": nil, "requests": nil,
		"targets": list(map[string]any{"target": "https://www.example.com/a_b.jpg", "area": "overseas", "outcome": "pending"}),
	})
	has(1, map[string]any{"subject": "slack:T1/U2", "name": "Bob", "groups": list("slack:T1/S2"), "via": nil, "rules": nil, "requester_name": "Alice", "approver_name": "Bob", "targets": nil, "outcome": ""})
	has(2, map[string]any{"state": "recorded", "outcome": "", "tasks": nil})
	has(3, map[string]any{"subject": "purgebot", "via": list("oncall"), "rules": list("shop"), "tasks": list("task7"), "approver": "slack:T1/U2", "policy": "policyhash"})
	has(4, map[string]any{"problem": "It failed.", "reason": "-stale", "approver": "slack:T1/U2", "state": "failed", "outcome": "failed",
		"tasks": list("task7"), "requests": list("request8"),
		"targets": list(map[string]any{"target": "https://www.example.com/a_b.jpg", "area": "overseas", "outcome": "failed", "reason": "Tencent said no."})})
	has(5, map[string]any{"subject": "slack:T1/U3", "channel": "slack:T1/C9", "policy": "later", "rules": list("frozen"), "purge": "",
		"targets": list(map[string]any{"target": "https://pay.example.com/", "area": "mainland", "outcome": "refused", "reason": "No rule lets you."})})
	has(6, map[string]any{"problem": "The word foo is unknown."})
	for n, row := range rows {
		assert.Regexp(t, `^[0-9a-f]{64}$`, row["hash"], "row %d", n)
	}
}

func TestHistoryAsCSV(t *testing.T) {
	t.Parallel()
	environ, _ := past(t)
	table, err := csv.NewReader(strings.NewReader(history(t, app.History{Format: "csv"}, environ))).ReadAll()
	require.NoError(t, err)
	require.Len(t, table, 8)
	cell := func(row int, column string) string {
		for i, name := range table[0] {
			if name == column {
				return table[row][i]
			}
		}
		t.Fatal("no column ", column)
		return ""
	}
	assert.Equal(t, "'-stale", cell(1, "reason"))
	assert.Equal(t, "https://www.example.com/a_b.jpg (overseas: pending)", cell(1, "targets"))
	assert.Equal(t, "https://www.example.com/a_b.jpg (overseas: failed) Tencent said no.", cell(5, "targets"))
	assert.Equal(t, "'=HYPERLINK(\"x\")|<b>\n@everyone \u202e*", cell(6, "name"))
	assert.Equal(t, "'\ttab", cell(7, "name"))
	for _, row := range table {
		for _, c := range row {
			assert.NotRegexp(t, "^[=+@\t\r\n-]", c)
		}
	}
}

func TestHistoryAsMarkdown(t *testing.T) {
	t.Parallel()
	environ, _ := past(t)
	text := history(t, app.History{Zone: "Asia/Shanghai", Host: "www.example.com"}, environ)
	rows := strings.Split(strings.TrimSpace(text), "\n")
	require.Len(t, rows, 2+5, text)
	assert.Equal(t, "| UTC | Asia/Shanghai | what | who | purge | about |", rows[0])
	assert.True(t, strings.HasPrefix(rows[2], "| 2026-11-21 12:00:00 Z | 2026-11-21 20:00:00 +08:00 | asked | Alice (slack:T1/U1) | p-"), rows[2])
	assert.Contains(t, rows[2], `https://www.example.com/a\_b.jpg (overseas: pending) · reason: -stale · rule: shop · let in by: oncall`)
	assert.Contains(t, rows[6], `https://www.example.com/a\_b.jpg (overseas: failed) Tencent said no. · Purge pressed by Bob`)
	assert.Contains(t, rows[6], "Purge pressed by Bob (slack:T1/U2) · outcome: failed · task task7 · request request8")

	text = history(t, app.History{By: "slack:T1/U3"}, environ)
	rows = strings.Split(strings.TrimSpace(text), "\n")
	require.Len(t, rows, 2+2, text)
	assert.Contains(t, rows[2], `| =HYPERLINK("x")\|&#60;b&#62;\\u000a&#64;everyone \\u202e\* (slack:T1/U3) |`)
	for _, row := range rows {
		assert.Equal(t, 7, strings.Count(strings.ReplaceAll(row, `\|`, ""), "|"), row)
	}
}

// What an administrator said in chat names whom it was for, how far it went and how long.
func TestHistoryOfAGrant(t *testing.T) {
	t.Parallel()
	environ, db := past(t)
	body := `{"rule":"r-1","to":"slack:T1/U7","domain":"loan.example.com","kinds":["url"],"areas":["mainland"],"until":"2026-11-21 14:00 UTC","reason":"on call","groups":["slack:T1/SADMIN"]}`
	e := store.Entry{At: noon, Who: "slack:T1/U1", Name: "Alice", What: "granted", Body: json.RawMessage(body)}
	require.NoError(t, db.Note(t.Context(), e))
	h := app.History{Host: "loan.example.com", Zone: "UTC"}
	assert.Contains(t, history(t, h, environ), "url · loan.example.com · to slack:T1/U7 · until 2026-11-21 14:00 UTC · reason: on call · rule: r-1")
	h.Format = "json"
	var row map[string]any
	require.NoError(t, json.Unmarshal([]byte(history(t, h, environ)), &row))
	for key, want := range map[string]any{"to": "slack:T1/U7", "until": "2026-11-21 14:00 UTC", "kind": "url", "areas": []any{"mainland"}, "rules": []any{"r-1"}, "groups": []any{"slack:T1/SADMIN"}} {
		assert.Equal(t, want, row[key], key)
	}
	h.Format = "csv"
	assert.Contains(t, history(t, h, environ), ",slack:T1/U7,2026-11-21 14:00 UTC,on call,")
}

// A refusal of no target is shown with where it was, and a purge with the freezes that it is in spite of.
func TestHistoryOfWhereAndInSpiteOf(t *testing.T) {
	t.Parallel()
	environ, db := past(t)
	row := func(body string) store.Entry {
		return store.Entry{At: noon, Who: "slack:T1/U8", Name: "Eve", What: "refused", Body: json.RawMessage(body)}
	}
	require.NoError(t, db.Note(t.Context(), row(`{"channel":"slack:T1/C7","message":"The word foo is unknown."}`), row(`{"freezes":["r-2"]}`)))
	text := history(t, app.History{By: "slack:T1/U8"}, environ)
	assert.Contains(t, text, "The word foo is unknown. · in slack:T1/C7")
	assert.Contains(t, text, "rule: in spite of freeze r-2")
}

// A cell names ten targets. Whoever cancelled is not who let it through.
func TestHistoryOfManyTargetsCancelled(t *testing.T) {
	t.Parallel()
	environ, db := past(t)
	part := purge.Part{Area: purge.Mainland}
	for n := range 12 {
		target, err := purge.Parse(purge.URL, fmt.Sprintf("https://many.example.com/%d", n))
		require.NoError(t, err)
		part.Targets = append(part.Targets, target)
	}
	p := store.Purge{ID: strings.Repeat("b2", 32), Secret: "b2", Requester: "slack:T1/U1", CreatedAt: noon, Request: purge.Request{Kind: purge.URL, Parts: []purge.Part{part}}}
	_, err := db.Record(t.Context(), p, nil, store.Entry{At: noon, Who: "slack:T1/U1", What: "asked", Purge: p.ID})
	require.NoError(t, err)
	_, _, err = db.Decide(t.Context(), store.Decision{Purge: p.ID, What: store.Cancelled, Who: "slack:T1/U2", Name: "Bob", At: noon}, store.Event{})
	require.NoError(t, err)
	text := history(t, app.History{Host: "many.example.com"}, environ)
	assert.Contains(t, text, "https://many.example.com/9 (mainland: pending); and 2 more")
	assert.NotContains(t, text, "Bob")
	assert.Contains(t, history(t, app.History{Host: "many.example.com", Format: "csv"}, environ), "https://many.example.com/11 (mainland: pending)")
}

func TestHistoryFilters(t *testing.T) {
	t.Parallel()
	environ, _ := past(t)
	for name, c := range map[string]struct {
		app.History
		want int
	}{
		"all":           {app.History{}, 7},
		"refused host":  {app.History{Host: "PAY.example.com"}, 1},
		"another host":  {app.History{Host: "example.com"}, 0},
		"approver":      {app.History{By: "slack:T1/U2"}, 1},
		"failed":        {app.History{Outcome: "failed"}, 5},
		"refused":       {app.History{Outcome: "refused"}, 2},
		"ago":           {app.History{Since: "57m"}, 4},
		"ago, as typed": {app.History{Since: "57M"}, 4},
		"date":          {app.History{Since: "2026-11-22", Zone: "UTC"}, 0},
		"until a date":  {app.History{Until: "2026-11-21", Zone: "UTC"}, 0},
		"until a time":  {app.History{Since: "2026-11-21", Until: "2026-11-21 20:02", Zone: "Asia/Shanghai"}, 2},
		"until instant": {app.History{Until: "2026-11-21T12:01:00Z"}, 1},
	} {
		c.Format = "json"
		assert.Equal(t, c.want, strings.Count(history(t, c.History, environ), "\n"), name)
	}
	assert.Equal(t, "Nothing matches.\n", history(t, app.History{Host: "example.com"}, environ))
	for says, h := range map[string]app.History{
		"is no host":                {Host: "https://www.example.com/"},
		`:443" is no host`:          {Host: "www.example.com:443"},
		`--since "soon"`:            {Since: "soon"},
		`--until "d"`:               {Until: "d"},
		"not before":                {Since: "2026-11-21", Until: "2026-11-21"},
		"--by":                      {By: "alice"},
		"write one of done":         {Outcome: "open"},
		"markdown, csv or json":     {Format: "xml"},
		"write it like Asia/Shangh": {Zone: "Mars"},
	} {
		err := h.Run(t.Context(), environ, noon, io.Discard)
		assert.ErrorContains(t, err, says)
	}
}

func TestHistoryOfNoDatabase(t *testing.T) {
	t.Parallel()
	none := []string{"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "none.db")}
	assert.ErrorContains(t, app.History{}.Run(t.Context(), none, noon, io.Discard), "cannot be opened")
	assert.ErrorContains(t, app.VerifyHistory(t.Context(), none, io.Discard), "cannot be opened")
	assert.ErrorContains(t, app.VerifyHistory(t.Context(), []string{"DATABASE_URL=x", "DATABASE_URL_FILE=y"}, io.Discard), "both set")
}

func TestVerifyHistory(t *testing.T) {
	t.Parallel()
	environ, db := past(t)
	var out bytes.Buffer
	require.NoError(t, app.VerifyHistory(t.Context(), environ, &out))
	assert.Regexp(t, `^The audit is whole: 7 rows, 0 older ones were removed by age.\nThe last row is 7, with the hash [0-9a-f]{64}: `, out.String())
	_, err := db.DB().Exec(`UPDATE pb_audit SET name = 'Mallory' WHERE seq = 3`)
	require.NoError(t, err)
	out.Reset()
	err = app.VerifyHistory(t.Context(), environ, &out)
	assert.ErrorContains(t, err, "row 3 of the audit is broken: its content does not fit its hash; 2 rows before it are whole")
	assert.Empty(t, out.String())
}
