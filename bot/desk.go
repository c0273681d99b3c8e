package bot

import (
	"purgebot/bot/account"
	"purgebot/bot/books"
	"purgebot/bot/grammar"
	"purgebot/bot/poster"
	"purgebot/bot/rules"
	"purgebot/bot/runner"
	"purgebot/bot/store"
)

// desk takes events: it looks up the person and the place, decides by the rules, commits the decision, and answers.
type desk struct {
	*books.Books
	rules  *rules.Rules
	waits  *books.Waits
	vendor *account.Account
	poster *poster.Poster
	runner *runner.Runner

	verbs       map[grammar.Verb]verb // the function of each verb
	rate        *personRate
	PersonRate  int // the commands that a person may send in ten seconds
	PersonOpen  int // the purges that a person may have open
	ConfirmURLs int // the URLs that a person may purge in ten minutes without a question
}

// The limits on open questions, in all and for each person, keep a flood of them from costing memory and attention.
const (
	maxWaiting       = 1000
	maxWaitingPerson = 20
)

// sceneEntry returns an audit row with the person of a scene, the place, the policy and the groups alone.
func (b *desk) sceneEntry(s scene, what store.AuditKind, id string) store.Entry {
	return b.By(s.person, what, id, s.refused(""))
}

// refused returns the audit body of a refusal in this scene.
func (s scene) refused(verb string) store.Body {
	return store.Body{Verb: verb, Channel: s.at.Subject(), Policy: s.policy.Hash(), Groups: s.person.Groups}
}
