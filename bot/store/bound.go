package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"purgebot/purge"
)

// Verify compares the tables with what the rows of the audit bind. A fact that was bound twice is compared with the last row that
// bound it, and the row that is named is the first whose fact is not in the tables.

// held is all that the tables hold of one purge and history may print.
type held struct {
	Purge
	targets  []placedTarget
	decision *Decision
	calls    []Call
	hosts    []string
}

// purgesPerLook are compared at a time, since other work waits for the connection meanwhile.
const purgesPerLook = 20

// differ finds the first row that binds what a table does not hold.
func (s *Store) differ(ctx context.Context) (first *Broken, err error) {
	for after, more := "", true; more; {
		var found *Broken
		if found, after, more, err = s.differAfter(ctx, after); err != nil {
			return nil, err
		}
		first = earlier(first, found)
	}
	return first, nil
}

// differAfter looks at some purges behind an id. Where one of them cannot even be read, it looks at each by itself.
func (s *Store) differAfter(ctx context.Context, after string) (first *Broken, last string, more bool, err error) {
	err = s.view(ctx, func(t tx) error {
		ids, err := rows(ctx, t, text, `SELECT id FROM pb_purge WHERE id > $1 ORDER BY id LIMIT $2`, after, purgesPerLook)
		if err != nil || len(ids) == 0 {
			return err
		}
		last, more = ids[len(ids)-1], true
		if first, err = t.differ(ctx, after, last); err == nil || !unreadable(ctx, err) {
			return err
		}
		for i, id := range ids {
			from := after
			if i > 0 {
				from = ids[i-1]
			}
			found, err := t.differ(ctx, from, id)
			if err != nil && unreadable(ctx, err) {
				found, err = t.illegible(ctx, id)
			}
			if err != nil {
				return err
			}
			first = earlier(first, found)
		}
		return nil
	})
	return first, last, more, err
}

// unreadable reports whether an error is about what a row holds, not about the database.
func unreadable(ctx context.Context, err error) bool { return ctx.Err() == nil && code(err) == 0 }

func (t tx) illegible(ctx context.Context, id string) (*Broken, error) {
	e, err := scanEntry(t.QueryRowContext(ctx, `SELECT `+auditColumns+` FROM pb_audit WHERE purge = $1 AND purge <> '' ORDER BY seq LIMIT 1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return &Broken{e.Seq, "what the tables hold of its purge cannot be read"}, err
}

// earlier is the one of two that comes first; nil is none.
func earlier(a, b *Broken) *Broken {
	if a == nil || b != nil && b.Seq < a.Seq {
		return b
	}
	return a
}

// view runs do on one state of the database, which it cannot change.
func (s *Store) view(ctx context.Context, do func(tx) error) error {
	t, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }()
	return do(begin(t))
}

// differ looks at the purges behind one id up to another.
func (t tx) differ(ctx context.Context, after, last string) (first *Broken, err error) {
	all, err := t.held(ctx, after, last)
	if err != nil {
		return nil, err
	}
	entries, err := rows(ctx, t, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE purge > $1 AND purge <= $2 AND purge <> '' ORDER BY purge, seq`, after, last)
	if err != nil {
		return nil, err
	}
	of := map[string][]Entry{}
	for _, e := range entries {
		of[e.Purge] = append(of[e.Purge], e)
	}
	for _, h := range all {
		told, err := tell(of[h.ID])
		if err != nil {
			return nil, err
		}
		first = earlier(first, told.differs(h))
	}
	return first, nil
}

// held reads the purges behind one id up to another, by id.
func (t tx) held(ctx context.Context, after, last string) ([]*held, error) {
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
	fill := func(what string, one func(row) error, query string) {
		if err == nil {
			_, err = rows(ctx, t, func(r row) (none struct{}, err error) { return none, one(r) }, query, after, last)
		}
	}
	fill("targets", func(r row) error {
		var id string
		var target placedTarget
		err := r.Scan(&id, &target.area, &target.n, &target.target, &target.what.outcome, &target.what.reason)
		if h := by[id]; h != nil && err == nil {
			target.what.area = target.area
			h.targets = append(h.targets, target)
		}
		return err
	}, `SELECT purge, area, n, target, outcome, reason FROM pb_target WHERE purge > $1 AND purge <= $2 ORDER BY purge, area, n`)
	fill("decisions", func(r row) error {
		d, err := scanDecision(r)
		if h := by[d.Purge]; h != nil && err == nil {
			h.decision = &d
		}
		return err
	}, `SELECT `+decisionColumns+` FROM pb_decision WHERE purge > $1 AND purge <= $2 ORDER BY purge`)
	fill("calls", func(r row) error {
		c, err := scanCall(r)
		if h := by[c.Purge]; h != nil && err == nil {
			h.calls = append(h.calls, c)
		}
		return err
	}, `SELECT `+callColumns+` FROM pb_call WHERE purge > $1 AND purge <= $2 ORDER BY purge, batch, try`)
	fill("hosts", func(r row) error {
		var id, host string
		var at int64
		err := r.Scan(&id, &host, &at)
		if h := by[id]; h != nil && err == nil {
			h.hosts = append(h.hosts, host+" "+number(at))
		}
		return err
	}, `SELECT purge, host, at FROM pb_host WHERE purge > $1 AND purge <= $2 ORDER BY purge, host, at`)
	for _, h := range all {
		if err == nil {
			err = t.placeTargets(ctx, h)
		}
	}
	return all, err
}

// placeTargets fills the request of what joined another purge, whose targets it has.
func (t tx) placeTargets(ctx context.Context, h *held) error {
	if h.Joined == "" {
		return nil
	}
	return fill(ctx, t, &h.Purge)
}

// told is what the rows of one purge say, with the row of each fact.
type told struct {
	request  string
	asked    int64
	stand    stand
	stood    int64 // the last row that has facts
	decision string
	decided  int64
	calls    map[[2]int]fact
	outcomes map[place]outcomeSaid
}

type fact struct {
	seq    int64
	digest string
}

type outcomeSaid struct {
	seq  int64
	what meaning
}

// tell reads rows of one purge in their order.
func tell(entries []Entry) (told, error) {
	t := told{calls: map[[2]int]fact{}, outcomes: map[place]outcomeSaid{}}
	for _, e := range entries {
		f, err := e.bound()
		if err != nil {
			return t, err
		}
		if f.Version == 0 {
			continue
		}
		if err := t.add(e.Seq, f); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (t *told) add(seq int64, f facts) error {
	t.stand, t.stood = f.stand, seq
	if f.Request != "" {
		t.request, t.asked = f.Request, seq
	}
	if f.Decision != "" {
		t.decision, t.decided = f.Decision, seq
	}
	for _, c := range f.Calls {
		t.calls[[2]int{c.Batch, c.Try}] = fact{seq, c.Digest}
	}
	for _, o := range f.Outcomes {
		ns, err := numbers(o.Of)
		if err != nil {
			return fmt.Errorf("read what row %d binds: %w", seq, err)
		}
		for _, n := range ns {
			t.outcomes[place{o.Area, n}] = outcomeSaid{seq, meaning{o.Area, o.Outcome, o.Reason}}
		}
	}
	return nil
}

// differs finds the first row that says otherwise than the tables; nil if none does.
func (t told) differs(h *held) (first *Broken) {
	name := "the purge " + cmp.Or(h.Short, h.ID)
	if t.asked == 0 {
		return &Broken{t.stood, name + " is in no row: it was put in"}
	}
	differs := func(seq int64, why string) {
		first = earlier(first, &Broken{seq, "it does not fit the tables any more: " + why})
	}
	if h.digest(h.targets) != t.request || !slices.Equal(h.hosts, h.hostsAsked()) {
		differs(t.asked, "who asked for "+name+", where, why, or its targets")
	}
	if h.stand() != t.stand {
		differs(t.stood, fmt.Sprintf("%s stood at %q, and they have %q, or another problem or end", name, t.stand.State, h.State))
	}
	switch {
	case h.decision != nil && t.decision == "":
		differs(t.stood, "nobody had decided about "+name)
	case t.decision != "" && (h.decision == nil || h.decision.digest() != t.decision):
		differs(t.decided, "the decision about "+name)
	}
	t.differsInCalls(h, differs)
	for _, target := range h.targets {
		said, known := t.outcomes[target.place]
		if !known {
			said = outcomeSaid{t.asked, meaning{target.area, purge.Pending, ""}}
		}
		if said.what != target.what {
			differs(said.seq, fmt.Sprintf("a target of %s was %s, and they have %s, or another reason", name, said.what.outcome, target.what.outcome))
		}
	}
	return first
}

func (t told) differsInCalls(h *held, differs func(int64, string)) {
	kept := map[[2]int]bool{}
	for _, c := range h.calls {
		at := [2]int{c.Batch, c.Try}
		kept[at] = true
		switch said, known := t.calls[at]; {
		case !known:
			differs(t.stood, "a call of "+h.Short+" that no row knows was put in")
		case said.digest != c.digest():
			differs(said.seq, "a call of "+h.Short+", or its answer")
		}
	}
	for at, said := range t.calls {
		if !kept[at] {
			differs(said.seq, "a call of "+h.Short+" is missing")
		}
	}
}

// hostsAsked are the rows that find the purge by host.
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

// lacking finds the first of some rows that took a purge which is not there any more although the row is.
func (t tx) lacking(ctx context.Context, entries []Entry) (*Broken, error) {
	for _, e := range entries {
		f, err := e.bound()
		if err != nil || f.Request == "" {
			if err != nil {
				return nil, err
			}
			continue
		}
		gone, err := t.forgotten(ctx, e, f)
		if err != nil {
			return nil, err
		}
		if gone {
			return &Broken{e.Seq, "its purge is missing from the tables"}, nil
		}
	}
	return nil, nil
}

// forgotten reports whether a purge is gone that was not forgotten by age: age takes the first row of a purge with it, what
// joined a purge goes with that, and of what is older than facts the row that has them is not the first.
func (t tx) forgotten(ctx context.Context, e Entry, f facts) (gone bool, err error) {
	err = t.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM pb_purge WHERE id = $1)
		AND ($2 = '' OR EXISTS (SELECT 1 FROM pb_purge WHERE id = $2))
		AND ($3 = 0 OR EXISTS (SELECT 1 FROM pb_audit WHERE purge = $1 AND purge <> '' AND seq < $4))`, e.Purge, f.Joined, bit(f.Old), e.Seq).Scan(&gone)
	return gone, err
}

// ruleRows are what the rows say of rules.
type ruleRows struct {
	made map[string]int64
	last map[string]fact
}

func (r ruleRows) add(seq int64, f facts) {
	for id, digest := range f.Rules {
		r.made[id], r.last[id] = seq, fact{seq, digest}
	}
	for id, digest := range f.Ends {
		r.last[id] = fact{seq, digest}
	}
}

// differInRules compares the rules with what the rows up to upTo, which are read, and those behind say.
func (s *Store) differInRules(ctx context.Context, said ruleRows, upTo int64) (first *Broken, err error) {
	err = s.view(ctx, func(t tx) error {
		since, err := rows(ctx, t, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE seq > $1 ORDER BY seq`, upTo)
		if err != nil {
			return err
		}
		for _, e := range since {
			f, err := e.bound()
			if err != nil {
				return err
			}
			said.add(e.Seq, f)
		}
		first, err = t.differInRules(ctx, said)
		return err
	})
	return first, err
}

func (t tx) differInRules(ctx context.Context, said ruleRows) (first *Broken, err error) {
	ids, err := rows(ctx, t, text, `SELECT id FROM pb_rule ORDER BY id`)
	if err != nil {
		return nil, err
	}
	differs := func(seq int64, why string) { first = earlier(first, &Broken{seq, why}) }
	for _, id := range ids {
		r, err := scanRule(t.QueryRowContext(ctx, selectRules+`id = $1`, id))
		if err != nil && !unreadable(ctx, err) {
			return nil, err
		}
		switch last, known := said.last[id]; {
		case !known:
			differs(0, "the rule "+id+" is in no row: it was put in")
		case err != nil || r.digest() != last.digest:
			differs(last.seq, "it does not fit the tables any more: the rule "+id)
		}
	}
	for id, seq := range said.made {
		if !slices.Contains(ids, id) {
			differs(seq, "the rule "+id+" is missing from the tables")
		}
	}
	return first, nil
}

// bindOld binds what was there before rows had facts as it is now. It is a migration: once, and whole.
func bindOld(ctx context.Context, db *sql.Tx) error {
	t := begin(db)
	at := instant(now())
	for after, more := "", true; more; {
		ids, err := rows(ctx, t, text, `SELECT id FROM pb_purge WHERE id > $1 ORDER BY id LIMIT $2`, after, purgesPerLook)
		if more = len(ids) > 0; err != nil || !more {
			return errors.Join(err, t.bindOldRules(ctx))
		}
		last := ids[len(ids)-1]
		all, err := t.held(ctx, after, last)
		if err != nil {
			return err
		}
		entries := make([]Entry, len(all))
		for i, h := range all {
			entries[i] = Entry{At: at, What: AuditNoted, Purge: h.ID, facts: encode(h.facts())}
		}
		if err := t.chain(entries); err != nil {
			return err
		}
		after = last
	}
	return nil
}

func (t tx) bindOldRules(ctx context.Context) (err error) {
	if t.making.rules, err = rows(ctx, t, text, `SELECT id FROM pb_rule ORDER BY id`); err != nil {
		return err
	}
	return t.noteRest()
}

// facts are all that is true of a purge now.
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
