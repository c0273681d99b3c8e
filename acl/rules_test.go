package acl_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/purge"
)

// TestRulesAreOneDoor checks that every answer depends on the file, freezes, temporary grants and the time.
func TestRulesAreOneDoor(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	policy, err := acl.Parse("acl.yaml", []byte(`version: 1
contact: "#cdn"
administrators: [slack:T0/UADM]
freezes: {override: [slack:T0/UADM]}
grants:
  - name: all
    to: [slack:T0/U1, slack:T0/UADM]
    domains: [www.test.com, "*.test.com"]
    kinds: [url, directory]
    areas: [mainland, overseas]
`))
	require.NoError(t, err)
	freeze := acl.Freeze{ID: "r-1", Domain: "www.test.com", Until: now.Add(time.Hour), By: "slack:T0/UADM", Reason: "release"}
	loan := acl.Loan{ID: "r-2", To: "slack:T0/U2", Domain: "www.test.com", Kinds: []purge.Kind{purge.URL}, Areas: []purge.Area{purge.Mainland},
		Until: now.Add(time.Hour), By: "slack:T0/UADM"}
	target, err := purge.Parse(purge.URL, "https://www.test.com/a")
	require.NoError(t, err)
	one := func(kind purge.Kind) purge.Request {
		return purge.Request{Kind: kind, Parts: []purge.Part{{Area: purge.Mainland, Targets: []purge.Target{target}}}}
	}
	both := acl.NewOverlay([]acl.Freeze{freeze}, []acl.Loan{loan})
	for name, c := range map[string]struct {
		who     acl.Subject
		rules   acl.Rules
		kind    purge.Kind
		despite acl.Despite
		allowed bool
		frozen  bool
	}{
		"the file alone":                    {"slack:T0/U1", policy.Now(nil, now), purge.URL, acl.Despite{}, true, false},
		"a freeze closes":                   {"slack:T0/U1", policy.Now(both, now), purge.URL, acl.Despite{}, false, true},
		"until it is over":                  {"slack:T0/U1", policy.Now(both, now.Add(time.Hour)), purge.URL, acl.Despite{}, true, false},
		"not where it is thawed":            {"slack:T0/U1", policy.Now(both, now).Thawed(), purge.URL, acl.Despite{}, true, false},
		"a reason alone overrides nothing":  {"slack:T0/U1", policy.Now(both, now), purge.URL, acl.Despite{All: true}, false, true},
		"those who may override":            {"slack:T0/UADM", policy.Now(both, now), purge.URL, acl.Despite{All: true}, true, false},
		"in spite of the freeze they named": {"slack:T0/UADM", policy.Now(both, now), purge.URL, acl.Despite{IDs: []string{"r-1"}}, true, false},
		"of no freeze that was said since":  {"slack:T0/UADM", policy.Now(both, now), purge.URL, acl.Despite{IDs: []string{"r-0"}}, false, true},
		"a loan lends":                      {"slack:T0/U2", policy.Now(acl.NewOverlay(nil, []acl.Loan{loan}), now), purge.URL, acl.Despite{}, true, false},
		"and what it fetches again":         {"slack:T0/U2", policy.Now(acl.NewOverlay(nil, []acl.Loan{loan}), now), purge.Prefetch, acl.Despite{}, true, false},
		"also thawed":                       {"slack:T0/U2", policy.Now(both, now).Thawed(), purge.URL, acl.Despite{}, true, false},
		"until it is over, too":             {"slack:T0/U2", policy.Now(both, now.Add(2*time.Hour)), purge.URL, acl.Despite{}, false, false},
		"nobody else is lent anything":      {"slack:T0/U3", policy.Now(both, now), purge.URL, acl.Despite{}, false, false},
		"no rules at all":                   {"slack:T0/U1", acl.Rules{}, purge.URL, acl.Despite{}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			for v := range c.rules.Judge(acl.Request{Who: policy.Who(c.who, nil), Purge: one(c.kind), Despite: c.despite}) {
				n++
				assert.Equal(t, c.allowed, v.Allowed)
				assert.Equal(t, c.frozen, v.ByFreeze())
				assert.Equal(t, target, v.Target)
				if !c.allowed {
					assert.NotPanics(t, func() { _ = c.rules.Explain(v) })
				}
			}
			assert.Equal(t, 1, n)
		})
	}
}
