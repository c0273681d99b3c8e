package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"

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
	rows := make([][]any, len(entries))
	for i, e := range entries {
		e.Seq, e.Prev = seq+int64(i)+1, prev
		prev = sealed(e)
		rows[i] = []any{e.Seq, millis(e.At), e.Who, e.Name, e.What, e.Purge, string(e.Body), e.Prev, prev}
	}
	if err := t.insert(`INSERT INTO pb_audit (seq, at, who, name, what, purge, body, prev, hash) VALUES`, rows); err != nil {
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
	for _, field := range []string{string(e.Who), e.Name, e.What, e.Purge, string(e.Body), e.Prev} {
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

// VerifyAudit follows the chain from the last pruned row to its head. broken is the first sequence number that is
// missing or whose content does not fit its hash, 0 if all is whole; rows is how many were good until then.
// It proves that no row was changed by itself; whoever can rewrite all rows after one can forge the chain, so
// keep a hash elsewhere.
func (s *Store) VerifyAudit(ctx context.Context) (good int64, broken int64, err error) {
	for {
		h, err := readHead(s.db.QueryRowContext(ctx, selectHead))
		if err != nil {
			return 0, 0, fail("read the audit's head", err)
		}
		good, broken, err = s.follow(ctx, h)
		if err != nil || broken == 0 {
			return good, broken, fail("verify the audit", err)
		}
		again, err := readHead(s.db.QueryRowContext(ctx, selectHead))
		if err != nil || again.prunedSeq == h.prunedSeq {
			return good, broken, fail("read the audit's head", err)
		}
	}
}

// follow checks the rows that h promises.
func (s *Store) follow(ctx context.Context, h head) (good, broken int64, err error) {
	seq, sum := h.prunedSeq, h.prunedSum
	for seq < h.seq {
		chunk, err := rows(ctx, s.db, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`,
			seq, h.seq, verifyChunk)
		if err != nil {
			return good, 0, err
		}
		for _, e := range chunk {
			if e.Seq != seq+1 || e.Prev != sum || e.Hash != sealed(e) {
				return good, seq + 1, nil
			}
			good, seq, sum = good+1, e.Seq, e.Hash
		}
		if len(chunk) == 0 {
			return good, seq + 1, nil
		}
	}
	if sum != h.hash {
		return good, h.seq, nil
	}
	return good, 0, nil
}
