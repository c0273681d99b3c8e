package acl

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"purgebot/purge"
)

// Freeze closes a domain, or a path of it, to everybody for a while. It was said in chat, and only an override beats it.
// It covers what a denial of the file covers: "*.x" is x too, a path is found however it is spelled, and the directories
// that contain it are closed as well.
type Freeze struct {
	ID     string
	Domain string // a host, or "*." and a host
	Path   string // begins and ends with "/"; "" is all of the domain
	Until  time.Time
	By     Subject
	Reason string
}

// Loan is a temporary grant. It was given in chat, lets nobody do what its giver may not do at that moment, and never its giver.
type Loan struct {
	ID       string
	To       string // as rules name somebody: a subject, a group of a platform, a person or a group of the file
	Domain   string // a host, or "*." and a host, which covers what is below it alone
	Kinds    []purge.Kind
	Areas    []purge.Area
	Until    time.Time // a loan that has more than MaxLoan left does not count
	By       Subject
	ByGroups []Subject // the giver's groups on the platform
	Reason   string
}

// MaxLoan is how long a loan may last.
const MaxLoan = 24 * time.Hour

// Rule is what decisions call the loan.
func (l *Loan) Rule() string { return "temporary grant " + l.ID }

// Rule is what decisions call the freeze.
func (f *Freeze) Rule() string { return "freeze " + f.ID }

// Overlay is what was said in chat since the policy file was written: freezes and loans. It never changes, is safe for
// concurrent use, and belongs to no policy; nil is an empty one. Freezes are found as denials are, whatever their number.
type Overlay struct {
	freezes []Freeze           // the longest first
	index   index              // the freezes, as denials for everybody
	loans   map[string][]*Loan // by host; by ".example.com" for "*.example.com"
}

// NewOverlay indexes freezes and loans. Those that are over may be among them.
func NewOverlay(freezes []Freeze, loans []Loan) *Overlay {
	o := &Overlay{freezes: slices.Clone(freezes), loans: map[string][]*Loan{}}
	slices.SortFunc(o.freezes, func(a, b Freeze) int { return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.ID, b.ID)) })
	denials := make([]rule, len(o.freezes))
	for i, f := range o.freezes {
		denials[i] = rule{to: []principal{everyone}, domains: []string{f.Domain}, schemes: both, kinds: both, areas: both}
		if f.Path != "" {
			denials[i].paths = []string{f.Path}
		}
	}
	o.index = newIndex(nil, denials)
	for _, l := range loans {
		host := strings.TrimPrefix(l.Domain, "*")
		o.loans[host] = append(o.loans[host], &l)
	}
	return o
}

// everybody is whom freezes are for.
var everybody = newCircle([]member{{principal: everyone}})

// frozen returns the freeze that covers the ask longest, nil if there is none. The zero time is before the end of every freeze.
func (o *Overlay) frozen(a *Ask) *Freeze {
	if len(o.freezes) == 0 {
		return nil
	}
	s := search{target: a.Target, kind: a.Kind, covers: a.combination(), denial: best{circle: everybody, rule: none}}
	s.host(&o.index)
	if s.denial.rule == none {
		return nil
	}
	if f := &o.freezes[s.denial.rule]; a.At.Before(f.Until) {
		return f
	}
	return nil
}

// overlaid changes a decision by what was said in chat: a loan allows what nothing refused, a freeze refuses what was allowed.
func (p *Policy) overlaid(a *Ask, d Decision) Decision {
	if !d.Allowed && !d.Denied {
		d = p.borrowed(a, d)
	}
	d.Frozen = a.overlay.frozen(a)
	if d.Frozen != nil && d.Allowed && !(a.Override && p.OverridesFreeze(a.Who)) {
		return Decision{Rule: d.Frozen.Rule(), Denied: true, Frozen: d.Frozen}
	}
	return d
}

// borrowed returns the strictest decision that a loan makes, or d if none does.
func (p *Policy) borrowed(a *Ask, d Decision) Decision {
	for l, via := range p.lent(a.Who, a.overlay, a.Target.Host()) {
		if !l.covers(a) {
			continue
		}
		given := p.given(a, l)
		if given.Allowed && (!d.Allowed || d.Confirm.strictness() < given.Confirm.strictness()) {
			given.Rule, given.Via, given.Charges = l.Rule(), via, p.charges(a.Who, a.Kind, given.special)
			d = given
		}
	}
	return d
}

func (l *Loan) lasts(at time.Time) bool {
	return at.Before(l.Until) && l.Until.Sub(at) <= MaxLoan
}

func (l *Loan) covers(a *Ask) bool {
	return l.lasts(a.At) && slices.Contains(l.Kinds, a.Kind) && slices.Contains(l.Areas, a.Area)
}

// given is what the giver of a loan may do where the borrower asks, by the file alone. Who is no administrator any more lends nothing.
func (p *Policy) given(a *Ask, l *Loan) Decision {
	giver := *a
	giver.Who, giver.overlay = p.Who(l.By, l.ByGroups), nil
	if !p.Administrator(giver.Who) {
		return Decision{}
	}
	return p.decide(giver)
}

// lent yields the loans on a host that are for w, each with the group that says so. A star stands for no A-label, as in grants.
func (p *Policy) lent(w Who, o *Overlay, host string) func(yield func(*Loan, string) bool) {
	return func(yield func(*Loan, string) bool) {
		for name := range starred(host) {
			for _, l := range o.loans[name] {
				if via, is := p.borrows(w, l); is && !yield(l, via) {
					return
				}
			}
		}
	}
}

// borrows says whether a loan is for w, and through which group. It is never for its giver, under whatever account.
func (p *Policy) borrows(w Who, l *Loan) (via string, is bool) {
	if p.SamePerson(w.subject, l.By) {
		return "", false
	}
	if l.To == string(w.subject) {
		return "", true
	}
	if slices.Contains(w.also.groups, Subject(l.To)) {
		return l.To, true
	}
	if m := w.named.find(p.names.numbers[l.To]); m != nil {
		return m.via, true
	}
	return "", false
}

// loans returns what w was lent and may still use, as Grants does, by name. What their givers may not purge is not taken out.
func (p *Policy) loans(w Who, o *Overlay, at time.Time) (views []GrantView) {
	if o == nil || w.policy != p {
		return nil
	}
	for _, all := range o.loans {
		for _, l := range all {
			if via, is := p.borrows(w, l); is && l.lasts(at) {
				views = append(views, GrantView{Name: l.Rule(), Via: via, Domains: []string{l.Domain}, Schemes: both.texts(schemes),
					Kinds: l.Kinds, Areas: l.Areas, Until: l.Until, By: l.By})
			}
		}
	}
	slices.SortFunc(views, func(a, b GrantView) int { return strings.Compare(a.Name, b.Name) })
	return views
}
