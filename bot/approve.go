package bot

import (
	"context"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/rules"
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
	if no, frozen := s.law.Withdrawal(p, asker, gone, s.who); frozen {
		return b.refuse(ctx, s, "press", no)
	} else if no != "" {
		return b.withdrawn(ctx, s, p, no)
	}
	if p.Confirm == acl.SecondPerson && !how.emergency && !s.law.MayApprove(p, asker, s.who, p.Request.Parts) {
		return b.refuse(ctx, s, "press", card.NoApprover(s.law.Approvers(p)))
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
	return b.decideAs(ctx, s, p, store.Decision{What: store.Withdrawn, Problem: why}, b.By(s.person, store.AuditWithdrawn, p.ID, body))
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
	case p.Confirm == acl.SecondPerson && !rules.SurelyAnother(s.policy, s.person.Subject, p.Requester):
		return card.MaybeSame
	}
	if denied := rules.DeniedAny(s.law, s.who, p); len(denied) > 0 && s.person.Subject != p.Requester {
		return card.PresserDenied(denied[0], p.Private)
	}
	return ""
}

// requesterNow is the requester as they are at this moment, and why they may do nothing any more.
func (b *desk) requesterNow(ctx context.Context, s scene, p store.Purge) (acl.Who, string, error) {
	if p.Requester == s.person.Subject {
		return s.who, "", nil
	}
	chat, err := b.poster.Platform(p.Requester.Platform())
	if err != nil {
		return acl.Who{}, "", err
	}
	person, err := chat.Person(ctx, p.Requester, pressAge)
	if err != nil {
		return acl.Who{}, "", askerUnknown(err)
	}
	return s.policy.Who(person.Subject, person.Groups), standingProblem(person, s.channel, b.poster.Limits(s.at).Workspace), nil
}
