package bot

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

func TestGrantAndRevoke(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Contains(t, textOf(w.types(carol, "https://www.test.com/1.jpg")), "No rule lets you purge www.test.com")
	assert.Empty(t, w.types(bob, `grant <@UCAROL> www.test.com 2h "on call tonight"`))
	card := w.ends("Granted until").card
	assert.Equal(t, []any{bob, carol}, []any{card.By, card.Mention[0]})
	assert.Contains(t, textOf(card), "slack:T0/UCAROL may purge URLs on www.test.com in mainland until then")
	assert.Contains(t, textOf(card), "Reason: on call tonight")

	w.types(carol, "https://www.test.com/1.jpg")
	w.ends("Done")
	domains := textOf(w.types(carol, "domains"))
	assert.Contains(t, domains, "www.test.com: URLs in mainland, until 20")
	assert.Contains(t, domains, "(temporary grant "+card.Footer+")")
	assert.Contains(t, textOf(w.types(carol, "dir https://www.test.com/a/")), "Nothing was purged", "URLs unless said")
	assert.Contains(t, textOf(w.types(carol, "https://www.test.com/1.jpg --overseas")), "Nothing was purged", "in mainland unless said")
	assert.Contains(t, textOf(w.types(carol, "https://www.abc.com/1.jpg")), "Nothing was purged")

	assert.Empty(t, w.types(bob, `revoke `+card.Footer+` "enough"`))
	assert.Contains(t, textOf(w.ends("Revoked: grant of www.test.com").card), "slack:T0/UCAROL may no longer purge by it")
	assert.Contains(t, textOf(w.types(carol, "https://www.test.com/1.jpg")), "No rule lets you purge www.test.com")
	assert.Contains(t, w.types(bob, `revoke `+card.Footer+` "enough"`).Title, "No freeze or grant from chat holds now")
	require.Len(t, w.audited("granted"), 1)
	require.Len(t, w.audited("revoked"), 1)
	body := w.audited("granted")[0].Said()
	assert.Equal(t, string(carol), body.To)
	assert.Equal(t, card.Footer, body.Rule)
}

// The test lists the names that stand for a subject, and those that stand for none.
func TestGrantSubjects(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`<@UCAROL>`:         "slack:T0/UCAROL",
		`<!subteam^S1>`:     "slack:T0/S1",
		`slack:T0/UCAROL`:   "slack:T0/UCAROL",
		`discord:G1/5`:      "discord:G1/5",
		`discord:G1/role/2`: "discord:G1/role/2",
		`web`:               "web",
		`alice`:             "alice",
		`<@UBOB>`:           "!Nobody grants to themselves; ask another administrator.",
		`bob`:               "!Nobody grants to themselves; ask another administrator.",
		`nobody`:            `!"nobody" is no subject, and no person or group of the policy file`,
		`slack:T0/C1`:       `!"slack:T0/C1" is a channel; grant to a person or a group.`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			reply := w.types(bob, fmt.Sprintf(`grant %s www.test.com 2h "why"`, text))
			rules, _, err := w.bot.Store.Rules(context.Background(), w.bot.Now())
			require.NoError(t, err)
			if want[0] == '!' {
				assert.Contains(t, reply.Title, want[1:])
				assert.Empty(t, rules)
				return
			}
			assert.Empty(t, reply)
			require.Len(t, rules, 1)
			assert.Equal(t, want, rules[0].To)
		})
	}
}

// A typed name is not unique, so the refusal names the form of a mention in that chat.
func TestNameIsNoMention(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	says := `"@carol" was typed as a name, and names are not ids: two people may have the same. Pick them from the list.`
	assert.Equal(t, says+" Nothing was changed.", w.types(bob, `grant @carol www.test.com 2h "why"`).Title)
	assert.Equal(t, says, w.types(bob, "history --by @carol").Title)
	assert.Empty(t, w.audited("granted"))
}

// Administrators alone get suggestions of rules, the newest first, and only of present ones.
func TestSuggestsRulesToRevoke(t *testing.T) {
	t.Parallel()
	var later atomic.Int64
	w := newWorld(t, func(o *Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	suggests := func(who acl.Subject, typed string) []string {
		r, err := w.bot.desk.Suggest(t.Context(), chat.Suggestion{From: who, At: channel, Field: "rule", Text: typed})
		require.NoError(t, err)
		return r.Choices
	}
	w.types(bob, `freeze www.test.com 2h "why"`)
	freeze := w.ends("Frozen until").card.Footer
	later.Store(int64(time.Minute))
	w.types(bob, `grant <@UCAROL> www.test.com 2h "why"`)
	grant := w.ends("Granted until").card.Footer
	assert.Equal(t, []string{grant, freeze}, suggests(bob, ""))
	assert.Equal(t, []string{freeze}, suggests(bob, " "+strings.ToUpper(freeze[2:])))
	assert.Empty(t, suggests(alice, ""))
	w.types(bob, `revoke `+grant+` "enough"`)
	assert.Equal(t, []string{freeze}, suggests(bob, ""))
}

// A grant without effect is refused, and a group gives rights to its members only.
func TestGrantNeverExceedsItsGiver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, text := range []string{
		`grant <@UCAROL> www.example.com 2h "why"`,
		`grant <@UCAROL> *.www.test.com 2h "why"`,
	} {
		assert.Contains(t, w.types(bob, text).Title, "Nobody grants what they may not do", text)
	}
	assert.Empty(t, w.types(bob, `grant <@UCAROL> *.test.com 2h "why" --kind directory --overseas`), "it holds where the giver may")
	w.ends("Granted until")
	assert.Contains(t, textOf(w.types(carol, "dir https://cdn.test.com/a/ --overseas")), "Nothing was purged", "where bob may not")
	w.asks(carol, "dir https://www.test.com/a/ --overseas")
}

// lending is a policy under which bob may purge only as a member of a chat group.
const lending = worldPolicy + "  - {name: crew, to: [\"slack:T0/SCREW\"], domains: [crew.test.com], kinds: [url, directory]}\n"

// A temporary grant counts with its giver's present rights, at the command as well as at another person's approval.
func TestALoanIsWorthWhatItsGiverIsNow(t *testing.T) {
	t.Parallel()
	member := chat.Person{Subject: bob, Name: "Bob", Standing: chat.Member, Groups: []acl.Subject{"slack:T0/SCREW"}}
	for name, change := range map[string]func(w *world){
		"left the group": func(w *world) { w.chat.put(chat.Person{Subject: bob, Name: "Bob", Standing: chat.Member}) },
		"is gone": func(w *world) {
			w.chat.put(chat.Person{Subject: bob, Name: "Bob", Standing: chat.Deactivated, Groups: member.Groups})
		},
		"is a guest now": func(w *world) {
			w.chat.put(chat.Person{Subject: bob, Name: "Bob", Standing: chat.Guest, Groups: member.Groups})
		},
		"is not told": func(w *world) {
			w.chat.mu.Lock()
			defer w.chat.mu.Unlock()
			w.chat.unknown = map[acl.Subject]error{bob: &purge.Error{Kind: purge.Unavailable, Message: "The chat does not answer."}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.setPolicy(lending)
			w.chat.put(member)
			w.types(bob, `grant <@UCAROL> crew.test.com 2h "on call" --kind directory`)
			w.ends("Granted until")
			said := w.audited("granted")[0].Said()
			assert.Equal(t, member.Groups, said.Groups)
			asked := w.asks(carol, "dir https://crew.test.com/a/")
			change(w)
			if name != "left the group" { // then it is listed still, as far as the giver may
				assert.NotContains(t, textOf(w.types(carol, "domains")), "crew.test.com")
			}
			assert.Contains(t, textOf(w.types(carol, `dir https://crew.test.com/b/ --reason "new pages"`)), "Nothing was purged")
			refused := w.audited("refused")[0].Said()
			assert.Equal(t, "new pages", refused.Reason)
			assert.Contains(t, textOf(w.pressesOn(carol, asked, "Purge")), "nothing was sent")
			w.ends("Not purged")
			assert.Empty(t, w.cdn.sent())
		})
	}
}

// An approval does not make up for a requester's lost temporary grant.
func TestAnApproverDoesNotSaveALoan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.types(bob, `grant <@UCAROL> two.test.com 2h "on call" --kind directory`)
	w.ends("Granted until")
	asked := w.asks(carol, "dir https://two.test.com/a/")
	w.chat.put(chat.Person{Subject: bob, Name: "Bob", Standing: chat.Deactivated})
	assert.Contains(t, textOf(w.pressesOn(alice, asked, "Purge")), "nothing was sent")
	w.ends("Not purged")
	assert.Empty(t, w.cdn.sent())
}

// A group that a giver joined after the grant adds nothing, since the later send would be refused.
func TestAGroupThatTheGiverJoinedSinceLendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setPolicy(lending)
	w.types(bob, `grant <@UCAROL> *.test.com 2h "on call"`)
	w.ends("Granted until")
	w.chat.put(chat.Person{Subject: bob, Name: "Bob", Standing: chat.Member, Groups: []acl.Subject{"slack:T0/SCREW"}})
	assert.Contains(t, textOf(w.types(carol, "https://crew.test.com/1.jpg")), "Nothing was purged")
	w.types(carol, "https://www.test.com/1.jpg")
	w.ends("Done")
}

func TestMeet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"a.com", "a.com", true}, {"a.com", "b.com", false}, {"a.com", "*.a.com", false}, {"x.a.com", "*.a.com", true},
		{"xa.com", "*.a.com", false}, {"*.a.com", "*.a.com", true}, {"*.x.a.com", "*.a.com", true}, {"*.xa.com", "*.a.com", false}, {"*.a.com", "*.b.com", false},
	} {
		assert.Equal(t, c.want, acl.DomainsMeet(c.a, c.b), c)
		assert.Equal(t, c.want, acl.DomainsMeet(c.b, c.a), c)
	}
}
