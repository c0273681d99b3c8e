package store

import (
	"context"
	"encoding/json"
	"time"

	"purgebot/purge"
)

// This file tells which call may have caused a row in the vendor's log. Every call that may have been carried out is in
// the ledger before it leaves.

// Beside returns the targets that other purges than id have sent to a host in an area since a time. Every call that may
// have been carried out counts, in any state.
func (s *Store) Beside(ctx context.Context, id string, area purge.Area, host string, since time.Time) ([]purge.Sent, error) {
	found, err := rows(ctx, s.db, scanSent, selectBeside, millis(since), area, id, host)
	return found, fail("look for calls beside "+id, err)
}

// selectBeside searches by time. The empty text behind a column keeps SQLite from using that column's index.
const selectBeside = `SELECT c.kind, p.mode, c.area, t.target, c.receipt
	FROM (SELECT purge || '' AS purge, batch, kind, area, receipt FROM pb_call WHERE at >= $1 AND area || '' = $2 AND state NOT IN ('unsent', 'refused')) c
	JOIN pb_purge p ON p.id = c.purge JOIN pb_target t ON t.purge = c.purge AND t.area = c.area AND t.batch = c.batch
	WHERE c.purge <> $3 AND EXISTS (SELECT 1 FROM pb_host h WHERE h.purge = p.id AND h.at = p.created_at AND h.host = $4)`

func scanSent(r row) (sent purge.Sent, err error) {
	var target []byte
	var receipt string
	if err := r.Scan(&sent.Kind, &sent.Mode, &sent.Area, &target, &receipt); err != nil {
		return purge.Sent{}, err
	}
	if receipt != "" {
		var answer purge.Receipt
		if err := json.Unmarshal([]byte(receipt), &answer); err != nil {
			return purge.Sent{}, err
		}
		sent.TaskID = answer.TaskID
	}
	return sent, sent.Target.UnmarshalText(target)
}
