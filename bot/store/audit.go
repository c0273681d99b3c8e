package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"

	"purgebot/acl"
)

// Note writes audit rows alone. It has no key: written twice, they are there twice.
func (s *Store) Note(ctx context.Context, entries ...Entry) error {
	_, err := change(ctx, s, "note", func(t tx) (none struct{}, err error) {
		return none, t.audit(entries)
	})
	return err
}

// audit chains the entries to the last row. It comes last in a transaction, so that on PostgreSQL
// the head row is locked for the shortest time and always after the rows of the purge.
func (t tx) audit(entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var seq int64
	var prev string
	err := t.one(`UPDATE pb_audit_head SET seq = seq + $1 WHERE id = 1 RETURNING seq - $1, hash`, len(entries)).Scan(&seq, &prev)
	if err != nil {
		return err
	}
	var notices [][]any
	rows := make([][]any, len(entries))
	for i, e := range entries {
		e.Seq, e.Prev = seq+int64(i)+1, prev
		prev = sealed(e)
		rows[i] = []any{e.Seq, millis(e.At), e.Who, e.Name, e.What, e.Purge, string(e.Body), e.Prev, prev}
		if n := e.Notice; n != nil {
			notices = append(notices, []any{prev, string(n.Thread), string(n.Card), millis(e.At), 0})
		}
	}
	if err := t.insert(`INSERT INTO pb_audit (seq, at, who, name, what, purge, body, prev, hash) VALUES`, rows); err != nil {
		return err
	}
	if err := t.insert(insertNotice, notices); err != nil {
		return err
	}
	_, err = t.exec(`UPDATE pb_audit_head SET hash = $1 WHERE id = 1`, prev)
	return err
}

// sealed is the hex SHA-256 over every field of e but Hash, each after its length, so that no two rows read alike.
func sealed(e Entry) string {
	b := make([]byte, 0, 512)
	number := func(n int64) { b = binary.BigEndian.AppendUint64(b, uint64(n)) }
	number(e.Seq)
	number(millis(e.At))
	for _, field := range []string{string(e.Who), e.Name, string(e.What), e.Purge, string(e.Body), e.Prev} {
		number(int64(len(field)))
		b = append(b, field...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

const auditColumns = `seq, at, who, name, what, purge, body, prev, hash`

func scanEntry(r row) (e Entry, err error) {
	var at int64
	var who, body string
	err = r.Scan(&e.Seq, &at, &who, &e.Name, &e.What, &e.Purge, &body, &e.Prev, &e.Hash)
	e.At, e.Who, e.Body = instant(at), acl.Subject(who), raw(body)
	return e, err
}

// raw is stored JSON; nothing is nil, as it was.
func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

// Audit returns the rows about one purge, oldest first.
func (s *Store) Audit(ctx context.Context, id string) ([]Entry, error) {
	found, err := rows(ctx, s.db, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE purge = $1 AND purge <> '' ORDER BY seq`, id)
	return found, fail("read the audit of "+id, err)
}

// head is where the chain begins and ends.
type head struct {
	seq       int64 // of the last row
	hash      string
	prunedSeq int64 // of the last row that age removed
	prunedSum string
}

func readHead(r row) (h head, err error) {
	err = r.Scan(&h.seq, &h.hash, &h.prunedSeq, &h.prunedSum)
	return h, err
}

const selectHead = `SELECT seq, hash, pruned_seq, pruned_hash FROM pb_audit_head WHERE id = 1`

// verifyChunk rows are read at a time, since other work waits for the connection meanwhile.
const verifyChunk = 500

// Broken is the first place where the audit is not what was written.
type Broken struct {
	Seq int64  // of the row; 0 is before all of them
	Why string // one clause, for the operator
}

// Verified is what a walk along the audit has found.
type Verified struct {
	Rows   int64   // that were good, until the first that was not
	Pruned int64   // the last sequence number that age has removed
	Head   string  // the last row's hash: kept elsewhere, it proves that nobody has since made the chain anew
	Broken *Broken // nil if all is whole
}

// Verify follows the chain from the last pruned row to its head, in constant memory, and stops at the first row that is
// missing, foreign or changed. Whoever can rewrite all rows after one can forge the chain, so keep its Head elsewhere.
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
		if v.Rows, v.Broken, err = s.follow(ctx, h); err != nil || v.Broken == nil {
			return v, fail("verify the audit", err)
		}
		again, err := s.head(ctx)
		if err != nil || again.prunedSeq == h.prunedSeq { // else age took the rows while they were read
			return v, fail("read the audit's head", err)
		}
	}
}

func (s *Store) head(ctx context.Context) (head, error) {
	return readHead(s.db.QueryRowContext(ctx, selectHead))
}

// follow checks the rows that h promises.
func (s *Store) follow(ctx context.Context, h head) (good int64, broken *Broken, err error) {
	if broken, err = s.leftover(ctx, h); broken != nil || err != nil {
		return 0, broken, err
	}
	seq, sum := h.prunedSeq, h.prunedSum
	for seq < h.seq {
		chunk, err := rows(ctx, s.db, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`,
			seq, h.seq, verifyChunk)
		if err != nil {
			return good, nil, err
		}
		for _, e := range chunk {
			if why := breaks(e, seq, sum); why != "" {
				return good, &Broken{seq + 1, why}, nil
			}
			good, seq, sum = good+1, e.Seq, e.Hash
		}
		if len(chunk) == 0 {
			return good, &Broken{seq + 1, missingRow}, nil
		}
	}
	if sum != h.hash {
		return good, &Broken{h.seq, "the head names another last row"}, nil
	}
	broken, err = s.beyond(ctx, h)
	return good, broken, err
}

const missingRow = "it is missing"

// breaks says why e cannot follow the row seq whose hash is sum; "" if it does.
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

// leftover finds a row where age has removed all.
func (s *Store) leftover(ctx context.Context, h head) (*Broken, error) {
	return s.first(ctx, `SELECT min(seq) FROM pb_audit WHERE seq <= $1`, h.prunedSeq, "it was put before the first row that is kept")
}

// beyond finds a row after the head's, other than those that were written properly meanwhile.
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

// first is the row that a query finds, nil if none.
func (s *Store) first(ctx context.Context, query string, bound int64, why string) (*Broken, error) {
	var seq sql.NullInt64
	err := s.db.QueryRowContext(ctx, query, bound).Scan(&seq)
	if err != nil || !seq.Valid {
		return nil, err
	}
	return &Broken{seq.Int64, why}, nil
}
