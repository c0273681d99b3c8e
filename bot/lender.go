package bot

import (
	"context"
	"slices"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/rules"
)

// Nobody lends what they may not do themselves, and who they are now counts: a giver who left the group that let them in, or
// the workspace, lends nothing more. So they are asked about as whoever borrows is.

// lendersWithin bounds the look-up, which comes after that of the borrower.
const lendersWithin = lookWithin / 2

// lenders is the law with what its givers are at this moment, as far as they have lent something to one of those people.
// What a giver has lent who cannot be asked about does not count.
func (b *desk) lenders(ctx context.Context, l rules.Law, maxAge time.Duration, borrowers ...acl.Who) rules.Law {
	var givers []acl.Subject
	for _, who := range borrowers {
		for _, g := range l.Loans(who) {
			if !slices.Contains(givers, g.By) {
				givers = append(givers, g.By)
			}
		}
	}
	if len(givers) > 0 {
		return l.Chat.LentBy(b.people(ctx, givers, maxAge)).Under(l.Policy(), l.At())
	}
	return l
}

// people looks up several at once. Who may do nothing, or cannot be asked about, is not among them.
func (b *desk) people(ctx context.Context, subjects []acl.Subject, maxAge time.Duration) map[acl.Subject]*chat.Person {
	ctx, cancel := context.WithTimeout(ctx, lendersWithin+b.Patience)
	defer cancel()
	found := map[acl.Subject]*chat.Person{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, s := range subjects {
		wg.Go(func() {
			p := b.giver(ctx, s, maxAge)
			mu.Lock()
			defer mu.Unlock()
			found[s] = p
		})
	}
	wg.Wait()
	return found
}

// giver is who somebody is now; nil if they may do nothing, or nobody knows.
func (b *desk) giver(ctx context.Context, s acl.Subject, maxAge time.Duration) *chat.Person {
	adapter, err := b.poster.Platform(s.Platform())
	if err != nil {
		return nil
	}
	p, err := adapter.Person(ctx, s, maxAge)
	if err != nil && b.Seldom.First("who has granted: "+err.Error(), b.Now()) {
		b.Log.WarnContext(ctx, "cannot look up who has granted something, so it does not count", "giver", s, "error", err)
	}
	if err != nil || p.Standing != chat.Member {
		return nil
	}
	return &p
}
