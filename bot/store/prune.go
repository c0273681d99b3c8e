package store

import (
	"context"
	"maps"
	"slices"
	"time"
)

// pruneChunk rows go in one transaction, since other work waits for the connection meanwhile.
const pruneChunk = 200

// Prune forgets the oldest audit rows of before purgesBefore, with the purges and the rules from chat that ended before then and
// whose first row is among them; events taken before eventsBefore, buttons of private replies that expired before then or never do,
// what was used of the budgets of days before,
// and what is known of calls and URLs of the last hours once that is longer ago.
// It returns how many purges went. Of the audit only a prefix goes, never a row of a purge that stays or one after it, and the last
// removed hash is kept, so that what remains still verifies: a purge is there for as long as the row that took it.
func (s *Store) Prune(ctx context.Context, purgesBefore, eventsBefore time.Time) (int, error) {
	// What was written first lies at the front of its table, so that each look ends where what is kept begins.
	for _, old := range []struct {
		query  string
		before any
	}{
		{`DELETE FROM pb_event WHERE (platform, workspace, event) IN (SELECT platform, workspace, event FROM
			(SELECT platform, workspace, event, at FROM pb_event LIMIT $2) front WHERE at < $1)`, millis(eventsBefore)},
		{`DELETE FROM pb_button WHERE token IN (SELECT token FROM pb_button WHERE purge IS NULL AND expires < $1 LIMIT $2)`, millis(eventsBefore)},
		{`DELETE FROM pb_budget WHERE (day, key, kind, area) IN (SELECT day, key, kind, area FROM pb_budget WHERE day < $1 LIMIT $2)`,
			eventsBefore.Add(-48 * time.Hour).UTC().Format(time.DateOnly)}, // never a day that is not over everywhere
		{`DELETE FROM pb_sent WHERE (target, at, purge, batch, try) IN (SELECT target, at, purge, batch, try FROM
			(SELECT target, at, purge, batch, try FROM pb_sent LIMIT $2) front WHERE at < (SELECT max(at) FROM pb_audit) - $1)`, keptSent.Milliseconds()},
		{`DELETE FROM pb_tally WHERE (who, what, at) IN (SELECT who, what, at FROM
			(SELECT who, what, at FROM pb_tally WHERE at > 0 LIMIT $2) front WHERE at < (SELECT max(at) FROM pb_audit) - $1)`, keptSent.Milliseconds()},
	} {
		if _, err := s.forget(ctx, old.query, old.before); err != nil {
			return 0, err
		}
	}
	return s.forgetAudit(ctx, purgesBefore)
}

// forget repeats a deletion until nothing is left to delete.
func (s *Store) forget(ctx context.Context, query string, before any) (total int, err error) {
	for {
		n, err := change(ctx, s, "prune", func(t tx) (int64, error) { return t.exec(query, before, pruneChunk) })
		total += int(n)
		if err != nil || n == 0 {
			return total, err
		}
	}
}

func (s *Store) forgetAudit(ctx context.Context, before time.Time) (purges int, err error) {
	type forgot struct {
		purges int64
		more   bool
	}
	for {
		f, err := change(ctx, s, "prune the audit", func(t tx) (f forgot, err error) {
			f.purges, f.more, err = t.forgetAudit(before)
			return f, err
		})
		purges += int(f.purges)
		if err != nil || !f.more {
			return purges, err
		}
	}
}

// forgetAudit removes at most pruneChunk rows from the front of the chain, with what they are the first rows of.
func (t tx) forgetAudit(before time.Time) (purges int64, more bool, err error) {
	h, err := readHead(t.one(selectHead))
	if err != nil {
		return 0, false, err
	}
	old, err := t.old(h, before)
	if err != nil || len(old) == 0 {
		return 0, false, err
	}
	last := old[len(old)-1]
	if _, err := t.exec(`DELETE FROM pb_audit WHERE seq <= $1`, last.Seq); err != nil {
		return 0, false, err
	}
	ids, rules, err := named(old)
	if err != nil {
		return 0, false, err
	}
	if purges, err = t.exec(`DELETE FROM pb_purge WHERE id IN `+list(1, len(ids)), anys(ids)...); err != nil {
		return 0, false, err
	}
	if _, err := t.exec(`DELETE FROM pb_rule WHERE id IN `+list(1, len(rules)), anys(rules)...); err != nil {
		return 0, false, err
	}
	_, err = t.exec(`UPDATE pb_audit_head SET pruned_seq = $1, pruned_hash = $2 WHERE id = 1`, last.Seq, last.Hash)
	return purges, true, err
}

// old are the first rows that may go now.
func (t tx) old(h head, before time.Time) ([]Entry, error) {
	front, err := rows(context.Background(), t, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE seq > $1 ORDER BY seq LIMIT $2`, h.prunedSeq, pruneChunk)
	if err != nil {
		return nil, err
	}
	ids, rules, err := named(front)
	if err != nil {
		return nil, err
	}
	stays := map[string]bool{}
	for query, args := range map[string][]any{
		`SELECT id FROM pb_purge WHERE (finished_at = 0 OR finished_at >= $1) AND id IN ` + list(2, len(ids)): anys(ids),
		`SELECT id FROM pb_rule WHERE until >= $1 AND id IN ` + list(2, len(rules)):                           anys(rules),
	} {
		found, err := rows(context.Background(), t, text, query, append([]any{millis(before)}, args...)...)
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			stays[id] = true
		}
	}
	for i, e := range front {
		ids, rules, err := named(front[i : i+1])
		if err != nil || !e.At.Before(before) || slices.ContainsFunc(slices.Concat(ids, rules), func(id string) bool { return stays[id] }) {
			return front[:i], err
		}
	}
	return front, nil
}

// named are the purges that rows are about, and the rules that they made.
func named(entries []Entry) (purges, rules []string, err error) {
	for _, e := range entries {
		f, err := e.bound()
		if err != nil {
			return nil, nil, err
		}
		if e.Purge != "" {
			purges = append(purges, e.Purge)
		}
		rules = slices.AppendSeq(rules, maps.Keys(f.Rules))
	}
	return purges, rules, nil
}
