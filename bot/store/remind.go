package store

import "context"

// Remind has a question that still waits shown anew. With notify it is also posted once as a message of its own, however often
// that is wanted. What is decided or has ended is left alone.
func (s *Store) Remind(ctx context.Context, id string, notify bool) error {
	_, err := change(ctx, s, "remind of "+id, func(t tx) (none struct{}, err error) {
		n, err := t.again(`purge = $1 AND role = $2
			AND EXISTS (SELECT 1 FROM pb_purge WHERE id = $1 AND state = $3)
			AND NOT EXISTS (SELECT 1 FROM pb_decision WHERE purge = $1)`, id, Status, StateWaiting)
		if err != nil || n == 0 || !notify {
			return none, err
		}
		return none, t.want(id, Reminder)
	})
	return err
}
