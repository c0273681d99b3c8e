package store

import (
	"context"
	"database/sql"
	"errors"
)

// bindOld binds what was there before rows had facts as it is now. It is a migration: once, and whole. It reads by the queries of
// today, on the tables of step 10: where a later step adds a column that these read, the test of the upgrade fails, and bindOld is
// to have queries of its own.
func bindOld(ctx context.Context, db *sql.Tx) error {
	t := begin(db)
	at := instant(now())
	for after, more := "", true; more; {
		ids, err := rows(ctx, t, text, `SELECT id FROM pb_purge WHERE id > $1 ORDER BY id LIMIT $2`, after, purgesPerLook)
		if more = len(ids) > 0; err != nil || !more {
			return errors.Join(err, t.bindOldRules(ctx))
		}
		last := ids[len(ids)-1]
		all, err := t.held(ctx, after, last, oldDecisionColumns)
		if err != nil {
			return err
		}
		entries := make([]Entry, len(all))
		for i, h := range all {
			entries[i] = Entry{At: at, What: AuditNoted, Purge: h.ID, facts: encode(h.facts())}
		}
		if err := t.chain(entries); err != nil {
			return err
		}
		after = last
	}
	return nil
}

// oldDecisionColumns are the decisionColumns of step 10, where a confirmation gave the reason of an emergency as its problem.
const oldDecisionColumns = `purge, what, who, name, who_groups, CASE what WHEN 'confirmed' THEN '' ELSE problem END,
	CASE what WHEN 'confirmed' THEN problem ELSE '' END, at`

func (t tx) bindOldRules(ctx context.Context) (err error) {
	if t.making.rules, err = rows(ctx, t, text, `SELECT id FROM pb_rule ORDER BY id`); err != nil {
		return err
	}
	return t.noteRest()
}
