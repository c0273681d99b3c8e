package app_test

import (
	"database/sql"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge/tencent/cdnsim"
)

// turns waits until readiness has a status and says something, which takes one pulse of what it watches.
func (s *stage) turns(status int, says string) {
	s.t.Helper()
	var is int
	var body string
	require.Eventuallyf(s.t, func() bool {
		begun := time.Now()
		is, body = s.get("/readyz")
		assert.Less(s.t, time.Since(begun), busy, "a probe keeps nobody waiting")
		return is == status && strings.Contains(body, says)
	}, 2*busy, 50*time.Millisecond, "%s", says)
	healthy, _ := s.get("/healthz")
	assert.Equal(s.t, http.StatusOK, healthy)
}

func (s *stage) database() string { return strings.TrimPrefix(s.env["DATABASE_URL"], "sqlite:") }

// TestReadinessSeesTheDatabase that is harmed under it, without a command that meets it first, and sees it mended.
func TestReadinessSeesTheDatabase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		harm func(t *testing.T, s *stage) (mend func())
		says string
	}{
		"write-locked": {func(t *testing.T, s *stage) func() {
			db, err := sql.Open("sqlite", "file:"+s.database()+"?_txlock=immediate&_busy_timeout=5000")
			require.NoError(t, err)
			held, err := db.Begin()
			require.NoError(t, err)
			return func() { require.NoError(t, held.Rollback()); require.NoError(t, db.Close()) }
		}, "database: another program holds its write lock"},
		"moved away": {func(t *testing.T, s *stage) func() {
			require.NoError(t, os.Rename(s.database(), s.database()+".away"))
			return func() { require.NoError(t, os.Rename(s.database()+".away", s.database())) }
		}, "database: its file, or its WAL, was removed or replaced"},
		"removed": {func(t *testing.T, s *stage) func() {
			require.NoError(t, os.Remove(s.database()))
			return nil
		}, "database: its file, or its WAL, was removed or replaced"},
		"damaged": {func(t *testing.T, s *stage) func() {
			db, err := sql.Open("sqlite", "file:"+s.database()+"?_busy_timeout=5000") // what is in the WAL would hide the damage, and mend it
			require.NoError(t, err)
			_, err = db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
			require.NoError(t, errors.Join(err, db.Close()))
			f, err := os.OpenFile(s.database(), os.O_WRONLY, 0)
			require.NoError(t, err)
			t.Cleanup(func() { _ = f.Close() })
			size, err := f.Seek(0, 2)
			require.NoError(t, err)
			for at := int64(4096); at < size; at += 4096 {
				_, err = f.WriteAt([]byte(strings.Repeat("?", 4096)), at)
				require.NoError(t, err)
			}
			return nil
		}, "database: it is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.turns(http.StatusOK, "ready\n")
			mend := c.harm(t, s)
			s.turns(http.StatusServiceUnavailable, c.says)
			if mend != nil {
				mend()
				s.turns(http.StatusOK, "ready\n")
				s.types("/purge https://www.test.com/1.jpg")
				s.sees("Done")
			} else {
				_ = s.app.Stop() // what it says of such a database is nobody's concern here
				s.app = nil
			}
		})
	}
}

// TestReadinessSeesTheCDN before anybody has purged: a wrong key, an account that is suspended, and nothing that answers.
func TestReadinessSeesTheCDN(t *testing.T) {
	t.Parallel()
	for _, api := range []string{"2.0", "3.0"} {
		for name, c := range map[string]struct {
			break_ func(s *stage)
			says   string
		}{
			"a wrong key":   {func(s *stage) { s.cdn.Keys = map[string]string{canaryID: "another"} }, "warning: CDN, asked for the domains of the account: Tencent did not accept purgebot's keys"},
			"an unknown id": {func(s *stage) { s.cdn.Keys = map[string]string{} }, "warning: CDN, asked for the domains of the account: Tencent did not accept purgebot's keys"},
			"no such token": {func(s *stage) { s.cdn.Token = "another" }, "warning: CDN, asked for the domains of the account: Tencent did not accept purgebot's keys"},
			"nobody there": {func(s *stage) {
				s.env["PURGEBOT_CDN_ENDPOINT"] = "http://127.0.0.1:1" + map[string]string{"2.0": "/v2/index.php"}[s.env["PURGEBOT_CDN_API"]]
			}, "warning: CDN, asked for the domains of the account: "},
		} {
			t.Run(api+", "+name, func(t *testing.T) {
				t.Parallel()
				s := newStage(t, func(s *stage) {
					s.env["PURGEBOT_CDN_API"] = api
					s.env["PURGEBOT_CDN_ENDPOINT"] = strings.TrimSuffix(s.env["PURGEBOT_CDN_ENDPOINT"], map[string]string{"3.0": "/v2/index.php"}[api])
					c.break_(s)
				})
				s.turns(http.StatusOK, c.says)
				assert.Empty(t, s.actions(), "nothing was purged to find that out")
				assert.NotContains(t, s.log.String(), canaryKey)
			})
		}
	}
}

// TestReadinessOfAGatewayThatOnlyPurges warns until a purge has gone through: the other questions may belong to another API.
func TestReadinessOfAGatewayThatOnlyPurges(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(s *stage) { s.cdn.LogActions = false })
	s.turns(http.StatusOK, "warning: CDN, asked for the domains of the account: Tencent does not offer this action here")
	s.types("/purge https://www.test.com/1.jpg")
	s.sees("its API does not tell when it is done")
	s.turns(http.StatusOK, "ready\n")
	_, body := s.get("/readyz")
	assert.Equal(t, "ready\n", body)
}

// TestReadinessSeesAKeyThatMayNotPurge until a purge goes through.
func TestReadinessSeesAKeyThatMayNotPurge(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.cdn.Fault(cdnsim.Fault{Action: "RefreshCdnUrl", Do: cdnsim.Refusal, Code: 4102, Times: 1})
	s.types("/purge https://www.test.com/1.jpg")
	s.sees("Failed")
	s.turns(http.StatusOK, "warning: CDN: Tencent does not let purgebot's key do this")
	s.types("/purge https://www.test.com/2.jpg")
	s.sees("Done")
	s.turns(http.StatusOK, "ready\n")
}
