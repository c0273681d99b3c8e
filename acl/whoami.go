package acl

import (
	"slices"
	"strings"
)

// Whoami returns the file's knowledge of w: the person's name, or "", and the direct and indirect groups of the
// file, by name. Groups of a platform are not included.
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
