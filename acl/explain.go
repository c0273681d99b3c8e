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

// explain says d, the decision on a, to the person who asked. Only somebody who holds a grant on the host learns which part
// of the ask was refused; to everybody else an unknown host and a forbidden one sound alike. Times are in UTC, and as the clock
// of a.At shows them where that is another.
func (p *Policy) explain(a Ask, d Decision) string {
	host := a.Target.Host()
	if d.Allowed {
		return allowed(d)
	}
	held := p.held(a.Who, host)
	lent := p.holdsLoan(&a, host)
	if len(held) == 0 && !lent {
		return fmt.Sprintf("No rule lets you purge %s. You are %s.%s", host, a.Who.subject, p.ask())
	}
	if d.Denied && d.Frozen != nil {
		return sayFrozen(d.Frozen)
	}
	if d.Denied {
		return fmt.Sprintf("%s is closed by the rule %q.%s", a.Target, d.Rule, p.ask())
	}
	if len(held) == 0 {
		return fmt.Sprintf("What you were granted on %s for a while does not cover this, or whoever granted it may not do it either.", host) + p.ask()
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

// holdsLoan says whether some loan on the host, whatever else it says, is for the one who asks.
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

// Holds says whether some grant, whatever its other fields, covers this person on this host.
func (p *Policy) Holds(w Who, host string) bool { return len(p.held(w, host)) > 0 }

// maxHeld bounds what a refusal looks at, so that a person with a million grants on one host is not refused slowly.
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

// granting yields the sites whose grants a host may have.
func (x *index) granting(host string) func(yield func(*site) bool) {
	return func(yield func(*site) bool) {
		for name := range starred(host) {
			if s := x.sites.get(name); s != nil && !yield(s) {
				return
			}
		}
	}
}

// starred yields what the index calls those domains of grants that a host may be of: its own, and each "*." above it, as in search.host.
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

// heldBy appends the rules that name one of a circle.
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

// The fields of a grant that an ask can miss, in the order in which they are told.
const (
	missesKind = 1 << iota
	missesArea
	missesScheme
	missesChannel
	missesPath
	missesWindow
)

// nearest says what the held grant that misses the fewest fields allows, and the first field that it misses.
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
	case escape != "" && strings.Contains("/.;", string(unescape([]byte(escape)))):
		return fmt.Sprintf("You may purge %s on %s, but not with %s in the path, which can be read in two ways; type the character itself.", either(paths), t.Host(), escape)
	case escape != "":
		return fmt.Sprintf("You may purge %s on %s, but not with %s in the path, which can be read in two ways; only a grant of the whole host covers it.", either(paths), t.Host(), escape)
	}
	return fmt.Sprintf("You may purge %s on %s; type the address without the part after #.", either(paths), t.Host())
}

const maxNamed = 5

// either joins texts, of which it names a few.
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

// GrantView is a grant as it may be shown to somebody whom it covers. No Paths and no In means all.
type GrantView struct {
	Name, Via string // Via as in Decision
	Domains   []string
	Paths     []string
	Schemes   []string
	Kinds     []purge.Kind
	Areas     []purge.Area
	In        []Subject
	Confirm   Confirm
	From      time.Time // when it begins and ends; zero is no bound
	Until     time.Time
	By        Subject // who gave it in chat; "" if it stands in the file
}

// Grants returns what this person may purge unless a denial says otherwise, by name.
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

// via returns how a circle is among principals: "" if directly.
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

// Concerns says whether w may be told the name of a rule: it lists this person, or w is an administrator.
// A denial for everyone lists nobody: its name would tell strangers of its hosts.
func (p *Policy) Concerns(w Who, name string) bool {
	if w.policy != p {
		return false
	}
	lists := func(r rule) bool {
		if r.name != name {
			return false
		}
		_, named := w.named.via(r.to)
		return named
	}
	return p.Administrator(w) || slices.ContainsFunc(p.grants, lists) || slices.ContainsFunc(p.denials, lists)
}
