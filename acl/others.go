package acl

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// others says what a difference holds beside who may purge what.
func others(before, after *Policy) (said []string) {
	was, is := before.said(), after.said()
	keys := maps.Clone(was)
	maps.Copy(keys, is)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if was[key] != is[key] {
			said = append(said, fmt.Sprintf("%s: %s (before: %s)", key, cmp.Or(is[key], "nothing"), cmp.Or(was[key], "nothing")))
		}
	}
	return said
}

// said is everything that a file says which asking it about targets does not show.
func (p *Policy) said() map[string]string {
	said := map[string]string{
		"contact": p.contact, "defaults.budget": p.each.String(), "quota.reserve": p.reserve.String(), "leaks.words": strings.Join(p.leakWords, ", "),
	}
	for key, names := range map[string][]principal{
		"administrators": p.administrators, "auditors": p.auditors, "emergency": p.emergency, "freezes.override": p.overrides, "quota.to": p.reservists,
	} {
		said[key] = p.everybodyIn(names)
	}
	for _, g := range p.shared {
		said["budgets."+p.names.texts[g.group]] = g.budget.String()
	}
	for host, area := range p.areas {
		said["domains."+host] = string(area)
	}
	add := func(key, text string) {
		if text != "" {
			said[key] = strings.Join(append(slices.DeleteFunc([]string{said[key]}, empty), text), " and ")
		}
	}
	for i := range p.grants {
		add("grant "+strconv.Quote(p.grants[i].name), p.saysBeside(&p.grants[i]))
	}
	for i := range p.denials {
		add("denial "+strconv.Quote(p.denials[i].name), p.saysWhole(&p.denials[i]))
	}
	return said
}

func empty(s string) bool { return s == "" }

// everybodyIn lists the accounts and platform groups behind names.
func (p *Policy) everybodyIn(names []principal) string {
	var all []string
	for _, n := range names {
		all = append(all, p.behind(p.names.texts[n])...)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

// saysBeside says what a grant says beside what it grants.
func (p *Policy) saysBeside(g *rule) string {
	parts := []string{g.window.String()}
	if b := g.budget.String(); b != "" {
		parts = append(parts, "budget "+b)
	}
	if len(g.approvers) > 0 {
		parts = append(parts, "approvers "+p.everybodyIn(g.approvers))
	}
	return strings.Join(slices.DeleteFunc(parts, empty), "; ")
}

// saysWhole says a denial.
func (p *Policy) saysWhole(d *rule) string {
	to := p.everybodyIn(d.to)
	if slices.Contains(d.to, everyone) {
		to = "everybody"
	}
	parts := []string{to + " on " + cmp.Or(strings.Join(d.domains, ", "), "every host")}
	for key, values := range map[string][]string{"paths ": d.paths, "in ": p.texts(d.in)} {
		if len(values) > 0 {
			parts = append(parts, key+strings.Join(values, ", "))
		}
	}
	for _, c := range []struct {
		choice choice
		of     [2]string
	}{{d.schemes, schemes}, {d.kinds, kinds}, {d.areas, areas}} {
		if c.choice != both {
			parts = append(parts, strings.Join(c.choice.texts(c.of), ""))
		}
	}
	slices.Sort(parts[1:])
	return strings.Join(slices.DeleteFunc(append(parts, d.window.String()), empty), "; ")
}

// String says a budget as the file does, "" if it says none.
func (b budget) String() string {
	var parts []string
	for i, units := range b {
		switch units {
		case 0:
		case unlimited:
			parts = append(parts, kinds[i]+" unlimited")
		default:
			parts = append(parts, kinds[i]+" "+strconv.Itoa(units))
		}
	}
	return strings.Join(parts, ", ")
}
