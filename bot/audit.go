package bot

import (
	"purgebot/bot/store"
)

// seen is an audit row of somebody in a scene that says no more than where it was, under which policy, and as whom.
func (b *desk) seen(s scene, what store.AuditKind, id string) store.Entry {
	return b.By(s.person, what, id, s.refused(""))
}

// refused is what a refusal in this scene says in the audit.
func (s scene) refused(verb string) store.Body {
	return store.Body{Verb: verb, Channel: s.at.Subject(), Policy: s.policy.Hash(), Groups: s.person.Groups}
}
