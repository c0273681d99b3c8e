package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"purgebot/purge"
)

// Charge is the part of one daily budget that a purge takes. A unit is one target. A budget without a limit has no
// charge.
type Charge struct {
	Day   string // the vendor's day, "2026-11-21"
	Key   string // owner of the budget, such as a person or a grant
	Kind  purge.Kind
	Area  purge.Area
	Units int
	Limit int // limit of the day
	// Targets lists the charged targets by Target.N and thereby decides the refund. nil means all targets of the purge
	// in Area.
	Targets []int
}

// OverBudget is the error of a charge that exceeds its budget. Nothing was written then.
type OverBudget struct {
	Charge Charge
	Left   int // units left of the limit
}

// Error describes the budget and the charge.
func (e *OverBudget) Error() string {
	return fmt.Sprintf("the budget %q has %d of %d left today for %s in %s, and this takes %d",
		e.Charge.Key, e.Left, e.Charge.Limit, e.Charge.Kind, e.Charge.Area, e.Charge.Units)
}

// charge takes all charges of a recorded purge, or returns an *OverBudget for the first excess, which rolls the
// transaction back. A purge is charged once per day, key, kind and area.
func (t tx) charge(id string, charges []Charge) error {
	charges = slices.SortedFunc(slices.Values(charges), byBudget) // one order for all callers, so that no two wait for each other
	for _, c := range charges {
		if err := t.take(c); err != nil {
			return err
		}
	}
	rows := make([][]any, len(charges))
	for i, c := range charges {
		rows[i] = []any{id, c.Day, c.Key, c.Kind, c.Area, c.Units, encode(c.Targets), 0}
	}
	return t.insert(`INSERT INTO pb_charge (purge, day, key, kind, area, units, targets, returned) VALUES`, rows)
}

func byBudget(a, b Charge) int {
	return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Area, b.Area))
}

func (t tx) take(c Charge) error {
	if c.Units <= 0 {
		return fmt.Errorf("a charge of %d units to %q", c.Units, c.Key)
	}
	if c.Units <= c.Limit {
		n, err := t.exec(`INSERT INTO pb_budget (day, key, kind, area, units) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (day, key, kind, area) DO UPDATE SET units = pb_budget.units + excluded.units WHERE pb_budget.units + excluded.units <= $6`,
			c.Day, c.Key, c.Kind, c.Area, c.Units, c.Limit)
		if err != nil || n == 1 {
			return err
		}
	}
	var used int
	err := t.one(`SELECT COALESCE(sum(units), 0) FROM pb_budget WHERE day = $1 AND key = $2 AND kind = $3 AND area = $4`,
		c.Day, c.Key, c.Kind, c.Area).Scan(&used)
	if err != nil {
		return err
	}
	return &OverBudget{c, max(0, c.Limit-used)}
}

// refundAll gives back all charges of a question that was decided against.
func (t tx) refundAll(id string) error {
	charges, err := rows(context.Background(), t, scanCharge, selectCharges, id)
	for _, c := range charges {
		if err := t.giveBack(id, c, c.Units); err != nil {
			return err
		}
	}
	return err
}

// selectCharges finds the charges of a purge that were not given back.
const selectCharges = `SELECT day, key, kind, area, units, targets FROM pb_charge WHERE purge = $1 AND returned = 0`

// refund gives back the charges for targets that surely never reached the vendor. The caller ends the purge, after which
// no call can leave.
func (t tx) refund(id string) error {
	charges, err := rows(context.Background(), t, scanCharge, selectCharges, id)
	if err != nil || len(charges) == 0 {
		return err
	}
	unsent, err := rows(context.Background(), t, scanPlace, selectUnsent, id)
	if err != nil {
		return err
	}
	for _, c := range charges {
		if err := t.giveBack(id, c, c.covers(unsent)); err != nil {
			return err
		}
	}
	return nil
}

// selectUnsent finds the targets left out, refused, or failed before the call left: the vendor cannot have received any
// call of their batch.
const selectUnsent = `SELECT t.area, t.n FROM pb_target t WHERE t.purge = $1 AND t.outcome IN ('skipped', 'failed')
	AND NOT EXISTS (SELECT 1 FROM pb_call c WHERE c.purge = t.purge AND c.batch = t.batch AND c.state NOT IN ('refused', 'unsent'))`

// place is the position of a target in its purge.
type place struct {
	area purge.Area
	n    int
}

func scanPlace(r row) (p place, err error) {
	err = r.Scan(&p.area, &p.n)
	return p, err
}

func scanCharge(r row) (c Charge, err error) {
	var targets []byte
	if err := r.Scan(&c.Day, &c.Key, &c.Kind, &c.Area, &c.Units, &targets); err != nil {
		return Charge{}, err
	}
	return c, json.Unmarshal(targets, &c.Targets)
}

// covers counts the places that c charges for, at most the units taken.
func (c Charge) covers(places []place) (n int) {
	its := map[int]bool{}
	for _, target := range c.Targets {
		its[target] = true
	}
	for _, p := range places {
		if p.area == c.Area && (c.Targets == nil || its[p.n]) {
			n++
		}
	}
	return min(n, c.Units)
}

func (t tx) giveBack(id string, c Charge, units int) error {
	if units == 0 {
		return nil
	}
	_, err := t.exec(`UPDATE pb_charge SET returned = $1 WHERE purge = $2 AND day = $3 AND key = $4 AND kind = $5 AND area = $6`,
		units, id, c.Day, c.Key, c.Kind, c.Area)
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE pb_budget SET units = units - $1 WHERE day = $2 AND key = $3 AND kind = $4 AND area = $5`, units, c.Day, c.Key, c.Kind, c.Area)
	return err
}

// Budget is the used part of one budget on one day.
type Budget struct {
	Key   string
	Kind  purge.Kind
	Area  purge.Area
	Units int
}

// Budget returns the used parts of the budgets with these keys on a vendor day. Unused budgets are left out.
func (s *Store) Budget(ctx context.Context, day string, keys ...string) ([]Budget, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	args := []any{day}
	for _, key := range keys {
		args = append(args, key)
	}
	found, err := rows(ctx, s.db, func(r row) (b Budget, err error) {
		err = r.Scan(&b.Key, &b.Kind, &b.Area, &b.Units)
		return b, err
	}, `SELECT key, kind, area, units FROM pb_budget WHERE day = $1 AND key IN `+list(2, len(keys))+` AND units > 0 ORDER BY key, kind, area`, args...)
	return found, fail("read the budgets", err)
}
