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

// Two kinds of people may press Purge: the requester, or, where a rule asks for two people, another person whom the rules of the
// purge name as an approver.

// pressPurge confirms a waiting purge, if the presser may do so and both the presser and the requester may still purge all of it. A
// requester's lost right withdraws the purge; a presser without the right leaves the question open.
func (b *presses) pressPurge(ctx context.Context, s scene, p store.Purge, a chat.Answer, how press) (chat.Reply, error) {
	if p.State != store.StateWaiting || !b.Now().Before(p.ExpiresAt) {
		return b.tooLate(ctx, s, p)
	}
	if no := b.mayPress(s, p, how); no != "" {
		return b.refuse(ctx, s, "press", no)
	}
	// Look up the requester anew. A requester who cannot be looked up leaves the question open.
	asker, gone, err := b.requesterNow(ctx, s, p)
	switch e := purge.AsError(err); {
	case err != nil && e.Kind.Transient():
		return chat.Reply{}, err
	case err != nil:
		return b.refuse(ctx, s, "press", e.Message)
	}
	// Temporary grants count with their givers' present groups. A freeze may end, so it does not withdraw the purge.
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

// confirmed records the confirmation, once the presser has typed the required text.
func (b *presses) confirmed(ctx context.Context, s scene, p store.Purge, a chat.Answer, how press) (chat.Reply, error) {
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
	return b.recordDecision(ctx, s, p, store.Decision{What: store.Confirmed}, b.sceneEntry(s, store.AuditConfirmed, p.ID))
}

// withdrawn records that a purge is no longer allowed as it was requested.
func (b *presses) withdrawn(ctx context.Context, s scene, p store.Purge, why string) (chat.Reply, error) {
	body := s.refused("")
	body.Message = why
	return b.recordDecision(ctx, s, p, store.Decision{What: store.Withdrawn, Problem: why}, b.By(s.person, store.AuditWithdrawn, p.ID, body))
}

// mayPress returns the reason for which this person may not press Purge, apart from the requester's own rights; "" if there is
// none.
func (b *presses) mayPress(s scene, p store.Purge, how press) string {
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

// requesterNow looks up the requester of a purge, and returns the reason for which the requester may do nothing any more, or "".
func (b *presses) requesterNow(ctx context.Context, s scene, p store.Purge) (acl.Who, string, error) {
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

// An emergency: where no approver has pressed in time, the people in the policy file's emergency list may purge without approval,
// and give a public reason.

// press is a way to answer a question.
type press struct {
	form      bool // the press is the form that an earlier press has opened
	emergency bool // the press asks to purge without the approval
}

// pressOf returns the way of a button's action.
func pressOf(action string) press {
	return press{
		form:      action == card.ActionTyped || action == card.ActionReleased,
		emergency: action == card.ActionEmergency || action == card.ActionReleased,
	}
}

// mayRelease returns the reason for which this person may not purge without approval; "" if there is none. The person's right to
// the targets is judged elsewhere.
func (b *presses) mayRelease(s scene, p store.Purge) string {
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

// visibleRunes counts the characters of one line that a reader sees, including the blanks between words. The mark that stands for a
// hidden character counts as a blank.
func visibleRunes(text string) (n int) {
	words := strings.Fields(strings.ReplaceAll(text, string(unicode.ReplacementChar), " "))
	for _, r := range strings.Join(words, " ") {
		if unicode.IsGraphic(r) {
			n++
		}
	}
	return n
}

// release records a confirmation without approval. The same commit posts a notice that mentions the approvers in the thread.
func (b *presses) release(ctx context.Context, s scene, p store.Purge, reason string) (chat.Reply, error) {
	reason = strings.Join(strings.Fields(chat.OneLine(reason)), " ")
	switch n := visibleRunes(reason); {
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
	return b.recordDecision(ctx, s, p, store.Decision{What: store.Confirmed, Emergency: reason}, e)
}
