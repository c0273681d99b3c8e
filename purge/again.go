package purge

import "time"

// This file holds the one rule for repeating a call to the CDN. Every automatic repetition follows it.
//
//	state of the call                      next step
//	surely not carried out                 repeated, MostTries calls in all; waits double from 1 s to a minute, within the deadline
//	rate limit reached                     the same, and not before the time that the vendor named
//	possibly carried out                   looked up first; one more call if the vendor knows nothing of it, then the result is unknown
//	refused, or the day's quota is spent   never repeated

// MostTries is the maximum number of calls for one batch, the first included.
const MostTries = 10

// MostUnclear is the maximum number of calls for one batch whose execution remains uncertain.
const MostUnclear = 2

// Again is the answer to the question whether a failed call may be repeated.
type Again int

// The answers to MayTryAgain. The zero value is Never, so a forgotten error kind never causes a second call.
const (
	Never     Again = iota
	Later           // the call was surely not carried out, or came too fast: repeat it after a wait
	LookFirst       // the call may have been carried out: repeat it only if the vendor, when asked, knows nothing of it
)

// MayTryAgain returns the rule for one error. A nil error stands for an accepted call, which is never repeated.
func MayTryAgain(e *Error) Again {
	switch {
	case e == nil:
		return Never
	case e.Kind == Unavailable, e.Kind == Exhausted && e.RetryAfter > 0:
		return Later
	case e.Kind == Unknown:
		return LookFirst
	}
	return Never
}

// Tried is the history of one batch's calls.
type Tried struct {
	Calls   int           // number of calls made, the last included
	Unclear int           // number of those calls that may have been carried out
	Left    time.Duration // time until the deadline
}

// Next decides after a failed call whether the batch may be sent again, and after which wait. The jitter,
// between 0 and 1, spreads calls that failed at the same moment.
func (t Tried) Next(e *Error, jitter float64) (Again, time.Duration) {
	again := MayTryAgain(e)
	if again == Never || t.Calls >= MostTries || again == LookFirst && t.Unclear >= MostUnclear {
		return Never, 0
	}
	wait := max(e.RetryAfter, backoff(t.Calls))
	wait += time.Duration(jitter * float64(wait) / 4)
	if wait >= t.Left {
		return Never, 0
	}
	return again, wait
}

// backoff returns the shortest wait after the given number of calls.
func backoff(calls int) time.Duration {
	return min(time.Second<<min(max(calls-1, 0), 6), time.Minute)
}
