package acl

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

const keepers = `version: 1
contact: "#cdn-help"
people: {ann: [slack:T0/U1, terminal:ann], bob: [slack:T0/U2]}
groups: {crew: [slack:T0/S5, bob], leads: [ann]}
defaults: {budget: {url: 20, directory: unlimited}}
grants:
  - {name: site, to: [crew, ann], domains: [www.example.com, "*.s.example.com"], kinds: [url, directory], areas: [mainland, overseas], confirm: second-person, approvers: [leads]}
  - {name: office, to: [crew], in: [slack:T0/C1, slack:T0/C2], domains: [www.example.com], paths: [/a/], schemes: [https], budget: {url: 3}, until: 2026-11-21T13:00:00Z}
denials:
  - {name: no office two, to: [crew], in: [slack:T0/C2], paths: [/a/]}
  - {name: not bob, to: [bob], domains: [www.example.com], areas: [overseas]}
  - {name: not ann, to: [terminal:ann], domains: [a.s.example.com]}
`

func TestWhy(t *testing.T) {
	t.Parallel()
	p := parse(t, keepers)
	why := func(q string) Why {
		a := question(p, q)
		a.At = noon
		return p.Why(a)
	}
	assert.Equal(t, Why{
		Target: "https://www.example.com/a/", Kind: purge.URL, Area: purge.Mainland, Allowed: true,
		Reason: `Allowed by the rule "site", through crew, after a second person's approval.`, Rule: "site", Via: "crew", Confirm: SecondPerson,
		Approvers: []Subject{"slack:T0/U1", "terminal:ann"}, Budgets: []Charge{{"person bob", 20}, {"person bob, grant office", 3}},
		Grants: []Misses{{"site", nil}, {"office", nil}},
	}, why("slack:T0/U2 @slack:T0/C1 https://www.example.com/a/"))
	assert.Equal(t, []Misses{{"site", nil}, {"office", []string{"kinds", "areas", "schemes", "in", "paths"}}},
		why("slack:T0/U7 +slack:T0/S5 overseas directory http://www.example.com/b/").Grants)
	late := question(p, "slack:T0/U2 @slack:T0/C1 https://www.example.com/a/")
	late.At = noon.Add(time.Hour)
	assert.Equal(t, []Misses{{"site", nil}, {"office", []string{"from or until"}}}, p.Why(late).Grants)
	assert.Equal(t, Why{Target: "https://x.example.com/", Kind: purge.URL, Area: purge.Mainland, Rule: DefaultDeny,
		Reason: "No rule lets you purge x.example.com. You are slack:T0/U2. Ask #cdn-help."}, why("slack:T0/U2 https://x.example.com/"))
	assert.Equal(t, "not bob", why("slack:T0/U2 overseas https://www.example.com/").Rule)
}

func TestWhoCan(t *testing.T) {
	t.Parallel()
	p := parse(t, keepers)
	both := []purge.Area{purge.Mainland, purge.Overseas}
	can := func(k purge.Kind, s string) []Access { return p.WhoCan(k, target(k, s), noon) }
	site := func(to string, areas []purge.Area) Access {
		return Access{To: to, Rule: "site", Areas: areas, Confirm: SecondPerson, Approvers: []string{"leads"}}
	}
	assert.Equal(t, []Access{site("crew", both), site("ann", both),
		{To: "crew", Rule: "office", Areas: []purge.Area{purge.Mainland}, In: []Subject{"slack:T0/C1"}, Until: noon.Add(time.Hour)}},
		can(purge.URL, "https://www.example.com/a/"))
	assert.Equal(t, []Access{site("crew", both), site("ann", both)}, can(purge.Directory, "https://www.example.com/a/"))
	assert.Equal(t, []Access{site("crew", both), site("ann", both)}, can(purge.URL, "http://www.example.com/a/"), "the office has https alone")
	assert.Equal(t, []Access{site("crew", both)}, can(purge.URL, "https://a.s.example.com/"), "who is denied by one account is denied by all")
	assert.Empty(t, can(purge.URL, "https://s.example.com/"))
	assert.Empty(t, can(purge.URL, "https://xn--bcher-kva.s.example.com/"))
	assert.Len(t, p.WhoCan(purge.URL, target(purge.URL, "https://www.example.com/a/"), noon.Add(time.Hour)), 2, "what is over lets nobody")
	bob := parse(t, "version: 1\ngrants: [{name: g, to: [slack:T0/U2], domains: [a.example.com], areas: [mainland, overseas]}]\n"+
		"denials: [{areas: [overseas]}]\n")
	assert.Equal(t, []Access{{To: "slack:T0/U2", Rule: "g", Areas: both[:1]}}, bob.WhoCan(purge.URL, target(purge.URL, "https://a.example.com/"), noon))
}

func TestRunTests(t *testing.T) {
	t.Parallel()
	file := crew + `grants: [{name: g, to: [eve], domains: [a.example.com]}]
tests:
  - as: eve
    may-not: ["https://b.example.com/", "https://a.example.com/"]
    may:
      - "https://a.example.com/x"
      - "https://c.example.com/"
`
	results, err := RunTests("acl.yaml", []byte(file))
	require.NoError(t, err)
	assert.Equal(t, []TestResult{
		{10, "eve", false, "https://b.example.com/", ""},
		{10, "eve", false, "https://a.example.com/", "eve may purge it"},
		{12, "eve", true, "https://a.example.com/x", ""},
		{13, "eve", true, "https://c.example.com/", "eve may not purge it. No rule lets you purge c.example.com. You are slack:T0/U6. Ask those who keep the policy file. (default deny)"},
	}, results)
	_, err = RunTests("acl.yaml", []byte("version: 1\nfoo: bar\n"))
	assert.ErrorContains(t, err, "acl.yaml:2:1: unknown key")
}
