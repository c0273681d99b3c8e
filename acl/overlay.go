package acl

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"purgebot/purge"
)

// Freeze closes a domain for everybody for a while. It was said in chat, and beats everything but an override.
type Freeze struct {
	ID     string
	Domain string // a host, or "*." and a host, which covers that host too
	Until  time.Time
	By     Subject
	Reason string
}

// Loan is a temporary grant. It was given in chat, lets nobody do what its giver may not do, and never its giver.
type Loan struct {
	ID       string
	To       string // as rules name somebody: a subject, a group of a platform, a person or group of the file
	Domain   string // a host, or "*." and a host, which covers what is below it alone
	Kinds    []purge.Kind
	Areas    []purge.Area
	Until    time.Time
	By       Subject
	ByGroups []Subject // the giver's, as they were then
	Reason   string
}

// Rule is what decisions call a loan.
func (l *Loan) Rule() string { return "temporary grant " + l.ID }

// Overlay is what was said in chat since the policy file was written: freezes and loans. It never changes, and a look into it
// costs the same however many there are on other hosts.
type Overlay struct {
	freezes map[string][]*Freeze // by host; by ".example.com" for what is below it. Of one host the longest is first
	loans   map[string][]*Loan
}

// NewOverlay indexes what holds now.
func NewOverlay(freezes []Freeze, loans []Loan) *Overlay {
	o := &Overlay{freezes: map[string][]*Freeze{}, loans: map[string][]*Loan{}}
	for i := range freezes {
		f := &freezes[i]
		host := strings.TrimPrefix(f.Domain, "*")
		o.freezes[host] = append(o.freezes[host], f)
		if apex, wild := strings.CutPrefix(f.Domain, "*."); wild {
			o.freezes[apex] = append(o.freezes[apex], f)
		}
	}
	for _, all := range o.freezes {
		slices.SortStableFunc(all, func(a, b *Freeze) int { return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.ID, b.ID)) })
	}
	for i := range loans {
		host := strings.TrimPrefix(loans[i].Domain, "*")
		o.loans[host] = append(o.loans[host], &loans[i])
	}
	return o
}

// Frozen returns the freeze that holds longest on a host, nil if there is none. Without a time every freeze holds.
func (o *Overlay) Frozen(host string, at time.Time) *Freeze {
	if o == nil || len(o.freezes) == 0 {
		return nil
	}
	var longest *Freeze
	for name := range above(host) {
		all := o.freezes[name]
		if len(all) > 0 && (at.IsZero() || at.Before(all[0].Until)) && (longest == nil || longest.Until.Before(all[0].Until)) {
			longest = all[0]
		}
	}
	return longest
}

// above yields a host, and the names of all that lie below each domain above it, as in ".example.com".
func above(host string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !yield(host) {
			return
		}
		for i := strings.IndexByte(host, '.'); i >= 0; i = strings.IndexByte(host, '.') {
			if !yield(host[i:]) {
				return
			}
			host = host[i+1:]
		}
	}
}

// overlay changes a decision by what was said in chat: a freeze refuses what was allowed, a loan allows what nothing refused.
func (p *Policy) overlay(a Ask, d Decision) Decision {
	if !d.Allowed && !d.Denied && !a.At.IsZero() {
		d = p.lend(a, d)
	}
	d.Frozen = a.Overlay.Frozen(a.Target.Host(), a.At)
	if d.Frozen != nil && d.Allowed && !(a.Override && p.OverridesFreezes(a.Who)) {
		return Decision{Rule: "freeze " + d.Frozen.ID, Denied: true, Frozen: d.Frozen}
	}
	return d
}

// lend allows what a loan covers and its giver may still purge in the same place.
func (p *Policy) lend(a Ask, d Decision) Decision {
	for name := range a.Overlay.lending(a.Target.Host()) {
		for _, l := range a.Overlay.loans[name] {
			via, covered := p.borrows(a.Who, l)
			if !covered || !l.covers(a) {
				continue
			}
			if given := p.given(a, l); given.Allowed {
				return p.lent(a, l, via, given)
			}
		}
	}
	return d
}

func (l *Loan) covers(a Ask) bool {
	return a.At.Before(l.Until) && slices.Contains(l.Kinds, a.Kind) && slices.Contains(l.Areas, a.Area)
}

// given is what the giver of a loan may do in the place of the one who asks, without loans. Who is no administrator any more
// lends nothing.
func (p *Policy) given(a Ask, l *Loan) Decision {
	a.Who, a.Overlay = p.Who(l.By, l.ByGroups), nil
	if !p.Administrator(a.Who) {
		return Decision{}
	}
	return p.Decide(a)
}

// lent is what the giver is allowed, as the borrower's: with the giver's confirmation, and the borrower's budgets.
func (p *Policy) lent(a Ask, l *Loan, via string, given Decision) Decision {
	d := Decision{Allowed: true, Rule: l.Rule(), Via: via, Confirm: given.Confirm, Charges: a.Who.charges[kindIndex(a.Kind)]}
	p.addSpecial(&d, a.Who, a.Kind, given.special)
	return d
}

// lending yields the names that loans on a host have. A star stands for no A-label, as in grants.
func (o *Overlay) lending(host string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		plain := true
		for name := range above(host) {
			if name[0] == '.' && !plain || !yield(name) {
				return
			}
			plain = plain && !strings.HasPrefix(strings.TrimPrefix(name, "."), "xn--")
		}
	}
}

// borrows says whether a loan is for w, and through which group. It is never for its giver, under any account.
func (p *Policy) borrows(w Who, l *Loan) (via string, is bool) {
	if p.SamePerson(w.subject, l.By) {
		return "", false
	}
	if l.To == string(w.subject) {
		return "", true
	}
	if n, known := p.names.numbers[l.To]; known && n != everyone {
		if m := w.named.find(n); m != nil {
			return m.via, true
		}
	}
	if slices.Contains(w.groups, Subject(l.To)) {
		return l.To, true
	}
	return "", false
}

// Loans returns what w holds of an overlay's loans now, by id, whether or not their givers may still purge all of it.
func (p *Policy) Loans(w Who, o *Overlay, at time.Time) (held []*Loan) {
	if o == nil || w.policy != p {
		return nil
	}
	for _, all := range o.loans {
		for _, l := range all {
			if _, covered := p.borrows(w, l); covered && at.Before(l.Until) {
				held = append(held, l)
			}
		}
	}
	slices.SortFunc(held, func(a, b *Loan) int { return strings.Compare(a.ID, b.ID) })
	return held
}

// lentOn says whether some loan, whatever it is for, is for the one who asks and on that host.
func (p *Policy) lentOn(a *Ask) bool {
	if a.Overlay == nil {
		return false
	}
	for name := range a.Overlay.lending(a.Target.Host()) {
		for _, l := range a.Overlay.loans[name] {
			if _, covered := p.borrows(a.Who, l); covered && a.At.Before(l.Until) {
				return true
			}
		}
	}
	return false
}
