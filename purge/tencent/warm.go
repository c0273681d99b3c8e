package tencent

import (
	"context"
	"encoding/json"

	"purgebot/purge"
)

// Warm makes one call of PushUrlsCache, see https://cloud.tencent.com/document/api/228/37872. It has a quota of its own.
func (v *V3) Warm(ctx context.Context, b purge.Batch) (purge.Receipt, error) {
	if b.Kind != purge.URL || b.Mode != "" || !knownArea(b.Area) || len(b.Targets) == 0 {
		return purge.Receipt{}, badBatch("3.0", "prefetch of kind %q, mode %q, area %q, %d targets", b.Kind, b.Mode, b.Area, len(b.Targets))
	}
	if err := haveSchemes("3.0", b.Targets); err != nil {
		return purge.Receipt{}, err
	}
	return v.accept(ctx, call{action: "PushUrlsCache", list: "Urls", targets: b.Targets, params: []param{{name: "Area", value: string(b.Area)}}})
}

// Warmed reads the log of prefetches.
func (v *V3) Warmed(ctx context.Context, q purge.StatusQuery) ([]purge.TargetStatus, error) {
	return v.look(ctx, pushLog, q)
}

// WarmQuota asks DescribePushQuota.
func (v *V3) WarmQuota(ctx context.Context) ([]purge.Quota, error) {
	a, err := v.do(ctx, call{action: "DescribePushQuota"})
	if err != nil {
		return nil, notSaid(err, sayNoQuota)
	}
	var d struct{ URLPush []quotaRow }
	if json.Unmarshal(a.result, &d) != nil || len(quotas(purge.URL, d.URLPush)) == 0 {
		return nil, notSaid(unreadable("DescribePushQuota", a), sayNoQuota)
	}
	v.limits.mu.Lock()
	defer v.limits.mu.Unlock()
	v.limits.pushes = batch(d.URLPush)
	return quotas(purge.URL, d.URLPush), nil
}

// WarmLimit is the one that the vendor last told to WarmQuota, or else one that its oldest pages have.
func (v *V3) WarmLimit() int {
	v.limits.mu.Lock()
	defer v.limits.mu.Unlock()
	return orDefault(v.limits.pushes, defaultPushes)
}
