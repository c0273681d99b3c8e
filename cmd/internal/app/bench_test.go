package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"purgebot/adapters/slack/slacksim"
	"purgebot/bot/store"
	"purgebot/purge/tencent/cdnsim"
)

// rig is the production wiring between simulators, with a person who may do everything and is in no hurry.
type rig struct {
	app   *App
	cdn   *cdnsim.Sim
	slack *slacksim.Workspace
	n     int
}

const rigPolicy = `version: 1
grants:
  - {name: all, to: [slack:T0SIM/U0ALICE], domains: [www.test.com], kinds: [url, directory], areas: [mainland, overseas]}
`

func newRig(b *testing.B) *rig {
	dir := b.TempDir()
	r := &rig{cdn: cdnsim.New("simulated-id", "simulated-key", "www.test.com"), slack: slacksim.New()}
	cdn, slack := httptest.NewServer(r.cdn), httptest.NewServer(r.slack)
	b.Cleanup(cdn.Close)
	b.Cleanup(slack.Close)
	r.slack.ServeAt(slack.URL)
	file := filepath.Join(dir, "acl.yaml")
	require.NoError(b, os.WriteFile(file, []byte(rigPolicy), 0o600))
	env := map[string]string{
		"PURGEBOT_LISTEN": "127.0.0.1:0", "PURGEBOT_OPS_LISTEN": "127.0.0.1:0", "DATABASE_URL": "sqlite:" + filepath.Join(dir, "b.db"),
		"PURGEBOT_ACL": file, "PURGEBOT_CDN_API": "2.0", "PURGEBOT_CDN_ENDPOINT": cdn.URL + "/v2/index.php",
		"TENCENTCLOUD_SECRET_ID": "simulated-id", "TENCENTCLOUD_SECRET_KEY": "simulated-key", "SLACK_BOT_TOKEN": r.slack.Token,
		"SLACK_SIGNING_SECRET": r.slack.SigningSecret, "SLACK_API_URL": slack.URL + "/api/", "PURGEBOT_PERSON_RATE": "1000000",
		"PURGEBOT_PERSON_OPEN": "1000", "PURGEBOT_CONFIRM_URLS": "1000000", "PURGEBOT_CDN_RATE": "1000000", "PURGEBOT_QUOTA_URLS": "0", "PURGEBOT_POLL": "1ms",
	}
	r.cdn.DailyURLs = 1 << 30
	var environ []string
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	config, err := Load(environ)
	require.NoError(b, err)
	r.app, err = Start(context.Background(), config, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, r.app.Stop()) })
	return r
}

// command sends one signed slash command and returns how long the acknowledgement took.
func (r *rig) command(b *testing.B) time.Duration {
	r.n++
	form := url.Values{"team_id": {"T0SIM"}, "channel_id": {"C0CDN"}, "user_id": {"U0ALICE"}, "command": {"/purge"}, "trigger_id": {fmt.Sprint("t", r.n)},
		"text": {fmt.Sprintf("https://www.test.com/%d.jpg", r.n)}, "response_url": {"https://hooks.slack.com/commands/x"}}
	return post(b, "http://"+r.app.Addr()+"/slack/commands", r.slack.SigningSecret, form.Encode())
}

func post(b *testing.B, address, secret, body string) time.Duration {
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, "v0:"+stamp+":"+body)
	req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
	require.NoError(b, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	from := time.Now()
	resp, err := http.DefaultClient.Do(req)
	require.NoError(b, err)
	text, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	took := time.Since(from)
	require.Equal(b, http.StatusOK, resp.StatusCode)
	require.Empty(b, string(text))
	return took
}

// idle waits until everything that was asked is final and shown.
func (r *rig) idle(b *testing.B) {
	for {
		left, err := r.app.bot.Backlog(context.Background())
		require.NoError(b, err)
		if left.Open+left.Cards+r.app.chats.replying() == 0 {
			<-time.After(20 * time.Millisecond) // the engine still writes down that it has ended
			return
		}
		<-time.After(time.Millisecond)
	}
}

// purges counts the purge calls that the CDN has received.
func (r *rig) purges() int {
	n := 0
	for _, q := range r.cdn.Requests() {
		if q.Kind != "" {
			n++
		}
	}
	return n
}

// median is in milliseconds.
func median(took []time.Duration) float64 {
	slices.Sort(took)
	return float64(took[len(took)/2].Microseconds()) / 1000
}

// BenchmarkCommandToAck is a slash command to its acknowledgement, with the person cached and nothing else under way. A moment
// before each, on the same machine, the floor is measured: the signature is verified and one row committed, nothing else.
// Judge the p50 by its ratio to the floor's, at most 2, and the p50 of the call to the CDN, at most 10 ms.
func BenchmarkCommandToAck(b *testing.B) {
	r, floor := newRig(b), newFloor(b)
	r.command(b)
	r.idle(b)
	var floors, acks, calls []time.Duration
	for b.Loop() {
		floors = append(floors, post(b, floor, floorSecret, "text=https%3A%2F%2Fwww.test.com%2F1.jpg"))
		before, from := r.purges(), time.Now()
		changed := r.cdn.Watch()
		acks = append(acks, r.command(b))
		for r.purges() == before {
			<-changed
			changed = r.cdn.Watch()
		}
		calls = append(calls, time.Since(from))
		r.idle(b)
	}
	b.ReportMetric(median(acks)/median(floors), "x-floor")
	b.ReportMetric(median(floors), "p50-floor-ms")
	b.ReportMetric(median(acks), "p50-ack-ms")
	b.ReportMetric(median(calls), "p50-call-ms")
}

const floorSecret = "secret"

// newFloor serves the floor on a database that is opened as ours is, and returns its address.
func newFloor(b *testing.B) string {
	s, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "floor.db"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	_, err = s.DB().Exec(`CREATE TABLE floor (body TEXT)`)
	require.NoError(b, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte(floorSecret))
		fmt.Fprintf(mac, "v0:%s:%s", r.Header.Get("X-Slack-Request-Timestamp"), body)
		if "v0="+hex.EncodeToString(mac.Sum(nil)) != r.Header.Get("X-Slack-Signature") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if _, err := s.DB().ExecContext(r.Context(), `INSERT INTO floor (body) VALUES ($1)`, string(body)); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	b.Cleanup(server.Close)
	return server.URL
}
