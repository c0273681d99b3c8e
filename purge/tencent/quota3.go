package tencent

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"purgebot/purge"
)

// quotaAge is how long an answer about quota is repeated: a card and its check are one look, the next press is another.
const quotaAge = 5 * time.Second

// limits is what the vendor last said of quota and batch sizes. Sizes hold until it says otherwise, what is left does not.
type limits struct {
	mu                          sync.Mutex
	quota                       []purge.Quota
	at                          time.Time // of quota; zero where it is not known any more
	urls, directories, prefetch int       // 0: not said yet
	changes                     int       // counts forget, so that a slow answer is not taken for a new one
}

func (l *limits) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.changes = time.Time{}, l.changes+1
}

// fresh returns what is still true at that time, and a mark for keep.
func (l *limits) fresh(now time.Time) (quota []purge.Quota, mark int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	age := now.Sub(l.at)
	return slices.Clone(l.quota), l.changes, !l.at.IsZero() && age >= 0 && age < quotaAge
}

func (l *limits) keep(quota []purge.Quota, mark int, at time.Time, urls, directories, prefetch int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.urls, l.directories, l.prefetch = urls, directories, prefetch
	if mark == l.changes {
		l.quota, l.at = slices.Clone(quota), at
	}
}

// Limits are those that the vendor last told to Quota, for its smaller area, or else ones that hold for every account.
func (v *V3) Limits() purge.Limits {
	v.limits.mu.Lock()
	defer v.limits.mu.Unlock()
	return purge.Limits{
		URLs: orDefault(v.limits.urls, defaultURLs), Directories: orDefault(v.limits.directories, defaultDirectories),
		Prefetch: orDefault(v.limits.prefetch, defaultPrefetch),
		Bytes:    maxBody3 - 1024, // a body of JSON is smaller than the same as a form; this is for the rest of it
	}
}

func orDefault(n, d int) int {
	if n < 1 {
		return d
	}
	return n
}

// Quota asks DescribePurgeQuota and DescribePushQuota, and repeats their answers for some seconds unless something was sent since.
// What is left for prefetching is left out where the second does not tell: purging needs no right to ask it.
func (v *V3) Quota(ctx context.Context) ([]purge.Quota, error) {
	quota, mark, ok := v.limits.fresh(v.now())
	if ok {
		return quota, nil
	}
	a, err := v.do(ctx, call{action: "DescribePurgeQuota"})
	if err != nil {
		return nil, notSaid(err, sayNoQuota)
	}
	var d struct {
		URLPurge  []quotaRow `json:"UrlPurge"`
		PathPurge []quotaRow
	}
	if decode(a.result, &d) != nil {
		return nil, notSaid(unreadable("DescribePurgeQuota", a), sayNoQuota)
	}
	quota = append(quotas(purge.URL, d.URLPurge), quotas(purge.Directory, d.PathPurge)...)
	if len(quota) == 0 {
		return nil, notSaid(unreadable("DescribePurgeQuota", a), sayNoQuota)
	}
	prefetch := v.prefetchQuota(ctx)
	quota = append(quota, quotas(purge.Prefetch, prefetch)...)
	v.limits.keep(quota, mark, v.now(), batch(d.URLPurge), batch(d.PathPurge), batch(prefetch))
	return quota, nil
}

// prefetchQuota is nil where it is not told.
func (v *V3) prefetchQuota(ctx context.Context) []quotaRow {
	a, err := v.do(ctx, call{action: "DescribePushQuota"})
	if err != nil {
		return nil
	}
	var d struct {
		URLPush []quotaRow `json:"UrlPush"`
	}
	_ = decode(a.result, &d) // what cannot be read tells nothing
	return d.URLPush
}

const sayNoQuota = "Tencent did not say what is left of today's quota; try again in a minute."

// quotaRow is one area's quota: https://cloud.tencent.com/document/api/228/30987#Quota
type quotaRow struct {
	Area                    purge.Area
	Batch, Total, Available *int
}

// quotas leaves out what is not understood: a number that is not given is not zero.
func quotas(k purge.Kind, rows []quotaRow) []purge.Quota {
	var told []purge.Quota
	for _, r := range rows {
		if knownArea(r.Area) && r.Total != nil && r.Available != nil {
			told = append(told, purge.Quota{Kind: k, Area: r.Area, Total: max(*r.Total, 0), Left: max(*r.Available, 0)})
		}
	}
	return told
}

// batch is the smallest size of a call that any area takes, 0 where none is said.
func batch(rows []quotaRow) int {
	least := 0
	for _, r := range rows {
		if r.Batch != nil && *r.Batch > 0 && (least == 0 || *r.Batch < least) {
			least = *r.Batch
		}
	}
	return least
}

// notSaid is the error of a question that harms nobody when it is asked again. One that is not known at all is NotFound: a gateway that
// purges need not answer questions.
func notSaid(err error, say string) error {
	e := purge.AsError(err)
	switch {
	case e.Kind == purge.Unknown:
		e.Kind, e.Message = purge.Unavailable, say
	case e.Message == sayAction:
		e.Kind = purge.NotFound
	}
	return e
}

func unreadable(action string, a answer3) *purge.Error {
	return unknown(fmt.Errorf("%s: %w (request %s)", action, errUnreadable, orNone(a.requestID)))
}
