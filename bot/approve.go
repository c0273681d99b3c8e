package bot

import (
	"context"
	"strings"
	"unicode"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/bot/poster"
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

// An emergency: where nobody has approved in time, those whom the policy file lists may purge without, and say why to everybody.

// press is a way to press on a question.
type press struct {
	form      bool // it is the form that the press has opened
	emergency bool // without the approval that it needs
}

func pressOf(action string) press {
	return press{
		form:      action == card.ActionTyped || action == card.ActionReleased,
		emergency: action == card.ActionEmergency || action == card.ActionReleased,
	}
}

// mayRelease says why this person may not purge without approval; "" if they may. What they may purge is another question.
func (b *desk) mayRelease(s scene, p store.Purge) string {
	switch {
	case p.Confirm != acl.SecondPerson:
		return card.StaleButton
	case !s.policy.Emergency(s.who):
		return card.EmergencyOnly
	case !b.waits.Emergency(s.policy, p):
		return card.NotYetUrgent
	}
	return ""
}

// visible counts the characters that a reader sees of one line, blanks between words among them. The mark that stands for a hidden
// character counts as a blank.
func visible(text string) (n int) {
	words := strings.Fields(strings.ReplaceAll(text, string(unicode.ReplacementChar), " "))
	for _, r := range strings.Join(words, " ") {
		if unicode.IsGraphic(r) {
			n++
		}
	}
	return n
}

// release decides for the purge without approval. The approvers are mentioned in the thread, in the commit that decides.
func (b *desk) release(ctx context.Context, s scene, p store.Purge, reason string) (chat.Reply, error) {
	reason = strings.Join(strings.Fields(chat.OneLine(reason)), " ")
	switch n := visible(reason); {
	case n < card.MinReason:
		return b.refuse(ctx, s, "press", card.ShortReason)
	case n > grammar.MaxReason:
		return b.refuse(ctx, s, "press", card.ReasonLong)
	}
	at, err := b.poster.Place(ctx, p, store.Result)
	if err != nil {
		return chat.Reply{}, err
	}
	who := s.law.Approvers(p)
	body := s.refused("")
	body.Reason, body.Approvers = reason, who.Mention()
	e := b.By(s.person, store.AuditReleased, p.ID, body)
	e.Notice = poster.Notice(at, card.ReleasedCard(s.person, p, who, reason))
	return b.decideAs(ctx, s, p, store.Decision{What: store.Confirmed, Emergency: reason}, e)
}
