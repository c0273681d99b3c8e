package store

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/purge"
)

// TestPlans has SQLite say how it reads: by an index, never through all that there ever was.
func TestPlans(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "purgebot.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	when := time.Unix(1, 0)
	type query struct {
		text string
		args []any
	}
	of := func(text string, args ...any) query { return query{text, args} }
	history := func(f Filter) query { text, args := f.query(); return query{text, args} }
	moments := func(f Filter) query { text, args := f.moments(Entry{}); return query{text, args} }
	for name, c := range map[string]struct {
		query
		by     string // the index that it must be
		sorted bool   // nothing is left to be sorted, but what has the same time
	}{
		"rules":            {of(selectActive, 1), "pb_rule_active", false},
		"durations":        {of(selectDurations, purge.URL, `["mainland"]`, 100), "pb_purge_done", true},
		"spent by":         {of(selectSpentBy, "2026-11-21"), "pb_spent_by", false},
		"last purged":      {of(lastPurged(2), 1, "", 1, 2), "pb_sent_target (target=? AND at>?)", false},
		"beside":           {of(selectBeside, 1, purge.Mainland, "id", "a.example"), "pb_call_at", false},
		"unclear":          {of(selectUnclear, 1), "pb_purge_open", false},
		"running":          {of(selectRecent, "w", "c", "d", 1, 1, "id", "2026-11-21", purge.URL, "slack", "T1", 0, 0, 1), "SEARCH p USING INDEX pb_purge_open", false},
		"joined":           {of(selectRecent, "w", "c", "d", 1, 1, "id", "2026-11-21", purge.URL, "slack", "T1", 0, 0, 1), "SEARCH j USING INDEX pb_purge_", false},
		"cards of joined":  {of(`SELECT * FROM pb_card WHERE purge IN `+withJoined, "id"), "pb_purge_joined", false},
		"unsent":           {of(selectUnsent, "id"), "sqlite_autoindex_pb_call_1", false},
		"all history":      {history(Filter{}), "pb_purge_at", true},
		"a workspace's":    {history(Filter{Platform: "slack", Workspace: "T1", Since: when}), "pb_purge_at", true},
		"a state's":        {history(Filter{Platform: "slack", Workspace: "T1", State: StateFailed}), "pb_purge_state", true},
		"a host's":         {history(Filter{Platform: "slack", Workspace: "T1", Host: "a.example"}), "sqlite_autoindex_pb_host_1", true},
		"somebody's":       {history(Filter{Platform: "slack", Workspace: "T1", By: "slack:T1/U1"}), "pb_purge_requester", true},
		"timeline":         {moments(Filter{Since: when}), "pb_audit_at", true},
		"timeline of all":  {moments(Filter{}), "pb_audit_at", true},
		"timeline of some": {moments(Filter{Host: "a.example", By: "slack:T1/U1", State: StateFailed, Until: when}), "pb_audit_at", true},
	} {
		plan := strings.Join(explained(t, s, c.text, c.args), "\n")
		assert.Contains(t, plan, c.by, name)
		assert.NotRegexp(t, `(?m)SCAN (pb_\w+|[paht])$`, plan, name)
		if strings.Contains(plan, "pb_host") && !c.sorted || strings.Contains(plan, "SUBQUERY") {
			assert.NotRegexp(t, `(?m)pb_host_1 \(host=\?\)$`, plan, "%s: each row would look at all that its host ever was", name)
		}
		if c.sorted {
			assert.NotRegexp(t, `(?m)USE TEMP B-TREE FOR ORDER BY$`, plan, name)
		}
	}
}

func explained(t *testing.T, s *Store, query string, args []any) []string {
	lines, err := rows(t.Context(), s.db, func(r row) (line string, err error) {
		var id, parent, other int
		err = r.Scan(&id, &parent, &other, &line)
		return line, err
	}, `EXPLAIN QUERY PLAN `+query, args...)
	require.NoError(t, err)
	return lines
}
