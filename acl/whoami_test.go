package acl_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
)

func TestWhoami(t *testing.T) {
	t.Parallel()
	p, err := acl.Parse("acl.yaml", []byte(`version: 1
people: {alice: [slack:T0/UALICE], bob: [slack:T0/UBOB]}
groups: {web: [alice], all: [web, bob, "slack:T0/UX"], oncall: ["slack:T0/S1"], duty: [oncall]}
`))
	require.NoError(t, err)
	for _, test := range []struct {
		who    acl.Subject
		in     []acl.Subject
		person string
		groups []string
	}{
		{"slack:T0/UALICE", nil, "alice", []string{"all", "web"}},
		{"slack:T0/UBOB", []acl.Subject{"slack:T0/S1"}, "bob", []string{"all", "duty", "oncall"}},
		{"slack:T0/UX", []acl.Subject{"slack:T0/S9"}, "", []string{"all"}},
		{"slack:T0/UNOBODY", nil, "", nil},
	} {
		person, groups := p.Whoami(p.Who(test.who, test.in))
		assert.Equal(t, test.person, person, test.who)
		assert.Equal(t, test.groups, groups, test.who)
	}
	_, groups := p.Whoami(acl.Who{})
	assert.Empty(t, groups, "of another policy, nobody")
}
