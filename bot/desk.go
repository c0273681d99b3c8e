package bot

import (
	"purgebot/bot/books"
	"purgebot/bot/grammar"
	"purgebot/bot/poster"
	"purgebot/bot/rules"
	"purgebot/bot/runner"
	"purgebot/bot/store"
	"purgebot/bot/vendor"
)

// desk takes events: it finds out who asks and where, decides by the rules, commits what was decided, and answers.
type desk struct {
	*books.Books
	rules  *rules.Rules
	waits  *books.Waits
	vendor *vendor.Vendor
	poster *poster.Poster
	runner *runner.Runner

	verbs       map[grammar.Verb]verb // the function of each verb
	rate        *personRate
	PersonRate  int // commands a person may send in ten seconds
	PersonOpen  int // purges a person may have open
	ConfirmURLs int // URLs a person may purge in ten minutes without being asked
}

// The limits on open confirmations keep a flood of questions from costing memory and attention.
const (
	maxWaiting       = 1000
	maxWaitingPerson = 20
)

// seen is an audit row of somebody in a scene that says no more than where it was, under which policy, and as whom.
func (b *desk) seen(s scene, what store.AuditKind, id string) store.Entry {
	return b.By(s.person, what, id, s.refused(""))
}

// refused is what a refusal in this scene says in the audit.
func (s scene) refused(verb string) store.Body {
	return store.Body{Verb: verb, Channel: s.at.Subject(), Policy: s.policy.Hash(), Groups: s.person.Groups}
}
