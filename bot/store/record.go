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

// Intake is a purge with all that is written together when it is taken.
type Intake struct {
	Purge   Purge
	Batches []purge.Batch
	Entries []Entry
}

// Taken is what came of an intake: what was recent, and the purge as it is stored if it was taken now.
type Taken struct {
	Recent
	Purge *Purge
}

// TakeIf records a purge if judge lets it in. judge sees what is recent in the same transaction, so that of two commands at once
// the second sees the first; it does nothing else, and returns nil to take nothing. What is Known is never taken again: the purge,
// and an event that was answered otherwise before. Where a charge does not fit, nothing is taken and the error is an *OverBudget.
func (s *Store) TakeIf(ctx context.Context, q RecentQuery, judge func(Recent) *Intake) (Taken, error) {
	return change(ctx, s, "take "+q.ID, func(t tx) (Taken, error) {
		r, err := recent(context.Background(), t, q)
		if err != nil || r.Known {
			return Taken{Recent: r}, err
		}
		in := judge(r)
		if in == nil {
			return Taken{Recent: r}, nil
		}
		p := asStored(in.Purge)
		targets, err := placed(p, in.Batches)
		if err != nil {
			return Taken{}, err
		}
		if r.Known, err = t.seen(p.Event, p.ID, in.Entries); r.Known || err != nil {
			return Taken{Recent: r}, err
		}
		p, err = t.record(p, targets, in.Entries)
		return Taken{r, &p}, err
	})
}

// Record commits a purge with its event, targets, wanted status card and audit. Where the id exists it
// returns the row as it stands and writes nothing. It assigns Short, and State where that is "".
// Every target of batches must be one of the request, in one batch at most; one that is in none is never sent.
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

func (t tx) record(p Purge, targets [][]any, entries []Entry) (Purge, error) {
	inserted, err := t.insertPurge(&p)
	if err != nil {
		return Purge{}, err
	}
	if !inserted {
		return load(context.Background(), t, `id = $1`, p.ID)
	}
	c := t.makes(p.ID, p.CreatedAt)
	c.request, c.joined = p.digest(asPlaced(targets)), p.Joined
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

// asStored is p as it will be read back.
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

// placed are the rows of pb_target, each target with its batch and its place there.
func placed(p Purge, batches []purge.Batch) ([][]any, error) {
	type spot struct {
		area   purge.Area
		target string
	}
	var targets [][]any
	if p.Joined != "" { // they are those of the purge that it joined
		return nil, nil
	}
	at := map[spot][]any{}
	for _, part := range p.Request.Parts {
		for n, target := range part.Targets {
			row := []any{p.ID, part.Area, n, target.String(), -1, 0}
			targets, at[spot{part.Area, target.String()}] = append(targets, row), row
		}
	}
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

// asPlaced are those rows as they will be read back.
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

// insertPurge tries the short ids in turn and sets the one that was free. It returns false where the id is there already.
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

// crockford leaves out the letters that are read as another: i, l, o and u.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz")

// shortsOf are the short ids that an id may get, in order of preference: each is 40 bits of it.
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

// made notes that the event made the purge, whether its key was taken before or not.
func (t tx) made(ev Event, id string) error {
	if ev.ID == "" {
		return nil
	}
	_, err := t.exec(`INSERT INTO pb_event (platform, workspace, event, digest, purge, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (platform, workspace, event) DO UPDATE SET purge = excluded.purge`,
		ev.Platform, ev.Workspace, ev.ID, ev.Digest, id, now())
	return err
}

// insertHosts lets the history of a host be found without reading the targets.
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
