package bot

import (
	"context"
	"iter"
	"slices"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Who may press Purge: the requester, or, where a rule asks for two people, somebody else whom the requester's rules let approve.

// pressPurge decides a waiting purge, if the presser may and both may still purge all of it. What the requester may no longer
// purge is withdrawn; somebody else who may not leaves the question open.
func (b *desk) pressPurge(ctx context.Context, s scene, p store.Purge, a chat.Answer, how press) (chat.Reply, error) {
	if p.State != store.StateWaiting || !b.Now().Before(p.ExpiresAt) {
		return b.tooLate(ctx, s, p)
	}
	if no := b.mayPress(s, p, how); no != "" {
		return b.refuse(ctx, s, "press", no)
	}
	asker, gone, err := b.requesterNow(ctx, s, p)
	switch e := purge.AsError(err); {
	case err != nil && e.Kind.Transient():
		return chat.Reply{}, err
	case err != nil:
		return b.refuse(ctx, s, "press", e.Message)
	}
	s.law = b.lenders(ctx, s.law, pressAge, asker, s.who)
	if no, frozen := s.law.withdrawal(p, asker, gone, s.who); frozen {
		return b.refuse(ctx, s, "press", no)
	} else if no != "" {
		return b.withdrawn(ctx, s, p, no)
	}
	if p.Confirm == acl.SecondPerson && !how.emergency && !s.law.mayApprove(p, asker, s.who, p.Request.Parts) {
		return b.refuse(ctx, s, "press", card.NoApprover(s.law.approvers(p)))
	}
	return b.confirmed(ctx, s, p, a, how)
}

// confirmed decides for the purge, after what must be typed was typed.
func (b *desk) confirmed(ctx context.Context, s scene, p store.Purge, a chat.Answer, how press) (chat.Reply, error) {
	hosts := p.Request.WholeSites()
	asks := len(hosts) > 0 || how.emergency
	switch {
	case asks && !how.form:
		return b.askTyped(ctx, s, p, a.Message, hosts, how)
	case len(hosts) > 0 && !typed(a.Values[card.HostsInput], hosts):
		return b.refuse(ctx, s, "press", card.TypedOther)
	case how.emergency:
		return b.release(ctx, s, p, a.Values[card.ReasonInput])
	}
	return b.decideAs(ctx, s, p, store.Decision{What: store.Confirmed}, b.seen(s, store.AuditConfirmed, p.ID))
}

// withdrawn decides that it may not be purged as it was asked any more.
func (b *desk) withdrawn(ctx context.Context, s scene, p store.Purge, why string) (chat.Reply, error) {
	body := s.refused("")
	body.Message = why
	return b.decideAs(ctx, s, p, store.Decision{What: store.Withdrawn, Problem: why}, b.by(s.person, store.AuditWithdrawn, p.ID, body))
}

// mayPress says why this person may not press Purge, whatever the requester may; "" if they may.
func (b *desk) mayPress(s scene, p store.Purge, how press) string {
	same := s.policy.SamePerson(s.person.Subject, p.Requester)
	switch {
	case how.emergency:
		if no := b.mayRelease(s, p); no != "" {
			return no
		}
	case p.Confirm != acl.SecondPerson && !same:
		return card.OnlyRequester
	case p.Confirm == acl.SecondPerson && same:
		return card.SecondPerson
	case p.Confirm == acl.SecondPerson && !surelyAnother(s.policy, s.person.Subject, p.Requester):
		return card.MaybeSame
	}
	if denied := deniedAny(s.law, s.who, p); len(denied) > 0 && s.person.Subject != p.Requester {
		return card.PresserDenied(denied[0], p.Private)
	}
	return ""
}

// surelyAnother reports whether two accounts are of two people. Two accounts of one chat are, unless the policy file says otherwise;
// those of two chats only where it lists both, since nothing else would tell.
func surelyAnother(policy *acl.Policy, a, b acl.Subject) bool {
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

// requesterNow is the requester as they are at this moment, and why they may do nothing any more.
func (b *desk) requesterNow(ctx context.Context, s scene, p store.Purge) (acl.Who, string, error) {
	if p.Requester == s.person.Subject {
		return s.who, "", nil
	}
	chat, err := b.poster.platform(p.Requester.Platform())
	if err != nil {
		return acl.Who{}, "", err
	}
	person, err := chat.Person(ctx, p.Requester, pressAge)
	if err != nil {
		return acl.Who{}, "", askerUnknown(err)
	}
	return s.policy.Who(person.Subject, person.Groups), standingProblem(person, s.channel, b.poster.limits(s.at).Workspace), nil
}

// withdrawal says why what was asked may no longer be purged as it was asked; frozen is that it may be again, which the reader alone is told.
func (l law) withdrawal(p store.Purge, asker acl.Who, gone string, reader acl.Who) (why string, frozen bool) {
	denied := deniedAny(l, asker, p)
	switch {
	case gone == "" && onlyFrozen(denied):
		return card.StillFrozen(l.toldTo(reader, denied[0]).Reason), true
	case gone != "" || len(denied) > 0:
		return card.RequesterDenied(gone, denied, p.Private), false
	}
	if t, more := l.asksMore(p, asker, p.Request.Parts); more {
		return card.AsksMore + card.Named(t, p.Private), false
	}
	return "", false
}

// grounds are the verdicts on the targets of parts for whoever asked for a purge, as the law is now.
func (l law) grounds(p store.Purge, asker acl.Who, parts []purge.Part) iter.Seq[acl.Verdict] {
	q := asRequest(p, asker, parts)
	q.Despite.All = len(p.Overrides) > 0
	return l.Judge(q)
}

// asksMore finds a target for which the law asks for a stricter confirmation than was asked for.
func (l law) asksMore(p store.Purge, asker acl.Who, parts []purge.Part) (card.Refusal, bool) {
	for v := range l.grounds(p, asker, parts) {
		if stricter(p.Confirm, v.Confirm) != p.Confirm {
			return card.Refusal{Target: v.Target.String(), Reason: card.ConfirmAsks[v.Confirm], Rule: v.Rule}, true
		}
	}
	return card.Refusal{}, false
}

// mayApprove reports whether somebody may be the second person for parts of a purge, as far as they may purge them.
func (l law) mayApprove(p store.Purge, asker, presser acl.Who, parts []purge.Part) bool {
	for v := range l.grounds(p, asker, parts) {
		if v.Allowed && !l.Policy().MayApprove(presser, v.Decision) {
			return false
		}
	}
	return true
}

// lapsed finds a target that what was decided no longer covers: a stricter rule holds, or whoever pressed could not any more.
func (l law) lapsed(p store.Purge, d store.Decision, part purge.Part) (card.Refusal, bool) {
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
func (l law) counts(p store.Purge, asker acl.Who, d store.Decision, parts []purge.Part) bool {
	presser := l.Policy().Who(d.Who, d.Groups)
	switch {
	case p.Confirm != acl.SecondPerson:
		return l.Policy().SamePerson(d.Who, p.Requester)
	case d.Released():
		return l.Policy().Emergency(presser)
	}
	return surelyAnother(l.Policy(), d.Who, p.Requester) && l.mayApprove(p, asker, presser, parts)
}

// approvers are found through the first target of each rule and host, which is where rules differ.
func (l law) approvers(p store.Purge) (who card.Approvers) {
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

// drawApproval adds to a question who may press.
func drawApproval(v *card.View, l law) {
	if v.Confirm == acl.SecondPerson {
		v.Approvers = l.approvers(v.Purge)
	}
	v.PressLine = card.WhoPresses(v.Purge, v.Approvers)
}
