package books

import (
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot/store"
)

// Waits holds the waiting times: of questions for a press, and of purges for the next look.
type Waits struct {
	*Books
	ConfirmTTL, ApprovalTTL, EmergencyAfter time.Duration
	Poll, PollMax, Deadline                 time.Duration

	Part time.Duration // approvers are reminded after one part in this many of the time to approve
}

// TTL returns how long a question waits for its press, counted from when its card was shown: for its requester, or for a second
// person. This is the only place that says so.
func (b *Waits) TTL(confirm acl.Confirm) time.Duration {
	if confirm == acl.SecondPerson {
		return b.ApprovalTTL
	}
	return b.ConfirmTTL
}

// LongestTTL returns how long any question may wait.
func (b *Waits) LongestTTL() time.Duration { return max(b.ConfirmTTL, b.ApprovalTTL) }

// Emergency reports whether a question has waited long enough for a second person that an emergency press counts, under a policy
// file that lists people for it.
func (b *Waits) Emergency(policy *acl.Policy, p store.Purge) bool {
	return p.Confirm == acl.SecondPerson && policy.HasEmergency() && !p.ExpiresAt.IsZero() && !b.Now().Before(b.EmergencyFrom(p))
}

// EmergencyFrom returns the time from which an emergency press counts. The wait counts from the showing of the question, but never
// from before the request, should the configured time to approve have changed since.
func (b *Waits) EmergencyFrom(p store.Purge) time.Time {
	shown := p.ExpiresAt.Add(-b.TTL(acl.SecondPerson))
	if shown.Before(p.CreatedAt) {
		shown = p.CreatedAt
	}
	return shown.Add(b.EmergencyAfter)
}

// Wakes returns the times at which a question for a second person is redrawn, counted from its showing.
func (b *Waits) Wakes(p store.Purge) []time.Duration {
	if p.Confirm != acl.SecondPerson {
		return nil
	}
	at := []time.Duration{b.EmergencyAfter, b.TTL(p.Confirm) / b.Part}
	slices.Sort(at)
	return slices.DeleteFunc(at, func(d time.Duration) bool { return d >= b.TTL(p.Confirm) })
}

// EmergencyAfter is the time that a second person has before the people under `emergency` may purge without one.
const EmergencyAfter = 5 * time.Minute
