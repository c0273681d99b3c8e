package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// What is left of today's quota: the vendor's word where its API tells, else our own ledger. The vendor is asked beside the way
// to an answer, never on it, and what we have sent since it answered is subtracted by ourselves.

const (
	quotaAge     = 30 * time.Second // how long the vendor's word is believed
	quotaWatch   = 5 * time.Minute  // how often it is asked where nobody wants to know
	quotaAgain   = 5 * time.Second  // before it is asked again after it did not tell
	quotaTimeout = 5 * time.Second
	quotaPatient = 2 * time.Second        // what a question waits for it
	quotaReply   = 700 * time.Millisecond // what a private reply waits for it
)

// quotas is the vendor's last word, with what our ledger held just before.
type quotas struct {
	mu     sync.Mutex
	told   map[card.QuotaOf]purge.Quota
	spent  map[card.QuotaOf]int
	day    string
	at     time.Time     // of the word; zero where there is none
	next   time.Time     // before it the vendor is not asked again
	answer chan struct{} // closed when the answer under way is there; nil if none is
	watch  time.Time     // before it nobody asks only to see whether the key still holds
}

// watchQuota asks every few minutes what nobody may have asked: whether the key holds shows before the first incident.
func (b *vendor) watchQuota() {
	q := &b.quotas
	q.mu.Lock()
	due := !b.Now().Before(q.watch)
	if due {
		q.watch = b.Now().Add(quotaWatch)
	}
	q.mu.Unlock()
	if due {
		b.askQuota()
	}
}

// askQuota asks the vendor, unless what it said is new enough. The channel is closed once there is nothing to wait for.
func (b *vendor) askQuota() <-chan struct{} {
	q := &b.quotas
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
	b.asks(func() {
		defer close(answer)
		ctx, cancel := context.WithTimeout(context.Background(), quotaTimeout)
		defer cancel()
		b.hearQuota(ctx)
	})
	return answer
}

// awaitQuota asks the vendor and waits a moment for its word.
func (b *vendor) awaitQuota(ctx context.Context, patience time.Duration) {
	timer := time.NewTimer(patience + b.Patience)
	defer timer.Stop()
	select {
	case <-b.askQuota():
	case <-timer.C:
	case <-ctx.Done():
	}
}

// hearQuota keeps what the vendor says. The ledger is read first, so that what is sent meanwhile counts twice, not never.
func (b *vendor) hearQuota(ctx context.Context) {
	asked := b.Now()
	spent, err := b.spent(ctx, b.day(asked))
	var told []purge.Quota
	if err == nil {
		told, err = b.CDN.Quota(ctx)
		b.noteAsked(ctx, cdnQuota, err)
	}
	q := &b.quotas
	q.mu.Lock()
	defer q.mu.Unlock()
	q.answer, q.next = nil, b.Now().Add(quotaAgain)
	if err != nil || len(told) == 0 {
		return // the ledger will do
	}
	q.told, q.spent, q.day, q.at, q.next = map[card.QuotaOf]purge.Quota{}, spent, b.day(asked), asked, asked.Add(quotaAge/2)
	for _, t := range told {
		q.told[card.QuotaOf{Kind: t.Kind, Area: t.Area}] = t
	}
}

// forget drops the vendor's word after it was shown to be wrong.
func (q *quotas) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.at, q.next = time.Time{}, time.Time{}
}

// allowance is one day's quota of a kind in an area.
type allowance struct {
	total int
	limit int  // what our own ledger may hold of it in all
	told  bool // by the vendor
}

// allowance returns what holds now; false if there is no limit.
func (b *vendor) allowance(k purge.Kind, a purge.Area) (allowance, bool) {
	q, of, now := &b.quotas, card.QuotaOf{Kind: k, Area: a}, b.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	t, told := q.told[of]
	if told && !q.at.IsZero() && now.Sub(q.at) < quotaAge && q.day == b.day(now) {
		return allowance{total: t.Total, limit: q.spent[of] + t.Left, told: true}, true
	}
	total := map[purge.Kind]int{purge.URL: b.QuotaURLs, purge.Directory: b.QuotaDirectories}[k] // of prefetches the vendor alone knows
	return allowance{total: total, limit: total}, total > 0
}

// spent is what our ledger holds of a day.
func (b *vendor) spent(ctx context.Context, day string) (map[card.QuotaOf]int, error) {
	rows, err := b.Store.Spent(ctx, day)
	spent := map[card.QuotaOf]int{}
	for _, s := range rows {
		spent[card.QuotaOf{Kind: s.Kind, Area: s.Area}] = s.Units
	}
	return spent, err
}

// room is what is left of a kind after what our ledger has spent in each area.
func (b *vendor) room(k purge.Kind, spent map[purge.Area]int) card.Room {
	r := card.Room{Left: map[purge.Area]int{}, Told: true}
	for _, a := range []purge.Area{purge.Mainland, purge.Overseas} {
		if al, limited := b.allowance(k, a); limited {
			r.Left[a] = max(0, al.limit-spent[a])
			r.Told = r.Told && al.told
		}
	}
	return r
}

// roomFor is what somebody may still take of a kind, with the ledger as it is.
func (b *vendor) roomFor(ctx context.Context, policy *acl.Policy, who acl.Who, k purge.Kind) (card.Room, error) {
	spent, err := b.spent(ctx, b.day(b.Now()))
	used := map[purge.Area]int{purge.Mainland: spent[card.QuotaOf{Kind: k, Area: purge.Mainland}], purge.Overseas: spent[card.QuotaOf{Kind: k, Area: purge.Overseas}]}
	return kept(b.room(k, used), policy, who, k), err
}

// kept is room without the reserve, which not everybody may touch.
func kept(r card.Room, policy *acl.Policy, who acl.Who, k purge.Kind) card.Room {
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

// quotaCard draws today's quota: a bar each kind and area, when it starts anew, and who used what, as far as that is theirs to know.
func (b *desk) quotaCard(ctx context.Context, s scene) (chat.Card, []store.Entry, error) {
	b.vendor.awaitQuota(ctx, quotaReply)
	day := b.vendor.day(b.Now())
	spent, err := b.vendor.spent(ctx, day)
	if err != nil {
		return chat.Card{}, nil, err
	}
	c := chat.Card{Title: "Today's quota", Footer: "Resets at " + b.vendor.dayTurns()}
	told := true
	for _, k := range b.vendor.kinds() {
		for _, a := range []purge.Area{purge.Mainland, purge.Overseas} {
			al, limited := b.vendor.allowance(k, a)
			told = told && (al.told || k == purge.Prefetch)
			c.Lines = append(c.Lines, card.QuotaLine(k, a, al.total, max(0, al.limit-spent[card.QuotaOf{Kind: k, Area: a}]), spent[card.QuotaOf{Kind: k, Area: a}], limited))
		}
		if n := s.policy.Reserve(k); n > 0 {
			c.Lines = append(c.Lines, card.ReserveLine(n, k, s.policy.MayTouchReserve(s.who)))
		}
	}
	if !told {
		c.Lines = append(c.Lines, card.QuotaOurs)
	}
	by, err := b.Store.SpentBy(ctx, day)
	c.Lines = append(c.Lines, usedLines(s, by)...)
	return c, nil, err
}

// kinds are those that have a quota.
func (b *vendor) kinds() []purge.Kind {
	if b.prefetches() {
		return []purge.Kind{purge.URL, purge.Directory, purge.Prefetch}
	}
	return []purge.Kind{purge.URL, purge.Directory}
}

// mostUsers is how many people's use is shown.
const mostUsers = 15

// usedLines says who used how much: everybody to auditors and administrators, to others their own.
func usedLines(s scene, by []store.SpentBy) []string {
	all := s.policy.Auditor(s.who) || s.policy.Administrator(s.who)
	var lines []string
	for _, u := range by {
		own := s.policy.SamePerson(u.Who, s.person.Subject)
		if !all && !own {
			continue
		}
		name := "You"
		if !own {
			name = chat.OneLine(u.Name) + " (" + string(u.Who) + ")"
		}
		lines = append(lines, fmt.Sprintf("%s used %s in %s", name, card.Things(u.Units, u.Kind), u.Area))
	}
	if more := len(lines) - mostUsers; more > 0 {
		lines = append(lines[:mostUsers], fmt.Sprintf("and %d more.", more))
	}
	if len(lines) == 0 && !all {
		return []string{"You used nothing today."}
	}
	return lines
}

// wouldNotFit says which part of a request is more than is left, and what would fit; "" if all fits.
func (b *vendor) wouldNotFit(r purge.Request, of card.Room) string {
	for _, p := range r.Parts {
		if left, limited := of.Left[p.Area]; limited && len(p.Targets) > left {
			return card.WouldNotFit(r.Kind, p.Area, len(p.Targets), left, of, b.dayTurns())
		}
	}
	return ""
}

// dayTurns says when the vendor's next day begins.
func (b *vendor) dayTurns() string { return card.DayTurns(b.Now(), b.Zone) }

// day is the vendor's day of t.
func (b *vendor) day(t time.Time) string { return t.In(b.Zone).Format(time.DateOnly) }

// mayHold is how much of the day's quota our ledger may hold when a batch is added to it: 0 is no limit, false that nothing is left.
func (b *vendor) mayHold(p store.Purge, batch purge.Batch) (limit int, some bool) {
	al, limited := b.allowance(batch.Kind, batch.Area)
	if !limited {
		return 0, true
	}
	policy := b.rules.Policy()
	al.limit -= reserveFrom(policy, policy.Who(p.Requester, p.Groups), batch.Kind)
	return al.limit, al.limit > 0
}

// overQuota says that nothing is left for a batch.
func (b *vendor) overQuota(p store.Purge, batch purge.Batch) string {
	al, _ := b.allowance(batch.Kind, batch.Area)
	policy := b.rules.Policy()
	return card.OverQuota(batch.Kind, batch.Area, reserveFrom(policy, policy.Who(p.Requester, p.Groups), batch.Kind), al.told, b.dayTurns())
}
