package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"

	"purgebot/acl"
)

// Note writes audit rows alone. Note has no key: a repeated call writes the rows twice.
func (s *Store) Note(ctx context.Context, entries ...Entry) error {
	_, err := change(ctx, s, "note", func(t tx) (none struct{}, err error) {
		return none, t.audit(entries)
	})
	return err
}

// audit appends the entries to the chain. A transaction calls audit last, so that on PostgreSQL the head row is locked
// for the shortest time and always after the rows of the purge.
func (t tx) audit(entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	entries = slices.Clone(entries) // the slice belongs to the caller
	if err := t.bind(entries); err != nil {
		return err
	}
	return t.chain(entries)
}

// chain writes entries that carry their facts.
func (t tx) chain(entries []Entry) error {
	// The head gives the numbers and the hash of the last row.
	var seq int64
	var prev string
	err := t.one(`UPDATE pb_audit_head SET seq = seq + $1 WHERE id = 1 RETURNING seq - $1, hash`, len(entries)).Scan(&seq, &prev)
	if err != nil {
		return err
	}
	// Each row gets the hash of the row before.
	var notices [][]any
	rows := make([][]any, len(entries))
	for i, e := range entries {
		e.Seq, e.Prev = seq+int64(i)+1, prev
		prev = sealed(e)
		rows[i] = []any{e.Seq, millis(e.At), e.Who, e.Name, e.What, e.Purge, string(e.Body), e.Prev, prev, e.facts}
		if n := e.Notice; n != nil {
			notices = append(notices, []any{prev, string(n.Thread), string(n.Card), millis(e.At), 0})
		}
	}
	// The rows, their notices and the new head are written.
	if err := t.insert(`INSERT INTO pb_audit (seq, at, who, name, what, purge, body, prev, hash, facts) VALUES`, rows); err != nil {
		return err
	}
	if err := t.insert(insertNotice, notices); err != nil {
		return err
	}
	_, err = t.exec(`UPDATE pb_audit_head SET hash = $1 WHERE id = 1`, prev)
	return err
}

// sealed returns the hex SHA-256 over all fields of e but Hash, each field after its length, so that no two rows have
// the same input. Rows from before the upgrade have no facts, and their hash covers none.
func sealed(e Entry) string {
	b := make([]byte, 0, 512)
	number := func(n int64) { b = binary.BigEndian.AppendUint64(b, uint64(n)) }
	number(e.Seq)
	number(millis(e.At))
	fields := []string{string(e.Who), e.Name, string(e.What), e.Purge, string(e.Body), e.Prev}
	if e.facts != "" {
		fields = append(fields, e.facts)
	}
	for _, field := range fields {
		number(int64(len(field)))
		b = append(b, field...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

const auditColumns = `seq, at, who, name, what, purge, body, prev, hash, facts`

func scanEntry(r row) (e Entry, err error) {
	var at int64
	var who, body string
	err = r.Scan(&e.Seq, &at, &who, &e.Name, &e.What, &e.Purge, &body, &e.Prev, &e.Hash, &e.facts)
	e.At, e.Who, e.Body = instant(at), acl.Subject(who), raw(body)
	return e, err
}

// raw converts stored text to JSON; the empty text gives nil.
func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

// Audit returns the audit rows of one purge, oldest first.
func (s *Store) Audit(ctx context.Context, id string) ([]Entry, error) {
	found, err := rows(ctx, s.db, scanEntry, `SELECT `+auditColumns+` FROM pb_audit WHERE purge = $1 AND purge <> '' AND what <> $2 ORDER BY seq`, id, AuditNoted)
	return found, fail("read the audit of "+id, err)
}
