package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"purgebot/acl"
)

// Take commits the effects of an event that made no purge: its key, the buttons of the private reply, and the audit. A
// second delivery of the event writes one "duplicate" audit row instead. An event without an ID is never a duplicate.
func (s *Store) Take(ctx context.Context, ev Event, buttons []Button, entries ...Entry) (duplicate bool, err error) {
	return change(ctx, s, "take an event", func(t tx) (bool, error) {
		duplicate, err := t.takeEvent(ev, "", entries)
		if err != nil || duplicate {
			return duplicate, err
		}
		if err := t.buttons(buttons); err != nil {
			return false, err
		}
		return false, t.audit(entries)
	})
}

// takeEvent takes the key of an event. If the key was taken before, seen writes a duplicate row about the person in entries
// and returns true.
func (t tx) takeEvent(ev Event, id string, entries []Entry) (duplicate bool, err error) {
	if ev.ID == "" {
		return false, nil
	}
	n, err := t.exec(`INSERT INTO pb_event (platform, workspace, event, digest, purge, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (platform, workspace, event) DO NOTHING`, ev.Platform, ev.Workspace, ev.ID, ev.Digest, id, now())
	if err != nil || n == 1 {
		return false, err
	}
	var digest, first string
	err = t.one(`SELECT digest, purge FROM pb_event WHERE platform = $1 AND workspace = $2 AND event = $3`,
		ev.Platform, ev.Workspace, ev.ID).Scan(&digest, &first)
	if err != nil {
		return false, err
	}
	return true, t.audit([]Entry{duplicateOf(ev, digest, first, entries)})
}

// duplicateOf returns the audit row of a second delivery. A delivery with another request than the first has its own
// mark.
func duplicateOf(ev Event, digest, first string, entries []Entry) Entry {
	body := Body{Event: ev.ID}
	if digest != "" && digest != ev.Digest { // a refused request has no digest
		body.AskedAtFirst, body.AsksNow = digest, ev.Digest
	}
	e := remark(AuditDuplicate, first, entries)
	e.Body = body.JSON()
	return e
}

// remark returns an audit row of the store's own about the person in entries.
func remark(what AuditKind, id string, entries []Entry) Entry {
	e := Entry{At: instant(now()), What: what, Purge: id}
	if len(entries) > 0 {
		e.Who, e.Name = entries[0].Who, entries[0].Name
	}
	return e
}

// buttons stores buttons under a hash of their tokens.
func (t tx) buttons(buttons []Button) error {
	rows := make([][]any, len(buttons))
	for i, b := range buttons {
		var id any // NULL without a purge
		if b.Purge != "" {
			id = b.Purge
		}
		rows[i] = []any{hashed(b.Token), id, b.Action, b.Who, b.Channel, string(b.Request), millis(b.Expires)}
	}
	return t.insert(`INSERT INTO pb_button (token, purge, action, who, channel, request, expires) VALUES`, rows)
}

func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Button returns the meaning of a token, expired or not, or false for an unknown token.
func (s *Store) Button(ctx context.Context, token string) (Button, bool, error) {
	b := Button{Token: token}
	var who, channel, request string
	var expires int64
	err := s.db.QueryRowContext(ctx, `SELECT COALESCE(purge, ''), action, who, channel, request, expires FROM pb_button WHERE token = $1`,
		hashed(token)).Scan(&b.Purge, &b.Action, &who, &channel, &request, &expires)
	b.Who, b.Channel, b.Request, b.Expires = acl.Subject(who), acl.Subject(channel), raw(request), instant(expires)
	return some("read a button", b, err)
}

// ButtonKey returns 16 hex digits that identify a purge in the tokens of its cards and reveal nothing of its secret.
func ButtonKey(secret string) string { return hashed("key of " + secret)[:16] }

// Pressed returns the purge with a ButtonKey, without its targets, or false if none has it.
func (s *Store) Pressed(ctx context.Context, key string) (Purge, bool, error) {
	p, err := scanPurge(s.db.QueryRowContext(ctx, `SELECT `+purgeColumns+` FROM pb_purge p WHERE button = $1`, key))
	return some("read what a button is of", p, err)
}
