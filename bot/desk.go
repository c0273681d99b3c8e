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

// desk takes events: it turns each into a command or a press, and hands it to the part that carries it out.
type desk struct {
	*reception
	requests       *requests
	presses        *presses
	answers        *answers
	administration *administration

	verbs      map[grammar.Verb]verb // the function of each verb
	rate       *personRate
	PersonRate int // commands a person may send in ten seconds
}

// newDesk puts the desk's parts together.
func newDesk(r *reception, o Options) *desk {
	asks := &requests{reception: r, PersonOpen: o.PersonOpen, ConfirmURLs: o.ConfirmURLs}
	b := &desk{reception: r, requests: asks, presses: &presses{reception: r, requests: asks}, answers: &answers{reception: r, requests: asks},
		administration: &administration{reception: r}, rate: newPersonRate(o.PersonRate), PersonRate: o.PersonRate}
	b.verbs = verbsOf(b)
	return b
}

// reception finds out who asks and where, says who may see what, and commits refusals. The other parts of the desk work from it.
type reception struct {
	*books.Books
	rules  *rules.Rules
	waits  *books.Waits
	vendor *account.Account
	poster *poster.Poster
	runner *runner.Runner
}

// requests decides what is asked for, and takes it: from here on a purge is a promise.
type requests struct {
	*reception
	PersonOpen  int // purges a person may have open
	ConfirmURLs int // URLs a person may purge in ten minutes without being asked
}

// presses carries out pressed buttons: it decides questions, and cancels, looks again and asks anew.
type presses struct {
	*reception
	requests *requests
}

// answers draws the private answers of the verbs that only tell something.
type answers struct {
	*reception
	requests *requests
}

// administration freezes, grants, and ends both. Its verbs are for administrators.
type administration struct{ *reception }

// The limits on open questions, in all and for each person, keep a flood of them from costing memory and attention.
const (
	maxWaiting       = 1000
	maxWaitingPerson = 20
)

// sceneEntry returns an audit row with the person of a scene, the place, the policy and the groups alone.
func (b *reception) sceneEntry(s scene, what store.AuditKind, id string) store.Entry {
	return b.By(s.person, what, id, s.refused(""))
}

// refused returns the audit body of a refusal in this scene.
func (s scene) refused(verb string) store.Body {
	return store.Body{Verb: verb, Channel: s.at.Subject(), Policy: s.policy.Hash(), Groups: s.person.Groups}
}
