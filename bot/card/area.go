package card

import (
	"fmt"
	"slices"
	"strings"

	"purgebot/bot/store"
	"purgebot/purge"
)

// This file holds the sentences about areas: where a domain is served, why a purge goes to an area, and which areas a purge leaves out.

// inArea returns "in mainland" or "overseas".
func inArea(a purge.Area) string {
	if a == purge.Overseas {
		return "overseas"
	}
	return "in " + string(a)
}

// onlyIn returns "is served overseas only", or "are …" for several hosts.
func onlyIn(n int, a purge.Area) string {
	if n == 1 {
		return "is served " + inArea(a) + " only"
	}
	return "are served " + inArea(a) + " only"
}

// other returns the opposite area.
func other(a purge.Area) purge.Area { return purge.AreasBut([]purge.Area{a})[0] }

// ServedOnly says that hosts are served in one area only; it returns "" for no hosts.
func ServedOnly(hosts []string, a purge.Area) string {
	if len(hosts) == 0 {
		return ""
	}
	return hostWords(hosts) + " " + onlyIn(len(hosts), a) + "."
}

// SetByPolicy says that the policy file has chosen the area of hosts; it returns "" for no hosts.
func SetByPolicy(hosts []string, a purge.Area) string {
	if len(hosts) == 0 {
		return ""
	}
	return "The policy file has " + hostWords(hosts) + " purged " + inArea(a) + " where no area is typed."
}

// AreaByPolicy names the area that the policy file chooses when a command names none.
func AreaByPolicy(a purge.Area) string {
	return "Where no area is typed, it is purged " + inArea(a) + ": the policy file says so."
}

// AreaByServed names the area of a host that is served in one area only; it returns "" for a host served in both areas.
func AreaByServed(host string, only purge.Area) string {
	if only == "" {
		return ""
	}
	return "Where no area is typed, it is purged " + inArea(only) + ": " + host + " " + onlyIn(1, only) + "."
}

// NotServed warns that Tencent may refuse a host in an area where the host is not served.
func NotServed(host string, only, asked purge.Area) string {
	return fmt.Sprintf("%s %s, so Tencent will probably refuse this %s.", host, onlyIn(1, only), inArea(asked))
}

// ServedElsewhere explains Tencent's refusal of a host in an area where the host is not served.
func ServedElsewhere(host string, only purge.Area) string {
	return fmt.Sprintf("%s %s, and Tencent refused this %s; ask for it with --area %s.", host, onlyIn(1, only), inArea(other(only)), only)
}

// TryOtherArea advises the other area, behind a refusal that concerns an area.
func TryOtherArea(refused purge.Area) string {
	return fmt.Sprintf(" If it is served %s, ask for it with --area %s.", inArea(other(refused)), other(refused))
}

// shownServed bounds the domains that ServedLine names.
const shownServed = 20

// ServedLine lists the domains that are served in one area only; it returns "" for no domains.
func ServedLine(domains []string, a purge.Area) string {
	if len(domains) == 0 {
		return ""
	}
	line := "Served " + inArea(a) + " only: " + strings.Join(domains[:min(len(domains), shownServed)], ", ")
	if more := len(domains) - shownServed; more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	return line + "."
}

// Few keeps the first lines and counts the others.
func Few(lines []string, most int) []string {
	if more := len(lines) - most; more > 0 {
		return append(lines[:most:most], fmt.Sprintf("and %d more hosts like that.", more))
	}
	return lines
}

// LeftOutIn returns the hosts that a request leaves out in an area, except the hosts that are not served there.
func LeftOutIn(r purge.Request, a purge.Area, unserved map[string]bool) []string {
	purged := map[string]bool{}
	for _, p := range r.Parts {
		for _, t := range p.Targets {
			purged[t.Host()] = purged[t.Host()] || p.Area == a
		}
	}
	return slices.DeleteFunc(r.Hosts(), func(host string) bool { return purged[host] || unserved[host] })
}

// leftOutLines names the areas that a purge leaves out, with the hosts where only some hosts are left out.
func (v View) leftOutLines() (lines []string) {
	all := len(v.Request.Hosts())
	for _, a := range purge.AreasBut(nil) {
		hosts := LeftOutIn(v.Request, a, v.Unserved[a])
		switch {
		case len(hosts) == 0:
		case len(hosts) == all && v.Asking():
			lines = append(lines, Title(string(a))+" is left out.")
		case len(hosts) == all:
			lines = append(lines, Title(string(a))+" was not purged.")
		case v.Asking():
			lines = append(lines, Title(string(a))+" is left out for "+hostWords(hosts)+".")
		default:
			lines = append(lines, Title(string(a))+" was not purged for "+hostWords(hosts)+".")
		}
	}
	return lines
}

// areaOffer returns the label of the button that also purges another area, or purges there instead. The label is "" where such a
// purge would be empty or the requester lacks the right to it.
func (v View) areaOffer(a purge.Area) string {
	hosts := LeftOutIn(v.Request, a, v.Unserved[a])
	switch {
	case len(hosts) == 0 || !v.offers(string(a)):
		return ""
	case v.anyGood():
		return "Also " + string(a)
	case slices.ContainsFunc(v.Targets, func(t store.Target) bool { return v.misplaced(t) && slices.Contains(hosts, t.Target.Host()) }):
		return Title(string(a)) + " instead"
	}
	return ""
}

// mayFare reports whether a retry may have a better outcome: a target never succeeds in an area where its host is not served.
func (v View) mayFare() bool {
	return slices.ContainsFunc(v.Targets, func(t store.Target) bool {
		return t.Outcome == purge.Skipped || t.Outcome == purge.Failed && !v.misplaced(t)
	})
}

// misplaced reports whether a target failed in an area where the target's host is not served.
func (v View) misplaced(t store.Target) bool {
	return t.Outcome == purge.Failed && v.Unserved[t.Area][t.Target.Host()]
}
