package card

import (
	"cmp"
	"slices"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// told holds the audit channel's words for the audit's kinds. A kind without words is not announced.
var told = map[store.AuditKind]string{
	store.AuditAsked: "asked for", store.AuditJoined: "joined", store.AuditPrefetching: "fetches again",
	store.AuditConfirmed: "confirmed", store.AuditReleased: "purged without approval", store.AuditCancelled: "cancelled",
	store.AuditWithdrawn: "was refused at the press or the send", store.AuditExpired: "nobody answered", store.AuditNotShown: "could not be asked",
	store.AuditEnded: "ended", store.AuditRevised: "looked again",
	store.AuditFrozen: "froze", store.AuditUnfrozen: "ended the freeze of", store.AuditGranted: "granted", store.AuditRevoked: "revoked",
}

// PassedOver returns the approvers in this chat who were not asked before an emergency purge.
func PassedOver(e store.Entry, at chat.Thread) []acl.Subject {
	return slices.DeleteFunc(e.Said().Approvers, func(s acl.Subject) bool {
		return s.Platform() != at.Platform || s.Workspace() != at.Workspace
	})
}

// FeedLine words an audit row as a line of the audit channel; it returns "" for a row that is not announced. The parameter about is
// the row's purge, or nil if the purge is forgotten. The line names no target, so that a private purge may stand there.
func FeedLine(e store.Entry, about *store.Purge) string {
	// Rows without words are not announced.
	does, is := told[e.What]
	if !is {
		return ""
	}
	// The line names the actor and the act.
	who := "purgebot"
	if e.Who != "" {
		who = chat.OneLine(cmp.Or(e.Name, "somebody")) + " (" + e.Who.ID() + ")"
	}
	return e.At.UTC().Format("15:04:05 UTC") + " · " + who + " · " + does + sayFedOf(e, e.Said(), about)
}

// sayFedOf ends a line of the audit channel with the row's subject, place and reason.
func sayFedOf(e store.Entry, body store.Body, about *store.Purge) (s string) {
	// The subject is a purge, or the domain of a rule.
	switch {
	case e.Purge != "" && about == nil:
		return " a purge that is forgotten"
	case e.Purge != "":
		s = " · " + about.Short
		if body.State != "" {
			s += " · " + body.State
		}
		s += " · " + View{Purge: *about}.Named() + " in " + areaWords(about.Request.Areas())
	case body.Domain != "":
		s = " " + body.Domain
		if body.To != "" {
			s += " for " + body.To
		}
		if body.Until != "" {
			s += " until " + body.Until
		}
	}
	// The place and the reason follow.
	if body.Channel != "" {
		s += " · in " + string(body.Channel)
	}
	if body.Reason != "" {
		s += " · reason: " + chat.OneLine(body.Reason)
	}
	return s
}
