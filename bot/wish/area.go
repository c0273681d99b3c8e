package wish

import (
	"purgebot/acl"
	"purgebot/bot/account"
	"purgebot/bot/card"
	"purgebot/purge"
)

// A target without a typed area is purged in the area that the policy file gives its host, else in the only area in which the
// vendor's list says that its domain is served, else in mainland.

// Places holds the two sources of a host's area: the policy file and the vendor's list.
type Places struct {
	Policy *acl.Policy
	Listed account.Domains
}

// area returns the area of a host without a typed area.
func (p Places) area(host string) purge.Area {
	if a := p.Policy.DefaultArea(host); a != "" {
		return a
	}
	if only := p.Listed.Only(host); only != "" {
		return only
	}
	return purge.Mainland
}

// Notes explains each area that is not the plain default: the hosts are served in no other area, or the policy file sets the area.
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

// Why explains the area of a host without a typed area, or returns "" if nothing makes it other than mainland.
func (p Places) Why(host string) string {
	if a := p.Policy.DefaultArea(host); a != "" {
		return card.AreaByPolicy(a)
	}
	return card.AreaByServed(host, p.Listed.Only(host))
}
