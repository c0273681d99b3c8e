package acl

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

func TestCheckFreeze(t *testing.T) {
	t.Parallel()
	p := parse(t, lenders)
	good := Freeze{Domain: "www.test.com", Until: noon.Add(1), Reason: "launch"}
	require.NoError(t, p.CheckFreeze(good, noon))
	for name, c := range map[string]struct {
		change func(*Freeze)
		want   string
	}{
		"no domain":        {func(f *Freeze) { f.Domain = "" }, "is no host"},
		"a URL":            {func(f *Freeze) { f.Domain = "https://www.test.com" }, "has a scheme"},
		"capitals":         {func(f *Freeze) { f.Domain = "WWW.test.com" }, "has capitals"},
		"a wide star":      {func(f *Freeze) { f.Domain = "*.com" }, ""},
		"a star inside":    {func(f *Freeze) { f.Domain = "w*.test.com" }, "has a star"},
		"a path":           {func(f *Freeze) { f.Path = "/x/" }, ""},
		"half a path":      {func(f *Freeze) { f.Path = "/x" }, "slash"},
		"an escaped path":  {func(f *Freeze) { f.Path = "/%78/" }, "escape"},
		"over already":     {func(f *Freeze) { f.Until = noon }, "later than now"},
		"without a reason": {func(f *Freeze) { f.Reason = " " }, "say why"},
	} {
		f := good
		c.change(&f)
		if err := p.CheckFreeze(f, noon); c.want == "" {
			assert.NoError(t, err, name)
		} else {
			assert.ErrorContains(t, err, c.want, name)
		}
	}
}

func TestCheckLoan(t *testing.T) {
	t.Parallel()
	p := parse(t, lenders)
	good := Loan{To: "slack:T0/UEVE", Domain: "www.test.com", Kinds: []purge.Kind{purge.URL}, Areas: []purge.Area{purge.Mainland}, Until: noon.Add(MaxLoan), By: "slack:T0/UANN", Reason: "helps out"}
	require.NoError(t, p.CheckLoan(good, noon))
	for name, c := range map[string]struct {
		change func(*Loan)
		want   string
	}{
		"to a person":                {func(l *Loan) { l.To = "bob" }, ""},
		"to a group":                 {func(l *Loan) { l.To = "release" }, ""}, // its giver is a member, and gains nothing
		"to a platform's group":      {func(l *Loan) { l.To = "slack:T0/SNEW" }, ""},
		"to a role":                  {func(l *Loan) { l.To = "discord:4/role/5" }, ""},
		"to nobody":                  {func(l *Loan) { l.To = "" }, "is no subject"},
		"to a name":                  {func(l *Loan) { l.To = "eve" }, "is no subject"},
		"to everybody":               {func(l *Loan) { l.To = "*" }, "is no subject"},
		"to everybody's role":        {func(l *Loan) { l.To = "discord:4/role/4" }, "is no subject"},
		"to a channel":               {func(l *Loan) { l.To = "slack:T0/C1" }, "is a channel"},
		"to themselves":              {func(l *Loan) { l.To = "slack:T0/UANN" }, "to themselves"},
		"to their other account":     {func(l *Loan) { l.To = "terminal:ann" }, "to themselves"},
		"to their name":              {func(l *Loan) { l.To = "ann" }, "to themselves"},
		"to somebody not in people":  {func(l *Loan) { l.By = "slack:T0/UCAT" }, ""},
		"by somebody not in people":  {func(l *Loan) { l.By, l.To = "slack:T0/UCAT", "ann" }, ""},
		"on a domain":                {func(l *Loan) { l.Domain = "*.test.com" }, ""},
		"on everybody's domain":      {func(l *Loan) { l.Domain = "*.com" }, "would grant every host"},
		"on a public suffix":         {func(l *Loan) { l.Domain = "*.co.uk" }, "is a public suffix"},
		"on an address":              {func(l *Loan) { l.Domain = "www.test.com/x/" }, "has a path"},
		"for both kinds":             {func(l *Loan) { l.Kinds = []purge.Kind{purge.Directory, purge.URL} }, ""},
		"for no kind":                {func(l *Loan) { l.Kinds = nil }, "url, directory"},
		"for an unknown kind":        {func(l *Loan) { l.Kinds = []purge.Kind{purge.URL, "file"} }, "url, directory"},
		"for no area":                {func(l *Loan) { l.Areas = nil }, "mainland, overseas"},
		"for an unknown area":        {func(l *Loan) { l.Areas = []purge.Area{"global"} }, "mainland, overseas"},
		"for longer than a day":      {func(l *Loan) { l.Until = noon.Add(MaxLoan + 1) }, "at most 24 hours"},
		"for no time":                {func(l *Loan) { l.Until = noon }, "at most 24 hours"},
		"for no reason":              {func(l *Loan) { l.Reason = "" }, "say why"},
		"for a moment, to one alone": {func(l *Loan) { l.Until = noon.Add(1) }, ""},
	} {
		l := good
		c.change(&l)
		if err := p.CheckLoan(l, noon); c.want == "" {
			assert.NoError(t, err, name)
		} else {
			assert.ErrorContains(t, err, c.want, name)
		}
	}
}

// TestNobodyLendsToThemselves checks that a loan does not transfer a right of one account to the person's other
// accounts, even through a group.
func TestNobodyLendsToThemselves(t *testing.T) {
	t.Parallel()
	p := parse(t, `version: 1
people: {ann: [slack:T0/UANN, terminal:ann]}
groups: {both: [ann, slack:T0/UEVE]}
administrators: [ann]
grants:
  - {name: one account, to: [slack:T0/UANN], domains: [www.test.com]}
`)
	for _, to := range []string{"terminal:ann", "ann", "both"} {
		o := loan(func(l *Loan) { l.To = to })
		assert.False(t, atNoon(p, o, "terminal:ann https://www.test.com/").Allowed, to)
		assert.Empty(t, p.loans(p.Who("terminal:ann", nil), o, noon), to)
	}
	assert.True(t, atNoon(p, loan(func(l *Loan) { l.To = "both" }), "slack:T0/UEVE https://www.test.com/").Allowed)
}

func TestALoanEndsWithinADay(t *testing.T) {
	t.Parallel()
	p := parse(t, lenders)
	for left, allowed := range map[time.Duration]bool{1: true, 24 * time.Hour: true, 24*time.Hour + 1: false} {
		o := loan(func(l *Loan) { l.Until = noon.Add(left) })
		assert.Equal(t, allowed, atNoon(p, o, "slack:T0/UEVE https://www.test.com/").Allowed, left)
		assert.Equal(t, allowed, len(p.loans(p.Who("slack:T0/UEVE", nil), o, noon)) == 1, left)
	}
}

// TestOfTwoLoansTheStrictestCounts checks that the strictest of two loans counts, and the first of two equal
// ones.
func TestOfTwoLoansTheStrictestCounts(t *testing.T) {
	t.Parallel()
	p := parse(t, `version: 1
administrators: [terminal:a, terminal:b, terminal:c]
grants:
  - {name: a, to: [terminal:a], domains: [www.test.com]}
  - {name: b, to: [terminal:b, terminal:c], domains: [www.test.com], confirm: second-person}
`)
	by := func(id string, giver Subject) Loan {
		return Loan{ID: id, To: "slack:T0/UEVE", Domain: "www.test.com", Kinds: []purge.Kind{purge.URL}, Areas: []purge.Area{purge.Mainland}, Until: noon.Add(1), By: giver}
	}
	d := atNoon(p, NewOverlay(nil, []Loan{by("1", "terminal:a"), by("2", "terminal:b"), by("3", "terminal:c")}), "slack:T0/UEVE https://www.test.com/")
	assert.Equal(t, Decision{Allowed: true, Rule: "temporary grant 2", Confirm: SecondPerson}, d)

	mine := by("4", "terminal:b")
	mine.To = "terminal:a"
	assert.Equal(t, Decision{Allowed: true, Rule: "a"}, atNoon(p, NewOverlay(nil, []Loan{mine}), "terminal:a https://www.test.com/"), "what the file allows needs no loan")
}
