package acl

import (
	"cmp"
	"slices"

	"purgebot/purge"
)

// Confirm is the person who must press a button before a purge is sent. A grant can only add to the general
// rules.
type Confirm string

// The confirmations, from none to the strictest.
const (
	NoConfirm    Confirm = ""
	Requester    Confirm = "requester"
	SecondPerson Confirm = "second-person"
)

func (c Confirm) strictness() int {
	return slices.Index([]Confirm{NoConfirm, Requester, SecondPerson}, c)
}

// rule is a grant or a denial with resolved names and defaults. Empty paths, channels or (in a denial) domains
// mean all.
type rule struct {
	name      string
	confirm   Confirm
	to, in    []principal
	domains   []string // a host, or "*." and a host
	paths     []string
	schemes   choice
	kinds     choice
	areas     choice
	window    window
	budget    budget      // budget of each person under this grant
	approvers []principal // people for the second approval; empty means every person with the right to the purge
}

// special reports whether the rule applies only at times, or applies in addition to the first rule in rank.
func (r *rule) special() bool {
	return r.window != window{} || r.budget != budget{} || len(r.approvers) > 0
}

// choice is a subset of two options: bit 0 is the first, bit 1 the second.
type choice uint8

const both choice = 3

// The pairs of options, in the words of the file.
var (
	schemes = [2]string{"http", "https"}
	kinds   = [2]string{string(purge.URL), string(purge.Directory)}
	areas   = [2]string{string(purge.Mainland), string(purge.Overseas)}
)

// texts returns the chosen options of a pair.
func (c choice) texts(pair [2]string) (chosen []string) {
	for i, s := range pair {
		if c>>i&1 == 1 {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// combinations is a set of combinations of scheme, kind and area: bit scheme + 2·kind + 4·area. An ask is one
// of the eight.
type combinations uint8

func combine(schemes, kinds, areas choice) (c combinations) {
	for i := range 8 {
		if schemes>>(i&1)&1 == 1 && kinds>>(i>>1&1)&1 == 1 && areas>>(i>>2)&1 == 1 {
			c |= 1 << i
		}
	}
	return c
}

func (r *rule) combinations() combinations { return combine(r.schemes, r.kinds, r.areas) }

// rank sorts rules so that the first match counts: the strictest first, then by name, regardless of the place
// in the file.
func rank(rules []rule) {
	slices.SortStableFunc(rules, func(a, b rule) int {
		return cmp.Or(cmp.Compare(b.confirm.strictness(), a.confirm.strictness()), cmp.Compare(a.name, b.name))
	})
}
