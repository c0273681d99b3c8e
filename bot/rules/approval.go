package rules

import (
	"iter"
	"slices"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// withdrawal says why what was asked may no longer be purged as it was asked; frozen is that it may be again, which the reader alone is told.
func (l Law) Withdrawal(p store.Purge, asker acl.Who, gone string, reader acl.Who) (why string, frozen bool) {
	denied := DeniedAny(l, asker, p)
	switch {
	case gone == "" && onlyFrozen(denied):
		return card.StillFrozen(l.ToldTo(reader, denied[0]).Reason), true
	case gone != "" || len(denied) > 0:
		return card.RequesterDenied(gone, denied, p.Private), false
	}
	if t, more := l.asksMore(p, asker, p.Request.Parts); more {
		return card.AsksMore + card.Named(t, p.Private), false
	}
	return "", false
}

// grounds are the verdicts on the targets of parts for whoever asked for a purge, as the law is now.
func (l Law) grounds(p store.Purge, asker acl.Who, parts []purge.Part) iter.Seq[acl.Verdict] {
	q := AsRequest(p, asker, parts)
	q.Despite.All = len(p.Overrides) > 0
	return l.Judge(q)
}

// asksMore finds a target for which the law asks for a stricter confirmation than was asked for.
func (l Law) asksMore(p store.Purge, asker acl.Who, parts []purge.Part) (card.Refusal, bool) {
	for v := range l.grounds(p, asker, parts) {
		if Stricter(p.Confirm, v.Confirm) != p.Confirm {
			return card.Refusal{Target: v.Target.String(), Reason: card.ConfirmAsks[v.Confirm], Rule: v.Rule}, true
		}
	}
	return card.Refusal{}, false
}

// mayApprove reports whether somebody may be the second person for parts of a purge, as far as they may purge them.
func (l Law) MayApprove(p store.Purge, asker, presser acl.Who, parts []purge.Part) bool {
	for v := range l.grounds(p, asker, parts) {
		if v.Allowed && !l.Policy().MayApprove(presser, v.Decision) {
			return false
		}
	}
	return true
}

// lapsed finds a target that what was decided no longer covers: a stricter rule holds, or whoever pressed could not any more.
func (l Law) Lapsed(p store.Purge, d store.Decision, part purge.Part) (card.Refusal, bool) {
	parts, asker := []purge.Part{part}, l.Policy().Who(p.Requester, p.Groups)
	if r, more := l.asksMore(p, asker, parts); more {
		return r, true
	}
	if p.Confirm == "" || d.What == store.Confirmed && l.counts(p, asker, d, parts) {
		return card.Refusal{}, false
	}
	return card.Refusal{Target: part.Targets[0].String(), Area: part.Area, Reason: card.PresserGone}, true
}

// counts reports whether the press that decided would count by now, as far as its presser may purge the same.
func (l Law) counts(p store.Purge, asker acl.Who, d store.Decision, parts []purge.Part) bool {
	presser := l.Policy().Who(d.Who, d.Groups)
	switch {
	case p.Confirm != acl.SecondPerson:
		return l.Policy().SamePerson(d.Who, p.Requester)
	case d.Released():
		return l.Policy().Emergency(presser)
	}
	return SurelyAnother(l.Policy(), d.Who, p.Requester) && l.MayApprove(p, asker, presser, parts)
}

// approvers are found through the first target of each rule and host, which is where rules differ.
func (l Law) Approvers(p store.Purge) (who card.Approvers) {
	asked := map[string]bool{}
	for v := range l.grounds(p, l.Policy().Who(p.Requester, p.Groups), p.Request.Parts) {
		place := v.Rule + " " + v.Target.Host()
		if asked[place] {
			continue
		}
		asked[place] = true
		for _, s := range l.Policy().Approvers(v.Decision) {
			who.Named = true
			here := s.Platform() == p.Channel.Platform() && s.Workspace() == p.Channel.Workspace()
			if here && !l.Policy().SamePerson(s, p.Requester) && !slices.Contains(who.Here, s) {
				who.Here, who.Names = append(who.Here, s), append(who.Names, nameOf(l.Policy(), s))
			}
		}
	}
	return who
}

// surelyAnother reports whether two accounts are of two people. Two accounts of one chat are, unless the policy file says otherwise;
// those of two chats only where it lists both, since nothing else would tell.
func SurelyAnother(policy *acl.Policy, a, b acl.Subject) bool {
	if policy.SamePerson(a, b) {
		return false
	}
	return a.Platform() == b.Platform() && a.Workspace() == b.Workspace() || nameOf(policy, a) != "" && nameOf(policy, b) != ""
}

// nameOf is what the policy file calls the person behind an account; "" if it does not list them.
func nameOf(policy *acl.Policy, s acl.Subject) string {
	name, _ := policy.Whoami(policy.Who(s, nil))
	return name
}
