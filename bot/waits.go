package bot

import (
	"cmp"
	"time"
)

// waits is how long things wait: questions for a press, and purges to be looked at again.
type waits struct {
	*books
	ConfirmTTL, ApprovalTTL, EmergencyAfter time.Duration
	Poll, PollMax, Deadline                 time.Duration

	part time.Duration // of the time of an approval is over when its approvers are reminded: one in so many
}

func newWaits(b *books, o Options) *waits {
	return &waits{books: b, ConfirmTTL: o.ConfirmTTL, ApprovalTTL: o.ApprovalTTL, EmergencyAfter: cmp.Or(o.EmergencyAfter, emergencyAfter),
		Poll: o.Poll, PollMax: o.PollMax, Deadline: o.Deadline, part: 2}
}
