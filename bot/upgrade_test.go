package bot

import (
	"archive/zip"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// pressing answers a question from before or after the kill.
func pressing(label string) func(*world, left) {
	return func(w *world, l left) { w.pressesOn(alice, w.named(l.name, label), label) }
}

// pressingAnew presses the second showing of a card whose first was not recorded; only the second counts.
func pressingAnew(w *world, l left) {
	about := func(m shown) bool { return called(m.card.Targets) == l.name }
	all := w.chat.all()
	stale := all[slices.IndexFunc(all, about)]
	m := w.chat.await(w.t, func(m shown) bool { return about(m) && m.ref != stale.ref && hasButton(m.card, "Purge") })
	w.pressesOn(alice, m, "Purge")
}

func approving(w *world, l left) { w.pressesOn(bob, w.named(l.name, "Purge"), "Purge") }

func releasing(w *world, l left) {
	form := w.releases(erin, w.named(l.name, "Purge without approval"))
	assert.Empty(w.t, w.sends(erin, form, map[string]string{"reason": why}))
}

// Purges that a kill under an older engine left in every possible state continue under this one, each to its one true end.
func TestOpenPurgesAreCarriedOn(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/open-*.zip")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			w, cdn := carriedOn(t, file)
			assertKept(t, w, file)
			for _, l := range leftOpen {
				if l.then != nil {
					l.then(w, l)
				}
			}
			w.settles()
			assertEnds(t, w, cdn)

			calls, messages := len(cdn.sent()), len(w.chat.all())
			w.stop()
			w.carryOn(cdn)
			w.settles()
			assert.Len(t, cdn.sent(), calls, "what has ended stays as it is")
			assert.Len(t, w.chat.all(), messages)
		})
	}
}

// carriedOn returns a bot on a recording.
func carriedOn(t *testing.T, file string) (*world, *takingCDN) {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), chat: newFakeChat(), cdn: newFakeCDN()}
	w.setPolicy(approvalPolicy)
	w.chat.put(chat.Person{Subject: erin, Name: "Erin", Standing: chat.Member})
	var outside remembered
	require.NoError(t, json.Unmarshal(partOf(t, file, "outside.json"), &outside))
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "bot.db"), partOf(t, file, "bot.db"), 0o600))
	w.cdn.calls = outside.Calls
	for _, m := range outside.Messages {
		w.chat.messages = append(w.chat.messages, shown{at: m.At, ref: m.Ref, card: m.Card})
	}
	cdn := &takingCDN{fakeCDN: w.cdn, at: func(string) {}, tried: map[string]bool{}}
	w.events = 1000 // all after those of the recording
	w.carryOn(cdn)
	t.Cleanup(w.stop)
	return w, cdn
}

// assertKept checks that the engine's migration has kept the settings of the file and its one connection. If it changed its tables,
// purgebot's own version must be higher too, so that an older purgebot refuses the file.
func assertKept(t *testing.T, w *world, file string) {
	t.Helper()
	db := w.bot.Store.DB()
	assert.Equal(t, 1, db.Stats().MaxOpenConnections)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "2000"} {
		assert.Equal(t, want, scanned(t, db, `PRAGMA `+pragma), pragma)
	}
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "before.db"), partOf(t, file, "bot.db"), 0o600))
	before, err := sql.Open("sqlite", filepath.Join(w.dir, "before.db"))
	require.NoError(t, err)
	defer before.Close()
	const engines, ours = `SELECT version FROM dbos_migrations`, `SELECT max(version_id) FROM pb_schema`
	if scanned(t, before, engines) != scanned(t, db, engines) {
		assert.NotEqual(t, scanned(t, before, ours), scanned(t, db, ours), "the engine's tables have changed: add a migration")
	}
}

func scanned(t *testing.T, db *sql.DB, query string) (value string) {
	t.Helper()
	require.NoError(t, db.QueryRow(query).Scan(&value))
	return value
}

func (w *world) carryOn(cdn purge.CDN) {
	w.t.Helper()
	w.start(func(o *Options) {
		o.CDN, o.Deadline, o.Keep, o.ConfirmTTL, o.ApprovalTTL, o.EmergencyAfter, o.PersonOpen = cdn, ages, ages, ages, ages, time.Second, 1000
	})
}

func partOf(t *testing.T, file, name string) []byte {
	t.Helper()
	z, err := zip.OpenReader(file)
	require.NoError(t, err)
	defer z.Close()
	part, err := z.Open(name)
	require.NoError(t, err)
	content, err := io.ReadAll(part)
	require.NoError(t, err)
	return content
}

// settles waits until no purge is open, in the bot's rows or the engine's, and every message is shown.
func (w *world) settles() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		b, err := w.bot.Backlog(w.t.Context())
		open := 0
		row := w.bot.Store.DB().QueryRow(`SELECT count(*) FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED', 'DELAYED')`)
		return err == nil && row.Scan(&open) == nil && b.Open+b.Cards+open == 0
	}, 3*time.Minute, 20*time.Millisecond)
}

// assertEnds checks that each purge has ended once, in the expected state and with the expected calls, and that each thread shows
// one end.
func assertEnds(t *testing.T, w *world, cdn *takingCDN) {
	t.Helper()
	ended := map[string]int{}
	for _, e := range w.audited(store.AuditEnded) {
		ended[e.Purge]++
	}
	ends := map[string][]store.State{}
	rows, err := w.bot.Store.History(t.Context(), store.Filter{Limit: 1000})
	require.NoError(t, err)
	for _, p := range rows {
		name := called([]string{p.Request.Parts[0].Targets[0].String()})
		ends[name] = append(ends[name], p.State)
		if p.State != store.StateJoined {
			assert.Equal(t, 1, ended[p.ID], "%s ends once", name)
		}
	}
	calls, taken := map[string]int{}, map[string]int{}
	for _, b := range cdn.sent() {
		calls[calledBatch(b)]++
		for _, target := range b.Targets {
			taken[fmt.Sprint(b.Kind, b.Area, target)]++
		}
	}
	for target, times := range taken {
		assert.Equal(t, 1, times, "%s leaves once", target)
	}
	for _, l := range leftOpen {
		for _, end := range ends[l.name] {
			if end != store.StateJoined {
				assert.Equal(t, l.ends, end, l.name)
			}
		}
		assert.NotEmpty(t, ends[l.name], l.name)
		assert.Equal(t, l.calls, calls[l.name], "calls of %s", l.name)
		if l.ends != store.StateCancelled { // the canceller knows
			assert.Equal(t, len(ends[l.name]), w.told(l.name), "%s is told once in each thread", l.name)
		}
	}
	_, err = w.bot.Store.Verify(t.Context())
	assert.NoError(t, err)
}

// told counts the final messages of a purge, each in the thread under its card.
func (w *world) told(name string) (n int) {
	cards := map[string]string{}
	for _, m := range w.chat.all() {
		switch {
		case !isResult(m):
			cards[m.ref.ID] = called(m.card.Targets)
		case m.card.Mention != nil && !strings.HasPrefix(m.card.Title, "Purged without approval") && cards[m.at.Root] == name:
			n++
		}
	}
	return n
}

// The engine can ask its makers over the network for permissions; no setting makes it do so.
func TestTheEngineAsksNobody(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"runner/engine.go", "runner/workflow.go"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, word := range []string{"AutoUpgrade", "Conductor", "EnterpriseKey"} {
			assert.NotContains(t, string(text), word, file)
		}
	}
}
