package books

import (
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot/store"
)

// waits is how long things wait: questions for a press, and purges to be looked at again.
type Waits struct {
	*Books
	ConfirmTTL, ApprovalTTL, EmergencyAfter time.Duration
	Poll, PollMax, Deadline                 time.Duration

	Part time.Duration // of the time of an approval is over when its approvers are reminded: one in so many
}

// emergency reports whether a question has waited for a second person long enough, where the policy file lists anybody to press.
func (b *Waits) Emergency(policy *acl.Policy, p store.Purge) bool {
	return p.Confirm == acl.SecondPerson && policy.HasEmergency() && !p.ExpiresAt.IsZero() && !b.Now().Before(b.EmergencyFrom(p))
}

// emergencyFrom counts from when the question was shown, and never from before it was asked, should the time to approve have been changed since.
func (b *Waits) EmergencyFrom(p store.Purge) time.Time {
	shown := p.ExpiresAt.Add(-b.ApprovalTTL)
	if shown.Before(p.CreatedAt) {
		shown = p.CreatedAt
	}
	return shown.Add(b.EmergencyAfter)
}

// wakes are when such a question is looked at again, from when it was shown.
func (b *Waits) Wakes(p store.Purge) []time.Duration {
	if p.Confirm != acl.SecondPerson {
		return nil
	}
	at := []time.Duration{b.EmergencyAfter, b.ApprovalTTL / b.Part}
	slices.Sort(at)
	return slices.DeleteFunc(at, func(d time.Duration) bool { return d >= b.ApprovalTTL })
}

// emergencyAfter is how long a second person has before those of `emergency` may purge without one.
const EmergencyAfter = 5 * time.Minute
