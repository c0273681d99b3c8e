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
	"purgebot/bot/store"
)

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
	return b.decideAs(ctx, s, p, store.Decision{What: store.Confirmed, Problem: reason}, e)
}
