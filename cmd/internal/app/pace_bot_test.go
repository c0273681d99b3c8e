package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge/tencent"
	"purgebot/purge/tencent/cdnsim"
)

// mute is a chat that shows nothing and knows everybody.
type mute struct{}

func (mute) Show(context.Context, chat.Thread, chat.MessageRef, string, chat.Card) (chat.MessageRef, error) {
	return chat.MessageRef{Channel: "C1", ID: "1"}, nil
}
func (mute) Tell(context.Context, acl.Subject, chat.Thread, chat.EventKey, chat.Card) error {
	return nil
}
func (mute) Person(_ context.Context, s acl.Subject, _ time.Duration) (chat.Person, error) {
	return chat.Person{Subject: s, Name: "Alice", Standing: chat.Member}, nil
}
func (mute) Channel(context.Context, chat.Thread, time.Duration) (chat.Channel, error) {
	return chat.Channel{Joined: true}, nil
}
func (mute) Limits() chat.ChatLimits      { return chat.ChatLimits{} }
func (mute) Health(context.Context) error { return nil }

// The whole bot, from the command on, sends a day's URLs in purges that run at once, of whose calls the CDN takes twenty a second.
func TestTheBotUsesAndKeepsTheRate(t *testing.T) {
	t.Parallel()
	const rate, purges, each = 20, 10, 1000
	synctest.Test(t, func(t *testing.T) {
		policy, err := acl.Parse("acl.yaml", []byte("version: 1\npeople: {alice: [slack:T1/U1]}\ngrants: [{name: all, to: [alice], domains: ['*.example.com'], kinds: [url, directory]}]\n"))
		require.NoError(t, err)
		var hosts []string
		for h := range 100 {
			hosts = append(hosts, fmt.Sprintf("h%02d.example.com", h))
		}
		sim := cdnsim.New("id", "key", hosts...)
		sim.Rate, sim.BatchURLs = rate, 50
		p := replicas(t, rate)[0]
		client, err := tencent.NewV3(tencent.Config{Endpoint: "http://127.0.0.1", SecretID: "id", SecretKey: "key", Turn: p.turn, Transport: vendor(t, sim)})
		require.NoError(t, err)
		_, err = client.Quota(t.Context()) // how many URLs a call takes
		require.NoError(t, err)
		b, err := bot.New(bot.Options{Store: p.db.(*store.Store), CDN: newMetrics(slog.New(slog.DiscardHandler)).cdn(client, p), Platforms: map[string]chat.Platform{"slack": mute{}},
			Policy: func() *acl.Policy { return policy }, Log: slog.New(slog.DiscardHandler), Executor: "test", ConfirmTTL: time.Hour, ApprovalTTL: time.Hour,
			ConfirmURLs: 1e6, Poll: time.Minute, PollMax: time.Minute, Deadline: time.Hour, EditGap: time.Second, QuotaURLs: 10000, QuotaDirectories: 100,
			Zone: time.UTC, PersonRate: 1000, PersonOpen: 50, Keep: 24 * time.Hour})
		require.NoError(t, err)
		require.NoError(t, b.Start())
		defer b.Stop(time.Minute)
		var wait sync.WaitGroup
		for n := range purges {
			wait.Go(func() {
				var text strings.Builder
				for i := range each {
					fmt.Fprintf(&text, " https://%s/%d", hosts[n*10+i/100], i)
				}
				r, err := b.Command(t.Context(), chat.Command{Event: chat.EventKey{Platform: "slack", Workspace: "T1", ID: fmt.Sprint(n)},
					From: "slack:T1/U1", At: chat.Thread{Platform: "slack", Workspace: "T1", Channel: "C1"}, Text: text.String()})
				assert.NoError(t, err)
				assert.Nil(t, r.Card, "%+v", r.Card)
			})
		}
		wait.Wait()
		sent := func() (calls []cdnsim.Request) {
			for _, r := range sim.Requests() {
				if r.Action == "PurgeUrlsCache" {
					calls = append(calls, r)
				}
			}
			return calls
		}
		for range 300 {
			if time.Sleep(time.Second); len(sent()) >= 200 {
				break
			}
		}
		for range 60 { // nothing is left under way when the test ends
			busy, err := b.Backlog(t.Context())
			require.NoError(t, err)
			if busy.Open == 0 {
				break
			}
			time.Sleep(time.Minute)
		}
		calls := sent()
		require.Len(t, calls, 200)
		span := calls[199].At.Sub(calls[0].At)
		used := 199 / (span.Seconds() * rate)
		t.Logf("200 calls in %v: %.1f %% of the rate", span, 100*used)
		assert.GreaterOrEqual(t, used, 0.95)
		for _, r := range sim.Requests() {
			require.True(t, r.Acted, "%s %d %s", r.Action, r.Code, r.Error)
		}
		assert.Equal(t, 10000, sim.Quota()[0].Used)
	})
}
