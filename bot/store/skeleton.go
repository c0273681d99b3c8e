package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"purgebot/acl"
	"purgebot/purge"
)

var errSoon = errors.New("store: not built yet")

// Store is the open database.
type Store struct{ db *sql.DB }

func Open(ctx context.Context, url string) (*Store, error)         { return nil, errSoon }
func OpenReadOnly(ctx context.Context, url string) (*Store, error) { return nil, errSoon }
func (s *Store) DB() *sql.DB                                       { return s.db }
func (s *Store) Close() error                                      { return errSoon }
func (s *Store) Ping(ctx context.Context) error                    { return errSoon }
func (s *Store) Take(ctx context.Context, ev Event, buttons []Button, entries ...Entry) (duplicate bool, err error) {
	return false, errSoon
}
func (s *Store) Note(ctx context.Context, entries ...Entry) error { return errSoon }
func (s *Store) Record(ctx context.Context, p Purge, batches []purge.Batch, buttons []Button, entries ...Entry) (Purge, error) {
	return Purge{}, errSoon
}
func (s *Store) Purge(ctx context.Context, id string) (Purge, bool, error) {
	return Purge{}, false, errSoon
}
func (s *Store) Find(ctx context.Context, platform, workspace, short string) (Purge, bool, error) {
	return Purge{}, false, errSoon
}
func (s *Store) Targets(ctx context.Context, id string) ([]Target, error)      { return nil, errSoon }
func (s *Store) Batches(ctx context.Context, id string) ([]purge.Batch, error) { return nil, errSoon }
func (s *Store) Recent(ctx context.Context, who, channel acl.Subject, digest string, sameSince, urlsSince time.Time) (Recent, error) {
	return Recent{}, errSoon
}
func (s *Store) Unfinished(ctx context.Context) ([]string, error)       { return nil, errSoon }
func (s *Store) History(ctx context.Context, f Filter) ([]Purge, error) { return nil, errSoon }
func (s *Store) Asked(ctx context.Context, id string, ref json.RawMessage, expires time.Time) (time.Time, error) {
	return time.Time{}, errSoon
}
func (s *Store) Decide(ctx context.Context, d Decision, ev Event, entries ...Entry) (first Decision, won bool, err error) {
	return Decision{}, false, errSoon
}
func (s *Store) Decision(ctx context.Context, id string) (Decision, bool, error) {
	return Decision{}, false, errSoon
}
func (s *Store) Decided(ctx context.Context) ([]string, error) { return nil, errSoon }
func (s *Store) Stop(ctx context.Context, id string, who acl.Subject, ev Event, entries ...Entry) (duplicate bool, err error) {
	return false, errSoon
}
func (s *Store) Button(ctx context.Context, token string) (Button, bool, error) {
	return Button{}, false, errSoon
}
func (s *Store) SetState(ctx context.Context, id string, st State, entries ...Entry) error {
	return errSoon
}
func (s *Store) Begin(ctx context.Context, c Call, quota int, entries ...Entry) (stored Call, fresh bool, err error) {
	return Call{}, false, errSoon
}
func (s *Store) End(ctx context.Context, c Call, outcomes []Target, entries ...Entry) error {
	return errSoon
}
func (s *Store) Calls(ctx context.Context, id string) ([]Call, error) { return nil, errSoon }
func (s *Store) SetOutcomes(ctx context.Context, id string, outcomes []Target, entries ...Entry) error {
	return errSoon
}
func (s *Store) Finish(ctx context.Context, id string, st State, problem string, at time.Time, result bool, entries ...Entry) error {
	return errSoon
}
func (s *Store) Spent(ctx context.Context, day string) ([]Spent, error)  { return nil, errSoon }
func (s *Store) DueCards(ctx context.Context, limit int) ([]Card, error) { return nil, errSoon }
func (s *Store) CardShown(ctx context.Context, id string, role Role, version int64, ref json.RawMessage) error {
	return errSoon
}
func (s *Store) CardFailed(ctx context.Context, id string, role Role, version int64, giveUp bool) error {
	return errSoon
}
func (s *Store) CardOf(ctx context.Context, id string, role Role) (Card, bool, error) {
	return Card{}, false, errSoon
}
func (s *Store) Prune(ctx context.Context, purgesBefore, eventsBefore time.Time) (int, error) {
	return 0, errSoon
}
func (s *Store) VerifyAudit(ctx context.Context) (rows int64, broken int64, err error) {
	return 0, 0, errSoon
}
func (s *Store) Audit(ctx context.Context, id string) ([]Entry, error) { return nil, errSoon }
