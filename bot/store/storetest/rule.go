package storetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/store"
	"purgebot/purge"
)

// freeze returns a freeze that the nth event made.
func freeze(n int) store.Rule {
	return store.Rule{
		ID: store.RuleID(event(n)), Kind: store.Freeze, Platform: "slack", Workspace: "T1", Domain: "www.test.com", Path: "/a/",
		Until: noon.Add(2 * time.Hour), By: bob, ByName: "Bob", ByGroups: []acl.Subject{"slack:T1/S1"}, Reason: "a change", At: noon,
	}
}

// rules checks that freezes and grants are stored, found while they hold, and made once per event.
func rules(t *testing.T, w world) {
	s := w.open(t)
	active, before, err := s.Rules(t.Context(), noon)
	require.NoError(t, err)
	assert.Empty(t, active)

	// A freeze and a grant are added; the store assigns a missing id.
	want := freeze(1)
	got, duplicate, err := s.AddRule(t.Context(), want, event(1), entry("frozen", ""))
	require.NoError(t, err)
	assert.False(t, duplicate)
	assert.Equal(t, want, got)
	assert.Regexp(t, `^r-[0-9a-hjkmnp-tv-z]{8}$`, got.ID)
	grant := store.Rule{Kind: store.Grant, To: "slack:T1/U9", Domain: "*.abc.com", Kinds: []purge.Kind{purge.URL}, Areas: []purge.Area{purge.Mainland},
		Until: noon.Add(time.Hour), By: bob, At: noon.Add(time.Minute)}
	grant, _, err = s.AddRule(t.Context(), grant, event(2))
	require.NoError(t, err)
	assert.Equal(t, store.RuleID(event(2)), grant.ID, "assigned")

	// Both survive a restart, and each holds until its end.
	s = w.reopen(t, s)
	active, version, err := s.Rules(t.Context(), noon)
	require.NoError(t, err)
	assert.Equal(t, []store.Rule{want, grant}, active)
	assert.Greater(t, version, before)
	active, _, err = s.Rules(t.Context(), grant.Until)
	require.NoError(t, err)
	assert.Equal(t, []store.Rule{want}, active, "a rule no longer holds at the moment it ends")

	t.Run("delivered again", func(t *testing.T) {
		got, duplicate, err := s.AddRule(t.Context(), store.Rule{Kind: store.Freeze, Domain: "other.com", Until: noon.Add(time.Hour)}, event(1), entry("frozen", ""))
		require.NoError(t, err)
		assert.True(t, duplicate)
		assert.Equal(t, want, got)
		now, err := s.RulesVersion(t.Context())
		require.NoError(t, err)
		assert.Equal(t, version, now)
	})
	t.Run("another event's id", func(t *testing.T) {
		_, _, err := s.AddRule(t.Context(), want, event(3))
		require.Error(t, err)
		duplicate, err := s.Take(t.Context(), event(3), nil)
		require.NoError(t, err)
		assert.False(t, duplicate, "nothing of it is there")
	})
	revoking(t, s, want, grant)
}

// revoking checks that a rule is revoked once, and that a late revocation writes an audit row.
func revoking(t *testing.T, s *store.Store, freeze, grant store.Rule) {
	_, before, err := s.Rules(t.Context(), noon)
	require.NoError(t, err)
	at := noon.Add(time.Minute)
	for range 2 { // the second is a redelivery
		revoked, duplicate, err := s.RevokeRules(t.Context(), []string{freeze.ID, "r-00000000"}, alice, at, event(4), entry("unfrozen", ""))
		require.NoError(t, err)
		if duplicate {
			assert.Empty(t, revoked)
			continue
		}
		freeze.RevokedAt, freeze.RevokedBy = at, alice
		assert.Equal(t, []store.Rule{freeze}, revoked)
	}
	// The grant still holds, and the version has changed.
	active, version, err := s.Rules(t.Context(), noon)
	require.NoError(t, err)
	assert.Equal(t, []store.Rule{grant}, active)
	assert.Equal(t, before+1, version)
	stored, found, err := s.Rule(t.Context(), freeze.ID)
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, freeze, stored)

	// A second revocation and one after the end change nothing.
	revoked, _, err := s.RevokeRules(t.Context(), []string{freeze.ID}, bob, at, event(5), entry("unfrozen", ""))
	require.NoError(t, err)
	assert.Empty(t, revoked, "once")
	revoked, _, err = s.RevokeRules(t.Context(), []string{grant.ID}, bob, grant.Until, event(6), entry("revoked", ""))
	require.NoError(t, err)
	assert.Empty(t, revoked, "it has ended by itself")
	var what []string
	for m, err := range s.Timeline(t.Context(), store.Filter{}) {
		require.NoError(t, err)
		what = append(what, string(m.What))
	}
	slices.Sort(what)
	assert.Equal(t, []string{"duplicate", "duplicate", "frozen", "revoked too late", "revoked too late", "unfrozen"}, what)
	intact(t, s)
}

// frozen checks that no call begins under a freeze.
func frozen(t *testing.T, w world) {
	s := w.open(t)
	p := record(t, s, 1)
	// byFreeze stands for the policy, which names the freeze that stops a call.
	var asked [][]store.Rule
	byFreeze := func(active []store.Rule) string {
		asked = append(asked, active)
		for _, r := range active {
			if r.Kind == store.Freeze {
				return r.ID
			}
		}
		return ""
	}
	begin := func(batch int, at time.Time) (store.Call, bool) {
		c := callOf(p, batch)
		c.At = at
		c, fresh, err := s.Begin(t.Context(), c, 100, byFreeze, entry("sending", p.ID))
		require.NoError(t, err)
		return c, fresh
	}
	// The first batch leaves before the freeze.
	c, fresh := begin(0, noon)
	assert.True(t, fresh, "no rule, no freeze")
	rule, _, err := s.AddRule(t.Context(), freeze(2), event(2))
	require.NoError(t, err)

	// The second batch is stopped, and nothing is written.
	c2, fresh := begin(1, noon)
	assert.False(t, fresh)
	assert.Equal(t, []any{store.CallFrozen, rule.ID}, []any{c2.State, c2.Rule})
	assert.Equal(t, []store.Rule{rule}, asked[1])
	again, fresh := begin(0, noon)
	assert.False(t, fresh)
	assert.Equal(t, c, again, "what may have left is told as it is, whatever holds now")
	assert.Len(t, asked, 2)
	calls, err := s.Calls(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Len(t, calls, 1, "nothing is written")
	assert.Equal(t, 2, spent(t, s), "nor reserved")
	assert.Equal(t, []string{"asked", "sending"}, whats(t, s, p.ID))

	// The batch leaves after the end of the freeze, or after its revocation.
	_, fresh = begin(1, rule.Until)
	assert.True(t, fresh, "when it has ended")
	_, _, err = s.RevokeRules(t.Context(), []string{rule.ID}, bob, noon, event(3))
	require.NoError(t, err)
	_, fresh = begin(2, noon)
	assert.True(t, fresh, "when it is revoked")

	// A stopped purge is stopped without a look at the rules.
	_, err = s.Stop(t.Context(), p.ID, alice, event(4))
	require.NoError(t, err)
	n := len(asked)
	c, _ = begin(3, noon)
	assert.Equal(t, store.CallStopped, c.State)
	assert.Len(t, asked, n, "what is stopped is not asked about")
}

// freezeRace adds a freeze while calls begin. No call may begin after the freeze was committed.
func freezeRace(t *testing.T, w world) {
	s := w.open(t)
	p := record(t, s, 1)
	// committed is set once the freeze is stored.
	var mu sync.Mutex
	committed, late := false, 0
	any := func(active []store.Rule) string {
		if len(active) > 0 {
			return active[0].ID
		}
		return ""
	}
	var racing sync.WaitGroup
	racing.Go(func() {
		_, _, err := s.AddRule(t.Context(), freeze(2), event(2))
		assert.NoError(t, err)
		mu.Lock()
		committed = true
		mu.Unlock()
	})
	// A call that begins after the commit must be stopped.
	for n := range 20 {
		mu.Lock()
		after := committed
		mu.Unlock()
		_, fresh, err := s.Begin(t.Context(), callOf(p, n), 0, any)
		require.NoError(t, err)
		if after && fresh {
			late++
		}
	}
	racing.Wait()
	assert.Zero(t, late)
}
