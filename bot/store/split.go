package store

import (
	"context"
	"fmt"

	"purgebot/purge"
)

// Split is End of a refused call whose targets go on in batches of their own: each group is one, under the number that its
// targets say, in this order. They are pending again. A call that ended before keeps its first answer, and nothing is written.
func (s *Store) Split(ctx context.Context, c Call, into [][]Target, entries ...Entry) error {
	_, err := change(ctx, s, fmt.Sprintf("split batch %d of %s", c.Batch, c.Purge), func(t tx) (none struct{}, err error) {
		ended, err := t.end(c)
		if err != nil || !ended {
			return none, err
		}
		for _, group := range into {
			if err := t.move(c, group); err != nil {
				return none, err
			}
		}
		return none, t.changed(c.Purge, entries)
	})
	return err
}

// move takes targets out of the batch of a call.
func (t tx) move(c Call, group []Target) error {
	for place, target := range group {
		n, err := t.exec(`UPDATE pb_target SET batch = $1, place = $2, outcome = $3, reason = '' WHERE purge = $4 AND area = $5 AND n = $6 AND batch = $7`,
			target.Batch, place, purge.Pending, c.Purge, target.Area, target.N, c.Batch)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("target %d in %s is not in batch %d", target.N, target.Area, c.Batch)
		}
		t.makes(c.Purge, c.At).outcome(meaning{target.Area, purge.Pending, ""}, target.N)
	}
	return nil
}
