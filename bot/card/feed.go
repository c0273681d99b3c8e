package card

import (
	"cmp"
	"slices"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// told is what the audit channel calls what it is told of; what is not here stays in the audit.
var told = map[store.AuditKind]string{
	store.AuditAsked: "asked for", store.AuditJoined: "joined", store.AuditPrefetching: "fetches again",
	store.AuditConfirmed: "confirmed", store.AuditReleased: "purged without approval", store.AuditCancelled: "cancelled",
	store.AuditWithdrawn: "was refused at the press or the send", store.AuditExpired: "nobody answered", store.AuditNotShown: "could not be asked",
	store.AuditEnded: "ended", store.AuditRevised: "looked again",
	store.AuditFrozen: "froze", store.AuditUnfrozen: "ended the freeze of", store.AuditGranted: "granted", store.AuditRevoked: "revoked",
}

// PassedOver is who could have approved what was purged without: they are mentioned where they are.
func PassedOver(e store.Entry, at chat.Thread) []acl.Subject {
	return slices.DeleteFunc(e.Said().Approvers, func(s acl.Subject) bool {
		return s.Platform() != at.Platform || s.Workspace() != at.Workspace
	})
}

// FeedLine is an audit row as a line of the audit channel; "" if the channel is not told of it. about is the row's purge, nil if it is
// forgotten. The line names no target, so that a private purge may stand there.
func FeedLine(e store.Entry, about *store.Purge) string {
	does, is := told[e.What]
	if !is {
		return ""
	}
	who := "purgebot"
	if e.Who != "" {
		who = chat.OneLine(cmp.Or(e.Name, "somebody")) + " (" + e.Who.ID() + ")"
	}
	return e.At.UTC().Format("15:04:05 UTC") + " · " + who + " · " + does + sayFedOf(e, e.Said(), about)
}

// sayFedOf is the end of such a line: what the row is about, where, and why.
func sayFedOf(e store.Entry, body store.Body, about *store.Purge) (s string) {
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
	if body.Channel != "" {
		s += " · in " + string(body.Channel)
	}
	if body.Reason != "" {
		s += " · reason: " + chat.OneLine(body.Reason)
	}
	return s
}
