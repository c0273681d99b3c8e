package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"purgebot/purge"
)

// SetState moves an open purge to a state and marks its status card as outdated. A purge already in the state, or in a
// final state, does not change. Only Finish ends a purge.
func (s *Store) SetState(ctx context.Context, id string, st State, entries ...Entry) error {
	doing := fmt.Sprintf("move %s to %q", id, st)
	if st.Final() {
		return fail(doing, errors.New("a final state is set by Finish"))
	}
	_, err := change(ctx, s, doing, func(t tx) (none struct{}, err error) {
		moved, err := t.moves(id, st)
		if err != nil {
			return none, err
		}
		if !moved {
			return none, t.requirePurge(id)
		}
		return none, t.changed(id, entries)
	})
	return err
}

// moves moves an open purge to another state and updates the count of waiting purges.
func (t tx) moves(id string, st State) (moved bool, err error) {
	if st != StateWaiting {
		if err := t.waitsNoMore(id); err != nil {
			return false, err
		}
	}
	n, err := t.exec(`UPDATE pb_purge SET state = $1 WHERE id = $2 AND finished_at = 0 AND state <> $1`, st, id)
	if err != nil || n == 0 {
		return false, err
	}
	t.makes(id, time.Time{})
	if st == StateWaiting {
		err = t.waits(id)
	}
	return true, err
}

// changed marks the status card as outdated and writes the audit.
func (t tx) changed(id string, entries []Entry) error {
	if err := t.bump(id); err != nil {
		return err
	}
	return t.audit(entries)
}

// Begin writes the ledger row of a call that is about to leave, and reserves its units. The result fresh is true if this
// call of Begin wrote the row. An existing row is returned unchanged, since its call may have left.
// Nothing is written in three cases. The purge has ended or was stopped (State CallStopped). The function frozen names a
// rule (State CallFrozen, with the name in Rule). The units do not fit into quota together with the units spent that day
// (State CallOverQuota); a quota of 0 or less means no limit.
// frozen gets the rules that hold at c.At in the same transaction, so that no freeze or revocation is missed. frozen is
// a pure function; it returns "" to let the batch leave. A nil frozen lets every batch leave.
func (s *Store) Begin(ctx context.Context, c Call, quota int, frozen func(active []Rule) string, entries ...Entry) (stored Call, fresh bool, err error) {
	b, err := change(ctx, s, fmt.Sprintf("begin batch %d of %s", c.Batch, c.Purge), func(t tx) (begun, error) {
		return t.begin(c, quota, frozen, entries)
	})
	return b.Call, b.fresh, err
}

type begun struct {
	Call
	fresh bool
}

func (t tx) begin(c Call, quota int, frozen func([]Rule) string, entries []Entry) (begun, error) {
	// An existing row is returned as it is.
	stored, err := scanCall(t.one(selectCalls+` AND batch = $2 AND try = $3`, c.Purge, c.Batch, c.Try))
	if !errors.Is(err, sql.ErrNoRows) {
		return begun{Call: stored}, err
	}
	// A stop, a freeze or the quota may prevent the call.
	c.At = instant(millis(c.At))
	if c.State, c.Rule, err = t.stops(c, frozen); err != nil || c.State != Calling {
		return begun{Call: c}, err
	}
	if c.State, err = t.reserve(c, quota); err != nil || c.State != Calling {
		return begun{Call: c}, err
	}
	// The row is written, together with the targets for the look-up and the audit.
	_, err = t.exec(`INSERT INTO pb_call (purge, batch, try, kind, area, units, day, owner, at, state, receipt, problem)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '')`,
		c.Purge, c.Batch, c.Try, c.Kind, c.Area, c.Units, c.Day, c.Owner, millis(c.At), c.State)
	if err != nil {
		return begun{}, err
	}
	if err := errors.Join(t.sent(c), t.spentBy(c, c.Units)); err != nil {
		return begun{}, err
	}
	t.makes(c.Purge, c.At).call(c.Batch, c.Try)
	return begun{c, true}, t.audit(entries)
}

// stops returns Calling unless the purge was stopped or a rule stops the batch.
func (t tx) stops(c Call, frozen func([]Rule) string) (st CallState, rule string, err error) {
	var stopped bool
	err = t.one(`SELECT cancelled <> '' OR finished_at <> 0 FROM pb_purge WHERE id = $1`, c.Purge).Scan(&stopped)
	switch {
	case err != nil:
		return "", "", missing(c.Purge, err)
	case stopped:
		return CallStopped, "", nil
	case frozen == nil:
		return Calling, "", nil
	}
	active, err := rules(context.Background(), t, c.At)
	if err != nil {
		return "", "", err
	}
	if rule = frozen(active); rule != "" {
		return CallFrozen, rule, nil
	}
	return Calling, "", nil
}

// reserve reserves the units and returns Calling, or returns the reason against it.
func (t tx) reserve(c Call, quota int) (CallState, error) {
	if quota <= 0 {
		quota = math.MaxInt32
	}
	if c.Units > quota {
		return CallOverQuota, nil
	}
	n, err := t.exec(`INSERT INTO pb_spent (day, kind, area, units) VALUES ($1, $2, $3, $4)
		ON CONFLICT (day, kind, area) DO UPDATE SET units = pb_spent.units + excluded.units WHERE pb_spent.units + excluded.units <= $5`,
		c.Day, c.Kind, c.Area, c.Units, quota)
	if err == nil && n == 0 {
		return CallOverQuota, nil
	}
	return Calling, err
}

// End writes the answer to a call with the outcomes and reasons of its targets (found by Area and N). Unsent and refused
// calls give back their units. The purge moves to c.Then, and its status card is marked as outdated. A call that has
// ended keeps its first answer, and nothing is written.
func (s *Store) End(ctx context.Context, c Call, outcomes []Target, entries ...Entry) error {
	_, err := change(ctx, s, fmt.Sprintf("end batch %d of %s", c.Batch, c.Purge), func(t tx) (none struct{}, err error) {
		ended, err := t.end(c)
		if err != nil || !ended {
			return none, err
		}
		if _, err := t.outcomes(c.Purge, outcomes); err != nil {
			return none, err
		}
		if c.Then != "" {
			if _, err := t.moves(c.Purge, c.Then); err != nil {
				return none, err
			}
		}
		return none, t.changed(c.Purge, entries)
	})
	return err
}

func (t tx) end(c Call) (bool, error) {
	switch c.State {
	case CallAccepted, CallRefused, CallUnsent, CallUnknown:
	default:
		return false, fmt.Errorf("a call does not end as %q", c.State)
	}
	stored, err := scanCall(t.one(selectCalls+` AND batch = $2 AND try = $3`, c.Purge, c.Batch, c.Try))
	if err != nil || stored.State != Calling {
		return false, err
	}
	_, err = t.exec(`UPDATE pb_call SET state = $1, receipt = $2, problem = $3, next = $4 WHERE purge = $5 AND batch = $6 AND try = $7`,
		c.State, encodeReceipt(c.Receipt), c.Problem, c.Next.encode(), c.Purge, c.Batch, c.Try)
	t.makes(c.Purge, c.Receipt.At).call(c.Batch, c.Try)
	if err != nil || c.State == CallAccepted || c.State == CallUnknown {
		return true, err
	}
	_, err = t.exec(`UPDATE pb_spent SET units = units - $1 WHERE day = $2 AND kind = $3 AND area = $4`, stored.Units, stored.Day, stored.Kind, stored.Area)
	return true, errors.Join(err, t.spentBy(stored, -stored.Units))
}

func encodeReceipt(r purge.Receipt) string {
	if r == (purge.Receipt{}) {
		return ""
	}
	r.At = instant(millis(r.At))
	return encode(r)
}

const (
	callColumns = `purge, batch, try, kind, area, units, day, owner, at, state, receipt, problem, next`
	selectCalls = `SELECT ` + callColumns + ` FROM pb_call WHERE purge = $1`
)

func scanCall(r row) (c Call, err error) {
	var at int64
	var receipt, next string
	err = r.Scan(&c.Purge, &c.Batch, &c.Try, &c.Kind, &c.Area, &c.Units, &c.Day, &c.Owner, &at, &c.State, &receipt, &c.Problem, &next)
	if err != nil {
		return Call{}, err
	}
	c.At = instant(at)
	if c.Next, err = scanNext(next); err != nil {
		return Call{}, err
	}
	if receipt != "" {
		err = json.Unmarshal([]byte(receipt), &c.Receipt)
	}
	return c, err
}

// Calls returns the ledger of a purge by batch, then by try.
func (s *Store) Calls(ctx context.Context, id string) ([]Call, error) {
	found, err := rows(ctx, s.db, scanCall, selectCalls+` ORDER BY batch, try`, id)
	return found, fail("read the calls of "+id, err)
}

// SetOutcomes writes outcomes and reasons of targets (found by Area and N) and marks the status card as outdated.
// Without a change nothing is written.
func (s *Store) SetOutcomes(ctx context.Context, id string, outcomes []Target, entries ...Entry) error {
	_, err := change(ctx, s, "set outcomes of "+id, func(t tx) (none struct{}, err error) {
		n, err := t.outcomes(id, outcomes)
		if err != nil || n == 0 {
			return none, err
		}
		return none, t.changed(id, entries)
	})
	return err
}

// outcomesPerUpdate limits the parameters of one statement.
const outcomesPerUpdate = 200

// outcomes writes equal outcomes with one statement and returns the number of changed targets.
func (t tx) outcomes(id string, outcomes []Target) (changed int64, err error) {
	// Targets with the same outcome and reason are grouped.
	var order []meaning
	alike := map[meaning][]int{}
	for _, o := range outcomes {
		m := meaning{o.Area, o.Outcome, o.Reason}
		if alike[m] == nil {
			order = append(order, m)
		}
		alike[m] = append(alike[m], o.N)
	}
	// Each group is written in portions.
	for _, m := range order {
		for ns := alike[m]; len(ns) > 0; ns = ns[min(len(ns), outcomesPerUpdate):] {
			some := ns[:min(len(ns), outcomesPerUpdate)]
			n, err := t.exec(`UPDATE pb_target SET outcome = $1, reason = $2 WHERE purge = $3 AND area = $4 AND (outcome <> $1 OR reason <> $2)
				AND n IN `+list(5, len(some)), append([]any{m.outcome, m.reason, id, m.area}, anys(some)...)...)
			if err != nil {
				return changed, err
			}
			if n > 0 {
				t.makes(id, time.Time{}).outcome(m, some...)
			}
			changed += n
		}
	}
	return changed, nil
}

// Finish ends a purge once. Pending targets become skipped, budgets get back the charges of targets surely not sent, the
// status card is marked as outdated, and every request that joined the purge gets a result card. With result, the purge
// itself gets one as well. A finished purge does not change.
func (s *Store) Finish(ctx context.Context, id string, st State, problem string, at time.Time, result bool, entries ...Entry) error {
	_, err := s.FinishThen(ctx, id, st, problem, at, result, nil, entries...)
	return err
}

// FinishThen is Finish that also records the purge `then` in the same transaction, so that no kill separates the two.
// FinishThen returns the recorded purge, or nil if nothing was recorded.
func (s *Store) FinishThen(ctx context.Context, id string, st State, problem string, at time.Time, result bool, then *Intake, entries ...Entry) (*Purge, error) {
	doing := fmt.Sprintf("finish %s as %q", id, st)
	if !st.Final() {
		return nil, fail(doing, errors.New("that state is not final"))
	}
	return change(ctx, s, doing, func(t tx) (*Purge, error) {
		// The counts are updated before the state changes.
		if err := errors.Join(t.waitsNoMore(id), t.openNoMore(id, Confirmed)); err != nil {
			return nil, err
		}
		n, err := t.exec(`UPDATE pb_purge SET state = $1, problem = $2, finished_at = $3 WHERE id = $4 AND finished_at = 0`, st, problem, millis(at), id)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, t.requirePurge(id)
		}
		// The end is bound and takes effect.
		t.makes(id, at)
		if err := t.finish(id, result, entries); err != nil || then == nil {
			return nil, err
		}
		// The purge that follows is recorded.
		p := asStored(then.Purge)
		targets, err := placed(p, then.Batches)
		if err != nil {
			return nil, err
		}
		p, err = t.record(p, targets, then.Entries)
		return &p, err
	})
}

// finish writes the effects of an end on targets, counts, budgets and cards.
func (t tx) finish(id string, result bool, entries []Entry) error {
	// Targets, counts and budgets come first.
	if err := t.skip(id); err != nil {
		return err
	}
	if err := t.uncount(id); err != nil {
		return err
	}
	if err := t.refund(id); err != nil {
		return err
	}
	// The cards follow.
	if result {
		if err := t.want(id, Result); err != nil {
			return err
		}
	}
	if err := t.wantResults(id); err != nil {
		return err
	}
	if _, err := t.again(`purge IN `+withJoined+` AND role = $2`, id, Looking); err != nil {
		return err
	}
	return t.changed(id, entries)
}

// skip marks the pending targets as skipped.
func (t tx) skip(id string) error {
	_, err := rows(context.Background(), t, func(r row) (none struct{}, err error) {
		m := meaning{outcome: purge.Skipped}
		var n int
		if err = r.Scan(&m.area, &n, &m.reason); err == nil {
			t.makes(id, time.Time{}).outcome(m, n)
		}
		return none, err
	}, `UPDATE pb_target SET outcome = $1 WHERE purge = $2 AND outcome = $3 RETURNING area, n, reason`, purge.Skipped, id, purge.Pending)
	return err
}

// Spent returns the units recorded for a vendor day. Unsent and refused calls do not count.
func (s *Store) Spent(ctx context.Context, day string) ([]Spent, error) {
	found, err := rows(ctx, s.db, func(r row) (sp Spent, err error) {
		err = r.Scan(&sp.Kind, &sp.Area, &sp.Units)
		return sp, err
	}, `SELECT kind, area, units FROM pb_spent WHERE day = $1 ORDER BY kind, area`, day)
	return found, fail("read what is spent", err)
}
