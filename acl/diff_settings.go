package acl

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// confirmations lists the confirmations by strictness.
var confirmations = []Confirm{NoConfirm, Requester, SecondPerson}

// settings returns a sentence for each difference outside the rules.
func (d *differ) settings() (said []string) {
	was, is := d.sectionsOf(d.before), d.sectionsOf(d.after)
	keys := maps.Clone(was)
	maps.Copy(keys, is)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if was[key] != is[key] {
			said = append(said, fmt.Sprintf("%s: %s (before: %s)", key, cmp.Or(is[key], "nothing"), cmp.Or(was[key], "nothing")))
		}
	}
	return said
}

// sectionsOf returns the sections of a file that no ask shows, each as a text.
func (d *differ) sectionsOf(s *side) map[string]string {
	p := s.policy
	said := map[string]string{
		"contact": p.contact, "defaults.budget": p.each.String(), "quota.reserve": p.reserve.String(), "leaks.words": strings.Join(p.leakWords, ", "),
	}
	// Add the sections that list people.
	for key, names := range map[string][]principal{
		"administrators": p.administrators, "auditors": p.auditors, "emergency": p.emergency, "freezes.override": p.overrides, "quota.to": p.reservists,
	} {
		said[key] = d.list(d.resolve(s, names, false))
	}
	// Add shared budgets and default areas.
	for _, g := range p.shared {
		key := "budget shared by " + d.list(d.resolveOne(s, g.group, false))
		said[key] = strings.TrimPrefix(said[key]+" and "+g.budget.String(), " and ")
	}
	for host, area := range p.areas {
		if host[0] == '.' {
			host = "*" + host
		}
		said["default area of "+host] = string(area)
	}
	// Add the accounts of people, each with its other accounts.
	for _, accounts := range p.names.accounts {
		for _, a := range accounts {
			others := slices.DeleteFunc(slices.Clone(accounts), func(b Subject) bool { return a == b })
			slices.Sort(others)
			said["one person with "+string(a)] = strings.Join(texts(others), ", ")
		}
	}
	return said
}

func texts[T ~string](all []T) (texts []string) {
	for _, s := range all {
		texts = append(texts, string(s))
	}
	return texts
}

// list returns the names of a set's members.
func (d *differ) list(set int32) string {
	var names []string
	for _, n := range d.subjects.sets[set] {
		names = append(names, d.subjects.texts[n])
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// sayLimits describes limits given by number, four bytes each.
func (d *differ) sayLimits(numbers string) string {
	var said []string
	for ; numbers != ""; numbers = numbers[4:] {
		l := d.said[binary.BigEndian.Uint32([]byte(numbers))]
		if b := l.budget.String(); b != "" {
			said = append(said, "budget "+b)
		}
		if l.approvers >= 0 {
			said = append(said, "approved by "+d.list(l.approvers))
		}
	}
	slices.Sort(said)
	return strings.Join(said, "; ")
}

// String returns the budget in the words of the file, or "".
func (b budget) String() string {
	var said []string
	for kind, units := range b {
		switch units {
		case 0:
		case unlimited:
			said = append(said, kinds[kind]+" unlimited")
		default:
			said = append(said, kinds[kind]+" "+strconv.Itoa(units))
		}
	}
	return strings.Join(said, ", ")
}
