package app_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/cmd/internal/app"
	"purgebot/purge"
)

// Keys that look like those that the services give out, and open nothing.
const (
	goodID      = "AKIDcanary0123456789abcdefABCDEF0123"
	goodKey     = "canaryK0123456789abcdefABCDEF012"
	goodBot     = "xoxb-2147483647-2147483647000-canary0123456789abcdefgh"
	goodSigning = "0123456789abcdef0123456789abcdef"
	goodDiscord = "MTAwMDAwMDAwMDAwMDAwMDAy.Canary.0123456789abcdefghijklmnopq"
	goodApp     = "100000000000000002"
	goodGuild   = "100000000000000001"
)

// needed is what must be said; all else has a default.
var needed = map[string]string{
	"PURGEBOT_CDN_API": "2.0", "TENCENTCLOUD_SECRET_ID": goodID, "TENCENTCLOUD_SECRET_KEY": goodKey,
	"SLACK_BOT_TOKEN": goodBot, "SLACK_SIGNING_SECRET": goodSigning,
	"PURGEBOT_ACL": root + "/acl/init.yaml",
}

// with returns an environment of what is needed and changed; a value of "-" takes a variable away.
func with(changed map[string]string) []string {
	env := maps.Clone(needed)
	maps.Copy(env, changed)
	maps.DeleteFunc(env, func(_, v string) bool { return v == "-" })
	return environ(env)
}

// environ is a map as os.Environ returns it.
func environ(env map[string]string) (all []string) {
	for name, value := range env {
		all = append(all, name+"="+value)
	}
	return all
}

var variable = regexp.MustCompile(`\b[A-Z]+(_+[A-Z]+)+\b`)

func TestLoadNamesEveryProblem(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env  map[string]string
		says []string // a line each, in any order; nothing else
	}{
		"complete": {},
		"nothing": {
			map[string]string{"PURGEBOT_CDN_API": "-", "TENCENTCLOUD_SECRET_ID": "-", "TENCENTCLOUD_SECRET_KEY": "-", "SLACK_BOT_TOKEN": "-", "SLACK_SIGNING_SECRET": "-"},
			[]string{"PURGEBOT_CDN_API is missing", "TENCENTCLOUD_SECRET_ID is missing", "TENCENTCLOUD_SECRET_KEY is missing", "set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET"},
		},
		"empty is missing":        {map[string]string{"TENCENTCLOUD_SECRET_ID": ""}, []string{"TENCENTCLOUD_SECRET_ID is missing"}},
		"half of Slack":           {map[string]string{"SLACK_BOT_TOKEN": "-"}, []string{"SLACK_BOT_TOKEN is missing"}},
		"the other half":          {map[string]string{"SLACK_SIGNING_SECRET": "-"}, []string{"SLACK_SIGNING_SECRET is missing"}},
		"half of Discord":         {map[string]string{"DISCORD_GUILD_ID": goodGuild}, []string{"DISCORD_TOKEN is missing", "DISCORD_APPLICATION_ID is missing"}},
		"neither true nor false":  {map[string]string{"DISCORD_MESSAGE_CONTENT": "maybe"}, []string{"DISCORD_MESSAGE_CONTENT is not true or false: write it like false"}},
		"no such API":             {map[string]string{"PURGEBOT_CDN_API": "4.0"}, []string{`PURGEBOT_CDN_API is "4.0"`}},
		"another method":          {map[string]string{"PURGEBOT_CDN_METHOD": "post"}, []string{`PURGEBOT_CDN_METHOD is "post"`}},
		"another signature":       {map[string]string{"PURGEBOT_CDN_SIGNATURE": "MD5"}, []string{`PURGEBOT_CDN_SIGNATURE is "MD5"`}},
		"another database":        {map[string]string{"DATABASE_URL": "postgres://u:canary@db/p"}, []string{"DATABASE_URL must be sqlite:FILE"}},
		"a database of no name":   {map[string]string{"DATABASE_URL": "sqlite:"}, []string{"DATABASE_URL names no file"}},
		"no port":                 {map[string]string{"PURGEBOT_LISTEN": "8080", "PURGEBOT_OPS_LISTEN": "localhost"}, []string{`PURGEBOT_LISTEN is "8080"`, `PURGEBOT_OPS_LISTEN is "localhost"`}},
		"no port that there is":   {map[string]string{"PURGEBOT_LISTEN": ":65536", "PURGEBOT_OPS_LISTEN": ":http"}, []string{`PURGEBOT_LISTEN is ":65536"`, `PURGEBOT_OPS_LISTEN is ":http"`}},
		"ports that there are":    {map[string]string{"PURGEBOT_LISTEN": "[::1]:0", "PURGEBOT_OPS_LISTEN": ":65535"}, nil},
		"no policy file":          {map[string]string{"PURGEBOT_ACL": "none.yaml"}, []string{"PURGEBOT_ACL: stat none.yaml: no such file or directory (purgebot acl init"}},
		"a directory of policies": {map[string]string{"PURGEBOT_ACL": root}, []string{"PURGEBOT_ACL: " + root + " is a directory"}},
		"the engine's own":        {map[string]string{"DBOS__VMID": "x", "DBOS__ANYTHING": ""}, []string{"DBOS__VMID would override", "DBOS__ANYTHING would override"}},
		"a path for 3.0":          {map[string]string{"PURGEBOT_CDN_API": "3.0", "PURGEBOT_CDN_ENDPOINT": "https://cdn.api.qcloud.com/v2/index.php"}, []string{"PURGEBOT_CDN_ENDPOINT has a path, and 3.0 has none: Tencent's own is https://cdn.tencentcloudapi.com"}},
		"the vendor's for 3.0":    {map[string]string{"PURGEBOT_CDN_API": "3.0", "PURGEBOT_CDN_ENDPOINT": "https://cdn.intl.tencentcloudapi.com/"}, nil},
		"an endpoint of no path":  {map[string]string{"PURGEBOT_CDN_ENDPOINT": "https://cdn.api.qcloud.com"}, []string{"PURGEBOT_CDN_ENDPOINT has no path, and the path is part of what 2.0 signs: Tencent's own is https://cdn.api.qcloud.com/v2/index.php"}},
		"no number":               {map[string]string{"PURGEBOT_CDN_RATE": "fast"}, []string{"PURGEBOT_CDN_RATE is not a number: write it like 20"}},
		"no number that there is": {map[string]string{"PURGEBOT_CDN_RATE": "NaN"}, []string{"PURGEBOT_CDN_RATE must be more than zero"}},
		"no duration":             {map[string]string{"PURGEBOT_DEADLINE": "60"}, []string{"PURGEBOT_DEADLINE is not a duration: write it like 1h"}},
		"below zero":              {map[string]string{"PURGEBOT_CONFIRM_URLS": "-1"}, []string{"PURGEBOT_CONFIRM_URLS must not be less than zero"}},
		"a quota below zero":      {map[string]string{"PURGEBOT_QUOTA_URLS": "-1", "PURGEBOT_QUOTA_DIRECTORIES": "-1"}, []string{"PURGEBOT_QUOTA_URLS must not", "PURGEBOT_QUOTA_DIRECTORIES must not"}},
		"no zone":                 {map[string]string{"PURGEBOT_QUOTA_ZONE": "Asia/Beijing"}, []string{`PURGEBOT_QUOTA_ZONE is "Asia/Beijing"`}},
		"all at once": {
			map[string]string{"PURGEBOT_LISTEN": "x", "PURGEBOT_ACL": "none.yaml", "DATABASE_URL": "mysql://x", "DBOS__APPID": "1", "PURGEBOT_CDN_API": "1.0", "PURGEBOT_POLL": "soon", "PURGEBOT_PERSON_OPEN": "0", "PURGEBOT_KEEP": "-1h", "PURGEBOT_AUDIT_CHANNEL": "#cdn", "SLACK_API_URL": "slack.com"},
			[]string{"PURGEBOT_LISTEN is", "PURGEBOT_ACL: ", "DATABASE_URL must", "DBOS__APPID would", "PURGEBOT_CDN_API is", "PURGEBOT_POLL is not a duration", "PURGEBOT_PERSON_OPEN must be", "PURGEBOT_KEEP must be", "PURGEBOT_AUDIT_CHANNEL is", "SLACK_API_URL is not"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := app.Load(with(test.env))
			if len(test.says) == 0 {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "canary")
			lines := regexp.MustCompile("\n").Split(err.Error(), -1)
			assert.Lenf(t, lines, len(test.says), "%s", err)
			for _, line := range lines {
				assert.Regexp(t, variable, line)
			}
			for _, say := range test.says {
				assert.ErrorContains(t, err, say)
			}
		})
	}
}

// A signed request, or a token, must not cross a network in the open.
func TestPlainHTTPIsForLoopback(t *testing.T) {
	t.Parallel()
	for address, fine := range map[string]bool{
		"https://cdn.example.com/v2/index.php": true, "http://127.0.0.1:8080/v2/index.php": true,
		"http://[::1]/v2/index.php": true, "http://localhost:1/v2/index.php": true, "http://127.8.9.1/": true,
		"http://cdn.example.com/v2/index.php": false, "http://127.0.0.1.example.com/": false, "http://localhost.example.com/": false,
		"http://10.0.0.1/": false, "http://[fe80::1]/": false, "ftp://127.0.0.1/": false, "127.0.0.1:80": false, "https://": false, "%": false,
		"http://127.0.0.1@example.com/": false,
	} {
		for _, name := range []string{"PURGEBOT_CDN_ENDPOINT", "SLACK_API_URL", "DISCORD_API_URL"} {
			_, err := app.Load(with(map[string]string{name: address}))
			if fine {
				assert.NoErrorf(t, err, "%s=%s", name, address)
			} else {
				assert.ErrorContainsf(t, err, name, "%s=%s", name, address)
			}
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := app.Load(with(nil))
	require.NoError(t, err)
	assert.Equal(t, ":8080", c.Listen)
	assert.Equal(t, "127.0.0.1:9090", c.OpsListen, "health and metrics are for the machine itself unless somebody says otherwise")
	assert.Equal(t, "sqlite:purgebot.db", c.Database)
	assert.Empty(t, c.CDNEndpoint, "each API has Tencent's own")
	assert.Equal(t, "HmacSHA256", c.CDNSignature)
	assert.Equal(t, 10*time.Minute, c.ConfirmTTL)
	assert.Equal(t, 400*24*time.Hour, c.Keep)
	assert.Equal(t, 10000, c.QuotaURLs)
	assert.Empty(t, c.SlackAPIURL)
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct {
		good string
		is   func(app.Config) string
	}{
		"TENCENTCLOUD_SECRET_ID":  {goodID, func(c app.Config) string { return c.SecretID }},
		"TENCENTCLOUD_SECRET_KEY": {goodKey, func(c app.Config) string { return c.SecretKey }},
		"TENCENTCLOUD_TOKEN":      {goodKey, func(c app.Config) string { return c.Token }},
		"SLACK_BOT_TOKEN":         {goodBot, func(c app.Config) string { return c.SlackBotToken }},
		"SLACK_SIGNING_SECRET":    {goodSigning, func(c app.Config) string { return c.SlackSigningSecret }},
		"DISCORD_TOKEN":           {goodDiscord, func(c app.Config) string { return c.DiscordToken }},
		"DISCORD_PUBLIC_KEY":      {goodPublic, func(c app.Config) string { return c.DiscordPublicKey }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "secret")
			discord := map[string]string{"DISCORD_APPLICATION_ID": goodApp, "DISCORD_GUILD_ID": goodGuild, "DISCORD_TOKEN": goodDiscord}
			with := func(changed map[string]string) []string {
				both := maps.Clone(discord)
				maps.Copy(both, changed)
				return with(both)
			}
			for _, text := range []string{of.good, of.good + "\n", of.good + "\r\n", "\ufeff" + of.good + "\r\n\r\n", " \t" + of.good + " \n"} {
				require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
				c, err := app.Load(with(map[string]string{name: "-", name + "_FILE": file}))
				require.NoErrorf(t, err, "%q", text)
				assert.Equal(t, of.good, of.is(c), "without the end of the line and the byte order mark")
			}
			for text, says := range map[string]string{"": "is empty", "\n": "is empty", "\ufeff\n": "is empty", of.good + "\n" + of.good: "more in it than one line",
				"\xff\xfe" + wide(of.good): "UTF-16", "\xfe\xff" + wide(of.good): "UTF-16", wide(of.good): "more in it", of.good + "\xff": "more in it", strings.Repeat("x", 1<<20): "more than"} {
				require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
				_, err := app.Load(with(map[string]string{name: "-", name + "_FILE": file}))
				assert.ErrorContains(t, err, name+"_FILE")
				assert.ErrorContainsf(t, err, says, "%.20q", text)
				assert.NotContains(t, fmt.Sprint(err), of.good)
			}

			_, err := app.Load(with(map[string]string{name: "said-twice", name + "_FILE": file}))
			assert.ErrorContains(t, err, name+"_FILE are both set")
			assert.NotContains(t, fmt.Sprint(err), "said-twice")

			_, err = app.Load(with(map[string]string{name: "-", name + "_FILE": file + ".gone"}))
			assert.ErrorContains(t, err, name+"_FILE cannot be read")
		})
	}
	_, err := app.Load(with(map[string]string{"PURGEBOT_CDN_METHOD_FILE": "x"}))
	assert.ErrorContains(t, err, "PURGEBOT_CDN_METHOD_FILE is no setting", "only keys are read from files")
}

// wide is a text in UTF-16.
func wide(text string) string {
	var out strings.Builder
	for _, c := range []byte(text) {
		out.Write([]byte{c, 0})
	}
	return out.String()
}

func TestLoggedConfigHoldsNoSecret(t *testing.T) {
	t.Parallel()
	secret := map[string]string{
		"TENCENTCLOUD_SECRET_ID": goodID, "TENCENTCLOUD_SECRET_KEY": goodKey, "TENCENTCLOUD_TOKEN": "canary" + goodKey,
		"SLACK_BOT_TOKEN": goodBot, "SLACK_SIGNING_SECRET": goodSigning, "DATABASE_URL": "sqlite:canary-6",
		"DISCORD_TOKEN": goodDiscord, "DISCORD_APPLICATION_ID": goodApp, "DISCORD_GUILD_ID": goodGuild,
	}
	c, err := app.Load(with(secret))
	require.NoError(t, err)
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "config", c)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", &c)
	assert.NotContains(t, strings.ToLower(out.String()), "canary")
	assert.NotContains(t, out.String(), goodSigning)
	for name := range secret {
		assert.Containsf(t, out.String(), name, "that %s is set may be known", name)
	}
	assert.Contains(t, out.String(), "HmacSHA256")
}

// Every variable is in the table once, with help.
func TestTable(t *testing.T) {
	t.Parallel()
	rows := regexp.MustCompile(`(?m)^  ([A-Z_]+) +(\S+) +(\S.*)$`).FindAllStringSubmatch(app.Table(), -1)
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r[1]
	}
	assert.Equal(t, len(names), len(regexp.MustCompile("\n").FindAllString(app.Table(), -1)), "a line that is no row")
	for name := range needed {
		assert.Contains(t, names, name)
	}
	slices.Sort(names)
	assert.Equal(t, len(names), len(slices.Compact(names)))
}

// What is logged is read by people.
func TestLogSaysDurationsAndKindsAsWords(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	app.NewLog(&out).With("delay", 100*time.Millisecond).Warn("x", "after", 90*time.Second, "kind", purge.Denied, "n", 3, "error", &purge.Error{Kind: purge.Denied, Message: "No."})
	assert.Contains(t, out.String(), `"delay":"100ms","after":"1m30s","kind":"denied","n":3,"error":"No."`)
}
