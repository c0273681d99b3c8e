package vendor

import (
	"context"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/store"
	"purgebot/purge"
)

// What is left of today's quota: the vendor's word where its API tells, else our own ledger. The vendor is asked beside the way
// to an answer, never on it, and what we have sent since it answered is subtracted by ourselves.

const (
	QuotaAge     = 30 * time.Second // how long the vendor's word is believed
	QuotaWatch   = 5 * time.Minute  // how often it is asked where nobody wants to know
	quotaAgain   = 5 * time.Second  // before it is asked again after it did not tell
	quotaTimeout = 5 * time.Second
	QuotaPatient = 2 * time.Second        // what a question waits for it
	QuotaReply   = 700 * time.Millisecond // what a private reply waits for it
)

// quotas is the vendor's last word, with what our ledger held just before.
type quotas struct {
	mu     sync.Mutex
	Told   map[card.QuotaOf]purge.Quota
	Spent  map[card.QuotaOf]int
	Day    string
	at     time.Time     // of the word; zero where there is none
	next   time.Time     // before it the vendor is not asked again
	answer chan struct{} // closed when the answer under way is there; nil if none is
	watch  time.Time     // before it nobody asks only to see whether the key still holds
}

// watchQuota asks every few minutes what nobody may have asked: whether the key holds shows before the first incident.
func (b *Vendor) WatchQuota() {
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

// askQuota asks the vendor, unless what it said is new enough. The channel is closed once there is nothing to wait for.
func (b *Vendor) AskQuota() <-chan struct{} {
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

// awaitQuota asks the vendor and waits a moment for its word.
func (b *Vendor) AwaitQuota(ctx context.Context, patience time.Duration) {
	timer := time.NewTimer(patience + b.Patience)
	defer timer.Stop()
	select {
	case <-b.AskQuota():
	case <-timer.C:
	case <-ctx.Done():
	}
}

// hearQuota keeps what the vendor says. The ledger is read first, so that what is sent meanwhile counts twice, not never.
func (b *Vendor) hearQuota(ctx context.Context) {
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
		return // the ledger will do
	}
	q.Told, q.Spent, q.Day, q.at, q.next = map[card.QuotaOf]purge.Quota{}, spent, b.Day(asked), asked, asked.Add(QuotaAge/2)
	for _, t := range told {
		q.Told[card.QuotaOf{Kind: t.Kind, Area: t.Area}] = t
	}
}

// forget drops the vendor's word after it was shown to be wrong.
func (q *quotas) Forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.at, q.next = time.Time{}, time.Time{}
}

// allowance is one day's quota of a kind in an area.
type Allowance struct {
	Total int
	Limit int  // what our own ledger may hold of it in all
	Told  bool // by the vendor
}

// allowance returns what holds now; false if there is no limit.
func (b *Vendor) Allowance(k purge.Kind, a purge.Area) (Allowance, bool) {
	q, of, now := &b.Quotas, card.QuotaOf{Kind: k, Area: a}, b.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	t, told := q.Told[of]
	if told && !q.at.IsZero() && now.Sub(q.at) < QuotaAge && q.Day == b.Day(now) {
		return Allowance{Total: t.Total, Limit: q.Spent[of] + t.Left, Told: true}, true
	}
	total := map[purge.Kind]int{purge.URL: b.QuotaURLs, purge.Directory: b.QuotaDirectories}[k] // of prefetches the vendor alone knows
	return Allowance{Total: total, Limit: total}, total > 0
}

// spent is what our ledger holds of a day.
func (b *Vendor) Spent(ctx context.Context, day string) (map[card.QuotaOf]int, error) {
	rows, err := b.Store.Spent(ctx, day)
	spent := map[card.QuotaOf]int{}
	for _, s := range rows {
		spent[card.QuotaOf{Kind: s.Kind, Area: s.Area}] = s.Units
	}
	return spent, err
}

// room is what is left of a kind after what our ledger has spent in each area.
func (b *Vendor) Room(k purge.Kind, spent map[purge.Area]int) card.Room {
	r := card.Room{Left: map[purge.Area]int{}, Told: true}
	for _, a := range []purge.Area{purge.Mainland, purge.Overseas} {
		if al, limited := b.Allowance(k, a); limited {
			r.Left[a] = max(0, al.Limit-spent[a])
			r.Told = r.Told && al.Told
		}
	}
	return r
}

// roomFor is what somebody may still take of a kind, with the ledger as it is.
func (b *Vendor) RoomFor(ctx context.Context, policy *acl.Policy, who acl.Who, k purge.Kind) (card.Room, error) {
	spent, err := b.Spent(ctx, b.Day(b.Now()))
	used := map[purge.Area]int{purge.Mainland: spent[card.QuotaOf{Kind: k, Area: purge.Mainland}], purge.Overseas: spent[card.QuotaOf{Kind: k, Area: purge.Overseas}]}
	return WithoutReserve(b.Room(k, used), policy, who, k), err
}

// kept is room without the reserve, which not everybody may touch.
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

// reserveFrom is how much of a quota is kept from somebody.
func reserveFrom(policy *acl.Policy, who acl.Who, k purge.Kind) int {
	if policy.MayTouchReserve(who) {
		return 0
	}
	return max(0, policy.Reserve(k))
}

// kinds are those that have a quota.
func (b *Vendor) Kinds() []purge.Kind {
	if b.Prefetches() {
		return []purge.Kind{purge.URL, purge.Directory, purge.Prefetch}
	}
	return []purge.Kind{purge.URL, purge.Directory}
}

// wouldNotFit says which part of a request is more than is left, and what would fit; "" if all fits.
func (b *Vendor) WouldNotFit(r purge.Request, of card.Room) string {
	for _, p := range r.Parts {
		if left, limited := of.Left[p.Area]; limited && len(p.Targets) > left {
			return card.WouldNotFit(r.Kind, p.Area, len(p.Targets), left, of, b.DayTurns())
		}
	}
	return ""
}

// dayTurns says when the vendor's next day begins.
func (b *Vendor) DayTurns() string { return card.DayTurns(b.Now(), b.Zone) }

// day is the vendor's day of t.
func (b *Vendor) Day(t time.Time) string { return t.In(b.Zone).Format(time.DateOnly) }

// mayHold is how much of the day's quota our ledger may hold when a batch is added to it: 0 is no limit, false that nothing is left.
func (b *Vendor) MayHold(p store.Purge, batch purge.Batch) (limit int, some bool) {
	al, limited := b.Allowance(batch.Kind, batch.Area)
	if !limited {
		return 0, true
	}
	policy := b.Rules.Policy()
	al.Limit -= reserveFrom(policy, policy.Who(p.Requester, p.Groups), batch.Kind)
	return al.Limit, al.Limit > 0
}

// overQuota says that nothing is left for a batch.
func (b *Vendor) OverQuota(p store.Purge, batch purge.Batch) string {
	al, _ := b.Allowance(batch.Kind, batch.Area)
	policy := b.Rules.Policy()
	return card.OverQuota(batch.Kind, batch.Area, reserveFrom(policy, policy.Who(p.Requester, p.Groups), batch.Kind), al.Told, b.DayTurns())
}
