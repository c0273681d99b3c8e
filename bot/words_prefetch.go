package bot

import (
	"fmt"

	"purgebot/bot/store"
	"purgebot/purge"
)

// What is said about fetching again.

const (
	sayCannotPrefetch = "The API of Tencent's that purgebot is set to cannot fetch URLs again, so nothing was purged. Send it without prefetch, or ask whoever runs purgebot to set it to API 3.0."
	sayFetchedAfter   = "Once they are purged, the URLs are fetched again, which takes 5 to 30 minutes."
	sayNoneFetched    = "Nothing of it is fetched again, since nothing of it is known to be done."
	sayNotFetched     = "Nothing of it is fetched again: the API of Tencent's that purgebot is set to by now cannot."
	sayCancelledFetch = "Nothing of it is fetched again, since it was cancelled."
	sayDoneTooLate    = "Nothing of it is fetched again, since nothing of it was known to be done when it ended."
)

// sayFetches is on the card of what follows a purge.
func sayFetches(short string, left int) string {
	s := "Fetches again what " + short + " has purged."
	switch left {
	case 0:
		return s
	case 1:
		return s + " One of it is left out, since it is not known to be done."
	}
	return fmt.Sprintf("%s %d of it are left out, since they are not known to be done.", s, left)
}

// prefetchCost says on a question what fetching again takes, and what of it fits.
func (v view) prefetchCost() []string {
	if !v.Prefetch {
		return nil
	}
	lines := []string{sayFetchedAfter}
	r := purge.Request{Kind: purge.Prefetch, Parts: v.Request.Parts}
	_, rest := v.fetchRoom.divide(r)
	for _, p := range rest.Parts {
		lines = append(lines, fmt.Sprintf("Today's quota of %s prefetches does not hold %d of them: they are purged, and not fetched again. It resets at %s.",
			p.Area, len(p.Targets), v.turns))
	}
	return append(lines, costLines(r, v.fetchRoom, v.turns)...)
}

// prefetchLines say what becomes, or has become, of the wish.
func (v view) prefetchLines() []string {
	switch {
	case !v.Prefetch, v.State.Final() && !v.anyGood():
		return nil
	case !v.State.Final():
		return []string{sayFetchedAfter}
	case v.fetches > 0:
		return []string{fmt.Sprintf("%s fetches %s again.", v.fetched, things(v.fetches, purge.URL))}
	case store.Count(v.targets)[purge.Done] == 0:
	case v.Cancelled != "":
		return []string{sayCancelledFetch}
	case v.cannotFetch:
		return []string{sayNotFetched}
	default: // a look after the end
		return []string{sayDoneTooLate}
	}
	return []string{sayNoneFetched}
}

// prefetchTitle is the title of a card about fetching.
func (v view) prefetchTitle(areas string) string {
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
	switch {
	case v.asking():
		return "Fetch " + what + " in " + areas + " again?"
	case v.decided && v.decision.What != store.Confirmed:
		return "Not fetched again: " + what
	}
	return "Fetching again " + what + " in " + areas
}
