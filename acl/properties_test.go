package acl

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// The tables elsewhere test single rules. The properties here hold for all rules: the rules are random, and
// every question is asked.

type world struct{ grants, denials []string }

var (
	worldTo      = []string{"slack:T0/U1", "slack:T0/U2", "crew", "outer", "eve", "slack:T0/S1"}
	worldDomains = []string{"a.example.com", "b.a.example.com", `"*.example.com"`, `"*.a.example.com"`}
	worldPaths   = []string{"", "", "/", "/x/", "/x/y/"}
	worldIn      = []string{"", "", "slack:T0/C1", "slack:T0/C2"}
	worldConfirm = []string{"", "requester", "second-person", "second-person, approvers: [crew]", "second-person, approvers: [eve, slack:T0/U1]"}
	worldWindows = []string{"from: 2026-11-21T12:00:00Z", "until: 2026-11-21T12:00:00Z", "from: 2026-11-21T12:00:00Z, until: 2026-11-21T20:30:00+08:00"}
	worldTimes   = []time.Time{{}, noon.Add(-1), noon, noon.Add(30*time.Minute - 1), noon.Add(30 * time.Minute)}
)

func one[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

func some(r *rand.Rand, of []string) string {
	drawn := map[string]bool{one(r, of): true}
	for r.IntN(3) == 0 {
		drawn[one(r, of)] = true
	}
	var texts []string
	for s := range drawn {
		if s == "" {
			return ""
		}
		texts = append(texts, s)
	}
	slices.Sort(texts)
	return "[" + strings.Join(texts, ", ") + "]"
}

// fields draws a rule. A denial may omit most fields.
func fields(r *rand.Rand, denial bool) string {
	var b strings.Builder
	for _, f := range []struct {
		key      string
		of       []string
		optional bool
	}{
		{"to", worldTo, denial}, {"domains", worldDomains, denial}, {"paths", worldPaths, true}, {"in", worldIn, true},
		{"schemes", schemes[:], true}, {"kinds", kinds[:], true}, {"areas", areas[:], true},
	} {
		if s := some(r, f.of); s != "" && (!f.optional || r.IntN(3) == 0) {
			fmt.Fprintf(&b, ", %s: %s", f.key, s)
		}
	}
	if c := one(r, worldConfirm); !denial && c != "" {
		b.WriteString(", confirm: " + c)
	}
	if r.IntN(3) == 0 {
		b.WriteString(", " + one(r, worldWindows))
	}
	if !denial && r.IntN(3) == 0 {
		b.WriteString(", budget: {url: 3}")
	}
	return b.String()
}

func draw(r *rand.Rand) (w world) {
	for i := range 1 + r.IntN(12) {
		w.grants = append(w.grants, fmt.Sprintf("  - {name: g%d%s}\n", i, fields(r, false)))
	}
	for i := range 1 + r.IntN(3) {
		w.denials = append(w.denials, fmt.Sprintf("  - {name: d%d%s}\n", i, fields(r, true)))
	}
	return w
}

func (w world) policy(t *testing.T) *Policy {
	file := crew + "administrators: [eve, slack:T0/U2, slack:T0/U5]\ndefaults: {budget: {url: 9, directory: unlimited}}\nbudgets: {outer: {url: 5, directory: 6}}\n"
	if len(w.grants) > 0 {
		file += "grants:\n" + strings.Join(w.grants, "")
	}
	if len(w.denials) > 0 {
		file += "denials:\n" + strings.Join(w.denials, "")
	}
	return parse(t, file)
}

// everything is every question that could distinguish the rules of a world.
var everything, people = func() (asks []Ask, people map[string]bool) {
	people = map[string]bool{}
	for _, who := range []string{"slack:T0/U1", "slack:T0/U2 +slack:T0/S1", "slack:T0/U5", "slack:T0/U6", "terminal:eve", "slack:T0/U9"} {
		people[who] = true
		for _, in := range []Subject{"", "slack:T0/C1", "slack:T0/C3"} {
			for _, host := range []string{"http://a.example.com", "https://b.a.example.com", "https://c.b.a.example.com", "https://example.com"} {
				for _, path := range []string{"/", "/x/", "/X/", "/x/y/", "/x/%79/", "/x/y/z/"} {
					for _, kind := range []purge.Kind{purge.URL, purge.Directory} {
						for _, area := range []purge.Area{purge.Mainland, purge.Overseas} {
							asks = append(asks, Ask{Who: Who{subject: Subject(who)}, In: in, Kind: kind, Area: area, Target: target(kind, host+path)})
						}
					}
				}
			}
		}
	}
	return asks, people
}()

// decisions returns p's decisions on everything.
func decisions(p *Policy, decide func(Ask) Decision) (all []Decision) {
	who := map[string]Who{}
	for s := range people {
		who[s] = question(p, s+" https://a.example.com/").Who
	}
	for i, a := range everything {
		a.Who, a.At = who[string(a.Who.subject)], worldTimes[i%len(worldTimes)]
		d := decide(a)
		if d.special != nil {
			d.special.policy = nil // equal in all decisions
		}
		all = append(all, d)
	}
	return all
}

func worlds(each func(r *rand.Rand, w world)) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		each(r, draw(r))
	}
}

func TestAnotherDenialNeverAllowsMore(t *testing.T) {
	t.Parallel()
	changed := 0
	worlds(func(_ *rand.Rand, w world) {
		more, less := w.policy(t), world{w.grants, w.denials[1:]}.policy(t)
		before, after := decisions(less, less.decideByFile), decisions(more, more.decideByFile)
		for i, a := range everything {
			require.False(t, after[i].Allowed && !before[i].Allowed, "%v %v", a, w)
			if before[i].Allowed != after[i].Allowed {
				changed++
			}
		}
	})
	assert.Positive(t, changed)
}

func TestAnotherGrantNeverAllowsLess(t *testing.T) {
	t.Parallel()
	changed := 0
	worlds(func(_ *rand.Rand, w world) {
		more, less := w.policy(t), world{w.grants[1:], w.denials}.policy(t)
		before, after := decisions(less, less.decideByFile), decisions(more, more.decideByFile)
		for i, a := range everything {
			require.False(t, before[i].Allowed && !after[i].Allowed, "%v %v", a, w)
			require.Equal(t, before[i].Denied, after[i].Denied, "%v %v", a, w)
			require.False(t, before[i].Allowed && before[i].Confirm.strictness() > after[i].Confirm.strictness(), "%v %v", a, w)
			if before[i].Allowed != after[i].Allowed {
				changed++
			}
		}
	})
	assert.Positive(t, changed)
}

// said draws freezes and loans.
func said(r *rand.Rand) (freezes []Freeze, loans []Loan) {
	for i := range 1 + r.IntN(3) {
		freezes = append(freezes, Freeze{ID: fmt.Sprint(i), Domain: strings.Trim(one(r, worldDomains), `"`), Path: one(r, worldPaths), Until: one(r, worldTimes[1:])})
		loans = append(loans, Loan{ID: fmt.Sprint(i), To: one(r, worldTo), Domain: strings.Trim(one(r, worldDomains), `"`), Kinds: []purge.Kind{purge.URL, purge.Directory}[r.IntN(2):],
			Areas: []purge.Area{purge.Mainland, purge.Overseas}[:1+r.IntN(2)], Until: one(r, worldTimes[1:]), By: Subject(one(r, []string{"slack:T0/U2", "slack:T0/U6", "slack:T0/U5", "slack:T0/U1"}))})
	}
	return freezes, loans
}

func over(p *Policy, o *Overlay) func(Ask) Decision {
	return func(a Ask) Decision {
		a.overlay = o
		return p.decideByFile(a)
	}
}

// TestFreezesOnlyRefuse checks that a current freeze refuses exactly as much as a denial with the same domain
// and path.
func TestFreezesOnlyRefuse(t *testing.T) {
	t.Parallel()
	refused := 0
	worlds(func(r *rand.Rand, w world) {
		p := w.policy(t)
		freezes, _ := said(r)
		before, after := decisions(p, p.decideByFile), decisions(p, over(p, NewOverlay(freezes, nil)))
		for i, a := range everything {
			closed := slices.ContainsFunc(freezes, func(f Freeze) bool { return f.closes(a.Target, a.Kind, worldTimes[i%len(worldTimes)]) })
			require.Equal(t, before[i].Allowed && !closed, after[i].Allowed, "%v %v", a, freezes)
			require.Equal(t, closed, after[i].Frozen != nil, "%v %v", a, freezes)
			if before[i].Allowed && closed {
				refused++
			}
		}
	})
	assert.Positive(t, refused)
}

// closes reports whether a freeze covers an ask, by the words of the design.
func (f Freeze) closes(t purge.Target, k purge.Kind, at time.Time) bool {
	apex, wild := strings.CutPrefix(f.Domain, "*.")
	on := t.Host() == apex || wild && strings.HasSuffix(t.Host(), "."+apex)
	path, closed := fold(t.Path()), fold(f.Path)
	in := strings.HasPrefix(path, closed) || k == purge.Directory && strings.HasPrefix(closed, path)
	return on && in && (at.IsZero() || at.Before(f.Until))
}

// TestLoansStayWithinTheirGiver checks that the giver, an administrator and another person, may also do
// everything that a loan allows.
func TestLoansStayWithinTheirGiver(t *testing.T) {
	t.Parallel()
	added := 0
	worlds(func(r *rand.Rand, w world) {
		p := w.policy(t)
		_, loans := said(r)
		decide := over(p, NewOverlay(nil, loans))
		decisions(p, func(a Ask) Decision {
			before, after := p.decideByFile(a), decide(a)
			switch {
			case before.Allowed || before.Denied || !after.Allowed:
				require.Equal(t, before, after, "%v %v", a, loans)
				return after
			}
			added++
			l := loans[slices.IndexFunc(loans, func(l Loan) bool { return l.Rule() == after.Rule })]
			giver := a
			giver.Who = p.Who(l.By, nil)
			given := p.decideByFile(giver)
			require.True(t, given.Allowed && p.Administrator(giver.Who) && !p.SamePerson(l.By, a.Who.subject), "%v %v", a, l)
			require.True(t, a.At.Before(l.Until) && slices.Contains(l.Kinds, a.Kind) && slices.Contains(l.Areas, a.Area), "%v %v", a, l)
			require.Equal(t, given.Confirm, after.Confirm)
			require.Equal(t, given.special, after.special)
			return after
		})
	})
	assert.Positive(t, added)
}

// TestGrantsNeverAddUp checks that a single rule allows everything that several rules allow, with the strictest
// confirmation of them.
func TestGrantsNeverAddUp(t *testing.T) {
	t.Parallel()
	allowed := 0
	worlds(func(_ *rand.Rand, w world) {
		want := make([]Decision, len(everything))
		for _, g := range w.grants {
			p := world{grants: []string{g}}.policy(t)
			for i, d := range decisions(p, p.decideByFile) {
				if d.Allowed && (!want[i].Allowed || d.Confirm.strictness() > want[i].Confirm.strictness()) {
					want[i] = d
				}
			}
		}
		p := world{grants: w.grants}.policy(t)
		for i, got := range decisions(p, p.decideByFile) {
			require.Equal(t, want[i].Allowed, got.Allowed, "%v %v", everything[i], w)
			if got.Allowed {
				allowed++
				require.Equal(t, want[i].Confirm, got.Confirm, "%v %v", everything[i], w)
			}
		}
	})
	assert.Positive(t, allowed)
}

func TestTheOrderOfRulesIsIrrelevant(t *testing.T) {
	t.Parallel()
	worlds(func(r *rand.Rand, w world) {
		p := w.policy(t)
		shuffled := world{slices.Clone(w.grants), slices.Clone(w.denials)}
		r.Shuffle(len(w.grants), func(i, j int) {
			shuffled.grants[i], shuffled.grants[j] = shuffled.grants[j], shuffled.grants[i]
		})
		slices.Reverse(shuffled.denials)
		q := shuffled.policy(t)
		require.Equal(t, decisions(p, p.decideByFile), decisions(q, q.decideByFile), "%v", w)
	})
}

// TestTheIndexAgreesWithTheRules compares decisions with a plain reading of the rules, one after the other.
func TestTheIndexAgreesWithTheRules(t *testing.T) {
	t.Parallel()
	worlds(func(_ *rand.Rand, w world) {
		for range 2 { // the second time with enough rules for tables in spots
			p := w.policy(t)
			require.Equal(t, decisions(p, p.plainly), decisions(p, p.decideByFile), "%v", w)
			for i := range 40 {
				w.grants = append(w.grants, fmt.Sprintf("  - {name: x%d, to: [terminal:x%d], domains: [a.example.com, \"*.example.com\"]}\n", i, i))
				w.denials = append(w.denials, fmt.Sprintf("  - {name: y%d, to: [terminal:x%d], domains: [a.example.com], paths: [/x/]}\n", i, i))
			}
		}
	})
}

// plainly decides by the words of the design, without an index.
func (p *Policy) plainly(a Ask) (d Decision) {
	for _, no := range p.denials {
		if _, listed := a.Who.covered.via(no.to); listed && p.fits(a, no, a.At.IsZero()) && (len(no.domains) == 0 || slices.ContainsFunc(no.domains, func(domain string) bool {
			apex, wild := strings.CutPrefix(domain, "*.")
			return a.Target.Host() == apex || wild && strings.HasSuffix(a.Target.Host(), "."+apex)
		})) && deniedPlainly(a, no) {
			return Decision{Rule: no.name, Denied: true}
		}
	}
	d.Rule = DefaultDeny
	person := "person " + string(a.Who.subject)
	if a.Who.named.has(p.names.numbers["eve"]) {
		person = "person eve"
	}
	for i, g := range p.grants {
		via, listed := a.Who.named.via(g.to)
		if listed && p.fits(a, g, false) && slices.Contains(g.kinds.texts(kinds), string(a.Kind)) && slices.ContainsFunc(g.domains, func(domain string) bool {
			apex, wild := strings.CutPrefix(domain, "*.")
			return wild && strings.HasSuffix(a.Target.Host(), "."+apex) || a.Target.Host() == domain
		}) && (len(g.paths) == 0 || literal(a.Target) && under(a.Target.Path(), g.paths)) {
			if !d.Allowed {
				d = Decision{Allowed: true, Rule: g.name, Via: via, Confirm: g.confirm}
				if a.Kind == purge.URL {
					d.Charges = append(d.Charges, Charge{person, 9})
				}
				if a.Who.named.has(p.names.numbers["outer"]) {
					d.Charges = append(d.Charges, Charge{"group outer", map[purge.Kind]int{purge.URL: 5, purge.Directory: 6}[a.Kind]})
				}
			}
			if g.budget[0] == 3 || g.approvers != nil {
				if d.special == nil {
					d.special = &special{}
				}
				d.special.grants = append(d.special.grants, int32(i))
			}
			if g.budget[0] == 3 && a.Kind == purge.URL {
				d.Charges = append(d.Charges, Charge{person + ", grant " + g.name, 3})
			}
		}
	}
	return d
}

func (p *Policy) fits(a Ask, r rule, timeless bool) bool {
	from, until := moment(r.window.from), moment(r.window.until)
	due := timeless || from.IsZero() && until.IsZero() || !a.At.IsZero() && !a.At.Before(from) && (until.IsZero() || a.At.Before(until))
	return due && slices.Contains(r.areas.texts(areas), string(a.Area)) && slices.Contains(r.schemes.texts(schemes), a.Target.Scheme()) &&
		(len(r.in) == 0 || slices.Contains(p.texts(r.in), string(a.In)))
}

func deniedPlainly(a Ask, d rule) bool {
	kind := slices.Contains(d.kinds.texts(kinds), string(a.Kind))
	path := fold(a.Target.Path())
	return len(d.paths) == 0 && kind || slices.ContainsFunc(d.paths, func(denied string) bool {
		denied = fold(denied)
		return kind && strings.HasPrefix(path, denied) || a.Kind == purge.Directory && path != denied && strings.HasPrefix(denied, path)
	})
}
