package acl

import "slices"

// principal is a subject, person or group that rules name, by number. Zero is nobody.
type principal int32

const everyone principal = 1 // "*", in denials only

// names are the people and groups of one file, and every subject that it mentions.
// The name of a person or a group has no colon and a subject has one, so that one table holds them all.
type names struct {
	numbers  map[string]principal
	texts    []string // by principal
	owner    map[Subject]principal
	accounts map[principal][]Subject
	in       map[principal][]principal // the groups that list this one
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

// number returns the principal of s, a new one if need be.
func (n *names) number(s string) principal {
	p, found := n.numbers[s]
	if !found {
		p = principal(len(n.texts))
		n.numbers[s] = p
		n.texts = append(n.texts, s)
	}
	return p
}

// Who is a subject with its groups, resolved against one policy. It is nobody to every other policy.
type Who struct {
	policy  *Policy
	subject Subject
	named   *circle // whom grants may name to mean this subject
	covered *circle // whom denials may name: also the person's other accounts, and everyone
	also    *also
}

// also is what else is known of somebody.
type also struct {
	groups  []Subject   // of the platform
	charges [2][]Charge // by kind: the budgets that count whatever the grant
}

// Subject returns the subject that this is.
func (w Who) Subject() Subject { return w.subject }

// circle is the principals that somebody is, each with the group that says so ("" if named directly).
type circle struct {
	members []member
	table   table
}

type member struct {
	principal principal
	via       string
}

// find returns the member that is p, or nil.
func (c *circle) find(p principal) *member {
	if s := c.table.get(uint64(p)); s.key != 0 {
		return &c.members[s.at]
	}
	return nil
}

func (c *circle) has(p principal) bool { return c.find(p) != nil }

// Who resolves a subject. The platform groups are those that the platform says it is in now; the groups of the file, and
// the person behind the account, are found here. What a rule grants to one account it does not grant to the person's others,
// unless it names the person; what it denies to one account it denies to all of them.
func (p *Policy) Who(s Subject, platformGroups []Subject) Who {
	w := Who{policy: p, subject: s, also: &also{groups: platformGroups}}
	direct := []string{string(s)}
	owner, owned := p.names.owner[s]
	if owned {
		direct = append(direct, p.names.texts[owner])
	}
	w.named = p.names.circle(direct, platformGroups)
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

// circle closes what somebody is under the groups of the file. Named directly comes first, then the order of names.
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

// SamePerson says whether a and b are accounts of one person: as the file's people say, else byte for byte.
func (p *Policy) SamePerson(a, b Subject) bool {
	owner, owned := p.names.owner[a]
	return a == b || owned && owner == p.names.owner[b]
}

// Administrator says whether w may freeze, grant and see every rule's name.
func (p *Policy) Administrator(w Who) bool { return p.listed(w, p.administrators) }

// Auditor says whether w may see everybody's purges.
func (p *Policy) Auditor(w Who) bool { return p.listed(w, p.auditors) }

func (p *Policy) listed(w Who, names []principal) bool {
	return w.policy == p && slices.ContainsFunc(names, w.named.has)
}

// Subjects returns every subject that the file names, so that a chat can look up the groups among them.
func (p *Policy) Subjects() []Subject {
	var all []Subject
	for _, text := range p.names.texts {
		if s, err := ParseSubject(text); err == nil {
			all = append(all, s)
		}
	}
	return all
}
