package bot

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

// Where a target is purged for which no area was typed: in the area that the policy file gives its host, else in the only one where the
// vendor's list says that its domain is served, else in mainland.

// places is all that decides about it.
type places struct {
	policy *acl.Policy
	listed domains
}

func (s scene) places() places { return places{policy: s.policy, listed: s.listed} }

// areaNotes say why the parts of a wish are where they are.
func (s scene) areaNotes(w wish, parts []purge.Part) []string {
	return s.places().notes(parts, len(w.Areas)+len(w.Parts) > 0)
}

// area returns the area of a host for which none was typed.
func (p places) area(host string) purge.Area {
	if a := p.policy.DefaultArea(host); a != "" {
		return a
	}
	if only := p.listed.only(host); only != "" {
		return only
	}
	return purge.Mainland
}

// only returns the one area in which a host is served; "" if it is served in both, or nobody knows.
func (d domains) only(host string) purge.Area {
	if found, _ := d.of(host); len(found.Areas) == 1 {
		return found.Areas[0]
	}
	return ""
}

// notes say why hosts are purged where they are: they are served nowhere else, or the policy file says so.
func (p places) notes(parts []purge.Part, typed bool) (lines []string) {
	for _, a := range purge.AreasBut(nil) {
		var served, set []string
		for _, host := range hostsIn(parts, a) {
			switch {
			case p.listed.only(host) == a:
				served = append(served, host)
			case !typed && a != purge.Mainland && p.policy.DefaultArea(host) == a:
				set = append(set, host)
			}
		}
		lines = append(lines, card.ServedOnly(served, a), card.SetByPolicy(set, a))
	}
	return card.Compact(lines)
}

// hostsIn returns the hosts that are purged in an area, each once.
func hostsIn(parts []purge.Part, a purge.Area) []string {
	var r purge.Request
	for _, p := range parts {
		if p.Area == a {
			r.Parts = append(r.Parts, p)
		}
	}
	return r.Hosts()
}

// why says where a host is purged for which no area was typed; "" if nothing is known that makes it other than mainland.
func (p places) why(host string) string {
	if a := p.policy.DefaultArea(host); a != "" {
		return card.AreaByPolicy(a)
	}
	return card.AreaByServed(host, p.listed.only(host))
}

// misfit is a domain that the vendor has refused for an area.
type misfit struct {
	area purge.Area
	at   time.Time
}

// unserved returns which of the hosts the vendor does not serve in each area: by its list, else by what it refused lately.
func (b *vendor) unserved(hosts []string) map[purge.Area][]string {
	listed := b.listed()
	a := &b.account
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[purge.Area][]string{}
	for _, host := range hosts {
		refused, known := a.misfits[host]
		switch only := listed.only(host); {
		case only != "":
			not := purge.AreasBut([]purge.Area{only})[0]
			out[not] = append(out[not], host)
		case known && b.Now().Sub(refused.at) < domainsAge:
			out[refused.area] = append(out[refused.area], host)
		}
	}
	return out
}

// aboutArea completes a refusal that may be about the area: where the domain is served instead, as far as the vendor's list tells. The
// list is read anew, since it may be older than the change that led to the refusal. A batch of several hosts is narrowed first.
func (b *vendor) aboutArea(ctx context.Context, batch sending, e *purge.Error) *purge.Error {
	if e == nil || e.Kind != purge.Invalid && e.Kind != purge.NotFound || len(byHost(batch.rows)) != 1 {
		return e
	}
	host := batch.rows[0].Target.Host()
	b.awaitDomains(ctx)
	switch only := b.listed().only(host); {
	case only != "" && only != batch.Area:
		return &purge.Error{Kind: purge.NotFound, Message: card.ServedElsewhere(host, only), Err: fmt.Errorf("%w: %w", purge.ErrArea, e.Err)}
	case errors.Is(e, purge.ErrArea) && only == "":
		b.account.refused(host, misfit{batch.Area, b.Now()})
		return &purge.Error{Kind: e.Kind, Message: e.Message + card.TryOtherArea(batch.Area), Err: e.Err}
	}
	return e
}

// mostMisfits bounds what is remembered of refusals.
const mostMisfits = 1000

func (a *account) refused(host string, m misfit) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.misfits == nil || len(a.misfits) >= mostMisfits {
		a.misfits = map[string]misfit{}
	}
	a.misfits[host] = m
}

// awaitDomains has the vendor's list read anew, unless that was done just now, and waits a moment for it.
func (b *vendor) awaitDomains(ctx context.Context) {
	b.account.doubt(b.Now())
	timer := time.NewTimer(quotaPatient)
	defer timer.Stop()
	select {
	case <-b.askDomains(ctx):
	case <-timer.C:
	case <-ctx.Done():
	}
}

// doubt lets a list that is older than a moment be asked for before its time. Where none was told, asking again tells no more.
func (a *account) doubt(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.at.IsZero() && now.Sub(a.at) >= domainsDoubt {
		a.next = now
	}
}

// hintsOf point out the hosts that the vendor would probably refuse, at all or in the area that was asked for. Nothing is refused on what
// may have changed since.
func (d domains) hintsOf(r purge.Request) []string {
	lines := d.all(r.Hosts(), d.hint)
	for _, a := range purge.AreasBut(nil) {
		lines = append(lines, d.all(hostsIn(r.Parts, a), func(host string) string {
			if only := d.only(host); only != "" && only != a {
				return card.NotServed(host, only, a)
			}
			return ""
		})...)
	}
	return card.Few(lines, maxHints)
}

// all collects what is said of hosts.
func (d domains) all(hosts []string, say func(string) string) (lines []string) {
	for _, host := range hosts {
		if line := say(host); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// servedLines say which of the account's domains that somebody may purge are served in one area only.
func (d domains) servedLines(grants []acl.GrantView) (lines []string) {
	in := map[purge.Area][]string{}
	for host, found := range d {
		may := slices.ContainsFunc(grants, func(g acl.GrantView) bool {
			return slices.ContainsFunc(g.Domains, func(domain string) bool { return meet(domain, host) })
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
