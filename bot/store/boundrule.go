package store

import (
	"context"
	"slices"
)

// ruleRows holds the statements of the audit rows about rules.
type ruleRows struct {
	made map[string]int64
	last map[string]fact
}

func (r ruleRows) add(seq int64, f facts) {
	for id, digest := range f.Rules {
		r.made[id], r.last[id] = seq, fact{seq, digest}
	}
	for id, digest := range f.Ends {
		r.last[id] = fact{seq, digest}
	}
}

// differInRules compares the rules in the table with the rows up to upTo, already read, and the later rows.
func (s *Store) differInRules(ctx context.Context, said ruleRows, upTo int64) (first *Broken, err error) {
	err = s.view(ctx, func(t tx) error {
		since, err := rows(ctx, t, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE seq > $1 ORDER BY seq`, upTo)
		if err != nil {
			return err
		}
		for _, e := range since {
			f, err := e.bound()
			if err != nil {
				return err
			}
			said.add(e.Seq, f)
		}
		first, err = t.differInRules(ctx, said)
		return err
	})
	return first, err
}

func (t tx) differInRules(ctx context.Context, said ruleRows) (first *Broken, err error) {
	// Each stored rule must match the last row about it.
	ids, err := rows(ctx, t, text, `SELECT id FROM pb_rule ORDER BY id`)
	if err != nil {
		return nil, err
	}
	differs := func(seq int64, why string) { first = earlier(first, &Broken{seq, why}) }
	for _, id := range ids {
		r, err := scanRule(t.QueryRowContext(ctx, selectRules+`id = $1`, id))
		if err != nil && !unreadable(ctx, err) {
			return nil, err
		}
		switch last, known := said.last[id]; {
		case !known:
			differs(0, "the rule "+id+" is in no row: it was put in")
		case err != nil || r.digest() != last.digest:
			differs(last.seq, "the tables do not fit it any more: the rule "+id)
		}
	}
	// Each rule made by a row must still be in the table.
	for id, seq := range said.made {
		if !slices.Contains(ids, id) {
			differs(seq, "the rule "+id+" is missing from the tables")
		}
	}
	return first, nil
}
