// Package purge defines the vocabulary of a purge: targets and their strict grammar, requests, plans and
// batches, the port to the CDN, and errors with two readers.
//
// The package is pure: it reads no clock, opens no connection, and knows no vendor, no chat and no database. It
// never guesses: a target that two URL parsers could read differently is refused, not repaired.
package purge

// Kind says whether a target is one cached object or a whole directory. The kind Prefetch is no purge but a
// fetch.
type Kind string

// The kinds of target. Prefetch is never typed and named by no rule: it follows a purge of URLs and needs the
// same permission.
const (
	URL       Kind = "url"
	Directory Kind = "directory"
	Prefetch  Kind = "prefetch" // URLs that are fetched into the caches ahead of visitors
)

// Judged returns the kind under which rules and personal quotas count k: the permission to purge a URL includes
// its prefetch.
func (k Kind) Judged() Kind {
	if k == Prefetch {
		return URL
	}
	return k
}

// Area is a part of the world whose caches are purged. "global" means both areas, each decided, sent and
// reported separately.
type Area string

// The areas.
const (
	Mainland Area = "mainland"
	Overseas Area = "overseas"
)

// Mode is the way in which a directory is purged. A URL has the empty mode.
type Mode string

// The modes of a directory purge.
const (
	Flush  Mode = "flush"  // changed files only
	Delete Mode = "delete" // everything
)

// Outcome is the result for one target in one area.
type Outcome string

// The outcomes of a target. All but Pending are final.
const (
	Pending        Outcome = "pending"
	Accepted       Outcome = "accepted" // taken by the vendor; completion is not known yet or cannot be known
	Done           Outcome = "done"
	Failed         Outcome = "failed"
	OutcomeUnknown Outcome = "unknown" // the call may have been carried out
	Skipped        Outcome = "skipped" // never sent
)
