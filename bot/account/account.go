// Package account keeps the known facts of the CDN's account: the quota that is left today, the domains, and the vendor's
// complaints. It asks the vendor in the background, never on the way to an answer, and it purges nothing.
package account

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

// Account is the CDN with the known facts of the account: the quota that is left, the domains, and the vendor's complaints.
type Account struct {
	*books.Books
	Rules *rules.Rules
	CDN   purge.CDN

	Zone                        *time.Location // the time zone of the vendor's day
	QuotaURLs, QuotaDirectories int            // configured per vendor day and area, for a vendor that does not tell; 0 is no limit

	Quotas     quotas       // the vendor's last figures for today
	list       domainList   // the vendor's last list of domains
	Complaints complaints   // answers that concern an operator
	Asking     atomic.Int64 // background questions under way
}

// Asks runs a question to the CDN in the background.
func (b *Account) Asks(question func()) {
	b.Asking.Add(1)
	b.Done.Go(func() {
		defer b.Asking.Add(-1)
		question()
	})
}

// Prefetches reports whether the CDN supports prefetching.
func (b *Account) Prefetches() bool { return b.CDN.Limits().Prefetch > 0 }

// PrefetchRoom returns the prefetches that are left today. Prefetches have no reserve.
func (b *Account) PrefetchRoom(ctx context.Context) (card.Room, error) {
	return b.RoomFor(ctx, b.Rules.Policy(), acl.Who{}, purge.Prefetch)
}
