package acl

import (
	"strings"
	"time"

	"purgebot/purge"
)

// test is one of the file's own: what somebody may and may not purge. Without a channel a target may be purged if it may
// be in some channel, and may not if it may not be in any; without a time every grant is within its window, likewise.
type test struct {
	as     node
	groups []node
	in     Subject
	at     time.Time // zero: within some window of a grant
	kind   purge.Kind
	areas  choice
	may    []node
	mayNot []node
}

func (r *reader) test(n node) {
	t := test{kind: purge.URL, areas: 1}
	r.fields(n, testKeys, func(key string, v node) {
		switch key {
		case "as":
			t.as = v
			r.principal(v)
		case "groups":
			t.groups = r.elements(v, "write a list of groups")
			r.principals(v)
		case "in":
			t.in = r.channel(v)
		case "at":
			t.at = time.Unix(r.moment(v), 0)
		case "kind":
			t.kind = purge.Kind(strings.Join(r.choose(v, kinds).texts(kinds), ""))
		case "area":
			t.areas = r.testAreas(v)
		case "may":
			t.may = r.targets(v)
		case "may-not":
			t.mayNot = r.targets(v)
		}
	})
	switch {
	case n.shape != mapping:
	case t.as.text == "":
		r.wrong(n, "a test without `as` tests nobody; add a person or a subject")
	case len(t.may)+len(t.mayNot) == 0:
		r.wrong(n, "a test without `may` and `may-not` tests nothing; add one")
	}
	r.tests = append(r.tests, t)
}

func (r *reader) testAreas(n node) choice {
	if n.text == "global" {
		return both
	}
	return r.choose(n, areas)
}

func (r *reader) targets(n node) []node {
	items := r.elements(n, "write a list of targets")
	for _, item := range items {
		r.text(item)
	}
	return items
}

// runTests adds a problem for every expectation that p does not meet.
func (r *reader) runTests(p *Policy) {
	for _, t := range r.tests {
		who := p.tested(t)
		for _, n := range t.may {
			if why := p.refusal(t, who, n.text); why != "" {
				r.wrong(n, "this test fails: %s may not purge it. %s", t.as.text, why)
			}
		}
		for _, n := range t.mayNot {
			if p.refusal(t, who, n.text) == "" {
				r.wrong(n, "this test fails: %s may purge it", t.as.text)
			}
		}
	}
}

// tested resolves who a test is about: a person acts by the first of the accounts.
func (p *Policy) tested(t test) Who {
	subject := Subject(t.as.text)
	if accounts := p.names.accounts[p.names.numbers[t.as.text]]; len(accounts) > 0 {
		subject = accounts[0]
	}
	var groups []Subject
	for _, g := range t.groups {
		groups = append(groups, Subject(g.text))
	}
	return p.Who(subject, groups)
}

// refusal returns why the target is refused in one of the areas, or "".
func (p *Policy) refusal(t test, who Who, s string) string {
	target, err := purge.Parse(t.kind, s)
	if err != nil {
		return err.Error()
	}
	for _, area := range t.areas.texts(areas) {
		a := Ask{Who: who, In: t.in, Kind: t.kind, Area: purge.Area(area), Target: target, At: t.at, anywhere: t.in == "", anytime: t.at.IsZero()}
		if d := p.Decide(a); !d.Allowed {
			return p.Explain(a, d) + " (" + d.Rule + ")"
		}
	}
	return ""
}
