package store

import (
	"context"
	"time"
)

// Revise writes later findings about a finished purge: outcomes, and the resulting state and problem. All cards are
// marked as outdated, and the time of the end stays. An unfinished purge does not change.
func (s *Store) Revise(ctx context.Context, id string, st State, problem string, outcomes []Target, entries ...Entry) error {
	_, err := change(ctx, s, "revise "+id, func(t tx) (none struct{}, err error) {
		n, err := t.exec(`UPDATE pb_purge SET state = $1, problem = $2 WHERE id = $3 AND finished_at <> 0`, st, problem, id)
		if err != nil {
			return none, err
		}
		if n == 0 {
			return none, t.requirePurge(id)
		}
		t.makes(id, time.Time{})
		if _, err := t.outcomes(id, outcomes); err != nil {
			return none, err
		}
		if _, err := t.again(`purge IN `+withJoined, id); err != nil {
			return none, err
		}
		return none, t.audit(entries)
	})
	return err
}

// Redraw marks the status card of an open purge as outdated, because a time in its text is no longer true.
func (s *Store) Redraw(ctx context.Context, id string) error {
	_, err := change(ctx, s, "redraw "+id, func(t tx) (none struct{}, err error) {
		_, err = t.again(`purge IN `+withJoined+` AND role = $2
			AND EXISTS (SELECT 1 FROM pb_purge p WHERE p.id = $1 AND p.finished_at = 0)`, id, Status)
		return none, err
	})
	return err
}
