package store

import (
	"context"
	"fmt"
	"iter"
	"math"
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
