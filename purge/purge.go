// Package purge says what a purge is: targets and their strict grammar, requests, plans and batches,
// the port to the CDN, and errors with two readers.
//
// It is pure: it reads no clock, opens no connection, and knows no vendor, no chat and no database.
// It does not guess either: a target that two URL parsers could read differently is refused, not repaired.
package purge

// Kind says whether a target is one cached object or everything below a path; and of Prefetch, that it is not purged but fetched.
type Kind string

// The kinds of target. Nobody types Prefetch, and no rule names it: it follows a purge of URLs, and whoever may purge them may have
// them fetched again.
const (
	URL       Kind = "url"
	Directory Kind = "directory"
	Prefetch  Kind = "prefetch" // URLs that are fetched into the caches before anybody asks for them
)

// Judged returns the kind that rules and quotas of people know: whoever may purge a URL may have it fetched again.
func (k Kind) Judged() Kind {
	if k == Prefetch {
		return URL
	}
	return k
}

// Area is a part of the world whose caches are purged. "global" is both, each decided, sent and reported by itself.
type Area string

// The areas.
const (
	Mainland Area = "mainland"
	Overseas Area = "overseas"
)

// Mode says how a directory is purged; a URL has none ("").
type Mode string

// The modes of a directory purge.
const (
	Flush  Mode = "flush"  // changed files only
	Delete Mode = "delete" // everything
)

// Outcome is what became of one target in one area.
type Outcome string

// The outcomes of a target; Pending is the one that is not final.
const (
	Pending        Outcome = "pending"
	Accepted       Outcome = "accepted" // the vendor took it; whether it is done cannot be, or is not yet, known
	Done           Outcome = "done"
	Failed         Outcome = "failed"
	OutcomeUnknown Outcome = "unknown" // it may have happened
	Skipped        Outcome = "skipped" // never sent
)
