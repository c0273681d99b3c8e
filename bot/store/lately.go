package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"purgebot/acl"
	"purgebot/purge"
)

// This file answers questions about the recent past from the stored rows: the usual duration of a purge, the use of a
// day's quota by person, and the targets purged a moment ago.

// Usual is the usual time from the first call of a purge until its success was seen.
type Usual struct {
	Of       int // number of counted purges; with 0, the other fields are zero
	P50, P95 time.Duration
}

// Durations evaluates the last n successful purges of this kind in this area alone.
func (s *Store) Durations(ctx context.Context, kind purge.Kind, area purge.Area, n int) (Usual, error) {
	took, err := rows(ctx, s.db, func(r row) (ms int64, err error) {
		err = r.Scan(&ms)
		return ms, err
	}, selectDurations, kind, encode([]purge.Area{area}), n)
	if err != nil || len(took) == 0 {
		return Usual{}, fail("read how long purges take", err)
	}
	slices.Sort(took)
	at := func(share float64) time.Duration { // the smallest duration not exceeded by this share of the purges
		return time.Duration(took[int(math.Ceil(share*float64(len(took))))-1]) * time.Millisecond
	}
	return Usual{len(took), at(0.50), at(0.95)}, nil
}

// selectDurations leaves out purges without a call.
const selectDurations = `SELECT d.ms FROM (SELECT p.finished_at - (SELECT min(c.at) FROM pb_call c WHERE c.purge = p.id) AS ms FROM pb_purge p
	WHERE p.kind = $1 AND p.areas = $2 AND p.state = 'done' ORDER BY p.finished_at DESC LIMIT $3) d WHERE d.ms >= 0`

// SpentBy is one person's use of a day's quota.
type SpentBy struct {
	Who  acl.Subject
	Name string // a name of the person on that day
	Spent
}

// SpentBy returns the use of a vendor day by person, largest first. Unsent and refused calls do not count.
func (s *Store) SpentBy(ctx context.Context, day string) ([]SpentBy, error) {
	found, err := rows(ctx, s.db, func(r row) (sp SpentBy, err error) {
		err = r.Scan(&sp.Who, &sp.Name, &sp.Kind, &sp.Area, &sp.Units)
		return sp, err
	}, selectSpentBy, day)
	return found, fail("read who spent what", err)
}

const selectSpentBy = `SELECT who, name, kind, area, units FROM pb_spent_by WHERE day = $1 AND units > 0 ORDER BY units DESC, who, kind, area`

// spentBy adds to what the requester of a call has used of its day.
func (t tx) spentBy(c Call, units int) error {
	_, err := t.exec(`INSERT INTO pb_spent_by (day, kind, area, who, name, units)
		SELECT $1, $2, $3, requester, name, CAST($4 AS BIGINT) FROM pb_purge WHERE id = $5
		ON CONFLICT (day, kind, area, who) DO UPDATE SET units = pb_spent_by.units + excluded.units, name = excluded.name`,
		c.Day, c.Kind, c.Area, units, c.Purge)
	return err
}

// Purged is a recently purged target.
type Purged struct {
	Target  purge.Target
	Area    purge.Area
	Outcome purge.Outcome // accepted, done or unknown
	At      time.Time     // time of the last call with the target
	Purge   string        // short id of that purge
}

// LastPurged returns the targets of r that calls since a time have purged with the same kind, mode and area, each with
// its newest time. Private purges of requesters other than own are left out. Each target is looked up by itself, so that
// other targets cost nothing.
func (s *Store) LastPurged(ctx context.Context, r purge.Request, since time.Time, own acl.Subject) (again []Purged, err error) {
	for _, part := range r.Parts {
		for some := range slices.Chunk(part.Targets, targetsPerLook) {
			found, err := s.lastPurged(ctx, purge.Part{Area: part.Area, Targets: some}, r, since, own)
			if err != nil {
				return nil, fail("look for what was just purged", err)
			}
			again = append(again, found...)
		}
	}
	return again, nil
}

// targetsPerLook limits the parameters of one statement.
const targetsPerLook = 100

func (s *Store) lastPurged(ctx context.Context, part purge.Part, r purge.Request, since time.Time, own acl.Subject) ([]Purged, error) {
	args := []any{millis(since), own}
	for _, t := range part.Targets {
		args = append(args, sentKey(r.Kind, r.Mode, part.Area, t.String()))
	}
	found, err := rows(ctx, s.db, scanLast, lastPurged(len(part.Targets)), args...)
	again := make([]Purged, 0, len(found))
	for _, f := range found {
		if t := part.Targets[f.nth]; f.text == t.String() {
			f.Target, f.Area = t, part.Area
			again = append(again, f.Purged)
		}
	}
	return again, err
}

// lastPurged returns the query for the newest calls of some targets, with keys from $3 on. The answers have the order of
// the keys.
func lastPurged(targets int) string {
	var keys strings.Builder
	for i := range targets {
		fmt.Fprintf(&keys, ", (%d, $%d)", i, i+3)
	}
	return `SELECT k.nth, (` + selectLast + `) AS last FROM (SELECT column1 AS nth, column2 AS key FROM (VALUES ` + keys.String()[2:] + `)) k ORDER BY k.nth`
}

// selectLast finds the newest call that purged the target of a key. The search follows time and ends at the first match.
const selectLast = `SELECT t.outcome || ' ' || s.at || ' ' || p.short || ' ' || t.target FROM pb_sent s
	CROSS JOIN pb_purge p ON p.id = s.purge CROSS JOIN pb_target t ON t.purge = s.purge AND t.area = s.area AND t.n = s.n
	CROSS JOIN pb_call c ON c.purge = s.purge AND c.batch = s.batch AND c.try = s.try
	WHERE s.target = k.key AND s.at >= $1 AND (p.private = 0 OR p.requester = $2) AND t.outcome IN ('accepted', 'done', 'unknown')
	AND c.state NOT IN ('unsent', 'refused') ORDER BY s.at DESC LIMIT 1`

// last is the result of one look-up.
type last struct {
	Purged
	nth  int
	text string // the target's text; "" without a match
}

func scanLast(r row) (l last, err error) {
	var found sql.NullString
	if err := r.Scan(&l.nth, &found); err != nil || !found.Valid {
		return l, err
	}
	fields := strings.SplitN(found.String, " ", 4)
	if len(fields) < 4 {
		return l, fmt.Errorf("%q is no call that was found", found.String)
	}
	at, err := strconv.ParseInt(fields[1], 10, 64)
	l.Outcome, l.At, l.Purged.Purge, l.text = purge.Outcome(fields[0]), instant(at), fields[2], fields[3]
	return l, err
}

// sentKey returns the key of a target for the look-up: 64 bits of a hash, since an index of numbers has a third of the
// size of an index of addresses.
func sentKey(kind purge.Kind, mode purge.Mode, area purge.Area, target string) int64 {
	h := sha256.New()
	for _, field := range []string{string(kind), string(mode), string(area), target} {
		_, _ = fmt.Fprintf(h, "%d %s", len(field), field)
	}
	return int64(binary.BigEndian.Uint64(h.Sum(nil)))
}

// sent stores the targets of a call that is about to leave, for the look-up.
func (t tx) sent(c Call) error {
	keyed, err := rows(context.Background(), t, func(r row) ([]any, error) {
		var n int
		var target string
		var mode purge.Mode
		err := r.Scan(&n, &target, &mode)
		return []any{sentKey(c.Kind, mode, c.Area, target), millis(c.At), c.Purge, c.Area, n, c.Batch, c.Try}, err
	}, selectSent, c.Purge, c.Area, c.Batch)
	if err != nil {
		return err
	}
	return t.insert(`INSERT INTO pb_sent (target, at, purge, area, n, batch, try) VALUES`, keyed)
}

const selectSent = `SELECT t.n, t.target, p.mode FROM pb_target t JOIN pb_purge p ON p.id = t.purge WHERE t.purge = $1 AND t.area = $2 AND t.batch = $3`

// sentVersion is the migration that stores the calls of the preceding hours.
const sentVersion = 14

// noteSent is the migration sentVersion.
func noteSent(ctx context.Context, db *sql.Tx) error {
	t := begin(db)
	recent, err := rows(ctx, t, scanCall, `SELECT `+callColumns+` FROM pb_call WHERE at > (SELECT max(at) FROM pb_call) - $1`, keptSent.Milliseconds())
	for _, c := range recent {
		err = errors.Join(err, t.sent(c))
	}
	return err
}

// keptSent is the time for which calls are looked up and sums of URLs kept. No query looks further back.
const keptSent = 2 * time.Hour
