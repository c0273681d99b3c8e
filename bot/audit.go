package bot

import (
	"encoding/json"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// entry is an audit row by purgebot itself, or by who.
func (b *Bot) entry(what store.AuditKind, id string, who acl.Subject, body store.Body) store.Entry {
	return store.Entry{At: b.Now(), Who: who, What: what, Purge: id, Body: body.JSON()}
}

// by is an audit row of a person, with the name as it is now.
func (b *Bot) by(p chat.Person, what store.AuditKind, id string, body store.Body) store.Entry {
	e := b.entry(what, id, p.Subject, body)
	e.Name = p.Name
	return e
}

// seen is an audit row of somebody in a scene that says no more than where it was, under which policy, and as whom.
func (b *Bot) seen(s scene, what store.AuditKind, id string) store.Entry {
	return b.by(s.person, what, id, s.refused(""))
}

// refused is what a refusal in this scene says in the audit.
func (s scene) refused(verb string) store.Body {
	return store.Body{Verb: verb, Channel: s.at.Subject(), Policy: s.policy.Hash(), Groups: s.person.Groups}
}

// mustJSON encodes our own values, which cannot fail to encode.
func mustJSON(v any) json.RawMessage {
	if v == nil {
		return json.RawMessage("{}")
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// refusals are refused targets as the audit keeps them.
func refusals(some ...card.Refusal) []store.Refused {
	var kept []store.Refused
	for _, r := range some {
		kept = append(kept, store.Refused{Target: r.Target, Area: r.Area, Reason: r.Reason, Rule: r.Rule})
	}
	return kept
}
