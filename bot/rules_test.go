package bot

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/rules"
	"purgebot/bot/store"
	"purgebot/purge"
)

// says adds a rule like a command, and lets the bot notice it.
func (w *world) says(r store.Rule) store.Rule {
	w.t.Helper()
	now := w.bot.Now()
	r.By, r.At, r.Reason = bob, now, "release"
	if r.Until.IsZero() {
		r.Until = now.Add(time.Hour)
	}
	if r.Kind == store.Grant {
		r.Kinds, r.Areas = []purge.Kind{purge.URL}, []purge.Area{purge.Mainland, purge.Overseas}
	}
	stored, _, err := w.bot.Store.AddRule(context.Background(), r, eventOf(w.event()))
	require.NoError(w.t, err)
	require.NoError(w.t, w.bot.rules.Read(context.Background()))
	return stored
}

func eventOf(k chat.EventKey) store.Event {
	return store.Event{Platform: k.Platform, Workspace: k.Workspace, ID: k.ID}
}

func (w *world) revokes(r store.Rule) {
	w.t.Helper()
	_, _, err := w.bot.Store.RevokeRules(context.Background(), []string{r.ID}, bob, w.bot.Now(), eventOf(w.event()))
	require.NoError(w.t, err)
}

// A freeze or the end of a grant during the first call keeps the second call from leaving.
func TestRulesStopWhatHasNotLeft(t *testing.T) {
	t.Parallel()
	loan := store.Rule{Kind: store.Grant, To: string(carol), Domain: "www.test.com"}
	freeze := store.Rule{Kind: store.Freeze, Domain: "*.test.com"}
	for name, c := range map[string]struct {
		who  acl.Subject
		says func(*world, store.Rule)
		why  string
	}{
		"a freeze":        {alice, func(w *world, _ store.Rule) { w.says(freeze) }, `*.test.com is frozen until`},
		"a revoked grant": {carol, func(w *world, lent store.Rule) { w.revokes(lent) }, `No rule lets you purge www.test.com.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			lent := w.says(loan)
			w.cdn.entered, w.cdn.hold = make(chan struct{}), make(chan struct{})
			w.types(c.who, "https://www.test.com/1.jpg --global")
			w.presses(c.who, "Purge")
			<-w.cdn.entered
			c.says(w, lent)
			close(w.cdn.hold)
			m := w.ends("Partly done")
			require.Len(t, w.cdn.sent(), 1)
			assert.Contains(t, m.card.Lines[1], "Overseas: 1 not sent.")
			assert.Contains(t, m.card.Lines[2], c.why)
		})
	}
}

// The test checks the function that the ledger calls in its own transaction.
func TestRulesInTheLastMoment(t *testing.T) {
	t.Parallel()
	p, err := acl.Parse("acl.yaml", []byte(worldPolicy))
	require.NoError(t, err)
	target, err := purge.Parse(purge.URL, "https://www.test.com/1.jpg")
	require.NoError(t, err)
	now := time.Now()
	batch := purge.Batch{Kind: purge.URL, Area: purge.Mainland, Targets: []purge.Target{target}}
	freeze := store.Rule{ID: "r-1", Kind: store.Freeze, Domain: "www.test.com", Until: now.Add(time.Hour)}
	other := store.Rule{ID: "r-2", Kind: store.Freeze, Domain: "www.abc.com", Until: now.Add(time.Hour)}
	over := store.Rule{ID: "r-3", Kind: store.Freeze, Domain: "www.test.com", Until: now}
	loan := store.Rule{ID: "r-4", Kind: store.Grant, To: string(carol), Domain: "www.test.com", Kinds: []purge.Kind{purge.URL},
		Areas: []purge.Area{purge.Mainland}, By: bob, Until: now.Add(time.Hour)}
	for name, c := range map[string]struct {
		who          acl.Subject
		then, active []store.Rule
		stops        string
	}{
		"nothing was said":     {alice, nil, nil, ""},
		"a freeze was said":    {alice, nil, []store.Rule{freeze}, "freeze r-1"},
		"of another domain":    {alice, nil, []store.Rule{other}, ""},
		"one that is over":     {alice, []store.Rule{over}, nil, ""},
		"a grant holds":        {carol, []store.Rule{loan}, []store.Rule{loan}, ""},
		"a grant was revoked":  {carol, []store.Rule{loan}, nil, acl.DefaultDeny},
		"a grant beats nobody": {carol, []store.Rule{loan}, []store.Rule{loan, freeze}, "freeze r-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := rules.NewFromChat(c.then, 1).Under(p, now)
			assert.Equal(t, c.stops, rules.Stopped(l, []acl.Who{p.Who(c.who, nil)}, store.Purge{Request: purge.Request{Kind: batch.Kind}}, batch)(c.active))
		})
	}
}

// A restart keeps the rules from chat.
func TestRulesAreReadAtTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.says(store.Rule{Kind: store.Freeze, Domain: "www.test.com"})
	w.stop()
	w.start()
	reply := w.types(alice, "https://www.test.com/1.jpg")
	require.Len(t, reply.Lines, 1)
	assert.Contains(t, reply.Lines[0], `www.test.com is frozen until`)
	assert.Contains(t, reply.Lines[0], `“release”. Wait, or ask an administrator for /purge unfreeze www.test.com.`)
	assert.Empty(t, w.cdn.sent())
}
