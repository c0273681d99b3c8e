package acl

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSubjectsAreAllThatTheFileNames checks that Subjects is complete: a group that no chat is asked about has
// no members.
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

func TestSubjectsHaveShapes(t *testing.T) {
	t.Parallel()
	for text, whole := range map[string]bool{
		"terminal:alice": true, "terminal:ci/deploy-1_a.b": true,
		"terminal:": false, "terminal:al ice": false, "terminal:alice*": false, "terminal:Ünal": false,
		"slack:T0/U1": true, "slack:E0/W1": true, "slack:T0/S1": true, "slack:T0/C1": true,
		"slack:T0": false, "slack:/U1": false, "slack:T0/": false, "slack:T0/U": false, "slack:T/U1": false, "slack:T0/alice": false, "slack:T0/U1*": false,
		"slack:U0/U1": false, "slack:T0/T1": false, "slack:t0/U1": false, "slack:T0/U1/U2": false,
		"discord:1/2": true, "discord:1/role/2": true,
		"discord:1": false, "discord:/2": false, "discord:1/": false, "discord:1/role/": false, "discord:x/2": false, "discord:1/x": false, "discord:1*/2": false,
		"discord:1/2*": false, "discord:1/role/1": false, "discord:1/roles/2": false,
		"": false, "alice": false, "irc:a/b": false,
	} {
		s, err := ParseSubject(text)
		assert.Equal(t, whole, err == nil, text)
		assert.Equal(t, whole, text != "" && s == Subject(text), text)
	}
}
