package store

import (
	"context"
	"encoding/json"
	"strconv"

	"purgebot/acl"
)

// want makes a card that is to be shown.
func (t tx) want(id string, role Role) error {
	_, err := t.exec(`INSERT INTO pb_card (purge, role, ref, wanted, shown, fails) VALUES ($1, $2, '', 1, 0, 0) ON CONFLICT (purge, role) DO NOTHING`, id, role)
	return err
}

// bump says that the status card, and those of all that joined, show something old.
func (t tx) bump(id string) error {
	_, err := t.exec(`UPDATE pb_card SET wanted = wanted + 1 WHERE purge IN `+withJoined+` AND role = $2`, id, Status)
	return err
}

const cardColumns = `c.purge, c.role, c.ref, c.wanted, c.shown, c.fails`

func scanCard(r row) (c Card, err error) {
	var ref string
	err = r.Scan(&c.Purge, &c.Role, &ref, &c.Wanted, &c.Shown, &c.Fails)
	c.Ref = raw(ref)
	return c, err
}

// Due is a card that is behind, and what decides when its turn is.
type Due struct {
	Card
	Channel acl.Subject // of its purge
	Opens   bool        // it is the first message of its purge: what else is told of that hangs from it
}

// HeadStart is how often a message that opens a purge may have failed and still go before all that follows another.
const HeadStart = 8

// DueCards returns the cards that are behind. Those that open their purge come before all else, so that replies to one purge never
// keep another from being seen; the status of a purge comes before its result; purges whose cards keep failing come last, so that
// they hold up nobody; else the oldest is first.
func (s *Store) DueCards(ctx context.Context, limit int) ([]Due, error) {
	found, err := rows(ctx, s.db, scanDue, selectDue+strconv.Itoa(limit))
	return found, fail("list the cards that are due", err)
}

func scanDue(r row) (d Due, err error) {
	var ref string
	var behind int
	err = r.Scan(&d.Purge, &d.Role, &ref, &d.Wanted, &d.Shown, &d.Fails, &d.Channel, &behind)
	d.Ref, d.Opens = raw(ref), behind == 0
	return d, err
}

// later is by how many failures a card comes behind those that open their purge; 0 for these.
var later = `CASE WHEN c.role = '` + string(Status) + `' AND c.ref = '' AND p.follows IS NULL THEN 0 ELSE ` + strconv.Itoa(HeadStart) + ` END`

// selectDue is followed by its limit: SQLite looks into a bound one to plan, and so parses the query anew each time.
var selectDue = `SELECT ` + cardColumns + `, p.channel, ` + later + ` FROM pb_card c JOIN pb_purge p ON p.id = c.purge WHERE c.shown < c.wanted
		ORDER BY (SELECT max(f.fails) FROM pb_card f WHERE f.purge = c.purge AND f.shown < f.wanted) + ` + later + `, p.created_at, c.purge, c.role DESC
		LIMIT `

// CardShown says that a message shows at least version, and which message it is; a nil ref leaves that as it was.
func (s *Store) CardShown(ctx context.Context, id string, role Role, version int64, ref json.RawMessage) error {
	_, err := change(ctx, s, "note a shown card of "+id, func(t tx) (int64, error) {
		return t.exec(`UPDATE pb_card SET shown = CASE WHEN shown < $1 THEN $1 ELSE shown END, fails = 0,
			ref = CASE WHEN $2 = '' THEN ref ELSE $2 END WHERE purge = $3 AND role = $4`, version, string(ref), id, role)
	})
	return err
}

// CardFailed counts a try to show version that failed; giveUp has the card left as it is until something newer is wanted.
func (s *Store) CardFailed(ctx context.Context, id string, role Role, version int64, giveUp bool) error {
	_, err := change(ctx, s, "note a failed card of "+id, func(t tx) (int64, error) {
		return t.exec(`UPDATE pb_card SET fails = fails + 1, shown = CASE WHEN $1 = 1 AND shown < $2 THEN $2 ELSE shown END
			WHERE purge = $3 AND role = $4`, bit(giveUp), version, id, role)
	})
	return err
}

// ShowsCard reports whether a message is one that a card is known to stand in. It reads all cards: it is for what happens rarely.
func (s *Store) ShowsCard(ctx context.Context, ref json.RawMessage) (yes bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pb_card WHERE ref = $1)`, string(ref)).Scan(&yes)
	return yes, fail("look for a card by its message", err)
}

// CardOf returns a card of a purge; false if none is wanted.
func (s *Store) CardOf(ctx context.Context, id string, role Role) (Card, bool, error) {
	c, err := scanCard(s.db.QueryRowContext(ctx, `SELECT `+cardColumns+` FROM pb_card c WHERE c.purge = $1 AND c.role = $2`, id, role))
	return some("read a card of "+id, c, err)
}
