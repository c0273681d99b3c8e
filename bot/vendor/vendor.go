// Package vendor keeps the things that are known of the CDN's account: the quota that is left today, the domains, and the vendor's
// complaints. It asks beside everything else, never on the way to an answer, and it purges nothing.
package vendor

import (
	"context"
	"sync/atomic"
	"time"

	"purgebot/acl"
	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/rules"
	"purgebot/purge"
)

// vendor is the CDN with all that is known of the account: the quota that is left, its domains, and the vendor's complaints.
type Vendor struct {
	*books.Books
	Rules *rules.Rules
	CDN   purge.CDN

	Zone                        *time.Location // where the vendor's day turns
	QuotaURLs, QuotaDirectories int            // of a vendor day and area, where the vendor does not tell; 0 is no limit

	Quotas     quotas       // the vendor's last word on what is left today
	account    account      // the vendor's last word on the domains
	Complaints complaints   // answers that an operator should know of
	Asking     atomic.Int64 // questions under way that no purge waits for
}

// asks has the CDN asked something beside everything else.
func (b *Vendor) Asks(question func()) {
	b.Asking.Add(1)
	b.Done.Go(func() {
		defer b.Asking.Add(-1)
		question()
	})
}

// prefetches reports whether the CDN can.
func (b *Vendor) Prefetches() bool { return b.CDN.Limits().Prefetch > 0 }

// prefetchRoom is what is left of today's prefetches. No part of them is anybody's reserve.
func (b *Vendor) PrefetchRoom(ctx context.Context) (card.Room, error) {
	return b.RoomFor(ctx, b.Rules.Policy(), acl.Who{}, purge.Prefetch)
}
