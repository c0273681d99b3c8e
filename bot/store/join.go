package store

import (
	"context"

	"purgebot/acl"
	"purgebot/purge"
)

// A request that joined a purge is a row of pb_purge in the final state StateJoined that names that purge. The row has
// no targets and no calls, but its own requester, place, reason and messages. The messages are updated together with
// those of the purge.

// selectRunning is the part of selectRecent that finds the newest purge with a digest that a request may join: a decided
// and not stopped purge without skipped or failed targets. If either side is private, both must have the same requester.
const selectRunning = `SELECT p.id FROM pb_purge p WHERE p.finished_at = 0 AND p.digest = $3 AND p.platform = $9 AND p.workspace = $10
	AND $12 = 0 AND p.cancelled = '' AND (p.requester = $1 OR p.private = 0 AND $11 = 0)
	AND (p.confirm = '' OR EXISTS (SELECT 1 FROM pb_decision d WHERE d.purge = p.id AND d.what = 'confirmed'))
	AND NOT EXISTS (SELECT 1 FROM pb_target t WHERE t.purge = p.id AND t.outcome IN ('skipped', 'failed'))
	ORDER BY p.created_at DESC, p.id LIMIT 1`

// selectRejoin finds the open purge that the same person has recently joined in the same channel.
const selectRejoin = `SELECT j.joined FROM pb_purge j JOIN pb_purge p ON p.id = j.joined AND p.finished_at = 0
	WHERE j.joined IS NOT NULL AND j.requester = $1 AND j.created_at >= $4 AND j.channel = $2 AND j.digest = $3 AND $12 = 0 LIMIT 1`

// withJoined selects the ids of a purge ($1) and of all requests that joined it.
const withJoined = `(SELECT CAST($1 AS TEXT) UNION ALL SELECT j.id FROM pb_purge j WHERE j.joined = $1)`

// wantResults makes a result card for every request that joined a purge, however the purge ended, since another person
// may have ended it.
func (t tx) wantResults(id string) error {
	return t.wantOf(`p.joined = $1`, id, Result)
}

// HasJoined reports whether a request of this person joined a purge.
func (s *Store) HasJoined(ctx context.Context, who acl.Subject, id string) (yes bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pb_purge WHERE joined = $1 AND requester || '' = $2)`, id, who).Scan(&yes)
	return yes, fail("look for who joined "+id, err)
}

// targetsOf returns the id of the purge that holds the targets of p.
func targetsOf(p Purge) string {
	if p.Joined != "" {
		return p.Joined
	}
	return p.ID
}

// nullable returns the stored form of an optional purge id: NULL for none.
func nullable(id string) any {
	if id == "" {
		return nil
	}
	return id
}

// paidURLs counts the URLs of a request that may use quota.
func paidURLs(p Purge) (n int) {
	if p.Request.Kind != purge.URL || p.Joined != "" {
		return 0
	}
	for _, part := range p.Request.Parts {
		n += len(part.Targets)
	}
	return n
}
