package acl

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"purgebot/purge"
)

const shop = `version: 1
contact: "#cdn-help"
groups: {crew: [slack:T0/S5]}
administrators: [slack:T0/U7]
grants:
  - {name: shop, to: [slack:T0/U1, crew], domains: [shop.example.com], paths: [/assets/, /img/], schemes: [https]}
  - {name: news, to: [slack:T0/U1], domains: [news.example.com], in: [slack:T0/C1, slack:T0/C2], kinds: [directory], confirm: requester}
  - {name: wild, to: [crew], domains: ["*.w.example.com"], areas: [overseas], confirm: second-person}
denials:
  - {name: closed, to: ["*"], domains: [pay.example.com, shop.example.com], paths: [/assets/private/]}
  - {name: not you, to: [slack:T0/U9], domains: [news.example.com]}
`

func TestExplain(t *testing.T) {
	t.Parallel()
	p := parse(t, shop)
	for q, want := range map[string]string{
		"https://shop.example.com/assets/x":                      `Allowed by the rule "shop".`,
		"slack:T0/U2 +slack:T0/S5 https://shop.example.com/img/": `Allowed by the rule "shop", through crew.`,
		"@slack:T0/C1 directory https://news.example.com/":       `Allowed by the rule "news", after a confirmation.`,
		"overseas +slack:T0/S5 https://a.w.example.com/":         `Allowed by the rule "wild", through crew, after a second person's approval.`,

		"https://shop.example.com/css/x":               "You may purge /assets/ or /img/ on shop.example.com, not /css/x. Ask #cdn-help.",
		"https://shop.example.com/assets/%2fx":         "You may purge /assets/ or /img/ on shop.example.com, but not with %2f in the path, which can be read in two ways; type the character itself. Ask #cdn-help.",
		"https://shop.example.com/assets/x#y":          "You may purge /assets/ or /img/ on shop.example.com; type the address without the part after #. Ask #cdn-help.",
		"directory https://shop.example.com/img/":      "You may purge URLs on shop.example.com, not directories. Ask #cdn-help.",
		"overseas https://shop.example.com/img/":       "You may purge shop.example.com in mainland, not overseas. Ask #cdn-help.",
		"http://shop.example.com/img/":                 "You may purge https://shop.example.com, not http://. Ask #cdn-help.",
		"directory https://news.example.com/":          "You may purge news.example.com in slack:T0/C1 or slack:T0/C2, not here. Ask #cdn-help.",
		"@slack:T0/C1 https://news.example.com/":       "You may purge directories on news.example.com, not URLs. Ask #cdn-help.",
		"+slack:T0/S5 https://a.w.example.com/":        "You may purge a.w.example.com in overseas, not mainland. Ask #cdn-help.",
		"https://shop.example.com/assets/private/x":    `https://shop.example.com/assets/private/x is closed by the rule "closed". Ask #cdn-help.`,
		"https://pay.example.com/assets/private/":      "No rule lets you purge pay.example.com. You are slack:T0/U1. Ask #cdn-help.",
		"https://pay.example.com/":                     "No rule lets you purge pay.example.com. You are slack:T0/U1. Ask #cdn-help.",
		"https://unknown.example.com/":                 "No rule lets you purge unknown.example.com. You are slack:T0/U1. Ask #cdn-help.",
		"slack:T0/U9 https://news.example.com/":        "No rule lets you purge news.example.com. You are slack:T0/U9. Ask #cdn-help.",
		"slack:T0/U9 https://shop.example.com/assets/": "No rule lets you purge shop.example.com. You are slack:T0/U9. Ask #cdn-help.",
		"slack:T0/U9 https://a.w.example.com/":         "No rule lets you purge a.w.example.com. You are slack:T0/U9. Ask #cdn-help.",
	} {
		a := question(p, q)
		assert.Equal(t, want, p.explain(a, p.decideByFile(a)), q)
	}
	p = parse(t, "version: 1\n")
	a := question(p, "https://a.example.com/")
	assert.Equal(t, "No rule lets you purge a.example.com. You are slack:T0/U1. Ask those who keep the policy file.", p.explain(a, p.decideByFile(a)))
}

// TestStrangersCannotTellHostsApart checks that a person without a grant on a host reads the same text for
// every host.
func TestStrangersCannotTellHostsApart(t *testing.T) {
	t.Parallel()
	worlds(func(_ *rand.Rand, w world) {
		p := w.policy(t)
		for _, a := range everything {
			a.Who = p.Who("slack:T0/U9", nil)
			assert.Equal(t, "No rule lets you purge "+a.Target.Host()+". You are slack:T0/U9. Ask those who keep the policy file.", p.explain(a, p.decideByFile(a)))
		}
	})
}

func TestHoldsAndGrants(t *testing.T) {
	t.Parallel()
	p := parse(t, shop)
	one, crew := p.Who("slack:T0/U1", nil), p.Who("slack:T0/U2", []Subject{"slack:T0/S5"})
	assert.True(t, p.Holds(one, "shop.example.com"))
	assert.True(t, p.Holds(one, "news.example.com"))
	assert.True(t, p.Holds(crew, "x.y.w.example.com"))
	assert.False(t, p.Holds(crew, "w.example.com"))
	assert.False(t, p.Holds(crew, "xn--b.w.example.com"))
	assert.False(t, p.Holds(crew, "news.example.com"))
	assert.False(t, p.Holds(one, "pay.example.com"))

	assert.Equal(t, []GrantView{
		{Name: "shop", Via: "crew", Domains: []string{"shop.example.com"}, Paths: []string{"/assets/", "/img/"}, Schemes: []string{"https"},
			Kinds: []purge.Kind{purge.URL}, Areas: []purge.Area{purge.Mainland}},
		{Name: "wild", Via: "crew", Domains: []string{"*.w.example.com"}, Schemes: []string{"http", "https"},
			Kinds: []purge.Kind{purge.URL}, Areas: []purge.Area{purge.Overseas}, Confirm: SecondPerson},
	}, p.Grants(crew))
	assert.Equal(t, []Subject{"slack:T0/C1", "slack:T0/C2"}, p.Grants(one)[0].In)
}

// TestManyGrantsOnOneHost: a crowded host is explained from some of its grants, and each of them is found.
func TestManyGrantsOnOneHost(t *testing.T) {
	t.Parallel()
	names := newNames()
	u := names.number("terminal:a")
	p := newPolicy(names, grantsFor(1000, func(i int) rule {
		return rule{to: []principal{u, names.number(subjectNumber(i))}, domains: []string{"a.example.com"}, paths: []string{"/" + host(i) + "/"}}
	}), nil)
	a := ask(p, "terminal:a", "https://a.example.com/other/")
	assert.Equal(t, "You may purge /h0.example.com/ on a.example.com, not /other/. Ask those who keep the policy file.", p.explain(a, p.decideByFile(a)))
	for i := range 1000 {
		assert.True(t, p.decideByFile(ask(p, Subject(subjectNumber(i)), "https://a.example.com/"+host(i)+"/x")).Allowed)
		assert.False(t, p.decideByFile(ask(p, Subject(subjectNumber(i)), "https://a.example.com/"+host(i+1)+"/x")).Allowed)
	}
	assert.Len(t, p.held(a.Who, "a.example.com"), maxHeld)
}
