package acl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"purgebot/purge"
)

// A decision must cost the same with one rule and with a million, for every way to have a million of something.
// Each shape is measured with 1 and with 1,000,000 grants (names end in /1 and /1000000: judge the ratio), with
// 64 targets in turn. BenchmarkDecideFloor is one look-up of the host in a map of as many hosts, the fastest
// possible way.

const million = 1_000_000

// grantsFor makes rules without a file.
func grantsFor(n int, one func(i int) rule) []rule {
	rules := make([]rule, n)
	for i := range rules {
		rules[i] = one(i)
		rules[i].name = "g"
		rules[i].schemes, rules[i].kinds, rules[i].areas = both, both, both
	}
	return rules
}

func host(i int) string          { return fmt.Sprintf("h%d.example.com", i) }
func subjectNumber(i int) string { return fmt.Sprintf("slack:T0/U%d", i) }
func groupNumber(i int) Subject  { return Subject(fmt.Sprintf("slack:T0/S%d", i)) }

// decideMany judges up to 64 of n things, spread over all of them.
func decideMany(b *testing.B, p *Policy, n int, ask func(i int) Ask) {
	asks := make([]Ask, 64)
	for i := range asks {
		asks[i] = ask(i * 15601 % n)
		if d := p.decideByFile(asks[i]); !d.Allowed {
			b.Fatal(asks[i].Target)
		}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		p.decideByFile(asks[i&63])
		i++
	}
}

func urlAsk(who Who, url string) Ask {
	return Ask{Who: who, Kind: purge.URL, Area: purge.Mainland, Target: target(purge.URL, url)}
}

func BenchmarkDecide(b *testing.B) {
	for _, shape := range []struct {
		name string
		run  func(b *testing.B, n int)
	}{
		{"hosts", benchHosts}, {"people", benchPeople}, {"paths", benchPaths},
		{"groups", benchGroups}, {"groups on one host", benchGroupsOneHost}, {"groups and paths", benchGroupsPaths},
		{"wildcards", benchWildcards}, {"denials", benchDenials}, {"denied paths", benchDeniedPaths},
	} {
		for _, n := range []int{1, million} {
			b.Run(fmt.Sprintf("%s/%d", shape.name, n), func(b *testing.B) { shape.run(b, n) })
		}
	}
}

func benchHosts(b *testing.B, n int) {
	names := newNames()
	u := names.number(subjectNumber(0))
	p := newPolicy(names, grantsFor(n, func(i int) rule { return rule{to: []principal{u}, domains: []string{host(i)}} }), nil)
	who := p.Who(Subject(subjectNumber(0)), nil)
	decideMany(b, p, n, func(i int) Ask { return urlAsk(who, "https://"+host(i)+"/assets/logo.png") })
}

func benchPeople(b *testing.B, n int) {
	names := newNames()
	p := newPolicy(names, grantsFor(n, func(i int) rule {
		return rule{to: []principal{names.number(subjectNumber(i))}, domains: []string{host(0)}}
	}), nil)
	decideMany(b, p, n, func(i int) Ask {
		return urlAsk(p.Who(Subject(subjectNumber(i)), nil), "https://"+host(0)+"/assets/logo.png")
	})
}

func benchPaths(b *testing.B, n int) {
	names := newNames()
	u := names.number(subjectNumber(0))
	p := newPolicy(names, grantsFor(n, func(i int) rule {
		return rule{to: []principal{u}, domains: []string{host(0)}, paths: []string{fmt.Sprintf("/assets/%d/", i)}}
	}), nil)
	who := p.Who(Subject(subjectNumber(0)), nil)
	decideMany(b, p, n, func(i int) Ask { return urlAsk(who, fmt.Sprintf("https://%s/assets/%d/logo.png", host(0), i)) })
}

// fifty is a person in fifty groups, none of which is the only one in a rule.
func fifty(p *Policy) Who {
	groups := make([]Subject, 50)
	for i := range groups {
		groups[i] = groupNumber(i)
	}
	return p.Who(Subject(subjectNumber(0)), groups)
}

func benchGroups(b *testing.B, n int) {
	names := newNames()
	p := newPolicy(names, grantsFor(n, func(i int) rule {
		return rule{to: []principal{names.number(string(groupNumber(i % 50)))}, domains: []string{host(i)}}
	}), nil)
	who := fifty(p)
	decideMany(b, p, n, func(i int) Ask { return urlAsk(who, "https://"+host(i)+"/assets/logo.png") })
}

// benchGroupsOneHost is the worst case for groups: a million of them on one host, and a person in fifty.
func benchGroupsOneHost(b *testing.B, n int) {
	names := newNames()
	p := newPolicy(names, grantsFor(n, func(i int) rule {
		return rule{to: []principal{names.number(string(groupNumber(i)))}, domains: []string{host(0)}}
	}), nil)
	who := fifty(p)
	decideMany(b, p, n, func(int) Ask { return urlAsk(who, "https://"+host(0)+"/assets/logo.png") })
}

func benchGroupsPaths(b *testing.B, n int) {
	names := newNames()
	p := newPolicy(names, grantsFor(n, func(i int) rule {
		return rule{to: []principal{names.number(string(groupNumber(i % 50)))}, domains: []string{host(0)}, paths: []string{fmt.Sprintf("/assets/%d/", i)}}
	}), nil)
	who := fifty(p)
	decideMany(b, p, n, func(i int) Ask { return urlAsk(who, fmt.Sprintf("https://%s/assets/%d/logo.png", host(0), i)) })
}

func benchWildcards(b *testing.B, n int) {
	names := newNames()
	u := names.number(subjectNumber(0))
	p := newPolicy(names, grantsFor(n, func(i int) rule { return rule{to: []principal{u}, domains: []string{"*." + host(i)}} }), nil)
	who := p.Who(Subject(subjectNumber(0)), nil)
	decideMany(b, p, n, func(i int) Ask { return urlAsk(who, "https://www."+host(i)+"/assets/logo.png") })
}

func benchDenials(b *testing.B, n int) {
	benchDenied(b, n, func(i int) rule { return rule{to: []principal{everyone}, domains: []string{"d" + host(i)}} })
}

func benchDeniedPaths(b *testing.B, n int) {
	benchDenied(b, n, func(i int) rule {
		return rule{to: []principal{everyone}, domains: []string{host(0)}, paths: []string{fmt.Sprintf("/private/%d/", i)}}
	})
}

// benchDenied has one grant, and n denials that do not apply.
func benchDenied(b *testing.B, n int, one func(i int) rule) {
	names := newNames()
	u := names.number(subjectNumber(0))
	p := newPolicy(names, grantsFor(1, func(int) rule { return rule{to: []principal{u}, domains: []string{host(0)}} }), grantsFor(n, one))
	who := p.Who(Subject(subjectNumber(0)), nil)
	decideMany(b, p, n, func(i int) Ask { return urlAsk(who, fmt.Sprintf("https://%s/assets/%d/logo.png", host(0), i)) })
}

func BenchmarkDecideFloor(b *testing.B) {
	for _, n := range []int{1, million} {
		b.Run(fmt.Sprintf("hosts/%d", n), func(b *testing.B) {
			hosts := map[string]*site{}
			for i := range n {
				hosts[host(i)] = &site{}
			}
			targets := make([]purge.Target, 64)
			for i := range targets {
				targets[i] = target(purge.URL, "https://"+host(i*15601%n)+"/assets/logo.png")
			}
			i := 0
			for b.Loop() {
				if hosts[targets[i&63].Host()] == nil {
					b.Fatal(i)
				}
				i++
			}
		})
	}
}

// TestDecideAllocatesNothing covers the shapes without a benchmark. Only a path with escapes is copied, for
// denials.
func TestDecideAllocatesNothing(t *testing.T) {
	p, err := Parse("acl.yaml", []byte(whole+"  - {as: alice, may-not: [\"https://a.example.com/\"]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	q, err := Parse("acl.yaml", []byte("version: 1\ndenials:\n  - {name: d, paths: [/private/]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []Ask{
		question(p, "+slack:T024BE7LD/S0614TZR7 @slack:T024BE7LD/C024BE91L https://shop.example.com/assets/x"),
		question(p, "https://unknown.example.com/x"),
		question(q, "https://www.example.com/private/x"),
		question(q, "directory https://www.example.com/a/"),
		question(p, "+slack:T024BE7LD/S0614TZR7 @slack:T024BE7LD/C024BE91L https://shop.example.com/assets/"+strings.Repeat("long/", 100)),
		question(p, "https://"+strings.Repeat("long.", 40)+"example.com/x"),
	} {
		if n := testing.AllocsPerRun(100, func() { a.Who.policy.decideByFile(a) }); n != 0 {
			t.Errorf("%v allocations for %s", n, a.Target)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	p := parse(b, fixture)
	line := "\"https://a.static.example.org/assets/2026/11/some-article/logo-large.png\"\n\"https://other.example.com/assets/2026/11/logo.png\"\n"
	in := []byte(strings.Repeat(line, 5000))
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if err := p.Check(bytes.NewReader(in), io.Discard, CheckOptions{User: "terminal:alice"}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "verdicts/s")
}

// BenchmarkCheckFloor reads and writes the same lines as JSON, without a judgement.
func BenchmarkCheckFloor(b *testing.B) {
	in := []byte(strings.Repeat("\"https://a.static.example.org/assets/2026/11/some-article/logo-large.png\"\n", 10_000))
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		encoder := json.NewEncoder(io.Discard)
		for line := range bytes.Lines(in) {
			var v answer
			if json.Unmarshal(line, &v.Canonical) != nil || encoder.Encode(v) != nil {
				b.Fatal("no JSON")
			}
		}
	}
	b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "verdicts/s")
}
