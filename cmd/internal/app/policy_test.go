package app

import (
	"log/slog"
	"os"
	"path/filepath"
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
	assert.Contains(t, f.problem(), "the last good one stays in force")
	assert.Equal(t, []int64{3, 1}, []int64{f.taken.Load(), f.refused.Load()})
	looks(now.Add(6*policyEvery), "fourth")
	require.NoError(t, os.Remove(path))
	for n := range time.Duration(3) {
		looks(now.Add((7+n)*policyEvery), "fourth")
	}
	assert.EqualValues(t, 2, f.refused.Load(), "a file that stays away is refused once")
}
