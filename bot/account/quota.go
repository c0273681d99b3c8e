package account

import (
	"context"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// The quota that is left today: the vendor's figure where its API tells, else the bot's own ledger. The vendor is asked in the
// background, never on the way to an answer, and the units that the bot has sent since are subtracted from the vendor's figure.

const (
	QuotaAge     = 30 * time.Second // the time for which the vendor's figure is believed
	QuotaWatch   = 5 * time.Minute  // the interval of questions that only check the key
	quotaAgain   = 5 * time.Second  // the pause after a question without an answer
	quotaTimeout = 5 * time.Second
	QuotaPatient = 2 * time.Second        // the wait of a card that asks
	QuotaReply   = 700 * time.Millisecond // the wait of a private reply
)

// quotas is the vendor's last figure, with the ledger's figure from just before.
type quotas struct {
	mu     sync.Mutex
	Told   map[card.QuotaOf]purge.Quota
	Spent  map[card.QuotaOf]int
	Day    string
	at     time.Time     // the time of the figure; zero without one
	next   time.Time     // the vendor is not asked again earlier
	answer chan struct{} // closed at the answer under way; nil without a question
	watch  time.Time     // the key is not checked again earlier
}

// WatchQuota asks for the quota every few minutes, also without a reader, so that a wrong key shows before the first incident.
func (b *Account) WatchQuota() {
	q := &b.Quotas
	q.mu.Lock()
	due := !b.Now().Before(q.watch)
	if due {
		q.watch = b.Now().Add(QuotaWatch)
	}
	q.mu.Unlock()
	if due {
		b.AskQuota()
	}
}

// AskQuota asks the vendor for the quota in the background, unless its last figure is new enough. The returned channel is closed
// once there is nothing to wait for.
func (b *Account) AskQuota() <-chan struct{} {
	q := &b.Quotas
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.answer != nil {
		return q.answer
	}
	answer := make(chan struct{})
	if b.Now().Before(q.next) {
		close(answer)
		return answer
	}
	q.answer = answer
	b.Asks(func() {
		defer close(answer)
		ctx, cancel := context.WithTimeout(context.Background(), quotaTimeout)
		defer cancel()
		b.hearQuota(ctx)
	})
	return answer
}

// AwaitQuota asks the vendor for the quota and waits for the answer no longer than patience.
func (b *Account) AwaitQuota(ctx context.Context, patience time.Duration) {
	timer := time.NewTimer(patience + b.Patience)
	defer timer.Stop()
	select {
	case <-b.AskQuota():
	case <-timer.C:
	case <-ctx.Done():
	}
}

// hearQuota reads and keeps the vendor's figures. The ledger is read first, so that units sent meanwhile count twice rather than
// never.
func (b *Account) hearQuota(ctx context.Context) {
	asked := b.Now()
	spent, err := b.Spent(ctx, b.Day(asked))
	var told []purge.Quota
	if err == nil {
		told, err = b.CDN.Quota(ctx)
		b.noteAsked(ctx, CDNQuota, err)
	}
	q := &b.Quotas
	q.mu.Lock()
	defer q.mu.Unlock()
	q.answer, q.next = nil, b.Now().Add(quotaAgain)
	if err != nil || len(told) == 0 {
		return // the ledger's figure serves instead
	}
	q.Told, q.Spent, q.Day, q.at, q.next = map[card.QuotaOf]purge.Quota{}, spent, b.Day(asked), asked, asked.Add(QuotaAge/2)
	for _, t := range told {
		q.Told[card.QuotaOf{Kind: t.Kind, Area: t.Area}] = t
	}
}

// Forget drops the vendor's figures after an answer that contradicts them.
func (q *quotas) Forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.at, q.next = time.Time{}, time.Time{}
}

// Allowance is one day's quota of a kind in an area.
type Allowance struct {
	Total int
	Limit int  // the most units that the bot's own ledger may hold
	Told  bool // the vendor's figure, not a configured one
}

// Allowance returns the present quota of a kind in an area, or false if there is no limit.
func (b *Account) Allowance(k purge.Kind, a purge.Area) (Allowance, bool) {
	q, of, now := &b.Quotas, card.QuotaOf{Kind: k, Area: a}, b.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	t, told := q.Told[of]
	if told && !q.at.IsZero() && now.Sub(q.at) < QuotaAge && q.Day == b.Day(now) {
		return Allowance{Total: t.Total, Limit: q.Spent[of] + t.Left, Told: true}, true
	}
	total := map[purge.Kind]int{purge.URL: b.QuotaURLs, purge.Directory: b.QuotaDirectories}[k] // the quota of prefetches has no configured figure
	return Allowance{Total: total, Limit: total}, total > 0
}

// Spent returns the ledger's units of a day.
func (b *Account) Spent(ctx context.Context, day string) (map[card.QuotaOf]int, error) {
	rows, err := b.Store.Spent(ctx, day)
	spent := map[card.QuotaOf]int{}
	for _, s := range rows {
		spent[card.QuotaOf{Kind: s.Kind, Area: s.Area}] = s.Units
	}
	return spent, err
}

// Room returns the units that are left of a kind after the ledger's units of each area.
func (b *Account) Room(k purge.Kind, spent map[purge.Area]int) card.Room {
	r := card.Room{Left: map[purge.Area]int{}, Told: true}
	for _, a := range []purge.Area{purge.Mainland, purge.Overseas} {
		if al, limited := b.Allowance(k, a); limited {
			r.Left[a] = max(0, al.Limit-spent[a])
			r.Told = r.Told && al.Told
		}
	}
	return r
}

// RoomFor returns the units of a kind that a person may still take, by the present ledger.
func (b *Account) RoomFor(ctx context.Context, policy *acl.Policy, who acl.Who, k purge.Kind) (card.Room, error) {
	spent, err := b.Spent(ctx, b.Day(b.Now()))
	used := map[purge.Area]int{purge.Mainland: spent[card.QuotaOf{Kind: k, Area: purge.Mainland}], purge.Overseas: spent[card.QuotaOf{Kind: k, Area: purge.Overseas}]}
	return WithoutReserve(b.Room(k, used), policy, who, k), err
}

// WithoutReserve returns a room less the reserve, for a person who may not touch the reserve.
func WithoutReserve(r card.Room, policy *acl.Policy, who acl.Who, k purge.Kind) card.Room {
	reserve := reserveFrom(policy, who, k)
	if reserve == 0 {
		return r
	}
	out := card.Room{Left: map[purge.Area]int{}, Told: r.Told, Reserve: reserve}
	for a, n := range r.Left {
		out.Left[a] = max(0, n-reserve)
	}
	return out
}

// reserveFrom returns the units of a quota that are kept from a person.
func reserveFrom(policy *acl.Policy, who acl.Who, k purge.Kind) int {
	if policy.MayTouchReserve(who) {
		return 0
	}
	return max(0, policy.Reserve(k))
}

// Kinds returns the kinds of purge that have a quota.
func (b *Account) Kinds() []purge.Kind {
	if b.Prefetches() {
		return []purge.Kind{purge.URL, purge.Directory, purge.Prefetch}
	}
	return []purge.Kind{purge.URL, purge.Directory}
}

// WouldNotFit names the part of a request that exceeds the remaining quota, and the number that would fit; "" if all fits.
func (b *Account) WouldNotFit(r purge.Request, of card.Room) string {
	for _, p := range r.Parts {
		if left, limited := of.Left[p.Area]; limited && len(p.Targets) > left {
			return card.WouldNotFit(r.Kind, p.Area, len(p.Targets), left, of, b.DayTurns())
		}
	}
	return ""
}

// DayTurns returns the time at which the vendor's next day begins, in words.
func (b *Account) DayTurns() string { return card.DayTurns(b.Now(), b.Zone) }

// Day returns the vendor's day at t.
func (b *Account) Day(t time.Time) string { return t.In(b.Zone).Format(time.DateOnly) }

// MayHold returns the most units of the day that the ledger may hold together with a batch: 0 is no limit, and false means that
// nothing is left.
func (b *Account) MayHold(p store.Purge, batch purge.Batch) (limit int, some bool) {
	al, limited := b.Allowance(batch.Kind, batch.Area)
	if !limited {
		return 0, true
	}
	policy := b.Rules.Policy()
	al.Limit -= reserveFrom(policy, policy.Who(p.Requester, p.Groups), batch.Kind)
	return al.Limit, al.Limit > 0
}

// OverQuota returns the sentence that nothing is left for a batch.
func (b *Account) OverQuota(p store.Purge, batch purge.Batch) string {
	al, _ := b.Allowance(batch.Kind, batch.Area)
	policy := b.Rules.Policy()
	return card.OverQuota(batch.Kind, batch.Area, reserveFrom(policy, policy.Who(p.Requester, p.Groups), batch.Kind), al.Told, b.DayTurns())
}
