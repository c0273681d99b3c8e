package store

import (
	"context"
	"encoding/json"
	"time"
)

// Notice is one message that is posted once and never edited. A notice is written in the transaction of its audit row
// and removed after posting.
type Notice struct {
	ID     string // assigned by the store; the same at every try
	Thread json.RawMessage
	Card   json.RawMessage
	At     time.Time
	Fails  int
}

const insertNotice = `INSERT INTO pb_notice (id, thread, card, at, fails) VALUES`

// Notices returns the notices still to be posted, oldest first. Notices that keep failing come last.
func (s *Store) Notices(ctx context.Context, limit int) ([]Notice, error) {
	found, err := rows(ctx, s.db, func(r row) (n Notice, err error) {
		var thread, card string
		var at int64
		err = r.Scan(&n.ID, &thread, &card, &at, &n.Fails)
		n.Thread, n.Card, n.At = raw(thread), raw(card), instant(at)
		return n, err
	}, `SELECT id, thread, card, at, fails FROM pb_notice ORDER BY fails, at, id LIMIT $1`, limit)
	return found, fail("list what is to be posted", err)
}

// NoticePosted removes a notice that was posted or given up.
func (s *Store) NoticePosted(ctx context.Context, id string) error {
	_, err := change(ctx, s, "forget a notice", func(t tx) (int64, error) {
		return t.exec(`DELETE FROM pb_notice WHERE id = $1`, id)
	})
	return err
}

// NoticeFailed counts a failed try to post a notice.
func (s *Store) NoticeFailed(ctx context.Context, id string) error {
	_, err := change(ctx, s, "note a failed notice", func(t tx) (int64, error) {
		return t.exec(`UPDATE pb_notice SET fails = fails + 1 WHERE id = $1`, id)
	})
	return err
}
