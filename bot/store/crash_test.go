package store_test

import (
	"bufio"
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
)

// childURL has this test binary take events without end, and say each number once it is committed.
// Where childStays is set as well it stays when it can take no more.
const (
	childURL   = "PURGEBOT_TEST_CHILD_URL"
	childStays = "PURGEBOT_TEST_CHILD_STAYS"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		fmt.Fprintln(os.Stderr, takeForEver(url))
		os.Exit(1)
	}
	code := m.Run()
	for _, dir := range pastsDirs {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

func takeForEver(url string) error {
	s, err := store.Open(context.Background(), url)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		ev := store.Event{Platform: "p", ID: strconv.Itoa(n)}
		_, err := s.Take(context.Background(), ev, nil, store.Entry{What: "one", Purge: "p"})
		for err != nil && os.Getenv(childStays) != "" {
			time.Sleep(time.Hour)
		}
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestKilled kills a process at work, ten times: what it said was committed is there, the chain is whole, and the
// lock is free. The events it finds taken are duplicates, so each life begins by adding audit rows for those.
func TestKilled(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "purgebot.db")
	for life := range 10 {
		said := killedAfter(t, url, 10+17*life)
		s := open(t, url)
		entries, err := s.Audit(t.Context(), "p")
		require.NoError(t, err)
		assert.GreaterOrEqual(t, len(entries), said+1)
		verified, err := s.Verify(t.Context())
		require.NoError(t, err)
		require.Nil(t, verified.Broken)
		duplicate, err := s.Take(t.Context(), store.Event{Platform: "p", ID: strconv.Itoa(said)}, nil)
		require.NoError(t, err)
		require.True(t, duplicate, "event %d was said to be taken", said)
		require.NoError(t, s.Close())
	}
}

// killedAfter returns the last number a child said before it was killed, after at least so many.
func killedAfter(t *testing.T, url string, lines int) (said int) {
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childURL+"="+url)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	defer func() { _ = child.Wait() }()
	for read := bufio.NewScanner(out); read.Scan(); lines-- {
		said, err = strconv.Atoi(read.Text())
		require.NoError(t, err)
		if lines == 0 {
			require.NoError(t, child.Process.Kill())
		}
	}
	require.Negative(t, lines, "the child ended by itself")
	return said
}

// TestCutWAL cuts the write-ahead log of a process that died at many places: what is left is whole, and a prefix.
func TestCutWAL(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "purgebot.db")
	s := open(t, "sqlite:"+path)
	for range 20 {
		require.NoError(t, s.Note(t.Context(), store.Entry{What: "one", Purge: "p"}))
	}
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	wal, err := os.ReadFile(path + "-wal")
	require.NoError(t, err)

	most := 0
	for cut := len(wal); cut > 0; cut -= len(wal)/23 + 1 {
		path := filepath.Join(t.TempDir(), "purgebot.db")
		require.NoError(t, os.WriteFile(path, file, 0o600))
		require.NoError(t, os.WriteFile(path+"-wal", wal[:cut], 0o600))
		s, err := store.Open(t.Context(), "sqlite:"+path)
		require.NoError(t, err, "cut at %d", cut)
		verified, err := s.Verify(t.Context())
		require.NoError(t, err)
		assert.Nil(t, verified.Broken, "cut at %d", cut)
		most = max(most, int(verified.Rows))
		require.NoError(t, s.Close())
	}
	assert.Equal(t, 20, most)
}

// TestLostConnection goes on after the driver gave its connection up, as after an error of the disk.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "purgebot.db"))
	for range 3 {
		require.NoError(t, s.Note(t.Context(), store.Entry{What: "one", Purge: "p"}))
		conn, err := s.DB().Conn(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, conn.Raw(func(any) error { return driver.ErrBadConn }), driver.ErrBadConn)
	}
	entries, err := s.Audit(t.Context(), "p")
	require.NoError(t, err)
	assert.Len(t, entries, 3)
	var mode string
	require.NoError(t, s.DB().QueryRow(`PRAGMA synchronous`).Scan(&mode))
	assert.Equal(t, "2", mode, "the new connection has the settings")
}

// FuzzAudit writes whatever people call themselves and vendors answer: it comes back byte for byte, and the chain holds.
func FuzzAudit(f *testing.F) {
	for _, odd := range []string{"", "Älice", "nul\x00byte", "\xff\xfe", "\u2028\u202e", "'); DROP TABLE pb_audit; --", `{"a":1}`} {
		f.Add(odd, odd)
	}
	s := open(f, "sqlite:"+filepath.Join(f.TempDir(), "purgebot.db"))
	f.Fuzz(func(t *testing.T, name, body string) {
		require.NoError(t, s.Note(t.Context(), store.Entry{Name: name, What: store.AuditKind(name), Purge: "p", Body: json.RawMessage(body)}))
		entries, err := s.Audit(t.Context(), "p")
		require.NoError(t, err)
		require.Len(t, entries, 1)
		assert.Equal(t, []string{name, name, body}, []string{entries[0].Name, string(entries[0].What), string(entries[0].Body)})
		verified, err := s.Verify(t.Context())
		require.NoError(t, err)
		require.Nil(t, verified.Broken)
		_, err = s.Prune(t.Context(), time.Now(), time.Now()) // so that each run costs the same
		require.NoError(t, err)
	})
}
