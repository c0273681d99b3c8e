package store_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/purge"
)

// works has another process work on a database, from when it said so until the test ends or it is killed.
func works(t *testing.T, url string) *exec.Cmd {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childURL+"="+url, childStays+"=yes")
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	said := bufio.NewScanner(out)
	require.True(t, said.Scan(), "the process ended by itself")
	go func() {
		for said.Scan() { // so that it never waits to be read
		}
	}()
	t.Cleanup(func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	})
	return child
}

// refusal is what a process says that may not work on a database.
func refusal(t *testing.T, url string) string {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childURL+"="+url)
	var said bytes.Buffer
	child.Stderr = &said
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	if bufio.NewScanner(out).Scan() {
		_ = child.Process.Kill()
		_ = child.Wait()
		t.Fatalf("a second process works on %s", url)
	}
	require.Error(t, child.Wait())
	return said.String()
}

// TestNoWayAroundTheLock tries to get a second process to the file of one that works: by other names of it and without the .lock.
func TestNoWayAroundTheLock(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]func(t *testing.T, path string) (url string){
		"the same name": func(_ *testing.T, path string) string { return path },
		"a dotted name": func(_ *testing.T, path string) string { return filepath.Dir(path) + "/./x/../" + filepath.Base(path) },
		"a symbolic link": func(t *testing.T, path string) string {
			link := filepath.Join(t.TempDir(), "link.db")
			require.NoError(t, os.Symlink(path, link))
			return link
		},
		"a symbolic link of its folder": func(t *testing.T, path string) string {
			link := filepath.Join(t.TempDir(), "folder")
			require.NoError(t, os.Symlink(filepath.Dir(path), link))
			return filepath.Join(link, filepath.Base(path))
		},
		"a hard link beside it": func(t *testing.T, path string) string {
			require.NoError(t, os.Link(path, path+".other"))
			return path + ".other"
		},
		"a hard link elsewhere": func(t *testing.T, path string) string {
			link := filepath.Join(t.TempDir(), filepath.Base(path))
			require.NoError(t, os.Link(path, link))
			return link
		},
		"a removed .lock": func(t *testing.T, path string) string {
			require.NoError(t, os.Remove(path+".lock"))
			return path
		},
		"a replaced .lock": func(t *testing.T, path string) string {
			require.NoError(t, os.Rename(path+".lock", path+".gone"))
			require.NoError(t, os.WriteFile(path+".lock", nil, 0o600))
			return path
		},
		"a hard link and no .lock": func(t *testing.T, path string) string {
			require.NoError(t, os.Remove(path+".lock"))
			require.NoError(t, os.Link(path, path+".other"))
			return path + ".other"
		},
		"another name for the file": func(t *testing.T, path string) string {
			require.NoError(t, os.Rename(path, path+".moved"))
			return path + ".moved"
		},
		"a new file of the old name": func(t *testing.T, path string) string {
			require.NoError(t, os.Remove(path))
			return path
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(folder, "x"), 0o700))
			path := filepath.Join(folder, "purgebot.db")
			works(t, "sqlite:"+path)
			url := "sqlite:" + way(t, path)
			assert.Contains(t, refusal(t, url), "Another purgebot works on ")
		})
	}
}

// TestKilledProcessLeavesNoLock lets the next one in at once.
func TestKilledProcessLeavesNoLock(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "purgebot.db")
	for range 3 {
		child := works(t, url)
		require.NoError(t, child.Process.Kill())
		_ = child.Wait()
	}
	require.NoError(t, open(t, url).Ping(t.Context()))
}

// TestSecondNameIsRefused: what a killed process had committed is seen only by the name that it used.
func TestSecondNameIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "purgebot.db")
	child := works(t, "sqlite:"+path)
	require.NoError(t, os.Link(path, path+".other"))
	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	for _, name := range []string{path, path + ".other"} {
		_, err := store.Open(t.Context(), "sqlite:"+name)
		assert.Equal(t, purge.Conflict, purge.AsError(err).Kind, "%v", err)
		assert.Contains(t, purge.AsError(err).Message, "has a second name")
	}
	require.NoError(t, os.Remove(path+".other"))
	open(t, "sqlite:"+path)
}

// TestFileThatIsGone takes the file away from under a process that works: nothing more is taken until it is back.
func TestFileThatIsGone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "purgebot.db")
	s := open(t, "sqlite:"+path)
	note := func() error { return s.Note(t.Context(), store.Entry{What: "one", Purge: "p"}) }
	require.NoError(t, note())
	require.NoError(t, os.Rename(path, path+".moved"))
	assert.Equal(t, purge.Unavailable, purge.AsError(note()).Kind)
	assert.Contains(t, purge.AsError(note()).Message, "removed or replaced")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	assert.Contains(t, purge.AsError(note()).Message, "removed or replaced")
	require.NoError(t, os.Rename(path+".moved", path))
	require.NoError(t, note())
	entries, err := s.Audit(t.Context(), "p")
	require.NoError(t, err)
	assert.Len(t, entries, 2)
}
