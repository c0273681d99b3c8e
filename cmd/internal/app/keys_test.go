package app_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/cmd/internal/app"
)

// goodPublic is a key of the vectors of RFC 8032.
const goodPublic = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

// both is a whole configuration of both chats, at the services themselves.
var both = map[string]string{
	"TENCENTCLOUD_SECRET_ID": goodID, "TENCENTCLOUD_SECRET_KEY": goodKey, "SLACK_BOT_TOKEN": goodBot, "SLACK_SIGNING_SECRET": goodSigning,
	"DISCORD_TOKEN": goodDiscord, "DISCORD_APPLICATION_ID": goodApp, "DISCORD_GUILD_ID": goodGuild, "DISCORD_PUBLIC_KEY": goodPublic,
}

// standIns are addresses at which something else than the services answers.
var standIns = map[string]string{
	"PURGEBOT_CDN_ENDPOINT": "http://127.0.0.1:1/v2/index.php", "SLACK_API_URL": "http://127.0.0.1:1/api/", "DISCORD_API_URL": "http://127.0.0.1:1/api/",
}

// loaded is what is said of an environment, a line each.
func loaded(t *testing.T, env ...map[string]string) []string {
	t.Helper()
	all := map[string]string{}
	for _, e := range env {
		maps.Copy(all, e)
	}
	_, err := app.Load(with(all))
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// spoilt are the ways in which pasting spoils any value.
func spoilt(good string) map[string]string {
	last := len(good) - 1
	return map[string]string{
		"blank": " ", "tabs": "\t\t", "a blank before": " " + good, "a blank behind": good + " ", "a line break": good + "\n", "a Windows line break": good + "\r",
		"a blank within": good[:4] + " " + good[4:], "double quotes": `"` + good + `"`, "single quotes": "'" + good + "'", "backticks": "`" + good + "`",
		"a quote before": `"` + good, "a quote behind": good + `'`, "a byte order mark": "\ufeff" + good, "a zero width space": good[:4] + "\u200b" + good[4:],
		"a no-break space": good + "\u00a0", "a dash that is none": good[:4] + "–" + good[5:], "Cyrillic": "а" + good[1:], "control": good + "\x1b", "one character": good[:1],
		"invalid UTF-8": good[:last] + "\xff", "a placeholder": "<" + good + ">", "a reference": "${" + good + "}", "dots": good[:6] + "…", "with its name": "X=" + good,
		"the same again and again": strings.Repeat(" ", len(good)),
	}
}

// TestEveryKeyIsChecked spoils each in each way, at the services and at stand-ins: the name is said, in one line, and no value.
func TestEveryKeyIsChecked(t *testing.T) {
	t.Parallel()
	for where, at := range map[string]map[string]string{"the services": {}, "stand-ins": standIns} {
		require.Empty(t, loaded(t, both, at), where)
		for name, good := range both {
			if name != "TENCENTCLOUD_TOKEN" {
				checkSpoilt(t, where, name, good, at)
			}
		}
		checkSpoilt(t, where, "TENCENTCLOUD_TOKEN", goodKey+"-_"+goodKey, at)
	}
}

func checkSpoilt(t *testing.T, where, name, good string, at map[string]string) {
	t.Helper()
	for how, bad := range spoilt(good) {
		if how == "with its name" && name == "TENCENTCLOUD_TOKEN" || how == "with its name" && strings.HasPrefix(name, "TENCENTCLOUD") && len(at) > 0 {
			continue // temporary ones hold "=" themselves
		}
		if how == "one character" && name != "SLACK_SIGNING_SECRET" && strings.HasSuffix(name, "_ID") && len(at) > 0 && !strings.HasPrefix(name, "TENCENT") {
			continue // an id of one digit is an id at a stand-in
		}
		said := loaded(t, both, at, map[string]string{name: bad})
		if assert.Lenf(t, said, 1, "%s, %s with %s", where, name, how) {
			assert.Truef(t, strings.HasPrefix(said[0], name+" "), "%s, %s with %s: %s", where, name, how, said[0])
			if len(bad) > 5 {
				assert.NotContainsf(t, said[0], bad, "%s with %s", name, how)
			}
			assert.NotContainsf(t, said[0], good, "%s with %s", name, how)
			assert.NotContainsf(t, said[0], good[4:12], "%s with %s", name, how)
		}
	}
}

// TestKeysOfOtherThings puts what lies beside the right thing into its place, and right things that were cut.
func TestKeysOfOtherThings(t *testing.T) {
	t.Parallel()
	hexes := strings.Repeat("0123456789abcdef", 4)
	for name, bad := range map[string]map[string]string{
		"SLACK_BOT_TOKEN": {
			"xoxp-2147483647-0123456789abcdefghijklmn": "is a user's token", "xapp-1-A0123-0123456789-abcdefghijklmnop": "is an app-level token",
			"xoxe.xoxb-1-0123456789abcdefghijklmnop": "token rotation", goodSigning: "has the wrong form", "xoxb-": "has the wrong form",
			"xoxb-short": "has the wrong form", "XOXB" + goodBot[4:]: "has the wrong form", "Bearer" + goodBot: "has the wrong form",
		},
		"SLACK_SIGNING_SECRET": {
			goodBot: "is a token", goodSigning[:31]: "has the wrong form", goodSigning + "0": "has the wrong form", strings.ToUpper(goodSigning): "has the wrong form",
			hexes: "has the wrong form", "8f742231b10e8888abcd99yyyzzz85a5": "has the wrong form", strings.Repeat("0", 32): "could be guessed",
			strings.Repeat("ab", 16): "could be guessed", "changeme": "has the wrong form",
		},
		"DISCORD_TOKEN":          {goodPublic: "is a public key", goodApp: "is an id", "0123456789abcdefghijklmnopqrstuv": "has the wrong form", goodDiscord[:40]: "has the wrong form"},
		"DISCORD_APPLICATION_ID": {"0" + goodApp: "has the wrong form", "-" + goodApp[1:]: "has the wrong form", goodApp[:10]: "has the wrong form", goodApp + "0000": "has the wrong form", goodGuild: "is the same as", "1e17": "has the wrong form"},
		"DISCORD_GUILD_ID":       {"<#" + goodGuild + ">": "has the wrong form", "my-server": "has the wrong form", goodApp: "is the same as"},
		"DISCORD_PUBLIC_KEY": {
			strings.Repeat("0", 64): "no key that anybody can sign with", "01" + strings.Repeat("0", 62): "no key that anybody", "ec" + strings.Repeat("f", 60) + "7f": "no key that anybody",
			"ed" + strings.Repeat("f", 60) + "7f": "no key that anybody", goodPublic[:63]: "64 hexadecimal digits", goodPublic + "00": "64 hexadecimal digits",
			"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a": "no key that anybody", "0x" + goodPublic[2:]: "64 hexadecimal digits",
		},
		"TENCENTCLOUD_SECRET_ID":  {goodKey: "has the wrong form", goodID[:35]: "has the wrong form", goodID + "0": "has the wrong form", "akid" + goodID[4:]: "has the wrong form"},
		"TENCENTCLOUD_SECRET_KEY": {goodID: "is the id of a key", goodKey[:31]: "has the wrong form", goodKey + "0": "has the wrong form"},
		"TENCENTCLOUD_TOKEN":      {"short": "has the wrong form"},
	} {
		for value, says := range bad {
			said := strings.Join(loaded(t, both, map[string]string{name: value}), "\n")
			assert.Containsf(t, said, name, "%s=%s", name, value)
			assert.Containsf(t, said, says, "%s=%s", name, value)
			if len(value) > 8 {
				assert.NotContainsf(t, said, value, "%s=%s", name, value)
			}
		}
	}
}

// TestStandInsGiveOutWhatTheyLike, but nothing that could be guessed or was cut.
func TestStandInsGiveOutWhatTheyLike(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"SLACK_BOT_TOKEN": {"xoxb-simulated", "xoxb-1"}, "SLACK_SIGNING_SECRET": {"simulated-signing-secret", goodSigning, "8f742231b10e8888abcd99yyyzzz85a5"},
		"DISCORD_TOKEN": {"simulated-bot-token", "Bot simulated-bot-token"}, "DISCORD_APPLICATION_ID": {"1"}, "DISCORD_GUILD_ID": {"1"},
		"TENCENTCLOUD_SECRET_ID": {"simulated-id"}, "TENCENTCLOUD_SECRET_KEY": {"simulated-key"}, "TENCENTCLOUD_TOKEN": {"temporary-token"},
	} {
		for _, value := range values {
			assert.Emptyf(t, loaded(t, both, standIns, map[string]string{name: value}), "%s=%s", name, value)
		}
	}
	for name, values := range map[string][]string{
		"SLACK_BOT_TOKEN": {"simulated", "xoxp-simulated", "xoxb-"}, "SLACK_SIGNING_SECRET": {"s", "secret", "0", goodSigning[:31], strings.Repeat("z", 32), "fifteen-letters"},
		"DISCORD_TOKEN": {"t", goodPublic, goodApp}, "DISCORD_APPLICATION_ID": {"x", "0", "01"}, "TENCENTCLOUD_SECRET_KEY": {"key", goodID}, "TENCENTCLOUD_SECRET_ID": {"id"},
	} {
		for _, value := range values {
			said := loaded(t, both, standIns, map[string]string{name: value})
			if assert.NotEmptyf(t, said, "%s=%s", name, value) {
				assert.Contains(t, said[0], name)
			}
		}
	}
	real := map[string]string{"PURGEBOT_CDN_API": "3.0", "PURGEBOT_CDN_ENDPOINT": "https://cdn.intl.tencentcloudapi.com", "SLACK_API_URL": "https://slack.com/api/", "DISCORD_API_URL": "https://discord.com/api"}
	assert.Empty(t, loaded(t, both, real))
	for name, value := range map[string]string{"SLACK_SIGNING_SECRET": "simulated-signing-secret", "DISCORD_TOKEN": "simulated-bot-token", "TENCENTCLOUD_SECRET_KEY": "simulated-key"} {
		assert.Lenf(t, loaded(t, both, real, map[string]string{name: value}), 1, "the service's own address stands in for nothing: %s", name)
	}
}

// TestTemporaryCredentials are longer, and have other characters.
func TestTemporaryCredentials(t *testing.T) {
	t.Parallel()
	temporary := map[string]string{"TENCENTCLOUD_SECRET_ID": goodID + "_-" + goodKey, "TENCENTCLOUD_SECRET_KEY": "PxkGEvJ0123456789abcdefghijklmnopqrstuv/+0w=", "TENCENTCLOUD_TOKEN": strings.Repeat("aB3_-", 100)}
	assert.Empty(t, loaded(t, both, temporary))
	temporary["TENCENTCLOUD_TOKEN"] = "-"
	assert.Len(t, loaded(t, both, temporary), 2, "without the token they are none")
	assert.Empty(t, loaded(t, both, map[string]string{"TENCENTCLOUD_SECRET_ID": "IKID" + goodID[4:]}), "of the international site")
}

// TestAllKeysAreWrongAtOnce says so of each.
func TestAllKeysAreWrongAtOnce(t *testing.T) {
	t.Parallel()
	wrong := map[string]string{}
	for name := range both {
		wrong[name] = "wrong " + name
	}
	said := strings.Join(loaded(t, wrong), "\n")
	for name := range both {
		assert.Contains(t, said, name+" ")
	}
	assert.NotContains(t, said, "wrong ")
}

// TestAddressesHoldNoMore than a scheme, a host and a path.
func TestAddressesHoldNoMore(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"PURGEBOT_CDN_ENDPOINT", "SLACK_API_URL", "DISCORD_API_URL"} {
		for _, bad := range []string{"https://user:canary@host.example/v2", "https://host.example/v2?key=canary", "https://host.example/v2#x", "https://host.example/v2?", " https://host.example/v2",
			"https://host.example/v2 ", `"https://host.example/v2"`, "https:///v2", "https://:443/v2", "https://höst.example/v2", "//host.example/v2"} {
			said := strings.Join(loaded(t, map[string]string{name: bad}), "\n")
			assert.Containsf(t, said, name, "%s=%s", name, bad)
			assert.NotContains(t, said, "canary")
		}
	}
}
