package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/purge"
)

// Only returns the one area in which a host is served, or "" for both areas or an unknown host.
func (d Domains) Only(host string) purge.Area {
	if found, _ := d.Of(host); len(found.Areas) == 1 {
		return found.Areas[0]
	}
	return ""
}

// misfit is a domain's refusal for an area.
type misfit struct {
	area purge.Area
	at   time.Time
}

// Unserved returns the hosts that the vendor does not serve in each area, by its list or else by its recent refusals.
func (b *Account) Unserved(hosts []string) map[purge.Area]map[string]bool {
	listed := b.Listed()
	a := &b.list
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[purge.Area]map[string]bool{purge.Mainland: {}, purge.Overseas: {}}
	for _, host := range hosts {
		refused, known := a.misfits[host]
		switch only := listed.Only(host); {
		case only != "":
			not := purge.AreasBut([]purge.Area{only})[0]
			out[not][host] = true
		case known && b.Now().Sub(refused.at) < DomainsAge:
			out[refused.area][host] = true
		}
	}
	return out
}

// AboutArea completes the refusal of a batch of one host with the area in which the domain is served, as far as the vendor's list
// tells. The list is read anew, since it may be older than the change that led to the refusal. A batch of several hosts, for which
// host is "", keeps its refusal and is narrowed first.
func (b *Account) AboutArea(ctx context.Context, host string, area purge.Area, e *purge.Error) *purge.Error {
	if e == nil || e.Kind != purge.Invalid && e.Kind != purge.NotFound || host == "" {
		return e
	}
	b.awaitDomains(ctx)
	switch only := b.Listed().Only(host); {
	case only != "" && only != area:
		return &purge.Error{Kind: purge.NotFound, Message: card.ServedElsewhere(host, only), Err: fmt.Errorf("%w: %w", purge.ErrArea, e.Err)}
	case errors.Is(e, purge.ErrArea) && only == "":
		b.list.refused(host, misfit{area, b.Now()})
		return &purge.Error{Kind: e.Kind, Message: e.Message + card.TryOtherArea(area), Err: e.Err}
	}
	return e
}

// mostMisfits bounds the number of remembered refusals.
const mostMisfits = 1000

// refused remembers a refusal of a host, and forgets all earlier ones at the bound.
func (a *domainList) refused(host string, m misfit) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.misfits == nil || len(a.misfits) >= mostMisfits {
		a.misfits = map[string]misfit{}
	}
	a.misfits[host] = m
}

// awaitDomains reads the vendor's list anew, unless it is fresh, and waits a moment for it.
func (b *Account) awaitDomains(ctx context.Context) {
	b.list.doubt(b.Now())
	timer := time.NewTimer(QuotaPatient)
	defer timer.Stop()
	select {
	case <-b.AskDomains(ctx):
	case <-timer.C:
	case <-ctx.Done():
	}
}

// doubt allows an earlier question for a list that is older than DomainsDoubt. Without a list, an earlier question would tell no
// more.
func (a *domainList) doubt(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.at.IsZero() && now.Sub(a.at) >= DomainsDoubt {
		a.next = now
	}
}

// HintsOf points out the hosts that the vendor would probably refuse, in every area or in the requested one. No request is refused
// for it, since the list may be out of date.
func (d Domains) HintsOf(r purge.Request) []string {
	lines := d.all(r.Hosts(), d.hint)
	for _, a := range purge.AreasBut(nil) {
		lines = append(lines, d.all(r.HostsIn(a), func(host string) string {
			if only := d.Only(host); only != "" && only != a {
				return card.NotServed(host, only, a)
			}
			return ""
		})...)
	}
	return card.Few(lines, maxHints)
}

// all collects the non-empty lines about hosts.
func (d Domains) all(hosts []string, say func(string) string) (lines []string) {
	for _, host := range hosts {
		if line := say(host); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// ServedLines lists, among the account's domains that the grants cover, those that are served in one area only.
func (d Domains) ServedLines(grants []acl.GrantView) (lines []string) {
	in := map[purge.Area][]string{}
	for host, found := range d {
		may := slices.ContainsFunc(grants, func(g acl.GrantView) bool {
			return slices.ContainsFunc(g.Domains, func(domain string) bool { return acl.DomainsMeet(domain, host) })
		})
		if may && len(found.Areas) == 1 {
			in[found.Areas[0]] = append(in[found.Areas[0]], host)
		}
	}
	for _, a := range purge.AreasBut(nil) {
		slices.Sort(in[a])
		lines = append(lines, card.ServedLine(in[a], a))
	}
	return card.Compact(lines)
}
