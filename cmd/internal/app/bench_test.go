package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
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
	r := &rig{cdn: cdnsim.New("id", "key", "www.test.com"), slack: slacksim.New()}
	cdn, slack := httptest.NewServer(r.cdn), httptest.NewServer(r.slack)
	b.Cleanup(cdn.Close)
	b.Cleanup(slack.Close)
	r.slack.ServeAt(slack.URL)
	file := filepath.Join(dir, "acl.yaml")
	require.NoError(b, os.WriteFile(file, []byte(rigPolicy), 0o600))
	env := map[string]string{
		"PURGEBOT_LISTEN": "127.0.0.1:0", "PURGEBOT_OPS_LISTEN": "127.0.0.1:0", "DATABASE_URL": "sqlite:" + filepath.Join(dir, "b.db"),
		"PURGEBOT_ACL": file, "PURGEBOT_CDN_API": "2.0", "PURGEBOT_CDN_ENDPOINT": cdn.URL + "/v2/index.php",
		"TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_SECRET_KEY": "key", "SLACK_BOT_TOKEN": r.slack.Token,
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
		p, err := r.app.Progress(context.Background())
		require.NoError(b, err)
		if p.Open == 0 && p.Cards == 0 {
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

func median(b *testing.B, name string, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, name)
}

// BenchmarkCommandToAck is a slash command to its acknowledgement, with the person cached and nothing else under way.
// Judge its p50 against the floor's: at most twice.
func BenchmarkCommandToAck(b *testing.B) {
	r := newRig(b)
	r.command(b)
	r.idle(b)
	var acks, calls []time.Duration
	for b.Loop() {
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
	median(b, "p50-ack-ms", acks)
	median(b, "p50-call-ms", calls) // at most 10
}

// BenchmarkCommandToAckFloor verifies the signature and commits one row, and nothing else.
func BenchmarkCommandToAckFloor(b *testing.B) {
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "f.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	require.NoError(b, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE row (body TEXT)`)
	require.NoError(b, err)
	const secret = "secret"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(mac, "v0:%s:%s", r.Header.Get("X-Slack-Request-Timestamp"), body)
		if "v0="+hex.EncodeToString(mac.Sum(nil)) != r.Header.Get("X-Slack-Signature") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if _, err := db.Exec(`INSERT INTO row VALUES ($1)`, string(body)); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	var acks []time.Duration
	for b.Loop() {
		acks = append(acks, post(b, server.URL, secret, "text=https%3A%2F%2Fwww.test.com%2F1.jpg"))
	}
	median(b, "p50-ack-ms", acks)
}
