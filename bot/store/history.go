package store

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"purgebot/purge"
)

// Moment is one audit row, with what was true of its purge when it was written. What rows from before the upgrade did not keep is "".
type Moment struct {
	Entry
	First    Entry    // the oldest row about the same purge, which says why it was let in
	Ends     bool     // it is the one row that ends its purge: whoever counts outcomes counts these
	Purge    Purge    // zero if it is about none, or one that age has removed
	Decision Decision // zero if nothing was decided by then
	Targets  []Target // all of them on the first and on the ending row; after that, those that the row tells more of
	Calls    []Call   // on the ending row
}

// momentsPerRead rows are read at a time, and of so many purges is kept what is known: each may have 10,000 targets.
const (
	momentsPerRead = 100
	knownPurges    = 8
)

// Timeline goes through the audit rows that f selects, oldest first, with refusals and whatever else made no purge. A row
// is of a host if its purge has a target there, or if a refusal or a rule in its body names the host; it is by whoever
// did it or asked for its purge; it has a state if its purge does, or if that is what it says ("refused"). Limit is not
// looked at: the caller stops. It is for a process of its own, since a rare host or person is looked for at length.
func (s *Store) Timeline(ctx context.Context, f Filter) iter.Seq2[Moment, error] {
	return func(yield func(Moment, error) bool) {
		var last Entry
		known := map[string]*story{} // what is known of the purges of the last rows
		for {
			query, args := f.moments(last)
			found, err := rows(ctx, s.db, scanEntry, query, args...)
			if err != nil {
				yield(Moment{}, fail("read the timeline", err))
				return
			}
			for _, last = range found {
				if f.Host != "" && last.Purge == "" && !names(last, f.Host) {
					continue
				}
				m, err := s.moment(ctx, last, known)
				if !yield(m, fail("read the timeline", err)) || err != nil {
					return
				}
			}
			if len(found) < momentsPerRead {
				return
			}
		}
	}
}

func (s *Store) moment(ctx context.Context, e Entry, known map[string]*story) (Moment, error) {
	if e.Purge == "" {
		return Moment{Entry: e}, nil
	}
	about, found := known[e.Purge]
	if !found {
		var err error
		if about, err = s.story(ctx, e.Purge); err != nil {
			return Moment{}, err
		}
		if len(known) == knownPurges {
			clear(known)
		}
		known[e.Purge] = about
	}
	if about == nil {
		return Moment{Entry: e}, nil
	}
	return about.at(e)
}

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

// moments is the query for the rows after last.
func (f Filter) moments(last Entry) (string, []any) {
	until := int64(math.MaxInt64)
	if !f.Until.IsZero() {
		until = millis(f.Until)
	}
	// seq counts from 1, so that the first page begins with the first row of f.Since.
	after := max(millis(last.At), millis(f.Since))
	args := []any{after, last.Seq, until}
	where := []string{`(a.at, a.seq) > ($1, $2)`, `a.at < $3`, `a.what <> '` + string(AuditNoted) + `'`}
	also := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		where = append(where, condition)
	}
	if f.Platform != "" || f.Workspace != "" {
		in := f.Platform + ":" + f.Workspace + "/"
		also(`((p.platform = ? AND p.workspace = ?) OR substr(a.who, 1, ?) = ?)`, f.Platform, f.Workspace, len([]rune(in)), in)
	}
	if f.Host != "" {
		also(`(a.purge = '' OR EXISTS (SELECT 1 FROM pb_host h WHERE h.purge = p.id AND h.at = p.created_at AND h.host = ?))`, f.Host)
	}
	if f.By != "" {
		also(`(a.who = ? OR p.requester = ?)`, f.By, f.By)
	}
	if f.State != "" {
		also(`(p.state = ? OR a.what = ?)`, f.State, f.State)
	}
	return fmt.Sprintf(`SELECT %s FROM pb_audit a LEFT JOIN pb_purge p ON p.id = a.purge WHERE %s ORDER BY a.at, a.seq LIMIT %d`,
		momentColumns, strings.Join(where, ` AND `), momentsPerRead), args
}

const momentColumns = `a.seq, a.at, a.who, a.name, a.what, a.purge, a.body, a.prev, a.hash, a.facts`

// names reports whether a row is about a host: that of a refused target, or of a rule.
func names(e Entry, host string) bool {
	about := e.Said()
	if d := about.Domain; d == host || strings.HasPrefix(d, "*.") && strings.HasSuffix("."+host, d[1:]) {
		return true
	}
	for _, r := range about.Refused {
		if t, err := purge.Parse(purge.URL, r.Target); err == nil && t.Host() == host {
			return true
		}
	}
	return false
}
