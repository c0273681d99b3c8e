package store

import (
	"context"
	"database/sql"
	"errors"
)

// bindOld binds the values from before the upgrade in their present state. It is a migration and runs once, in one
// transaction. bindOld uses the current queries on the tables of step 10. A later step that adds a column to these
// queries makes the upgrade test fail; bindOld then needs queries of its own.
func bindOld(ctx context.Context, db *sql.Tx) error {
	t := begin(db)
	at := instant(now())
	// Some purges are bound at a time, by id.
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
		// Each purge gets one audit row with its facts.
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
