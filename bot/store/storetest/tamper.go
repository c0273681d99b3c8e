package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
)

// In these tests an insider edits rows by hand. Verify must name the first row that differs from the original.

// tampering changes each column of each row, one at a time. Verify must name the changed row.
func tampering(t *testing.T, w world) {
	s, first, last := chain(t, w)
	columns := map[string]string{
		"at": "at + 1", "who": "who || 'x'", "name": "name || ' '", "what": "what || 'x'", "purge": "purge || 'x'",
		"body": "body || ' '", "prev": "hash", "hash": "prev", "seq": "seq + 1000000", "facts": "facts || ' '",
	}
	// Each change is made alone and undone afterwards.
	for seq := first; seq <= last; seq++ {
		for column, value := range columns {
			undo := tamper(t, s, fmt.Sprintf(`UPDATE pb_audit SET %s = %s WHERE seq = %d`, column, value, seq))
			v, err := s.Verify(t.Context())
			require.NoError(t, err)
			if assert.NotNil(t, v.Broken, "%s of row %d", column, seq) {
				assert.Equal(t, seq, v.Broken.Seq, "%s of row %d: %s", column, seq, v.Broken.Why)
				assert.Equal(t, seq-first, v.Rows, "rows that were good before")
				assert.NotEmpty(t, v.Broken.Why)
			}
			undo()
		}
	}
	intact(t, s)
}

// rearranging changes several rows or the head of the chain.
func rearranging(t *testing.T, w world) {
	s, first, last := chain(t, w)
	// Each case names the first row that Verify must report.
	at := func(format string, seq int64) string { return fmt.Sprintf(format, seq) }
	for _, c := range []struct {
		name, sql string
		want      int64
	}{
		{"a deleted row", at(`DELETE FROM pb_audit WHERE seq = %d`, first+2), first + 2},
		{"the first deleted", at(`DELETE FROM pb_audit WHERE seq = %d`, first), first},
		{"the tail cut off", at(`DELETE FROM pb_audit WHERE seq >= %d`, last-1), last - 1},
		{"all deleted", `DELETE FROM pb_audit`, first},
		{"two swapped", fmt.Sprintf(`UPDATE pb_audit SET seq = -seq WHERE seq IN (%[1]d, %[2]d);
			UPDATE pb_audit SET seq = %[1]d + %[2]d + seq WHERE seq < 0`, first+1, first+3), first + 1},
		{"a moved border", at(`UPDATE pb_audit SET name = substr(name, 1, 4), what = substr(name, 5) || what WHERE seq = %d`, first+4), first + 4},
		{"an exchanged head", `UPDATE pb_audit_head SET hash = 'ff'`, last},
		{"a head moved back", at(`UPDATE pb_audit_head SET seq = %d`, last-1), last - 1},
		{"a head moved back with its hash", fmt.Sprintf(`UPDATE pb_audit_head SET seq = %d, hash = (SELECT hash FROM pb_audit WHERE seq = %[1]d)`, last-1), last},
		{"a row put behind", at(`INSERT INTO pb_audit SELECT seq + 1, at, who, name, what, purge, body, hash, hash, facts FROM pb_audit WHERE seq = %d`, last), last + 1},
		{"a row put in front", at(`INSERT INTO pb_audit SELECT 0, at, who, name, what, purge, body, prev, hash, facts FROM pb_audit WHERE seq = %d`, first), 0},
		{"another pruned hash", `UPDATE pb_audit_head SET pruned_hash = 'ff'`, first},
		{"more said to be pruned", at(`UPDATE pb_audit_head SET pruned_seq = %d`, first), first},
		{"no head", `DELETE FROM pb_audit_head`, 0},
	} {
		// Each change is made alone and undone afterwards.
		undo := tamper(t, s, c.sql)
		v, err := s.Verify(t.Context())
		require.NoError(t, err)
		if assert.NotNil(t, v.Broken, c.name) {
			assert.Equal(t, c.want, v.Broken.Seq, "%s: %s", c.name, v.Broken.Why)
		}
		undo()
	}
	intact(t, s)
}

// verifyingBeside verifies while another goroutine writes and prunes. Verify must not report a broken row.
func verifyingBeside(t *testing.T, w world) {
	s := w.open(t)
	// The other goroutine writes and prunes.
	var working sync.WaitGroup
	working.Go(func() {
		for n := range 150 {
			e := entry("one", "")
			e.At = noon.Add(time.Duration(n) * time.Minute)
			assert.NoError(t, s.Note(t.Context(), e))
			if n%10 == 9 {
				_, err := s.Prune(t.Context(), e.At.Add(-5*time.Minute), noon)
				assert.NoError(t, err)
			}
		}
	})
	defer working.Wait()
	done := make(chan struct{})
	go func() { working.Wait(); close(done) }()
	// The audit is verified until the other goroutine is done.
	for {
		intact(t, s)
		select {
		case <-done:
			return
		default:
		}
	}
}

// chain returns an audit of ten rows, after five older rows were pruned.
func chain(t *testing.T, w world) (s *store.Store, first, last int64) {
	s = w.open(t)
	for n := range 15 {
		e := entry("one", "")
		e.At = noon.Add(time.Duration(n) * time.Hour)
		require.NoError(t, s.Note(t.Context(), e))
	}
	_, err := s.Prune(t.Context(), noon.Add(5*time.Hour), noon)
	require.NoError(t, err)
	v, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.Nil(t, v.Broken)
	require.Equal(t, []int64{5, 10}, []int64{v.Pruned, v.Rows})
	return s, 6, 15
}

// tamper runs statements. The function undo restores both tables.
func tamper(t *testing.T, s *store.Store, statements string) (undo func()) {
	exec := func(sql string) {
		_, err := s.DB().ExecContext(context.Background(), sql)
		require.NoError(t, err, sql)
	}
	exec(`CREATE TABLE kept AS SELECT * FROM pb_audit; CREATE TABLE kept_head AS SELECT * FROM pb_audit_head`)
	exec(statements)
	return func() {
		exec(`DELETE FROM pb_audit; DELETE FROM pb_audit_head; INSERT INTO pb_audit SELECT * FROM kept;
			INSERT INTO pb_audit_head SELECT * FROM kept_head; DROP TABLE kept; DROP TABLE kept_head`)
	}
}
