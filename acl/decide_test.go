package acl

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// ask is an ask for a URL in mainland, outside every channel.
func ask(p *Policy, who Subject, url string, groups ...Subject) Ask {
	return Ask{Who: p.Who(who, groups), Kind: purge.URL, Area: purge.Mainland, Target: target(purge.URL, url)}
}

func target(kind purge.Kind, s string) purge.Target {
	t, err := purge.Parse(kind, s)
	if err != nil {
		panic(err)
	}
	return t
}

// question parses an ask "subject+group@channel kind area url". The defaults are U1, no channel, url and
// mainland.
func question(p *Policy, s string) Ask {
	words := strings.Fields(s)
	a := Ask{Kind: purge.URL, Area: purge.Mainland}
	subject, groups := Subject("slack:T0/U1"), []Subject(nil)
	for _, w := range words[:len(words)-1] {
		switch {
		case w == "directory":
			a.Kind = purge.Directory
		case w == "overseas":
			a.Area = purge.Overseas
		case strings.HasPrefix(w, "+"):
			groups = append(groups, Subject(w[1:]))
		case strings.HasPrefix(w, "@"):
			a.In = Subject(w[1:])
		default:
			subject = Subject(w)
		}
	}
	a.Who, a.Target = p.Who(subject, groups), target(a.Kind, words[len(words)-1])
	return a
}

func TestGrants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grant           string
		allowed, denied []string
	}{
		"host": {"to: [slack:T0/U1], domains: [a.example.com]",
			[]string{"https://a.example.com/", "http://a.example.com/x?y", "https://A.example.com:443/x#y"},
			[]string{"https://b.example.com/", "https://example.com/", "https://x.a.example.com/", "https://a.example.com.evil.org/", "https://xa.example.com/"}},
		"subject": {"to: [slack:T0/U1], domains: [a.example.com]",
			[]string{"slack:T0/U1 https://a.example.com/"},
			[]string{"slack:T0/U2 https://a.example.com/", "slack:T1/U1 https://a.example.com/", "slack:T0/u1 https://a.example.com/",
				"slack:T0/U11 https://a.example.com/", "discord:T0/U1 https://a.example.com/", "+slack:T0/S1 slack:T0/U2 https://a.example.com/"}},
		"several subjects": {"to: [slack:T0/U3, slack:T0/U1], domains: [a.example.com]",
			[]string{"https://a.example.com/", "slack:T0/U3 https://a.example.com/"}, []string{"slack:T0/U2 https://a.example.com/"}},
		"wildcard": {`to: [slack:T0/U1], domains: ["*.s.example.com"]`,
			[]string{"https://a.s.example.com/", "https://a.b.s.example.com/", "https://1.s.example.com/", "https://a--b.s.example.com/"},
			[]string{"https://s.example.com/", "https://as.example.com/", "https://a.s.example.com.evil.org/", "https://example.com/", "https://a.s.example.org/"}},
		"a star stands for no A-label": {`to: [slack:T0/U1], domains: ["*.s.example.com", xn--bcher-kva.s.example.com, "*.xn--bcher-kva.example"]`,
			[]string{"https://xn--bcher-kva.s.example.com/", "https://a.xn--bcher-kva.example/"},
			[]string{"https://xn--bcher-kv.s.example.com/", "https://a.xn--b.s.example.com/", "https://xn--b.a.s.example.com/", "https://xn--b.xn--bcher-kva.example/"}},
		"nor with paths": {`to: [slack:T0/U1], domains: ["*.s.example.com"], paths: [/x/]`,
			[]string{"https://a.s.example.com/x/"}, []string{"https://xn--b.s.example.com/x/", "https://a.xn--b.s.example.com/x/"}},
		"several domains": {`to: [slack:T0/U1], domains: [a.example.com, "*.b.example.com", c.example.com]`,
			[]string{"https://a.example.com/", "https://x.b.example.com/", "https://c.example.com/"}, []string{"https://b.example.com/"}},
		"kind defaults to url": {"to: [slack:T0/U1], domains: [a.example.com]",
			[]string{"https://a.example.com/x/"}, []string{"directory https://a.example.com/x/"}},
		"directories alone": {"to: [slack:T0/U1], domains: [a.example.com], kinds: [directory]",
			[]string{"directory https://a.example.com/x/"}, []string{"https://a.example.com/x/"}},
		"both kinds": {"to: [slack:T0/U1], domains: [a.example.com], kinds: [directory, url]",
			[]string{"directory https://a.example.com/x/", "https://a.example.com/x/"}, nil},
		"area defaults to mainland": {"to: [slack:T0/U1], domains: [a.example.com]",
			[]string{"https://a.example.com/"}, []string{"overseas https://a.example.com/"}},
		"overseas alone": {"to: [slack:T0/U1], domains: [a.example.com], areas: [overseas]",
			[]string{"overseas https://a.example.com/"}, []string{"https://a.example.com/"}},
		"scheme": {"to: [slack:T0/U1], domains: [a.example.com], schemes: [https]",
			[]string{"https://a.example.com/"}, []string{"http://a.example.com/"}},
		"the other scheme": {"to: [slack:T0/U1], domains: [a.example.com], schemes: [http]",
			[]string{"http://a.example.com/"}, []string{"https://a.example.com/"}},
		"path": {"to: [slack:T0/U1], domains: [a.example.com], paths: [/app/], kinds: [url, directory]",
			[]string{"https://a.example.com/app/", "https://a.example.com/app/x", "https://a.example.com/app//x", "https://a.example.com/app/%20x",
				"https://a.example.com/app/x?next=https%3A%2F%2Fa%2F..", "directory https://a.example.com/app/", "directory https://a.example.com/app/x/"},
			[]string{"https://a.example.com/", "https://a.example.com/app", "https://a.example.com/App/x", "https://a.example.com/apps/x", "https://a.example.com//app/x",
				"https://a.example.com/%61pp/x", "https://a.example.com/x/app/", "directory https://a.example.com/", "https://a.example.com/app/x#y",
				"https://a.example.com/app/%2fx", "https://a.example.com/app/x%2f", "https://a.example.com/app/x%5Cy", "https://a.example.com/app/x%2Ey", "https://a.example.com/app/x%25y",
				"https://a.example.com/app/x%3By", "https://a.example.com/app/x%3by", "https://a.example.com/app/x%00y"}},
		"the root as a path": {"to: [slack:T0/U1], domains: [a.example.com], paths: [/]",
			[]string{"https://a.example.com/", "https://a.example.com/x/y"}, []string{"https://a.example.com/x%2fy", "https://a.example.com/x#"}},
		"without paths anything goes": {"to: [slack:T0/U1], domains: [a.example.com]",
			[]string{"https://a.example.com/x%2fy", "https://a.example.com/x#y"}, nil},
		"several paths": {"to: [slack:T0/U1], domains: [a.example.com], paths: [/a/b/, /c/]",
			[]string{"https://a.example.com/a/b/x", "https://a.example.com/c/x"}, []string{"https://a.example.com/a/x", "https://a.example.com/b/x"}},
		"a path under a wildcard": {`to: [slack:T0/U1], domains: ["*.example.com"], paths: [/a/]`,
			[]string{"https://x.example.com/a/x"}, []string{"https://x.example.com/b/x"}},
		"channel": {"to: [slack:T0/U1], in: [slack:T0/C1, slack:T0/C2], domains: [a.example.com]",
			[]string{"@slack:T0/C1 https://a.example.com/", "@slack:T0/C2 https://a.example.com/"},
			[]string{"https://a.example.com/", "@slack:T0/C3 https://a.example.com/", "@slack:T1/C1 https://a.example.com/", "@* https://a.example.com/", "@slack:T0/U1 https://a.example.com/"}},
		"a platform group": {"to: [slack:T0/S1], domains: [a.example.com]",
			[]string{"slack:T0/U2 +slack:T0/S1 https://a.example.com/"}, []string{"slack:T0/U2 https://a.example.com/", "slack:T0/U2 +slack:T0/S2 https://a.example.com/"}},
		"a group": {"to: [crew], domains: [a.example.com]",
			[]string{"slack:T0/U5 https://a.example.com/", "slack:T0/U2 +slack:T0/S5 https://a.example.com/"}, []string{"https://a.example.com/"}},
		"a group of groups": {"to: [outer], domains: [a.example.com]",
			[]string{"slack:T0/U5 https://a.example.com/", "slack:T0/U2 +slack:T0/S5 https://a.example.com/"}, []string{"https://a.example.com/"}},
		"a person": {"to: [eve], domains: [a.example.com]",
			[]string{"slack:T0/U6 https://a.example.com/", "terminal:eve https://a.example.com/"}, []string{"https://a.example.com/"}},
		"a group of people": {"to: [people], domains: [a.example.com]",
			[]string{"slack:T0/U6 https://a.example.com/", "terminal:eve https://a.example.com/"}, []string{"https://a.example.com/"}},
		"one account of a person": {"to: [terminal:eve], domains: [a.example.com]",
			[]string{"terminal:eve https://a.example.com/"}, []string{"slack:T0/U6 https://a.example.com/"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parse(t, crew+"grants:\n  - {name: g, "+c.grant+"}\n")
			for _, s := range c.allowed {
				assert.True(t, p.decideByFile(question(p, s)).Allowed, s)
				assert.Equal(t, "g", p.decideByFile(question(p, s)).Rule)
			}
			for _, s := range c.denied {
				assert.Equal(t, Decision{Rule: DefaultDeny}, p.decideByFile(question(p, s)), s)
			}
		})
	}
}

// replaceOnce changes one place of a file.
func replaceOnce(t *testing.T, file, from, to string) string {
	require.Equal(t, 1, strings.Count(file, from), from)
	return strings.Replace(file, from, to, 1)
}

const crew = `version: 1
people: {eve: [slack:T0/U6, terminal:eve]}
groups:
  crew: [slack:T0/U5, slack:T0/S5]
  outer: [crew]
  people: [eve]
`

func TestDenials(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		denial          string
		denied, allowed []string
	}{
		"what is left out means all": {"areas: [mainland, overseas]",
			[]string{"https://a.example.com/", "overseas directory http://b.s.example.com/x/", "slack:T0/U5 @slack:T0/C1 https://a.example.com/", "terminal:eve https://a.example.com/"}, nil},
		"everyone": {`to: ["*"]`, []string{"https://a.example.com/", "slack:T0/U5 https://a.example.com/"}, nil},
		"subject":  {"to: [slack:T0/U1]", []string{"https://a.example.com/"}, []string{"slack:T0/U5 https://a.example.com/"}},
		"one account of a person covers the others": {"to: [terminal:eve]",
			[]string{"terminal:eve https://a.example.com/", "slack:T0/U6 https://a.example.com/"}, []string{"https://a.example.com/"}},
		"group": {"to: [outer]", []string{"slack:T0/U5 https://a.example.com/", "+slack:T0/S5 https://a.example.com/"}, []string{"https://a.example.com/"}},
		"host":  {"domains: [a.example.com]", []string{"https://a.example.com/", "directory overseas http://a.example.com/x/"}, []string{"https://b.s.example.com/"}},
		"a wildcard covers the apex": {`domains: ["*.s.example.com"]`,
			[]string{"https://s.example.com/", "https://b.s.example.com/", "https://xn--b.s.example.com/"}, []string{"https://a.example.com/"}},
		"a wildcard on a top-level domain": {`domains: ["*.com"]`, []string{"https://a.example.com/", "https://s.example.com/"}, []string{"https://a.example.org/"}},
		"scheme":                           {"schemes: [http]", []string{"http://a.example.com/"}, []string{"https://a.example.com/"}},
		"kind":                             {"kinds: [directory]", []string{"directory https://a.example.com/x/"}, []string{"https://a.example.com/x/"}},
		"area":                             {"areas: [overseas]", []string{"overseas https://a.example.com/"}, []string{"https://a.example.com/"}},
		"channel": {"in: [slack:T0/C1]", []string{"@slack:T0/C1 https://a.example.com/"},
			[]string{"https://a.example.com/", "@slack:T0/C2 https://a.example.com/"}},
		"path": {"domains: [a.example.com], paths: [/x/Private/]",
			[]string{"https://a.example.com/x/private/", "https://a.example.com/x/Private/y", "https://a.example.com/X/PRIVATE/y", "https://a.example.com/x/%70rivate/y",
				"https://a.example.com/x/%2570rivate/y", "https://a.example.com/x%2Fprivate/y", "https://a.example.com/x%252fprivate%252fy", "https://a.example.com//x///private//y",
				"https://a.example.com/x/%2fprivate/y", "https://a.example.com/x/private/?y", "overseas http://a.example.com/x/private/y",
				"directory https://a.example.com/x/private/", "directory https://a.example.com/x/private/y/", "directory https://a.example.com/x/", "directory https://a.example.com/",
				"directory https://a.example.com/X/", "directory https://a.example.com//", "directory https://a.example.com//%78/", "directory https://a.example.com/%2578/", "directory https://a.example.com/x%2f/"},
			[]string{"https://a.example.com/", "https://a.example.com/x/", "https://a.example.com/x/private", "https://a.example.com/private/", "https://a.example.com/x/privates/",
				"https://a.example.com/x/y?/x/private/", "directory https://a.example.com/y/", "directory https://a.example.com/x/y/", "directory https://a.example.com/x/privat/",
				"https://b.s.example.com/x/private/", "https://a.example.com/x/%252570rivate/"}},
		"a path on every host": {"paths: [/x/]", []string{"https://a.example.com/x/y", "directory https://b.s.example.com/"}, []string{"https://a.example.com/y"}},
		"a path for URLs alone": {"paths: [/x/y/], kinds: [url]",
			[]string{"https://a.example.com/x/y/z", "directory https://a.example.com/x/"}, []string{"directory https://a.example.com/x/y/"}},
		"a path in one area": {"paths: [/x/y/], areas: [overseas]",
			[]string{"overseas directory https://a.example.com/x/"}, []string{"directory https://a.example.com/x/"}},
		"the root as a path":  {"paths: [/]", []string{"https://a.example.com/", "https://a.example.com/x", "directory https://a.example.com/"}, nil},
		"a path below a star": {`domains: ["*.example.com"], paths: [/x/]`, []string{"https://b.s.example.com/X/y"}, []string{"https://b.s.example.com/y"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := parse(t, crew+`grants:
  - name: g
    to: [slack:T0/U1, crew, eve]
    domains: [a.example.com, a.example.org, s.example.com, xn--b.s.example.com, "*.s.example.com"]
    kinds: [url, directory]
    areas: [mainland, overseas]
denials:
  - {name: d, `+c.denial+"}\n")
			for _, s := range c.denied {
				assert.Equal(t, Decision{Rule: "d", Denied: true}, p.decideByFile(question(p, s)), s)
			}
			for _, s := range c.allowed {
				assert.True(t, p.decideByFile(question(p, s)).Allowed, s)
			}
		})
	}
}

func TestALongPathIsFoundHoweverItIsSpelled(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("/a", 100)
	p := parse(t, "version: 1\ngrants:\n  - {name: g, to: [terminal:a], domains: [a.example.com], paths: ["+deep+"/]}\n"+
		"denials:\n  - {name: d, paths: ["+deep+"/b/]}\n")
	assert.True(t, p.decideByFile(ask(p, "terminal:a", "https://a.example.com"+deep+"/c")).Allowed)
	assert.False(t, p.decideByFile(ask(p, "terminal:a", "https://a.example.com"+deep[2:]+"/c")).Allowed)
	assert.Equal(t, "d", p.decideByFile(ask(p, "terminal:a", "https://a.example.com"+deep+"/b/c")).Rule)
	assert.Equal(t, "d", p.decideByFile(ask(p, "terminal:a", "https://a.example.com"+strings.ReplaceAll(deep, "a", "%2561")+"/B/"+strings.Repeat("c", 7000))).Rule)
	deepHost := strings.Repeat("a.", 100) + "example.com"
	p = parse(t, "version: 1\ngrants:\n  - {name: g, to: [terminal:a], domains: [\"*."+deepHost+"\"]}\n")
	assert.True(t, p.decideByFile(ask(p, "terminal:a", "https://b."+deepHost+"/")).Allowed)
	assert.False(t, p.decideByFile(ask(p, "terminal:a", "https://"+deepHost+"/")).Allowed)
}

func TestMalformedAsksAreDenied(t *testing.T) {
	t.Parallel()
	const all = "version: 1\ngrants:\n  - {name: all, to: [terminal:alice], domains: [www.example.com], kinds: [url, directory], areas: [mainland, overseas]}\n"
	p := parse(t, all)
	good := ask(p, "terminal:alice", "https://www.example.com/x")
	require.True(t, p.decideByFile(good).Allowed)
	for name, change := range map[string]func(*Ask){
		"nobody":                func(a *Ask) { a.Who = Who{} },
		"another policy's":      func(a *Ask) { a.Who = parse(t, all).Who("terminal:alice", nil) },
		"no kind":               func(a *Ask) { a.Kind = "" },
		"no area":               func(a *Ask) { a.Area = "" },
		"both areas":            func(a *Ask) { a.Area = "global" },
		"no target":             func(a *Ask) { a.Target = purge.Target{} },
		"a URL as a directory":  func(a *Ask) { a.Kind = purge.Directory },
		"a directory as a file": func(a *Ask) { a.Kind = "file" },
	} {
		a := good
		change(&a)
		assert.Equal(t, Decision{Rule: DefaultDeny}, p.decideByFile(a), name)
	}
	var nobody Who
	assert.False(t, p.Holds(nobody, "www.example.com") || p.Administrator(nobody) || p.Auditor(nobody))
	assert.Empty(t, p.Grants(nobody))
}

func TestTheStrictestConfirmationHolds(t *testing.T) {
	t.Parallel()
	p := parse(t, `version: 1
groups: {crew: [slack:T0/U1, slack:T0/U2]}
grants:
  - {name: a, to: [crew], domains: ["*.example.com"]}
  - {name: b, to: [crew], domains: [a.example.com], confirm: requester}
  - {name: c, to: [slack:T0/U1], domains: [a.example.com], paths: [/x/], confirm: second-person}
  - {name: d, to: [slack:T0/U1], domains: [a.example.com], areas: [mainland, overseas]}
`)
	for question_, want := range map[string]Decision{
		"https://b.example.com/":               {Allowed: true, Rule: "a", Via: "crew"},
		"https://a.example.com/":               {Allowed: true, Rule: "b", Via: "crew", Confirm: Requester},
		"https://a.example.com/x/":             {Allowed: true, Rule: "c", Confirm: SecondPerson},
		"slack:T0/U2 https://a.example.com/x/": {Allowed: true, Rule: "b", Via: "crew", Confirm: Requester},
		"overseas https://a.example.com/x/":    {Allowed: true, Rule: "d"},
		"https://a.example.com/x/%2f":          {Allowed: true, Rule: "b", Via: "crew", Confirm: Requester},
	} {
		assert.Equal(t, want, p.decideByFile(question(p, question_)), question_)
	}
}

func TestViaNamesTheGroupThatLetSomebodyIn(t *testing.T) {
	t.Parallel()
	p := parse(t, crew+"grants:\n  - {name: g, to: [outer, slack:T0/S9, slack:T0/U5, eve, crew], domains: [a.example.com]}\n")
	for who, via := range map[string]string{
		"slack:T0/U5":                           "",
		"slack:T0/U6":                           "",
		"slack:T0/U2 +slack:T0/S9":              "slack:T0/S9",
		"slack:T0/U2 +slack:T0/S5":              "crew",
		"slack:T0/U2 +slack:T0/S9 +slack:T0/S5": "crew",
	} {
		d := p.decideByFile(question(p, who+" https://a.example.com/"))
		assert.True(t, d.Allowed)
		assert.Equal(t, via, d.Via, who)
	}
}

// TestViaInACrowd checks that the decision names the first group in order, even in a spot with a table.
func TestViaInACrowd(t *testing.T) {
	t.Parallel()
	names := newNames()
	inner, outer := names.number("z"), names.number("a")
	u := names.number("terminal:u")
	names.in[u], names.in[inner] = []principal{inner}, []principal{outer}
	to := []principal{inner, outer}
	for i := range 20 {
		to = append(to, names.number(subjectNumber(i)))
	}
	p := newPolicy(names, grantsFor(1, func(int) rule { return rule{to: to, domains: []string{"a.example.com"}} }), nil)
	assert.Equal(t, "a", p.decideByFile(ask(p, "terminal:u", "https://a.example.com/")).Via)
}

// TestACrowdInAChannel checks that the channel counts in a spot with many rules for channels.
func TestACrowdInAChannel(t *testing.T) {
	t.Parallel()
	names := newNames()
	in := names.number("slack:T0/C1")
	p := newPolicy(names, grantsFor(20, func(i int) rule {
		return rule{to: []principal{names.number(subjectNumber(i))}, in: []principal{in}, domains: []string{"a.example.com"}}
	}), nil)
	assert.True(t, p.decideByFile(question(p, "slack:T0/U7 @slack:T0/C1 https://a.example.com/")).Allowed)
	assert.False(t, p.decideByFile(question(p, "slack:T0/U7 @slack:T0/C2 https://a.example.com/")).Allowed)
	assert.False(t, p.decideByFile(question(p, "slack:T0/U7 https://a.example.com/")).Allowed)
}

func TestWhoIsNobodyTwice(t *testing.T) {
	t.Parallel()
	p := parse(t, crew)
	assert.Equal(t, Subject("slack:T0/U9"), p.Who("slack:T0/U9", nil).subject)
	assert.Empty(t, p.Who("slack:T0/U9", []Subject{"slack:T0/S9"}).named.members)
	assert.Len(t, p.Who("slack:T0/U5", []Subject{"slack:T0/S5"}).named.members, 4) // U5, S5, crew, outer
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	assert.ElementsMatch(t, []Subject{"slack:T0/U5", "slack:T0/S5", "slack:T0/U6", "terminal:eve"}, parse(t, crew).Subjects())
}

func TestDefaultArea(t *testing.T) {
	t.Parallel()
	p := parse(t, `version: 1
domains:
  a.example.com: {area: mainland}
  "*.example.com": {area: overseas}
  "*.b.example.com": {area: mainland}
  "*.org": {area: overseas}
`)
	for host, area := range map[string]purge.Area{
		"a.example.com": purge.Mainland, "c.example.com": purge.Overseas, "x.a.example.com": purge.Overseas, "b.example.com": purge.Overseas,
		"x.b.example.com": purge.Mainland, "x.y.b.example.com": purge.Mainland, "example.com": "", "a.org": purge.Overseas, "": "",
	} {
		assert.Equal(t, area, p.DefaultArea(host), host)
	}
}

func TestSamePerson(t *testing.T) {
	t.Parallel()
	p := parse(t, crew+"  x: [terminal:bob]\n")
	assert.True(t, p.SamePerson("slack:T0/U6", "terminal:eve"))
	assert.True(t, p.SamePerson("slack:T0/U9", "slack:T0/U9"))
	assert.False(t, p.SamePerson("slack:T0/U9", "slack:T0/U8"))
	assert.False(t, p.SamePerson("slack:T0/U9", "slack:T0/u9"))
	assert.False(t, p.SamePerson("slack:T0/U6", "terminal:bob"))
	assert.False(t, p.SamePerson("terminal:bob", "slack:T0/U6"))
}

func TestFold(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/": "/", "//": "/", "/A//b": "/a/b", "/%41": "/a", "/%2541": "/a", "/%252541": "/%41", "/%2F%2f": "/", "/a%": "/a%", "/%zz%4": "/%zz%4", "/%25zz": "/%zz",
	} {
		assert.Equal(t, want, fold(path), path)
		assert.Equal(t, path == want && !strings.Contains(path, "%"), isFolded(path), path)
	}
}

// TestEveryByte writes each byte as itself and as an escape in both cases.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		plain := "/a" + string([]byte{byte(c)})
		want := strings.ToLower(plain)
		switch {
		case c >= 0x80:
			want = plain
		case c == '%':
			want = "/a%"
		}
		assert.Equal(t, want, fold(plain), "%q", plain)
		assert.Equal(t, want == plain && c != '%', isFolded(plain), "%q", plain)
		for _, escape := range []string{fmt.Sprintf("%%%02x", c), fmt.Sprintf("%%%02X", c)} {
			assert.Equal(t, want, fold("/a"+escape))
			assert.Equal(t, want, fold("/a%25"+escape[1:]))
			refused := slices.Contains([]byte("/\\.%;\x7f"), byte(c)) || c < ' ' || c >= 0x80 // a lone byte beyond ASCII is half a character
			for _, path := range []string{"/" + escape, "/%20" + escape, "/" + escape + "%20"} {
				assert.Equal(t, refused, encoded(path) != "", path)
			}
		}
	}
	for _, notHex := range []string{"/%g0", "/%0g", "/%`0", "/%/0", "/%:0", "/%@0", "/%G0", "/%0/", "/%0:"} {
		assert.Equal(t, strings.ToLower(notHex), fold(notHex))
	}
}
