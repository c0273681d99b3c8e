package store

import (
	"context"
	"database/sql"
	"errors"
)

// head holds the beginning and the end of the chain.
type head struct {
	seq       int64 // number of the last row
	hash      string
	prunedSeq int64 // number of the last row that age removed
	prunedSum string
}

func readHead(r row) (h head, err error) {
	err = r.Scan(&h.seq, &h.hash, &h.prunedSeq, &h.prunedSum)
	return h, err
}

const selectHead = `SELECT seq, hash, pruned_seq, pruned_hash FROM pb_audit_head WHERE id = 1`

// verifyChunk is the number of rows read at a time, since other work waits for the connection meanwhile.
const verifyChunk = 500

// Broken is the first place at which the audit differs from the original.
type Broken struct {
	Seq int64  // number of the row; 0 is the place before all rows
	Why string // one clause for the operator
}

// Verified is the result of a check of the audit.
type Verified struct {
	Rows   int64   // number of good rows before the first broken one
	Pruned int64   // number of the last row that age removed
	Head   string  // hash of the last row; a copy kept elsewhere reveals a chain made anew
	Broken *Broken // nil if the audit is whole
	// BoundFrom is the number of the first row that binds values from before the upgrade; 0 if no such row is kept.
	BoundFrom int64
}

// Verify follows the chain from the last removed row to its head. It names the first row that is missing, foreign or
// changed, or whose facts are not in the tables. An attacker who rewrites all rows from one to the end can forge the
// chain, so keep a copy of Head elsewhere.
func (s *Store) Verify(ctx context.Context) (Verified, error) {
	for {
		h, err := s.head(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return Verified{Broken: &Broken{0, "the head of the chain is missing"}}, nil
		}
		if err != nil {
			return Verified{}, fail("read the audit's head", err)
		}
		v := Verified{Pruned: h.prunedSeq, Head: h.hash}
		if err = s.verifyChain(ctx, h, &v); err != nil || v.Broken == nil {
			return v, fail("verify the audit", err)
		}
		again, err := s.head(ctx)
		if err != nil || again.prunedSeq == h.prunedSeq { // otherwise age removed rows during the reading
			return v, fail("read the audit's head", err)
		}
	}
}

func (s *Store) head(ctx context.Context) (head, error) {
	return readHead(s.db.QueryRowContext(ctx, selectHead))
}

// verifyChain checks the rows up to the head, then their facts against the tables.
func (s *Store) verifyChain(ctx context.Context, h head, v *Verified) (err error) {
	if v.Broken, err = s.leftover(ctx, h); v.Broken != nil || err != nil {
		return err
	}
	// Each row must follow the row before it, and the head must be the last row.
	c := chain{seq: h.prunedSeq, sum: h.prunedSum, rules: ruleRows{map[string]int64{}, map[string]fact{}}}
	for c.seq < h.seq && v.Broken == nil {
		if err := s.view(ctx, func(t tx) (err error) { v.Broken, err = t.followOn(ctx, &c, h); return err }); err != nil {
			return err
		}
	}
	if v.Broken == nil && c.sum != h.hash {
		v.Broken = &Broken{h.seq, "the head names another last row"}
	}
	if v.Broken == nil {
		v.Broken, err = s.beyond(ctx, h)
	}
	// The facts of the rows must be in the tables.
	if v.Broken == nil && err == nil {
		v.Broken, err = s.compare(ctx, c)
	}
	v.Broken, v.Rows, v.BoundFrom = earlier(v.Broken, c.lacks), c.seq-h.prunedSeq, c.old
	if v.Broken != nil && v.Broken.Seq <= c.seq { // the broken row is part of the checked chain
		v.Rows = max(0, v.Broken.Seq-1-h.prunedSeq)
	}
	return err
}

// chain holds the position in the audit and the facts of the rows so far.
type chain struct {
	seq   int64
	sum   string
	rules ruleRows
	lacks *Broken // first row whose purge is missing
	old   int64   // number of the first row that binds values from before the upgrade
}

// followOn checks the next rows.
func (t tx) followOn(ctx context.Context, c *chain, h head) (*Broken, error) {
	chunk, err := rows(ctx, t, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`,
		c.seq, h.seq, verifyChunk)
	if err != nil {
		return nil, err
	}
	if len(chunk) == 0 {
		return &Broken{c.seq + 1, missingRow}, nil
	}
	for n, e := range chunk {
		if why := breaks(e, c.seq, c.sum); why != "" {
			return &Broken{c.seq + 1, why}, c.look(ctx, t, chunk[:n])
		}
		c.seq, c.sum = e.Seq, e.Hash
	}
	return nil, c.look(ctx, t, chunk)
}

// look collects the facts of rows that fit the chain.
func (c *chain) look(ctx context.Context, t tx, entries []Entry) error {
	for _, e := range entries {
		f, err := e.bound()
		if err != nil {
			return err
		}
		c.rules.add(e.Seq, f)
		if f.Old && c.old == 0 {
			c.old = e.Seq
		}
	}
	lacks, err := t.lacking(ctx, entries)
	c.lacks = earlier(c.lacks, lacks)
	return err
}

// compare returns the first row whose facts differ from the tables.
func (s *Store) compare(ctx context.Context, c chain) (*Broken, error) {
	broken, err := s.differ(ctx)
	if err != nil {
		return nil, err
	}
	inRules, err := s.differInRules(ctx, c.rules, c.seq)
	return earlier(broken, inRules), err
}

const missingRow = "it is missing"

// breaks returns the reason why e cannot follow the row seq with the hash sum, or "" if it can.
func breaks(e Entry, seq int64, sum string) string {
	switch {
	case e.Seq != seq+1:
		return missingRow
	case e.Hash != sealed(e):
		return "its content does not fit its hash"
	case e.Prev != sum && seq == 0:
		return "it is not the first that was written"
	case e.Prev != sum:
		return "it does not follow the row before it: one of the two was made anew"
	}
	return ""
}

// leftover returns a row that is still there although age should have removed it.
func (s *Store) leftover(ctx context.Context, h head) (*Broken, error) {
	return s.first(ctx, `SELECT min(seq) FROM pb_audit WHERE seq <= $1`, h.prunedSeq, "it was put before the first row that is kept")
}

// beyond returns a row behind the head's, other than rows properly written meanwhile.
func (s *Store) beyond(ctx context.Context, h head) (*Broken, error) {
	found, err := s.first(ctx, `SELECT min(seq) FROM pb_audit WHERE seq > $1`, h.seq, "it was put after the last row that was written")
	if err != nil || found == nil {
		return nil, err
	}
	if now, err := s.head(ctx); err != nil || now.seq >= found.Seq {
		return nil, err
	}
	return found, nil
}

// first returns the first row of a query, or nil.
func (s *Store) first(ctx context.Context, query string, bound int64, why string) (*Broken, error) {
	var seq sql.NullInt64
	err := s.db.QueryRowContext(ctx, query, bound).Scan(&seq)
	if err != nil || !seq.Valid {
		return nil, err
	}
	return &Broken{seq.Int64, why}, nil
}
