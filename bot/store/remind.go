package store

import "context"

// Remind marks the card of a waiting question as outdated. With notify, the question also gets a reminder, which is
// posted once, even after several calls. A decided or finished purge does not change.
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
