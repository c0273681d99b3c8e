package app_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/cmd/internal/app"
)

// names are those of the table, and of the files.
func names() (all []string) {
	for _, row := range regexp.MustCompile(`(?m)^  ([A-Z_]+) `).FindAllStringSubmatch(app.Table(), -1) {
		all = append(all, row[1])
	}
	return all
}

// TestMisspeltSettingsAreRefused leaves out, doubles, changes and swaps each letter of each name in turn: one line says so, with the name
// that was meant.
func TestMisspeltSettingsAreRefused(t *testing.T) {
	t.Parallel()
	known := names()
	is := map[string]bool{}
	for _, name := range known {
		is[name], is[name+"_FILE"] = true, true
	}
	for _, name := range known {
		if name == "LANG" || name == "DATABASE_URL" {
			continue // others have names like these
		}
		word, _, _ := strings.Cut(name, "_")
		for i := len(word) + 1; i < len(name); i++ {
			for _, wrong := range []string{name[:i] + name[i+1:], name[:i+1] + name[i:], name[:i] + "Q" + name[i+1:], name[:i] + strings.ToLower(name[i:i+1]) + name[i+1:]} {
				if is[wrong] || wrong == name {
					continue
				}
				said := loaded(t, map[string]string{wrong: "canary"})
				if assert.Lenf(t, said, 1, "%s", wrong) {
					assert.Contains(t, said[0], wrong+" is no setting: did you mean ")
					assert.NotContains(t, said[0], "canary")
				}
			}
		}
	}
	for wrong, meant := range map[string]string{
		"PURGEBOT_QUOTA_URL": "PURGEBOT_QUOTA_URLS", "PURGEBOT_LISTEN_PORT": "PURGEBOT_LISTEN", "PURGEBOT_ACL_FILE": "PURGEBOT_ACL", "PURGEBOT_CDN_URL": "PURGEBOT_CDN_API",
		"SLACK_SIGNING_SECRETS": "SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN_FILES": "SLACK_BOT_TOKEN_FILE", "SLACK_TOKEN": "SLACK_BOT_TOKEN", "DISCORD_BOT_TOKEN": "DISCORD_TOKEN",
		"DISCORD_GUILD": "DISCORD_GUILD_ID", "TENCENTCLOUD_SECRETID": "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECURITY_TOKEN": "TENCENTCLOUD_SECRET_KEY",
		"purgebot_poll": "PURGEBOT_POLL", "PURGBOT_POLL": "PURGEBOT_POLL", "PURGE_BOT_POLL": "PURGEBOT_POLL", "TENCENT_CLOUD_SECRET_ID": "TENCENTCLOUD_SECRET_ID", "PURGEBOT_PORT": "PURGEBOT_POLL",
	} {
		said := loaded(t, map[string]string{wrong: "8080"})
		require.Lenf(t, said, 1, "%s", wrong)
		assert.Contains(t, said[0], wrong+" is no setting: did you mean "+meant)
	}
	said := loaded(t, map[string]string{"PURGEBOT_SOMETHING_ELSE_ENTIRELY": ""})
	require.Len(t, said, 1, "set to nothing is set")
	assert.Contains(t, said[0], "unset it (purgebot serve --help lists them all)")
}

// TestNamesOfOthersAreNot ours to refuse.
func TestNamesOfOthersAreNot(t *testing.T) {
	t.Parallel()
	assert.Empty(t, loaded(t, map[string]string{"PATH": "/bin", "HOME": "/", "LANGUAGE": "en", "LC_ALL": "C", "DATABASE_URI": "x", "HTTPS_PROXY": "http://proxy:3128", "LISTEN_FDS": "1",
		"KUBERNETES_SERVICE_HOST": "10.0.0.1", "CREDENTIALS_DIRECTORY": "/run", "SLACKWARE": "1", "DISCORDANT": "1", "TENCENT": "1"}))
}

// TestNamesOfServicesAreTaken as Kubernetes and Docker make them for services that are called like purgebot's.
func TestNamesOfServicesAreTaken(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"PURGEBOT", "PURGEBOT_OPS", "SLACK_PROXY", "DISCORD_1", "TENCENTCLOUD_PROXY", "PURGEBOT_LISTEN"} {
		made := map[string]string{
			service + "_SERVICE_HOST": "10.96.0.17", service + "_SERVICE_PORT": "8080", service + "_SERVICE_PORT_WEB": "8080", service + "_SERVICE_PORT_HTTP_OPS": "9090",
			service + "_PORT": "tcp://10.96.0.17:8080", service + "_NAME": "/web/" + strings.ToLower(service), service + "_ENV_VERSION": "1",
		}
		for _, link := range []string{"_PORT_8080_TCP", "_PORT_53_UDP", "_PORT_9090_SCTP"} {
			proto := strings.ToLower(link[strings.LastIndex(link, "_")+1:])
			made[service+link], made[service+link+"_PROTO"] = proto+"://10.96.0.17:8080", proto
			made[service+link+"_PORT"], made[service+link+"_ADDR"] = "8080", "10.96.0.17"
		}
		assert.Empty(t, loaded(t, made), service)
	}
	v6 := map[string]string{"PURGEBOT_SERVICE_HOST": "fd00::17", "PURGEBOT_PORT": "tcp://[fd00::17]:8080"}
	assert.Empty(t, loaded(t, v6))
	for name, value := range map[string]string{"PURGEBOT_PORT": "8080", "PURGEBOT_SERVICE_HOST": "purgebot.example", "SLACK_NAME": "purgebot", "PURGEBOT_ENV_MODE": "x", "PURGEBOT_LISTEN_PORT": ":8080"} {
		assert.Lenf(t, loaded(t, map[string]string{name: value}), 1, "%s=%s is no service's", name, value)
	}
}

// TestDeploymentsSetWhatThereIs: each variable that a file of deploy names is a setting.
func TestDeploymentsSetWhatThereIs(t *testing.T) {
	t.Parallel()
	known := names()
	out, err := exec.CommandContext(t.Context(), "grep", "-rhoE", `\b(PURGEBOT|SLACK|DISCORD|TENCENTCLOUD)_[A-Z_]+`, root+"/deploy").Output()
	require.NoError(t, err)
	for _, name := range strings.Fields(string(out)) {
		assert.Contains(t, known, strings.TrimSuffix(name, "_FILE"))
	}
}
