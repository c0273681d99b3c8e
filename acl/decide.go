package acl

import (
	"slices"
	"strings"
	"time"

	"purgebot/purge"
)

// Ask is one question: may Who, in channel In, purge Target in Area? In is empty outside every channel: then no
// rule that lists channels matches.
type Ask struct {
	Who    Who
	In     Subject
	Kind   purge.Kind
	Area   purge.Area // mainland or overseas; "global" takes two asks
	Target purge.Target
	// At is the time of the purge, because the package reads no clock. Without it, grants with from or until
	// never cover the ask, and denials with from or until always do.
	At time.Time
	// Override asks to purge in spite of a freeze. It is ignored for people without that right in the file.
	Override bool

	overlay  *Overlay // freezes and loans said in chat; nil means none
	anywhere bool     // in any channel that a rule may list; for the tests of a file
	anytime  bool     // inside every window of a grant and outside every window of a denial; for the tests of a file
}

// DefaultDeny is the Rule of a decision without a matching rule.
const DefaultDeny = "default deny"

// Decision is the answer to an Ask. The zero Decision denies.
type Decision struct {
	Allowed bool
	Rule    string  // name of the grant or the denial, or DefaultDeny
	Via     string  // the group of the file or platform through which the rule applies; "" if the rule names the person directly
	Confirm Confirm // the strictest confirmation of all grants that cover the ask
	Denied  bool    // refused by a denial or a freeze
	Frozen  *Freeze // the freeze on the target, even if overridden; nil if there is none
	// Charges are the daily budgets that each target of this kind and area counts towards. Read only.
	Charges []Charge

	special *special
}

// special lists the covering grants with budgets or approvers, at least one.
type special struct {
	policy *Policy
	grants []int32
}

// decideByFile answers an Ask. Denials win; otherwise one grant must cover the whole ask. A malformed ask, or one
// whose Who belongs to another policy, is denied. The decision allocates nothing and takes as long with a
// million rules as with one.
func (p *Policy) decideByFile(a Ask) Decision {
	// Refuse questions that no rule can answer.
	covers := a.combination()
	if a.Who.policy != p || covers == 0 {
		return Decision{Rule: DefaultDeny}
	}
	// Search the rules of the file.
	s := search{policy: p, target: a.Target, kind: a.Kind, at: a.instant(), in: p.channel(&a), covers: covers,
		grant: best{circle: a.Who.named, rule: none}, denial: best{circle: a.Who.covered, rule: none}}
	s.host(&p.index)
	d := p.found(&s, a.Who)
	// Apply the freezes and loans from chat.
	if a.overlay != nil {
		return p.overlaid(&a, d)
	}
	return d
}

// found turns the result of a search into a decision.
func (p *Policy) found(s *search, who Who) (d Decision) {
	d.Rule = DefaultDeny
	if n := s.denial.rule; n != none {
		d.Rule, d.Denied = p.denials[n].name, true
		return d
	}
	g := &s.grant
	if g.rule == none {
		return d
	}
	r := &p.grants[g.rule]
	d.Allowed, d.Rule, d.Via, d.Confirm = true, r.name, g.via, r.confirm
	d.Charges = who.also.charges[kindIndex(s.kind)]
	if len(g.special) > 0 {
		slices.Sort(g.special)
		d.special = &special{p, append([]int32(nil), slices.Compact(g.special)...)} // a copy, so that the search stays off the heap
		d.Charges = p.charges(who, s.kind, d.special)
	}
	return d
}

// combination returns the single combination of the ask, or none if the ask is malformed.
func (a *Ask) combination() combinations {
	c := combinations(1)
	switch scheme := a.Target.Scheme(); scheme {
	case "https":
		c <<= 1
	case "http":
	default:
		return 0
	}
	switch a.Kind {
	case purge.Directory:
		if path := a.Target.Path(); path[len(path)-1] != '/' {
			return 0
		}
		c <<= 2
	case purge.URL:
	default:
		return 0
	}
	switch a.Area {
	case purge.Overseas:
		return c << 4
	case purge.Mainland:
		return c
	}
	return 0
}

func (p *Policy) channel(a *Ask) principal {
	switch {
	case a.anywhere:
		return anywhere
	case !p.channels || a.In == "*":
		return 0
	}
	return p.names.numbers[string(a.In)]
}

// search is one walk through the index.
type search struct {
	target        purge.Target
	kind          purge.Kind
	at            instant
	policy        *Policy // policy of the rules; nil if no rule is special
	in            principal
	covers        combinations
	grant, denial best
}

// host visits the rules about the host, and about "*." of each name above it. The star of a grant covers no
// A-label ("xn--…"), because IDNA implementations disagree about valid ones; the file must name such hosts.
func (s *search) host(x *index) {
	host := s.target.Host()
	s.denied(x.everywhere)
	s.site(x.sites.get(host), true)
	if x.wild == 0 {
		return
	}
	starred := true
	for labels := strings.Count(host, "."); labels > 0; labels-- {
		starred = starred && !strings.HasPrefix(host, "xn--")
		host = host[strings.IndexByte(host, '.'):]
		if x.wild.has(labels) {
			s.site(x.sites.get(host), starred)
		}
		host = host[1:]
	}
}

func (s *search) site(at *site, granting bool) {
	if at == nil {
		return
	}
	if granting {
		s.visit(&s.grant, &at.whole)
	}
	if m := at.more; m != nil {
		s.denied(m.denied)
		if granting && m.below.levels != 0 && literal(s.target) {
			s.walk(&s.grant, &m.below, s.target.Path())
		}
	}
}

func (s *search) denied(at *denied) {
	if at == nil {
		return
	}
	s.visit(&s.denial, &at.whole)
	if at.below.levels != 0 {
		s.deniedPath(at, s.target.Path())
	}
}

// deniedPath visits the denials on a directory above the target or, if the target is a directory, inside it.
func (s *search) deniedPath(at *denied, path string) {
	if !isFolded(path) {
		path = fold(path)
	}
	s.walk(&s.denial, &at.below, path)
	if above := at.above.get(path); above != nil && s.kind == purge.Directory {
		s.visit(&s.denial, above)
	}
}

// best is the first rule in rank, of the visited ones, that covers the ask for a member of the circle.
type best struct {
	circle  *circle
	rule    int32
	via     string
	special []int32 // special rules that cover the ask, unordered
}

const none int32 = 1<<31 - 1

// visit searches one spot.
func (s *search) visit(b *best, at *spot) {
	if at.table == nil {
		for i := range at.entries {
			s.try(b, &at.entries[i])
		}
		return
	}
	s.lookUp(b, at, 0)
	if s.in != 0 && at.channels {
		s.lookUp(b, at, s.in)
	}
}

// lookUp judges the entries of each member of the circle in one channel.
func (s *search) lookUp(b *best, at *spot, in principal) {
	entries := *at.table
	for _, m := range b.circle.members {
		if first := entries.get(key(m.principal, in)); first.key != 0 && (first.rule <= b.rule || at.special) {
			s.run(b, at, first, m.via)
		}
	}
}

// try judges one entry of any principal.
func (s *search) try(b *best, e *entry) {
	if e.covers&s.covers == 0 || e.in != 0 && e.in != s.in || e.rule > b.rule && !e.special {
		return
	}
	if m := b.circle.find(e.who); m != nil {
		s.consider(b, e, m.via)
	}
}

// run judges the entries of one principal and channel. The first entry that covers the ask counts, and so does
// every special one.
func (s *search) run(b *best, at *spot, first *slot, via string) {
	if !at.special {
		for _, e := range at.run(first, 8) {
			if e.covers&s.covers != 0 {
				b.take(e.rule, via)
				return
			}
		}
		return
	}
	for _, e := range at.run(first, len(at.entries)) {
		if e.covers&s.covers != 0 {
			s.consider(b, &e, via)
		}
	}
}

// consider takes a rule that covers the ask, if the time is in the rule's window.
func (s *search) consider(b *best, e *entry, via string) {
	if e.special {
		r, denies := s.read(b, e.rule)
		if !s.at.due(r.window, denies) {
			return
		}
		if r.budget != (budget{}) || len(r.approvers) > 0 {
			b.special = append(b.special, e.rule)
		}
	}
	b.take(e.rule, via)
}

// read returns the rule with number n, and whether it is a denial.
func (s *search) read(b *best, n int32) (r *rule, denies bool) {
	if b == &s.denial {
		return &s.policy.denials[n], true
	}
	return &s.policy.grants[n], false
}

// take keeps the rule if it ranks before the one kept. Of two ways into one rule, the direct one counts (""
// sorts first).
func (b *best) take(rule int32, via string) {
	if rule < b.rule || rule == b.rule && via < b.via {
		b.rule, b.via = rule, via
	}
}

// walk visits the spot of each directory on the path.
func (s *search) walk(b *best, p *paths, path string) {
	end := 0
	for level := 1; p.levels>>min(level, 63) != 0; level++ {
		name := strings.IndexByte(path[end:], '/')
		if name < 0 {
			return
		}
		end += name + 1
		if !p.levels.has(level) {
			continue
		}
		if at := p.spots.get(path[:end]); at != nil {
			s.visit(b, at)
		}
	}
}
