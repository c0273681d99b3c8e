package acl

import (
	"maps"
	"slices"
	"strings"
	"time"

	"purgebot/purge"
)

// Access is the access that one grant gives to one of its names.
type Access struct {
	To        string       `json:"to"`                // name in the words of the file
	Members   []string     `json:"members,omitempty"` // the accounts and platform groups behind a person or a group
	Rule      string       `json:"rule"`
	Areas     []purge.Area `json:"areas"`           // empty if all areas are denied
	Paths     []string     `json:"paths,omitempty"` // the paths of a limited grant
	In        []Subject    `json:"in,omitempty"`    // channels; empty means anywhere
	Confirm   Confirm      `json:"confirm,omitempty"`
	Approvers []string     `json:"approvers,omitempty"` // names in the words of the file; empty means every person with the right to the purge
	Until     time.Time    `json:"until,omitzero"`
	Denied    []Denied     `json:"denied,omitempty"` // denials that close a part of the access
}

// Denied is a denial that closes a part of a grant.
type Denied struct {
	Rule  string       `json:"rule"`
	Who   []string     `json:"who,omitempty"` // affected members; empty means all
	Areas []purge.Area `json:"areas"`
	In    Subject      `json:"in,omitempty"` // "" means every channel
}

// WhoCan returns the access of all names to a.Target at a.At, by rank of the rules, with the denials that close
// parts of it. Without a.In the answer covers every channel, without a.Area both areas; a.Who is ignored. A
// denial of a platform's group alone does not appear for members of that group, because the platform alone
// knows them.
func (p *Policy) WhoCan(a Ask) (all []Access) {
	w := whoCan{p, a, slices.Collect(starred(a.Target.Host())), nil, map[principal][]string{}}
	for _, d := range p.denials {
		w.closed = append(w.closed, typed[Subject](p.texts(d.in))...)
	}
	for i := range p.grants {
		g := &p.grants[i]
		if !g.on(w.names) {
			continue
		}
		for _, to := range g.to {
			if access := w.access(g, to); len(access.Areas)+len(access.Denied) > 0 {
				all = append(all, access)
			}
		}
	}
	return all
}

type whoCan struct {
	policy  *Policy
	asked   Ask
	names   []string  // the index's names of the host's domains
	closed  []Subject // channels that denials name
	members map[principal][]string
}

// access judges each area and channel of a grant separately.
func (w *whoCan) access(g *rule, to principal) Access {
	p := w.policy
	access := Access{To: p.names.texts[to], Rule: g.name, Areas: []purge.Area{}, Paths: g.paths, Confirm: g.confirm, Approvers: p.texts(g.approvers),
		Until: moment(g.window.until), Members: w.behind(to)}
	a := w.asked
	for _, a.Area = range typed[purge.Area](g.areas.texts(areas)) {
		if w.asked.Area != "" && w.asked.Area != a.Area {
			continue
		}
		for _, a.In = range w.channels(g) {
			if p.misses(&a, g) == 0 {
				access.ask(p, a, len(g.in) > 0)
			}
		}
	}
	return access
}

// behind lists the accounts and platform groups of a person or a group of the file.
func (w *whoCan) behind(to principal) []string {
	if strings.Contains(w.policy.names.texts[to], ":") {
		return nil
	}
	members, known := w.members[to]
	if !known {
		members = texts(w.policy.names.behind(map[principal]bool{to: true}))
		slices.Sort(members)
		w.members[to] = members
	}
	return members
}

// channels returns the channels to judge for a grant. A grant for all channels is also judged in the channels
// of denials.
func (w *whoCan) channels(g *rule) []Subject {
	switch {
	case w.asked.In != "":
		return []Subject{w.asked.In}
	case len(g.in) > 0:
		return typed[Subject](w.policy.texts(g.in))
	}
	return append([]Subject{""}, w.closed...)
}

// ask adds one answer. Only a grant that lists channels is limited to them.
func (access *Access) ask(p *Policy, a Ask, limited bool) {
	// Record a denial of all members.
	a.Who = p.as(access.To)
	if d := p.decideByFile(a); d.Denied {
		access.deny(Denied{Rule: d.Rule, In: a.In}, a.Area)
		return
	}
	// Record denials of single members.
	denied := map[string][]string{}
	for _, m := range access.Members {
		a.Who = p.Who(Subject(m), nil)
		if d := p.decideByFile(a); d.Denied {
			denied[d.Rule] = append(denied[d.Rule], m)
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(denied)) {
		access.deny(Denied{Rule: rule, Who: denied[rule], In: a.In}, a.Area)
	}
	// Record the area and the channel.
	if !slices.Contains(access.Areas, a.Area) {
		access.Areas = append(access.Areas, a.Area)
	}
	if limited && !slices.Contains(access.In, a.In) {
		access.In = append(access.In, a.In)
	}
}

// deny adds a denial in an area, unless it is already known for every channel there.
func (access *Access) deny(d Denied, area purge.Area) {
	for i := range access.Denied {
		known := &access.Denied[i]
		if known.Rule != d.Rule || !slices.Equal(known.Who, d.Who) {
			continue
		}
		if known.In == "" && slices.Contains(known.Areas, area) {
			return
		}
		if known.In == d.In {
			known.Areas = append(known.Areas, area)
			return
		}
	}
	d.Areas = []purge.Area{area}
	access.Denied = append(access.Denied, d)
}

// as resolves a name of the file alone: a subject, a person, or a whole group.
func (p *Policy) as(name string) Who {
	if strings.Contains(name, ":") {
		return p.Who(Subject(name), nil)
	}
	w := Who{policy: p, subject: Subject(name), also: &also{}}
	direct := []string{name}
	w.named = p.names.circle(direct, nil)
	for _, account := range p.names.accounts[p.names.numbers[name]] {
		direct = append(direct, string(account))
	}
	w.covered = p.names.circle(append(direct, "*"), nil)
	return w
}
