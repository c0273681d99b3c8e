package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// past fills a store with purges that are over: one a minute before noon, of ten people in turn, with a card shown,
// a call and an audit row each. It writes rows by SQL, which is faster than living through them.
func past(b *testing.B, purges int) *store.Store {
	s := open(b, "sqlite:"+filepath.Join(b.TempDir(), "purgebot.db"))
	if purges == 0 {
		return s
	}
	series := fmt.Sprintf(`WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d)`, purges)
	at := fmt.Sprintf(`(%d - i * 60000)`, noon.UnixMilli())
	for _, insert := range []string{
		`INSERT INTO pb_purge SELECT 'id' || i, '', 'p-' || i, 'slack', 'T1', 'old' || i, '', 'slack:T1/U' || (i % 10), 'Alice', '[]', '{}', 'slack:T1/C1',
			'url', '', '["mainland"]', 1, 'digest', 'policy', '', '', 0, '[]', 'done', '', 0, ` + at + `, ` + at + `, '', 'b' || i, '[]', NULL, 0, NULL FROM s`,
		`INSERT INTO pb_event SELECT 'slack', 'T1', 'old' || i, '', 'id' || i, ` + at + ` FROM s`,
		`INSERT INTO pb_target SELECT 'id' || i, 'mainland', 0, 'https://www.test.com/' || i, 0, 0, 'done', '' FROM s`,
		`INSERT INTO pb_host SELECT 'www.test.com', ` + at + `, 'id' || i FROM s`,
		`INSERT INTO pb_card SELECT 'id' || i, 'status', '{}', 5, 5, 0 FROM s`,
		`INSERT INTO pb_call SELECT 'id' || i, 0, 1, 'url', 'mainland', 1, 'day' || (i / 1440), 'one', ` + at + `, 'accepted', '', '', '' FROM s`,
		`INSERT INTO pb_audit (seq, at, who, name, what, purge, body, prev, hash) SELECT i, ` + at + `, 'slack:T1/U1', 'Alice', 'asked', 'id' || i, '{}', '', '' FROM s`,
	} {
		_, err := s.DB().Exec(series + insert)
		require.NoError(b, err)
	}
	_, err := s.DB().Exec(`UPDATE pb_audit_head SET seq = $1`, purges)
	require.NoError(b, err)
	return s
}

// BenchmarkRecent is on the way to each acknowledgement: with 100,000 past purges it must cost what it costs with none.
func BenchmarkRecent(b *testing.B) {
	for _, purges := range []int{0, 100_000} {
		b.Run(fmt.Sprint(purges), func(b *testing.B) {
			s := past(b, purges)
			for b.Loop() {
				_, err := s.Recent(b.Context(), store.RecentQuery{ID: "none", Who: "slack:T1/U1", Channel: "slack:T1/C1", Digest: "digest",
					Same: noon.Add(-time.Minute), URLs: noon.Add(-10 * time.Minute), Day: "2026-11-21", Kind: purge.URL})
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkRecentFloor is a query that finds nothing to read.
func BenchmarkRecentFloor(b *testing.B) {
	s := past(b, 0)
	for b.Loop() {
		var one int
		require.NoError(b, s.DB().QueryRowContext(b.Context(), `SELECT 1`).Scan(&one))
	}
}

// BenchmarkRecord records one target, on the way from command to CDN call.
func BenchmarkRecord(b *testing.B) {
	for _, purges := range []int{0, 100_000} {
		b.Run(fmt.Sprint(purges), func(b *testing.B) {
			s := past(b, purges)
			n := 0
			for b.Loop() {
				n++
				record(b, s, n, 1)
			}
		})
	}
}

// BenchmarkRecordMany records as many targets as a day may have.
func BenchmarkRecordMany(b *testing.B) {
	s := past(b, 0)
	n := 0
	for b.Loop() {
		n++
		record(b, s, n, 10_000)
	}
}

// BenchmarkRecordFloor commits one row.
func BenchmarkRecordFloor(b *testing.B) {
	s := past(b, 0)
	_, err := s.DB().Exec(`CREATE TABLE floor (id INTEGER PRIMARY KEY, body TEXT)`)
	require.NoError(b, err)
	for b.Loop() {
		_, err := s.DB().ExecContext(b.Context(), `INSERT INTO floor (body) VALUES ($1)`, "one row")
		require.NoError(b, err)
	}
}

// BenchmarkOpen is a restart: the check of the file reads all of it.
func BenchmarkOpen(b *testing.B) {
	for _, purges := range []int{0, 100_000} {
		b.Run(fmt.Sprint(purges), func(b *testing.B) {
			s := past(b, purges)
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
	s := past(b, 0)
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
			s := past(b, 0)
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

// BenchmarkLately are the look-ups on the way to a card.
func BenchmarkLately(b *testing.B) {
	for _, purges := range []int{0, 100_000} {
		s := past(b, purges)
		target, err := purge.Parse(purge.URL, "https://www.test.com/1")
		require.NoError(b, err)
		r := purge.Request{Kind: purge.URL, Parts: []purge.Part{{Area: purge.Mainland, Targets: []purge.Target{target}}}}
		for name, look := range map[string]func() error{
			"durations": func() error { _, err := s.Durations(b.Context(), purge.URL, purge.Mainland, 200); return err },
			"spent by":  func() error { _, err := s.SpentBy(b.Context(), "day0"); return err },
			"purged":    func() error { _, err := s.LastPurged(b.Context(), r, noon.Add(-10*time.Minute), ""); return err },
			"history": func() error {
				_, err := s.History(b.Context(), store.Filter{Platform: "slack", Workspace: "T1", State: store.StateFailed})
				return err
			},
		} {
			b.Run(fmt.Sprint(name, "/", purges), func(b *testing.B) {
				for b.Loop() {
					require.NoError(b, look())
				}
			})
		}
	}
}

// BenchmarkTogether takes events from many callers at once; BenchmarkTogetherFloor, from one after another.
func BenchmarkTogether(b *testing.B) {
	s := past(b, 0)
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
	s, n := past(b, 0), 0
	for b.Loop() {
		n++
		require.NoError(b, takes(s, n)())
	}
}
