package acl

import (
	"slices"
	"strings"
)

// Whoami says how the file itself knows w: the name it has among the people, "" if it has none, and the groups of the file
// that it is in, by name, directly or through other groups. Groups of a platform are not among them.
func (p *Policy) Whoami(w Who) (person string, groups []string) {
	if w.policy != p {
		return "", nil
	}
	if owner, owned := p.names.owner[w.subject]; owned {
		person = p.names.texts[owner]
	}
	for _, m := range w.named.members {
		if name := p.names.texts[m.principal]; m.via == name && !strings.Contains(name, ":") { // a subject has a colon
			groups = append(groups, name)
		}
	}
	slices.Sort(groups)
	return person, groups
}
