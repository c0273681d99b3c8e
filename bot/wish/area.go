package wish

import (
	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/vendor"
	"purgebot/purge"
)

// Where a target is purged for which no area was typed: in the area that the policy file gives its host, else in the only one where the
// vendor's list says that its domain is served, else in mainland.

// Places is all that decides about it.
type Places struct {
	Policy *acl.Policy
	Listed vendor.Domains
}

// area returns the area of a host for which none was typed.
func (p Places) area(host string) purge.Area {
	if a := p.Policy.DefaultArea(host); a != "" {
		return a
	}
	if only := p.Listed.Only(host); only != "" {
		return only
	}
	return purge.Mainland
}

// Notes say why hosts are purged where they are: they are served nowhere else, or the policy file says so.
func (p Places) Notes(parts []purge.Part, typed bool) (lines []string) {
	for _, a := range purge.AreasBut(nil) {
		var served, set []string
		for _, host := range (purge.Request{Parts: parts}).HostsIn(a) {
			switch {
			case p.Listed.Only(host) == a:
				served = append(served, host)
			case !typed && a != purge.Mainland && p.Policy.DefaultArea(host) == a:
				set = append(set, host)
			}
		}
		lines = append(lines, card.ServedOnly(served, a), card.SetByPolicy(set, a))
	}
	return card.Compact(lines)
}

// Why says where a host is purged for which no area was typed; "" if nothing is known that makes it other than mainland.
func (p Places) Why(host string) string {
	if a := p.Policy.DefaultArea(host); a != "" {
		return card.AreaByPolicy(a)
	}
	return card.AreaByServed(host, p.Listed.Only(host))
}
