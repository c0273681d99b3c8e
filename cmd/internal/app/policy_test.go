package app

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPolicyWaitsUntilNobodyWrites: what was just written may be half a file, and a file whose clock is ahead is read all the same.
func TestPolicyWaitsUntilNobodyWrites(t *testing.T) {
	t.Parallel()
	now := time.Now()
	path := filepath.Join(t.TempDir(), "acl.yaml")
	write := func(contact string, at time.Time) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, []byte("version: 1\ncontact: "+contact+"\n"), 0o600))
		require.NoError(t, os.Chtimes(path, at, at))
	}
	write("one", now.Add(-time.Hour))
	f, err := openPolicy(path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	f.now = func() time.Time { return now.Add(time.Hour) }
	looks := func(at time.Time, want string) {
		t.Helper()
		f.look(at)
		assert.Equal(t, want, f.current().Contact())
	}
	looks(now, "one")
	write("second", now)
	looks(now.Add(policyStill/2), "one")
	looks(now.Add(policyStill), "second")
	ahead := now.Add(time.Hour)
	write("third time", ahead)
	looks(now.Add(2*policyEvery), "second")
	write("fourth", ahead.Add(1))
	looks(now.Add(3*policyEvery), "second")
	looks(now.Add(4*policyEvery), "fourth")
	write("broken: [", now)
	looks(now.Add(5*policyEvery), "fourth")
	assert.Regexp(t, `^\[policy file: the last good one stays in force \(read at [-0-9: ]+ UTC, last found in the file 59m56s ago\): .*acl.yaml:2:16: `, fmt.Sprint(f.warnings()))
	assert.Equal(t, []int64{3, 1}, []int64{f.taken.Load(), f.refused.Load()})
	looks(now.Add(6*policyEvery), "fourth")
	require.NoError(t, os.Remove(path))
	for n := range time.Duration(3) {
		looks(now.Add((7+n)*policyEvery), "fourth")
	}
	assert.EqualValues(t, 2, f.refused.Load(), "a file that stays away is refused once")
}

// opened is a policy file that loads, in a folder of its own.
func opened(t *testing.T) (f *policyFile, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "acl.yaml")
	require.NoError(t, os.WriteFile(path, []byte("version: 1\ncontact: one\n"), 0o600))
	f, err := openPolicy(path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return f, path
}

// later writes the file anew, and has it looked at when nobody has written for a while.
func (f *policyFile) later(t *testing.T, path, contact string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.WriteFile(path, []byte("version: 1\ncontact: "+contact+"\n"), 0o600))
	require.NoError(t, os.Chtimes(path, old, old))
	f.look(time.Now())
}

// TestPolicyThatIsNoFile puts other things into its place: none keeps the look, and the file is read again when it is back.
func TestPolicyThatIsNoFile(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(path string) error{
		"a pipe":            func(path string) error { return exec.Command("mkfifo", path).Run() },
		"a directory":       func(path string) error { return os.Mkdir(path, 0o700) },
		"a device":          func(path string) error { return os.Symlink("/dev/zero", path) },
		"a link to nothing": func(path string) error { return os.Symlink("nothing", path) },
		"a link to itself":  func(path string) error { return os.Symlink(path, path) },
		"a link to a pipe": func(path string) error {
			return errors.Join(exec.Command("mkfifo", path+".pipe").Run(), os.Symlink(path+".pipe", path))
		},
		"nothing": func(string) error { return nil },
		"a file without an end": func(path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, maxPolicy+1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, path := opened(t)
			require.NoError(t, os.Remove(path))
			require.NoError(t, put(path))
			begun := time.Now()
			for range 3 {
				f.look(time.Now().Add(time.Hour))
			}
			assert.Less(t, time.Since(begun), f.patient)
			assert.Equal(t, "one", f.current().Contact())
			assert.Contains(t, fmt.Sprint(f.warnings()), "the last good one stays in force")
			_, err := openPolicy(path, slog.New(slog.DiscardHandler))
			assert.ErrorContains(t, err, "PURGEBOT_ACL: ", "nothing starts with it either")
			require.NoError(t, os.RemoveAll(path))
			f.later(t, path, "two")
			assert.Equal(t, "two", f.current().Contact())
			assert.Empty(t, f.warnings())
		})
	}
}

// TestPolicyOnADeadMount has looks and reads that never return: the bot goes on, its operator is told for how long, threads do not pile
// up, and when the mount is back the file is read.
func TestPolicyOnADeadMount(t *testing.T) {
	t.Parallel()
	for name, kill := range map[string]func(f *policyFile, dead func()){
		"at the look": func(f *policyFile, dead func()) {
			was := f.stat
			f.stat = func(p string) (sight, error) { dead(); return was(p) }
		},
		"at the reading": func(f *policyFile, dead func()) {
			was := f.open
			f.open = func(p string) (content, error) { dead(); return was(p) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, path := opened(t)
			f.patient = time.Millisecond
			var dead atomic.Bool
			dead.Store(true)
			back := make(chan struct{})
			kill(f, func() {
				if dead.Load() {
					<-back
				}
			})
			now := time.Now()
			f.now = func() time.Time { return now }
			f.later(t, path, "two")
			for range 3600 {
				now = now.Add(policyEvery)
				f.look(now)
			}
			assert.Equal(t, "one", f.current().Contact())
			assert.LessOrEqual(t, f.hanging.Load(), int64(12), "in an hour")
			assert.Contains(t, fmt.Sprint(f.warnings()), "last found in the file 1h0m")
			assert.Contains(t, fmt.Sprint(f.warnings()), "does not answer")
			assert.EqualValues(t, 1, f.refused.Load(), "it is said once")

			dead.Store(false)
			f.patient = time.Minute
			now = now.Add(time.Hour)
			f.look(now)
			assert.Equal(t, "two", f.current().Contact(), "although the old looks still hang")
			assert.Empty(t, f.warnings())
			close(back)
			require.Eventually(t, func() bool { return f.hanging.Load() == 0 }, time.Minute, time.Millisecond)
		})
	}
}

// TestPolicyThatIsNotLookedAt is a warning too, of whatever it comes.
func TestPolicyThatIsNotLookedAt(t *testing.T) {
	t.Parallel()
	f, _ := opened(t)
	at := time.Now()
	f.now = func() time.Time { return at }
	assert.Empty(t, f.warnings())
	at = at.Add(2 * policyAge)
	assert.Contains(t, fmt.Sprint(f.warnings()), "last found in the file 2m0s ago")
	f.look(at)
	assert.Empty(t, f.warnings())
}

// TestPolicyThatOthersMayWrite names the file or the folder, at the next look, and no more when it is mended.
func TestPolicyThatOthersMayWrite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, folder, above os.FileMode
		says                string // of the file or folder; "" for nothing
	}{
		"its owner alone":                       {0o600, 0o700, 0o755, ""},
		"everybody may read":                    {0o644, 0o755, 0o755, ""},
		"everybody may write":                   {0o666, 0o755, 0o755, "other users may write to ACL (-rw-rw-rw-)"},
		"the group may write":                   {0o660, 0o755, 0o755, "other users may write to ACL (-rw-rw----)"},
		"others alone may write":                {0o602, 0o755, 0o755, "other users may write to ACL"},
		"in a folder of everybody":              {0o644, 0o777, 0o755, "other users may replace the file, since they may write to DIR"},
		"in a folder of the group":              {0o644, 0o775, 0o755, "they may write to DIR"},
		"below a folder of everybody":           {0o644, 0o755, 0o777, "they may write to ABOVE"},
		"in a sticky folder":                    {0o644, 0o777 | os.ModeSticky, 0o755, ""},
		"of everybody, in a sticky folder":      {0o666, 0o777 | os.ModeSticky, 0o755, "other users may write to ACL"},
		"of everybody, where nobody else gets":  {0o666, 0o700, 0o755, ""},
		"of everybody, below where nobody gets": {0o666, 0o777, 0o700, ""},
		"of everybody, where the group gets":    {0o666, 0o750, 0o755, "other users may write to ACL"},
		"of others, where the group alone gets": {0o602, 0o750, 0o755, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, err := os.MkdirTemp("", "policy")
			require.NoError(t, err)
			t.Cleanup(func() { _ = os.RemoveAll(base) })
			require.NoError(t, os.Chmod(base, 0o755))
			above := filepath.Join(base, "above")
			folder := filepath.Join(above, "folder")
			path := filepath.Join(folder, "acl.yaml")
			require.NoError(t, os.MkdirAll(folder, 0o700))
			require.NoError(t, os.WriteFile(path, []byte("version: 1\n"), 0o600))
			for name, mode := range map[string]os.FileMode{path: c.file, folder: c.folder, above: c.above} {
				require.NoError(t, os.Chmod(name, mode))
			}
			f, err := openPolicy(path, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			want := strings.NewReplacer("ACL", path, "DIR", folder, "ABOVE", above).Replace(c.says)
			if c.says == "" {
				assert.Empty(t, f.warnings())
				return
			}
			require.Len(t, f.warnings(), 1)
			assert.Contains(t, f.warnings()[0], want)
			link := filepath.Join(t.TempDir(), "link.yaml")
			require.NoError(t, os.Symlink(path, link))
			assert.Contains(t, fmt.Sprint(writers(link)), want, "by another name too")
			for _, name := range []string{path, folder, above} {
				require.NoError(t, os.Chmod(name, 0o700))
			}
			f.look(time.Now())
			assert.Empty(t, f.warnings())
		})
	}
}
