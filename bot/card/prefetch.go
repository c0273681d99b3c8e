package card

import (
	"fmt"

	"purgebot/bot/store"
	"purgebot/purge"
)

// These sentences tell why URLs are, or are not, fetched again.
const (
	CannotPrefetch = "The API of Tencent's that purgebot is set to cannot fetch URLs again, so nothing was purged. Send it without prefetch, or ask whoever runs purgebot to set it to API 3.0."
	FetchedAfter   = "Once they are purged, the URLs are fetched again, which takes 5 to 30 minutes."
	NoneFetched    = "Nothing of it is fetched again, since nothing of it is known to be done."
	NotFetched     = "Nothing of it is fetched again: the API of Tencent's that purgebot is set to by now cannot."
	CancelledFetch = "Nothing of it is fetched again, since it was cancelled."
	DoneTooLate    = "Nothing of it is fetched again, since nothing of it was known to be done when it ended."
)

// Fetches is the note on the card of a prefetch that follows a purge.
func Fetches(short string, left int) string {
	s := "Fetches again what " + short + " has purged."
	switch left {
	case 0:
		return s
	case 1:
		return s + " One of it is left out, since it is not known to be done."
	}
	return fmt.Sprintf("%s %d of it are left out, since they are not known to be done.", s, left)
}

// prefetchCost shows, on a question, the quota that fetching again takes and the URLs over that quota.
func (v View) prefetchCost() []string {
	if !v.Prefetch {
		return nil
	}
	lines := []string{FetchedAfter}
	r := purge.Request{Kind: purge.Prefetch, Parts: v.Request.Parts}
	_, rest := v.FetchRoom.Divide(r)
	for _, p := range rest.Parts {
		lines = append(lines, fmt.Sprintf("Today's quota of %s prefetches does not hold %d of them: they are purged, and not fetched again. It resets at %s.",
			p.Area, len(p.Targets), v.Turns))
	}
	return append(lines, costLines(r, v.FetchRoom, v.Turns)...)
}

// prefetchLines shows the state of the wish to fetch the URLs again.
func (v View) prefetchLines() []string {
	switch {
	case !v.Prefetch, v.State.Final() && !v.anyGood():
		return nil
	case !v.State.Final():
		return []string{FetchedAfter}
	case v.Fetches > 0:
		return []string{fmt.Sprintf("%s fetches %s again.", v.Fetched, Things(v.Fetches, purge.URL))}
	case store.Count(v.Targets)[purge.Done] == 0:
	case v.Cancelled != "":
		return []string{CancelledFetch}
	case v.CannotFetch:
		return []string{NotFetched}
	default: // a look after the end
		return []string{DoneTooLate}
	}
	return []string{NoneFetched}
}

// prefetchTitle returns the title of a prefetch's card.
func (v View) prefetchTitle(areas string) string {
	// An ended prefetch has a title for each outcome.
	what := v.what()
	switch v.State {
	case store.StateDone:
		return "Fetched again in " + areas + ": " + what
	case store.StateAccepted:
		return "Accepted to be fetched again in " + areas + ": " + what
	case store.StatePartly:
		return "Partly fetched again: " + what
	case store.StateFailed:
		return "Failed to fetch again: " + what + " in " + areas
	case store.StateUnknown:
		return "Unknown: " + what + " in " + areas + " may have been fetched again"
	case store.StateExpired:
		return "Expired, nothing was fetched: " + what
	case store.StateCancelled:
		return "Cancelled, nothing was fetched: " + what
	case store.StateRefused:
		return "Not fetched again: " + what
	}
	// An open prefetch waits for a press, was declined, or is under way.
	switch {
	case v.Asking():
		return "Fetch " + what + " in " + areas + " again?"
	case v.Decided && v.Decision.What != store.Confirmed:
		return "Not fetched again: " + what
	}
	return "Fetching again " + what + " in " + areas
}
