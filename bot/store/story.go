package store

import (
	"context"
	"slices"

	"purgebot/purge"
)

// story holds everything known of a purge, with the rows that made the changes.
type story struct {
	purge    Purge
	decision Decision
	targets  []Target
	calls    []Call
	first    Entry
	rows     []storied
	decided  int64 // number of the row with the decision
	ended    int64 // number of the row with the end
	old      int64 // number of the row that bound the purge at the upgrade
	lastOld  int64 // number of the last row of an end from before the upgrade
}

// storied is an audit row with its facts.
type storied struct {
	Entry
	facts
}

// story reads everything known of a purge, or returns nil if the purge is gone.
func (s *Store) story(ctx context.Context, id string) (*story, error) {
	p, found, err := s.Purge(ctx, id)
	if err != nil || !found {
		return nil, err
	}
	// The values in the tables come first.
	of := &story{purge: p}
	if of.first, _, err = s.firstEntry(ctx, id); err != nil {
		return nil, err
	}
	if of.decision, _, err = s.Decision(ctx, id); err != nil {
		return nil, err
	}
	if of.targets, err = s.Targets(ctx, id); err != nil {
		return nil, err
	}
	if of.calls, err = s.Calls(ctx, id); err != nil {
		return nil, err
	}
	// The audit rows of the purge follow.
	all, err := rows(ctx, s.db, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE purge = $1 AND purge <> '' ORDER BY seq`, id)
	if err != nil {
		return nil, err
	}
	return of, of.read(all)
}

// read notes the rows with the decision and the end.
func (of *story) read(entries []Entry) error {
	for _, e := range entries {
		f, err := e.bound()
		if err != nil {
			return err
		}
		of.rows = append(of.rows, storied{e, f})
		// The decision is in the first row that binds it, or in an old row of its kind.
		if of.decided == 0 && (f.Decision != "" && !f.Old || f.Version == 0 && decides[e.What] && e.Who == of.decision.Who) {
			of.decided = e.Seq
		}
		if f.Old {
			of.old = e.Seq
		}
		if e.What == AuditEnded && of.ended == 0 {
			of.ended = e.Seq
		}
		if e.What == AuditEnded && f.Version == 0 {
			of.lastOld = e.Seq
		}
	}
	return nil
}

// decides lists the kinds of audit rows that a decision is written with.
var decides = map[AuditKind]bool{AuditConfirmed: true, AuditReleased: true, AuditCancelled: true, AuditWithdrawn: true, AuditExpired: true, AuditNotShown: true}

// at returns the moment of one of the rows.
func (of *story) at(e Entry) (Moment, error) {
	f, err := e.bound()
	if err != nil {
		return Moment{}, err
	}
	m := Moment{Entry: e, First: of.first, Purge: of.purge, Ends: e.Seq == of.ended}
	m.Purge.State, m.Purge.Problem, m.Purge.FinishedAt, m.Purge.Cancelled = f.State, f.Problem, instant(f.Finished), f.Cancelled
	if f.Version == 0 && e.What == AuditEnded {
		m.Purge.State = State(e.Said().State)
	}
	if e.Seq >= of.decided {
		m.Decision = of.decision
	}
	if m.Ends {
		m.Calls = of.calls
	}
	m.Targets, err = of.targetsAt(e, f)
	return m, err
}

// targetsAt returns the targets with news in a row, in their state at that time.
func (of *story) targetsAt(e Entry, f facts) ([]Target, error) {
	switch {
	case e.Seq == of.first.Seq && (e.What == AuditAsked || e.What == AuditPrefetching):
		return of.as(func(Target) meaning { return meaning{outcome: purge.Pending} }), nil
	case e.Seq == of.lastOld:
		return of.until(of.old)
	case e.Seq == of.ended, e.Seq == of.first.Seq:
		return of.until(e.Seq)
	case of.ended == 0 || e.Seq < of.ended || len(f.Outcomes) == 0:
		return nil, nil
	}
	t := told{outcomes: map[place]outcomeSaid{}}
	if err := t.add(e.Seq, facts{Outcomes: f.Outcomes}); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(of.as(func(t0 Target) meaning { return t.outcomes[place{t0.Area, t0.N}].what }), func(t Target) bool { return t.Outcome == "" }), nil
}

// until returns all targets with the outcomes in the rows up to seq; other outcomes are "".
func (of *story) until(seq int64) ([]Target, error) {
	t, taken := told{outcomes: map[place]outcomeSaid{}}, false
	for _, r := range of.rows {
		if r.Seq > seq {
			break
		}
		taken = taken || r.Request != ""
		if err := t.add(r.Seq, facts{Outcomes: r.Outcomes}); err != nil {
			return nil, err
		}
	}
	return of.as(func(target Target) meaning {
		said, known := t.outcomes[place{target.Area, target.N}]
		if !known && taken {
			said.what.outcome = purge.Pending
		}
		return said.what
	}), nil
}

func (of *story) as(what func(Target) meaning) []Target {
	then := slices.Clone(of.targets)
	for i := range then {
		m := what(then[i])
		then[i].Outcome, then[i].Reason = m.outcome, m.reason
	}
	return then
}

func (s *Store) firstEntry(ctx context.Context, id string) (Entry, bool, error) {
	e, err := scanEntry(s.db.QueryRowContext(ctx, `SELECT `+auditColumns+` FROM pb_audit WHERE purge = $1 AND purge <> '' AND what <> $2 ORDER BY seq LIMIT 1`, id, AuditNoted))
	return some("read the first audit row of "+id, e, err)
}
