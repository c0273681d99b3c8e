package store

import (
	"context"
	"slices"

	"purgebot/purge"
)

// story is what is known of a purge, with the rows that made it so.
type story struct {
	purge    Purge
	decision Decision
	targets  []Target
	calls    []Call
	first    Entry
	rows     []storied
	decided  int64 // the row of the decision
	ended    int64 // the row of the end
	old      int64 // the row that bound it as it was found at the upgrade
	lastOld  int64 // the last row of before then that tells an end
}

type storied struct {
	Entry
	facts
}

// story reads what is known of a purge; nil if it is gone.
func (s *Store) story(ctx context.Context, id string) (*story, error) {
	p, found, err := s.Purge(ctx, id)
	if err != nil || !found {
		return nil, err
	}
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
	all, err := rows(ctx, s.db, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE purge = $1 AND purge <> '' ORDER BY seq`, id)
	if err != nil {
		return nil, err
	}
	return of, of.read(all)
}

// read notes which rows did what.
func (of *story) read(entries []Entry) error {
	for _, e := range entries {
		f, err := e.bound()
		if err != nil {
			return err
		}
		of.rows = append(of.rows, storied{e, f})
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

// decides are the kinds of row that a decision is written with.
var decides = map[AuditKind]bool{AuditConfirmed: true, AuditReleased: true, AuditCancelled: true, AuditWithdrawn: true, AuditExpired: true, AuditNotShown: true}

// at is the moment of one of the rows.
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

// targetsAt are the targets that a row tells of, as they were then.
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

// until are all targets with what the rows up to seq made of them; what they do not tell is "".
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
