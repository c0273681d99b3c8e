package store

import (
	"context"
	"maps"
	"slices"
	"time"
)

// pruneChunk is the number of rows removed in one transaction, since other work waits for the connection meanwhile.
const pruneChunk = 200

// Prune removes old data and returns the number of removed purges. Audit rows go if they are older than purgesBefore,
// together with the purges and rules from chat that ended before then and whose first row is among them. Events taken
// before eventsBefore go, as do buttons of private replies that expired before then or never expire, the budgets of
// earlier days, and the records of recent calls and URLs after some hours.
// The audit loses rows at its front only, and keeps every row of a remaining purge and all later rows. The hash of the
// last removed row is kept, so that the rest can still be verified.
func (s *Store) Prune(ctx context.Context, purgesBefore, eventsBefore time.Time) (int, error) {
	// The oldest rows are at the front of each table, so that each look ends at the first row to be kept.
	for _, old := range []struct {
		query  string
		before any
	}{
		{`DELETE FROM pb_event WHERE (platform, workspace, event) IN (SELECT platform, workspace, event FROM
			(SELECT platform, workspace, event, at FROM pb_event LIMIT $2) front WHERE at < $1)`, millis(eventsBefore)},
		{`DELETE FROM pb_button WHERE token IN (SELECT token FROM pb_button WHERE purge IS NULL AND expires < $1 LIMIT $2)`, millis(eventsBefore)},
		{`DELETE FROM pb_budget WHERE (day, key, kind, area) IN (SELECT day, key, kind, area FROM pb_budget WHERE day < $1 LIMIT $2)`,
			eventsBefore.Add(-48 * time.Hour).UTC().Format(time.DateOnly)}, // a day that has ended in every time zone
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

// forget repeats a deletion until no row is left to delete.
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

// forgetAudit removes at most pruneChunk rows from the front of the chain, with the purges and rules that these rows
// began.
func (t tx) forgetAudit(before time.Time) (purges int64, more bool, err error) {
	// The rows at the front of the chain that may go are found.
	h, err := readHead(t.one(selectHead))
	if err != nil {
		return 0, false, err
	}
	old, err := t.old(h, before)
	if err != nil || len(old) == 0 {
		return 0, false, err
	}
	// The rows go with the purges and rules that they began.
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
	// The head keeps the hash of the last removed row.
	_, err = t.exec(`UPDATE pb_audit_head SET pruned_seq = $1, pruned_hash = $2 WHERE id = 1`, last.Seq, last.Hash)
	return purges, true, err
}

// old returns the first rows of the chain that may be removed now.
func (t tx) old(h head, before time.Time) ([]Entry, error) {
	// The front of the chain is read.
	front, err := rows(context.Background(), t, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE seq > $1 ORDER BY seq LIMIT $2`, h.prunedSeq, pruneChunk)
	if err != nil {
		return nil, err
	}
	ids, rules, err := named(front)
	if err != nil {
		return nil, err
	}
	// Open or recent purges and rules keep their rows.
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
	// The first row to be kept ends the list.
	for i, e := range front {
		ids, rules, err := named(front[i : i+1])
		if err != nil || !e.At.Before(before) || slices.ContainsFunc(slices.Concat(ids, rules), func(id string) bool { return stays[id] }) {
			return front[:i], err
		}
	}
	return front, nil
}

// named returns the ids of the purges that rows concern, and of the rules that the rows made.
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
