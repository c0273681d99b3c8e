package acl

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"purgebot/purge"
)

const small = `version: 1
people: {ann: [slack:T0/U1, terminal:ann], bob: [slack:T0/U2]}
groups: {crew: [bob], staff: [crew, ann]}
administrators: [ann]
grants:
  - {name: site, to: [crew], domains: [www.example.com, "*.s.example.com"], kinds: [url, directory]}
  - {name: pics, to: [ann], domains: [p.example.com], paths: [/a/], schemes: [https]}
denials:
  - {name: pay, domains: [pay.example.com], paths: [/x/]}
`

func TestDiff(t *testing.T) {
	t.Parallel()
	urls, dirs, mainland, overseas := []purge.Kind{purge.URL}, []purge.Kind{purge.Directory}, []purge.Area{purge.Mainland}, []purge.Area{purge.Overseas}
	any, kinds := []string{"http", "https"}, []purge.Kind{purge.URL, purge.Directory}
	site := []string{"*.s.example.com/", "www.example.com/"}
	for name, c := range map[string]struct {
		from, to string // of small
		want     Difference
	}{
		"nothing":            {"version: 1", "version: 1 # the same", Difference{}},
		"another order":      {"[www.example.com, \"*.s.example.com\"], kinds: [url, directory]", "[\"*.s.example.com\", www.example.com], kinds: [directory, url]", Difference{}},
		"the same by member": {"to: [crew]", "to: [slack:T0/U2]", Difference{Loses: []Change{{Who: []string{"crew"}, Targets: site, Schemes: any, Kinds: kinds, Areas: mainland, Rule: "site"}}}},
		"another name":       {"name: site", "name: web", Difference{}},
		"a kind less":        {"kinds: [url, directory]", "kinds: [url]", Difference{Loses: []Change{{Who: []string{"crew"}, Targets: site, Schemes: any, Kinds: dirs, Areas: mainland, Rule: "site"}}}},
		"an area more": {"kinds: [url, directory]", "areas: [mainland, overseas]", Difference{
			Gains: []Change{{Who: []string{"crew"}, Targets: site, Schemes: any, Kinds: urls, Areas: overseas, Rule: "site"}},
			Loses: []Change{{Who: []string{"crew"}, Targets: site, Schemes: any, Kinds: dirs, Areas: mainland, Rule: "site"}}}},
		"a member more": {"crew: [bob]", "crew: [bob, ann]", Difference{
			Gains: []Change{{Who: []string{"ann"}, Targets: site, Schemes: any, Kinds: kinds, Areas: mainland, Rule: "site"}}}},
		"one account of a person": {"crew: [bob]", "crew: [bob, terminal:ann]", Difference{
			Gains: []Change{{Who: []string{"terminal:ann"}, Targets: site, Schemes: any, Kinds: kinds, Areas: mainland, Rule: "site"}}}},
		"a path more": {"paths: [/a/]", "paths: [/a/, /b/]", Difference{
			Gains: []Change{{Who: []string{"ann"}, Targets: []string{"p.example.com/b/"}, Schemes: []string{"https"}, Kinds: urls, Areas: mainland, Rule: "pics"}}}},
		"a wider path": {"paths: [/a/], schemes: [https]", "areas: [mainland]", Difference{Gains: []Change{
			{Who: []string{"ann"}, Targets: []string{"p.example.com/"}, Schemes: any, Kinds: urls, Areas: mainland, Rule: "pics"},
			{Who: []string{"ann"}, Targets: []string{"p.example.com/a/"}, Schemes: []string{"http"}, Kinds: urls, Areas: mainland, Rule: "pics"}}}},
		"a channel": {"kinds: [url, directory]", "in: [slack:T0/C1], kinds: [url, directory]", Difference{
			Loses: []Change{{Who: []string{"crew"}, Targets: site, Schemes: any, Kinds: kinds, Areas: mainland, Rule: "site"}}}},
		"a confirmation": {"schemes: [https]", "schemes: [https], confirm: requester", Difference{
			Changes: []Change{{Who: []string{"ann"}, Targets: []string{"p.example.com/a/"}, Schemes: []string{"https"}, Kinds: urls, Areas: mainland, Rule: "pics", Confirm: Requester}}}},
		"a denial":          {"paths: [/x/]", "paths: [/y/]", Difference{Others: []string{`denial "pay": everybody on pay.example.com; paths /y/ (before: everybody on pay.example.com; paths /x/)`}}},
		"a denial of hosts": {"domains: [pay.example.com], paths: [/x/]", "to: [bob], kinds: [url], in: [slack:T0/C1]", Difference{Others: []string{`denial "pay": slack:T0/U2 on every host; in slack:T0/C1; url (before: everybody on pay.example.com; paths /x/)`}}},
		"a denial that bites": {"domains: [pay.example.com], paths: [/x/]", "domains: [www.example.com], schemes: [http], from: 2026-01-01T00:00:00Z", Difference{
			Others: []string{`denial "pay": everybody on www.example.com; http; from 2026-01-01 00:00 UTC (before: everybody on pay.example.com; paths /x/)`}}},
		"a denial of a granted host": {"domains: [pay.example.com], paths: [/x/]", "domains: [www.example.com], schemes: [http]", Difference{
			Loses:  []Change{{Who: []string{"crew"}, Targets: []string{"www.example.com/"}, Schemes: []string{"http"}, Kinds: kinds, Areas: mainland, Rule: "site"}},
			Others: []string{`denial "pay": everybody on www.example.com; http (before: everybody on pay.example.com; paths /x/)`}}},
		"a window": {"schemes: [https]", "schemes: [https], until: 2026-01-01T00:00:00Z", Difference{Others: []string{`grant "pics": until 2026-01-01 00:00 UTC (before: nothing)`}}},
		"a budget": {"schemes: [https]", "schemes: [https], budget: {url: 3, directory: unlimited}", Difference{Others: []string{`grant "pics": budget url 3, directory unlimited (before: nothing)`}}},
		"approvers": {"schemes: [https]", "schemes: [https], confirm: second-person, approvers: [crew]", Difference{
			Changes: []Change{{Who: []string{"ann"}, Targets: []string{"p.example.com/a/"}, Schemes: []string{"https"}, Kinds: urls, Areas: mainland, Rule: "pics", Confirm: SecondPerson}},
			Others:  []string{`grant "pics": approvers slack:T0/U2 (before: nothing)`}}},
		"powers": {"administrators: [ann]", "auditors: [bob]\nemergency: [staff]\nfreezes: {override: [bob]}\nleaks: {words: [leak]}\nquota: {reserve: {url: 5}, to: [crew]}\n" +
			"defaults: {budget: {url: 1, directory: 2}}\nbudgets: {crew: {url: 7}}\ndomains: {a.example.com: {area: overseas}}\ncontact: bob", Difference{Others: []string{
			"administrators: nothing (before: slack:T0/U1, terminal:ann)", "auditors: slack:T0/U2 (before: nothing)", "budgets.crew: url 7 (before: nothing)",
			"contact: bob (before: nothing)", "defaults.budget: url 1, directory 2 (before: nothing)", "domains.a.example.com: overseas (before: nothing)",
			"emergency: slack:T0/U1, slack:T0/U2, terminal:ann (before: nothing)", "freezes.override: slack:T0/U2 (before: nothing)", "leaks.words: leak (before: nothing)",
			"quota.reserve: url 5 (before: nothing)", "quota.to: slack:T0/U2 (before: nothing)"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := parse(t, small), parse(t, replaceOnce(t, small, c.from, c.to))
			there, back := Diff(before, after), Diff(after, before)
			assert.Equal(t, c.want, there)
			assert.Equal(t, there.Gains, back.Loses)
			assert.Equal(t, there.Loses, back.Gains)
			assert.Len(t, back.Others, len(there.Others))
		})
	}
}

// TestNothingDiffers: a file is no different from itself, nor from the same rules in another order.
func TestNothingDiffers(t *testing.T) {
	t.Parallel()
	worlds(func(r *rand.Rand, w world) {
		p := w.policy(t)
		r.Shuffle(len(w.grants), func(i, j int) { w.grants[i], w.grants[j] = w.grants[j], w.grants[i] })
		r.Shuffle(len(w.denials), func(i, j int) { w.denials[i], w.denials[j] = w.denials[j], w.denials[i] })
		assert.Equal(t, Difference{}, Diff(p, w.policy(t)))
	})
}

// TestTerms: a set of combinations is told as products that hold all of it and nothing else, none twice.
func TestTerms(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		var all combinations
		for _, term := range combinations(c).terms() {
			covers := combine(term[0], term[1], term[2])
			assert.Zero(t, all&covers)
			all |= covers
		}
		assert.Equal(t, combinations(c), all)
	}
	assert.Len(t, combinations(255).terms(), 1)
	assert.Equal(t, [][3]choice{{both, 1, 2}}, combine(both, 1, 2).terms())
}
