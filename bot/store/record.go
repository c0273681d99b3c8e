package store

import (
	"context"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"purgebot/purge"
)

// Intake is a purge with everything to be written in the same transaction.
type Intake struct {
	Purge   Purge
	Batches []purge.Batch
	Entries []Entry
}

// Taken is the result of an intake: the state of affairs before it, and the stored purge if it was recorded.
type Taken struct {
	Recent
	Purge *Purge
}

// TakeIf records a purge if judge accepts it. The function judge gets the recent purges in the same transaction, so that
// the second of two simultaneous commands sees the first. judge has no other effect and returns nil to record nothing. A
// known purge, or an event answered before, is not recorded again. If a charge exceeds its budget, nothing is recorded
// and the error is an *OverBudget.
func (s *Store) TakeIf(ctx context.Context, q RecentQuery, judge func(Recent) *Intake) (Taken, error) {
	return change(ctx, s, "take "+q.ID, func(t tx) (Taken, error) {
		// A known purge is not recorded again.
		r, err := recent(context.Background(), t, q)
		if err != nil || r.Known {
			return Taken{Recent: r}, err
		}
		// The caller decides.
		in := judge(r)
		if in == nil {
			return Taken{Recent: r}, nil
		}
		// The event is taken, and the purge is recorded.
		p := asStored(in.Purge)
		targets, err := placed(p, in.Batches)
		if err != nil {
			return Taken{}, err
		}
		if r.Known, err = t.takeEvent(p.Event, p.ID, in.Entries); r.Known || err != nil {
			return Taken{Recent: r}, err
		}
		p, err = t.record(p, targets, in.Entries)
		return Taken{r, &p}, err
	})
}

// Record commits a purge with its event, targets, wanted status card and audit. If the id exists already, Record writes
// nothing and returns the stored purge. Record assigns Short, and State if empty. Each target of batches must be a
// target of the request and in one batch at most. A target without a batch is never sent.
func (s *Store) Record(ctx context.Context, p Purge, batches []purge.Batch, entries ...Entry) (Purge, error) {
	p = asStored(p)
	targets, err := placed(p, batches)
	if err != nil {
		return Purge{}, fail("record "+p.ID, err)
	}
	stored, err := change(ctx, s, "record "+p.ID, func(t tx) (Purge, error) {
		stored, err := t.record(p, targets, entries)
		if err == nil && stored.Event == p.Event {
			err = t.made(p.Event, p.ID)
		}
		return stored, err
	})
	return stored, err
}

// record writes a purge with its rows, or loads it if the id exists.
func (t tx) record(p Purge, targets [][]any, entries []Entry) (Purge, error) {
	inserted, err := t.insertPurge(&p)
	if err != nil {
		return Purge{}, err
	}
	if !inserted {
		return load(context.Background(), t, `id = $1`, p.ID)
	}
	// The audit binds the request.
	c := t.makes(p.ID, p.CreatedAt)
	c.request, c.joined = p.digest(asPlaced(targets)), p.Joined
	// Each function writes one kind of row.
	writes := []func() error{
		func() error { return t.insert(insertTarget, targets) },
		func() error { return t.taken(p) },
		func() error { return t.charge(p.ID, p.Charges) },
		func() error { return t.insertHosts(p) },
		func() error { return t.want(p.ID, Status) },
		func() error { return t.audit(entries) },
	}
	for _, write := range writes {
		if err := write(); err != nil {
			return Purge{}, err
		}
	}
	return p, nil
}

// asStored returns p in the form in which it will be read back.
func asStored(p Purge) Purge {
	if p.State == "" {
		p.State = StateRecorded
	}
	if p.State.Final() && p.FinishedAt.IsZero() {
		p.FinishedAt = p.CreatedAt
	}
	p.ExpiresAt, p.CreatedAt, p.FinishedAt = instant(millis(p.ExpiresAt)), instant(millis(p.CreatedAt)), instant(millis(p.FinishedAt))
	return p
}

const insertTarget = `INSERT INTO pb_target (purge, area, n, target, batch, place) VALUES`

// placed returns the rows of pb_target: each target with its batch and its place in the batch.
func placed(p Purge, batches []purge.Batch) ([][]any, error) {
	type spot struct {
		area   purge.Area
		target string
	}
	var targets [][]any
	if p.Joined != "" { // the targets belong to the joined purge
		return nil, nil
	}
	// Each target of the request gets a row.
	at := map[spot][]any{}
	for _, part := range p.Request.Parts {
		for n, target := range part.Targets {
			row := []any{p.ID, part.Area, n, target.String(), -1, 0}
			targets, at[spot{part.Area, target.String()}] = append(targets, row), row
		}
	}
	// Each target of a batch is marked in its row.
	for _, b := range batches {
		for place, target := range b.Targets {
			row := at[spot{b.Area, target.String()}]
			if row == nil || row[4] != -1 {
				return nil, fmt.Errorf("batch %d: target %d is not in the request, or in another batch already", b.N, place)
			}
			row[4], row[5] = b.N, place
		}
	}
	return targets, nil
}

// asPlaced returns the rows in the form in which they will be read back.
func asPlaced(targets [][]any) []placedTarget {
	back := make([]placedTarget, len(targets))
	for i, row := range targets {
		back[i] = placedTarget{place: place{row[1].(purge.Area), row[2].(int)}, target: row[3].(string)}
	}
	slices.SortFunc(back, byPlace)
	return back
}

const insertPurge = `INSERT INTO pb_purge (id, secret, short, platform, workspace, event, event_digest, requester, name, requester_groups,
	thread, channel, kind, mode, areas, urls, digest, policy, confirm, reason, private, notes, state, problem, expires_at, created_at,
	finished_at, cancelled, overrides, button, joined, prefetch, follows) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
	$23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33) ON CONFLICT DO NOTHING`

// insertPurge tries the short ids in turn and sets the first free one. The result is false if the id exists already.
func (t tx) insertPurge(p *Purge) (bool, error) {
	shorts, err := shortsOf(p.ID)
	if err != nil {
		return false, err
	}
	for _, p.Short = range shorts {
		n, err := t.exec(insertPurge, columnsOf(*p)...)
		if err != nil || n == 1 {
			return true, err
		}
		var id string
		err = t.one(`SELECT id FROM pb_purge WHERE id = $1`, p.ID).Scan(&id)
		if !errors.Is(err, sql.ErrNoRows) {
			return false, err
		}
	}
	return false, fmt.Errorf("event %q has a purge already, or all %d short ids are taken", p.Event.ID, len(shorts))
}

func columnsOf(p Purge) []any {
	return []any{p.ID, p.Secret, p.Short, p.Event.Platform, p.Event.Workspace, p.Event.ID, p.Event.Digest, p.Requester, p.Name, encode(p.Groups),
		string(p.Thread), p.Channel, p.Request.Kind, p.Request.Mode, encode(areasOf(p.Request)), paidURLs(p), p.Digest, p.Policy,
		p.Confirm, p.Reason, bit(p.Private), encode(p.Notes), p.State, p.Problem, millis(p.ExpiresAt), millis(p.CreatedAt),
		millis(p.FinishedAt), p.Cancelled, encode(p.Overrides), ButtonKey(p.Secret), nullable(p.Joined), bit(p.Prefetch), nullable(p.Follows)}
}

// crockford is Crockford's alphabet, without the letters that are easily misread: i, l, o and u.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz")

// shortsOf returns the possible short ids of an id, in order of preference. Each has 40 bits of the id.
func shortsOf(id string) ([]string, error) {
	bits, err := hex.DecodeString(id)
	if err != nil || len(bits) != 32 {
		return nil, fmt.Errorf("the id %q is not 64 hex digits", id)
	}
	var shorts []string
	for window := range slices.Chunk(bits[:30], 5) {
		shorts = append(shorts, "p-"+crockford.EncodeToString(window))
	}
	return shorts, nil
}

func areasOf(r purge.Request) []purge.Area {
	var areas []purge.Area
	for _, part := range r.Parts {
		areas = append(areas, part.Area)
	}
	return areas
}

// made records that an event made the purge, also if the event was taken before.
func (t tx) made(ev Event, id string) error {
	if ev.ID == "" {
		return nil
	}
	_, err := t.exec(`INSERT INTO pb_event (platform, workspace, event, digest, purge, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (platform, workspace, event) DO UPDATE SET purge = excluded.purge`,
		ev.Platform, ev.Workspace, ev.ID, ev.Digest, id, now())
	return err
}

// insertHosts stores the hosts of a purge, so that the history of a host is found without reading the targets.
func (t tx) insertHosts(p Purge) error {
	hosts := map[string]bool{}
	for _, part := range p.Request.Parts {
		for _, target := range part.Targets {
			hosts[target.Host()] = true
		}
	}
	var rows [][]any
	for _, host := range slices.Sorted(maps.Keys(hosts)) {
		rows = append(rows, []any{host, millis(p.CreatedAt), p.ID})
	}
	return t.insert(`INSERT INTO pb_host (host, at, purge) VALUES`, rows)
}
