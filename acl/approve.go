package acl

import (
	"slices"

	"purgebot/purge"
)

// MayApprove says whether w may be the second person for what d, a decision of this policy, allows: each grant that names
// approvers must name w. That w may purge the target too, and is somebody else, is for the caller to ask.
func (p *Policy) MayApprove(w Who, d Decision) bool {
	if w.policy != p || !d.Allowed || d.special == nil {
		return w.policy == p && d.Allowed
	}
	return d.special.policy == p && !slices.ContainsFunc(d.special.grants, func(n int32) bool {
		approvers := p.grants[n].approvers
		return len(approvers) > 0 && !p.listed(w, approvers)
	})
}

// maxApprovers is how many one message mentions.
const maxApprovers = 20

// Approvers are the accounts and platform groups to mention when what d allows waits for a second person: those of its grants,
// the people and groups of the file resolved, in order, each once, at most twenty. None means whoever may purge it.
func (p *Policy) Approvers(d Decision) (to []Subject) {
	if d.special == nil || d.special.policy != p {
		return nil
	}
	for _, n := range d.special.grants {
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
	accounts := p.names.accounts[of]
	if s, err := ParseSubject(p.names.texts[of]); err == nil {
		accounts = []Subject{s}
	}
	for _, s := range accounts {
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

// HasEmergency says whether the file lists anybody for that.
func (p *Policy) HasEmergency() bool { return len(p.emergency) > 0 }

// OverridesFreeze says whether w may purge, with a reason, in spite of a freeze; see Ask.Override.
func (p *Policy) OverridesFreeze(w Who) bool { return p.listed(w, p.overrides) }

// Reserve is how many of the account's daily units of a kind, in each area, are kept for those who may touch them; 0 is none.
func (p *Policy) Reserve(k purge.Kind) int {
	if i := kindIndex(k); i >= 0 {
		return p.reserve[i]
	}
	return 0
}

// MayTouchReserve says whether the reserve is kept for w.
func (p *Policy) MayTouchReserve(w Who) bool { return p.listed(w, p.reservists) }

// LeakWords are the words, in lower case, that the file says make a reason sound like a leak.
func (p *Policy) LeakWords() []string { return slices.Clone(p.leakWords) }
