package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

// TestPulse harms a database that is open in each way, and, where that can be, mends it.
func TestPulse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		harm func(t *testing.T, s *store.Store, path string) (mend func())
		says string
		kind purge.ErrorKind
	}{
		"write-locked": {func(t *testing.T, s *store.Store, path string) func() {
			_, err := s.DB().Exec(`PRAGMA busy_timeout = 1`)
			require.NoError(t, err)
			other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
			require.NoError(t, err)
			held, err := other.Begin()
			require.NoError(t, err)
			return func() { require.NoError(t, held.Rollback()); require.NoError(t, other.Close()) }
		}, "another program holds its write lock", purge.Unavailable},
		"full": {func(t *testing.T, s *store.Store, _ string) func() {
			var pages int
			require.NoError(t, s.DB().QueryRow(`PRAGMA page_count`).Scan(&pages))
			_, err := s.DB().Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+3))
			require.NoError(t, err)
			return func() { _, _ = s.DB().Exec(`PRAGMA max_page_count = 100000`) }
		}, "it has no room left", purge.Unavailable},
		"read only": {func(t *testing.T, s *store.Store, _ string) func() {
			_, err := s.DB().Exec(`PRAGMA query_only = 1`)
			require.NoError(t, err)
			return func() { _, _ = s.DB().Exec(`PRAGMA query_only = 0`) }
		}, "it cannot be written", purge.Unavailable},
		"moved away": {func(t *testing.T, _ *store.Store, path string) func() {
			require.NoError(t, os.Rename(path, path+".away"))
			return func() { require.NoError(t, os.Rename(path+".away", path)) }
		}, "removed or replaced", purge.Unavailable},
		"replaced": {func(t *testing.T, _ *store.Store, path string) func() {
			require.NoError(t, os.Rename(path, path+".away"))
			require.NoError(t, os.WriteFile(path, closedFile(t), 0o600))
			return func() { require.NoError(t, os.Rename(path+".away", path)) }
		}, "removed or replaced", purge.Unavailable},
		"removed with its WAL": {func(t *testing.T, _ *store.Store, path string) func() {
			for _, end := range []string{"", "-wal", "-shm"} {
				require.NoError(t, os.Remove(path+end))
			}
			return nil
		}, "removed or replaced", purge.Unavailable},
		"its folder removed": {func(t *testing.T, _ *store.Store, path string) func() {
			require.NoError(t, os.RemoveAll(filepath.Dir(path)))
			return nil
		}, "removed or replaced", purge.Unavailable},
		"its WAL removed": {func(t *testing.T, s *store.Store, path string) func() {
			require.NoError(t, os.Remove(path+"-wal"))
			return nil
		}, "removed or replaced", purge.Unavailable},
		"a second name": {func(t *testing.T, _ *store.Store, path string) func() {
			require.NoError(t, os.Link(path, path+".other"))
			return func() { require.NoError(t, os.Remove(path+".other")) }
		}, "a second name", purge.Conflict},
		"closed": {func(t *testing.T, s *store.Store, _ string) func() {
			require.NoError(t, s.DB().Close())
			return nil
		}, "it does not take what is written", purge.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "purgebot.db")
			s := open(t, "sqlite:"+path)
			require.NoError(t, s.Note(t.Context(), store.Entry{What: "one", Purge: "p"}))
			require.NoError(t, s.Pulse(t.Context()))
			mend := c.harm(t, s, path)
			err := s.Pulse(t.Context())
			require.Error(t, err)
			assert.Contains(t, purge.AsError(err).Message, c.says, "%v", err)
			assert.Equal(t, c.kind, purge.AsError(err).Kind)
			if mend != nil {
				mend()
				require.NoError(t, s.Pulse(t.Context()))
				require.NoError(t, s.Note(t.Context(), store.Entry{What: "two", Purge: "p"}))
			}
		})
	}
}

// TestPulseFindsDamage turns over the first bytes of each page under a store that is open.
func TestPulseFindsDamage(t *testing.T) {
	t.Parallel()
	const page = 4096
	good := closedFile(t)
	for at := page; at < len(good); at += 5 * page {
		path := filepath.Join(t.TempDir(), "purgebot.db")
		require.NoError(t, os.WriteFile(path, good, 0o600))
		s := open(t, "sqlite:"+path)
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteAt(flipped(good, at)[at:at+page], int64(at))
		require.NoError(t, err)
		t.Cleanup(func() { _ = f.Close() }) // not sooner: SQLite's own locks would go with it
		err = s.Pulse(t.Context())
		require.Errorf(t, err, "page at %d", at)
		assert.Contains(t, purge.AsError(err).Message, "it is damaged")
	}
}

// TestPulseCostsLittle: no row is left of it but one, the file does not grow, and a large database is not read whole each time.
func TestPulseCostsLittle(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "purgebot.db")
	s := open(t, "sqlite:"+path)
	var before, after, rows int
	require.NoError(t, s.Pulse(t.Context()))
	require.NoError(t, s.DB().QueryRow(`PRAGMA page_count`).Scan(&before))
	for range 50 {
		require.NoError(t, s.Pulse(t.Context()))
	}
	require.NoError(t, s.DB().QueryRow(`PRAGMA page_count`).Scan(&after))
	require.NoError(t, s.DB().QueryRow(`SELECT count(*) FROM pb_pulse`).Scan(&rows))
	assert.Equal(t, []int{before, 1}, []int{after, rows})
	wal, err := os.Stat(path + "-wal")
	require.NoError(t, err)
	assert.Less(t, wal.Size(), int64(2<<20))
}

// TestPulseThatMustWait gives up with its caller.
func TestPulseThatMustWait(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "purgebot.db"))
	busy, err := s.DB().Conn(t.Context())
	require.NoError(t, err)
	defer func() { _ = busy.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	assert.Contains(t, purge.AsError(s.Pulse(ctx)).Message, "did not answer in time")
}
