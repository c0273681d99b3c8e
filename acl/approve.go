package acl

import (
	"maps"
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

// Approvers are the accounts and platform groups to mention when what d allows waits for a second person: those of its grants,
// the people and groups of the file resolved, in the order of the file, each once. None means whoever may purge it.
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

// behind are the accounts and platform groups that people and groups of the file stand for, in the order of the file, each once.
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

// addMembers adds whom groups of the file list, directly or through others. It goes through all names once for each level.
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

// subjects are the accounts of a person, or a subject itself; none for a group of the file.
func (n *names) subjects(of principal) []Subject {
	if s, err := ParseSubject(n.texts[of]); err == nil {
		return []Subject{s}
	}
	return n.accounts[of]
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
