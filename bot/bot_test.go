package bot

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/runner"
	"purgebot/bot/store"
	"purgebot/purge"
)

func TestURLIsPurgedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Empty(t, w.types(alice, "https://www.test.com/1.jpg").Title)
	end := w.ends("Done in mainland: 1 URL on www.test.com")
	assert.Contains(t, end.card.Lines, "Overseas was not purged.")
	require.Len(t, w.cdn.sent(), 1)
	assert.Equal(t, purge.Mainland, w.cdn.sent()[0].Area)
}

func TestDirectoryWaitsForItsRequester(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.asks(alice, directory+" --overseas")
	w.quiet()
	w.presses(alice, "Purge")
	w.ends("Done in overseas: 1 directory on www.test.com")
	require.Len(t, w.cdn.sent(), 1)
}

func TestResultIsANewMessageThatMentionsTheRequester(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/1.jpg")
	result := w.result()
	assert.Equal(t, w.chat.all()[0].ref.ID, result.at.Root)
	assert.Contains(t, result.card.Mention, alice)
	assert.Len(t, w.chat.all(), 2, "one card edited in place, and the result")
	assert.Empty(t, w.chat.all()[0].card.Mention)
}

func (w *world) result() shown {
	w.t.Helper()
	return w.chat.await(w.t, isResult)
}

func TestManyURLsOfOnePersonAreAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.ConfirmURLs = 3 })
	w.types(alice, "https://www.test.com/1 https://www.test.com/2 https://www.test.com/3")
	w.ends("Done")
	w.asks(alice, "https://www.test.com/4") // in the same ten minutes
	assert.Len(t, w.cdn.sent(), 1)
}

// The test asks for more URLs than may go without a question, ends the question in each way, and then purges a single URL.
func TestOnlyWhatWasOrMayBeSentCountsAsMany(t *testing.T) {
	t.Parallel()
	many := "https://www.test.com/1 https://www.test.com/2 https://www.test.com/3 https://www.test.com/4"
	for name, c := range map[string]struct {
		end  func(*world)
		asks bool
	}{
		"left open": {func(*world) {}, false},
		"cancelled": {func(w *world) { w.presses(alice, "Cancel"); w.ends("Cancelled") }, false},
		"withdrawn": {func(w *world) {
			w.setPolicy(strings.ReplaceAll(worldPolicy, "www.test.com, ", ""))
			w.presses(alice, "Purge")
			w.ends("Not purged")
			w.setPolicy(worldPolicy)
		}, false},
		"confirmed": {func(w *world) { w.presses(alice, "Purge"); w.ends("Done") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *Options) { o.ConfirmURLs = 3 })
			w.asks(alice, many)
			c.end(w)
			w.types(alice, "https://www.test.com/5")
			if c.asks {
				w.ends("Purge 1 URL")
			} else {
				w.ends("Done in mainland: 1 URL")
			}
		})
	}
}

func TestRefusedTargetsLeaveTheRestOnePressAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.types(alice, "https://www.test.com/1 https://evil.test/ www.test.com/2")
	text := strings.Join(c.Lines, "\n")
	assert.Contains(t, text, "No rule lets you purge evil.test. You are slack:T0/UALICE. Ask #cdn-help.")
	assert.Contains(t, text, "https://www.test.com/2", "what was meant is offered")
	w.quiet()
	press := chat.Answer{Event: w.event(), From: alice, At: channel, Token: token(c, "Purge the other one")}
	for range 2 {
		_, err := w.bot.desk.Answer(context.Background(), press)
		require.NoError(t, err)
		press.Event = w.event()
	}
	w.ends("Done")
	require.Len(t, w.cdn.sent(), 1, "pressed twice, purged once")
	assert.Equal(t, "https://www.test.com/1", w.cdn.sent()[0].Targets[0].String())
}

func TestOfferIsForThePersonItWasMadeTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.types(alice, "https://www.test.com/1 https://evil.test/")
	r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: bob, At: channel, Token: c.Buttons[0].Token})
	require.NoError(t, err)
	assert.Contains(t, r.Card.Title, "no longer valid")
}

func TestUnknownAndForbiddenHostsAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	forbidden := w.types(carol, "https://www.test.com/").Lines[0]
	unknown := w.types(carol, "https://nowhere.test/").Lines[0]
	assert.Equal(t, strings.ReplaceAll(forbidden, "www.test.com", "H"), strings.ReplaceAll(unknown, "nowhere.test", "H"))
}

func TestGrammarMistakeIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Contains(t, w.types(alice, "https://www.test.com/ --frobnicate").Title, "--frobnicate")
	w.quiet()
}

func TestRedeliveryHasOneEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := chat.Command{Event: w.event(), From: alice, At: channel, Text: "https://www.test.com/1"}
	for range 5 {
		r, err := w.bot.desk.Command(context.Background(), c)
		require.NoError(t, err)
		assert.Nil(t, r.Card)
	}
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
	c = chat.Command{Event: w.event(), From: alice, At: channel, Text: "help"}
	first, err := w.bot.desk.Command(context.Background(), c)
	require.NoError(t, err)
	assert.NotNil(t, first.Card)
	second, err := w.bot.desk.Command(context.Background(), c)
	require.NoError(t, err)
	assert.Nil(t, second.Card, "a redelivered mention is not answered twice")
}

func TestWhatWasRefusedIsNotTakenWhenItComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPolicy(strings.Replace(worldPolicy, "www.test.com, ", "", 1))
	c := chat.Command{Event: w.event(), From: alice, At: channel, Text: "https://www.test.com/1"}
	first, err := w.bot.desk.Command(context.Background(), c)
	require.NoError(t, err)
	require.NotNil(t, first.Card)
	w.setPolicy(worldPolicy)
	again, err := w.bot.desk.Command(context.Background(), c)
	require.NoError(t, err)
	assert.Nil(t, again.Card)
	rows, err := w.bot.Store.History(t.Context(), store.Filter{})
	require.NoError(t, err)
	assert.Empty(t, rows, "whoever was refused has not asked again: the platform has")
	w.types(alice, "https://www.test.com/1")
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
}

func TestRepeatWithinAMinuteJoinsTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.asks(alice, directory)
	assert.Contains(t, w.types(alice, directory).Title, "You already asked")
	w.presses(alice, "Purge")
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
}

func TestStandingAndPlaceComeFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.chat.channel = chat.Channel{Joined: true, Shared: true}
	assert.Equal(t, card.SharedChannel, w.types(alice, "https://www.test.com/1").Title)
	w.chat.channel = chat.Channel{Invite: "/invite @purgebot"}
	assert.Contains(t, w.types(alice, "https://www.test.com/1").Title, "/invite @purgebot")
	w.chat.channel = chat.Channel{Joined: true}
	w.chat.is(alice, chat.Guest)
	assert.Equal(t, card.StandingProblem[chat.Guest], w.types(alice, "help").Title)
	w.quiet()
	assert.Empty(t, w.chat.all(), "nothing is posted")
}

func TestTooManyCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.PersonRate = 2 })
	w.types(alice, "help")
	w.types(alice, "help")
	assert.Contains(t, w.types(alice, "https://www.test.com/1").Title, "More than 2 commands")
	assert.Equal(t, "What you can type", w.types(bob, "help").Title, "others are unaffected")
	w.quiet()
}

func TestTooManyOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.PersonOpen = 1 })
	w.asks(alice, directory)
	assert.Contains(t, w.types(alice, "https://www.test.com/1").Title, "You have 1 purges open")
}

func TestQuotaIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.QuotaURLs = 3 })
	w.types(alice, "https://www.test.com/1 https://www.test.com/2")
	w.ends("Done")
	title := w.types(alice, "https://www.test.com/3 https://www.test.com/4").Title
	assert.Contains(t, title, "needs 2 of today's mainland URLs, and 1 are left")
	assert.Contains(t, title, "00:00 UTC")
	assert.Len(t, w.cdn.sent(), 1)
}

func TestHowCallsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   *purge.Error
		title string
		line  string
		calls int
	}{
		"a clear refusal is never repeated": {&purge.Error{Kind: purge.NotFound, Message: "Not on the account."}, "Failed", "Not on the account.", 1},
		"wrong key":                         {&purge.Error{Kind: purge.Internal, Message: "The key is wrong."}, "Failed", "The key is wrong.", 1},
		"quota gone at the vendor":          {&purge.Error{Kind: purge.Exhausted, Message: "No quota."}, "Failed", "No quota.", 1},
		"cut after sending":                 {&purge.Error{Kind: purge.Unknown, Message: "It may have been done."}, "Unknown", "may have been done", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.cdn.answer = func(purge.Batch) error { return c.err }
			w.cdn.status = func(purge.StatusQuery) ([]purge.TargetStatus, error) { return nil, nil }
			w.types(alice, "https://www.test.com/1")
			w.ends(c.title)
			assert.Contains(t, strings.Join(w.result().card.Lines, "\n"), c.line)
			assert.Len(t, w.cdn.sent(), c.calls)
		})
	}
}

func TestNotSentIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := 0
	w.cdn.answer = func(purge.Batch) error {
		if n++; n == 1 {
			return &purge.Error{Kind: purge.Unavailable, Message: "No connection."}
		}
		return nil
	}
	w.types(alice, "https://www.test.com/1")
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 2)
}

func TestUnknownIsSettledByLookingUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.answer = func(purge.Batch) error { return &purge.Error{Kind: purge.Unknown, Message: "It may have been done."} }
	w.types(alice, "https://www.test.com/1") // the fake's log has it as done
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1, "no second try")
}

func TestWhereStatusCannotBeToldItEndsAsAccepted(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]func(purge.StatusQuery) ([]purge.TargetStatus, error){
		"refused": func(purge.StatusQuery) ([]purge.TargetStatus, error) { return nil, &purge.Error{Kind: purge.Denied} },
		"lacking": func(purge.StatusQuery) ([]purge.TargetStatus, error) { return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.cdn.status = status
			w.types(alice, "https://www.test.com/1")
			w.ends("Accepted in mainland")
			assert.Contains(t, strings.Join(w.result().card.Lines, "\n"), "Tencent accepted it; its API does not tell when it is done")
		})
	}
}

func TestRunningIsFollowedAndFailureIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	looks := 0
	w.cdn.status = func(q purge.StatusQuery) ([]purge.TargetStatus, error) {
		if looks++; looks < 4 {
			return seen(q, purge.Accepted), nil
		}
		s := seen(q, purge.Failed)
		s[0].Reason = "node\nerror <!channel>"
		return s, nil
	}
	w.types(alice, "https://www.test.com/1")
	w.ends("Failed")
	assert.Contains(t, strings.Join(w.result().card.Lines, "\n"), "Tencent reports that it failed: node error")
}

func TestOneBadHostDoesNotSinkTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.answer = func(b purge.Batch) error {
		if b.Targets[0].Host() == "www.abc.com" {
			return &purge.Error{Kind: purge.NotFound, Message: "www.abc.com is not on the account."}
		}
		return nil
	}
	w.types(alice, "https://www.abc.com/1 https://www.test.com/1")
	w.ends("Partly done")
	lines := strings.Join(w.result().card.Lines, "\n")
	assert.Contains(t, lines, "Mainland: 1 done, 1 failed.")
	assert.Contains(t, lines, "https://www.abc.com/1: www.abc.com is not on the account.")
}

func TestChatDownNeverHoldsUpAPurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cdn.entered = make(chan struct{}, 1)
	w.chat.setFail(&purge.Error{Kind: purge.Unavailable, Message: "Chat is down."})
	w.types(alice, "https://www.test.com/1")
	<-w.cdn.entered
	w.chat.setFail(nil)
	w.ends("Done")
}

func TestQuestionThatCannotBeShownSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.chat.setFail(&purge.Error{Kind: purge.Denied, Message: "This channel is archived."})
	w.types(alice, directory)
	told := w.chat.awaitIn(t, &w.chat.told, func(shown) bool { return true })
	assert.Contains(t, strings.Join(told.card.Lines, "\n"), "This channel is archived.")
	w.quiet()
}

func TestPrivateShowsNoTargetInTheChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.types(alice, "https://www.test.com/secret.pdf --private")
	assert.Equal(t, []string{"https://www.test.com/secret.pdf"}, c.Targets, "the requester sees it")
	w.ends("Done")
	w.result()
	for _, m := range w.chat.all() {
		assert.NotContains(t, string(books.JSON(m.card)), "secret.pdf")
		assert.Contains(t, m.card.Title, "1 URL on www.test.com")
	}
}

func TestLeakIsEverywhereAndPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, `leak https://www.test.com/x/ "customer list"`)
	m := w.presses(alice, "Delete")
	assert.Empty(t, m.Title)
	w.ends("Done in mainland and overseas")
	require.Len(t, w.cdn.sent(), 2)
	for _, b := range w.cdn.sent() {
		assert.Equal(t, purge.Delete, b.Mode)
	}
}

func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.types(alice, directory+" --dry-run")
	assert.Contains(t, c.Title, "Dry run, nothing is sent: 1 directory on www.test.com in mainland")
	assert.Contains(t, strings.Join(c.Lines, "\n"), "Costs 1 of 100 mainland directories left today, as far as purgebot knows")
	w.quiet()
	assert.Empty(t, w.chat.all())
}

func TestStatusHistoryAndWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/1")
	short := strings.Fields(w.ends("Done").card.Footer)[0]
	assert.Contains(t, w.types(alice, "status "+short).Title, "Done")
	assert.Contains(t, w.types(bob, "status "+short).Title, "Done", "granted all its hosts")
	assert.Equal(t, card.NoSuchPurge, w.types(carol, "status "+short).Title)
	assert.Equal(t, card.NoSuchPurge, w.types(carol, "status p-00000000").Title, "as if it did not exist")
	assert.Equal(t, card.NoSuchPurge, w.types(carol, "cancel "+short).Title)
	assert.Contains(t, strings.Join(w.types(alice, "history").Lines, "\n"), short)
	assert.Contains(t, strings.Join(w.types(alice, "history www.test.com --since 1d").Lines, "\n"), short)
	assert.Contains(t, w.types(carol, "history").Title, "No purge")
}

func TestWhoamiDomainsWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.types(alice, "whoami")
	assert.Equal(t, "You are slack:T0/UALICE", c.Title)
	assert.Contains(t, c.Lines, "The policy file calls you alice")
	assert.Contains(t, c.Lines, "You are in the policy file's group web")
	assert.Equal(t, []string{"This channel is slack:T0/C0", "I see you in no group that the policy file names."}, w.types(carol, "whoami").Lines)
	assert.Contains(t, w.types(alice, "domains").Lines[0], "www.test.com")
	assert.Contains(t, w.types(carol, "domains").Title, "No rule")
	assert.Contains(t, strings.Join(w.types(alice, "why https://www.test.com/").Lines, "\n"), "yes, by the rule")
	assert.Contains(t, strings.Join(w.types(carol, "why https://www.test.com/").Lines, "\n"), "No rule lets you purge")
}

func TestFormOfABareCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := w.bot.desk.Command(context.Background(), chat.Command{Event: w.event(), From: alice, At: channel})
	require.NoError(t, err)
	require.NotNil(t, r.Form)
	_, err = w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: alice, At: channel, Token: r.Form.Token,
		Values: map[string]string{"targets": "https://www.test.com/1\nhttps://www.test.com/2", "verb": "url", "area": "", "mode": "", "reason": ""}})
	require.NoError(t, err)
	w.ends("Done in mainland: 2 URLs")
}

func TestEveryDecisionAndEffectIsInTheAudit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.asks(alice, directory)
	w.presses(alice, "Purge")
	w.ends("Done")
	ids, err := w.bot.Store.History(context.Background(), store.Filter{})
	require.NoError(t, err)
	rows, err := w.bot.Store.Audit(context.Background(), ids[0].ID)
	require.NoError(t, err)
	var what []string
	for _, r := range rows {
		what = append(what, string(r.What))
	}
	assert.Equal(t, []string{"asked", "confirmed", "sending", "answered", "seen", "ended"}, what)
	assert.Equal(t, "Alice", rows[0].Name)
	assert.Contains(t, string(rows[1].Body), `"channel":"slack:T0/C0","policy":"`+w.bot.rules.Policy().Hash())
	assert.Contains(t, string(rows[0].Body), `"rules":["site"]`)
	verified, err := w.bot.Store.Verify(context.Background())
	require.NoError(t, err)
	assert.Nil(t, verified.Broken)
}

func TestEngineOverridesAreRefused(t *testing.T) {
	t.Parallel()
	assert.ErrorContains(t, runner.RefuseOverrides([]string{"PATH=/bin", "DBOS__VMID=x"}), "DBOS__VMID")
	assert.NoError(t, runner.RefuseOverrides([]string{"PATH=/bin"}))
}

func TestCollectedTargetsAreAlwaysAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.bot.desk.Command(context.Background(), chat.Command{Event: w.event(), From: alice, At: channel, Fields: &chat.Fields{Verb: "url", Targets: "https://www.test.com/1"}, Collected: true})
	require.NoError(t, err)
	w.asksNow("Purge 1 URL on www.test.com in mainland?")
	w.quiet()
}

func TestSuggestionsAreOnesOwnHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	suggest := func(who acl.Subject, text string) []string {
		r, err := w.bot.desk.Suggest(context.Background(), chat.Suggestion{From: who, At: channel, Field: "targets", Text: text})
		require.NoError(t, err)
		return r.Choices
	}
	assert.Equal(t, []string{"https://www.test.com/", "https://two.test.com/"}, suggest(alice, "test"))
	assert.Equal(t, []string{"https://www.abc.com/x https://www.abc.com/"}, suggest(alice, "https://www.abc.com/x abc"))
	assert.Empty(t, suggest(carol, "test"))
}

func TestSuggestionsAreOnesOwnPurges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	suggest := func(who acl.Subject, text string) []string {
		r, err := w.bot.desk.Suggest(context.Background(), chat.Suggestion{From: who, At: channel, Field: "id", Text: text})
		require.NoError(t, err)
		return r.Choices
	}
	w.types(alice, "dir https://www.test.com/a/")
	w.asksNow("Purge 1 directory on www.test.com in mainland?")
	w.types(alice, "https://www.test.com/1.jpg")
	done, _, _ := strings.Cut(w.ends("Done in mainland: 1 URL on www.test.com").card.Footer, " ")
	asks := w.asksNow("Purge 1 directory on www.test.com in mainland?").card.Footer
	assert.Equal(t, []string{asks, done}, suggest(alice, "p-"), "what is open comes first")
	assert.Equal(t, []string{done}, suggest(alice, strings.ToUpper(done[2:])))
	assert.Empty(t, suggest(bob, ""), "only one's own")
}

func TestPersonRateForgets(t *testing.T) {
	t.Parallel()
	r, now := newPersonRate(1), time.Now()
	assert.True(t, r.allow(alice, chat.EventKey{ID: "1"}, now))
	assert.False(t, r.allow(alice, chat.EventKey{ID: "2"}, now.Add(9*time.Second)))
	assert.True(t, r.allow(alice, chat.EventKey{ID: "3"}, now.Add(10*time.Second)))
}

// A redelivered event is not counted, and gets its earlier answer, also in a later window.
func TestPersonRateCountsOnce(t *testing.T) {
	t.Parallel()
	r, now := newPersonRate(2), time.Now()
	for range 5 {
		assert.True(t, r.allow(alice, chat.EventKey{ID: "1"}, now))
	}
	assert.True(t, r.allow(alice, chat.EventKey{ID: "2"}, now))
	assert.False(t, r.allow(alice, chat.EventKey{ID: "3"}, now))
	now = now.Add(time.Minute)
	assert.True(t, r.allow(alice, chat.EventKey{ID: "4"}, now))
	assert.True(t, r.allow(alice, chat.EventKey{ID: "1"}, now))
	assert.False(t, r.allow(alice, chat.EventKey{ID: "3"}, now), "it was refused, and nobody was told otherwise since")
	assert.True(t, r.allow(alice, chat.EventKey{ID: "5"}, now))
	assert.True(t, r.allow(bob, chat.EventKey{ID: "3"}, now))
	for n := range 10 * rateKeeps {
		r.allow(alice, chat.EventKey{Workspace: fmt.Sprint(n)}, now)
	}
	assert.LessOrEqual(t, len(r.seen[alice].lately), rateKeeps)
}

// A field marks refusals for adapters and metrics; its colour and text do not.
func TestARefusalSaysThatItIsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for typed, refused := range map[string]bool{
		"https://pay.test.org/1.jpg":     true,  // no rule lets her
		"frobnicate":                     true,  // not understood
		"freeze www.test.com 2h \"why\"": true,  // of administrators
		"status p-00000000":              false, // an answer without a refusal
		"help":                           false,
		"whoami":                         false,
	} {
		reply, err := w.bot.desk.Command(t.Context(), chat.Command{Event: w.event(), From: alice, At: channel, Text: typed})
		require.NoError(t, err)
		assert.Equal(t, refused, reply.Refused, typed)
	}
}
