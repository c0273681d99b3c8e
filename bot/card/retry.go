package card

import "fmt"

// NotEnded refuses to retry a purge under way.
func NotEnded(short string) string {
	return short + " is still under way, so nothing was purged. Wait for its end, or cancel it, then retry what failed."
}

// NothingToRetry answers the retry of a purge without failures.
func NothingToRetry(short string) string {
	return "Nothing of " + short + " failed, so there is nothing to retry. Type the purge anew to do it all again."
}

// Retries is the note on the card of a retry.
func Retries(short string) string { return "Only what did not go well in " + short + "." }

// MayCostTwice warns that a retry repeats targets with an unknown outcome.
func MayCostTwice(n int) string {
	if n == 1 {
		return "One of it may have been done already: sending it again may cost quota twice."
	}
	return fmt.Sprintf("%d of it may have been done already: sending them again may cost quota twice.", n)
}

// NotYoursToLook refuses a press on Look again.
const NotYoursToLook = "Only those who may see this purge can look it up again."

// NothingNew answers a look that found no news.
func NothingNew(short string) string {
	return "Tencent says nothing new about " + short + ". Look at the site itself, or look again in some minutes."
}

// UnclearCosts explains the quota of targets with an unknown outcome.
func UnclearCosts(n int) string {
	if n == 1 {
		return "The unknown one counts as spent, since it may have been done: sending it a second time may cost quota twice."
	}
	return fmt.Sprintf("The %d unknown ones count as spent, since they may have been done: sending them a second time may cost quota twice.", n)
}

// SoundsLikeLeak advises the button Purge as leak, on a question whose reason sounds like a leak.
const SoundsLikeLeak = "The reason sounds like a leak: Purge as leak asks anew, for every area, unchanged files too, and shows the channel no targets."

// NotNarrowed is the reason of targets that were refused together, where no more calls are spent on the search for the wrong one.
func NotNarrowed(n int, problem string) string {
	return fmt.Sprintf("Refused together with %d others, at least one of which is wrong. %s", n-1, problem)
}
