package bot

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/poster"
	"purgebot/bot/store"
	"purgebot/purge"
)

var elsewhere = chat.Thread{Platform: "slack", Workspace: "T0", Channel: "C1"}

const page = "https://www.test.com/1"

// typesAt types a command in another channel.
func (w *world) typesAt(who acl.Subject, at chat.Thread, text string) chat.Card {
	w.t.Helper()
	r, err := w.bot.desk.Command(context.Background(), chat.Command{Event: w.event(), From: who, At: at, Text: text})
	require.NoError(w.t, err)
	return replyCard(r)
}

// keepsRunning makes the vendor report every target as running until the returned function is called.
func (w *world) keepsRunning() (done func()) {
	says := func(o purge.Outcome) {
		w.cdn.mu.Lock()
		defer w.cdn.mu.Unlock()
		w.cdn.status = func(q purge.StatusQuery) ([]purge.TargetStatus, error) { return seen(q, o), nil }
	}
	says(purge.Accepted)
	return func() { says(purge.Done) }
}

// in waits for a message of a channel whose title begins with the given words.
func (w *world) in(at chat.Thread, title string) shown {
	w.t.Helper()
	return w.chat.await(w.t, func(m shown) bool { return m.at.Channel == at.Channel && strings.HasPrefix(m.card.Title, title) })
}

// runs has alice's page purged, and returns its card once it was sent, and the function that completes it.
func (w *world) runs() (m shown, done func()) {
	w.t.Helper()
	done = w.keepsRunning()
	w.types(alice, page)
	return w.in(channel, "Accepted"), done
}

func TestAnIdenticalPurgeUnderWayIsJoined(t *testing.T) {
	t.Parallel()
	w := newWorld(t, auditChannel)
	first, done := w.runs()
	assert.Empty(t, w.typesAt(bob, elsewhere, page).Title)
	joined := w.in(elsewhere, "Accepted: 1 URL on www.test.com in mainland")
	assert.Regexp(t, `^Joined `+short(first)+`, asked by Alice, sent at \d\d:\d\d UTC\. What changed on your site after that is not covered\.$`, joined.card.Lines[0])
	assert.Equal(t, []string{"Purge again"}, labels(joined.card), "the purge is not bob's to cancel")
	assert.Equal(t, bob, joined.card.By)
	assert.Equal(t, []string{page}, joined.card.Targets)
	assert.NotContains(t, lines(w.in(channel, "Accepted").card), "Joined")
	assert.Contains(t, w.typesAt(bob, elsewhere, "status "+short(first)).Title, "Accepted", "whoever joined may look")
	assert.Contains(t, textOf(w.typesAt(bob, elsewhere, "history")), "joined")

	done()
	for _, at := range []chat.Thread{channel, elsewhere} {
		m := w.chat.await(t, func(m shown) bool { return m.at.Channel == at.Channel && len(m.card.Mention) > 0 })
		assert.Equal(t, "Done in mainland: 1 URL on www.test.com", m.card.Title)
		assert.NotEmpty(t, m.at.Root, "in the thread")
	}
	result := w.chat.await(t, func(m shown) bool { return slices.Contains(m.card.Mention, bob) })
	assert.Contains(t, lines(result.card), "is not covered")
	assert.Equal(t, []string{"Purge again", "Also overseas"}, labels(result.card))
	w.chat.await(t, func(m shown) bool { return m.ref == joined.ref && strings.HasPrefix(m.card.Title, "Done") })
	assert.Len(t, w.cdn.sent(), 1)
	told := w.audits("Bob (UBOB) · joined · " + short(first) + " · 1 URL on www.test.com in mainland · in slack:T0/C1")
	assert.Equal(t, 1, strings.Count(told, "asked for"))

	rows := w.audited("joined")
	require.Len(t, rows, 1)
	body := rows[0].Said()
	assert.Equal(t, bob, rows[0].Who)
	assert.Equal(t, []string{"site"}, body.Rules)
	assert.Equal(t, w.policy.Hash(), body.Policy)
	p, _, err := w.bot.Store.Purge(t.Context(), body.ID)
	require.NoError(t, err)
	assert.Equal(t, rows[0].Purge, p.Joined)
}

// The card of a joined request names the purge that it joined, and its button starts a new purge.
func TestPurgeAgainJoinsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, done := w.runs()
	w.typesAt(bob, elsewhere, page)
	joined := w.in(elsewhere, "Accepted")
	press := func() chat.Card {
		r, err := w.bot.desk.Answer(t.Context(), chat.Answer{Event: w.event(), From: bob, At: elsewhere, Message: joined.ref, Token: token(joined.card, "Purge again")})
		require.NoError(t, err)
		return replyCard(r)
	}
	assert.Empty(t, press().Title)
	own := w.chat.await(t, func(m shown) bool { return m.at.Channel == "C1" && m.ref != joined.ref && m.card.Tone == chat.Busy })
	assert.Contains(t, press().Title, "already asked for exactly this", "one press, one purge")
	w.chat.await(t, func(m shown) bool { return m.ref == own.ref && strings.HasPrefix(m.card.Title, "Accepted") })
	assert.Len(t, w.cdn.sent(), 2)
	assert.NotEqual(t, short(first), short(own))
	assert.NotContains(t, lines(own.card), "Joined")

	w.typesAt(alice, chat.Thread{Platform: "slack", Workspace: "T0", Channel: "C2"}, page)
	third := w.in(chat.Thread{Channel: "C2"}, "Accepted")
	assert.Contains(t, third.card.Lines[0], "Joined "+short(own)+", asked by Bob", "the newest covers most")
	done()
	w.in(chat.Thread{Channel: "C2"}, "Done")
	assert.Len(t, w.cdn.sent(), 2)
}

func TestWhatIsConfirmedIsJoinedWithoutAPress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	done := w.keepsRunning()
	q := w.asks(alice, directory)
	w.typesAt(bob, elsewhere, directory)
	other := w.in(elsewhere, "Purge 1 directory")
	assert.NotEqual(t, q.ref, other.ref, "what waits for a press is not joined")
	w.pressesOn(alice, q, "Purge")
	w.in(channel, "Accepted")
	third := chat.Thread{Platform: "slack", Workspace: "T0", Channel: "C2"}
	assert.Contains(t, lines(w.typesAt(alice, third, directory+" --dry-run")), "The same is under way as "+short(q)+": this would join it")
	w.typesAt(alice, third, directory)
	joined := w.in(third, "Accepted")
	assert.Contains(t, lines(joined.card), "Joined "+short(q))
	assert.NotContains(t, lines(joined.card), "Confirmed by", "who pressed is told where it was asked")
	done()
	w.in(third, "Done")
	assert.Len(t, w.cdn.sent(), 1)
	r, err := w.bot.desk.Answer(t.Context(), chat.Answer{Event: w.event(), From: bob, At: elsewhere, Message: other.ref, Token: token(other.card, "Purge")})
	require.NoError(t, err)
	assert.Nil(t, r.Card)
	w.in(elsewhere, "Done")
	assert.Len(t, w.cdn.sent(), 2, "who confirms now means what is there now")
}

func TestNotJoined(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, second string
		who           acl.Subject
		before        func(w *world, first shown)
		reply         string // the reply to the second requester; "" for a purge of its own
	}{
		"private":               {first: page + " --private", second: page, who: bob},
		"asked for in private":  {first: page, second: page + " --private", who: bob},
		"another target":        {first: page, second: page + " https://www.test.com/2", who: bob},
		"stopped":               {first: page, second: page, who: bob, before: func(w *world, m shown) { w.types(alice, "cancel "+short(m)) }},
		"whoever may not purge": {first: page, second: page, who: carol, reply: "Nothing was purged"},
		"a frozen one": {first: page, second: page, who: alice2, reply: "Nothing was purged",
			before: func(w *world, _ shown) { w.types(bob, `freeze www.test.com 2h "release"`) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			done := w.keepsRunning()
			w.types(alice, c.first)
			m := w.in(channel, "Accepted")
			if c.before != nil {
				c.before(w, m)
			}
			reply := w.typesAt(c.who, elsewhere, c.second)
			if c.reply != "" {
				assert.Contains(t, reply.Title, c.reply)
				assert.NotContains(t, string(books.JSON(reply)), short(m), "it tells nothing of the other")
				for _, m := range w.chat.all() {
					assert.NotEqual(t, "C1", m.at.Channel)
				}
			} else {
				own := w.in(elsewhere, "Accepted")
				assert.NotContains(t, lines(own.card), "Joined")
				assert.Len(t, w.cdn.sent(), 2)
			}
			assert.Empty(t, w.audited("joined"))
			done()
		})
	}
}

// A private purge is joined by its own requester alone, and stays private.
func TestAPrivatePurgeIsJoinedByItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	done := w.keepsRunning()
	w.types(alice, "https://www.test.com/hidden --private")
	first := w.in(channel, "Accepted")
	reply := w.typesAt(alice, elsewhere, "https://www.test.com/hidden --private")
	assert.Equal(t, []string{"https://www.test.com/hidden"}, reply.Targets)
	joined := w.in(elsewhere, "Accepted")
	assert.Contains(t, lines(joined.card), "Joined "+short(first))
	done()
	w.in(elsewhere, "Done")
	for _, m := range w.chat.all() {
		assert.NotContains(t, string(books.JSON(m.card)), "hidden")
	}
}

// A repeat in the same channel gets a pointer to the first purge, and one join is enough.
func TestARepeatIsNotJoined(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, done := w.runs()
	want := "You already asked for exactly this here: see " + short(first) + ". Nothing more was started."
	assert.Equal(t, want, w.types(alice, page).Title)
	w.typesAt(bob, elsewhere, page)
	w.in(elsewhere, "Accepted")
	assert.Equal(t, want, w.typesAt(bob, elsewhere, page).Title)
	assert.Len(t, w.audited("joined"), 1)
	done()
}

// People who joined a purge are told about its cancellation, and cannot cancel it themselves.
func TestACancelledPurgeIsToldToWhoJoined(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPolicy(strings.Replace(worldPolicy, "administrators: [bob]", "administrators: [web]", 1))
	w.cdn.entered, w.cdn.hold = make(chan struct{}, 9), make(chan struct{})
	w.types(alice, "https://www.test.com/1 https://www.abc.com/1")
	<-w.cdn.entered
	w.typesAt(bob, elsewhere, "https://www.test.com/1 https://www.abc.com/1")
	joined := w.in(elsewhere, "Purging 2 URLs")
	assert.Equal(t, []string{"Purge again"}, labels(joined.card))
	id := w.onlyPurge().Short
	assert.Contains(t, w.typesAt(carol, elsewhere, "cancel "+id).Title, "There is no purge with that id")
	w.types(alice, "cancel "+short(joined))
	close(w.cdn.hold)
	result := w.chat.await(t, func(m shown) bool { return slices.Contains(m.card.Mention, bob) })
	assert.Equal(t, "Partly done: 2 URLs on www.test.com, www.abc.com", result.card.Title)
	assert.Contains(t, lines(w.chat.await(t, func(m shown) bool { return m.ref == joined.ref && m.card.Tone == chat.Unsure }).card), "Cancelled by Alice (UALICE) at ")
}

func TestJoiningCostsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.QuotaURLs, o.PersonOpen = 2, 1 })
	w.setPolicy(strings.Replace(worldPolicy, "groups:", "defaults: {budget: {url: 1, directory: 1}}\ngroups:", 1))
	_, done := w.runs()
	w.typesAt(bob, elsewhere, "https://www.test.com/2")
	own := w.in(elsewhere, "Accepted")
	w.typesAt(bob, elsewhere, page) // beyond bob's budget, the quota, and the limit of open purges
	joined := w.chat.await(t, func(m shown) bool { return m.at.Channel == "C1" && m.ref != own.ref })
	assert.Contains(t, lines(joined.card), "Joined ")
	spent, err := w.bot.Store.Spent(t.Context(), w.bot.vendor.Day(time.Now()))
	require.NoError(t, err)
	assert.Equal(t, 2, spent[0].Units)
	done()
}

// Of two identical requests at once, exactly one starts.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	done := w.keepsRunning()
	var wg sync.WaitGroup
	for who, at := range map[acl.Subject]chat.Thread{alice: channel, bob: elsewhere, alice2: {Platform: "slack", Workspace: "T0", Channel: "C2"}} {
		wg.Go(func() { w.typesAt(who, at, page) })
	}
	wg.Wait()
	done()
	for _, at := range []string{"C0", "C1", "C2"} {
		w.chat.await(t, func(m shown) bool { return m.at.Channel == at && len(m.card.Mention) > 0 })
	}
	assert.Len(t, w.cdn.sent(), 1)
	assert.Len(t, w.audited("joined"), 2)
}

// A purge whose calls leave after the joining request covers it, and its card says so.
func TestWhatWasNotYetSentCoversAll(t *testing.T) {
	t.Parallel()
	at := time.Now()
	for name, c := range map[string]struct {
		sent time.Time
		want string
	}{
		"not sent":      {time.Time{}, "nothing of it had been sent by then"},
		"sent after":    {at.Add(time.Second), "nothing of it had been sent by then"},
		"sent as asked": {at, "nothing of it had been sent by then"},
		"sent before":   {at.Add(-time.Millisecond), "is not covered"},
	} {
		assert.Contains(t, card.Joined("p-1", card.Join{At: at, Asker: "Alice", Sent: c.sent}), c.want, name)
	}
	assert.Equal(t, at, poster.FirstSent([]store.Call{{At: at.Add(-time.Hour), State: store.CallUnsent}, {At: at.Add(time.Hour), State: store.CallAccepted}, {At: at, State: store.CallUnknown}}))
}

// The reason, the notes and the confirmation of one thread do not show in the other.
func TestAJoinShowsItsOwnReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	done := w.keepsRunning()
	w.types(alice, page+"#hers"+` --reason "hers alone"`)
	first := w.in(channel, "Accepted")
	assert.Contains(t, lines(first.card), "hers alone")
	assert.Contains(t, lines(first.card), "What follows # is left out", "a note")
	w.typesAt(bob, elsewhere, page+` --reason "his own"`)
	joined := w.in(elsewhere, "Accepted")
	assert.Contains(t, joined.card.Lines, "Reason: his own")
	done()
	w.in(elsewhere, "Done")
	for _, m := range w.chat.all() {
		assert.Equal(t, m.at.Channel == "C1", strings.Contains(textOf(m.card), "Joined"))
		if m.at.Channel == "C1" {
			assert.NotContains(t, textOf(m.card), "hers alone")
			assert.NotContains(t, textOf(m.card), "What follows #")
		}
	}
}

// The id and the buttons of a joined request act on the purge.
func TestAJoinStandsForThePurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, done := w.runs()
	w.typesAt(bob, elsewhere, page+` --reason "his own"`)
	w.in(elsewhere, "Accepted")
	own := w.onlyPurge() // the newest row
	require.Equal(t, store.StateJoined, own.State)
	assert.NotEqual(t, short(first), own.Short)
	status := w.typesAt(bob, elsewhere, "status "+own.Short)
	assert.Contains(t, status.Lines[0], "Joined "+short(first))
	assert.Empty(t, status.Buttons)
	assert.Contains(t, w.types(alice, "retry "+own.Short).Title, short(first)+" is still under way")
	done()
	result := w.chat.await(t, func(m shown) bool { return slices.Contains(m.card.Mention, bob) })
	assert.Contains(t, w.types(alice, "cancel "+own.Short).Title, short(first)+" has already ended")
	r, err := w.bot.desk.Answer(t.Context(), chat.Answer{Event: w.event(), From: bob, At: elsewhere, Message: result.ref, Token: token(result.card, "Also overseas")})
	require.NoError(t, err)
	require.Nil(t, r.Card)
	q := w.chat.await(t, func(m shown) bool { return m.at.Channel == "C1" && hasButton(m.card, "Purge") })
	assert.Equal(t, "Purge 1 URL on www.test.com in overseas?", q.card.Title)
	assert.Equal(t, bob, q.card.By)
	assert.Contains(t, q.card.Lines, "Reason: his own")
}

// A person with a grant of two hours may see a joined purge later, and no other purge.
func TestWhoeverJoinedMayLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, done := w.runs()
	look := func() string { return w.typesAt(carol, elsewhere, "status "+short(first)).Title }
	assert.Equal(t, card.NoSuchPurge, look())
	w.types(bob, `grant <@UCAROL> www.test.com 2h "on call tonight"`)
	grant := w.ends("Granted").card.Footer
	w.typesAt(carol, elsewhere, page)
	w.in(elsewhere, "Accepted")
	w.types(bob, "revoke "+grant+` "over"`)
	w.ends("Revoked")
	assert.Contains(t, look(), "Accepted", "although the grant is over")
	done()
}

// A press on a copy of a joined request's card does nothing.
func TestAButtonOfAJoinHangsOnItsMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, done := w.runs()
	w.typesAt(bob, elsewhere, page)
	joined := w.in(elsewhere, "Accepted")
	for name, a := range map[string]chat.Answer{
		"on the first's message": {At: channel, Message: first.ref},
		"in another channel":     {At: channel, Message: joined.ref},
		"on no message":          {At: elsewhere},
	} {
		a.Event, a.From, a.Token = w.event(), bob, token(joined.card, "Purge again")
		r, err := w.bot.desk.Answer(t.Context(), a)
		require.NoError(t, err)
		assert.Equal(t, card.StaleButton, replyCard(r).Title, name)
	}
	assert.Len(t, w.cdn.sent(), 1)
	done()
}
