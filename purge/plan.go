package purge

import (
	"errors"
	"strconv"
)

// Batch is one API call: one kind, one area, one host, within the limits.
type Batch struct {
	N       int      `json:"n"` // position in the plan, from 0
	Kind    Kind     `json:"kind"`
	Mode    Mode     `json:"mode,omitempty"`
	Area    Area     `json:"area"`
	Targets []Target `json:"targets"`
}

// NewPlan divides a request into batches: mainland before overseas, hosts and targets in order of appearance. A
// batch has one host, because the vendor refuses a whole call for one foreign host. Equal requests and limits
// give equal plans. The error is an *Error: Invalid if a single target exceeds the limit.
func NewPlan(r Request, l Limits) ([]Batch, error) {
	most := l.perCall(r.Kind)
	if most < 1 {
		return nil, &Error{Kind: Internal, Message: "Nothing was purged: purgebot does not know how much one call may hold.", Err: errors.New("plan: the limits hold no " + string(r.Kind))}
	}
	var plan []Batch
	for _, area := range r.Areas() {
		for _, targets := range r.byHost(area) {
			for len(targets) > 0 {
				n := fit(targets[:min(most, len(targets))], l.Bytes)
				if n == 0 {
					return nil, tooLarge(targets[0])
				}
				plan = append(plan, Batch{N: len(plan), Kind: r.Kind, Mode: r.Mode, Area: area, Targets: targets[:n:n]})
				targets = targets[n:]
			}
		}
	}
	return plan, nil
}

// perCall returns the maximum number of targets of a kind in one call.
func (l Limits) perCall(k Kind) int {
	switch k {
	case Directory:
		return l.Directories
	case Prefetch:
		return l.Prefetch
	}
	return l.URLs
}

// byHost returns the targets of an area, one list for each host.
func (r Request) byHost(area Area) [][]Target {
	var lists [][]Target
	place := map[string]int{}
	for _, p := range r.Parts {
		if p.Area != area {
			continue
		}
		for _, t := range p.Targets {
			i, known := place[t.Host()]
			if !known {
				i = len(lists)
				place[t.Host()] = i
				lists = append(lists, nil)
			}
			lists[i] = append(lists[i], t)
		}
	}
	return lists
}

// fit returns how many of the first targets fit into one call of the given size.
func fit(ts []Target, bytes int) int {
	for i, t := range ts {
		// The parameter "dirs" is as long as "urls". Names in other APIs are shorter, never longer.
		bytes -= len("&urls.=") + len(strconv.Itoa(i)) + EncodedLen(t.text)
		if bytes < 0 {
			return i
		}
	}
	return len(ts)
}

func tooLarge(t Target) error {
	return &Error{Kind: Invalid, Message: "Shorten " + shown(t.text) + " or purge the directory above it: it is too long for one call."}
}
