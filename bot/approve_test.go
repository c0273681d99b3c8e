package bot

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/purge"
)

// approvalPolicy has a domain whose purges bob or a member of a group must approve, and an emergency list.
const approvalPolicy = worldPolicy + `  - {name: named, to: [alice, bob, slack:T0/UCAROL, slack:T0/UERIN], domains: [named.test.com], kinds: [url, directory], confirm: second-person, approvers: [alice, bob, slack:T0/S1]}
emergency: [slack:T0/UERIN]
`

const (
	ofNamed = "dir https://named.test.com/a/"
	erin    = acl.Subject("slack:T0/UERIN")
	group   = acl.Subject("slack:T0/S1")
)

func newApprovalWorld(t *testing.T, change ...func(*Options)) *world {
	t.Helper()
	w := newWorld(t, change...)
	w.setPolicy(approvalPolicy)
	w.chat.put(chat.Person{Subject: erin, Name: "Erin", Standing: chat.Member})
	return w
}

func (c *fakeChat) put(p chat.Person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.people[p.Subject] = p
}

func (w *world) asksNamed() shown { return w.asks(alice, ofNamed) }

func TestOnlyNamedApproversMayApprove(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	m := w.asksNamed()
	assert.Equal(t, []acl.Subject{bob, group}, m.card.Mention, "and not whoever asked, under any account")
	assert.Contains(t, m.card.Lines, "A second person must press Purge: bob (UBOB), S1; whoever asked cannot.")
	assert.Equal(t, "You may not approve this; only these may: bob (UBOB), S1. Ask one of them.", w.pressesOn(carol, m, "Purge").Title)
	for _, who := range []acl.Subject{alice, alice2} {
		assert.Equal(t, card.SecondPerson, w.pressesOn(who, m, "Purge").Title)
	}
	assert.Contains(t, w.pressesOn(carol, m, "Cancel").Title, "Only the person who asked", "who may not approve may not cancel")
	w.quiet()
	w.pressesOn(bob, m, "Purge")
	w.ends("Done")
	end := w.result()
	assert.Len(t, w.cdn.sent(), 1)
	assert.NotContains(t, end.card.Mention, bob, "whose part is done")
}

func TestApproverByGroup(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	m := w.asksNamed()
	w.chat.put(chat.Person{Subject: carol, Name: "Carol", Standing: chat.Member, Groups: []acl.Subject{group}})
	w.pressesOn(carol, m, "Purge")
	w.ends("Done")
}

// An approver without the right to every target does not count.
func TestApproverMustBeGrantedItAll(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	m := w.asks(alice, "dir https://named.test.com/a/ https://named.test.com/b/")
	w.setPolicy(approvalPolicy + "denials:\n  - {name: not b, to: [bob], domains: [named.test.com], paths: [/b/]}\n")
	assert.Contains(t, w.pressesOn(bob, m, "Purge").Title, "You may not purge everything")
	w.quiet()
}

func TestSecondPersonFromAnotherChat(t *testing.T) {
	t.Parallel()
	p, err := acl.Parse("acl.yaml", []byte(`version: 1
people:
  alice: [slack:T0/UALICE, discord:1/10]
  bob: [discord:1/20]
grants: [{name: g, to: [alice, bob], domains: [a.test.com]}]
`))
	require.NoError(t, err)
	for _, c := range []struct {
		a, b    acl.Subject
		another bool
	}{
		{"slack:T0/UALICE", "slack:T0/UALICE", false},
		{"slack:T0/UALICE", "discord:1/10", false},
		{"slack:T0/UALICE", "slack:T0/UBOB", true},
		{"slack:T0/UALICE", "discord:1/20", true},
		{"slack:T0/UALICE", "discord:1/30", false}, // may be alice, for all that the file says
		{"slack:T0/UCAROL", "discord:1/20", false},
		{"slack:T0/UCAROL", "slack:T1/UCAROL", false},
		{"discord:1/30", "discord:1/40", true},
	} {
		assert.Equal(t, c.another, rules.SurelyAnother(p, c.a, c.b), "%s %s", c.a, c.b)
		assert.Equal(t, c.another, rules.SurelyAnother(p, c.b, c.a), "%s %s", c.b, c.a)
	}
}

// A rule that became stricter counts for requests from before the change.
func TestRuleThatAsksForMoreWithdraws(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, directory)
	w.setPolicy(strings.Replace(worldPolicy, "areas: [mainland, overseas]}\n  - {name: two", "areas: [mainland, overseas], confirm: second-person}\n  - {name: two", 1))
	assert.Contains(t, w.pressesOn(alice, m, "Purge").Title, card.AsksMore)
	w.ends("Not purged")
	w.presses(alice, "Ask again")
	again := w.chat.await(t, func(n shown) bool { return n.ref != m.ref && hasButton(n.card, "Purge") })
	assert.Equal(t, card.SecondPerson, w.pressesOn(alice, again, "Purge").Title)
	w.pressesOn(bob, again, "Purge")
	w.ends("Done")
}

// An approval is judged again at the send.
func TestApprovalIsJudgedAgainAtTheSend(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]string{
		"no approver any more": strings.Replace(approvalPolicy, "approvers: [alice, bob,", "approvers: [alice,", 1),
		"the same person now":  strings.Replace(strings.Replace(approvalPolicy, "  bob: [slack:T0/UBOB]\n", "", 1), "slack:T0/UALICE2]", "slack:T0/UALICE2, slack:T0/UBOB]", 1),
		"no grant any more":    strings.Replace(approvalPolicy, "to: [alice, bob, slack:T0/UCAROL", "to: [bob, slack:T0/UCAROL", 1),
		"presser not granted":  strings.Replace(approvalPolicy, "to: [alice, bob, slack:T0/UCAROL", "to: [alice, slack:T0/UCAROL", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, approvalPolicy, policy)
			policy = strings.NewReplacer("to: [alice, bob]", "to: [alice, slack:T0/UBOB]", "[bob, slack", "[slack:T0/UBOB, slack", "administrators: [bob]", "administrators: [slack:T0/UBOB]", "[alice, bob, ", "[alice, slack:T0/UBOB, ").Replace(policy)
			w := newApprovalWorld(t)
			reached, goOn := make(chan struct{}, 1), make(chan struct{})
			w.bot.At = func(point string) {
				if point == "before submit" {
					reached <- struct{}{}
					<-goOn
				}
			}
			m := w.asksNamed()
			w.pressesOn(bob, m, "Purge")
			<-reached
			w.setPolicy(policy)
			close(goOn)
			end := w.ends("Not purged")
			assert.Contains(t, strings.Join(end.card.Lines, "\n"), "https://named.test.com/a/: ")
			w.quiet()
		})
	}
}

// A purge without a question is not sent once a rule requires one.
func TestUnguardedPurgeUnderANewRule(t *testing.T) {
	t.Parallel()
	w := newStillWorld(t)
	p := w.recordedPurge(t, "https://www.test.com/1")
	w.setPolicy(strings.Replace(worldPolicy, "areas: [mainland, overseas]}\n  - {name: two", "areas: [mainland, overseas], confirm: requester}\n  - {name: two", 1))
	_, err := w.bot.runner.Submit(t.Context(), p.ID, 0, 0)
	require.NoError(t, err)
	assert.Equal(t, purge.Skipped, w.targets(t, p.ID)[0].Outcome)
	assert.Contains(t, w.targets(t, p.ID)[0].Reason, card.ConfirmAsks[acl.Requester])
	w.quiet()
}

// Two approvers press at once: one press decides, and the other presser is told the first one's name.
func TestTwoApproversAtOnce(t *testing.T) {
	t.Parallel()
	w := newApprovalWorld(t)
	w.chat.put(chat.Person{Subject: carol, Name: "Carol", Standing: chat.Member, Groups: []acl.Subject{group}})
	m := w.asksNamed()
	said := map[acl.Subject]string{}
	type heard struct {
		who  acl.Subject
		said string
	}
	all := make(chan heard, 2)
	for _, who := range []acl.Subject{bob, carol} {
		go func() { all <- heard{who, w.pressesOn(who, m, "Purge").Title} }()
	}
	for range cap(all) {
		h := <-all
		said[h.who] = h.said
	}
	d, found, err := w.bot.Store.Decision(t.Context(), w.onlyPurge().ID)
	require.NoError(t, err)
	require.True(t, found)
	assert.Empty(t, said[d.Who])
	other := map[acl.Subject]acl.Subject{bob: carol, carol: bob}[d.Who]
	assert.Contains(t, said[other], "Already decided: confirmed by "+d.Name)
	assert.Equal(t, store.Confirmed, d.What)
	w.ends("Done")
	assert.Len(t, w.cdn.sent(), 1)
}
