package purge

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The test gives each kind of error its rule. The tables in package tencent assign the kinds to the vendor's
// answers.
func TestMayTryAgain(t *testing.T) {
	t.Parallel()
	for kind, want := range map[ErrorKind][2]Again{ // first without, then with a wait named by the vendor
		Internal: {Never, Never}, Invalid: {Never, Never}, Denied: {Never, Never}, NotFound: {Never, Never}, Conflict: {Never, Never},
		Exhausted: {Never, Later}, Unavailable: {Later, Later}, Unknown: {LookFirst, LookFirst}, Unknown + 1: {Never, Never},
	} {
		assert.Equal(t, want[0], MayTryAgain(&Error{Kind: kind}), kind)
		assert.Equal(t, want[1], MayTryAgain(&Error{Kind: kind, RetryAfter: time.Second}), kind)
	}
	assert.Equal(t, Never, MayTryAgain(nil))
}

func TestNextTry(t *testing.T) {
	t.Parallel()
	unsent, lost := &Error{Kind: Unavailable}, &Error{Kind: Unknown}
	for calls, want := range []time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 6: 32 * time.Second, 7: time.Minute, 9: time.Minute} {
		if calls == 0 || want == 0 {
			continue
		}
		again, least := Tried{Calls: calls, Left: time.Hour}.Next(unsent, 0)
		assert.Equal(t, Later, again, calls)
		assert.Equal(t, want, least, calls)
		_, most := Tried{Calls: calls, Left: time.Hour}.Next(unsent, 1)
		assert.Equal(t, want+want/4, most, "jitter only waits longer")
	}
	for name, tc := range map[string]struct {
		tried Tried
		e     *Error
		want  Again
	}{
		"the tenth was the last":           {Tried{Calls: MostTries, Left: time.Hour}, unsent, Never},
		"the deadline is near":             {Tried{Calls: 1, Left: time.Second}, unsent, Never},
		"the vendor's time is too late":    {Tried{Calls: 1, Left: time.Minute}, &Error{Kind: Exhausted, RetryAfter: time.Minute}, Never},
		"the vendor's time is within":      {Tried{Calls: 1, Left: time.Hour}, &Error{Kind: Exhausted, RetryAfter: time.Minute}, Later},
		"unclear once":                     {Tried{Calls: 1, Unclear: 1, Left: time.Hour}, lost, LookFirst},
		"unclear once, after unsent ones":  {Tried{Calls: 5, Unclear: 1, Left: time.Hour}, lost, LookFirst},
		"unclear twice":                    {Tried{Calls: 2, Unclear: 2, Left: time.Hour}, lost, Never},
		"unsent after an unclear one":      {Tried{Calls: 2, Unclear: 1, Left: time.Hour}, unsent, Later},
		"refused":                          {Tried{Calls: 1, Left: time.Hour}, &Error{Kind: Denied}, Never},
		"the day's quota":                  {Tried{Calls: 1, Left: 48 * time.Hour}, &Error{Kind: Exhausted}, Never},
		"accepted":                         {Tried{Calls: 1, Left: time.Hour}, nil, Never},
		"unclear at the limit of all kind": {Tried{Calls: MostTries, Unclear: 1, Left: time.Hour}, lost, Never},
	} {
		again, _ := tc.tried.Next(tc.e, 0)
		assert.Equal(t, tc.want, again, name)
	}
}
