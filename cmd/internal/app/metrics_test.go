package app_test

import (
	"database/sql"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
	"purgebot/purge/tencent/cdnsim"
)

// TestMetricsAreNamedAsOthersAre: units, suffixes and help, by the linter that Prometheus itself has, and a few rules of the house.
func TestMetricsAreNamedAsOthersAre(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.types("/purge https://www.test.com/1.jpg")
	s.settle()
	_, body := s.get("/metrics")
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	require.NoError(t, err)
	for _, p := range problems {
		assert.NotContains(t, p.Metric, "purgebot_", p.Text)
	}
	for _, kind := range regexp.MustCompile(`(?m)^# TYPE (purgebot_\S+) (\S+)$`).FindAllStringSubmatch(body, -1) {
		name, is := kind[1], kind[2]
		assert.Equalf(t, is == "counter", strings.HasSuffix(name, "_total"), "%s is a %s", name, is)
		if strings.Contains(name, "second") {
			assert.Regexpf(t, `_(duration|timestamp)_seconds$`, name, "a span or a moment?")
		}
		assert.Equalf(t, is == "histogram", strings.HasSuffix(name, "_duration_seconds"), "%s is a %s", name, is)
	}
	assert.NotRegexp(t, `(?m)^purgebot_\S+(\{.*\})? -`, body, "nothing here is less than nothing")
}

// TestMetricsTellHowPurgesEnd, what is left, what runs, and since when the policy is in force.
func TestMetricsTellHowPurgesEnd(t *testing.T) {
	t.Parallel()
	before := time.Now().Unix()
	s := newStage(t)
	s.cdn.Fault(cdnsim.Fault{Action: "RefreshCdnUrl", Do: cdnsim.Refusal, Code: 9112, Times: 1})
	s.types("/purge https://www.test.com/1.jpg")
	s.settle()
	s.types("/purge https://www.test.com/2.jpg")
	s.settle()
	s.types("/purge dir https://www.test.com/a/")
	s.presses("Cancel")
	s.settle()
	s.turns(200, "ready\n")
	_, body := s.get("/metrics")
	for _, line := range []string{
		`purgebot_purge_outcomes_total{outcome="done"} 1`, `purgebot_purge_outcomes_total{outcome="failed"} 1`, `purgebot_purge_outcomes_total{outcome="cancelled"} 1`,
		`purgebot_purge_outcomes_total{outcome="unknown"} 0`, `purgebot_purge_outcomes_total{outcome="partly done"} 0`,
		`purgebot_quota_limit{area="mainland",kind="url"} 10000`, `purgebot_quota_left{area="mainland",kind="url"} 9999`, `purgebot_quota_left{area="overseas",kind="directory"} 100`,
		`purgebot_up{part="database"} 1`, `purgebot_up{part="cdn"} 1`, `purgebot_up{part="slack"} 1`,
	} {
		assert.Contains(t, body, line+"\n")
	}
	assert.Regexp(t, `(?m)^purgebot_build_info\{go_version="go1\.\S+",version="\S+"\} 1$`, body)
	for _, name := range []string{"reload", "check"} {
		m := regexp.MustCompile(`(?m)^purgebot_policy_last_` + name + `_timestamp_seconds (\S+)$`).FindStringSubmatch(body)
		require.Len(t, m, 2)
		at, err := time.ParseDuration(strings.Replace(m[1], "e+09", "", 1) + "s")
		require.NoError(t, err)
		if strings.Contains(m[1], "e+09") {
			at *= 1e9
		}
		assert.InDelta(t, before, at.Seconds(), 300)
	}
}

// TestMetricsWithoutADatabase leave out what is not known, and say that it is not well.
func TestMetricsWithoutADatabase(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.turns(200, "ready\n")
	db, err := sql.Open("sqlite", "file:"+s.database()+"?_txlock=exclusive&_busy_timeout=5000")
	require.NoError(t, err)
	_, err = db.Exec(`ALTER TABLE pb_card RENAME TO pb_hidden; ALTER TABLE pb_call RENAME TO pb_hidden2`)
	require.NoError(t, err)
	_, body := s.get("/metrics")
	_, err = db.Exec(`ALTER TABLE pb_hidden RENAME TO pb_card; ALTER TABLE pb_hidden2 RENAME TO pb_call`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	assert.NotContains(t, body, "purgebot_purges_open ")
	assert.NotContains(t, body, "purgebot_cards_due ")
	assert.Contains(t, body, "purgebot_policy_last_reload_timestamp_seconds ")
	assert.NotRegexp(t, `(?m)^purgebot_\S+(\{.*\})? (-|NaN)`, body)
}

// TestMetricsTellOfAChatThatEnded: its token is refused, and the process does not stay green.
func TestMetricsTellOfAChatThatEnded(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.turns(200, "ready\n")
	s.slack.Fail("auth.test", "invalid_auth", -1)
	s.turns(503, "slack: ")
	_, body := s.get("/metrics")
	assert.Contains(t, body, `purgebot_up{part="slack"} 0`)
	s.slack.Heal()
	s.turns(200, "ready\n")
	_, body = s.get("/metrics")
	assert.Contains(t, body, `purgebot_up{part="slack"} 1`)
}

// TestMetricsTellOfAGatewayThatEnded: Discord gives the bot another token, and nobody may believe that it still hears.
func TestMetricsTellOfAGatewayThatEnded(t *testing.T) {
	t.Parallel()
	d := discordsim.New()
	t.Cleanup(d.Close)
	s := newStage(t, func(s *stage) {
		at := serve(t, d)
		d.ServeAt(at)
		s.env["DISCORD_TOKEN"], s.env["DISCORD_APPLICATION_ID"], s.env["DISCORD_GUILD_ID"], s.env["DISCORD_API_URL"] = d.Token, d.ApplicationID, discordsim.HQ, at+"/api/"
	})
	s.turns(200, "ready\n")
	is := d.Token
	d.Revoke("another")
	s.turns(503, "discord: ")
	_, body := s.get("/metrics")
	assert.Contains(t, body, `purgebot_up{part="discord"} 0`)
	assert.Contains(t, body, `purgebot_up{part="slack"} 1`)
	assert.NotContains(t, s.log.String(), is)
}

// TestLogTellsItsStory: what runs, who was refused, what administrators did, and the stop.
func TestLogTellsItsStory(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(s *stage) { s.policy = policy + "administrators: [oncall]\n" })
	s.types("/purge https://www.example.com/1.jpg?token=canary")
	s.types(`/purge freeze www.test.com 2h "the shop moves"`)
	s.sees("Frozen until")
	s.types(`/purge unfreeze www.test.com "it moved"`)
	s.stop()
	log := s.log.String()
	for _, says := range []string{
		`"msg":"starting","version":"`, `"msg":"refused","call":"command","who":"slack:T0SIM/U0ALICE","channel":"slack:T0SIM/C0CDN","why":"`,
		`"msg":"rule from chat","what":"frozen","rule":"r-`, `"msg":"rule from chat","what":"unfrozen"`, `"msg":"stopping"`, `"msg":"stopped","took":`,
	} {
		assert.Contains(t, log, says)
	}
	assert.NotContains(t, log, "token=canary", "a query is nobody's to read in a log")
}
