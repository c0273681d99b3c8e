package store

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/purge"
)

// flat are the ways to read that take as long with a million purges as with none.
var flat = []*regexp.Regexp{
	// One row, by its whole key; or the rows of one purge, one day, or one question's charges.
	regexp.MustCompile(`^SEARCH \w+ USING (COVERING )?INDEX sqlite_autoindex_pb_\w+ \((id|token|button|name)=\?\)$`),
	regexp.MustCompile(`^SEARCH \w+ USING (COVERING )?INDEX sqlite_autoindex_pb_\w+ \(purge=\?( AND \w+=\?)*\)( LEFT-JOIN)?$`),
	regexp.MustCompile(`^SEARCH \w+ USING INDEX sqlite_autoindex_pb_event_1 \(platform=\? AND workspace=\? AND event=\?\)$`),
	regexp.MustCompile(`^SEARCH p USING INDEX sqlite_autoindex_pb_purge_\d \(short=\? AND platform=\? AND workspace=\?\)$`),
	regexp.MustCompile(`^SEARCH \w+ USING INDEX sqlite_autoindex_pb_spent(_by)?_1 \(day=\?( AND kind=\? AND area=\?)?\)$`),
	regexp.MustCompile(`^SEARCH pb_card USING COVERING INDEX pb_card_ref \(ref=\?\)$`),
	regexp.MustCompile(`^SEARCH \w+ USING INDEX sqlite_autoindex_pb_budget_1 \(day=\? AND key=\?( AND kind=\? AND area=\?)?\)$`),
	// Sums: one, or those of some minutes.
	regexp.MustCompile(`^SEARCH pb_tally USING INDEX sqlite_autoindex_pb_tally_1 \(who=\? AND what=\? AND at(=|>)\?( AND at<\?)?\)$`),
	// The newest call with one target, and the first cards and notices in their order: each ends at its limit.
	regexp.MustCompile(`^SEARCH s USING INDEX pb_sent_target \(target=\? AND at>\?\)$`),
	regexp.MustCompile(`^SCAN c USING INDEX pb_card_due$`), regexp.MustCompile(`^SCAN pb_notice USING INDEX pb_notice_turn$`),
	// What is open of the very same request, what has joined one purge, what one person joined a moment ago; and the questions, of which
	// so many may wait and no more.
	regexp.MustCompile(`^SEARCH \w+ USING INDEX pb_purge_open \(digest=\?( AND created_at>\?)?\)$`),
	regexp.MustCompile(`^SEARCH \w+ USING INDEX pb_purge_(joined|rejoined) \((joined=\?|digest=\? AND requester=\? AND channel=\? AND created_at>\?)\)$`),
	regexp.MustCompile(`^SEARCH pb_purge USING INDEX pb_purge_asking \(state=\?\)$`),
	// The rules that hold.
	regexp.MustCompile(`^SEARCH pb_rule USING INDEX pb_rule_active \(until>\?\)$`),
	// Not a table.
	regexp.MustCompile(`^SCAN (CONSTANT ROW|\d+-ROW VALUES CLAUSE|\(subquery-\d+\))$`),
}

// sorting may be needed for what is few by itself: the rules, who spent a day's quota, the batches of one purge, and what is open of one request.
var sorting = regexp.MustCompile(`pb_rule|pb_spent_by|t.purge = \$1|p.digest = \$3|k.nth`)

// TestPlansOnTheWay lives through all that is on the way to an answer, a call or a card, and has SQLite say for each statement that was
// run how it reads: what it reads must not grow with what there is, was, or was lately. A way to read that is not known here fails.
func TestPlansOnTheWay(t *testing.T) {
	t.Parallel()
	s, _ := opened(t)
	before := ready(t, s.db)
	onTheWay(t, s)
	queries := slices.DeleteFunc(ready(t, s.db), func(q string) bool { return slices.Contains(before, q) || !strings.Contains(q, "pb_") })
	require.Greater(t, len(queries), 60)
	for _, query := range queries {
		for _, step := range explained(t, s, query, make([]any, parameters(query))) {
			switch {
			case strings.HasPrefix(step, "SEARCH"), strings.HasPrefix(step, "SCAN"):
				assert.True(t, slices.ContainsFunc(flat, func(way *regexp.Regexp) bool { return way.MatchString(step) }), "%s\n%s", step, query)
			case strings.HasPrefix(step, "USE TEMP B-TREE"):
				assert.Regexp(t, sorting, query, step)
			}
		}
	}
}

// parameters is the highest number of one.
func parameters(query string) (most int) {
	for _, found := range regexp.MustCompile(`\$(\d+)`).FindAllStringSubmatch(query, -1) {
		n, _ := strconv.Atoi(found[1])
		most = max(most, n)
	}
	return most
}

// onTheWay calls what the bot calls while it takes, decides, sends, follows and shows.
func onTheWay(t *testing.T, s *Store) {
	ctx, p := context.Background(), oldPurge(t, 1)
	p.Channel, p.Digest, p.Confirm = "slack:T1/C1", "digest", acl.Requester
	p.Charges = []Charge{{Day: "d", Key: "k", Kind: purge.URL, Area: purge.Mainland, Units: 1, Limit: 9}}
	batch := purge.Batch{Kind: purge.URL, Area: purge.Mainland, Targets: p.Request.Parts[0].Targets}
	ok := func(errs ...error) {
		for _, err := range errs {
			require.NoError(t, err)
		}
	}
	look := RecentQuery{ID: p.ID, Who: p.Requester, Channel: p.Channel, Digest: p.Digest, Day: "d", Kind: purge.URL, Platform: "slack", Workspace: "T1"}

	// What is asked before, and the taking; of one that joins, too, and of an event that makes no purge.
	_, _, err := s.Rules(ctx, midday)
	ok(err)
	_, err = s.Budget(ctx, "d", "k")
	ok(err)
	_, err = s.Spent(ctx, "d")
	ok(err)
	_, err = s.Recent(ctx, look)
	ok(err)
	for range 2 {
		_, err = s.TakeIf(ctx, look, func(Recent) *Intake {
			return &Intake{p, []purge.Batch{batch}, []Entry{rowOf(AuditAsked, p.ID)}}
		})
		ok(err)
	}
	joins := oldPurge(t, 2)
	joins.State, joins.Joined = StateJoined, p.ID
	_, err = s.Record(ctx, joins, nil, rowOf(AuditJoined, p.ID))
	ok(err)
	_, err = s.HasJoined(ctx, joins.Requester, p.ID)
	ok(err)
	for range 2 {
		_, err = s.Take(ctx, Event{"slack", "T1", "e", ""}, []Button{{Token: "t", Action: "a", Expires: midday}}, rowOf(AuditRefused, ""))
		ok(err)
	}
	_, err = s.LastPurged(ctx, p.Request, midday, p.Requester)
	ok(err)

	// A question, and its press.
	_, err = s.Asked(ctx, p.ID, json.RawMessage(`{}`), midday.Add(time.Hour))
	ok(err, s.Remind(ctx, p.ID, true))
	_, _, err = s.Button(ctx, "t")
	ok(err)
	_, _, err = s.Pressed(ctx, ButtonKey(p.Secret))
	ok(err)
	_, err = s.Waiting(ctx)
	ok(err)
	r := Rule{ID: "r-1", Kind: Freeze, Domain: "x.test", Until: midday.Add(time.Hour), By: "slack:T1/U1", At: midday}
	_, _, err = s.AddRule(ctx, r, Event{}, rowOf(AuditFrozen, ""))
	ok(err)
	_, _, err = s.RevokeRules(ctx, []string{"r-1"}, "slack:T1/U1", midday, Event{}, rowOf(AuditUnfrozen, ""))
	ok(err)
	for range 2 {
		_, _, err = s.Decide(ctx, Decision{Purge: p.ID, What: Confirmed, Who: "slack:T1/U2", At: midday}, Event{}, rowOf(AuditConfirmed, p.ID))
		ok(err)
	}
	against := inState(t, s, 3, StateCancelled)

	// The call, its answer, a look, and the end.
	ok(s.SetState(ctx, p.ID, StateSending))
	_, _, err = s.Turn(ctx, time.Second, time.Hour)
	ok(err)
	_, err = s.Resting(ctx)
	ok(err)
	loads(t, s, p)
	c, fresh, err := s.Begin(ctx, Call{Purge: p.ID, Kind: purge.URL, Area: purge.Mainland, Units: 1, Day: "d", At: midday}, 9,
		func([]Rule) string { return "" }, rowOf(AuditSending, p.ID))
	ok(err)
	require.True(t, fresh)
	c.State, c.Receipt = CallUnknown, purge.Receipt{TaskID: "1", At: midday}
	ok(s.End(ctx, c, []Target{{Area: purge.Mainland, Outcome: purge.OutcomeUnknown}}, rowOf(AuditAnswered, p.ID)), s.SetState(ctx, p.ID, StateFollowing))
	_, err = s.Learn(ctx, p.ID, []Target{{Area: purge.Mainland, Outcome: purge.Failed}}, rowOf(AuditSeen, p.ID))
	ok(err, s.Redraw(ctx, p.ID))
	c.Try = 1
	c, _, err = s.Begin(ctx, c, 9, nil)
	ok(err)
	c.State = CallRefused
	ok(s.End(ctx, c, nil))
	_, err = s.Stop(ctx, p.ID, "slack:T1/U1", Event{})
	ok(err)
	follows := oldPurge(t, 4)
	follows.Follows, follows.Confirm = p.ID, ""
	_, err = s.FinishThen(ctx, p.ID, StateUnknown, "", midday, true, &Intake{Purge: follows}, rowOf(AuditEnded, p.ID))
	ok(err, s.Revise(ctx, p.ID, StateDone, "", []Target{{Area: purge.Mainland, Outcome: purge.Done}}), s.Note(ctx, rowOf(AuditDuplicate, against)))

	// The cards, and what is posted beside them.
	_, err = s.DueCards(ctx, 200)
	ok(err, s.CardFailed(ctx, p.ID, Result, 1, false), s.SetState(ctx, follows.ID, StateSending))
	ok(s.CardShown(ctx, p.ID, Status, 9, json.RawMessage(`{}`)), s.NoticeFailed(ctx, "none"), s.NoticePosted(ctx, "none"))
	_, err = s.Notices(ctx, 9)
	ok(err)
	_, _, err = s.CardOf(ctx, p.ID, Status)
	ok(err)
	_, err = s.ShowsCard(ctx, json.RawMessage(`{}`))
	ok(err)
	_, err = s.SpentBy(ctx, "d")
	ok(err)
}

// loads reads all of a purge, as each step does.
func loads(t *testing.T, s *Store, p Purge) {
	ctx := context.Background()
	_, found, err := s.Purge(ctx, p.ID)
	require.NoError(t, err)
	require.True(t, found)
	_, _, err = s.Find(ctx, "slack", "T1", p.Short)
	require.NoError(t, err)
	_, _, err = s.Decision(ctx, p.ID)
	require.NoError(t, err)
	_, err = s.Batches(ctx, p.ID)
	require.NoError(t, err)
	_, err = s.Targets(ctx, p.ID)
	require.NoError(t, err)
	_, err = s.Calls(ctx, p.ID)
	require.NoError(t, err)
}
