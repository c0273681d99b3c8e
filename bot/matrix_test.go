package bot

import (
	"cmp"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// The matrix of presses: each cell is a person, a button and a moment, and goes through Answer.

const (
	dave       = acl.Subject("slack:T0/UDAVE")
	aliceElse  = acl.Subject("discord:1/10") // alice in the other chat, as the file says
	elseone    = acl.Subject("discord:1/99") // an account that the file does not assign to a person
	guest      = acl.Subject("slack:T0/UGUEST")
	gone       = acl.Subject("slack:T0/UGONE")
	outsider   = acl.Subject("slack:T0/UOUT")
	robot      = acl.Subject("slack:T0/UBOT")
	unknown    = acl.Subject("slack:T0/ualice") // another spelling of the requester's id is no account
	stranger   = acl.Subject("slack:T0/USTRANGER")
	everybody  = "alice, bob, slack:T0/UCAROL, slack:T0/UDAVE, slack:T0/UERIN, discord:1/99, slack:T0/UGUEST, slack:T0/UGONE, slack:T0/UOUT, slack:T0/UBOT"
	notAllowed = "You may not purge everything"
	noApprover = "You may not approve this"
	form       = "a form"
)

// matrixPolicy gives every right to everyone but the stranger, so that only the tested rule can refuse.
const matrixPolicy = `version: 1
people:
  alice: [slack:T0/UALICE, slack:T0/UALICE2, discord:1/10]
  bob: [slack:T0/UBOB]
emergency: [slack:T0/UERIN, discord:1/10, slack:T0/UGUEST, slack:T0/UGONE, slack:T0/UOUT, slack:T0/UBOT]
grants:
  - {name: one, to: [` + everybody + `], domains: [one.test.com], kinds: [url, directory], areas: [mainland, overseas]}
  - {name: two, to: [` + everybody + `], domains: [two.test.com], kinds: [url, directory], areas: [mainland, overseas], confirm: second-person,
     approvers: [alice, bob, slack:T0/UDAVE, discord:1/99, slack:T0/UGUEST, slack:T0/UGONE, slack:T0/UOUT, slack:T0/UBOT]}
denials:
  - {name: not b, to: [slack:T0/UDAVE], domains: [one.test.com, two.test.com], paths: [/b/]}
`

// answered holds the replies to Purge, Cancel and Purge without approval; "" is success.
type answered struct{ purge, cancel, release string }

// row holds a person's replies while the question waits, under the requester's press and under a second person's, and the reply to
// the same request by that person.
type row struct {
	requester, second answered
	asks              string
}

var matrix = map[acl.Subject]row{
	alice:     {answered{"", "", card.StaleButton}, answered{card.SecondPerson, "", card.EmergencyOnly}, ""},
	alice2:    {answered{"", "", card.StaleButton}, answered{card.SecondPerson, "", card.EmergencyOnly}, ""},
	aliceElse: {answered{"", "", card.StaleButton}, answered{card.SecondPerson, "", form}, ""}, // a requester may release, but never approve
	bob:       {answered{card.OnlyRequester, "", card.StaleButton}, answered{"", "", card.EmergencyOnly}, ""},
	carol:     {answered{card.OnlyRequester, "", card.StaleButton}, answered{noApprover, card.MayNotCancel, card.EmergencyOnly}, ""},
	dave:      {answered{card.OnlyRequester, card.MayNotCancel, card.StaleButton}, answered{notAllowed, card.MayNotCancel, card.EmergencyOnly}, "Nothing was purged"},
	erin:      {answered{card.OnlyRequester, "", card.StaleButton}, answered{noApprover, card.MayNotCancel, form}, ""},
	elseone:   {answered{card.OnlyRequester, "", card.StaleButton}, answered{card.MaybeSame, "", card.EmergencyOnly}, ""},
	stranger:  {answered{card.OnlyRequester, card.MayNotCancel, card.StaleButton}, answered{notAllowed, card.MayNotCancel, card.EmergencyOnly}, "Nothing was purged"},
	guest:     never(card.StandingProblem[chat.Guest]),
	gone:      never(card.StandingProblem[chat.Deactivated]),
	outsider:  never(card.StandingProblem[chat.Outsider]),
	robot:     never(card.StandingProblem[chat.Bot]),
	unknown:   never(card.StandingProblem[""]),
}

// never returns the row of a person without any right.
func never(why string) row { return row{answered{why, why, why}, answered{why, why, why}, why} }

func newMatrixWorld(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	w := newWorld(t, append(change, func(o *Options) {
		o.EmergencyAfter = 1
		o.Platforms["discord"] = o.Platforms["slack"]
	})...)
	w.setPolicy(matrixPolicy)
	for who := range matrix {
		w.chat.put(chat.Person{Subject: who, Name: "Somebody", Standing: chat.Member})
	}
	for who, standing := range map[acl.Subject]chat.Standing{guest: chat.Guest, gone: chat.Deactivated, outsider: chat.Outsider, robot: chat.Bot, unknown: ""} {
		w.chat.put(chat.Person{Subject: who, Standing: standing})
	}
	w.chat.put(chat.Person{Subject: alice, Name: "Alice", Standing: chat.Member})
	w.chat.put(chat.Person{Subject: bob, Name: "Bob", Standing: chat.Member})
	return w
}

// hits presses the button of an action, shown or not, and returns the reply.
func (w *world) hits(who acl.Subject, m shown, at chat.Thread, action string) string {
	w.t.Helper()
	r, err := w.bot.desk.Answer(context.Background(), chat.Answer{Event: w.event(), From: who, At: at, Message: m.ref, Token: books.ButtonToken(w.firstSecret(), action)})
	require.NoError(w.t, err)
	if r.Form != nil {
		return form
	}
	return replyCard(r).Title
}

// firstSecret returns the secret of the first purge.
func (w *world) firstSecret() string {
	w.t.Helper()
	all, err := w.bot.Store.History(context.Background(), store.Filter{Limit: 1000})
	require.NoError(w.t, err)
	return all[len(all)-1].Secret
}

// question asks as alice under a rule.
func (w *world) question(host string) shown {
	w.t.Helper()
	m := w.asks(alice, fmt.Sprintf("dir https://%s/a/ https://%s/b/", host, host))
	return m
}

func ruled() map[string]func(who acl.Subject) answered {
	return map[string]func(acl.Subject) answered{
		"one.test.com": func(who acl.Subject) answered { return matrix[who].requester },
		"two.test.com": func(who acl.Subject) answered { return matrix[who].second },
	}
}

func assertSaid(t *testing.T, want, said string, cell ...any) {
	t.Helper()
	if want == "" {
		assert.Empty(t, said, cell...)
	} else {
		assert.Contains(t, said, want, cell...)
	}
}

var inDiscord = chat.Thread{Platform: "discord", Workspace: "1", Channel: "7"}

func TestMatrixWhileItWaits(t *testing.T) {
	t.Parallel()
	for host, told := range ruled() {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			w := newMatrixWorld(t)
			m := w.question(host)
			for who := range matrix {
				is := told(who)
				for action, want := range map[string]string{card.ActionPurge: is.purge, card.ActionCancel: is.cancel, card.ActionEmergency: is.release} {
					if want != "" {
						assertSaid(t, want, w.hits(who, m, channel, action), "%s %s", who, action)
					}
					elsewhere := w.hits(who, m, inDiscord, action)
					assert.Contains(t, []string{card.StaleButton, matrix[who].asks}, elsewhere, "%s %s in the other chat", who, action)
					assert.NotEmpty(t, elsewhere)
				}
			}
			w.quiet()
			open := w.chat.await(t, func(n shown) bool { return n.ref == m.ref })
			assert.Contains(t, labels(open.card), "Purge", "it stays open")
		})
		for who := range matrix {
			is := told(who)
			if is.purge == "" {
				t.Run(fmt.Sprint(host, " purge ", who.ID()), func(t *testing.T) {
					t.Parallel()
					w := newMatrixWorld(t)
					assert.Empty(t, w.hits(who, w.question(host), channel, card.ActionPurge))
					w.ends("Done")
					assert.Len(t, w.cdn.sent(), 1)
				})
			}
			if is.cancel == "" {
				t.Run(fmt.Sprint(host, " cancel ", who.ID()), func(t *testing.T) {
					t.Parallel()
					w := newMatrixWorld(t)
					assert.Empty(t, w.hits(who, w.question(host), channel, card.ActionCancel))
					w.ends("Cancelled")
					w.quiet()
				})
			}
		}
	}
}

func TestMatrixAfterwards(t *testing.T) {
	t.Parallel()
	presser := map[string]acl.Subject{"one.test.com": alice, "two.test.com": bob}
	for when, c := range map[string]struct {
		change func(*Options)
		do     func(w *world, m shown, host string)
		says   string // the reply to Purge
		follow string // the offer on the card after it
		calls  int
	}{
		"expired": {func(o *Options) { o.ConfirmTTL, o.ApprovalTTL = 300*time.Millisecond, 300*time.Millisecond },
			func(w *world, _ shown, _ string) { w.ends("Expired") }, "This question has expired", card.ActionAgain, 0},
		"confirmed": {func(*Options) {}, func(w *world, m shown, host string) {
			w.hits(presser[host], m, channel, card.ActionPurge)
			w.ends("Done")
		}, "Already decided: confirmed by ", card.ActionOverseas, 1},
		"cancelled": {func(*Options) {}, func(w *world, m shown, host string) {
			w.hits(alice, m, channel, card.ActionCancel)
			w.ends("Cancelled")
		}, "Already decided: cancelled by Alice", "", 0},
	} {
		for host, told := range ruled() {
			t.Run(when+" "+host, func(t *testing.T) {
				t.Parallel()
				w := newMatrixWorld(t, c.change)
				m := w.question(host)
				c.do(w, m, host)
				for who := range matrix {
					stands := ""
					if matrix[who] == never(matrix[who].asks) {
						stands = matrix[who].asks
					}
					for _, action := range []string{card.ActionPurge, card.ActionEmergency} {
						assertSaid(t, cmp.Or(stands, c.says), w.hits(who, m, channel, action), "%s %s", who, action)
					}
					assertSaid(t, cmp.Or(told(who).cancel, "has already ended"), w.hits(who, m, channel, card.ActionCancel), "%s cancel", who)
					if c.follow != "" {
						assertSaid(t, matrix[who].asks, w.hits(who, m, channel, c.follow), "%s %s", who, c.follow)
						assert.NotEmpty(t, w.hits(who, m, inDiscord, c.follow), "%s %s in the other chat", who, c.follow)
					}
				}
				assert.Len(t, w.cdn.sent(), c.calls, "all of it changed nothing")
				for _, n := range w.chat.all() {
					if n.ref == m.ref {
						assert.NotContains(t, labels(n.card), "Purge")
						assert.NotContains(t, labels(n.card), "Purge without approval")
					}
				}
			})
		}
	}
}
