package bot

import (
	"context"
	"slices"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// Nobody lends what they may not do themselves, and who they are now counts: a giver who left the group that let them in, or
// the workspace, lends nothing more. So they are asked about as whoever borrows is.

// lendersWithin bounds the look-up, which comes after that of the borrower.
const lendersWithin = lookWithin / 2

// lenders is the law with what its givers are at this moment, as far as they have lent something to one of those people.
// What a giver has lent who cannot be asked about does not count.
func (b *desk) lenders(ctx context.Context, l law, maxAge time.Duration, borrowers ...acl.Who) law {
	var givers []acl.Subject
	for _, who := range borrowers {
		for _, g := range l.Loans(who) {
			if !slices.Contains(givers, g.By) {
				givers = append(givers, g.By)
			}
		}
	}
	if len(givers) > 0 {
		return l.chat.lentBy(b.people(ctx, givers, maxAge)).under(l.Policy(), l.At())
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
	adapter, err := b.poster.platform(s.Platform())
	if err != nil {
		return nil
	}
	p, err := adapter.Person(ctx, s, maxAge)
	if err != nil && b.seldom.first("who has granted: "+err.Error(), b.Now()) {
		b.Log.WarnContext(ctx, "cannot look up who has granted something, so it does not count", "giver", s, "error", err)
	}
	if err != nil || p.Standing != chat.Member {
		return nil
	}
	return &p
}

// lentBy is the same rules without the groups that some givers have left, and without what those have lent who are nil. A group
// that a giver joined since lends nothing: the call that leaves later knows only those they were in.
func (c *chatRules) lentBy(givers map[acl.Subject]*chat.Person) *chatRules {
	var now []store.Rule
	for _, r := range c.rules {
		giver, asked := givers[r.By]
		switch {
		case r.Kind != store.Grant || !asked:
			now = append(now, r)
		case giver != nil:
			r.ByGroups = slices.DeleteFunc(slices.Clone(r.ByGroups), func(g acl.Subject) bool { return !slices.Contains(giver.Groups, g) })
			now = append(now, r)
		}
	}
	fresh := newChatRules(now, c.version)
	fresh.rules = c.rules // who ends a rule must still find it
	return fresh
}
