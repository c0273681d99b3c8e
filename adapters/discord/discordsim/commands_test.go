package discordsim_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
)

func TestCommandsAreOverwritten(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.call("PUT", put, purge)
	require.Equal(t, 200, got.status, got.body)
	before := decode(t, `{"list":`+got.body+`}`)
	assert.Equal(t, "purge", before.str("list", 0, "name"))
	assert.Equal(t, discordsim.HQ, before.str("list", 0, "guild_id"))
	assert.JSONEq(t, got.body, f.call("GET", put, "").body)
	assert.JSONEq(t, got.body, string(f.Commands(discordsim.HQ)))
	got = f.call("PUT", put, `[{"name":"purge","description":"Else","type":1}]`)
	after := decode(t, `{"list":`+got.body+`}`)
	assert.Equal(t, before.str("list", 0, "id"), after.str("list", 0, "id"))
	assert.Len(t, after["list"], 1, "what is absent is deleted")
	assert.Equal(t, "[]", f.call("PUT", put, "[]").body)
}

func TestWhatACommandMayNotBe(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	option := `{"type":3,"name":"a","description":"A"}`
	numbered := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, strings.Replace(option, `"a"`, `"a`+strings.Repeat("b", i)+`"`, 1))
		}
		return strings.Join(all, ",")
	}
	with := func(options string) string {
		return `[{"name":"purge","description":"P","options":[` + options + `]}]`
	}
	for name, body := range map[string]string{
		"an upper-case name":              `[{"name":"Purge","description":"P"}]`,
		"a name with a blank":             `[{"name":"pur ge","description":"P"}]`,
		"a long name":                     `[{"name":"` + strings.Repeat("a", 33) + `","description":"P"}]`,
		"no description":                  `[{"name":"purge"}]`,
		"a long description":              `[{"name":"purge","description":"` + strings.Repeat("a", 101) + `"}]`,
		"the same name twice":             `[{"name":"purge","description":"P"},{"name":"purge","description":"P"}]`,
		"26 options":                      with(numbered(26)),
		"an option twice":                 with(option + "," + option),
		"required after optional":         with(option + `,{"type":3,"name":"b","description":"B","required":true}`),
		"26 choices":                      with(`{"type":3,"name":"a","description":"A","choices":[` + list(`{"name":"x","value":"x"}`, 26) + `]}`),
		"a long choice":                   with(`{"type":3,"name":"a","description":"A","choices":[{"name":"x","value":"` + strings.Repeat("x", 101) + `"}]}`),
		"a choice of another type":        with(`{"type":3,"name":"a","description":"A","choices":[{"name":"x","value":1}]}`),
		"autocomplete and choices":        with(`{"type":3,"name":"a","description":"A","autocomplete":true,"choices":[{"name":"x","value":"x"}]}`),
		"a length of 6,001":               with(`{"type":3,"name":"a","description":"A","max_length":6001}`),
		"an unknown type":                 with(`{"type":12,"name":"a","description":"A"}`),
		"subcommands beside options":      with(option + `,{"type":1,"name":"b","description":"B"}`),
		"a subcommand in a subcommand":    with(`{"type":1,"name":"b","description":"B","options":[{"type":1,"name":"c","description":"C"}]}`),
		"8,001 characters":                with(`{"type":1,"name":"b","description":"B","options":[` + strings.ReplaceAll(numbered(25), `"description":"A"`, `"description":"A","choices":[`+list(`{"name":"xxxxxxxxxxxxxxxx","value":"x"}`, 20)+`]`) + `]}`),
		"a described message command":     `[{"name":"Purge links","type":3,"description":"P"}]`,
		"16 message commands":             `[` + list(`{"name":"Purge links","type":3}`, 16) + `]`,
		"options of a message command":    `[{"name":"Purge links","type":3,"options":[` + option + `]}]`,
		"an object where a list is asked": `{"name":"purge","description":"P"}`,
	} {
		got := f.call("PUT", put, body)
		assert.Equal(t, 400, got.status, name)
		assert.Contains(t, got.body, "50035", name)
	}
	assert.Equal(t, "[]", f.call("GET", put, "").body)
}

func TestTheScopeForCommands(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.PutGuild(discordsim.Guild{ID: discordsim.HQ, Name: "HQ", Bare: true})
	f.refused(403, 50001, "PUT", put, purge)
	f.refused(403, 50001, "PUT", "/applications/5/guilds/"+discordsim.HQ+"/commands", purge)
	f.refused(403, 50001, "PUT", "/applications/"+f.ApplicationID+"/guilds/5/commands", purge)
	assert.Equal(t, 200, f.call("PUT", "/applications/"+f.ApplicationID+"/commands", purge).status)
}

func TestCreatingTooManyCommands(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.PerSecond = 1000
	for i := range 100 {
		f.Limit("PUT /applications/{application}/guilds/{guild}/commands", 1000, 1)
		body := `[{"name":"a` + strings.Repeat("b", i%30) + `","description":"P"},{"name":"c` + strings.Repeat("d", i%30) + `","description":"P"}]`
		require.Equal(t, 200, f.call("PUT", put, body).status)
	}
	f.refused(400, 30034, "PUT", put, `[{"name":"x","description":"P"}]`)
}
