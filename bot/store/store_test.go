package store_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"purgebot/bot/store"
	"purgebot/bot/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	var urls = func(s *store.Store) string { return urlOf(t, s) }
	storetest.Run(t,
		func(t *testing.T) *store.Store { return open(t, "sqlite:"+filepath.Join(t.TempDir(), "purgebot.db")) },
		func(t *testing.T, s *store.Store) *store.Store {
			url := urls(s)
			require.NoError(t, s.Close())
			return open(t, url)
		})
}

func open(t testing.TB, url string) *store.Store {
	s, err := store.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// urlOf asks SQLite which file is open.
func urlOf(t testing.TB, s *store.Store) string {
	var n, name, file string
	require.NoError(t, s.DB().QueryRow(`PRAGMA database_list`).Scan(&n, &name, &file))
	return "sqlite:" + file
}
