package app_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/slack/slacksim"
	"purgebot/cmd/internal/app"
)

// manifest is what a Slack manifest says that purgebot depends on.
type manifest struct {
	Features struct {
		SlashCommands []struct {
			Command, URL string
			ShouldEscape bool `json:"should_escape" yaml:"should_escape"`
		} `yaml:"slash_commands"`
	}
	OAuth struct {
		Scopes struct{ Bot []string }
	} `yaml:"oauth_config"`
	Settings struct {
		Events struct {
			RequestURL string   `yaml:"request_url"`
			BotEvents  []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		Interactivity struct {
			Enabled    bool   `yaml:"is_enabled"`
			RequestURL string `yaml:"request_url"`
		}
		SocketMode bool `yaml:"socket_mode_enabled"`
	}
}

func readManifest(t *testing.T) manifest {
	t.Helper()
	data, err := os.ReadFile(root + "/deploy/slack-manifest.yaml")
	require.NoError(t, err)
	var m manifest
	require.NoError(t, yaml.Unmarshal(data, &m))
	return m
}

func TestSlackManifestNamesWhatIsServed(t *testing.T) {
	t.Parallel()
	m := readManifest(t)
	require.Len(t, m.Features.SlashCommands, 1)
	assert.Equal(t, "/purge", m.Features.SlashCommands[0].Command)
	assert.Equal(t, []string{"app_mention"}, m.Settings.Events.BotEvents)
	assert.True(t, m.Settings.Interactivity.Enabled)
	assert.False(t, m.Settings.SocketMode)
	for address, served := range map[string]string{
		m.Features.SlashCommands[0].URL:     "/slack/commands",
		m.Settings.Interactivity.RequestURL: "/slack/interactions",
		m.Settings.Events.RequestURL:        "/slack/events",
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		assert.Equal(t, "https", u.Scheme)
		assert.Equal(t, served, u.Path)
	}
}

// everything is a conversation that needs every scope. It returns the methods that went well, and the scopes that others lacked.
func everything(t *testing.T, scopes []string) (did, missing []string) {
	s := newStage(t, func(s *stage) { s.slack.Scopes = scopes; s.env["PURGEBOT_PERSON_RATE"] = "100" })
	s.slack.PutChannel(slacksim.Channel{ID: "G0", Name: "incident", Private: true, Member: true})
	many := "/purge"
	for n := range 21 {
		many += " https://www.test.com/" + string(rune('a'+n)) + ".jpg"
	}
	s.slack.Type("U0ALICE", channel, "", many)
	s.quiet()
	s.slack.Type("U0ALICE", "G0", "", "/purge https://www.test.com/1.jpg")
	s.quiet()
	// A channel that takes neither the question nor a private message leaves the direct one.
	s.slack.Fail("chat.postMessage", "is_archived", 1)
	s.slack.Fail("chat.postEphemeral", "user_not_in_channel", 1)
	s.slack.Type("U0ALICE", channel, "", "/purge dir https://www.test.com/a/")
	s.quiet()
	return s.calls()
}

// calls are the methods that went well, and the scopes that others lacked.
func (s *stage) calls() (did, missing []string) {
	for _, c := range s.slack.Calls() {
		var a struct{ Error, Needed string }
		_ = json.Unmarshal([]byte(c.Answer), &a)
		switch a.Error {
		case "missing_scope":
			missing = append(missing, a.Needed)
		case "":
			did = append(did, c.Method)
		}
	}
	slices.Sort(did)
	return slices.Compact(did), missing
}

// quiet waits until nothing is open and no message is due, or until no message can be shown at all.
func (s *stage) quiet() {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		p, err := s.app.Progress(s.t.Context())
		_, missing := s.calls()
		return err == nil && p.Open == 0 && (p.Cards == 0 || slices.Contains(missing, "chat:write"))
	}, 2*busy, 10*time.Millisecond)
}

// The manifest asks for what the code needs and for nothing else: with its scopes all goes well, and without any one of
// them something goes missing.
func TestSlackManifestAsksForTheLeast(t *testing.T) {
	t.Parallel()
	scopes := readManifest(t).OAuth.Scopes.Bot
	all, missing := everything(t, scopes)
	assert.Empty(t, missing)
	for _, used := range []string{"chat.update", "conversations.open", "files.completeUploadExternal", "usergroups.users.list"} {
		assert.Contains(t, all, used, "the conversation must need it")
	}
	// Slack itself asks for these two where a manifest has a command and the event app_mention.
	assert.Subset(t, scopes, []string{"commands", "app_mentions:read"})
	for _, scope := range scopes {
		if scope == "commands" || scope == "app_mentions:read" {
			continue
		}
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			less := slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return s == scope })
			did, missing := everything(t, less)
			assert.Truef(t, slices.Contains(missing, scope) || !slices.Equal(did, all), "purgebot does not need %s", scope)
		})
	}
}

// What the deployments set must exist.
func TestDeploymentsNameWhatIsThere(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(root + "/deploy/*")
	require.NoError(t, err)
	more, err := filepath.Glob(root + "/deploy/*/*")
	require.NoError(t, err)
	seen := 0
	for _, f := range append(files, more...) {
		data, err := os.ReadFile(f)
		if err != nil {
			continue // a folder
		}
		for _, name := range regexp.MustCompile(`\b(PURGEBOT|TENCENTCLOUD|SLACK|DATABASE)_[A-Z_]+\b`).FindAllString(string(data), -1) {
			seen++
			assert.Regexpf(t, `(?m)^  `+strings.TrimSuffix(name, "_FILE")+` `, app.Table(), "%s names %s", f, name)
		}
	}
	assert.Greater(t, seen, 5)
}
