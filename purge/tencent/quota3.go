package tencent

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"purgebot/purge"
)

// quotaAge is the lifetime of a cached quota answer: long enough for a card and its check, too short for the
// next press.
const quotaAge = 5 * time.Second

// limits is the vendor's last report of quota and batch sizes. Sizes hold until the next report, the quota left
// expires.
type limits struct {
	mu                          sync.Mutex
	quota                       []purge.Quota
	at                          time.Time // time of the quota report; zero if it is outdated
	urls, directories, prefetch int       // 0 until reported
	changes                     int       // number of forget calls, by which keep recognises an answer that a call has outdated
}

func (l *limits) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.changes = time.Time{}, l.changes+1
}

// fresh returns the cached quota, if it still holds at the time now, and a mark to pass to keep.
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

// Limits returns the vendor's last reported limits, the smaller of both areas, or else limits that hold for
// every account.
func (v *V3) Limits() purge.Limits {
	v.limits.mu.Lock()
	defer v.limits.mu.Unlock()
	return purge.Limits{
		URLs: orDefault(v.limits.urls, defaultURLs), Directories: orDefault(v.limits.directories, defaultDirectories),
		Prefetch: orDefault(v.limits.prefetch, defaultPrefetch),
		Bytes:    maxBody3 - 1024, // a JSON body is smaller than the same form; the rest of the body gets 1024 bytes
	}
}

func orDefault(n, d int) int {
	if n < 1 {
		return d
	}
	return n
}

// Quota calls DescribePurgeQuota and DescribePushQuota, and caches the result for some seconds or until the
// next purge. Without an answer to the second call the result has no prefetch quota: purging needs no
// permission for that question.
func (v *V3) Quota(ctx context.Context) ([]purge.Quota, error) {
	// Use the cache while it holds.
	quota, mark, ok := v.limits.fresh(v.now())
	if ok {
		return quota, nil
	}
	// Ask for the quota of purges, which is required.
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
	// Ask for the quota of prefetches, which is optional, and cache all.
	prefetch := v.prefetchQuota(ctx)
	quota = append(quota, quotas(purge.Prefetch, prefetch)...)
	v.limits.keep(quota, mark, v.now(), batch(d.URLPurge), batch(d.PathPurge), batch(prefetch))
	return quota, nil
}

// prefetchQuota returns the rows of DescribePushQuota, or nil if they cannot be had.
func (v *V3) prefetchQuota(ctx context.Context) []quotaRow {
	a, err := v.do(ctx, call{action: "DescribePushQuota"})
	if err != nil {
		return nil
	}
	var d struct {
		URLPush []quotaRow `json:"UrlPush"`
	}
	_ = decode(a.result, &d) // an unreadable answer counts as none
	return d.URLPush
}

const sayNoQuota = "Tencent did not say what is left of today's quota; try again in a minute."

// quotaRow is one area's quota: https://cloud.tencent.com/document/api/228/30987#Quota
type quotaRow struct {
	Area                    purge.Area
	Batch, Total, Available *int
}

// quotas converts rows and drops incomplete ones: a missing number does not mean zero.
func quotas(k purge.Kind, rows []quotaRow) []purge.Quota {
	var told []purge.Quota
	for _, r := range rows {
		if knownArea(r.Area) && r.Total != nil && r.Available != nil {
			told = append(told, purge.Quota{Kind: k, Area: r.Area, Total: max(*r.Total, 0), Left: max(*r.Available, 0)})
		}
	}
	return told
}

// batch returns the smallest batch size of all areas, or 0 if no row has one.
func batch(rows []quotaRow) int {
	least := 0
	for _, r := range rows {
		if r.Batch != nil && *r.Batch > 0 && (least == 0 || *r.Batch < least) {
			least = *r.Batch
		}
	}
	return least
}

// notSaid returns the error of a question that is harmless to repeat: Unknown becomes Unavailable. An action
// unknown to the endpoint becomes NotFound, because a gateway for purges need not answer questions.
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
