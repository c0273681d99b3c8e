package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
)

// TestCloseWaitsForWhoeverStillWrites: a second process let in before that would share the file.
func TestCloseWaitsForWhoeverStillWrites(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "bot.db")
	s, err := store.Open(context.Background(), url)
	require.NoError(t, err)
	busy, err := s.DB().Conn(t.Context())
	require.NoError(t, err)
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	require.Error(t, s.Ping(t.Context()), "it waits for the one connection, or for the end")
	_, err = store.Open(context.Background(), url)
	assert.Error(t, err, "the lock is not given back yet")
	require.NoError(t, busy.Close())
	require.NoError(t, <-closed)
	again, err := store.Open(context.Background(), url)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}
