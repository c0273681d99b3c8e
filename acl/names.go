package acl

import "slices"

// principal is the number of a subject, person or group that rules name. Zero names none.
type principal int32

const everyone principal = 1 // "*", in denials only

// names are the people and groups of one file, and every subject in it. The name of a person or a group has no
// colon and a subject has one, so one table holds them all.
type names struct {
	numbers  map[string]principal
	texts    []string // by principal
	owner    map[Subject]principal
	accounts map[principal][]Subject
	in       map[principal][]principal // the groups that list a member
}

func newNames() *names {
	return &names{
		numbers:  map[string]principal{"*": everyone},
		texts:    []string{"", "*"},
		owner:    map[Subject]principal{},
		accounts: map[principal][]Subject{},
		in:       map[principal][]principal{},
	}
}

// number returns the principal of s, and adds it if needed.
func (n *names) number(s string) principal {
	p, found := n.numbers[s]
	if !found {
		p = principal(len(n.texts))
		n.numbers[s] = p
		n.texts = append(n.texts, s)
	}
	return p
}

// Who is a subject with its groups, resolved against one policy. For other policies it is a stranger.
type Who struct {
	policy  *Policy
	subject Subject
	named   *circle // the names by which grants mean this subject
	covered *circle // the names by which denials mean it: also the person's other accounts, and everyone
	also    *also
}

// also holds further facts about a subject.
type also struct {
	groups  []Subject   // platform groups
	charges [2][]Charge // by kind: the budgets that apply under every grant
}

// circle is all principals that a subject stands for, each with the group that includes it ("" for a direct
// name).
type circle struct {
	members []member
	table   table
}

type member struct {
	principal principal
	via       string
}

// find returns the member for p, or nil.
func (c *circle) find(p principal) *member {
	if s := c.table.get(uint64(p)); s.key != 0 {
		return &c.members[s.at]
	}
	return nil
}

func (c *circle) has(p principal) bool { return c.find(p) != nil }

// Who resolves a subject. The platform groups are the current ones according to the platform; the groups of the
// file, and the person behind the account, are found here. A grant for one account does not extend to the
// person's other accounts, unless it names the person; a denial of one account extends to all of them.
func (p *Policy) Who(s Subject, platformGroups []Subject) Who {
	w := Who{policy: p, subject: s, also: &also{groups: platformGroups}}
	direct := []string{string(s)}
	// Resolve the names by which grants mean the subject.
	owner, owned := p.names.owner[s]
	if owned {
		direct = append(direct, p.names.texts[owner])
	}
	w.named = p.names.circle(direct, platformGroups)
	// Add the names by which only denials mean it.
	direct = append(direct, "*")
	for _, account := range p.names.accounts[owner] {
		direct = append(direct, string(account))
	}
	w.covered = p.names.circle(direct, platformGroups)
	for kind := range w.also.charges {
		w.also.charges[kind] = p.chargesAlways(w, kind)
	}
	return w
}

// circle returns a subject's names and all groups of the file above them. Direct names come first, then groups
// in order of discovery.
func (n *names) circle(direct []string, platformGroups []Subject) *circle {
	var members []member
	found := map[principal]bool{}
	add := func(name, via string) {
		if p, known := n.numbers[name]; known && !found[p] {
			found[p] = true
			members = append(members, member{p, via})
		}
	}
	for _, name := range direct {
		add(name, "")
	}
	for _, g := range slices.Sorted(slices.Values(platformGroups)) {
		add(string(g), string(g))
	}
	for i := 0; i < len(members); i++ {
		for _, g := range n.in[members[i].principal] {
			add(n.texts[g], n.texts[g])
		}
	}
	return newCircle(members)
}

func newCircle(members []member) *circle {
	c := &circle{members, newTable(len(members))}
	for i, m := range members {
		c.table.put(slot{key: uint64(m.principal), at: int32(i)})
	}
	return c
}

// SamePerson reports whether a and b are accounts of one person of the file, or equal.
func (p *Policy) SamePerson(a, b Subject) bool {
	owner, owned := p.names.owner[a]
	return a == b || owned && owner == p.names.owner[b]
}

// Administrator reports whether w may freeze, grant and see the names of all rules.
func (p *Policy) Administrator(w Who) bool { return p.listed(w, p.administrators) }

// Auditor reports whether w may see all purges.
func (p *Policy) Auditor(w Who) bool { return p.listed(w, p.auditors) }

func (p *Policy) listed(w Who, names []principal) bool {
	return w.policy == p && slices.ContainsFunc(names, w.named.has)
}

// Subjects returns every subject in the file, so that a chat can look up the groups among them.
func (p *Policy) Subjects() []Subject {
	var all []Subject
	for _, text := range p.names.texts {
		if s, err := ParseSubject(text); err == nil {
			all = append(all, s)
		}
	}
	return all
}
