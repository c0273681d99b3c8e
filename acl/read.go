package acl

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"purgebot/purge"
)

// reader turns the nodes of a file into rules. It continues after a problem, so that one reading finds all
// problems.
type reader struct {
	names          *names
	people, groups map[string]bool // names that the file defines
	budgets        map[string]bool // names of grants with a budget
	grants         []rule
	denials        []rule
	tests          []test
	powers
	areas    map[string]purge.Area
	contact  string
	problems []mistake
	cells    int // expected size of the index
}

func (r *reader) problem(pos int, format string, args ...any) {
	r.problems = append(r.problems, mistake{pos, fmt.Sprintf(format, args...)})
}

func (r *reader) wrong(n node, format string, args ...any) { r.problem(int(n.pos), format, args...) }

func (r *reader) fileError(name, src string) *FileError {
	slices.SortStableFunc(r.problems, func(a, b mistake) int { return cmp.Compare(a.pos, b.pos) })
	return &FileError{Name: name, Problems: place(src, r.problems)}
}

// policy returns the indexed policy.
func (r *reader) policy() *Policy {
	p := newPolicy(r.names, r.grants, r.denials)
	p.powers = r.powers
	p.areas, p.contact = r.areas, r.contact
	if len(p.grants) == 0 {
		p.warnings = append(p.warnings, "no grants: nobody may purge anything")
	}
	return p
}

func newPolicy(n *names, grants, denials []rule) *Policy {
	rank(grants)
	rank(denials)
	p := &Policy{names: n, grants: grants, denials: denials, index: newIndex(grants, denials)}
	for _, rules := range [][]rule{grants, denials} {
		p.channels = p.channels || slices.ContainsFunc(rules, func(r rule) bool { return len(r.in) > 0 })
	}
	return p
}

// keysOf lists the permitted keys of a mapping.
type keysOf struct {
	what  string
	known []string
}

var (
	fileKeys = keysOf{what: "the file", known: []string{"version", "contact", "people", "groups", "administrators", "auditors",
		"emergency", "freezes", "leaks", "quota", "domains", "defaults", "budgets", "grants", "denials", "tests"}}
	grantKeys = keysOf{what: "a grant", known: []string{"name", "to", "in", "domains", "paths", "schemes", "kinds", "areas", "confirm",
		"approvers", "budget", "from", "until"}}
	denialKeys  = keysOf{what: "a denial", known: []string{"name", "to", "in", "domains", "paths", "schemes", "kinds", "areas", "from", "until"}}
	testKeys    = keysOf{what: "a test", known: []string{"as", "groups", "in", "at", "kind", "area", "may", "may-not"}}
	freezeKeys  = keysOf{what: "freezes", known: []string{"override"}}
	leakKeys    = keysOf{what: "leaks", known: []string{"words"}}
	quotaKeys   = keysOf{what: "quota", known: []string{"reserve", "to"}}
	domainKeys  = keysOf{what: "a domain", known: []string{"area"}}
	defaultKeys = keysOf{what: "defaults", known: []string{"budget"}}
	budgetKeys  = keysOf{what: "a budget", known: []string{"url", "directory"}}
)

// fields calls each for the known keys of a mapping, and reports unknown keys.
func (r *reader) fields(n node, keys keysOf, each func(key string, value node)) {
	if n.shape != mapping {
		r.wrong(n, "%s stands where a mapping belongs; %s has %s", n.shape, keys.what, strings.Join(keys.known, ", "))
		return
	}
	if !r.is(n, mapping, "") {
		return
	}
	for i := 0; i < len(n.items); i += 2 {
		switch key := n.items[i]; {
		case slices.Contains(keys.known, key.text):
			each(key.text, n.items[i+1])
		default:
			r.wrong(key, "unknown key `%s`; %s has %s", key.text, keys.what, strings.Join(keys.known, ", "))
		}
	}
}

// is reports whether n has the wanted shape and is not empty.
func (r *reader) is(n node, want shape, hint string) bool {
	switch {
	case n.shape != want:
		r.wrong(n, "%s stands where %s belongs; %s", n.shape, want, hint)
	case want != scalar && len(n.items) == 0:
		r.wrong(n, "empty; fill it, or delete the key to leave it out")
	default:
		return true
	}
	return false
}

// elements returns the items of a list.
func (r *reader) elements(n node, hint string) []node {
	if n.shape == scalar && n.text != "" {
		hint = "write [" + n.text + "]"
	}
	if !r.is(n, list, hint) {
		return nil
	}
	return n.items
}

// entries calls each for the pairs of a mapping with free keys.
func (r *reader) entries(n node, hint string, each func(key, value node)) {
	if !r.is(n, mapping, hint) {
		return
	}
	for i := 0; i < len(n.items); i += 2 {
		each(n.items[i], n.items[i+1])
	}
}

// text returns the text of a scalar. Texts that YAML takes for a number, a truth value or null must be quoted.
func (r *reader) text(n node) string {
	if !r.is(n, scalar, "write text") {
		return ""
	}
	if n.text == "" {
		r.wrong(n, "empty text; write something, or delete the key")
	}
	if !n.quoted && untextual(n.text) {
		r.wrong(n, "YAML does not read %s as text; put it in quotes", n.text)
	}
	return n.text
}

func untextual(s string) bool {
	if len(s) <= len("false") && slices.Contains([]string{"~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"}, strings.ToLower(s)) {
		return true
	}
	if s == "" || strings.IndexByte("+-.0123456789", s[0]) < 0 {
		return false
	}
	_, notFloat := strconv.ParseFloat(s, 64)
	_, notInt := strconv.ParseInt(s, 0, 64)
	return notFloat == nil || notInt == nil
}

// file reads the sections of the file: names first, then the sections that use them, in whatever order the file
// has.
func (r *reader) file(top node) {
	sections := map[string]node{}
	r.fields(top, fileKeys, func(key string, value node) { sections[key] = value })
	if n, found := sections["version"]; top.shape == mapping && (!found || n.text != "1") {
		if !found {
			n = top
		}
		r.wrong(n, "write `version: 1`; this is the only version there is")
	}
	// Read people and groups.
	r.cast(sections)
	// Read the other sections.
	read := func(key string, section func(node)) {
		if n, found := sections[key]; found {
			section(n)
		}
	}
	read("contact", func(n node) { r.contact = r.text(n) })
	read("administrators", func(n node) { r.administrators = r.principals(n) })
	read("auditors", func(n node) { r.auditors = r.principals(n) })
	read("emergency", func(n node) { r.emergency = r.principals(n) })
	read("freezes", func(n node) { r.fields(n, freezeKeys, func(_ string, v node) { r.overrides = r.principals(v) }) })
	read("leaks", func(n node) { r.fields(n, leakKeys, func(_ string, v node) { r.leakWords = r.words(v) }) })
	read("quota", r.quota)
	read("domains", r.domains)
	read("defaults", func(n node) { r.fields(n, defaultKeys, func(_ string, v node) { r.each = r.budget(v, true) }) })
	read("budgets", r.groupBudgets)
	read("grants", func(n node) { r.rules(n, r.grant) })
	read("denials", func(n node) { r.rules(n, r.denial) })
	read("tests", func(n node) { r.rules(n, r.test) })
}

func (r *reader) rules(n node, one func(node)) {
	for _, item := range r.elements(n, "begin each with a dash") {
		one(item)
	}
}

// domains reads the default areas.
func (r *reader) domains(n node) {
	r.areas = map[string]purge.Area{}
	r.entries(n, "write `www.example.com: {area: overseas}`", func(key, value node) {
		host := r.domain(key, true)
		r.fields(value, domainKeys, func(_ string, v node) {
			area := r.choose(v, areas)
			if host != "" && area != 0 {
				r.areas[strings.TrimPrefix(host, "*")] = purge.Area(area.texts(areas)[0])
			}
		})
	})
}

// maxCells bounds the memory for a small file: a rule takes one cell for each combination of its subjects,
// channels, domains and paths.
const maxCells = 4_000_000

func (r *reader) grow(n node, rule *rule) {
	r.cells += max(1, len(rule.to)) * (1 + len(rule.in)) * max(1, len(rule.domains)) * max(1, len(rule.paths))
	if r.cells > maxCells {
		r.wrong(n, "up to here the rules name more than %d combinations of subject, channel, domain and path; put people in groups", maxCells)
		r.cells = 0
	}
}

func (r *reader) grant(n node) {
	g := rule{name: unnamed("grant", r.grants), schemes: both, kinds: 1, areas: 1}
	has := map[string]bool{}
	var approvers node
	r.fields(n, grantKeys, func(key string, v node) {
		has[key] = true
		switch key {
		case "confirm":
			g.confirm = r.confirm(v)
		case "budget":
			g.budget = r.budget(v, false)
		case "approvers":
			g.approvers, approvers = r.principals(v), v
		default:
			r.field(&g, key, v, false)
		}
	})
	// Report fields that do not fit together or are missing.
	if len(g.approvers) > 0 && g.confirm != SecondPerson {
		r.wrong(approvers, "`approvers` without `confirm: second-person` would never be asked; add it, or delete them")
	}
	r.counted(n, &g, has["name"])
	for _, key := range []string{"to", "domains"} {
		if n.shape == mapping && !has[key] {
			r.wrong(n, "a grant without `%s` grants nothing; add it", key)
		}
	}
	r.grow(n, &g)
	r.grants = append(r.grants, g)
}

// denial reads a denial. An omitted field means all.
func (r *reader) denial(n node) {
	d := rule{name: unnamed("denial", r.denials), to: []principal{everyone}, schemes: both, kinds: both, areas: both}
	r.fields(n, denialKeys, func(key string, v node) { r.field(&d, key, v, true) })
	r.grow(n, &d)
	r.denials = append(r.denials, d)
}

// unnamed returns the default name of a rule.
func unnamed(what string, before []rule) string { return what + " " + strconv.Itoa(1+len(before)) }

// field reads the fields that grants and denials share.
func (r *reader) field(to *rule, key string, v node, denial bool) {
	switch key {
	case "name":
		to.name = r.text(v)
	case "to":
		to.to = r.named(v, denial)
	case "in":
		to.in = r.inChannels(v)
	case "domains":
		to.domains = r.hosts(v, denial)
	case "paths":
		to.paths = r.paths(v)
	case "schemes":
		to.schemes = r.choices(v, schemes)
	case "kinds":
		to.kinds = r.choices(v, kinds)
	case "areas":
		to.areas = r.choices(v, areas)
	case "from", "until":
		r.window(&to.window, key, v)
	}
}

// words reads a list of words, folded to lower case.
func (r *reader) words(n node) (words []string) {
	for _, item := range r.elements(n, "write [leak, secret]") {
		words = append(words, strings.ToLower(r.text(item)))
	}
	return words
}

// quota reads the reserve of the account's units, and its users.
func (r *reader) quota(n node) {
	has := map[string]bool{}
	r.fields(n, quotaKeys, func(key string, v node) {
		has[key] = true
		switch key {
		case "reserve":
			r.reserve = r.budget(v, false)
		case "to":
			r.reservists = r.principals(v)
		}
	})
	if n.shape == mapping && !(has["reserve"] && has["to"]) {
		r.wrong(n, "a reserve has both: `reserve: {url: 500, directory: 10}`, and `to`, the people it is kept for")
	}
}

func (r *reader) confirm(n node) Confirm {
	c := Confirm(r.text(n))
	if c != Requester && c != SecondPerson {
		r.wrong(n, "write `confirm: requester` or `confirm: second-person`; a grant cannot ask for less than purgebot asks anyway")
	}
	return c
}

func (r *reader) choices(n node, pair [2]string) (c choice) {
	for _, item := range r.elements(n, "write a list of one or two") {
		c |= r.choose(item, pair)
	}
	return c
}

func (r *reader) choose(n node, pair [2]string) choice {
	text := r.text(n)
	i := slices.Index(pair[:], text)
	switch {
	case i >= 0:
		return 1 << i
	case text == "global" && pair == areas:
		r.wrong(n, "`global` is mainland and overseas, each decided by itself; in a rule write [mainland, overseas], and as a default area one of them")
	default:
		r.wrong(n, "write %s or %s", pair[0], pair[1])
	}
	return 0
}

// cast reads people and groups: first all names, then the members.
func (r *reader) cast(sections map[string]node) {
	r.people = r.define(sections, "people", nil)
	r.groups = r.define(sections, "groups", r.people)
	r.members(sections, "people", r.account)
	r.members(sections, "groups", r.member)
}

// define returns the names that a section defines. It reports names that are already taken.
func (r *reader) define(sections map[string]node, key string, taken map[string]bool) map[string]bool {
	defined := map[string]bool{}
	n, found := sections[key]
	if !found {
		return defined
	}
	r.entries(n, "write `name: [slack:T…/U…]`", func(name, _ node) {
		if r.text(name); strings.ContainsAny(name.text, ":*/ ") {
			r.wrong(name, "a name has no colon, star, slash or space; a subject belongs in the list")
		}
		if taken[name.text] {
			r.wrong(name, "`%s` names a person already; call the group something else", name.text)
		}
		defined[name.text] = true
	})
	return defined
}

func (r *reader) members(sections map[string]node, key string, one func(of principal, n node)) {
	n := sections[key]
	if n.shape != mapping {
		return
	}
	for i := 0; i < len(n.items); i += 2 {
		of := r.names.number(n.items[i].text)
		for _, item := range r.elements(n.items[i+1], "write [slack:T…/U…]") {
			one(of, item)
		}
	}
}

// account reads one account of a person.
func (r *reader) account(of principal, n node) {
	s := r.subject(n)
	switch owner, taken := r.names.owner[s]; {
	case s == "":
	case s.role() != person:
		r.wrong(n, "%s is not one person's account; put it in `groups`", s)
	case taken:
		r.wrong(n, "%s is an account of %s already; one account belongs to one person, once", s, r.names.texts[owner])
	default:
		r.names.number(string(s))
		r.names.owner[s] = of
		r.names.accounts[of] = append(r.names.accounts[of], s)
	}
}

// member reads one member of a group.
func (r *reader) member(of principal, n node) {
	m := r.principal(n)
	if m == 0 {
		return
	}
	if m == of || r.groups[n.text] && r.within(of, m, map[principal]bool{}) {
		r.wrong(n, "`%s` and `%s` contain each other; take one out of the other", r.names.texts[of], n.text)
		return
	}
	r.names.in[m] = append(r.names.in[m], of)
}

// within reports whether p is in the group, directly or through other groups.
func (r *reader) within(p, group principal, seen map[principal]bool) bool {
	seen[p] = true
	return slices.ContainsFunc(r.names.in[p], func(up principal) bool {
		return up == group || !seen[up] && r.within(up, group, seen)
	})
}

// named reads the `to` of a rule.
func (r *reader) named(n node, denial bool) (to []principal) {
	for _, item := range r.elements(n, "write a list of people, groups and subjects") {
		switch {
		case item.text != "*":
			to = append(to, r.principal(item))
		case denial:
			to = append(to, everyone)
		default:
			r.wrong(item, "\"*\" is for denials; a grant names its people and groups")
		}
	}
	return to
}

func (r *reader) principals(n node) []principal { return r.named(n, false) }

// principal reads the name of a person or group, or a subject.
func (r *reader) principal(n node) principal {
	text := r.text(n)
	switch {
	case strings.Contains(text, ":"):
		s := r.subject(n)
		if s == "" {
			return 0
		}
		if s.role() == channel {
			r.wrong(n, "%s is a channel; channels belong in `in`", s)
		}
	case text == "*":
		r.wrong(n, "\"*\" is for the `to` of denials; name people and groups")
		return 0
	case !r.people[text] && !r.groups[text]:
		r.wrong(n, "`%s` is no person or group of this file; define it under `people` or `groups`, or write the subject as `/purge whoami` shows it (names are not ids)", text)
		return 0
	}
	return r.names.number(text)
}

// subject reads a subject; its result is "" after a problem.
func (r *reader) subject(n node) Subject {
	text := r.text(n)
	if text == "" {
		return ""
	}
	s, err := ParseSubject(text)
	if err != nil {
		r.wrong(n, "%s", err)
	}
	return s
}

func (r *reader) inChannels(n node) (in []principal) {
	for _, item := range r.elements(n, "write a list of channels, as in [slack:T…/C…]") {
		if s := r.channel(item); s != "" {
			in = append(in, r.names.number(string(s)))
		}
	}
	return in
}

func (r *reader) channel(n node) Subject {
	s := r.subject(n)
	if s != "" && (s.role() == group || s.Platform() == "slack" && s.role() != channel) {
		r.wrong(n, "%s is no channel; `/purge whoami`, typed there, shows the channel's id", s)
		return ""
	}
	return s
}
