package tencent

import (
	"fmt"
	"time"

	"purgebot/purge"
)

// refused completes the error of a refusal. A refusal about the clock may come from a request that arrived
// twice or late, which another call repairs. If the clocks really differ, or the next answer repeats the
// refusal, the error becomes one for the operator of this machine.
func (l *line) refused(e *purge.Error, aboutClock bool, x exchange) *purge.Error {
	if !aboutClock {
		l.clock.Store(false)
		return e
	}
	again := l.clock.Swap(true)
	if ahead := l.ahead(x.date); ahead.Abs() > time.Minute {
		e.Err = fmt.Errorf("%w; this machine's clock minus the Date header: %v", e.Err, ahead)
		e.Kind, e.Message = purge.Internal, fmt.Sprintf("The clock of purgebot's machine is %s Tencent's, so this was not done; ask whoever runs purgebot to set it right.", apart(ahead))
	} else if again {
		e.Kind, e.Message = purge.Internal, "Tencent refuses purgebot's requests as repeated or outdated, so this was not done; ask whoever runs purgebot to check the clock of its machine."
	}
	return e
}

func (l *line) ahead(date time.Time) time.Duration {
	if date.IsZero() {
		return 0
	}
	return l.now().Sub(date).Round(time.Second)
}

func apart(ahead time.Duration) string {
	if ahead < 0 {
		return ahead.Abs().String() + " behind"
	}
	return ahead.String() + " ahead of"
}
