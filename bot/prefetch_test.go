package bot

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/bot/wish"
	"purgebot/purge"
)

const fetchedPage = "https://www.test.com/1 --prefetch"

// kinds returns the kinds of the calls that left, in order.
func (w *world) kinds() (kinds []purge.Kind) {
	for _, b := range w.cdn.sent() {
		kinds = append(kinds, b.Kind)
	}
	return kinds
}

// becomes makes the vendor report an outcome for every target of a kind, and done for all others.
func (w *world) becomes(k purge.Kind, o purge.Outcome) {
	w.cdn.mu.Lock()
	defer w.cdn.mu.Unlock()
	w.cdn.status = func(q purge.StatusQuery) ([]purge.TargetStatus, error) {
		if q.Batch.Kind == k {
			return seen(q, o), nil
		}
		return seen(q, purge.Done), nil
	}
}

func (w *world) cannotPrefetch() {
	w.cdn.mu.Lock()
	defer w.cdn.mu.Unlock()
	w.cdn.prefetch = 0
}

func TestPrefetchFollowsThePurgeInItsThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, auditChannel)
	assert.Empty(t, w.types(alice, "https://www.test.com/1 https://www.test.com/2 --prefetch --reason stale").Title)
	fetched := w.chat.await(t, func(m shown) bool {
		return strings.HasPrefix(m.card.Title, "Fetched again in mainland: 2 URLs on www.test.com") && m.card.Mention != nil
	})
	assert.Equal(t, []purge.Kind{purge.URL, purge.Prefetch}, w.kinds())
	assert.Equal(t, w.cdn.sent()[0].Targets, w.cdn.sent()[1].Targets)

	var titles []string
	var root string
	for _, m := range w.chat.all() {
		if m.at.Channel == channel.Channel {
			titles = append(titles, m.card.Title)
			assert.Equal(t, root, m.at.Root, "%s stands in the thread", m.card.Title)
			root = cmp.Or(root, m.ref.ID)
		}
	}
	assert.Equal(t, []string{"Done in mainland: 2 URLs on www.test.com", "Done in mainland: 2 URLs on www.test.com", // edited, then told
		"Fetched again in mainland: 2 URLs on www.test.com", "Fetched again in mainland: 2 URLs on www.test.com"}, titles)
	assert.Contains(t, w.ends("Done").card.Lines, short(fetched)+" fetches 2 URLs again.")
	assert.Empty(t, fetched.card.Buttons, "nothing else is to be fetched, and nothing else of it purged")
	assert.NotContains(t, lines(fetched.card), "was not purged")
	status := lines(w.types(alice, "status "+short(fetched)))
	assert.Contains(t, status, "Fetches again what "+short(w.ends("Done"))+" has purged.")
	assert.Contains(t, lines(w.types(alice, "history")), "prefetch of 2 URLs on www.test.com in mainland · done")
	assert.Contains(t, w.audits("purgebot · fetches again · "+short(fetched)+" · prefetch of 2 URLs"), "asked for · ")
	assert.Contains(t, lines(w.types(alice, "quota")), "Prefetches in mainland: 2 used, no limit known")
	assert.Equal(t, card.NothingToRetry(short(fetched)), w.types(alice, "retry "+short(fetched)).Title)
}

// A target that may not be purged yet is not fetched, since its old version would return.
func TestPrefetchFetchesOnlyWhatIsDone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		becomes purge.Outcome // the outcome of targets that end in /bad
		err     error
		fetched int
		says    string
	}{
		"one failed":        {becomes: purge.Failed, fetched: 1, says: "One of it is left out, since it is not known to be done."},
		"one is not seen":   {becomes: "", fetched: 1, says: "One of it is left out, since it is not known to be done."},
		"none can be known": {err: &purge.Error{Kind: purge.Denied, Message: "This key may not look."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.cdn.mu.Lock()
			w.cdn.status = func(q purge.StatusQuery) (all []purge.TargetStatus, err error) {
				for _, s := range seen(q, purge.Done) {
					if strings.HasSuffix(s.Target.Path(), "/bad") {
						s.Outcome = tc.becomes
					}
					if s.Outcome != "" {
						all = append(all, s)
					}
				}
				return all, tc.err
			}
			w.cdn.mu.Unlock()
			w.types(alice, "https://www.test.com/1 https://www.test.com/bad --prefetch")
			if tc.fetched == 0 {
				m := w.ends("Accepted in mainland")
				assert.Contains(t, m.card.Lines, card.NoneFetched)
				_, found, err := w.bot.Store.Purge(t.Context(), books.PrefetchID(w.onlyPurge().ID))
				assert.NoError(t, err)
				assert.False(t, found)
				return
			}
			w.ends("Fetched again in mainland: 1 URL")
			require.Len(t, w.cdn.sent(), 2)
			assert.Equal(t, "[https://www.test.com/1]", text(w.cdn.sent()[1].Targets))
			assert.Contains(t, lines(w.types(alice, "status "+w.onlyPurge().Short)), tc.says)
		})
	}
}

func text(targets []purge.Target) string {
	var words []string
	for _, t := range targets {
		words = append(words, t.String())
	}
	return "[" + strings.Join(words, " ") + "]"
}

func TestPrefetchIsRefusedBeforeAnythingIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Contains(t, w.types(alice, "dir https://www.test.com/a/ --prefetch").Title, "Only URLs can be fetched again, since nobody knows which files a directory holds")
	w.cannotPrefetch()
	assert.Equal(t, card.CannotPrefetch, w.types(alice, fetchedPage).Title)
	assert.Equal(t, card.CannotPrefetch, w.types(alice, fetchedPage+" --dry-run").Title)
	assert.NotContains(t, lines(w.types(alice, "quota")), "Prefetch")
	all, err := w.bot.Store.History(t.Context(), store.Filter{})
	require.NoError(t, err)
	assert.Empty(t, all)
	w.quiet()
}

func TestPrefetchSaysWhatItCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tells(100, 1)
	const two = "https://www.test.com/1 --global --prefetch"
	for _, text := range []string{lines(w.types(alice, two+" --dry-run")), lines(w.asks(alice, two).card)} {
		assert.Contains(t, text, card.FetchedAfter)
		assert.Contains(t, text, "Costs 1 of 1 mainland prefetches left today; resets at ")
		assert.NotContains(t, text, "does not hold")
	}
	w.tells(100, 50)
	assert.Contains(t, lines(w.types(alice, "https://www.test.com/2 --dry-run --prefetch")), "Costs 1 of 50 mainland prefetches left today")
	assert.Contains(t, lines(w.types(alice, "quota")), "Prefetches in mainland: ▰▰▰▰▰▱▱▱▱▱ 50 of 100 left")
}

// tellsPrefetches makes the CDN report this number of prefetches left for each area, and enough of every other quota.
func (w *world) tellsPrefetches(left int) {
	w.tells(100, 100)
	w.cdn.mu.Lock()
	defer w.cdn.mu.Unlock()
	told := w.cdn.quota
	w.cdn.quota = func(sent []purge.Batch) ([]purge.Quota, error) {
		all, err := told(sent)
		for i := range all {
			if all[i].Kind == purge.Prefetch {
				all[i].Left += left - 100
			}
		}
		return all, err
	}
	w.bot.vendor.Quotas.Forget()
}

// A prefetch beyond the quota does not delay its purge: the fitting part is fetched, the card names the rest, and a retry fetches
// it another day.
func TestPrefetchTakesWhatFits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tellsPrefetches(1)
	text := lines(w.types(alice, "https://www.test.com/1 https://www.test.com/2 https://www.test.com/3 --prefetch --dry-run"))
	assert.Contains(t, text, "Today's quota of mainland prefetches does not hold 2 of them: they are purged, and not fetched again. It resets at ")
	w.types(alice, "https://www.test.com/1 https://www.test.com/2 https://www.test.com/3 --prefetch")
	m := w.chat.await(t, func(m shown) bool {
		return strings.HasPrefix(m.card.Title, "Partly fetched again") && m.card.Mention != nil
	})
	assert.Contains(t, lines(m.card), "Mainland: 1 done, 2 failed.")
	assert.Contains(t, lines(m.card), "Today's quota of mainland prefetches is used up. It resets at")
	w.ends("Done in mainland: 3 URLs")
	assert.Equal(t, []purge.Kind{purge.URL, purge.Prefetch}, w.kinds())

	w.tellsPrefetches(10)
	assert.Empty(t, w.pressesOn(alice, m, "Retry failed").Title)
	w.ends("Fetched again in mainland: 2 URLs")
	assert.Equal(t, "[https://www.test.com/2 https://www.test.com/3]", targetsOf(w.cdn.sent()[2]))
	assert.Equal(t, []purge.Kind{purge.URL, purge.Prefetch, purge.Prefetch}, w.kinds())
}

func targetsOf(b purge.Batch) string { return text(b.Targets) }

func TestRetryOfAPrefetchIsARequestOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refusing(&purge.Error{Kind: purge.Denied, Message: "Switched off."}, func(b purge.Batch) bool { return b.Kind == purge.Prefetch })
	w.types(alice, "https://www.test.com/1 --overseas --prefetch")
	w.presses(alice, "Purge")
	m := w.ends("Failed to fetch again: 1 URL on www.test.com in overseas")
	assert.Contains(t, w.types(carol, "retry "+short(m)).Title, card.NoSuchPurge)
	w.refusing(nil, nil)
	w.types(bob, "retry "+short(m))
	question := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Fetch again") })
	assert.Equal(t, "Fetch 1 URL on www.test.com in overseas again?", question.card.Title)
	assert.NotContains(t, lines(question.card), "purged in")
	assert.Empty(t, w.pressesOn(bob, question, "Fetch again").Title)
	w.ends("Fetched again in overseas")
	assert.Equal(t, []purge.Kind{purge.URL, purge.Prefetch, purge.Prefetch}, w.kinds())
	assert.Equal(t, bob, w.onlyPurge().Requester)

	w.refusing(&purge.Error{Kind: purge.Denied, Message: "Switched off."}, func(b purge.Batch) bool { return b.Kind == purge.Prefetch })
	w.types(alice, "https://www.abc.com/1 --prefetch")
	m = w.ends("Failed to fetch again: 1 URL on www.abc.com")
	w.cannotPrefetch()
	assert.Equal(t, card.CannotPrefetch, w.types(alice, "retry "+short(m)).Title)
}

// A requester who has lost the right to the URLs gets no prefetch.
func TestPrefetchIsJudgedWhenItIsSent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"no grant": func(w *world) { w.setPolicy(strings.ReplaceAll(worldPolicy, "www.test.com", "w3.test.com")) },
		"frozen":   func(w *world) { w.types(bob, `freeze www.test.com 2h "release"`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.becomes(purge.URL, purge.Accepted)
			w.types(alice, fetchedPage)
			w.ends("Accepted")
			change(w)
			w.becomes(purge.URL, purge.Done)
			m := w.ends("Not fetched again: 1 URL on www.test.com")
			assert.Contains(t, lines(m.card), "The rules have changed since this was asked")
			assert.Equal(t, []purge.Kind{purge.URL}, w.kinds())
		})
	}
}

// A prefetch needs no further question after its purge's approval, unless the approver has lost the right to approve.
func TestPrefetchStandsOnTheDecisionOfItsPurge(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ from, to, ends string }{
		"as it was":        {"", "", "Fetched again"},
		"no approver now":  {"to: [alice, bob], domains: [two", "to: [alice], domains: [two", "Not fetched again"},
		"another question": {"confirm: second-person", "", "Fetched again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.becomes(purge.URL, purge.Accepted)
			w.types(alice, "https://two.test.com/1 --prefetch")
			w.presses(bob, "Purge")
			w.ends("Accepted")
			w.setPolicy(strings.Replace(worldPolicy, tc.from, tc.to, 1))
			w.becomes(purge.URL, purge.Done)
			w.ends(tc.ends)
			assert.Equal(t, tc.ends == "Fetched again", len(w.kinds()) == 2)
		})
	}
}

func TestPrefetchStaysPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(alice, "https://www.test.com/secret --prefetch --private")
	w.chat.await(t, func(m shown) bool {
		return strings.HasPrefix(m.card.Title, "Fetched again") && m.card.Mention != nil
	})
	for _, m := range w.chat.all() {
		assert.NotContains(t, string(books.JSON(m.card)), "/secret")
	}
}

func TestPrefetchIsNoBudgetsMatter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPolicy(budgetPolicy)
	w.refusing(&purge.Error{Kind: purge.Denied, Message: "Switched off."}, func(b purge.Batch) bool { return b.Kind == purge.Prefetch })
	w.types(alice, urls("www.test.com", "1", "2", "3", "4", "5")+" --prefetch")
	m := w.ends("Failed to fetch again")
	w.refusing(nil, nil)
	assert.Empty(t, w.types(alice, "retry "+short(m)).Title, "although the day's five URLs are used")
	w.ends("Fetched again in mainland: 5 URLs")
}

// A request with a prefetch joins only a purge with one.
func TestPrefetchJoinsItsLike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.becomes(purge.URL, purge.Accepted)
	w.types(alice, "https://www.test.com/1")
	w.ends("Accepted")
	assert.Empty(t, w.typesAt(bob, elsewhere, fetchedPage).Title)
	bobs := w.in(elsewhere, "Accepted: 1 URL on www.test.com in mainland")
	assert.NotContains(t, lines(bobs.card), "Joined")
	assert.Empty(t, w.types(alice, fetchedPage).Title, "no repeat of what she asked for first")
	w.chat.await(t, func(m shown) bool { return strings.Contains(lines(m.card), "Joined "+short(bobs)) })
	w.becomes(purge.URL, purge.Done)
	w.in(elsewhere, "Fetched again")
	assert.Equal(t, []purge.Kind{purge.URL, purge.URL, purge.Prefetch}, w.kinds())
}

func TestFollowUpsOfAPrefetchedPurge(t *testing.T) {
	t.Parallel()
	p := store.Purge{Prefetch: true, Request: purge.Request{Kind: purge.URL}}
	assert.True(t, wish.OfButton(p, card.ActionOverseas, nil).Prefetch, "the other area is fetched again, too")
	assert.False(t, wish.OfButton(p, card.ActionLeak, nil).Prefetch, "a leak is not")
	data := books.JSON(wish.OfButton(p, card.ActionAgain, nil))
	var w wish.Wish
	require.NoError(t, json.Unmarshal(data, &w))
	assert.True(t, w.Prefetch, "what is offered keeps the wish")
}

// A purge ends as usual after a restart with an API without prefetching.
func TestPrefetchWithAnApiThatNoLongerCan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.becomes(purge.URL, purge.Accepted)
	w.types(alice, fetchedPage)
	w.ends("Accepted")
	w.cannotPrefetch()
	w.becomes(purge.URL, purge.Done)
	assert.Contains(t, w.ends("Done").card.Lines, card.NotFetched)
	assert.Equal(t, []purge.Kind{purge.URL}, w.kinds())
}

func TestPrefetchIsNotForWhatIsSeenDoneTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lost()
	w.types(alice, fetchedPage)
	m := w.ends("Unknown")
	assert.Contains(t, m.card.Lines, card.NoneFetched)
	w.logs(func(q purge.StatusQuery) []purge.TargetStatus { return seen(q, purge.Done) })
	w.presses(alice, "Look again")
	late := w.chat.await(t, func(s shown) bool { return s.ref == m.ref && strings.HasPrefix(s.card.Title, "Done") })
	assert.Contains(t, late.card.Lines, card.DoneTooLate)
	assert.Equal(t, []purge.Kind{purge.URL, purge.URL}, w.kinds())
}

// A cancellation stops the prefetch, which has not left.
func TestPrefetchOfWhatIsCancelledIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.becomes(purge.URL, purge.Accepted)
	w.types(alice, fetchedPage)
	w.types(alice, "cancel "+short(w.ends("Accepted")))
	w.becomes(purge.URL, purge.Done)
	assert.Contains(t, w.ends("Done").card.Lines, card.CancelledFetch)
	assert.Equal(t, []purge.Kind{purge.URL}, w.kinds())
}
