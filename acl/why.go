package acl

import (
	"slices"
	"strings"
	"time"

	"purgebot/purge"
)

// This file answers those who keep the policy file. It says names of rules and people, so its answers are not for everybody.

// Why is a decision with all that led to it.
type Why struct {
	Target    string     `json:"target"`
	Kind      purge.Kind `json:"kind"`
	Area      purge.Area `json:"area"`
	Allowed   bool       `json:"allowed"`
	Reason    string     `json:"reason"` // as Explain says it to whoever asked
	Rule      string     `json:"rule"`
	Via       string     `json:"via,omitempty"`
	Confirm   Confirm    `json:"confirm,omitempty"`
	Approvers []Subject  `json:"approvers,omitempty"`
	Budgets   []Charge   `json:"budgets,omitempty"`
	Grants    []Misses   `json:"grants,omitempty"` // that name the one who asks, on this host
}

// Misses says what an ask misses of a grant; nothing, if the grant covers it.
type Misses struct {
	Rule   string   `json:"rule"`
	Misses []string `json:"misses,omitempty"`
}

// Why decides a, and says how.
func (p *Policy) Why(a Ask) Why {
	d := p.Decide(a)
	w := Why{Target: a.Target.String(), Kind: a.Kind, Area: a.Area, Allowed: d.Allowed, Reason: p.Explain(a, d), Rule: d.Rule, Via: d.Via,
		Confirm: d.Confirm, Approvers: p.Approvers(d), Budgets: d.Charges}
	for _, n := range p.held(a.Who, a.Target.Host()) {
		g := &p.grants[n]
		w.Grants = append(w.Grants, Misses{g.name, missing(p.misses(&a, g))})
	}
	return w
}

// missing names the fields of a grant as the file does.
func missing(m int) (fields []string) {
	for i, field := range []string{"kinds", "areas", "schemes", "in", "paths", "from or until"} {
		if m>>i&1 == 1 {
			fields = append(fields, field)
		}
	}
	return fields
}

// Access is what one grant lets one of those do whom it names.
type Access struct {
	To        string       `json:"to"` // as the file names them
	Rule      string       `json:"rule"`
	Areas     []purge.Area `json:"areas"`
	In        []Subject    `json:"in,omitempty"` // none is anywhere
	Confirm   Confirm      `json:"confirm,omitempty"`
	Approvers []string     `json:"approvers,omitempty"` // as the file names them; none is whoever may purge it
	Until     time.Time    `json:"until,omitzero"`
}

// WhoCan returns who may purge a target now, by rank of the rules. What denials close to all of a group is left out;
// that they close it to a single member is not seen here.
func (p *Policy) WhoCan(k purge.Kind, t purge.Target, now time.Time) (all []Access) {
	names := slices.Collect(starred(t.Host()))
	for i := range p.grants {
		g := &p.grants[i]
		here := func(domain string) bool { return slices.Contains(names, strings.TrimPrefix(domain, "*")) }
		if !slices.ContainsFunc(g.domains, here) {
			continue
		}
		for _, to := range g.to {
			if a := p.access(g, p.names.texts[to], Ask{Kind: k, Target: t, At: now}); len(a.Areas) > 0 {
				all = append(all, a)
			}
		}
	}
	return all
}

// access asks for each area and channel of a grant on its own.
func (p *Policy) access(g *rule, to string, a Ask) Access {
	access := Access{To: to, Rule: g.name, Confirm: g.confirm, Approvers: p.texts(g.approvers), Until: moment(g.window.until)}
	a.Who = p.as(to)
	for _, area := range typed[purge.Area](g.areas.texts(areas)) {
		a.Area = area
		for _, a.In = range g.channels(p) {
			if p.misses(&a, g) != 0 || p.Decide(a).Denied {
				continue
			}
			if !slices.Contains(access.Areas, area) {
				access.Areas = append(access.Areas, area)
			}
			if a.In != "" && !slices.Contains(access.In, a.In) {
				access.In = append(access.In, a.In)
			}
		}
	}
	return access
}

// channels are those to ask about a rule in: its own, or none.
func (r *rule) channels(p *Policy) []Subject {
	if len(r.in) == 0 {
		return []Subject{""}
	}
	return typed[Subject](p.texts(r.in))
}

// as resolves a name of the file as somebody who is nothing else: a subject, a person, or a whole group.
func (p *Policy) as(name string) Who {
	if strings.Contains(name, ":") {
		return p.Who(Subject(name), nil)
	}
	w := Who{policy: p, subject: Subject(name), also: &also{}}
	direct := []string{name}
	w.named = p.names.circle(direct, nil)
	for _, account := range p.names.accounts[p.names.numbers[name]] {
		direct = append(direct, string(account))
	}
	w.covered = p.names.circle(append(direct, "*"), nil)
	return w
}
