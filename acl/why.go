package acl

import (
	"slices"
	"strings"

	"purgebot/purge"
)

// This file answers questions of the policy file's authors. The answers name rules and people, so they are not
// for everyone.

// Why is a decision with its complete explanation.
type Why struct {
	User      Subject    `json:"user"`
	Target    string     `json:"target"`
	Kind      purge.Kind `json:"kind"`
	Area      purge.Area `json:"area"`
	Allowed   bool       `json:"allowed"`
	Reason    string     `json:"reason"` // the explanation for the asker, as by Rules.Explain
	Rule      string     `json:"rule"`
	Denied    bool       `json:"denied,omitempty"` // denied by that rule
	Via       string     `json:"via,omitempty"`
	Confirm   Confirm    `json:"confirm,omitempty"`
	Approvers []Subject  `json:"approvers,omitempty"`
	Budgets   []Charge   `json:"budgets,omitempty"`
	Grants    []Misses   `json:"grants,omitempty"` // grants on this host that name the asker
	Others    []Named    `json:"others,omitempty"` // other grants on this host, if none names the asker
}

// Named is a grant with its names, in the words of the file.
type Named struct {
	Rule string   `json:"rule"`
	To   []string `json:"to"`
}

// Misses lists the parts of a grant that an ask misses; none if the grant covers the ask.
type Misses struct {
	Rule   string   `json:"rule"`
	Misses []string `json:"misses,omitempty"`
}

// Why decides a, and explains the decision.
func (p *Policy) Why(a Ask) Why {
	d := p.decideByFile(a)
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

// others returns the first grants on a host, for any names.
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

// on reports whether a grant is on a host, given by the index's names of the host's domains.
func (r *rule) on(names []string) bool {
	return slices.ContainsFunc(r.domains, func(domain string) bool { return slices.Contains(names, strings.TrimPrefix(domain, "*")) })
}

// missing returns the names of the fields in the words of the file.
func missing(m int) (fields []string) {
	for i, field := range []string{"kinds", "areas", "schemes", "in", "paths", "from or until"} {
		if m>>i&1 == 1 {
			fields = append(fields, field)
		}
	}
	return fields
}
