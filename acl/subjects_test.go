package acl

import (
	"slices"
	"testing"
)

// TestSubjectsAreAllThatTheFileNames: a group that a chat is not asked about is one that nobody is in.
func TestSubjectsAreAllThatTheFileNames(t *testing.T) {
	t.Parallel()
	p, err := Parse("acl.yaml", []byte(`version: 1
people: {alice: [slack:T0/U1]}
groups: {oncall: [slack:T0/S1]}
administrators: [slack:T0/S2]
auditors: [slack:T0/S3]
emergency: [slack:T0/S4]
freezes: {override: [slack:T0/S5]}
quota: {reserve: {url: 1}, to: [slack:T0/S6]}
grants:
  - {name: a, to: [slack:T0/S7], domains: [a.com], confirm: second-person, approvers: [slack:T0/S8]}
denials:
  - {name: b, to: [slack:T0/S9], domains: [a.com]}
`))
	if err != nil {
		t.Fatal(err)
	}
	all := p.Subjects()
	for _, s := range []Subject{"U1", "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9"} {
		if !slices.Contains(all, "slack:T0/"+s) {
			t.Errorf("%s is not among %s", s, all)
		}
	}
}
