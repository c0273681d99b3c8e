package bot

import (
	"purgebot/bot/books"
	"purgebot/bot/poster"
	"purgebot/bot/rules"
	"purgebot/bot/vendor"
)

// desk takes events: it finds out who asks and where, decides by the rules, commits what was decided, and answers.
type desk struct {
	*books.Books
	rules  *rules.Rules
	waits  *books.Waits
	vendor *vendor.Vendor
	poster *poster.Poster
	runner *runner

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
