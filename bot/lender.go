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

// A temporary grant gives no more than its giver's present rights: a giver who has left the workspace, or the group that gave the
// rights, lends nothing. Givers are therefore looked up like the borrower.

// lendersWithin bounds the look-up of givers, which comes after that of the borrower.
const lendersWithin = lookWithin / 2

// lenders returns the law with the present groups of the givers of these borrowers' grants. A grant whose giver cannot be looked up
// does not count.
func (b *reception) lenders(ctx context.Context, l rules.Law, maxAge time.Duration, borrowers ...acl.Who) rules.Law {
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

// people looks up several people at once. A person who has left or cannot be looked up is nil in the result.
func (b *reception) people(ctx context.Context, subjects []acl.Subject, maxAge time.Duration) map[acl.Subject]*chat.Person {
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

// giver looks up one giver, and returns nil for a person who has left or cannot be looked up.
func (b *reception) giver(ctx context.Context, s acl.Subject, maxAge time.Duration) *chat.Person {
	adapter, err := b.poster.Platform(s.Platform())
	if err != nil {
		return nil
	}
	p, err := adapter.Person(ctx, s, maxAge)
	if err != nil && b.Seldom.First("who has granted: "+err.Error(), b.Now()) {
		b.Log.WarnContext(ctx, "cannot look up the giver of a temporary grant, so the grant does not count", "giver", s, "error", err)
	}
	if err != nil || p.Standing != chat.Member {
		return nil
	}
	return &p
}
