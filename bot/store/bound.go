package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"purgebot/purge"
)

// This file compares the tables with the facts that audit rows bind. A fact bound twice is compared with its last row.
// Verify names the first row whose fact is not in the tables.

// purgesPerLook is the number of purges compared at a time, since other work waits for the connection meanwhile.
const purgesPerLook = 20

// differ returns the first row whose facts differ from the tables.
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

// differAfter compares some purges behind an id. If one of them is unreadable, differAfter compares each purge by
// itself.
func (s *Store) differAfter(ctx context.Context, after string) (first *Broken, last string, more bool, err error) {
	err = s.view(ctx, func(t tx) error {
		ids, err := rows(ctx, t, text, `SELECT id FROM pb_purge WHERE id > $1 ORDER BY id LIMIT $2`, after, purgesPerLook)
		if err != nil || len(ids) == 0 {
			return err
		}
		last, more = ids[len(ids)-1], true
		if first, err = t.differ(ctx, after, last); err != nil && unreadable(ctx, err) {
			first, err = t.differEach(ctx, after, ids)
		}
		return err
	})
	return first, last, more, err
}

// differEach compares purges one by one.
func (t tx) differEach(ctx context.Context, after string, ids []string) (first *Broken, err error) {
	for _, id := range ids {
		found, err := t.differ(ctx, after, id)
		if err != nil && unreadable(ctx, err) {
			found, err = t.illegible(ctx, id)
		}
		if err != nil {
			return nil, err
		}
		first, after = earlier(first, found), id
	}
	return first, nil
}

// unreadable reports whether an error concerns the content of a row, not the database.
func unreadable(ctx context.Context, err error) bool { return ctx.Err() == nil && code(err) == 0 }

// illegible returns the first row of a purge whose table rows are unreadable.
func (t tx) illegible(ctx context.Context, id string) (*Broken, error) {
	e, err := scanEntry(t.QueryRowContext(ctx, `SELECT `+auditColumns+` FROM pb_audit WHERE purge = $1 AND purge <> '' ORDER BY seq LIMIT 1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return &Broken{e.Seq, "what the tables hold of its purge cannot be read"}, err
}

// earlier returns the earlier of two findings; nil means no finding.
func earlier(a, b *Broken) *Broken {
	if a == nil || b != nil && b.Seq < a.Seq {
		return b
	}
	return a
}

// view runs do on one read-only state of the database.
func (s *Store) view(ctx context.Context, do func(tx) error) error {
	t, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }()
	return do(begin(t))
}

// differ compares the purges behind one id up to another.
func (t tx) differ(ctx context.Context, after, last string) (first *Broken, err error) {
	// The tables and the audit rows of the same purges are read.
	all, err := t.held(ctx, after, last, decisionColumns)
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
	// Each purge is compared with its own rows.
	for _, h := range all {
		told, err := tell(of[h.ID])
		if err != nil {
			return nil, err
		}
		first = earlier(first, told.differs(h))
	}
	return first, nil
}

// told holds the facts in the rows of one purge, each with the number of its row.
type told struct {
	request  string
	asked    int64
	stand    stand
	stood    int64 // the last row with facts
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

// tell collects the facts of the rows of one purge in order.
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
	// Every row has the state of the purge.
	t.stand, t.stood = f.stand, seq
	// A later fact replaces an earlier one.
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

// differs returns the first row whose fact differs from the tables, or nil.
func (t told) differs(h *held) *Broken {
	// A purge without a first row was put in by hand.
	name := "the purge " + cmp.Or(h.Short, h.ID)
	if t.asked == 0 {
		return &Broken{t.stood, name + " is in no row: it was put in"}
	}
	// The request, the state and the decision are compared first.
	d := differences{name: name}
	if h.digest(h.targets) != t.request || !slices.Equal(h.hosts, h.hostsAsked()) {
		d.add(t.asked, "who asked for it, where, why, or its targets")
	}
	if !alike(h.stand(), t.stand) {
		d.add(t.stood, fmt.Sprintf("it stood at %q, and they have %q, or another problem or end", t.stand.State, h.State))
	}
	switch {
	case h.decision != nil && t.decision == "":
		d.add(t.stood, "nobody had decided about it")
	case t.decision != "" && (h.decision == nil || h.decision.digest() != t.decision):
		d.add(t.decided, "the decision about it")
	}
	// The calls and outcomes follow.
	t.differsInCalls(h, &d)
	t.differsInOutcomes(h, &d)
	return d.first
}

// alike compares a stored value with the value in a row in their JSON form, which replaces invalid text the same way on
// both sides.
func alike[T comparable](held, said T) bool {
	var read T
	return held == said || json.Unmarshal([]byte(encode(held)), &read) == nil && read == said
}

// differences keeps the first of several findings.
type differences struct {
	name  string
	first *Broken
}

func (d *differences) add(seq int64, what string) {
	d.first = earlier(d.first, &Broken{seq, "the tables do not fit it any more: " + d.name + ": " + what})
}

func (t told) differsInCalls(h *held, d *differences) {
	kept := map[[2]int]bool{}
	for _, c := range h.calls {
		at := [2]int{c.Batch, c.Try}
		kept[at] = true
		switch said, known := t.calls[at]; {
		case !known:
			d.add(t.stood, "a call was put in that no row knows")
		case said.digest != c.digest():
			d.add(said.seq, "a call, or its answer")
		}
	}
	for at, said := range t.calls {
		if !kept[at] {
			d.add(said.seq, "a call is missing")
		}
	}
}

func (t told) differsInOutcomes(h *held, d *differences) {
	for _, target := range h.targets {
		said, known := t.outcomes[target.place]
		if !known {
			said = outcomeSaid{t.asked, meaning{target.area, purge.Pending, ""}}
		}
		if said.what != target.what && !alike(target.what.fact(), said.what.fact()) {
			d.add(said.seq, fmt.Sprintf("a target was %s, and they have %s, or another reason", said.what.outcome, target.what.outcome))
		}
	}
}

// lacking returns the first of some rows that recorded a purge, if the purge is missing.
func (t tx) lacking(ctx context.Context, entries []Entry) (*Broken, error) {
	for _, e := range entries {
		f, err := e.bound()
		if err == nil && f.Request == "" {
			continue
		}
		gone := false
		if err == nil {
			gone, err = t.vanished(ctx, e, f)
		}
		if gone || err != nil {
			return &Broken{e.Seq, "its purge is missing from the tables"}, err
		}
	}
	return nil, nil
}

// vanished reports whether a purge is missing although age has not removed it. Age removes a purge together with its
// first row and with the requests that joined it. For a purge from before the upgrade, the row with facts is not the
// first row.
func (t tx) vanished(ctx context.Context, e Entry, f facts) (gone bool, err error) {
	err = t.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM pb_purge WHERE id = $1)
		AND ($2 = '' OR EXISTS (SELECT 1 FROM pb_purge WHERE id = $2))
		AND ($3 = 0 OR EXISTS (SELECT 1 FROM pb_audit WHERE purge = $1 AND purge <> '' AND seq < $4))`, e.Purge, f.Joined, bit(f.Old), e.Seq).Scan(&gone)
	return gone, err
}
