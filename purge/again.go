package purge

import "time"

// This file is the one rule for trying a call to the CDN again. Everything that is tried again by itself is tried by it.
//
//	what is known of a call               what follows
//	surely not done                       tried again, MostTries in all, 1 s doubling to a minute, within the deadline
//	too fast                              the same, and not before the time that the vendor named
//	may have been done                    looked up first; where the vendor knows nothing of it one more try, then it is unknown
//	refused, or the day's quota is spent  never

// MostTries is how many calls one batch may take, the first included.
const MostTries = 10

// MostUnclear is how many calls of one batch may end without anybody knowing whether they were carried out.
const MostUnclear = 2

// Again says whether a call that ended with an error may be made once more.
type Again int

// The answers. The zero one is Never, so that a forgotten kind is never sent twice.
const (
	Never     Again = iota
	Later           // surely not done, or too fast: after a wait
	LookFirst       // it may have been done: only where the vendor, asked about it, knows nothing of it
)

// MayTryAgain is the rule for one error; nil is a call that was accepted.
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

// Tried is what has become of one batch so far.
type Tried struct {
	Calls   int           // that were made, the last included
	Unclear int           // of them, those that may have been carried out
	Left    time.Duration // until the deadline
}

// Next is the rule for a batch whose last call ended with an error: whether it may be made again, and after which wait. jitter is
// between 0 and 1, and spreads the calls of those who failed together.
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

// backoff is the least wait after so many calls.
func backoff(calls int) time.Duration {
	return min(time.Second<<min(max(calls-1, 0), 6), time.Minute)
}
