package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"purgebot/acl"
	"purgebot/purge"
)

// Asked records that the question stands in the chat as ref, so that a recorded purge now waits for its decision. The
// first expiry wins and is returned. A purge in a later state keeps its state.
func (s *Store) Asked(ctx context.Context, id string, ref json.RawMessage, expires time.Time) (time.Time, error) {
	return change(ctx, s, "wait for "+id, func(t tx) (first time.Time, err error) {
		// The purge starts to wait, once.
		n, err := t.exec(`UPDATE pb_purge SET state = $1, expires_at = CASE WHEN expires_at = 0 THEN $2 ELSE expires_at END
			WHERE id = $3 AND state = $4`, StateWaiting, millis(expires), id, StateRecorded)
		if err != nil {
			return first, err
		}
		if n > 0 {
			t.makes(id, time.Time{})
			if err := t.waits(id); err != nil {
				return first, err
			}
		}
		// A repeated call reads the first expiry.
		var ms int64
		if err := t.one(`SELECT expires_at FROM pb_purge WHERE id = $1`, id).Scan(&ms); err != nil {
			return first, missing(id, err)
		}
		// The card of the question is up to date.
		_, err = t.exec(`UPDATE pb_card SET ref = $1, shown = CASE WHEN shown = 0 THEN wanted ELSE shown END, fails = 0 WHERE purge = $2 AND role = $3`, string(ref), id, Status)
		if err != nil {
			return first, err
		}
		return instant(ms), t.turns(id)
	})
}

// missing translates "no rows" into an error that the purge does not exist.
func missing(id string, err error) error {
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return &purge.Error{Kind: purge.NotFound, Message: "There is no such purge.", Err: fmt.Errorf("purge %q", id)}
}

// Decide stores the one decision about a purge. The first caller wins. A later caller gets the first decision, and the
// audit gets a "pressed too late" row instead of entries (no row for an expiry). A repeated event changes nothing and
// gets the current decision. A purge that ended without a decision accepts none, and the caller gets the zero Decision.
// If a charge exceeds its budget, nothing is decided and the error is an *OverBudget.
func (s *Store) Decide(ctx context.Context, d Decision, ev Event, entries ...Entry) (first Decision, won bool, err error) {
	type verdict struct {
		first Decision
		won   bool
	}
	v, err := change(ctx, s, "decide about "+d.Purge, func(t tx) (v verdict, err error) {
		// A repeated event decides nothing.
		duplicate, err := t.takeEvent(ev, d.Purge, entries)
		if err != nil {
			return v, err
		}
		if !duplicate {
			if v.won, err = t.insertDecision(d, entries); err != nil {
				return v, err
			}
		}
		// Winners and losers get the stored decision.
		v.first, err = readDecision(context.Background(), t, d.Purge)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return v, err
	})
	return v.first, v.won, err
}

// insertDecision stores a decision if the purge has none, and reports whether it did.
func (t tx) insertDecision(d Decision, entries []Entry) (won bool, err error) {
	if err := t.waitsNoMore(d.Purge); err != nil {
		return false, err
	}
	// The first decision is stored.
	n, err := t.exec(`INSERT INTO pb_decision (purge, what, who, name, who_groups, problem, emergency, at)
		SELECT id, $1, $2, $3, $4, $5, $6, CAST($7 AS BIGINT) FROM pb_purge WHERE id = $8 AND finished_at = 0 ON CONFLICT (purge) DO NOTHING`,
		d.What, d.Who, d.Name, encode(d.Groups), d.Problem, d.Emergency, millis(d.At), d.Purge)
	// The winner settles the charges; a late expiry leaves no trace.
	switch {
	case err != nil:
		return false, err
	case n == 1:
		t.makes(d.Purge, d.At).decided = true
		return true, t.settle(d, entries)
	case d.Who == "":
		return false, t.requirePurge(d.Purge)
	}
	// A late press leaves an audit row.
	if err := t.requirePurge(d.Purge); err != nil {
		return false, err
	}
	late := remark(AuditPressedTooLate, d.Purge, entries)
	late.Who, late.Name = d.Who, d.Name
	late.Body = Body{Pressed: d.What}.JSON()
	return false, t.audit([]Entry{late})
}

// settle writes the consequences of the first decision: its charges, or the refund of the question's charges, and the
// counts of open purges and URLs.
func (t tx) settle(d Decision, entries []Entry) error {
	if err := t.charge(d.Purge, d.Charges); err != nil {
		return err
	}
	if d.What == Confirmed {
		if err := t.confirmed(d.Purge, d.At); err != nil {
			return err
		}
		return t.audit(entries)
	}
	if err := t.openNoMore(d.Purge, d.What); err != nil {
		return err
	}
	if err := t.refundAll(d.Purge); err != nil {
		return err
	}
	return t.audit(entries)
}

// requirePurge returns an error if the purge does not exist.
func (t tx) requirePurge(id string) error {
	var found string
	return missing(id, t.one(`SELECT id FROM pb_purge WHERE id = $1`, id).Scan(&found))
}

const decisionColumns = `purge, what, who, name, who_groups, problem, emergency, at`

func readDecision(ctx context.Context, q querier, id string) (Decision, error) {
	return scanDecision(q.QueryRowContext(ctx, `SELECT `+decisionColumns+` FROM pb_decision WHERE purge = $1`, id))
}

func scanDecision(r row) (d Decision, err error) {
	var groups string
	var at int64
	if err := r.Scan(&d.Purge, &d.What, &d.Who, &d.Name, &groups, &d.Problem, &d.Emergency, &at); err != nil {
		return Decision{}, err
	}
	d.At = instant(at)
	return d, json.Unmarshal([]byte(groups), &d.Groups)
}

// Decision returns the decision about a purge, or false if none was made.
func (s *Store) Decision(ctx context.Context, id string) (Decision, bool, error) {
	d, err := readDecision(ctx, s.db, id)
	return some("read the decision about "+id, d, err)
}

// Decided returns the ids of purges that still wait although a decision exists, oldest decision first. The workflow must
// be told of the decision again.
func (s *Store) Decided(ctx context.Context) ([]string, error) {
	found, err := rows(ctx, s.db, text, `SELECT p.id FROM pb_purge p JOIN pb_decision d ON d.purge = p.id WHERE p.state = 'waiting' ORDER BY d.at, p.id`)
	return found, fail("list what is decided", err)
}

// Stop records the first person who stops a purge. From then on Begin starts no call. A late or second stop writes its
// own audit row instead of entries.
func (s *Store) Stop(ctx context.Context, id string, who acl.Subject, ev Event, entries ...Entry) (duplicate bool, err error) {
	return change(ctx, s, "stop "+id, func(t tx) (bool, error) {
		// A repeated event changes nothing.
		duplicate, err := t.takeEvent(ev, id, entries)
		if err != nil || duplicate {
			return duplicate, err
		}
		// The first stop of an open purge counts.
		n, err := t.exec(`UPDATE pb_purge SET cancelled = $1 WHERE id = $2 AND finished_at = 0 AND cancelled = ''`, who, id)
		if err != nil {
			return false, err
		}
		if n == 1 {
			t.makes(id, time.Time{})
			return false, t.audit(entries)
		}
		// A late or second stop leaves an audit row.
		if err := t.requirePurge(id); err != nil {
			return false, err
		}
		late := remark(AuditStoppedTooLate, id, entries)
		late.Who = who
		return false, t.audit([]Entry{late})
	})
}
