package purge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Part is the targets of a request in one area.
type Part struct {
	Area    Area     `json:"area"`
	Targets []Target `json:"targets"`
}

// Request is a wish for a purge, canonical and without repetitions. An area appears once; all targets are of
// Kind.
type Request struct {
	Kind  Kind   `json:"kind"`
	Mode  Mode   `json:"mode,omitempty"` // directories only
	Parts []Part `json:"parts"`
}

// Len returns the cost of the request in units of quota: one for each target and area.
func (r Request) Len() int {
	n := 0
	for _, p := range r.Parts {
		n += len(p.Targets)
	}
	return n
}

// Areas returns the areas that have targets, mainland before overseas.
func (r Request) Areas() []Area {
	var areas []Area
	for _, p := range r.Parts {
		if len(p.Targets) > 0 {
			areas = append(areas, p.Area)
		}
	}
	slices.Sort(areas) // the alphabetical order puts mainland first
	return slices.Compact(areas)
}

// AreasBut returns the areas that are missing from the given ones.
func AreasBut(some []Area) (rest []Area) {
	for _, a := range []Area{Mainland, Overseas} {
		if !slices.Contains(some, a) {
			rest = append(rest, a)
		}
	}
	return rest
}

// Texts returns each target once, as text, in order of appearance.
func (r Request) Texts() (texts []string) {
	seen := map[string]bool{}
	for _, p := range r.Parts {
		for _, t := range p.Targets {
			if !seen[t.String()] {
				seen[t.String()] = true
				texts = append(texts, t.String())
			}
		}
	}
	return texts
}

// WholeSites returns, in alphabetical order, the hosts whose whole content the request purges. A server may
// read "//" as "/", so the directory "//" counts as a whole site, too.
func (r Request) WholeSites() (hosts []string) {
	for _, p := range r.Parts {
		for _, t := range p.Targets {
			if r.Kind == Directory && strings.Trim(t.Path(), "/") == "" {
				hosts = append(hosts, t.Host())
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// Hosts returns each host once, in order of appearance.
func (r Request) Hosts() []string {
	var hosts []string
	seen := map[string]bool{}
	for _, p := range r.Parts {
		for _, t := range p.Targets {
			if !seen[t.Host()] {
				seen[t.Host()] = true
				hosts = append(hosts, t.Host())
			}
		}
	}
	return hosts
}

// HostsIn returns each host of one area once, in order of appearance.
func (r Request) HostsIn(a Area) []string {
	in := Request{Parts: slices.DeleteFunc(slices.Clone(r.Parts), func(p Part) bool { return p.Area != a })}
	return in.Hosts()
}

// Digest returns the hex SHA-256 of the kind, the mode and every pair of area and target. The order of parts
// and targets makes no difference.
func (r Request) Digest() string {
	fields := []string{string(r.Kind), string(r.Mode)}
	for _, t := range r.pairs() {
		fields = append(fields, string(t.area), t.target.text)
	}
	h := sha256.New()
	for _, f := range fields { // each field follows its length, so different requests never write the same bytes
		io.WriteString(h, strconv.Itoa(len(f))+":"+f)
	}
	return hex.EncodeToString(h.Sum(nil))
}

type pair struct {
	area   Area
	target Target
}

// pairs returns the pairs of area and target, sorted.
func (r Request) pairs() []pair {
	var pairs []pair
	for _, p := range r.Parts {
		for _, t := range p.Targets {
			pairs = append(pairs, pair{p.Area, t})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.area, b.area), cmp.Compare(a.target.text, b.target.text))
	})
	return pairs
}

// Dedupe drops every target that another one covers: repetitions, and directories inside another directory of
// ts. The first of equal targets is kept. Both results are in the order of ts, whose targets are all of the
// given kind.
func Dedupe(kind Kind, ts []Target) (kept, dropped []Target) {
	covered := repeated(ts)
	if kind == Directory {
		covered = inside(ts)
	}
	kept = make([]Target, 0, len(ts))
	for i, t := range ts {
		if covered[i] {
			dropped = append(dropped, t)
		} else {
			kept = append(kept, t)
		}
	}
	return kept, dropped
}

// repeated marks each target that occurs earlier in ts.
func repeated(ts []Target) []bool {
	again := make([]bool, len(ts))
	seen := make(map[string]struct{}, len(ts))
	for i, t := range ts {
		before := len(seen)
		seen[t.text] = struct{}{}
		again[i] = len(seen) == before
	}
	return again
}

// inside marks each directory that lies inside another one or repeats an earlier one. In byte order a directory
// comes just before its content.
func inside(ts []Target) []bool {
	order := make([]int, len(ts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(ts[a].text, ts[b].text) })
	covered := make([]bool, len(ts))
	outer := -1
	for _, i := range order {
		covered[i] = outer >= 0 && strings.HasPrefix(ts[i].text, ts[outer].text)
		if !covered[i] {
			outer = i
		}
	}
	return covered
}
