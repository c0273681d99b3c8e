package acl

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"purgebot/purge"
)

// explain words the decision d on a for the person who asked. It names the refused part of the ask only to
// people with a grant on the host; for other people an unknown host and a forbidden one read alike. Times are
// in UTC, and also in the zone of a.At if that differs.
func (p *Policy) explain(a Ask, d Decision) string {
	host := a.Target.Host()
	if d.Allowed {
		return allowed(d)
	}
	// Hide the rules from people without a grant on the host.
	held := p.held(a.Who, host)
	lent := p.holdsLoan(&a, host)
	if len(held) == 0 && !lent {
		return fmt.Sprintf("No rule lets you purge %s. You are %s.%s", host, a.Who.subject, p.ask())
	}
	// Name the freeze or denial that refused the ask.
	if d.Denied && d.Frozen != nil {
		return sayFrozen(d.Frozen)
	}
	if d.Denied {
		return fmt.Sprintf("%s is closed by the rule %q.%s", a.Target, d.Rule, p.ask())
	}
	if len(held) == 0 {
		return fmt.Sprintf("Your temporary grant on %s does not cover this, or the person who gave it may not do it either.", host) + p.ask()
	}
	return p.nearest(&a, held) + p.ask()
}

func allowed(d Decision) string {
	s := "Allowed by the rule " + strconv.Quote(d.Rule)
	if d.Via != "" {
		s += ", through " + d.Via
	}
	switch d.Confirm {
	case Requester:
		return s + ", after a confirmation."
	case SecondPerson:
		return s + ", after a second person's approval."
	}
	return s + "."
}

func sayFrozen(f *Freeze) string {
	return fmt.Sprintf("%s%s is frozen until %s: %q. Wait, or ask for /purge unfreeze.", f.Domain, f.Path, stamp(f.Until), f.Reason)
}

// holdsLoan reports whether a current loan on the host is for the person who asks.
func (p *Policy) holdsLoan(a *Ask, host string) bool {
	if a.overlay == nil || a.Who.policy != p {
		return false
	}
	for l := range p.lent(a.Who, a.overlay, host) {
		if l.lasts(a.At) {
			return true
		}
	}
	return false
}

func (p *Policy) ask() string {
	if p.contact == "" {
		return " Ask those who keep the policy file."
	}
	return " Ask " + p.contact + "."
}

// Holds reports whether some grant covers this person on this host, whatever its other fields are.
func (p *Policy) Holds(w Who, host string) bool { return len(p.held(w, host)) > 0 }

// maxHeld bounds the grants that a refusal examines, so that a person with a million grants on one host is
// refused quickly.
const maxHeld = 64

// held returns grants that cover w on host, in rank.
func (p *Policy) held(w Who, host string) (rules []int32) {
	if w.policy != p {
		return nil
	}
	for s := range p.index.granting(host) {
		rules = s.whole.heldBy(w.named, rules)
		if s.more != nil {
			rules = s.more.held.heldBy(w.named, rules)
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// granting yields the sites whose grants may cover a host.
func (x *index) granting(host string) func(yield func(*site) bool) {
	return func(yield func(*site) bool) {
		for name := range starred(host) {
			if s := x.sites.get(name); s != nil && !yield(s) {
				return
			}
		}
	}
}

// starred yields the index's names of the domains that cover a host in grants: the host, and each "*." above
// it, as in search.host.
func starred(host string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for more := yield(host); more && !strings.HasPrefix(host, "xn--"); host = host[1:] {
			i := strings.IndexByte(host, '.')
			if i < 0 {
				return
			}
			host = host[i:]
			more = yield(host)
		}
	}
}

// heldBy appends the rules that name a member of the circle.
func (s *spot) heldBy(c *circle, rules []int32) []int32 {
	if s.table == nil {
		for _, e := range s.entries {
			if c.has(e.who) {
				rules = append(rules, e.rule)
			}
		}
		return rules
	}
	for _, m := range c.members {
		for _, in := range []principal{0, anywhere} {
			for _, e := range s.run(s.table.get(key(m.principal, in)), maxHeld) {
				rules = append(rules, e.rule)
			}
		}
	}
	return rules
}

// The fields of a grant that an ask can miss, in the order of explanation.
const (
	missesKind = 1 << iota
	missesArea
	missesScheme
	missesChannel
	missesPath
	missesWindow
)

// nearest describes the held grant that misses the fewest fields, and the first field that it misses.
func (p *Policy) nearest(a *Ask, held []int32) string {
	best, missed := &p.grants[held[0]], ^0
	for _, n := range held {
		g := &p.grants[n]
		if m := p.misses(a, g); bits.OnesCount(uint(m)) < bits.OnesCount(uint(missed)) {
			best, missed = g, m
		}
	}
	return p.say(a, best, missed&-missed)
}

func (p *Policy) misses(a *Ask, g *rule) (m int) {
	if !slices.Contains(g.kinds.texts(kinds), string(a.Kind)) {
		m |= missesKind
	}
	if !slices.Contains(g.areas.texts(areas), string(a.Area)) {
		m |= missesArea
	}
	if !slices.Contains(g.schemes.texts(schemes), a.Target.Scheme()) {
		m |= missesScheme
	}
	if in := p.channel(a); len(g.in) > 0 && in != anywhere && !slices.Contains(g.in, in) {
		m |= missesChannel
	}
	if len(g.paths) > 0 && (!literal(a.Target) || !under(a.Target.Path(), g.paths)) {
		m |= missesPath
	}
	if !a.instant().due(g.window, false) {
		m |= missesWindow
	}
	return m
}

func under(path string, paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(path, p) })
}

func (p *Policy) say(a *Ask, g *rule, missed int) string {
	host := a.Target.Host()
	switch missed {
	case missesKind:
		if a.Kind == purge.Directory {
			return fmt.Sprintf("You may purge URLs on %s, not directories.", host)
		}
		return fmt.Sprintf("You may purge directories on %s, not URLs.", host)
	case missesArea:
		return fmt.Sprintf("You may purge %s in %s, not %s.", host, either(g.areas.texts(areas)), a.Area)
	case missesScheme:
		return fmt.Sprintf("You may purge %s://%s, not %s://.", either(g.schemes.texts(schemes)), host, a.Target.Scheme())
	case missesChannel:
		return fmt.Sprintf("You may purge %s in %s, not here.", host, either(p.texts(g.in)))
	case missesPath:
		return sayPath(a.Target, g.paths)
	case missesWindow:
		return fmt.Sprintf("You may purge %s %s.", host, g.window.on(a.At.Location()))
	}
	return fmt.Sprintf("No one rule lets you purge %s.", a.Target)
}

func sayPath(t purge.Target, paths []string) string {
	switch escape := encoded(t.Path()); {
	case !under(t.Path(), paths):
		return fmt.Sprintf("You may purge %s on %s, not %s.", either(paths), t.Host(), t.Path())
	case escape != "" && strings.Contains("/.;", string(purge.Unescape([]byte(escape)))):
		return fmt.Sprintf("You may purge %s on %s, but not with %s in the path, which can be read in two ways; type the character itself.", either(paths), t.Host(), escape)
	case escape != "":
		return fmt.Sprintf("You may purge %s on %s, but not with %s in the path, which can be read in two ways; only a grant of the whole host covers it.", either(paths), t.Host(), escape)
	}
	return fmt.Sprintf("You may purge %s on %s; type the address without the part after #.", either(paths), t.Host())
}

const maxNamed = 5

// either joins texts with "or", at most maxNamed of them.
func either(texts []string) string {
	if more := len(texts) - maxNamed; more > 0 {
		texts = append(slices.Clone(texts[:maxNamed]), fmt.Sprintf("%d more", more))
	}
	if len(texts) < 2 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:len(texts)-1], ", ") + " or " + texts[len(texts)-1]
}

func (p *Policy) texts(of []principal) (texts []string) {
	for _, n := range of {
		texts = append(texts, p.names.texts[n])
	}
	return texts
}

// GrantView is a grant in the form shown to a person whom it covers. Empty Paths and In mean all.
type GrantView struct {
	Name, Via string // Via as in Decision
	Domains   []string
	Paths     []string
	Schemes   []string
	Kinds     []purge.Kind
	Areas     []purge.Area
	In        []Subject
	Confirm   Confirm
	From      time.Time // beginning and end; zero means no bound
	Until     time.Time
	By        Subject // giver of a loan from chat; "" for a grant of the file
}

// Grants returns the grants of this person, by name. Denials may close some of them.
func (p *Policy) Grants(w Who) (views []GrantView) {
	if w.policy != p {
		return nil
	}
	for i := range p.grants {
		if via, covered := w.named.via(p.grants[i].to); covered {
			views = append(views, p.view(&p.grants[i], via))
		}
	}
	slices.SortStableFunc(views, func(a, b GrantView) int { return strings.Compare(a.Name, b.Name) })
	return views
}

// via returns the way in which a circle belongs to principals: the name of a group, or "" for the direct way.
func (c *circle) via(to []principal) (via string, is bool) {
	for _, p := range to {
		if m := c.find(p); m != nil && (!is || m.via < via) {
			via, is = m.via, true
		}
	}
	return via, is
}

func (p *Policy) view(g *rule, via string) GrantView {
	return GrantView{
		Name: g.name, Via: via, Confirm: g.confirm, From: moment(g.window.from), Until: moment(g.window.until),
		Domains: slices.Clone(g.domains), Paths: slices.Clone(g.paths), Schemes: g.schemes.texts(schemes),
		Kinds: typed[purge.Kind](g.kinds.texts(kinds)), Areas: typed[purge.Area](g.areas.texts(areas)), In: typed[Subject](p.texts(g.in)),
	}
}

func typed[T ~string](texts []string) (typed []T) {
	for _, s := range texts {
		typed = append(typed, T(s))
	}
	return typed
}
