package bot

import (
	"context"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/store"
)

// A question to a second person is looked at again while it waits: when it may be released in an emergency, its card is shown anew,
// and at half time those who may approve it are mentioned in a message of its own, since edits notify nobody.

// emergencyAfter is how long a second person has before those of `emergency` may purge without one.
const emergencyAfter = 5 * time.Minute

// wakes are when such a question is looked at again, from when it was shown.
func (b *waits) wakes(p store.Purge) []time.Duration {
	if p.Confirm != acl.SecondPerson {
		return nil
	}
	at := []time.Duration{b.EmergencyAfter, b.ApprovalTTL / b.part}
	slices.Sort(at)
	return slices.DeleteFunc(at, func(d time.Duration) bool { return d >= b.ApprovalTTL })
}

// wake is when the n-th of them is, and at last when the question expires.
func (j job) wake(n int, expires time.Time) time.Time {
	if n >= len(j.Wakes) {
		return expires
	}
	return expires.Add(j.Wakes[n] - j.TTL)
}

// remind shows a question anew, mentions those who may approve it once half of its time is over, and says how many wakes are behind.
func (b *runner) remind(ctx context.Context, j job, expires time.Time) (passed int, err error) {
	now := b.Now()
	for passed < len(j.Wakes) && !now.Before(j.wake(passed, expires)) {
		passed++
	}
	p, err := b.load(ctx, j.ID)
	if err != nil || passed == 0 {
		return passed, err
	}
	due := !now.Before(expires.Add(j.TTL/b.waits.part - j.TTL))
	err = b.Store.Remind(ctx, j.ID, due && len(b.rules.law(b.rules.Policy()).approvers(p).Here) > 0)
	b.poster.wantCards()
	return passed, err
}

// moot gives up a reminder of what was decided before it could be posted, and the word that something is unclear once it is not.
func (b *poster) moot(ctx context.Context, p store.Purge, c store.Card) (bool, error) {
	if c.Ref != nil {
		return false, nil
	}
	over := false
	switch c.Role {
	case store.Reminder:
		_, decided, err := b.Store.Decision(ctx, p.ID)
		if err != nil {
			return false, err
		}
		over = decided || p.State.Final()
	case store.Looking:
		of, err := b.original(ctx, p)
		if err != nil {
			return false, err
		}
		targets, err := b.Store.Targets(ctx, of.ID)
		if err != nil {
			return false, err
		}
		over = !card.View{Purge: of, Targets: targets}.Looking()
	}
	if !over {
		return false, nil
	}
	return true, b.Store.CardFailed(ctx, p.ID, c.Role, c.Wanted, true)
}
