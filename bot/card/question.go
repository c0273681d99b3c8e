package card

import (
	"fmt"
	"strings"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// These sentences answer presses on a question.
const (
	MaybeSame     = "purgebot cannot tell that you are not the person who asked: that was in another chat. Have both accounts put under `people` in the policy file, or let somebody press who is there."
	AsksMore      = "The rules have changed since this was asked and ask for more now, so nothing was sent. Ask again."
	EmergencyOnly = "Only those whom the policy file lists under `emergency` may purge without approval. Ask somebody who may approve it."
	NotYetUrgent  = "Nobody may purge this without approval yet: whoever may approve it has a few minutes first."
	ShortReason   = "The reason is too short, so nothing was sent, and the question stays open. Press again and say in at least ten characters why it cannot wait for approval."
	ReasonLong    = "The reason is longer than 500 characters, so nothing was sent, and the question stays open. Press again and say it shorter."
	NoFormReason  = "Purging without approval takes a typed reason, for which this chat has no form; nothing was sent. Ask somebody who may approve it."

	sayWithoutApproval = " without approval" // follows the verb of the press

	StillWaits  = "Still waiting for a second person: "
	NotAsAsked  = "What is recorded is not what was asked for. Tell whoever runs purgebot, and ask again."
	PresserGone = "The person who pressed could not press any more when it was to be sent."
)

// ConfirmAsks explains a new question by the confirmation that a changed rule requires.
var ConfirmAsks = map[acl.Confirm]string{
	acl.Requester:    "A rule says by now that it is asked before it is purged.",
	acl.SecondPerson: "A rule says by now that a second person must approve it.",
}

// shownApprovers bounds the approvers that a sentence names.
const shownApprovers = 5

// WhoPresses names, on a question's card, the people who may press.
func WhoPresses(p store.Purge, who Approvers) string {
	switch {
	case p.Confirm != acl.SecondPerson:
		return "Only the person who asked may press " + doesOf(p.Request) + "."
	case !who.Named:
		return "A second person who may purge the same must press " + doesOf(p.Request) + "; whoever asked cannot."
	case len(who.Here) == 0:
		return "Nobody in this chat can press " + doesOf(p.Request) + ": the rule names other people or only whoever asked. Ask where they are."
	}
	return "A second person must press " + doesOf(p.Request) + ": " + who.listed() + "; whoever asked cannot."
}

// NoApprover refuses the press of a person that the rule does not name.
func NoApprover(who Approvers) string {
	if len(who.Here) == 0 {
		return "Your press does not count here: the rule names who may approve this, and none of them is in this chat. Ask for it yourself if you may purge it alone."
	}
	return "You may not approve this; only these may: " + who.listed() + ". Ask one of them."
}

// sayReminder points to the card with the button, and to the time of expiry.
func sayReminder(p store.Purge) string {
	return "Press on the card of " + p.Short + ", above. It expires at " + clock(p.ExpiresAt) + "; nothing is purged then."
}

// lower makes the first letter of a title small, for use inside a sentence.
func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// listed names the first approvers, each with the id, because display names are not unique.
func (a Approvers) listed() string {
	var all []string
	for i, s := range a.Here[:min(len(a.Here), shownApprovers)] {
		id := s.ID()
		if name := a.Names[i]; name != "" {
			id = name + " (" + id + ")"
		}
		all = append(all, id)
	}
	if more := len(a.Here) - len(all); more > 0 {
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, ", ")
}

// NoForm refuses a press that needs a form, in a chat without forms.
func NoForm(emergency bool) string {
	if emergency {
		return NoFormReason
	}
	return NoFormToType
}

// sayDecided words a decision as a verb in the past.
func sayDecided(d store.Decision) string {
	if d.Released() {
		return "purged without approval"
	}
	return string(d.What)
}

// emergencyLine tells that the purge may go ahead without approval by now.
func (v View) emergencyLine() string {
	if !v.Emergency {
		return ""
	}
	return "Nobody has approved it so far: those of `emergency` may purge it without, and say why."
}

// ReleasedCard announces an emergency purge to the thread and to the possible approvers.
func ReleasedCard(by chat.Person, p store.Purge, who Approvers, reason string) chat.Card {
	return chat.Card{Title: "Purged without approval: " + View{Purge: p}.what() + " in " + areaWords(p.Request.Areas()), Tone: chat.Unsure, By: by.Subject, Mention: who.Mention(),
		Lines: []string{"Why it could not wait: " + reason, "Nobody had approved it since " + clock(p.CreatedAt) + "."}, Footer: p.Short}
}

// Reminder repeats an unanswered question once; the message is never edited.
func (v View) Reminder() chat.Card {
	return chat.Card{Title: StillWaits + lower(v.statusTitle()), Tone: chat.Waiting, Mention: v.Approvers.Mention(), By: v.Requester,
		Lines: Compact([]string{v.PressLine, sayReminder(v.Purge)}), Footer: v.Short}
}
