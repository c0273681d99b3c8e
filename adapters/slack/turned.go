package slack

import (
	"fmt"
	"strconv"
	"sync"
	"time"
)

// The reasons for refusing a delivery, as counted by Config.TurnedAway.
const (
	unsigned    = "unsigned"  // no signature at all, so not from Slack
	wrongSecret = "signature" // signed with another secret, or forged
	wrongClock  = "clock"     // signed too long ago, or in the future
)

// warnEvery is the shortest time between two log lines for one reason, because every sender can cause them.
const warnEvery = 10 * time.Minute

// turnedAway holds the time of the last log line for each reason.
type turnedAway struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// first reports whether a reason was not logged recently.
func (t *turnedAway) first(reason string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, told := t.last[reason]; told && now.Sub(last) < warnEvery {
		return false
	}
	if t.last == nil {
		t.last = map[string]time.Time{}
	}
	t.last[reason] = now
	return true
}

// turnAway counts a delivery without a valid signature, and logs advice for the operator. It blames the clock
// only if the secret is right or the body could not be read.
func (s *Slack) turnAway(t stamp, fresh bool, body []byte, readErr error) {
	reason := wrongSecret
	at, err := strconv.ParseInt(t.at, 10, 64)
	now := s.config.Now()
	switch {
	case t.at == "" || err != nil:
		reason = unsigned
	case !fresh && (readErr != nil || t.signs(s.config.SigningSecret, body)):
		reason = wrongClock
	}
	if s.config.TurnedAway != nil {
		s.config.TurnedAway(reason)
	}
	if reason == unsigned || !s.turned.first(reason, now) {
		return
	}
	if reason == wrongSecret {
		s.config.Log.Warn("slack: delivery turned away: its signature does not match SLACK_SIGNING_SECRET; copy the Signing Secret from the app's Basic Information page")
		return
	}
	s.config.Log.Warn("slack: delivery turned away: " + signedWhen(now.Sub(time.Unix(at, 0))) + "; check the clock of this machine")
}

// signedWhen words the deviation of a delivery's time.
func signedWhen(ago time.Duration) string {
	if ago < 0 {
		return fmt.Sprintf("it was signed %d s in the future", int64(-ago/time.Second))
	}
	return fmt.Sprintf("it was signed %d s ago", int64(ago/time.Second))
}
