package store

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strings"

	"purgebot/purge"
)

// Moment is one audit row together with the state of its purge at that time. Values that rows from before the upgrade
// did not keep are "".
type Moment struct {
	Entry
	First    Entry    // the oldest row about the same purge, with the permissions of the requester
	Ends     bool     // true on the one row that ends the purge; counts of outcomes use this row
	Purge    Purge    // zero if the row is about none, or if age has removed the purge
	Decision Decision // zero without a decision at that time
	Targets  []Target // all targets on the first and the last row; between them and later, targets with news
	Calls    []Call   // on the last row
}

// momentsPerRead is the number of rows read at a time, and the number of purges kept in memory. Each purge may have
// 10,000 targets.
const (
	momentsPerRead = 100
	knownPurges    = 8
)

// Timeline yields the audit rows selected by f, oldest first, including refusals and other rows without a purge. A row
// matches a host if its purge has a target there, or if a refusal or a rule in its body names the host. A row matches a
// person who acted or who requested the purge. A row matches a state if its purge has the state, or if the row itself is
// a refusal ("refused"). The limit of f is ignored; the caller stops. A search for a rare host or person takes long, so
// Timeline runs in a process of its own.
func (s *Store) Timeline(ctx context.Context, f Filter) iter.Seq2[Moment, error] {
	return func(yield func(Moment, error) bool) {
		var last Entry
		known := map[string]*story{} // purges of the last rows, by id
		for {
			// One page of rows is read at a time.
			query, args := f.moments(last)
			found, err := rows(ctx, s.db, scanEntry, query, args...)
			if err != nil {
				yield(Moment{}, fail("read the timeline", err))
				return
			}
			// Each row is combined with the state of its purge.
			for _, last = range found {
				if f.Host != "" && last.Purge == "" && !names(last, f.Host) {
					continue
				}
				m, err := s.moment(ctx, last, known)
				if !yield(m, fail("read the timeline", err)) || err != nil {
					return
				}
			}
			// A short page is the last.
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

// moments returns the query for the page of rows after last.
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

// names reports whether a row names a host in a refused target or a rule.
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
