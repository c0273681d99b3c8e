package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// The pasts that a benchmark is run with. What is on the way to an answer, a call or a card must cost the same with each.
const (
	nothing = "nothing"
	lately  = "5000 open of the last five minutes"
	million = "1000000 over"
)

// pasts are made once for all benchmarks of a run, since a million takes a minute.
var (
	pasts     = map[string]*store.Store{}
	pastsDirs []string
)

// pastOf is a store with one of the pasts: purges of ten people in turn on one host, each of a digest of its own, with a card and a call.
func pastOf(b *testing.B, name string) *store.Store {
	if s := pasts[name]; s != nil {
		return s
	}
	dir, err := os.MkdirTemp("", "purgebot")
	require.NoError(b, err)
	s, err := store.Open(context.Background(), "sqlite:"+filepath.Join(dir, "purgebot.db"))
	require.NoError(b, err)
	switch name {
	case lately:
		fill(b, s, 5000, 60, "sending", 0)
	case million:
		fill(b, s, 1_000_000, 60_000, "done", 1)
	}
	record(b, s, 0, 1)
	pasts[name], pastsDirs = s, append(pastsDirs, dir)
	return s
}

// fill writes rows by SQL, which is faster than living through them, and indexes them afterwards, which is faster still.
func fill(b *testing.B, s *store.Store, purges, apart int, state string, over int) {
	var indexes, makes []string
	for _, column := range []string{"name", "sql"} {
		r, err := s.DB().Query(`SELECT ` + column + ` FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name LIKE 'pb\_%' ESCAPE '\' ORDER BY name`)
		require.NoError(b, err)
		for r.Next() {
			var text string
			require.NoError(b, r.Scan(&text))
			if column == "name" {
				indexes = append(indexes, `DROP INDEX `+text)
			} else {
				makes = append(makes, text)
			}
		}
		require.NoError(b, r.Close())
	}
	exec := func(statements ...string) {
		for _, statement := range statements {
			_, err := s.DB().Exec(statement)
			require.NoError(b, err, statement)
		}
	}
	exec(`PRAGMA synchronous = OFF`, `PRAGMA cache_size = -200000`, `PRAGMA foreign_keys = OFF`)
	exec(indexes...)
	series := fmt.Sprintf(`WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d), r AS (SELECT i, printf('%%08d', i) AS id,
		%d - i * %d AS at, 'slack:T1/U' || (i %% 10) AS who FROM s) INSERT INTO `, purges, noon.UnixMilli(), apart)
	for _, insert := range []string{
		`pb_purge SELECT id, '', 'p-' || id, 'slack', 'T1', 'old' || id, '', who, 'Alice', '[]', '{}', 'slack:T1/C1', 'url', '', '["mainland"]', 1,
			'digest ' || i, 'policy', '', '', 0, '[]', '` + state + `', '', 0, at, at * ` + fmt.Sprint(over) + `, '', 'b' || id, '[]', NULL, 0, NULL FROM r`,
		`pb_event SELECT 'slack', 'T1', 'old' || id, '', id, at FROM r`,
		`pb_target SELECT id, 'mainland', 0, 'https://www.test.com/' || i, 0, 0, 'accepted', '' FROM r`,
		`pb_host SELECT 'www.test.com', at, id FROM r ORDER BY i DESC`,
		`pb_card SELECT id, 'status', '{}', 5, 4 + ` + fmt.Sprint(over) + `, 0, at, 8 FROM r`,
		`pb_call SELECT id, 0, 1, 'url', 'mainland', 1, 'day' || (i / 1440), 'one', at, 'accepted', '', '', '' FROM r`,
		`pb_sent SELECT random(), at, id, 'mainland', 0, 0, 1 FROM r`,
		`pb_tally SELECT who, 'urls by second', at - at % 1000, count(*) FROM r GROUP BY 1, 3`,
		`pb_tally SELECT who, 'urls by minute', at - at % 60000, count(*) FROM r GROUP BY 1, 3`,
		`pb_audit (seq, at, who, name, what, purge, body, prev, hash) SELECT i, at, who, 'Alice', 'asked', id, '{}', '', '' FROM r`,
	} {
		exec(series + insert)
	}
	exec(makes...)
	exec(fmt.Sprintf(`UPDATE pb_audit_head SET seq = %d`, purges), `PRAGMA wal_checkpoint(TRUNCATE)`, `PRAGMA cache_size = -2000`,
		`PRAGMA foreign_keys = ON`, `PRAGMA synchronous = FULL`)
}

// past is a store of its own with nothing in it.
func past(b *testing.B) *store.Store { return opened(b) }

// BenchmarkOnTheWay is what is on the way to an answer, a call or a card, with each past: none of it may cost more than 1.2 times what it
// costs with nothing. Its floors are BenchmarkRecentFloor for what reads and BenchmarkRecordFloor for what commits.
func BenchmarkOnTheWay(b *testing.B) {
	n := 0
	for name, op := range map[string]func(*testing.B, *store.Store){
		"recent": func(b *testing.B, s *store.Store) {
			_, err := s.Recent(b.Context(), store.RecentQuery{ID: "none", Who: "slack:T1/U1", Channel: "slack:T1/C1", Digest: "digest 1",
				Same: noon.Add(-time.Minute), URLs: noon.Add(-10 * time.Minute), Day: "2026-11-21", Kind: purge.URL, Platform: "slack", Workspace: "T1"})
			require.NoError(b, err)
		},
		"just purged": func(b *testing.B, s *store.Store) {
			p, _ := ordered(1, 1)
			_, err := s.LastPurged(b.Context(), p.Request, noon.Add(-5*time.Minute), "")
			require.NoError(b, err)
		},
		"cards due": func(b *testing.B, s *store.Store) {
			due, err := s.DueCards(b.Context(), 1)
			require.NoError(b, err)
			require.Len(b, due, 1)
		},
		"rules": func(b *testing.B, s *store.Store) {
			_, _, err := s.Rules(b.Context(), noon)
			require.NoError(b, err)
		},
		"take": func(b *testing.B, s *store.Store) {
			n++
			p, batches := ordered(n, 1)
			p.Digest = p.ID
			taken, err := s.TakeIf(b.Context(), store.RecentQuery{ID: p.ID, Who: p.Requester, Digest: p.Digest, URLs: noon.Add(-10 * time.Minute)},
				func(store.Recent) *store.Intake {
					return &store.Intake{Purge: p, Batches: batches, Entries: []store.Entry{{At: noon, What: "asked", Purge: p.ID}}}
				})
			require.NoError(b, err)
			require.NotNil(b, taken.Purge)
		},
		"begin to finish": func(b *testing.B, s *store.Store) {
			n++
			p := record(b, s, n, 1)
			plain(b, s, p)
		},
	} {
		for _, past := range []string{nothing, lately, million} {
			b.Run(name+"/"+past, func(b *testing.B) {
				s := pastOf(b, past)
				for b.Loop() {
					op(b, s)
				}
			})
		}
	}
}

// plain leads a recorded purge of one target to its end, as the bot does.
func plain(t testing.TB, s *store.Store, p store.Purge) {
	entry := func(what store.AuditKind) store.Entry { return store.Entry{At: noon, What: what, Purge: p.ID} }
	_, _, err := s.Turn(t.Context(), time.Microsecond, time.Hour)
	require.NoError(t, err)
	call := store.Call{Purge: p.ID, Kind: purge.URL, Area: purge.Mainland, Units: 1, Day: "2026-11-21", At: noon}
	call, _, err = s.Begin(t.Context(), call, 0, func([]store.Rule) string { return "" }, entry(store.AuditSending))
	require.NoError(t, err)
	call.State, call.Then = store.CallAccepted, store.StateFollowing
	require.NoError(t, s.End(t.Context(), call, []store.Target{{Area: purge.Mainland, Outcome: purge.Accepted}}, entry(store.AuditAnswered)))
	require.NoError(t, s.SetState(t.Context(), p.ID, store.StateFollowing)) // it stands there already
	require.NoError(t, s.CardShown(t.Context(), p.ID, store.Status, 3, json.RawMessage(`{"ts":"1"}`)))
	done := []store.Target{{Area: purge.Mainland, Outcome: purge.Done}}
	require.NoError(t, s.SetOutcomes(t.Context(), p.ID, done, entry(store.AuditSeen)))
	require.NoError(t, s.Finish(t.Context(), p.ID, store.StateDone, "", noon, true, entry(store.AuditEnded)))
	require.NoError(t, s.CardShown(t.Context(), p.ID, store.Status, 9, nil))
	require.NoError(t, s.CardShown(t.Context(), p.ID, store.Result, 1, json.RawMessage(`{"ts":"2"}`)))
}

// BenchmarkRecentFloor is a query that finds nothing to read.
func BenchmarkRecentFloor(b *testing.B) {
	s := past(b)
	for b.Loop() {
		var one int
		require.NoError(b, s.DB().QueryRowContext(b.Context(), `SELECT 1`).Scan(&one))
	}
}

// BenchmarkRecordMany records as many targets as a day may have.
func BenchmarkRecordMany(b *testing.B) {
	s := past(b)
	n := 0
	for b.Loop() {
		n++
		record(b, s, n, 10_000)
	}
}

// BenchmarkRecordFloor commits one row.
func BenchmarkRecordFloor(b *testing.B) {
	s := past(b)
	_, err := s.DB().Exec(`CREATE TABLE floor (id INTEGER PRIMARY KEY, body TEXT)`)
	require.NoError(b, err)
	for b.Loop() {
		_, err := s.DB().ExecContext(b.Context(), `INSERT INTO floor (body) VALUES ($1)`, "one row")
		require.NoError(b, err)
	}
}

// BenchmarkOpen is a restart: the check of the file reads all of it, but not for long.
func BenchmarkOpen(b *testing.B) {
	for _, purges := range []int{0, 100_000} {
		b.Run(fmt.Sprint(purges), func(b *testing.B) {
			s := past(b)
			fill(b, s, purges, 60_000, "done", 1)
			url := urlOf(b, s)
			for b.Loop() {
				require.NoError(b, s.Close())
				s = open(b, url)
			}
		})
	}
}

// BenchmarkBeginEnd is the ledger around one call.
func BenchmarkBeginEnd(b *testing.B) {
	s := past(b)
	p := record(b, s, 1, 1)
	call := store.Call{Purge: p.ID, Try: 1, Kind: purge.URL, Area: purge.Mainland, Units: 1, Day: "2026-11-21", At: noon}
	for b.Loop() {
		call.Batch++
		c, _, err := s.Begin(b.Context(), call, 0, nil, store.Entry{At: noon, What: "sending", Purge: p.ID})
		require.NoError(b, err)
		c.State = store.CallAccepted
		require.NoError(b, s.End(b.Context(), c, []store.Target{{Area: purge.Mainland, Outcome: purge.Accepted}}, store.Entry{At: noon, What: "answered", Purge: p.ID}))
	}
}

// BenchmarkTurn: a turn is a commit of its own, before each call.
func BenchmarkTurn(b *testing.B) {
	s := open(b, "sqlite:"+filepath.Join(b.TempDir(), "purgebot.db"))
	for b.Loop() {
		_, _, err := s.Turn(b.Context(), time.Microsecond, time.Hour)
		require.NoError(b, err)
	}
}

// record records the nth purge of so many targets, as the bot would.
func record(t testing.TB, s *store.Store, n, targets int) store.Purge {
	p, batches := ordered(n, targets)
	p, err := s.Record(t.Context(), p, batches, store.Entry{At: noon, Who: p.Requester, What: "asked", Purge: p.ID, Body: json.RawMessage(`{}`)})
	require.NoError(t, err)
	return p
}

// ordered is the nth purge of so many targets, with its batches.
func ordered(n, targets int) (store.Purge, []purge.Batch) {
	sum := sha256.Sum256(fmt.Append(nil, n))
	p := store.Purge{
		ID: hex.EncodeToString(sum[:]), Event: store.Event{Platform: "slack", Workspace: "T1", ID: fmt.Sprint(n)}, Requester: "slack:T1/U1", Name: "Alice",
		Secret: hex.EncodeToString(sum[:]), Thread: json.RawMessage(`{"channel":"C1"}`), Channel: "slack:T1/C1", Digest: "digest", CreatedAt: noon,
		Request: purge.Request{Kind: purge.URL, Parts: []purge.Part{{Area: purge.Mainland}}},
	}
	var batches []purge.Batch
	for i := range targets {
		target, err := purge.Parse(purge.URL, fmt.Sprintf("https://www.test.com/assets/img/%d.jpg", i))
		if err != nil {
			panic(err) // it is the same each time
		}
		if i%1000 == 0 {
			batches = append(batches, purge.Batch{N: i / 1000, Kind: purge.URL, Area: purge.Mainland})
		}
		p.Request.Parts[0].Targets = append(p.Request.Parts[0].Targets, target)
		batches[i/1000].Targets = append(batches[i/1000].Targets, target)
	}
	return p, batches
}

// BenchmarkBeginUnderRules is the ledger with the rules read in its transaction: old ones must cost nothing.
func BenchmarkBeginUnderRules(b *testing.B) {
	for _, ended := range []int{0, 100_000} {
		b.Run(fmt.Sprint(ended), func(b *testing.B) {
			s := past(b)
			p := record(b, s, 1, 1)
			_, err := s.DB().Exec(fmt.Sprintf(`WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d)
				INSERT INTO pb_rule SELECT 'r-' || i, 'freeze', 'slack', 'T1', '', 'www.test.com', '', 'null', 'null', %d - i, 'slack:T1/U1', 'Alice',
				'[]', 'over', 0, 0, '' FROM s WHERE %d > 0`, max(1, ended), noon.UnixMilli(), ended))
			require.NoError(b, err)
			for i := range 10 {
				r := store.Rule{Kind: store.Freeze, Domain: "other.com", Until: noon.Add(time.Hour), At: noon, By: "slack:T1/U1"}
				_, _, err := s.AddRule(b.Context(), r, store.Event{Platform: "slack", Workspace: "T1", ID: fmt.Sprint("rule ", i)})
				require.NoError(b, err)
			}
			call := store.Call{Purge: p.ID, Try: 1, Kind: purge.URL, Area: purge.Mainland, Units: 1, Day: "2026-11-21", At: noon}
			for b.Loop() {
				call.Batch++
				_, fresh, err := s.Begin(b.Context(), call, 0, func(active []store.Rule) string {
					if len(active) != 10 {
						return "wrong"
					}
					return ""
				})
				require.NoError(b, err)
				require.True(b, fresh)
			}
		})
	}
}

// BenchmarkLately are the look-ups that people ask for, which may take longer the more there was that day.
func BenchmarkLately(b *testing.B) {
	for name, look := range map[string]func(*store.Store) error{
		"durations": func(s *store.Store) error {
			_, err := s.Durations(b.Context(), purge.URL, purge.Mainland, 200)
			return err
		},
		"spent by": func(s *store.Store) error { _, err := s.SpentBy(b.Context(), "2026-11-21"); return err },
		"history": func(s *store.Store) error {
			_, err := s.History(b.Context(), store.Filter{Platform: "slack", Workspace: "T1", State: store.StateFailed})
			return err
		},
	} {
		for _, past := range []string{nothing, million} {
			b.Run(name+"/"+past, func(b *testing.B) {
				s := pastOf(b, past)
				for b.Loop() {
					require.NoError(b, look(s))
				}
			})
		}
	}
}

// BenchmarkTogether takes events from many callers at once; BenchmarkTogetherFloor, from one after another.
func BenchmarkTogether(b *testing.B) {
	s := past(b)
	var n atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			require.NoError(b, takes(s, int(n.Add(1)))())
		}
	})
}

// BenchmarkTogetherFloor has a commit for each.
func BenchmarkTogetherFloor(b *testing.B) {
	s, n := past(b), 0
	for b.Loop() {
		n++
		require.NoError(b, takes(s, n)())
	}
}
