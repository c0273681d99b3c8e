package store

import (
	"context"
	"encoding/json"
	"strconv"

	"purgebot/acl"
)

// want makes a card that is to be shown.
func (t tx) want(id string, role Role) error {
	return t.wantOf(`p.id = $1`, id, role)
}

// wantOf makes a card of the role $2 for each purge p that meets a condition.
func (t tx) wantOf(condition string, id string, role Role) error {
	_, err := t.exec(`INSERT INTO pb_card (purge, role, ref, wanted, shown, fails, asked, turn)
		SELECT p.id, $2, '', 1, 0, 0, p.created_at, (SELECT COALESCE(max(f.fails), 0) FROM pb_card f WHERE f.purge = p.id AND f.shown < f.wanted)
			+ CASE WHEN $2 = '`+string(Status)+`' AND p.follows IS NULL THEN 0 ELSE `+headStart+` END
		FROM pb_purge p WHERE `+condition+` ON CONFLICT (purge, role) DO NOTHING`, id, role)
	return err
}

// bump marks as outdated the status card of a purge and of every request that joined it.
func (t tx) bump(id string) error {
	_, err := t.again(`purge IN `+withJoined+` AND role = $2`, id, Status)
	return err
}

// again marks as outdated the cards that meet a condition, and returns their number.
func (t tx) again(condition string, args ...any) (int, error) {
	type one struct {
		purge string
		fails int
	}
	bumped, err := rows(context.Background(), t, func(r row) (o one, err error) {
		err = r.Scan(&o.purge, &o.fails)
		return o, err
	}, `UPDATE pb_card SET wanted = wanted + 1 WHERE `+condition+` RETURNING purge, fails`, args...)
	for _, o := range bumped {
		if o.fails > 0 && err == nil {
			err = t.turns(o.purge)
		}
	}
	return len(bumped), err
}

// turns recalculates the order of the cards of a purge after one has failed or was shown. The order depends on the
// failures of the outdated cards; every card but the opening one starts HeadStart later.
func (t tx) turns(id string) error {
	_, err := t.exec(`UPDATE pb_card SET turn = `+turnOfCard+` WHERE purge = $1 AND turn <> `+turnOfCard, id)
	return err
}

const headStart = "8" // HeadStart as an SQL text

const turnOfCard = `((SELECT COALESCE(max(f.fails), 0) FROM pb_card f WHERE f.purge = pb_card.purge AND f.shown < f.wanted)
	+ CASE WHEN role = '` + string(Status) + `' AND ref = '' AND (SELECT p.follows FROM pb_purge p WHERE p.id = pb_card.purge) IS NULL
		THEN 0 ELSE ` + headStart + ` END)`

const cardColumns = `c.purge, c.role, c.ref, c.wanted, c.shown, c.fails`

func scanCard(r row) (c Card, err error) {
	var ref string
	err = r.Scan(&c.Purge, &c.Role, &ref, &c.Wanted, &c.Shown, &c.Fails)
	c.Ref = raw(ref)
	return c, err
}

// Due is an outdated card with the values that decide its order.
type Due struct {
	Card
	Channel acl.Subject // channel of the purge
	Opens   bool        // true for the first message of the purge, from which all its other messages hang
}

// HeadStart is the number of failures after which an opening message loses its priority over other messages.
const HeadStart = 8

// DueCards returns the outdated cards in order. Cards that open a purge come first, so that replies to one purge never
// delay the first message of another. A status card comes before the result card of its purge. Cards of purges that keep
// failing come last, so that they delay no others. Otherwise the oldest card is first.
func (s *Store) DueCards(ctx context.Context, limit int) ([]Due, error) {
	found, err := rows(ctx, s.db, scanDue, selectDue+strconv.Itoa(limit))
	return found, fail("list the cards that are due", err)
}

func scanDue(r row) (d Due, err error) {
	var ref string
	var behind bool
	err = r.Scan(&d.Purge, &d.Role, &ref, &d.Wanted, &d.Shown, &d.Fails, &d.Channel, &behind)
	d.Ref, d.Opens = raw(ref), !behind
	return d, err
}

// selectDue is followed by a literal limit. SQLite looks at a bound limit when planning, and would parse the query anew
// each time.
const selectDue = `SELECT ` + cardColumns + `, p.channel, c.ref <> '' OR c.role <> '` + string(Status) + `' OR p.follows IS NOT NULL
	FROM pb_card c CROSS JOIN pb_purge p ON p.id = c.purge WHERE c.shown < c.wanted ORDER BY c.turn, c.asked, c.purge, c.role DESC LIMIT `

// CardShown records that a message shows at least version, and names the message. A nil ref keeps the recorded message.
func (s *Store) CardShown(ctx context.Context, id string, role Role, version int64, ref json.RawMessage) error {
	_, err := change(ctx, s, "note a shown card of "+id, func(t tx) (none struct{}, err error) {
		_, err = t.exec(`UPDATE pb_card SET shown = CASE WHEN shown < $1 THEN $1 ELSE shown END, fails = 0,
			ref = CASE WHEN $2 = '' THEN ref ELSE $2 END WHERE purge = $3 AND role = $4`, version, string(ref), id, role)
		if err != nil {
			return none, err
		}
		return none, t.turns(id)
	})
	return err
}

// CardFailed counts a failed try to show version. With giveUp the card is left alone until a newer version is wanted.
func (s *Store) CardFailed(ctx context.Context, id string, role Role, version int64, giveUp bool) error {
	_, err := change(ctx, s, "note a failed card of "+id, func(t tx) (none struct{}, err error) {
		_, err = t.exec(`UPDATE pb_card SET fails = fails + 1, shown = CASE WHEN $1 = 1 AND shown < $2 THEN $2 ELSE shown END
			WHERE purge = $3 AND role = $4`, bit(giveUp), version, id, role)
		if err != nil {
			return none, err
		}
		return none, t.turns(id)
	})
	return err
}

// ShowsCard reports whether a message is the recorded message of a card.
func (s *Store) ShowsCard(ctx context.Context, ref json.RawMessage) (yes bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pb_card WHERE ref = $1 AND ref <> '')`, string(ref)).Scan(&yes)
	return yes, fail("look for a card by its message", err)
}

// CardOf returns a card of a purge, or false if none is wanted.
func (s *Store) CardOf(ctx context.Context, id string, role Role) (Card, bool, error) {
	c, err := scanCard(s.db.QueryRowContext(ctx, `SELECT `+cardColumns+` FROM pb_card c WHERE c.purge = $1 AND c.role = $2`, id, role))
	return some("read a card of "+id, c, err)
}
