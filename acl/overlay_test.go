package acl

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const lenders = `version: 1
contact: "#cdn-help"
people:
  ann: [slack:T0/UANN, terminal:ann]
  bob: [slack:T0/UBOB]
groups: {oncall: [slack:T0/UCAT, slack:T0/SDOG], release: [ann]}
administrators: [ann]
freezes: {override: [release]}
grants:
  - {name: site, to: [ann, bob], domains: [www.test.com, "*.cdn.test.com"], kinds: [url, directory], areas: [mainland, overseas]}
  - {name: careful, to: [ann], domains: [two.test.com], confirm: second-person, approvers: [bob], budget: {url: 3}}
  - {name: office, to: [ann], domains: [in.test.com], in: [slack:T0/C1]}
denials:
  - {name: pay, domains: [pay.cdn.test.com]}
`

// atNoon is an ask at noon, with an overlay.
func atNoon(p *Policy, o *Overlay, q string) Decision {
	a := question(p, q)
	a.At, a.overlay = noon, o
	return p.decideByFile(a)
}

func TestFreezes(t *testing.T) {
	t.Parallel()
	p := parse(t, lenders)
	freeze := func(domain string, until time.Time) *Overlay {
		return NewOverlay([]Freeze{{ID: "r-1", Domain: domain, Until: until, By: "slack:T0/UANN", Reason: "launch"}}, nil)
	}
	one := freeze("www.test.com", noon.Add(time.Hour))
	for _, q := range []string{"slack:T0/UBOB https://www.test.com/", "slack:T0/UBOB overseas https://www.test.com/x", "slack:T0/UBOB directory http://www.test.com/"} {
		d := atNoon(p, one, q)
		assert.False(t, d.Allowed, q)
		assert.True(t, d.Denied, q)
		assert.Equal(t, "freeze r-1", d.Rule, q)
		require.NotNil(t, d.Frozen, q)
		a := question(p, q)
		assert.Equal(t, `www.test.com is frozen until 2026-11-21 13:00 UTC: "launch". Wait, or ask for /purge unfreeze.`, p.explain(a, d))
	}
	assert.True(t, atNoon(p, one, "slack:T0/UBOB https://a.cdn.test.com/").Allowed, "another host")
	assert.True(t, atNoon(p, freeze("www.test.com", noon), "slack:T0/UBOB https://www.test.com/").Allowed, "over")
	assert.False(t, atNoon(p, freeze("*.test.com", noon.Add(1)), "slack:T0/UBOB https://a.cdn.test.com/").Allowed, "all below")
	assert.False(t, atNoon(p, freeze("*.www.test.com", noon.Add(1)), "slack:T0/UBOB https://www.test.com/").Allowed, "the apex too")
	assert.True(t, atNoon(p, freeze("*.ww.test.com", noon.Add(1)), "slack:T0/UBOB https://www.test.com/").Allowed)
	timeless := question(p, "slack:T0/UBOB https://www.test.com/")
	timeless.overlay = freeze("www.test.com", noon)
	assert.False(t, p.decideByFile(timeless).Allowed, "without a time every freeze holds")
	assert.Equal(t, DefaultDeny, atNoon(p, one, "slack:T0/UEVE https://www.test.com/").Rule, "strangers do not learn of it")
	assert.NotContains(t, p.explain(question(p, "slack:T0/UEVE https://www.test.com/"), atNoon(p, one, "slack:T0/UEVE https://www.test.com/")), "frozen")
}

func TestLongestFreezeCounts(t *testing.T) {
	t.Parallel()
	p := parse(t, lenders)
	o := NewOverlay([]Freeze{{ID: "a", Domain: "www.test.com", Until: noon.Add(1)}, {ID: "b", Domain: "*.test.com", Until: noon.Add(3)},
		{ID: "c", Domain: "www.test.com", Until: noon.Add(2)}, {ID: "e", Domain: "two.test.com", Until: noon.Add(4)}, {ID: "d", Domain: "two.test.com", Until: noon.Add(4)}}, nil)
	frozen := func(host string, at time.Time) string {
		a := ask(p, "slack:T0/UANN", "https://"+host+"/")
		a.At, a.overlay = at, o
		if f := p.decideByFile(a).Frozen; f != nil {
			return f.ID
		}
		return ""
	}
	assert.Equal(t, "b", frozen("www.test.com", noon))
	assert.Equal(t, "b", frozen("test.com", noon.Add(2)))
	assert.Equal(t, "d", frozen("two.test.com", noon))
	assert.Equal(t, "", frozen("www.test.com", noon.Add(3)))
	assert.Equal(t, "", frozen("www.example.com", noon))
}

func TestAFrozenPath(t *testing.T) {
	t.Parallel()
	p := parse(t, lenders)
	o := NewOverlay([]Freeze{{ID: "r-1", Domain: "*.cdn.test.com", Path: "/x/Private/", Until: noon.Add(time.Hour), Reason: "launch"}}, nil)
	for q, frozen := range map[string]bool{
		"https://a.cdn.test.com/x/private/y": true, "https://a.cdn.test.com/X/%70rivate/y": true, "http://a.cdn.test.com//x/%2570rivate//y": true,
		"overseas https://a.cdn.test.com/x/Private/": true, "directory https://a.cdn.test.com/x/": true, "directory overseas http://a.cdn.test.com/": true,
		"directory https://a.cdn.test.com/X/PRIVATE/y/": true,
		"https://a.cdn.test.com/x/":                     false, "https://a.cdn.test.com/x/private": false, "directory https://a.cdn.test.com/y/": false, "https://www.test.com/x/private/": false,
	} {
		d := atNoon(p, o, "slack:T0/UANN "+q)
		assert.Equal(t, !frozen, d.Allowed, q)
		assert.Equal(t, frozen, d.Frozen != nil, q)
	}
	d := atNoon(p, o, "slack:T0/UANN https://a.cdn.test.com/x/private/")
	assert.Equal(t, `*.cdn.test.com/x/Private/ is frozen until 2026-11-21 13:00 UTC: "launch". Wait, or ask for /purge unfreeze.`,
		p.explain(question(p, "slack:T0/UANN https://a.cdn.test.com/x/private/"), d))
}

func TestOverride(t *testing.T) {
	t.Parallel()
	p := parse(t, lenders)
	o := NewOverlay([]Freeze{{ID: "r-1", Domain: "www.test.com", Until: noon.Add(time.Hour)}}, nil)
	for who, may := range map[string]bool{"slack:T0/UANN": true, "terminal:ann": true, "slack:T0/UBOB": false} {
		a := question(p, who+" https://www.test.com/")
		a.At, a.overlay = noon, o
		assert.False(t, p.decideByFile(a).Allowed, "not unless asked for")
		a.Override = true
		d := p.decideByFile(a)
		assert.Equal(t, may, d.Allowed, who)
		assert.NotNil(t, d.Frozen, "the card still names it")
	}
	denied := question(p, "slack:T0/UANN https://pay.cdn.test.com/")
	denied.At, denied.overlay, denied.Override = noon, o, true
	assert.False(t, p.decideByFile(denied).Allowed, "an override is for freezes alone")
}

func loan(change func(*Loan)) *Overlay {
	l := Loan{ID: "r-2", To: "slack:T0/UEVE", Domain: "www.test.com", Kinds: []purge.Kind{purge.URL}, Areas: []purge.Area{purge.Mainland},
		Until: noon.Add(time.Hour), By: "slack:T0/UANN", Reason: "helps out"}
	change(&l)
	return NewOverlay(nil, []Loan{l})
}

func TestLoans(t *testing.T) {
	t.Parallel()
	p := parse(t, lenders)
	const eve = "slack:T0/UEVE "
	everything := func(l *Loan) {
		l.Kinds, l.Areas = []purge.Kind{purge.URL, purge.Directory}, []purge.Area{purge.Mainland, purge.Overseas}
	}
	for name, c := range map[string]struct {
		change func(*Loan)
		ask    string
		allows bool
	}{
		"its domain":                    {func(*Loan) {}, eve + "https://www.test.com/x", true},
		"another domain":                {func(*Loan) {}, eve + "https://a.cdn.test.com/x", false},
		"another person":                {func(*Loan) {}, "slack:T0/UDAN https://www.test.com/x", false},
		"another workspace":             {func(*Loan) {}, "slack:T1/UEVE https://www.test.com/x", false},
		"not directories":               {func(*Loan) {}, eve + "directory https://www.test.com/x/", false},
		"not overseas":                  {func(*Loan) {}, eve + "overseas https://www.test.com/x", false},
		"what it says":                  {everything, eve + "overseas directory https://www.test.com/x/", true},
		"until its end":                 {func(l *Loan) { l.Until = noon }, eve + "https://www.test.com/x", false},
		"to a group of the file":        {func(l *Loan) { l.To = "oncall" }, "slack:T0/UCAT https://www.test.com/x", true},
		"to a platform's group":         {func(l *Loan) { l.To = "slack:T0/SDOG" }, "+slack:T0/SDOG slack:T0/UEVE https://www.test.com/x", true},
		"to a group the file names not": {func(l *Loan) { l.To = "slack:T0/SNEW" }, "+slack:T0/SNEW slack:T0/UEVE https://www.test.com/x", true},
		"to a group without its member": {func(l *Loan) { l.To = "slack:T0/SNEW" }, eve + "https://www.test.com/x", false},
		"to everybody":                  {func(l *Loan) { l.To = "*" }, eve + "https://www.test.com/x", false},
		"never to its giver":            {func(l *Loan) { l.To, l.Domain = "slack:T0/UANN", "in.test.com" }, "@slack:T0/C1 slack:T0/UANN overseas https://in.test.com/", false},
		"nor the giver's other account": {func(l *Loan) { l.To = "terminal:ann" }, "terminal:ann https://x.test.com/", false},
		"no more than the giver may":    {func(l *Loan) { l.Domain = "other.test.com" }, eve + "https://other.test.com/", false},
		"where the giver may":           {func(l *Loan) { l.Domain = "in.test.com" }, "@slack:T0/C1 " + eve + "https://in.test.com/", true},
		"not where the giver may not":   {func(l *Loan) { l.Domain = "in.test.com" }, "@slack:T0/C2 " + eve + "https://in.test.com/", false},
		"from an administrator":         {func(l *Loan) { l.By = "slack:T0/UBOB" }, eve + "https://www.test.com/x", false},
		"below a star":                  {func(l *Loan) { l.Domain = "*.cdn.test.com" }, eve + "https://a.b.cdn.test.com/", true},
		"a star is not its apex":        {func(l *Loan) { l.Domain = "*.www.test.com" }, eve + "https://www.test.com/", false},
		"a star stands for no A-label":  {func(l *Loan) { l.Domain = "*.cdn.test.com" }, eve + "https://xn--bcher-kva.cdn.test.com/", false},
		"a denial wins":                 {func(l *Loan) { l.Domain = "pay.cdn.test.com" }, eve + "https://pay.cdn.test.com/", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := loan(c.change)
			d := atNoon(p, o, c.ask)
			assert.Equal(t, c.allows, d.Allowed, d.Rule)
			if c.allows {
				assert.Equal(t, "temporary grant r-2", d.Rule)
			}
			timeless := question(p, c.ask)
			timeless.overlay = o
			assert.False(t, p.decideByFile(timeless).Allowed, "without a time no loan covers")
		})
	}
}

func TestALoanBringsItsGiversConditions(t *testing.T) {
	t.Parallel()
	p := parse(t, lenders)
	d := atNoon(p, loan(func(l *Loan) { l.Domain = "two.test.com" }), "slack:T0/UEVE https://two.test.com/")
	require.True(t, d.Allowed)
	assert.Equal(t, SecondPerson, d.Confirm)
	assert.Equal(t, []Charge{{"person slack:T0/UEVE, grant careful", 3}}, d.Charges)
	assert.True(t, p.MayApprove(p.Who("slack:T0/UBOB", nil), d))
	assert.False(t, p.MayApprove(p.Who("slack:T0/UCAT", nil), d))
}

func TestAFreezeBeatsALoan(t *testing.T) {
	t.Parallel()
	p := parse(t, lenders)
	l := Loan{ID: "r-2", To: "slack:T0/UEVE", Domain: "www.test.com", Kinds: []purge.Kind{purge.URL}, Areas: []purge.Area{purge.Mainland}, Until: noon.Add(1), By: "slack:T0/UANN"}
	o := NewOverlay([]Freeze{{ID: "r-1", Domain: "www.test.com", Until: noon.Add(1)}}, []Loan{l})
	assert.Equal(t, "freeze r-1", atNoon(p, o, "slack:T0/UEVE https://www.test.com/").Rule)
}

func TestLoansAreListed(t *testing.T) {
	t.Parallel()
	p := parse(t, lenders)
	o := loan(func(*Loan) {})
	held := p.loans(p.Who("slack:T0/UEVE", nil), o, noon)
	require.Len(t, held, 1)
	assert.Equal(t, GrantView{Name: "temporary grant r-2", Domains: []string{"www.test.com"}, Schemes: []string{"http", "https"}, Kinds: []purge.Kind{purge.URL},
		Areas: []purge.Area{purge.Mainland}, Until: noon.Add(time.Hour), By: "slack:T0/UANN"}, held[0])
	assert.Empty(t, p.loans(p.Who("slack:T0/UEVE", nil), o, noon.Add(time.Hour)))
	assert.Empty(t, p.loans(p.Who("slack:T0/UDAN", nil), o, noon))
	assert.Empty(t, p.loans(p.Who("slack:T0/UEVE", nil), nil, noon), "nothing was said")
	assert.Empty(t, p.loans(parse(t, lenders).Who("slack:T0/UEVE", nil), o, noon), "somebody of another policy")
	assert.Empty(t, p.loans(Who{}, o, noon))
	var many []Loan
	for _, id := range strings.Split("hgfedcba", "") {
		many = append(many, Loan{ID: id, To: "slack:T0/UEVE", Domain: id + ".test.com", Until: noon.Add(1), By: "slack:T0/UANN"})
	}
	var names string
	for _, v := range p.loans(p.Who("slack:T0/UEVE", nil), NewOverlay(nil, many), noon) {
		names += strings.TrimPrefix(v.Name, "temporary grant ")
	}
	assert.Equal(t, "abcdefgh", names)
	a := question(p, "slack:T0/UEVE overseas https://www.test.com/")
	a.At, a.overlay = noon, o
	assert.Contains(t, p.explain(a, p.decideByFile(a)), "Your temporary grant on www.test.com does not cover this")
}

func TestWindows(t *testing.T) {
	t.Parallel()
	p := parse(t, `version: 1
grants:
  - {name: b, to: [slack:T0/U1], domains: [a.example.com], from: 2026-11-21T20:00:00+08:00, until: 2026-11-21T14:00:00Z}
  - {name: z, to: [slack:T0/U1], domains: [b.example.com]}
  - {name: a, to: [slack:T0/U1], domains: [b.example.com], confirm: second-person, until: 2026-11-21T12:00:00Z}
denials:
  - {name: party, domains: [b.example.com], from: 2026-12-24T00:00:00Z, until: 2026-12-27T00:00:00Z}
`)
	decide := func(url string, at time.Time) Decision {
		a := ask(p, "slack:T0/U1", url)
		a.At = at
		return p.decideByFile(a)
	}
	for at, allowed := range map[time.Time]bool{noon.Add(-1): false, noon: true, noon.Add(2*time.Hour - 1): true, noon.Add(2 * time.Hour): false, {}: false} {
		assert.Equal(t, allowed, decide("https://a.example.com/", at).Allowed, at)
	}
	early, late := decide("https://b.example.com/", noon.Add(-1)), decide("https://b.example.com/", noon)
	assert.Equal(t, SecondPerson, early.Confirm, "the strictest that holds now")
	assert.True(t, late.Allowed)
	assert.Equal(t, "z", late.Rule, "what is over hides nothing behind it")
	assert.Equal(t, NoConfirm, late.Confirm)
	christmas := time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)
	assert.True(t, decide("https://b.example.com/", christmas.Add(-1)).Allowed)
	assert.Equal(t, "party", decide("https://b.example.com/", christmas).Rule)
	assert.False(t, decide("https://b.example.com/", time.Time{}).Allowed, "without a time a denial holds")
	closed := ask(p, "slack:T0/U1", "https://a.example.com/")
	closed.At = noon.Add(-1)
	assert.Equal(t, "You may purge a.example.com from 2026-11-21 12:00 UTC until 2026-11-21 14:00 UTC. Ask those who keep the policy file.", p.explain(closed, p.decideByFile(closed)))
}

func TestWindowsInTests(t *testing.T) {
	t.Parallel()
	file := func(test string) error {
		_, err := Parse("acl.yaml", []byte(`version: 1
grants:
  - {name: b, to: [slack:T0/U1], domains: [a.example.com], from: 2026-11-21T12:00:00Z, until: 2026-11-22T12:00:00Z}
denials:
  - {name: d, domains: [a.example.com], until: 2026-11-21T13:00:00Z}
tests:
  - {as: slack:T0/U1, `+test+`: ["https://a.example.com/"]}
`))
		return err
	}
	require.NoError(t, file("may"), "at some moment")
	require.NoError(t, file("at: 2026-11-21T13:00:00Z, may"))
	require.NoError(t, file("at: 2026-11-21T12:59:59Z, may-not"))
	require.Error(t, file("may-not"))
	require.Error(t, file("at: 2026-11-21T12:59:59Z, may"))
}

func TestCharges(t *testing.T) {
	t.Parallel()
	p := parse(t, `version: 1
people: {ann: [slack:T0/U1, slack:T0/U9]}
groups: {oncall: [ann, slack:T0/U2], night: [slack:T0/U2]}
defaults: {budget: {url: 20, directory: unlimited}}
budgets: {oncall: {url: 100, directory: 7}, night: {url: 3}}
grants:
  - {name: a, to: [oncall, slack:T0/U3], domains: [a.example.com], kinds: [url, directory], budget: {url: 5}}
  - {name: b, to: [oncall], domains: [a.example.com, b.example.com], kinds: [url, directory], budget: {url: unlimited, directory: 2}}
`)
	for q, want := range map[string][]Charge{
		"slack:T0/U1 https://a.example.com/":             {{"person ann", 20}, {"group oncall", 100}, {"person ann, grant a", 5}},
		"slack:T0/U9 https://b.example.com/":             {{"person ann", 20}, {"group oncall", 100}},
		"slack:T0/U2 https://b.example.com/":             {{"person slack:T0/U2", 20}, {"group oncall", 100}, {"group night", 3}},
		"slack:T0/U2 directory https://a.example.com/":   {{"group oncall", 7}, {"person slack:T0/U2, grant b", 2}},
		"slack:T0/U3 https://a.example.com/":             {{"person slack:T0/U3", 20}, {"person slack:T0/U3, grant a", 5}},
		"slack:T0/U3 directory https://a.example.com/x/": nil,
	} {
		d := p.decideByFile(question(p, q))
		assert.Equal(t, want, d.Charges, q)
		assert.True(t, d.Allowed, q)
	}
}

func TestApprovers(t *testing.T) {
	t.Parallel()
	text := `version: 1
people: {ann: [slack:T0/U1, discord:4/1], bob: [slack:T0/U2]}
groups: {leads: [ann, slack:T0/S1], staff: [leads, slack:T0/U5]}
emergency: [leads]
quota: {reserve: {url: 100, directory: 5}, to: [bob]}
leaks: {words: [Leak, 泄露]}
grants:
  - {name: a, to: [slack:T0/U9], domains: [a.example.com], confirm: second-person, approvers: [leads, bob]}
  - {name: b, to: [slack:T0/U9], domains: [a.example.com, b.example.com], confirm: second-person}
  - {name: c, to: [slack:T0/U9], domains: [c.example.com], confirm: second-person, approvers: [staff]}
  - {name: d, to: [slack:T0/U9], domains: [c.example.com], confirm: second-person, approvers: [bob, slack:T0/U5]}
  - {name: e, to: [slack:T0/U9], domains: [e.example.com], confirm: second-person, budget: {url: 3}}
  - {name: f, to: [slack:T0/U9], domains: [f.example.com], confirm: second-person, approvers: [ann, slack:T0/U1]}
`
	p, other := parse(t, text), parse(t, text)
	a, b, c := p.decideByFile(question(p, "slack:T0/U9 https://a.example.com/")), p.decideByFile(question(p, "slack:T0/U9 https://b.example.com/")), p.decideByFile(question(p, "slack:T0/U9 https://c.example.com/"))
	who := func(s Subject, groups ...Subject) Who { return p.Who(s, groups) }
	assert.True(t, p.MayApprove(who("slack:T0/U2"), a))
	assert.True(t, p.MayApprove(who("discord:4/1"), a), "a person is every account")
	assert.True(t, p.MayApprove(who("slack:T0/U7", "slack:T0/S1"), a))
	assert.False(t, p.MayApprove(who("slack:T0/U5"), a))
	assert.True(t, p.MayApprove(who("slack:T0/U7"), b), "no approvers are named")
	assert.False(t, p.MayApprove(who("slack:T0/U2"), c), "each grant that names approvers must name them")
	assert.True(t, p.MayApprove(who("slack:T0/U5"), c))
	assert.False(t, p.MayApprove(Who{}, b), "nobody")
	assert.False(t, p.MayApprove(who("slack:T0/U2"), p.decideByFile(question(p, "slack:T0/U8 https://b.example.com/"))), "what is denied has no second person")
	assert.True(t, p.MayApprove(who("slack:T0/U7"), p.decideByFile(question(p, "slack:T0/U9 https://e.example.com/"))), "a budget names no approver")
	for _, d := range []Decision{a, b} {
		assert.False(t, other.MayApprove(who("slack:T0/U2"), d), "who is somebody of another file")
	}
	assert.False(t, p.MayApprove(who("slack:T0/U2"), other.decideByFile(question(other, "slack:T0/U9 https://a.example.com/"))), "nor does its decision count")
	assert.Empty(t, other.Approvers(a))
	assert.Equal(t, []Subject{"slack:T0/U1", "discord:4/1"}, p.Approvers(p.decideByFile(question(p, "slack:T0/U9 https://f.example.com/"))), "each once")
	assert.Equal(t, []Subject{"slack:T0/U1", "discord:4/1", "slack:T0/U2", "slack:T0/S1"}, p.Approvers(a))
	assert.Empty(t, p.Approvers(b))
	assert.Len(t, p.Approvers(c), 5)
	assert.True(t, p.Emergency(who("slack:T0/U1")))
	assert.False(t, p.Emergency(who("slack:T0/U2")))
	assert.Equal(t, 100, p.Reserve(purge.URL))
	assert.Equal(t, 5, p.Reserve(purge.Directory))
	assert.Zero(t, p.Reserve(purge.Prefetch))
	assert.True(t, p.MayTouchReserve(who("slack:T0/U2")))
	assert.False(t, p.MayTouchReserve(who("slack:T0/U1")))
	assert.Equal(t, []string{"leak", "泄露"}, p.LeakWords())
}
