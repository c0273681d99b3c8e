package acl

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"purgebot/purge"
)

// Freeze closes a domain, or a path of it, to all people for a while. It is said in chat, and only an override
// beats it. It covers the same as a denial of the file: "*.x" includes x, a path is found in every spelling,
// and the directories above it are closed as well.
type Freeze struct {
	ID     string
	Domain string // a host, or "*." and a host
	Path   string // begins and ends with "/"; "" means the whole domain
	Until  time.Time
	By     Subject
	Reason string
}

// Loan is a temporary grant, given in chat. It allows only purges that its giver may do at that moment, and
// never serves its giver.
type Loan struct {
	ID       string
	To       string // a subject, a group of a platform, a person or a group of the file
	Domain   string // a host, or "*." and a host, which covers only the names below it
	Kinds    []purge.Kind
	Areas    []purge.Area
	Until    time.Time // a loan with more than MaxLoan left does not count
	By       Subject
	ByGroups []Subject // the giver's platform groups
	Reason   string
}

// MaxLoan is the longest duration of a loan.
const MaxLoan = 24 * time.Hour

// Rule returns the loan's name in decisions.
func (l *Loan) Rule() string { return "temporary grant " + l.ID }

// Rule returns the freeze's name in decisions.
func (f *Freeze) Rule() string { return "freeze " + f.ID }

// Overlay holds the freezes and loans said in chat. It never changes, is safe for concurrent use, and belongs
// to no policy; nil is an empty one. The index finds freezes like denials, at the same cost for any number.
type Overlay struct {
	freezes []Freeze           // the longest first
	index   index              // the freezes, as denials for everyone
	loans   map[string][]*Loan // by host; by ".example.com" for "*.example.com"
}

// NewOverlay indexes freezes and loans. Expired ones are permitted.
func NewOverlay(freezes []Freeze, loans []Loan) *Overlay {
	o := &Overlay{freezes: slices.Clone(freezes), loans: map[string][]*Loan{}}
	slices.SortFunc(o.freezes, func(a, b Freeze) int { return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.ID, b.ID)) })
	// Index the freezes as denials.
	denials := make([]rule, len(o.freezes))
	for i, f := range o.freezes {
		denials[i] = rule{to: []principal{everyone}, domains: []string{f.Domain}, schemes: both, kinds: both, areas: both}
		if f.Path != "" {
			denials[i].paths = []string{f.Path}
		}
	}
	o.index = newIndex(nil, denials)
	// Group the loans by host.
	for _, l := range loans {
		host := strings.TrimPrefix(l.Domain, "*")
		o.loans[host] = append(o.loans[host], &l)
	}
	return o
}

// everybody is the circle of the freezes.
var everybody = newCircle([]member{{principal: everyone}})

// frozen returns the freeze that covers the ask longest, or nil. For the zero time every freeze is still in
// force.
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

// overlaid applies the overlay to a decision: a loan allows an ask that no denial refused, a freeze refuses an
// allowed one.
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

// borrowed returns the strictest decision by a loan, or d if no loan covers the ask.
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

// given returns the decision of the file alone for the giver of a loan in the borrower's place. A giver who is
// no longer an administrator lends nothing.
func (p *Policy) given(a *Ask, l *Loan) Decision {
	giver := *a
	giver.Who, giver.overlay = p.Who(l.By, l.ByGroups), nil
	if !p.Administrator(giver.Who) {
		return Decision{}
	}
	return p.decideByFile(giver)
}

// lent yields the loans on a host for w, each with the group through which it applies. A star covers no
// A-label, as in grants.
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

// borrows reports whether a loan is for w, and through which group. A loan never serves its giver, under any
// account.
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

// loans returns the current loans of w in the form of Grants, by name. The limits of their givers are not
// applied.
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
