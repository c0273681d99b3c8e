package acl

import (
	"slices"
	"strings"

	"purgebot/purge"
)

// This file answers those who keep the policy file. It says names of rules and people, so its answers are not for everybody.

// Why is a decision with all that led to it.
type Why struct {
	User      Subject    `json:"user"`
	Target    string     `json:"target"`
	Kind      purge.Kind `json:"kind"`
	Area      purge.Area `json:"area"`
	Allowed   bool       `json:"allowed"`
	Reason    string     `json:"reason"` // as Explain says it to whoever asked
	Rule      string     `json:"rule"`
	Denied    bool       `json:"denied,omitempty"` // by that rule
	Via       string     `json:"via,omitempty"`
	Confirm   Confirm    `json:"confirm,omitempty"`
	Approvers []Subject  `json:"approvers,omitempty"`
	Budgets   []Charge   `json:"budgets,omitempty"`
	Grants    []Misses   `json:"grants,omitempty"` // that name the one who asks, on this host
	Others    []Named    `json:"others,omitempty"` // grants on this host that name others, where none names the one who asks
}

// Named says whom a grant names, as the file does.
type Named struct {
	Rule string   `json:"rule"`
	To   []string `json:"to"`
}

// Misses says what an ask misses of a grant; nothing, if the grant covers it.
type Misses struct {
	Rule   string   `json:"rule"`
	Misses []string `json:"misses,omitempty"`
}

// Why decides a, and says how.
func (p *Policy) Why(a Ask) Why {
	d := p.decide(a)
	w := Why{User: a.Who.subject, Target: a.Target.String(), Kind: a.Kind, Area: a.Area, Allowed: d.Allowed, Reason: p.explain(a, d), Rule: d.Rule, Denied: d.Denied, Via: d.Via,
		Confirm: d.Confirm, Approvers: p.Approvers(d), Budgets: d.Charges}
	for _, n := range p.held(a.Who, a.Target.Host()) {
		g := &p.grants[n]
		w.Grants = append(w.Grants, Misses{g.name, missing(p.misses(&a, g))})
	}
	if len(w.Grants) == 0 {
		w.Others = p.others(a.Target.Host())
	}
	return w
}

// others are the first grants on a host, whomever they name.
func (p *Policy) others(host string) (all []Named) {
	names := slices.Collect(starred(host))
	for i := range p.grants {
		g := &p.grants[i]
		if g.on(names) && len(all) < maxHeld {
			all = append(all, Named{g.name, p.texts(g.to)})
		}
	}
	return all
}

// on says whether a grant is on a host, given what the index calls the host's domains.
func (r *rule) on(names []string) bool {
	return slices.ContainsFunc(r.domains, func(domain string) bool { return slices.Contains(names, strings.TrimPrefix(domain, "*")) })
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
