// Package storetest is the conformance suite of bot/store: the behaviour that a database must show before purgebot works
// on it. The suite knows no database by name and opens none by itself. Tests look at a store through its methods only,
// except tests in the role of an insider who edits rows by hand.
package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/store"
	"purgebot/purge"
)

// Run runs the suite. The function open makes a new database. The function reopen closes s and opens the same database
// again, as after a restart.
func Run(t *testing.T, open func(*testing.T) *store.Store, reopen func(*testing.T, *store.Store) *store.Store) {
	// The map lists every test of the suite.
	for name, test := range map[string]func(*testing.T, world){
		"events":           events,
		"purges":           purges,
		"recent":           recent,
		"history":          history,
		"known":            recentKnows,
		"counted":          counted,
		"decisions":        decisions,
		"races":            races,
		"ledger":           ledger,
		"quota":            quota,
		"outcomes":         outcomes,
		"cards":            cards,
		"reminders":        reminders,
		"audit":            audit,
		"tampering":        tampering,
		"rearranging":      rearranging,
		"verifying beside": verifyingBeside,
		"prune rules":      pruneRules,
		"prune":            prune,
		"rules":            rules,
		"frozen":           frozen,
		"freeze race":      freezeRace,
		"budgets":          budgets,
		"charged at once":  chargedAtOnce,
		"notices":          notices,
		"feed":             feeding,
		"refunds":          refunds,
		"last budget":      lastBudget,
		"model":            budgetModel,
		"durations":        durations,
		"spent by":         spentBy,
		"just purged":      lastPurged,
		"beside":           beside,
		"unclear":          unclear,
		"learning":         learning,
		"running":          running,
		"joined":           joined,
		"rejoined":         rejoined,
		"joined at once":   joinedAtOnce,
		"turns":            turns,
		"turns too far":    tooFar,
		"turns kept":       turnsRestart,
		"turns by a clock": turnsClock, "turns too far by a clock": turnsClockTooFar,
		"rests":            rests,
		"split":            split,
		"split whole":      splitWhole,
		"revise":           revise,
		"redraw":           redraw,
		"waiting":          waiting,
		"timeline":         timeline,
		"long":             longTimeline,
		"restart":          restart,
		"repetition":       repetition,
		"giving up":        givingUp,
		"follows":          follows,
		"all or nothing":   followsOrNothing,
		"forgotten before": followsWhatIsForgotten,
	} {
		// Each test opens its own database.
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, world{open, reopen})
		})
	}
}

// world opens the databases of a test.
type world struct {
	open   func(*testing.T) *store.Store
	reopen func(*testing.T, *store.Store) *store.Store
}

const (
	alice   = acl.Subject("slack:T1/U1")
	bob     = acl.Subject("slack:T1/U2")
	channel = acl.Subject("slack:T1/C1")
)

// noon is the time of every action in a test, unless the test names another.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// event returns the nth event.
func event(n int) store.Event {
	return store.Event{Platform: "slack", Workspace: "T1", ID: fmt.Sprintf("Ev%d", n), Digest: fmt.Sprintf("digest %d", n)}
}

// idOf returns the id of the purge made by the nth event.
func idOf(n int) string {
	sum := sha256.Sum256(fmt.Append(nil, n))
	return hex.EncodeToString(sum[:])
}

// entry returns an audit row of Alice.
func entry(what store.AuditKind, id string) store.Entry {
	return store.Entry{At: noon, Who: alice, Name: "Alice", What: what, Purge: id, Body: json.RawMessage(`{"n":1}`)}
}

// targets parses URLs.
func targets(t testing.TB, urls ...string) (parsed []purge.Target) {
	for _, u := range urls {
		target, err := purge.Parse(purge.URL, u)
		require.NoError(t, err)
		parsed = append(parsed, target)
	}
	return parsed
}

// order returns the nth purge, with two hosts and two areas in three batches. The order of the batches differs from the
// order of the request.
func order(t testing.TB, n int) (store.Purge, []purge.Batch) {
	both := targets(t, "https://www.test.com/1.jpg", "https://www.abc.com/a?q=1", "https://www.test.com/2.jpg")
	one := targets(t, "https://www.test.com/1.jpg")
	p := store.Purge{
		ID: idOf(n), Secret: "5ec7e7" + idOf(n)[:8], Event: event(n), Requester: alice, Name: "Alice", Groups: []acl.Subject{"slack:T1/S1"},
		Thread: json.RawMessage(`{"channel":"C1"}`), Channel: channel,
		Request: purge.Request{Kind: purge.URL, Parts: []purge.Part{{Area: purge.Overseas, Targets: both}, {Area: purge.Mainland, Targets: one}}},
		Digest:  "digest", Policy: "policy", Confirm: "requester", Reason: "stale “logo”", Private: true, Notes: []string{"a repeated one was left out"},
		CreatedAt: noon,
	}
	return p, []purge.Batch{
		{N: 0, Kind: purge.URL, Area: purge.Overseas, Targets: []purge.Target{both[2], both[0]}},
		{N: 1, Kind: purge.URL, Area: purge.Overseas, Targets: []purge.Target{both[1]}},
		{N: 2, Kind: purge.URL, Area: purge.Mainland, Targets: one},
	}
}

// record records the nth purge after applying the changes.
func record(t testing.TB, s *store.Store, n int, changes ...func(*store.Purge)) store.Purge {
	p, batches := order(t, n)
	for _, change := range changes {
		change(&p)
	}
	stored, err := s.Record(t.Context(), p, batches, entry("asked", p.ID))
	require.NoError(t, err)
	return stored
}

// ask records the nth purge and makes it wait for a decision.
func ask(t testing.TB, s *store.Store, n int) store.Purge {
	p := record(t, s, n)
	_, err := s.Asked(t.Context(), p.ID, json.RawMessage(`{"id":"1"}`), noon.Add(10*time.Minute))
	require.NoError(t, err)
	return p
}

// whats returns the kinds of the audit rows of a purge.
func whats(t testing.TB, s *store.Store, id string) (whats []string) {
	entries, err := s.Audit(t.Context(), id)
	require.NoError(t, err)
	for _, e := range entries {
		whats = append(whats, string(e.What))
	}
	return whats
}

// stateOf returns the state of a purge.
func stateOf(t testing.TB, s *store.Store, id string) store.State {
	p, found, err := s.Purge(t.Context(), id)
	require.NoError(t, err)
	require.True(t, found)
	return p.State
}

// cardOf returns a card that must exist.
func cardOf(t testing.TB, s *store.Store, id string, role store.Role) store.Card {
	c, found, err := s.CardOf(t.Context(), id, role)
	require.NoError(t, err)
	require.True(t, found)
	return c
}

// intact verifies the audit.
func intact(t testing.TB, s *store.Store) {
	verified, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.Nil(t, verified.Broken)
}
