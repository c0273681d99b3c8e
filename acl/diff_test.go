package acl

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

// told writes a difference as text, one line for each change.
func told(d Difference) (lines []string) {
	for _, w := range d.Who {
		for _, c := range w.Changes {
			lines = append(lines, strings.Join(w.Who, "+")+" "+toldChange(c))
		}
	}
	return append(lines, d.Settings...)
}

func toldChange(c Change) string {
	words := []string{string(c.What), strings.Join(c.Domains, ",") + c.Path}
	if c.Above {
		words = append(words, "above")
	}
	if len(c.Kinds) == 1 {
		words = append(words, string(c.Kinds[0]))
	}
	if len(c.Areas) == 1 {
		words = append(words, string(c.Areas[0]))
	}
	if len(c.Schemes) == 1 {
		words = append(words, c.Schemes[0])
	}
	words = append(words, string(c.In))
	if w := (window{c.From.Unix(), c.Until.Unix()}); !c.From.IsZero() || !c.Until.IsZero() {
		words = append(words, w.String())
	}
	if c.Before != "" || c.What == ConfirmChanged {
		words = append(words, fmt.Sprintf("%q to", c.Before))
	}
	words = append(words, string(c.Confirm))
	if c.LimitsBefore != "" || c.What == LimitsChanged {
		words = append(words, fmt.Sprintf("(%s to)", c.LimitsBefore))
	}
	words = append(words, c.Limits)
	if c.Denied {
		words = append(words, "but denied")
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

func TestDiff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, to string // changes of small
		want     []string
	}{
		"nothing":                  {"version: 1", "version: 1 # the same", nil},
		"another order":            {"[www.example.com, \"*.s.example.com\"], kinds: [url, directory]", "[\"*.s.example.com\", www.example.com], kinds: [directory, url]", nil},
		"a group by its members":   {"to: [crew]", "to: [slack:T0/U2]", nil},
		"a person by all accounts": {"to: [ann]", "to: [terminal:ann, slack:T0/U1]", nil},
		"another name":             {"name: site", "name: web", nil},
		"a rule in two":            {"domains: [www.example.com, \"*.s.example.com\"], kinds: [url, directory]}", "domains: [\"*.s.example.com\"], kinds: [directory, url]}\n  - {to: [crew], domains: [www.example.com], kinds: [url]}\n  - {to: [bob], domains: [www.example.com], kinds: [directory]}", nil},
		"what is covered already":  {"\"*.s.example.com\"]", "\"*.s.example.com\", a.s.example.com, \"*.b.s.example.com\"]", nil},
		"an A-label is not":        {"\"*.s.example.com\"]", "\"*.s.example.com\", xn--b.s.example.com]", []string{"bob gains xn--b.s.example.com mainland"}},
		"below what is covered":    {"\"*.s.example.com\"]", "\"*.s.example.com\", \"*.www.example.com\"]", []string{"bob gains *.www.example.com mainland"}},
		"a kind less":              {"kinds: [url, directory]", "kinds: [url]", []string{"bob loses *.s.example.com,www.example.com directory mainland"}},
		"an area more": {"kinds: [url, directory]", "areas: [mainland, overseas]", []string{
			"bob gains *.s.example.com,www.example.com url overseas", "bob loses *.s.example.com,www.example.com directory mainland"}},
		"a member more":           {"crew: [bob]", "crew: [bob, ann]", []string{"ann gains *.s.example.com,www.example.com mainland"}},
		"one account of a person": {"crew: [bob]", "crew: [bob, terminal:ann]", []string{"terminal:ann (ann) gains *.s.example.com,www.example.com mainland"}},
		"another account": {"bob: [slack:T0/U2]", "bob: [slack:T0/U2, terminal:bob]", []string{"terminal:bob (bob) gains *.s.example.com,www.example.com mainland",
			"one person with slack:T0/U2: terminal:bob (before: nothing)", "one person with terminal:bob: slack:T0/U2 (before: nothing)"}},
		"a path more":      {"paths: [/a/]", "paths: [/a/, /b/, /a/c/]", []string{"ann gains p.example.com/b/ url mainland https"}},
		"a wider path":     {", paths: [/a/], schemes: [https]", "", []string{"ann gains p.example.com url mainland", "ann gains p.example.com/a/ url mainland http"}},
		"a channel":        {"kinds: [url, directory]", "in: [slack:T0/C1], kinds: [url, directory]", []string{"bob loses *.s.example.com,www.example.com mainland"}},
		"a confirmation":   {"schemes: [https]", "schemes: [https], confirm: requester", []string{`ann confirm p.example.com/a/ url mainland https "" to requester`}},
		"a denial":         {"paths: [/x/]", "paths: [/Y/]", []string{"* denied pay.example.com/y/", "* no longer denied pay.example.com/x/"}},
		"a denial's kinds": {"paths: [/x/]", "paths: [/x/], kinds: [url]", []string{"* no longer denied pay.example.com/x/ directory"}},
		"a denial of one": {"[pay.example.com], paths: [/x/]", "[\"*.pay.example.com\"], to: [terminal:ann], kinds: [url], in: [slack:T0/C1]", []string{
			"* no longer denied pay.example.com/x/", "ann denied *.pay.example.com url slack:T0/C1"}},
		"a denial of everything": {"domains: [pay.example.com], paths: [/x/]", "areas: [overseas]", []string{"* denied overseas", "* no longer denied pay.example.com/x/ mainland"}},
		"a window":               {"schemes: [https]", "schemes: [https], until: 2026-01-01T00:00:00Z", []string{"ann loses p.example.com/a/ url mainland https"}},
		"a budget":               {"schemes: [https]", "schemes: [https], budget: {url: 3, directory: unlimited}", []string{"ann limits p.example.com/a/ url mainland https ( to) budget url 3, directory unlimited"}},
		"approvers": {"schemes: [https]", "schemes: [https], confirm: second-person, approvers: [crew]", []string{
			`ann confirm p.example.com/a/ url mainland https "" to second-person approved by slack:T0/U2`}},
		"a grant on what is denied": {"domains: [p.example.com], paths: [/a/]", "domains: [pay.example.com], paths: [/x/y/]", []string{
			"ann gains pay.example.com/x/y/ url mainland https but denied", "ann loses p.example.com/a/ url mainland https"}},
		"a grant on what is denied however it is spelled": {"domains: [p.example.com], paths: [/a/]", "domains: [pay.example.com], paths: [/X/y/]", []string{
			"ann gains pay.example.com/X/y/ url mainland https but denied", "ann loses p.example.com/a/ url mainland https"}},
		"powers": {"administrators: [ann]", "auditors: [bob]\nemergency: [staff]\nfreezes: {override: [bob]}\nleaks: {words: [leak]}\nquota: {reserve: {url: 5}, to: [crew]}\n" +
			"defaults: {budget: {url: 1, directory: 2}}\nbudgets: {crew: {url: 7}}\ndomains: {a.example.com: {area: overseas}, \"*.b.example.com\": {area: mainland}}\ncontact: bob", []string{
			"administrators: nothing (before: slack:T0/U1, terminal:ann)", "auditors: slack:T0/U2 (before: nothing)", "budget shared by slack:T0/U2: url 7 (before: nothing)",
			"contact: bob (before: nothing)", "default area of *.b.example.com: mainland (before: nothing)", "default area of a.example.com: overseas (before: nothing)",
			"defaults.budget: url 1, directory 2 (before: nothing)", "emergency: slack:T0/U1, slack:T0/U2, terminal:ann (before: nothing)",
			"freezes.override: slack:T0/U2 (before: nothing)", "leaks.words: leak (before: nothing)", "quota.reserve: url 5 (before: nothing)", "quota.to: slack:T0/U2 (before: nothing)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after := parse(t, small), parse(t, replaceOnce(t, small, c.from, c.to))
			there, back := Diff(before, after, 0), Diff(after, before, 0)
			assert.Equal(t, c.want, told(there))
			assert.Equal(t, len(c.want) == 0, there.Same)
			assert.Len(t, told(back), len(c.want))
		})
	}
}

// TestDiffAbove checks that a denied path also closes the directories above it, even if another denial closes
// everything else.
func TestDiffAbove(t *testing.T) {
	t.Parallel()
	denials := func(s string) *Policy { return parse(t, "version: 1\ndenials:\n"+s) }
	const urls, all, below = "  - {paths: [/x/], kinds: [url]}\n", "  - {paths: [/x/]}\n", "  - {paths: [/x/y/], kinds: [url]}\n"
	assert.Equal(t, []string{"* denied /x/y/ above directory"}, told(Diff(denials(urls), denials(urls+below), 0)))
	assert.Equal(t, []string{"* no longer denied /x/y/ above directory"}, told(Diff(denials(urls+below), denials(urls), 0)))
	assert.Empty(t, told(Diff(denials(all), denials(all+below), 0)))
}

// TestNothingDiffers compares a file with itself and with the same rules in another order.
func TestNothingDiffers(t *testing.T) {
	t.Parallel()
	worlds(func(r *rand.Rand, w world) {
		p := w.policy(t)
		r.Shuffle(len(w.grants), func(i, j int) { w.grants[i], w.grants[j] = w.grants[j], w.grants[i] })
		r.Shuffle(len(w.denials), func(i, j int) { w.denials[i], w.denials[j] = w.denials[j], w.denials[i] })
		assert.Equal(t, Difference{Same: true}, Diff(p, w.policy(t), 0))
	})
}

// edit changes one thing in a world.
func edit(r *rand.Rand, w world, i int) world {
	grants, denials := append([]string(nil), w.grants...), append([]string(nil), w.denials...)
	grant := fmt.Sprintf("  - {name: e%d%s}\n", i, fields(r, false))
	denial := fmt.Sprintf("  - {name: e%d%s}\n", i, fields(r, true))
	switch r.IntN(6) {
	case 0:
		grants = append(grants, grant)
	case 1:
		grants[r.IntN(len(grants))] = grant
	case 2:
		n := r.IntN(len(grants))
		grants = append(grants[:n], grants[n+1:]...)
	case 3:
		denials = append(denials, denial)
	case 4:
		denials[r.IntN(len(denials))] = denial
	case 5:
		n := r.IntN(len(denials))
		denials = append(denials[:n], denials[n+1:]...)
	}
	return world{grants, denials}
}

// TestDiffMissesNothing checks for random edits that a changed decision means a reported difference.
func TestDiffMissesNothing(t *testing.T) {
	t.Parallel()
	differed, same := 0, 0
	worlds(func(r *rand.Rand, w world) {
		p := w.policy(t)
		was := decisions(p, p.decideByFile)
		for i := range 10 {
			edited := edit(r, w, i)
			q := edited.policy(t)
			d := Diff(p, q, 0)
			require.Equal(t, d.Same, Diff(q, p, 0).Same)
			if !d.Same {
				differed++
				continue
			}
			same++
			for n, is := range decisions(q, q.decideByFile) {
				if is.Allowed != was[n].Allowed || is.Confirm != was[n].Confirm {
					t.Fatalf("%+v: %+v was %+v; %v became %v", everything[n], is, was[n], w, edited)
				}
			}
		}
	})
	assert.Greater(t, differed, 50)
	assert.Greater(t, same, 5)
}

// TestTerms checks that the products of a set of combinations cover the whole set and nothing else, each
// combination once.
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
}

// TestDiffIsBounded checks that a long list of changes is cut, its rest counted, and computed quickly.
func TestDiffIsBounded(t *testing.T) {
	t.Parallel()
	before, after := parse(t, crowd(1000, "slack:T0/U5")), parse(t, crowd(1000, "slack:T0/U5, slack:T0/U7"))
	d := Diff(before, after, 20)
	require.Len(t, d.Who, 1)
	assert.Equal(t, []string{"slack:T0/U7"}, d.Who[0].Who)
	require.Len(t, d.Who[0].Changes, 1)
	assert.Len(t, d.Who[0].Changes[0].Domains, 20)
	assert.Equal(t, 980, d.Who[0].Changes[0].MoreDomains)
	d = Diff(parse(t, largeFile(1000)), parse(t, "version: 1\n"), 20)
	assert.Len(t, d.Who, 20)
	assert.Equal(t, 980, d.More)
}

// crowd grants n hosts to a group of a hundred and to the given names.
func crowd(n int, more string) string {
	var b strings.Builder
	b.WriteString("version: 1\ngroups:\n  crowd: [" + more)
	for i := range 100 {
		fmt.Fprintf(&b, ", slack:T0/U9%d", i)
	}
	b.WriteString("]\ngrants:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {name: g%d, to: [crowd, slack:T0/U%d], domains: [h%d.example.com]}\n", i, 8_000_000+i%100, i)
	}
	return b.String()
}

// oneHost lets n people purge one host, and each of them a path of their own.
func oneHost(n int, more string) string {
	var b strings.Builder
	b.WriteString("version: 1\ngrants:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {to: [slack:T0/U%d], domains: [a.example.com]}\n  - {to: [slack:T0/U%d], domains: [a.example.com], paths: [/a/%d/]%s}\n", i, i, i, more)
	}
	return b.String()
}

func BenchmarkDiff(b *testing.B) {
	for _, shape := range []struct{ name, before, after string }{
		{"people", largeFile(100_000), "version: 1\n"},
		{"a member of a crowd", crowd(100_000, "slack:T0/U5"), crowd(100_000, "slack:T0/U5, slack:T0/U7")},
		{"people on one host", oneHost(50_000, ""), oneHost(50_000, ", confirm: requester")},
		{"confirm", largeFile(100_000), strings.ReplaceAll(largeFile(100_000), "paths: [/a/]", "confirm: requester")},
	} {
		before, after := parse(b, shape.before), parse(b, shape.after)
		b.Run(shape.name, func(b *testing.B) {
			start := time.Now()
			for b.Loop() {
				if Diff(before, after, 200).Same {
					b.Fatal("the same")
				}
			}
			b.ReportMetric(time.Since(start).Seconds()/float64(b.N), "s/diff")
		})
	}
}
