package store

import (
	"context"
	"time"
)

// TellUnclear makes the card Looking for each open purge with an unclear call that left before a time, and for the
// requests that joined the purge. Each card is made once. The result is the number of new cards.
func (s *Store) TellUnclear(ctx context.Context, before time.Time) (int, error) {
	const doing = "look for what is unclear"
	ids, err := rows(ctx, s.db, text, selectUnclear, millis(before))
	if err != nil || len(ids) == 0 {
		return 0, fail(doing, err)
	}
	return change(ctx, s, doing, func(t tx) (n int, err error) {
		for _, id := range ids {
			err := t.wantOf(`p.id IN `+withJoined+` AND EXISTS (SELECT 1 FROM pb_purge o WHERE o.id = $1 AND o.finished_at = 0)`, id, Looking)
			if err != nil {
				return n, err
			}
		}
		return len(ids), nil
	})
}

// selectUnclear begins with the open purges, which are few.
const selectUnclear = `SELECT p.id FROM pb_purge p WHERE p.finished_at = 0
	AND EXISTS (SELECT 1 FROM pb_call c JOIN pb_target t ON t.purge = c.purge AND t.area = c.area AND t.batch = c.batch AND t.outcome = 'unknown'
		WHERE c.purge = p.id AND c.state = 'unknown' AND c.at < $1)
	AND NOT EXISTS (SELECT 1 FROM pb_card k WHERE k.purge = p.id AND k.role = 'looking')`

// Learn writes outcomes of an open purge (found by Area and N) and marks its status card as outdated. For a finished
// purge, open is false and nothing is written.
func (s *Store) Learn(ctx context.Context, id string, outcomes []Target, entries ...Entry) (open bool, err error) {
	return change(ctx, s, "learn about "+id, func(t tx) (bool, error) {
		n, err := t.exec(`UPDATE pb_purge SET state = state WHERE id = $1 AND finished_at = 0`, id)
		if err != nil || n == 0 {
			return false, err
		}
		if n, err = t.outcomes(id, outcomes); err != nil || n == 0 {
			return true, err
		}
		return true, t.changed(id, entries)
	})
}
