package store

import (
	"context"
	"maps"
	"slices"

	"purgebot/purge"
)

// held holds all stored values of one purge that history may print.
type held struct {
	Purge
	targets  []placedTarget
	decision *Decision
	calls    []Call
	hosts    []string
}

// held reads the purges behind one id up to another, by id. decisions lists the columns of pb_decision in its schema at
// the time.
func (t tx) held(ctx context.Context, after, last, decisions string) ([]*held, error) {
	// The purges come first.
	purges, err := rows(ctx, t, scanPurge, `SELECT `+purgeColumns+` FROM pb_purge p WHERE p.id > $1 AND p.id <= $2 ORDER BY p.id`, after, last)
	if err != nil {
		return nil, err
	}
	all := make([]*held, len(purges))
	by := map[string]*held{}
	for i, p := range purges {
		all[i] = &held{Purge: p}
		by[p.ID] = all[i]
	}
	// The rows of the other tables follow.
	for _, of := range partsOf(decisions) {
		_, err := rows(ctx, t, func(r row) (none struct{}, err error) { return none, of.scan(r, by) }, of.query, after, last)
		if err != nil {
			return nil, err
		}
	}
	// A request that joined a purge has the targets of that purge.
	for _, h := range all {
		if h.Joined == "" {
			continue
		}
		if err := fill(ctx, t, &h.Purge); err != nil { // targets of the joined purge
			return nil, err
		}
	}
	return all, nil
}

// part is a table beside pb_purge, with a function that adds its rows to the purges.
type part struct {
	query string
	scan  func(row, map[string]*held) error
}

func partsOf(decisions string) []part {
	return []part{
		{`SELECT purge, area, n, target, outcome, reason FROM pb_target WHERE purge > $1 AND purge <= $2 ORDER BY purge, area, n`, scanHeldTarget},
		{`SELECT ` + decisions + ` FROM pb_decision WHERE purge > $1 AND purge <= $2 ORDER BY purge`, scanHeldDecision},
		{`SELECT ` + callColumns + ` FROM pb_call WHERE purge > $1 AND purge <= $2 ORDER BY purge, batch, try`, scanHeldCall},
		{`SELECT purge, host, at FROM pb_host WHERE purge > $1 AND purge <= $2 ORDER BY purge, host, at`, scanHeldHost},
	}
}

func scanHeldTarget(r row, by map[string]*held) error {
	var id string
	var t placedTarget
	err := r.Scan(&id, &t.area, &t.n, &t.target, &t.what.outcome, &t.what.reason)
	if h := by[id]; h != nil && err == nil {
		t.what.area = t.area
		h.targets = append(h.targets, t)
	}
	return err
}

func scanHeldDecision(r row, by map[string]*held) error {
	d, err := scanDecision(r)
	if h := by[d.Purge]; h != nil && err == nil {
		h.decision = &d
	}
	return err
}

func scanHeldCall(r row, by map[string]*held) error {
	c, err := scanCall(r)
	if h := by[c.Purge]; h != nil && err == nil {
		h.calls = append(h.calls, c)
	}
	return err
}

func scanHeldHost(r row, by map[string]*held) error {
	var id, host string
	var at int64
	err := r.Scan(&id, &host, &at)
	if h := by[id]; h != nil && err == nil {
		h.hosts = append(h.hosts, host+" "+number(at))
	}
	return err
}

// hostsAsked returns the rows of pb_host that the request should have.
func (h *held) hostsAsked() []string {
	hosts := map[string]bool{}
	note := func(t purge.Target) { hosts[t.Host()+" "+number(millis(h.CreatedAt))] = true }
	for _, t := range h.targets {
		var parsed purge.Target
		if parsed.UnmarshalText([]byte(t.target)) == nil {
			note(parsed)
		}
	}
	for _, part := range h.Request.Parts {
		for _, t := range part.Targets {
			note(t)
		}
	}
	return slices.Sorted(maps.Keys(hosts))
}

// facts returns all facts that are true of a purge now.
func (h *held) facts() facts {
	f := facts{Version: factsVersion, stand: h.stand(), Request: h.digest(h.targets), Joined: h.Joined, Old: true}
	if h.decision != nil {
		f.Decision = h.decision.digest()
	}
	for _, c := range h.calls {
		f.Calls = append(f.Calls, callFact{c.Batch, c.Try, c.digest()})
	}
	var c changes
	for _, target := range h.targets {
		c.outcome(target.what, target.n)
	}
	f.Outcomes = c.outcomeFacts()
	return f
}
