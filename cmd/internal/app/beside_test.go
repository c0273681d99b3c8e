package app

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
	"purgebot/purge/tencent"
	"purgebot/purge/tencent/cdnsim"
)

// One person's purge is cut before the CDN acts, and somebody else's brings the same URL into the log: before it or behind it, within
// the same second or not. The first must not be told done by the second's row, and is not sent more than twice.
func TestNobodyIsToldDoneByTheRowOfAnother(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		api         string
		otherFirst  bool
		apart, skew time.Duration
	}{
		"behind":                   {"2.0", false, 300 * time.Millisecond, 0},
		"at once":                  {"2.0", false, 0, 0},
		"before":                   {"2.0", true, 300 * time.Millisecond, 0},
		"long before, by a clock":  {"2.0", true, 3 * time.Minute, 4 * time.Minute},
		"3.0, behind":              {"3.0", false, 300 * time.Millisecond, 0},
		"3.0, before":              {"3.0", true, 300 * time.Millisecond, 0},
		"3.0, long before, clocks": {"3.0", true, 3 * time.Minute, 4 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				sim := cdnsim.New("id", "key", "www.example.com")
				sim.Now = func() time.Time { return time.Now().Add(tc.skew) }
				sim.Delay = time.Second
				b := botOn(t, sim, tc.api)
				one := func() { types(t, b, "one", "https://www.example.com/x") }
				other := func() { types(t, b, "other", "https://www.example.com/x https://www.example.com/y") }
				lost := cdnsim.Fault{Do: cdnsim.Reset, Times: 1, Action: map[string]string{"2.0": "RefreshCdnUrl", "3.0": "PurgeUrlsCache"}[tc.api]}
				if tc.otherFirst {
					other()
					sleepFor(tc.apart)
					sim.Fault(lost)
					one()
				} else {
					sim.Fault(lost)
					one()
					sleepFor(tc.apart)
					other()
				}
				sleepFor(3 * time.Second) // the other's is done, and the first looked up
				sim.Fault(lost)           // so is the second try of the first
				sleepFor(5 * time.Minute)
				ended, err := b.Ended(t.Context())
				require.NoError(t, err)
				assert.ElementsMatch(t, []string{"unknown", "done"}, ended)
				acted, cut := 0, 0
				for _, r := range sim.Requests() {
					switch {
					case r.Kind != "" && r.Acted:
						acted++
					case r.Kind != "":
						cut++
					}
				}
				assert.Equal(t, []int{1, purge.MostUnclear}, []int{acted, cut}, "%v", time.Since(began))
			})
		})
	}
}

// sleepFor lets the time of a test pass.
func sleepFor(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func types(t *testing.T, b *bot.Bot, id, text string) {
	t.Helper()
	r, err := b.Command(t.Context(), chat.Command{Event: chat.EventKey{Platform: "slack", Workspace: "T1", ID: id},
		From: "slack:T1/U1", At: chat.Thread{Platform: "slack", Workspace: "T1", Channel: "C1"}, Text: text})
	require.NoError(t, err)
	require.Nil(t, r.Card, "%+v", r.Card)
	synctest.Wait()
}

// botOn is a whole bot before a simulated CDN, with the time of a test.
func botOn(t *testing.T, sim *cdnsim.Sim, api string) *bot.Bot {
	t.Helper()
	policy, err := acl.Parse("acl.yaml", []byte("version: 1\npeople: {alice: [slack:T1/U1]}\ngrants: [{name: all, to: [alice], domains: ['*.example.com'], kinds: [url, directory]}]\n"))
	require.NoError(t, err)
	p := replicas(t, 20)[0]
	client, err := apis[api].open(tencent.Config{Endpoint: "http://127.0.0.1" + apis[api].path, SecretID: "id", SecretKey: "key", Turn: p.turn, Transport: vendor(t, sim)})
	require.NoError(t, err)
	b, err := bot.New(bot.Options{Store: p.db.(*store.Store), CDN: newMetrics(slog.New(slog.DiscardHandler)).cdn(client, p), Platforms: map[string]chat.Platform{"slack": mute{}},
		Policy: func() *acl.Policy { return policy }, Log: slog.New(slog.DiscardHandler), Executor: "test", ConfirmTTL: time.Hour, ApprovalTTL: time.Hour,
		ConfirmURLs: 1e6, Poll: 5 * time.Second, PollMax: time.Minute, Deadline: time.Hour, EditGap: time.Second, QuotaURLs: 10000, QuotaDirectories: 100,
		Zone: time.UTC, PersonRate: 1000, PersonOpen: 50, Keep: 24 * time.Hour})
	require.NoError(t, err)
	require.NoError(t, b.Start())
	t.Cleanup(func() { _ = b.Stop(time.Minute) })
	return b
}
