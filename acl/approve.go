package acl

import (
	"maps"
	"slices"

	"purgebot/purge"
)

// MayApprove reports whether w may give the second approval for d, a decision of this policy: each grant with
// approvers must name w. The caller also checks that w may purge the target and is not the requester.
func (p *Policy) MayApprove(w Who, d Decision) bool {
	if w.policy != p || !d.Allowed || d.special == nil {
		return w.policy == p && d.Allowed
	}
	return d.special.policy == p && !slices.ContainsFunc(d.special.grants, func(n int32) bool {
		approvers := p.grants[n].approvers
		return len(approvers) > 0 && !p.listed(w, approvers)
	})
}

// Approvers returns the accounts and platform groups to mention for the approval of d. They come from the
// approvers of d's grants, with people and groups of the file resolved, in the order of the file, each once. An
// empty result means that every person with the right to the purge may approve it.
func (p *Policy) Approvers(d Decision) (to []Subject) {
	if d.special == nil || d.special.policy != p {
		return nil
	}
	named := map[principal]bool{}
	for _, n := range d.special.grants {
		for _, a := range p.grants[n].approvers {
			named[a] = true
		}
	}
	return p.names.behind(named)
}

// behind returns the accounts and platform groups of people and groups of the file, in the order of the file,
// each once.
func (n *names) behind(named map[principal]bool) (to []Subject) {
	n.addMembers(named)
	once := map[Subject]bool{}
	for _, of := range slices.Sorted(maps.Keys(named)) {
		for _, s := range n.subjects(of) {
			if !once[s] {
				once[s] = true
				to = append(to, s)
			}
		}
	}
	return to
}

// addMembers adds the direct and indirect members of the groups. It visits all names once for each level of
// nesting.
func (n *names) addMembers(groups map[principal]bool) {
	for grew := len(groups) > 0; grew; {
		grew = false
		for member, in := range n.in {
			if !groups[member] && slices.ContainsFunc(in, func(g principal) bool { return groups[g] }) {
				groups[member], grew = true, true
			}
		}
	}
}

// subjects returns the accounts of a person, or the subject itself; for a group of the file it returns nil.
func (n *names) subjects(of principal) []Subject {
	if s, err := ParseSubject(n.texts[of]); err == nil {
		return []Subject{s}
	}
	return n.accounts[of]
}

// Emergency reports whether w may purge without approval after the time for approvals is over.
func (p *Policy) Emergency(w Who) bool { return p.listed(w, p.emergency) }

// HasEmergency reports whether the file lists people for emergencies.
func (p *Policy) HasEmergency() bool { return len(p.emergency) > 0 }

// OverridesFreeze reports whether w may purge, with a reason, in spite of a freeze; see Ask.Override.
func (p *Policy) OverridesFreeze(w Who) bool { return p.listed(w, p.overrides) }

// Reserve returns how many of the account's daily units of a kind, in each area, are reserved; 0 means none.
func (p *Policy) Reserve(k purge.Kind) int {
	if i := kindIndex(k); i >= 0 {
		return p.reserve[i]
	}
	return 0
}

// MayTouchReserve reports whether w may use the reserve.
func (p *Policy) MayTouchReserve(w Who) bool { return p.listed(w, p.reservists) }

// LeakWords returns the words, in lower case, that make a reason sound like a leak.
func (p *Policy) LeakWords() []string { return slices.Clone(p.leakWords) }
