package store

import (
	"context"
	"math"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/purge"
)

// What our own rows say about lately: how long it usually takes, who has used the day's quota, and what was purged a moment
// ago.

// Usual is how long purges took from their first call until they were seen done.
type Usual struct {
	Of       int // purges that were counted; the rest is zero if it is 0
	P50, P95 time.Duration
}

// Durations looks at the last n purges of this kind in this area alone that were done.
func (s *Store) Durations(ctx context.Context, kind purge.Kind, area purge.Area, n int) (Usual, error) {
	took, err := rows(ctx, s.db, func(r row) (ms int64, err error) {
		err = r.Scan(&ms)
		return ms, err
	}, selectDurations, kind, encode([]purge.Area{area}), n)
	if err != nil || len(took) == 0 {
		return Usual{}, fail("read how long purges take", err)
	}
	slices.Sort(took)
	at := func(share float64) time.Duration { // the smallest that so many of them did not exceed
		return time.Duration(took[int(math.Ceil(share*float64(len(took))))-1]) * time.Millisecond
	}
	return Usual{len(took), at(0.50), at(0.95)}, nil
}

// selectDurations leaves out what was done without a call of ours.
const selectDurations = `SELECT d.ms FROM (SELECT p.finished_at - (SELECT min(c.at) FROM pb_call c WHERE c.purge = p.id) AS ms FROM pb_purge p
	WHERE p.kind = $1 AND p.areas = $2 AND p.state = 'done' ORDER BY p.finished_at DESC LIMIT $3) d WHERE d.ms >= 0`

// SpentBy is what one person has used of a day's quota.
type SpentBy struct {
	Who  acl.Subject
	Name string // one they had that day
	Spent
}

// SpentBy says who used how much of a vendor day, whoever used most first: the units of all calls but the unsent and the refused.
func (s *Store) SpentBy(ctx context.Context, day string) ([]SpentBy, error) {
	found, err := rows(ctx, s.db, func(r row) (sp SpentBy, err error) {
		err = r.Scan(&sp.Who, &sp.Name, &sp.Kind, &sp.Area, &sp.Units)
		return sp, err
	}, selectSpentBy, day)
	return found, fail("read who spent what", err)
}

const selectSpentBy = `SELECT p.requester, max(p.name), c.kind, c.area, sum(c.units) FROM pb_call c JOIN pb_purge p ON p.id = c.purge
	WHERE c.day = $1 AND c.state NOT IN ('unsent', 'refused') GROUP BY p.requester, c.kind, c.area ORDER BY 5 DESC, p.requester, c.kind, c.area`

// Purged is a target that was purged lately.
type Purged struct {
	Target  purge.Target
	Area    purge.Area
	Outcome purge.Outcome // accepted, done or unknown
	At      time.Time     // when the last call of its purge in that area left
	Purge   string        // that purge's short id
}

// hostsPerQuery bounds the parameters of one statement.
const hostsPerQuery = 200

// LastPurged returns those targets of r that calls since then have purged in the same way (kind, mode and area), each
// with the newest time. Of private purges only those that own asked for are among them. It reads what was purged on the hosts of r since, not what there ever was.
func (s *Store) LastPurged(ctx context.Context, r purge.Request, since time.Time, own acl.Subject) ([]Purged, error) {
	type spot struct {
		area   purge.Area
		target string
	}
	last := map[spot]Purged{}
	for hosts := range slices.Chunk(r.Hosts(), hostsPerQuery) {
		args := []any{millis(since), r.Kind, r.Mode, own}
		for _, host := range hosts {
			args = append(args, host)
		}
		_, err := rows(ctx, s.db, func(row row) (none struct{}, err error) { // the newest comes last
			var at int64
			var sp spot
			var p Purged
			err = row.Scan(&sp.target, &sp.area, &p.Outcome, &at, &p.Purge)
			p.At = instant(at)
			last[sp] = p
			return none, err
		}, selectPurged+list(5, len(hosts))+`) ORDER BY c.at`, args...)
		if err != nil {
			return nil, fail("look for what was just purged", err)
		}
	}
	var again []Purged
	for _, part := range r.Parts {
		for _, t := range part.Targets {
			if p, found := last[spot{part.Area, t.String()}]; found {
				p.Target, p.Area = t, part.Area
				again = append(again, p)
			}
		}
	}
	return again, nil
}

// selectPurged is followed by a list of hosts. The empty text that is put behind a column keeps SQLite from walking the
// whole ledger by that column's index instead of the last minutes by time.
const selectPurged = `SELECT t.target, t.area, t.outcome, c.at, p.short
	FROM (SELECT purge || '' AS purge, area, max(at) AS at FROM pb_call WHERE at >= $1 AND state NOT IN ('unsent', 'refused')
		GROUP BY purge || '', area) c
	JOIN pb_purge p ON p.id = c.purge JOIN pb_target t ON t.purge = c.purge AND t.area = c.area
	WHERE p.kind = $2 AND p.mode = $3 AND (p.private = 0 OR p.requester = $4) AND t.outcome IN ('accepted', 'done', 'unknown')
	AND EXISTS (SELECT 1 FROM pb_host h WHERE h.purge = p.id AND h.at = p.created_at AND h.host IN `
