package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"purgebot/purge"
)

// Purge returns one purge with its request, or false if none has the id.
func (s *Store) Purge(ctx context.Context, id string) (Purge, bool, error) {
	p, err := load(ctx, s.db, `id = $1`, id)
	return some("read purge "+id, p, err)
}

// Find returns a purge by its short id ("p-7k3f9x2q").
func (s *Store) Find(ctx context.Context, platform, workspace, short string) (Purge, bool, error) {
	p, err := load(ctx, s.db, `platform = $1 AND workspace = $2 AND short = $3`, platform, workspace, short)
	return some("find "+short, p, err)
}

func load(ctx context.Context, q querier, where string, args ...any) (Purge, error) {
	p, err := scanPurge(q.QueryRowContext(ctx, `SELECT `+purgeColumns+` FROM pb_purge p WHERE `+where, args...))
	if err != nil {
		return Purge{}, err
	}
	return p, fill(ctx, q, &p)
}

const purgeColumns = `p.id, p.secret, p.short, p.platform, p.workspace, p.event, p.event_digest, p.requester, p.name, p.requester_groups,
	p.thread, p.channel, p.kind, p.mode, p.areas, p.digest, p.policy, p.confirm, p.reason, p.private, p.notes, p.state, p.problem,
	p.expires_at, p.created_at, p.finished_at, p.cancelled, p.overrides, COALESCE(p.joined, ''),
	p.prefetch, COALESCE(p.follows, '')`

// scanPurge reads a purge without its targets: the parts of the request are empty.
func scanPurge(r row) (p Purge, err error) {
	var groups, thread, areas, notes, overrides string
	var private, prefetch, expires, created, finished int64
	// The columns are scanned in the order of purgeColumns.
	err = r.Scan(&p.ID, &p.Secret, &p.Short, &p.Event.Platform, &p.Event.Workspace, &p.Event.ID, &p.Event.Digest, &p.Requester, &p.Name, &groups,
		&thread, &p.Channel, &p.Request.Kind, &p.Request.Mode, &areas, &p.Digest, &p.Policy, &p.Confirm, &p.Reason, &private, &notes,
		&p.State, &p.Problem, &expires, &created, &finished, &p.Cancelled, &overrides, &p.Joined, &prefetch, &p.Follows)
	if err != nil {
		return Purge{}, err
	}
	// Stored texts and numbers are converted.
	p.Thread, p.Private, p.Prefetch = raw(thread), private != 0, prefetch != 0
	p.ExpiresAt, p.CreatedAt, p.FinishedAt = instant(expires), instant(created), instant(finished)
	p.Request.Parts, err = emptyParts(areas)
	if err != nil {
		return Purge{}, err
	}
	if err := json.Unmarshal([]byte(groups), &p.Groups); err != nil {
		return Purge{}, fmt.Errorf("groups: %w", err)
	}
	if err := json.Unmarshal([]byte(notes), &p.Notes); err != nil {
		return Purge{}, fmt.Errorf("notes: %w", err)
	}
	if err := json.Unmarshal([]byte(overrides), &p.Overrides); err != nil {
		return Purge{}, fmt.Errorf("overrides: %w", err)
	}
	return p, nil
}

func emptyParts(areas string) (parts []purge.Part, err error) {
	var names []purge.Area
	if err := json.Unmarshal([]byte(areas), &names); err != nil {
		return nil, fmt.Errorf("areas: %w", err)
	}
	for _, area := range names {
		parts = append(parts, purge.Part{Area: area})
	}
	return parts, nil
}

// fill reads the targets of the request.
func fill(ctx context.Context, q querier, p *Purge) error {
	targets, err := rows(ctx, q, scanTarget, selectTargets, targetsOf(*p))
	for i := range p.Request.Parts {
		part := &p.Request.Parts[i]
		for _, t := range targets {
			if t.Area == part.Area {
				part.Targets = append(part.Targets, t.Target)
			}
		}
	}
	return err
}

const selectTargets = `SELECT n, area, target, batch, outcome, reason FROM pb_target WHERE purge = $1 ORDER BY area, n`

func scanTarget(r row) (t Target, err error) {
	var target []byte
	if err := r.Scan(&t.N, &t.Area, &target, &t.Batch, &t.Outcome, &t.Reason); err != nil {
		return Target{}, err
	}
	return t, t.Target.UnmarshalText(target)
}

// Targets returns the targets of a purge by area, in the order of the request.
func (s *Store) Targets(ctx context.Context, id string) ([]Target, error) {
	found, err := rows(ctx, s.db, scanTarget, selectTargets, id)
	return found, fail("read the targets of "+id, err)
}

// Batches returns the recorded batches of a purge. Batches are never computed again.
func (s *Store) Batches(ctx context.Context, id string) ([]purge.Batch, error) {
	found, err := rows(ctx, s.db, scanBatched, `SELECT t.batch, p.kind, p.mode, t.area, t.target FROM pb_target t JOIN pb_purge p ON p.id = t.purge
		WHERE t.purge = $1 AND t.batch >= 0 ORDER BY t.batch, t.place`, id)
	return merged(found), fail("read the batches of "+id, err)
}

// scanBatched reads one target as a batch of its own.
func scanBatched(r row) (b purge.Batch, err error) {
	var target []byte
	if err := r.Scan(&b.N, &b.Kind, &b.Mode, &b.Area, &target); err != nil {
		return purge.Batch{}, err
	}
	b.Targets = make([]purge.Target, 1)
	return b, b.Targets[0].UnmarshalText(target)
}

func merged(ones []purge.Batch) (batches []purge.Batch) {
	for _, one := range ones {
		last := len(batches) - 1
		if last < 0 || batches[last].N != one.N {
			batches = append(batches, one)
			continue
		}
		batches[last].Targets = append(batches[last].Targets, one.Targets...)
	}
	return batches
}

// Recent answers a RecentQuery with one query, since every acknowledgement waits for it. The cost does not grow with the
// number of purges.
func (s *Store) Recent(ctx context.Context, q RecentQuery) (Recent, error) {
	r, err := recent(ctx, s.db, q)
	return r, fail("look at what is recent", err)
}

func recent(ctx context.Context, db querier, q RecentQuery) (r Recent, err error) {
	err = db.QueryRowContext(ctx, selectRecent, q.Who, q.Channel, q.Digest, millis(q.Same), wholeSecond(q.URLs), q.ID, q.Day, q.Kind,
		q.Platform, q.Workspace, bit(q.Private), bit(q.Anew), wholeMinute(q.URLs)).
		Scan(&r.Same, &r.Running, &r.Open, &r.Waits, &r.URLs, &r.Known, &r.Mainland, &r.Overseas)
	return r, err
}

// selectRecent looks up single rows and some sums: the open purges with a digest, and the counts in pb_tally. The empty
// text behind a column keeps SQLite from using the index of everything this person has requested.
const selectRecent = `SELECT
	COALESCE((SELECT id FROM pb_purge WHERE finished_at = 0 AND requester || '' = $1 AND channel = $2 AND digest = $3 AND created_at >= $4
		AND $12 = 0 ORDER BY created_at DESC LIMIT 1), (` + selectRejoin + `), ''),
	COALESCE((` + selectRunning + `), ''),
	COALESCE((SELECT n FROM pb_tally WHERE who = $1 AND what = '` + tallyOpen + `' AND at = 0), 0),
	` + selectWaiting + `,
	` + selectURLs + `,
	EXISTS (SELECT 1 FROM pb_purge WHERE id = $6),
	COALESCE((SELECT units FROM pb_spent WHERE day = $7 AND kind = $8 AND area = 'mainland'), 0),
	COALESCE((SELECT units FROM pb_spent WHERE day = $7 AND kind = $8 AND area = 'overseas'), 0)`

const selectWaiting = `COALESCE((SELECT n FROM pb_tally WHERE who = '' AND what = '` + tallyWaiting + `' AND at = 0), 0)`

// Waiting counts the undecided questions.
func (s *Store) Waiting(ctx context.Context) (n int, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT `+selectWaiting).Scan(&n)
	return n, fail("count what waits", err)
}

// Unfinished returns the ids of purges that are not final, oldest first.
func (s *Store) Unfinished(ctx context.Context) ([]string, error) {
	found, err := rows(ctx, s.db, text, `SELECT id FROM pb_purge WHERE finished_at = 0 ORDER BY created_at, id`)
	return found, fail("list what is unfinished", err)
}

// History returns purges with their requests, newest first.
func (s *Store) History(ctx context.Context, f Filter) ([]Purge, error) {
	query, args := f.query()
	found, err := rows(ctx, s.db, scanPurge, query, args...) // not prepared: filters give too many different texts
	for i := 0; i < len(found) && err == nil; i++ {
		err = fill(ctx, s.db, &found[i])
	}
	return found, fail("read the history", err)
}

const defaultHistory = 20

// also adds a condition with one argument.
func (f Filter) query() (string, []any) {
	from, at, where, args := `pb_purge p`, `p.created_at`, []string{`1 = 1`}, []any{}
	also := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf("%s $%d", condition, len(args)))
		// A host is searched in its own table.
	}
	if f.Host != "" {
		from, at = `pb_host h JOIN pb_purge p ON p.id = h.purge`, `h.at`
		also(`h.host =`, f.Host)
		// The other conditions compare columns.
	}
	platform, workspace := `p.platform =`, `p.workspace =`
	if f.By != "" { // makes SQLite search by person, which selects fewer rows
		platform, workspace = `p.platform || '' =`, `p.workspace || '' =`
	}
	for _, equal := range [][2]string{
		{platform, f.Platform}, {workspace, f.Workspace}, {`p.requester =`, string(f.By)}, {`p.state =`, string(f.State)},
	} {
		if equal[1] != "" {
			also(equal[0], equal[1])
		}
	}
	if f.State.Final() && f.State != "" {
		where = append(where, `p.finished_at > 0`) // lets SQLite use an index of finished purges
	}
	// The time and the limit come last.
	if !f.Since.IsZero() {
		also(at+` >=`, millis(f.Since))
	}
	if !f.Until.IsZero() {
		also(at+` <`, millis(f.Until))
	}
	if f.Limit <= 0 {
		f.Limit = defaultHistory
	}
	return fmt.Sprintf(`SELECT %s FROM %s WHERE %s ORDER BY %s DESC, p.id LIMIT %d`,
		purgeColumns, from, strings.Join(where, ` AND `), at, f.Limit), args
}
