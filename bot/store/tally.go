package store

import (
	"slices"
	"time"

	"purgebot/acl"
)

// This file keeps the counts that every answer needs: the open purges of a person, the waiting questions, and the URLs
// of a person in the last minutes. Each change of a counted row changes its sum in the same transaction, so that a look
// takes the same time with any number of purges. A test counts all rows anew after each step.

// The kept counts, with their names in pb_tally.
const (
	tallyOpen    = "open"           // open purges of a person, without prefetches that follow a purge
	tallyWaiting = "waiting"        // undecided questions of all people
	tallySecond  = "urls by second" // URLs of a person that were or may be sent
	tallyMinute  = "urls by minute" // the same URLs
)

const second, minute = int64(time.Second / time.Millisecond), int64(time.Minute / time.Millisecond)

// selectURLs adds the whole minutes of a span and the seconds before the first of them: at most seventy sums for ten
// minutes.
const selectURLs = `(SELECT COALESCE(sum(n), 0) FROM pb_tally WHERE who = $1 AND what = '` + tallySecond + `' AND at >= $5 AND at < $13)
	+ (SELECT COALESCE(sum(n), 0) FROM pb_tally WHERE who = $1 AND what = '` + tallyMinute + `' AND at >= $13)`

// wholeSecond returns the start of the second that contains t. wholeMinute returns the first start of a minute from then
// on. Both are keys of sums.
func wholeSecond(t time.Time) int64 { return millis(t) - millis(t)%second }
func wholeMinute(t time.Time) int64 { return (wholeSecond(t) + minute - second) / minute * minute }

const addTally = ` ON CONFLICT (who, what, at) DO UPDATE SET n = pb_tally.n + excluded.n`

// taken counts a newly recorded purge.
func (t tx) taken(p Purge) error {
	var sums [][]any
	if !p.State.Final() && p.Follows == "" {
		sums = append(sums, []any{p.Requester, tallyOpen, 0, 1})
	}
	if p.State == StateWaiting {
		sums = append(sums, []any{"", tallyWaiting, 0, 1})
	}
	if urls := paidURLs(p); urls > 0 && p.Confirm == "" {
		sums = append(sums, sumsOfURLs(p.Requester, p.CreatedAt, urls)...)
	}
	return t.add(sums)
}

func sumsOfURLs(who acl.Subject, at time.Time, urls int) [][]any {
	ms := millis(at)
	return [][]any{{who, tallySecond, ms - ms%second, urls}, {who, tallyMinute, ms - ms%minute, urls}}
}

// add adds to sums; each element holds the person, the count, its start and the difference.
func (t tx) add(sums [][]any) error {
	if len(sums) == 0 {
		return nil
	}
	_, err := t.exec(`INSERT INTO pb_tally (who, what, at, n) VALUES `+tuples(len(sums), len(sums[0]))+addTally, slices.Concat(sums...)...)
	return err
}

// confirmed counts the URLs of a question from its confirmation on.
func (t tx) confirmed(id string, at time.Time) error {
	var who acl.Subject
	var urls int
	err := t.one(`SELECT requester, CASE WHEN confirm = '' THEN 0 ELSE urls END FROM pb_purge WHERE id = $1`, id).Scan(&who, &urls)
	if err != nil || urls == 0 {
		return err
	}
	return t.add(sumsOfURLs(who, at, urls))
}

// uncount subtracts the URLs of a purge that surely never reached the vendor. The caller makes sure that no call of the
// purge can leave any more.
func (t tx) uncount(id string) error {
	var unsent int
	if err := t.one(`SELECT count(*) FROM (`+selectUnsent+`) u`, id).Scan(&unsent); err != nil || unsent == 0 {
		return err
	}
	n, err := t.exec(`UPDATE pb_purge SET urls = urls - $1 WHERE id = $2 AND urls > 0`, unsent, id)
	if err != nil || n == 0 {
		return err
	}
	var who acl.Subject
	var at int64
	err = t.one(`SELECT p.requester, CASE WHEN p.confirm = '' THEN p.created_at ELSE COALESCE(d.at, 0) END FROM pb_purge p
		LEFT JOIN pb_decision d ON d.purge = p.id AND d.what = 'confirmed' WHERE p.id = $1`, id).Scan(&who, &at)
	if err != nil || at == 0 { // an unconfirmed question was never counted
		return err
	}
	return t.add(sumsOfURLs(who, instant(at), -unsent))
}

// waits counts a purge that starts to wait, unless it is decided already.
func (t tx) waits(id string) error {
	_, err := t.exec(`INSERT INTO pb_tally (who, what, at, n) SELECT '', '`+tallyWaiting+`', 0, 1 FROM pb_purge
		WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM pb_decision WHERE purge = $1)`+addTally, id)
	return err
}

// waitsNoMore stops counting a purge as waiting. It must be called before the purge moves on, is decided or ends.
func (t tx) waitsNoMore(id string) error {
	_, err := t.exec(`UPDATE pb_tally SET n = n - 1 WHERE who = '' AND what = '`+tallyWaiting+`' AND at = 0
		AND EXISTS (SELECT 1 FROM pb_purge WHERE id = $1 AND state = 'waiting') AND NOT EXISTS (SELECT 1 FROM pb_decision WHERE purge = $1)`, id)
	return err
}

// openNoMore stops counting a purge as open. It must be called before the end of the purge, or once it is decided
// against.
func (t tx) openNoMore(id string, but Verdict) error {
	_, err := t.exec(`UPDATE pb_tally SET n = n - 1 WHERE what = '`+tallyOpen+`' AND at = 0 AND who = (SELECT requester FROM pb_purge
		WHERE id = $1 AND finished_at = 0 AND follows IS NULL AND NOT EXISTS (SELECT 1 FROM pb_decision WHERE purge = $1 AND what <> $2))`, id, but)
	return err
}
