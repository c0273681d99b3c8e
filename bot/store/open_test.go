package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
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

func TestOpenRefusesASecondProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "purgebot.db")
	first := open(t, "sqlite:"+path)
	link := filepath.Join(t.TempDir(), "another name.db")
	require.NoError(t, os.Symlink(path, link))
	for _, name := range []string{path, link} {
		_, err := store.Open(t.Context(), "sqlite:"+name)
		assert.Equal(t, purge.Conflict, purge.AsError(err).Kind, "%v", err)
		assert.Contains(t, purge.AsError(err).Message, "Another purgebot works on "+path)
	}
	require.NoError(t, first.Note(t.Context(), store.Entry{What: "still here"}))
	require.NoError(t, first.Close())
	open(t, "sqlite:"+path)
}

func TestOpenAfterTheEngineClosedTheDatabase(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "purgebot.db")
	s := open(t, url)
	require.NoError(t, s.DB().Close())
	_, err := store.Open(t.Context(), url)
	require.Error(t, err, "the lock is held until Close")
	require.NoError(t, s.Close())
	open(t, url)
}

func TestOpenReadOnly(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "purgebot.db")
	_, err := store.OpenReadOnly(t.Context(), url)
	require.Error(t, err, "there is none yet")
	s := open(t, url)
	require.NoError(t, s.Note(t.Context(), store.Entry{What: "first", Purge: "p"}))

	r, err := store.OpenReadOnly(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	require.NoError(t, s.Note(t.Context(), store.Entry{What: "second", Purge: "p"}))
	entries, err := r.Audit(t.Context(), "p")
	require.NoError(t, err)
	assert.Len(t, entries, 2, "it sees what is written beside it")
	err = r.Note(t.Context(), store.Entry{What: "third", Purge: "p"})
	assert.Equal(t, purge.Unavailable, purge.AsError(err).Kind, "%v", err)
}

func TestOpenNames(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "sqlite:", "sqlite::memory:", "purgebot.db", "postgres://user:hunter2@host/db", "mysql:x"} {
		_, err := store.Open(t.Context(), url)
		assert.Equal(t, purge.Invalid, purge.AsError(err).Kind, url)
		assert.NotContains(t, err.Error(), "hunter2")
	}
	odd := filepath.Join(t.TempDir(), "what? 100% #1 & ü.db")
	s := open(t, "sqlite:"+odd)
	require.NoError(t, s.Ping(t.Context()))
	info, err := os.Stat(odd)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode(), "its owner's only")
	_, err = store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "no", "such", "folder.db"))
	assert.Contains(t, purge.AsError(err).Message, "cannot be opened")
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "purgebot.db"))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "2000"} {
		var got string
		require.NoError(t, s.DB().QueryRow(`PRAGMA `+pragma).Scan(&got))
		assert.Equal(t, want, got, pragma)
	}
}

// TestOpenLeavesABadFileUntouched damages a database in many ways; none may be opened, none may be changed, and
// after a look at the message a person knows what to do.
func TestOpenLeavesABadFileUntouched(t *testing.T) {
	t.Parallel()
	good := closedFile(t)
	half := len(good) / 2
	for name, c := range map[string]struct {
		file func(t *testing.T, path string)
		says string
	}{
		"not a database": {bytesOf(bytes.Repeat([]byte("purge "), 1000)), "is damaged"},
		"truncated":      {bytesOf(good[:half]), "is damaged"},
		"cut in a page":  {bytesOf(good[:half-100]), "is damaged"},
		"flipped header": {bytesOf(flipped(good, 0)), "is damaged"},
		"newer":          {edited(good, `INSERT INTO pb_schema (version_id, is_applied) VALUES (9999, 1)`), "newer purgebot"},
		"a table gone":   {edited(good, `DROP TABLE pb_call`), "is damaged"},
		"somebody else's": {func(t *testing.T, path string) {
			edit(t, path, `CREATE TABLE contacts (name TEXT)`)
		}, "is not purgebot's"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "purgebot.db")
			c.file(t, path)
			refuses(t, path, c.says)
		})
	}
}

// TestOpenWithFlippedPages turns over the first bytes of each page in turn: the damage is always found.
func TestOpenWithFlippedPages(t *testing.T) {
	t.Parallel()
	const page = 4096
	good := closedFile(t)
	found := 0
	for at := page; at < len(good); at += page { // the first page is the header's, above
		path := filepath.Join(t.TempDir(), "purgebot.db")
		bad := flipped(good, at)
		require.NoError(t, os.WriteFile(path, bad, 0o600))
		s, err := store.Open(t.Context(), "sqlite:"+path)
		if err == nil {
			require.NoError(t, s.Close())
			continue
		}
		found++
		left, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, sha256.Sum256(bad), sha256.Sum256(left), "page at %d", at)
	}
	assert.Equal(t, len(good)/page-1, found, "pages whose damage was found")
}

func refuses(t *testing.T, path, says string) {
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = store.Open(t.Context(), "sqlite:"+path)
	require.Error(t, err)
	assert.Contains(t, purge.AsError(err).Message, says)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, sha256.Sum256(before), sha256.Sum256(after), "the file was changed")
}

func TestOpenRefusesAReadOnlyFile(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("root may write what is read-only")
	}
	path := filepath.Join(t.TempDir(), "purgebot.db")
	require.NoError(t, os.WriteFile(path, closedFile(t), 0o400))
	refuses(t, path, "cannot be written")
}

// closedFile is a sound database with a few rows, as one file.
func closedFile(t *testing.T) []byte {
	path := filepath.Join(t.TempDir(), "purgebot.db")
	s, err := store.Open(t.Context(), "sqlite:"+path)
	require.NoError(t, err)
	for n := range 50 {
		require.NoError(t, s.Note(t.Context(), store.Entry{What: "one", Purge: fmt.Sprint(n)}))
	}
	require.NoError(t, s.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

func bytesOf(b []byte) func(*testing.T, string) {
	return func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, b, 0o600)) }
}

// flipped is b with the first bytes of the page at at turned over.
func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	for i := range 64 {
		b[at+i] ^= 0xff
	}
	return b
}

func edited(b []byte, statement string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		bytesOf(b)(t, path)
		edit(t, path, statement)
	}
}

// edit changes a file behind the store's back and leaves it without a WAL.
func edit(t *testing.T, path, statement string) {
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.Exec(statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// TestLocked has another program hold the write lock: nobody waits beyond their deadline or busy_timeout, the answer
// says what to do, the driver's words stay with the operator, and all is well once the lock is gone.
func TestLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "purgebot.db")
	s := open(t, "sqlite:"+path)
	other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { _ = other.Close() })
	held, err := other.Begin()
	require.NoError(t, err)

	note := func(ctx context.Context) error { return s.Note(ctx, store.Entry{What: "one", Purge: "p"}) }
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begun := time.Now()
	unavailable(t, note(soon))
	assert.Less(t, time.Since(begun), time.Second, "busy_timeout is 2 s, the deadline sooner")
	require.NoError(t, held.Rollback()) // what was given up may now begin, and must not commit
	require.NoError(t, note(t.Context()))
	entries, err := s.Audit(t.Context(), "p")
	require.NoError(t, err)
	assert.Len(t, entries, 1)

	_, err = s.DB().Exec(`PRAGMA busy_timeout = 1`)
	require.NoError(t, err)
	held, err = other.Begin()
	require.NoError(t, err)
	unavailable(t, note(t.Context()))
	entries, err = s.Audit(t.Context(), "p")
	require.NoError(t, err, "reading goes on")
	assert.Len(t, entries, 1)
	require.NoError(t, held.Rollback())
	require.NoError(t, note(t.Context()))
}

// TestFull fills the database: refused in words, nothing half written, and it recovers without a restart.
func TestFull(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "purgebot.db"))
	var pages int
	require.NoError(t, s.DB().QueryRow(`PRAGMA page_count`).Scan(&pages))
	_, err := s.DB().Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+3))
	require.NoError(t, err)
	long := []byte(`"` + string(bytes.Repeat([]byte("x"), 3000)) + `"`)

	taken := 0
	for ; err == nil; taken++ {
		_, err = s.Take(t.Context(), store.Event{Platform: "p", ID: fmt.Sprint(taken)}, nil, store.Entry{What: "one", Purge: "p", Body: long})
	}
	unavailable(t, err)
	last := store.Event{Platform: "p", ID: fmt.Sprint(taken - 1)}
	verified, err := s.Verify(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, taken-1, verified.Rows)
	assert.Nil(t, verified.Broken, "the audit is whole")

	_, err = s.DB().Exec(`PRAGMA max_page_count = 100000`)
	require.NoError(t, err)
	duplicate, err := s.Take(t.Context(), last, nil, store.Entry{What: "one", Purge: "p", Body: long})
	require.NoError(t, err)
	assert.False(t, duplicate, "what was refused took no key")
}

func unavailable(t *testing.T, err error) {
	require.Error(t, err)
	e := purge.AsError(err)
	assert.Equal(t, purge.Unavailable, e.Kind, "%v", err)
	assert.Equal(t, "The database did not answer; nothing was taken. Try again.", e.Message)
}
