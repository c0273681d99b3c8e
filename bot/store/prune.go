package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// pruneChunk rows go in one transaction, since other work waits for the connection meanwhile.
const pruneChunk = 200

// Prune forgets final purges and rules that ended before purgesBefore with all that belongs to them, the oldest audit rows
// of before then, events taken before eventsBefore, buttons of private replies that expired before then or never do, and
// what was used of the budgets of days before.
// It returns how many purges went. Of the audit only a prefix goes, never a row of an open purge or one after it,
// and the last removed hash is kept, so that what remains still verifies.
func (s *Store) Prune(ctx context.Context, purgesBefore, eventsBefore time.Time) (int, error) {
	purges, err := s.forget(ctx, `DELETE FROM pb_purge WHERE id IN
		(SELECT id FROM pb_purge WHERE finished_at > 0 AND finished_at < $1 ORDER BY finished_at LIMIT $2)`, millis(purgesBefore))
	if err != nil {
		return purges, err
	}
	for _, old := range []struct {
		query  string
		before any
	}{
		{`DELETE FROM pb_event WHERE (platform, workspace, event) IN (SELECT platform, workspace, event FROM pb_event WHERE at < $1 LIMIT $2)`, millis(eventsBefore)},
		{`DELETE FROM pb_button WHERE token IN (SELECT token FROM pb_button WHERE purge IS NULL AND expires < $1 LIMIT $2)`, millis(eventsBefore)},
		{`DELETE FROM pb_rule WHERE id IN (SELECT id FROM pb_rule WHERE until < $1 LIMIT $2)`, millis(purgesBefore)},
		{`DELETE FROM pb_budget WHERE (day, key, kind, area) IN (SELECT day, key, kind, area FROM pb_budget WHERE day < $1 LIMIT $2)`,
			eventsBefore.Add(-48 * time.Hour).UTC().Format(time.DateOnly)}, // never a day that is not over everywhere
	} {
		if _, err := s.forget(ctx, old.query, old.before); err != nil {
			return purges, err
		}
	}
	return purges, s.forgetAudit(ctx, purgesBefore)
}

// forget repeats a deletion until nothing is left to delete.
func (s *Store) forget(ctx context.Context, query string, before any) (total int, err error) {
	for {
		n, err := change(ctx, s, "prune", func(t tx) (int64, error) { return t.exec(query, before, pruneChunk) })
		total += int(n)
		if err != nil || n == 0 {
			return total, err
		}
	}
}

func (s *Store) forgetAudit(ctx context.Context, before time.Time) error {
	for {
		more, err := change(ctx, s, "prune the audit", func(t tx) (bool, error) { return t.forgetAudit(before) })
		if err != nil || !more {
			return err
		}
	}
}

// forgetAudit removes at most pruneChunk rows from the front of the chain.
func (t tx) forgetAudit(before time.Time) (more bool, err error) {
	h, err := readHead(t.one(selectHead))
	if err != nil {
		return false, err
	}
	last, hash, err := t.lastOld(h, before)
	if err != nil || last == h.prunedSeq {
		return false, err
	}
	if _, err := t.exec(`DELETE FROM pb_audit WHERE seq <= $1`, last); err != nil {
		return false, err
	}
	_, err = t.exec(`UPDATE pb_audit_head SET pruned_seq = $1, pruned_hash = $2 WHERE id = 1`, last, hash)
	return true, err
}

// lastOld finds the last row that may go now, the pruned one if none may.
func (t tx) lastOld(h head, before time.Time) (seq int64, hash string, err error) {
	seq, hash = h.prunedSeq, h.prunedSum
	keep, err := t.firstOpen()
	if err != nil {
		return seq, hash, err
	}
	front, err := rows(context.Background(), t, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE seq > $1 ORDER BY seq LIMIT $2`, seq, pruneChunk)
	for _, e := range front {
		if e.Seq >= keep || !e.At.Before(before) {
			break
		}
		seq, hash = e.Seq, e.Hash
	}
	return seq, hash, err
}

// firstOpen is the first audit row of a purge that is not final.
func (t tx) firstOpen() (seq int64, err error) {
	err = t.one(`SELECT a.seq FROM pb_purge p JOIN pb_audit a ON a.purge = p.id AND a.purge <> ''
		WHERE p.finished_at = 0 ORDER BY a.seq LIMIT 1`).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 1 << 62, nil
	}
	return seq, err
}
