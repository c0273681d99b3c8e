package acl

import (
	"slices"

	"purgebot/purge"
)

// MayApprove says whether w may be the second person for what d allows: each grant that names approvers must name w.
// That w may purge the target themselves, and is somebody else, is for the caller to ask.
func (p *Policy) MayApprove(w Who, d Decision) bool {
	return w.policy == p && !slices.ContainsFunc(d.approved, func(n int32) bool { return !p.listed(w, p.grants[n].approvers) })
}

// maxApprovers is how many people one message mentions.
const maxApprovers = 20

// Approvers are the accounts and platform groups to mention when what d allows waits for a second person: those of its grants,
// the groups of the file resolved, in order, at most twenty.
func (p *Policy) Approvers(d Decision) (to []Subject) {
	for _, n := range d.approved {
		for _, a := range p.grants[n].approvers {
			to = p.subjects(a, to, map[principal]bool{})
		}
	}
	return to[:min(len(to), maxApprovers)]
}

// subjects adds the accounts and platform groups behind a name, each once.
func (p *Policy) subjects(of principal, to []Subject, seen map[principal]bool) []Subject {
	if seen[of] {
		return to
	}
	seen[of] = true
	if s, err := ParseSubject(p.names.texts[of]); err == nil {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
		return to
	}
	for _, s := range p.names.accounts[of] {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	for _, member := range p.names.members(of) {
		to = p.subjects(member, to, seen)
	}
	return to
}

// members are those whom a group lists itself, in the order of the file.
func (n *names) members(group principal) (members []principal) {
	for m, groups := range n.in {
		if slices.Contains(groups, group) {
			members = append(members, m)
		}
	}
	slices.Sort(members)
	return members
}

// Emergency says whether w may purge without approval when nobody has approved in time.
func (p *Policy) Emergency(w Who) bool { return p.listed(w, p.emergency) }

// OverridesFreezes says whether w may purge, with a reason, in spite of a freeze.
func (p *Policy) OverridesFreezes(w Who) bool { return p.listed(w, p.overrides) }

// Reserve is how many of the account's daily units of a kind, in each area, are kept for those who may touch them; 0 is none.
func (p *Policy) Reserve(k purge.Kind) int { return p.reserve[kindIndex(k)] }

// MayTouchReserve says whether the reserve is kept for w.
func (p *Policy) MayTouchReserve(w Who) bool { return p.listed(w, p.reservists) }

// LeakWords are the words, in lower case, that make a reason sound like a leak; the file may list them.
func (p *Policy) LeakWords() []string { return p.leakWords }
