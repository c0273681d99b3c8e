package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/purge"
)

// TestForgetsWhatIsKept has age take the sums and the calls of hours ago, from behind more open sums than one look reads, and leave what
// is asked for.
func TestForgetsWhatIsKept(t *testing.T) {
	t.Parallel()
	s, _ := opened(t)
	const old = pruneChunk + 50
	for n := range old + 1 {
		p := oldPurge(t, n)
		p.Requester = acl.Subject(fmt.Sprint("slack:T1/U", n))
		p.CreatedAt = midday
		if n == old {
			p.CreatedAt = midday.Add(3 * time.Hour)
		}
		_, err := s.Record(t.Context(), p, []purge.Batch{{Kind: purge.URL, Area: purge.Mainland, Targets: p.Request.Parts[0].Targets}})
		require.NoError(t, err)
		_, _, err = s.Begin(t.Context(), Call{Purge: p.ID, Kind: purge.URL, Area: purge.Mainland, Day: "d", At: p.CreatedAt}, 0, nil)
		require.NoError(t, err)
	}
	_, err := s.db.Exec(`UPDATE pb_event SET at = at - 1000000 WHERE event <> $1`, fmt.Sprint(old))
	require.NoError(t, err)
	_, err = s.Prune(t.Context(), midday.Add(-time.Hour), time.Now().Add(-500*time.Second))
	require.NoError(t, err)
	count := func(query string) (n int) {
		require.NoError(t, s.db.QueryRow(`SELECT count(*) FROM `+query).Scan(&n))
		return n
	}
	assert.Equal(t, 1, count(`pb_event`))
	assert.Equal(t, 1, count(`pb_sent`))
	assert.Equal(t, old+1, count(`pb_tally WHERE what = 'open'`), "they are open still")
	assert.Equal(t, 2, count(`pb_tally WHERE at > 0`), "a second and a minute")
}
