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
		User: "slack:T0/U2", Target: "https://www.example.com/a/", Kind: purge.URL, Area: purge.Mainland, Allowed: true,
		Reason: `Allowed by the rule "site", through crew, after a second person's approval.`, Rule: "site", Via: "crew", Confirm: SecondPerson,
		Approvers: []Subject{"slack:T0/U1", "terminal:ann"}, Budgets: []Charge{{"person bob", 20}, {"person bob, grant office", 3}},
		Grants: []Misses{{"site", nil}, {"office", nil}},
	}, why("slack:T0/U2 @slack:T0/C1 https://www.example.com/a/"))
	assert.Equal(t, []Misses{{"site", nil}, {"office", []string{"kinds", "areas", "schemes", "in", "paths"}}},
		why("slack:T0/U7 +slack:T0/S5 overseas directory http://www.example.com/b/").Grants)
	late := question(p, "slack:T0/U2 @slack:T0/C1 https://www.example.com/a/")
	late.At = noon.Add(time.Hour)
	assert.Equal(t, []Misses{{"site", nil}, {"office", []string{"from or until"}}}, p.Why(late).Grants)
	assert.Equal(t, Why{User: "slack:T0/U2", Target: "https://x.example.com/", Kind: purge.URL, Area: purge.Mainland, Rule: DefaultDeny,
		Reason: "No rule lets you purge x.example.com. You are slack:T0/U2. Ask #cdn-help."}, why("slack:T0/U2 https://x.example.com/"))
	assert.Equal(t, "not bob", why("slack:T0/U2 overseas https://www.example.com/").Rule)
	assert.True(t, why("slack:T0/U2 overseas https://www.example.com/").Denied)
	assert.Equal(t, []Named{{"site", []string{"crew", "ann"}}}, why("slack:T0/U3 https://a.s.example.com/").Others)
	assert.Empty(t, why("slack:T0/U2 https://a.s.example.com/").Others)
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
