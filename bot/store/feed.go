package store

import (
	"context"
)

// FedUntil returns the sequence number of the last audit row that a feed has passed on. A new feed begins behind the
// newest row and skips all earlier ones.
func (s *Store) FedUntil(ctx context.Context, feed string) (int64, error) {
	return change(ctx, s, "begin the feed "+feed, func(t tx) (seq int64, err error) {
		_, err = t.exec(`INSERT INTO pb_feed (name, seq) SELECT $1, seq FROM pb_audit_head WHERE id = 1 ON CONFLICT (name) DO NOTHING`, feed)
		if err != nil {
			return 0, err
		}
		return seq, t.one(`SELECT seq FROM pb_feed WHERE name = $1`, feed).Scan(&seq)
	})
}

// Fed records that a feed has passed on all rows up to seq. A lower number changes nothing.
func (s *Store) Fed(ctx context.Context, feed string, seq int64) error {
	_, err := change(ctx, s, "move the feed "+feed, func(t tx) (int64, error) {
		return t.exec(`UPDATE pb_feed SET seq = $1 WHERE name = $2 AND seq < $1`, seq, feed)
	})
	return err
}

// AuditAfter returns the audit rows behind seq, oldest first.
func (s *Store) AuditAfter(ctx context.Context, seq int64, limit int) ([]Entry, error) {
	found, err := rows(ctx, s.db, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE seq > $1 ORDER BY seq LIMIT $2`, seq, limit)
	return found, fail("read the audit on", err)
}
