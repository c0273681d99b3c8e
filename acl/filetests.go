package acl

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"purgebot/purge"
)

// test is one of the file's own tests: targets that a person may and may not purge. Without a channel, "may"
// means in some channel and "may not" in none. Without a time, every grant is inside its window, and every
// denial outside.
type test struct {
	as     node
	groups []node
	in     Subject
	at     time.Time // zero means within some window of a grant
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

// expectation is one target of a test, with the reason for a failure; failed is "" if the policy meets it.
type expectation struct {
	at     node
	as     string
	may    bool
	failed string
}

// expectations judges every target of the tests by p.
func (p *Policy) expectations(tests []test) (all []expectation) {
	for _, t := range tests {
		who := p.tested(t)
		for _, n := range t.may {
			x := expectation{at: n, as: t.as.text, may: true}
			if why := p.refusal(t, who, n.text); why != "" {
				x.failed = x.as + " may not purge it. " + why
			}
			all = append(all, x)
		}
		for _, n := range t.mayNot {
			x := expectation{at: n, as: t.as.text}
			if p.refusal(t, who, n.text) == "" {
				x.failed = x.as + " may purge it"
			}
			all = append(all, x)
		}
	}
	return all
}

// TestResult is the result of one of a file's own tests for one target.
type TestResult struct {
	Line   int    `json:"line"`
	As     string `json:"as"`
	May    bool   `json:"may"` // the file's expectation
	Target string `json:"target"`
	Failed string `json:"failed,omitempty"` // reason for the failure; "" if the test passed
}

// RunTests reads a policy file and runs all its tests. The error is a *FileError about other mistakes in the
// file.
func RunTests(name string, data []byte) (results []TestResult, err error) {
	r, p := read(data)
	if p == nil {
		return nil, r.fileError(name, string(data))
	}
	all := p.expectations(r.tests)
	slices.SortStableFunc(all, func(a, b expectation) int { return cmp.Compare(a.at.pos, b.at.pos) })
	places := make([]mistake, len(all))
	for i, x := range all {
		places[i].pos = int(x.at.pos)
	}
	for i, at := range place(string(data), places) {
		results = append(results, TestResult{at.Line, all[i].as, all[i].may, all[i].at.text, all[i].failed})
	}
	return results, nil
}

// tested returns the person of a test. A person with several accounts acts by the first one.
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

// refusal returns the reason for refusing the target in one of the areas, or "".
func (p *Policy) refusal(t test, who Who, s string) string {
	target, err := purge.Parse(t.kind, s)
	if err != nil {
		return err.Error()
	}
	for _, area := range t.areas.texts(areas) {
		a := Ask{Who: who, In: t.in, Kind: t.kind, Area: purge.Area(area), Target: target, At: t.at, anywhere: t.in == "", anytime: t.at.IsZero()}
		if d := p.decideByFile(a); !d.Allowed {
			return p.explain(a, d) + " (" + d.Rule + ")"
		}
	}
	return ""
}
