package store

import (
	"context"
	"fmt"

	"purgebot/purge"
)

// Split ends a refused call, and moves its targets to new batches. Each group is one batch, with the number in its
// targets and in the given order. The targets become pending again. A call that has ended keeps its first answer, and
// nothing is written.
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

// move moves targets out of the batch of a call.
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
