package rules

import (
	"iter"
	"slices"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Withdrawal returns the reason for which a purge can no longer go ahead as requested, or "". frozen marks a reason that may pass,
// since freezes end; only the reader is told that reason. gone is non-empty for a requester who has left.
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

// grounds yields the verdicts on the targets of the parts for the requester of a purge, by the present rules.
func (l Law) grounds(p store.Purge, asker acl.Who, parts []purge.Part) iter.Seq[acl.Verdict] {
	q := AsRequest(p, asker, parts)
	q.Despite.All = len(p.Overrides) > 0
	return l.Judge(q)
}

// asksMore finds a target for which the rules require a stricter confirmation than the purge asked for.
func (l Law) asksMore(p store.Purge, asker acl.Who, parts []purge.Part) (card.Refusal, bool) {
	for v := range l.grounds(p, asker, parts) {
		if Stricter(p.Confirm, v.Confirm) != p.Confirm {
			return card.Refusal{Target: v.Target.String(), Reason: card.ConfirmAsks[v.Confirm], Rule: v.Rule}, true
		}
	}
	return card.Refusal{}, false
}

// MayApprove reports whether the presser may approve the parts of a purge as second person, for the targets that the requester may
// purge.
func (l Law) MayApprove(p store.Purge, asker, presser acl.Who, parts []purge.Part) bool {
	for v := range l.grounds(p, asker, parts) {
		if v.Allowed && !l.Policy().MayApprove(presser, v.Decision) {
			return false
		}
	}
	return true
}

// Lapsed finds a target that a decision no longer covers, because a stricter rule holds or the presser has lost the right to
// decide.
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

// counts reports whether the press that decided a purge would count by the present rules.
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

// Approvers returns the people who may approve a purge. One target for each rule and host is enough, since rules differ only there.
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

// SurelyAnother reports whether two accounts belong to two people. Two accounts of one chat do, unless the policy file says
// otherwise; accounts of two chats do only if the file lists both, since nothing else would tell.
func SurelyAnother(policy *acl.Policy, a, b acl.Subject) bool {
	if policy.SamePerson(a, b) {
		return false
	}
	return a.Platform() == b.Platform() && a.Workspace() == b.Workspace() || nameOf(policy, a) != "" && nameOf(policy, b) != ""
}

// nameOf returns the policy file's name for the person behind an account, or "" for an unlisted account.
func nameOf(policy *acl.Policy, s acl.Subject) string {
	name, _ := policy.Whoami(policy.Who(s, nil))
	return name
}
