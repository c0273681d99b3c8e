package grammar

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

func TestRuleCommandsMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, means string }{
		{`freeze a.com 2h "sale"`, `/purge freeze a.com 2h "sale"`},
		{`Freeze A.com 120m “big — sale”`, `/purge freeze a.com 2h "big — sale"`},
		{`freeze "sale" a.com 2h`, `/purge freeze a.com 2h "sale"`},
		{`freeze *.a.com 30d --reason sale`, `/purge freeze *.a.com 30d "sale"`},
		{`--reason=sale freeze a.com 2h`, ""},
		{`freeze --reason="sale" a.com 90m`, `/purge freeze a.com 90m "sale"`},
		{`freeze https://a.com/ 24H 'sale'`, `/purge freeze a.com 1d "sale"`},
		{`freeze <http://a.com|a.com> 1d "sale"`, `/purge freeze a.com 1d "sale"`},
		{`freeze *. a.com 1d "sale"`, `/purge freeze *.a.com 1d "sale"`}, // as Slack's links leave it
		{`freeze a.com 4w "https://t.com/7"`, `/purge freeze a.com 28d "https://t.com/7"`},
		{`freeze "https://a.com/" 1m "https://t.com/7"`, `/purge freeze a.com 1m "https://t.com/7"`},
		{"freeze a.com 2h\n\"sale\"", `/purge freeze a.com 2h "sale"`},
		{`unfreeze *.a.com "sale is over"`, `/purge unfreeze *.a.com "sale is over"`},
		{`/purge unfreeze a.com --reason over`, `/purge unfreeze a.com "over"`},

		{`grant slack:T0/U1 a.com 2h "on call"`, `/purge grant slack:T0/U1 a.com 2h "on call"`},
		{`grant discord:7/role/8 a.com 30m "on call"`, `/purge grant discord:7/role/8 a.com 30m "on call"`},
		{`grant terminal:alice *.a.com 1d "on call"`, `/purge grant terminal:alice *.a.com 1d "on call"`},
		{`grant <@U1> a.com 2h "x"`, `/purge grant <@U1> a.com 2h "x"`},
		{`grant <@U1|bob the builder> a.com 2h "x"`, `/purge grant <@U1> a.com 2h "x"`},
		{`grant <!subteam^S1|@oncall> a.com 2h "x"`, `/purge grant <!subteam^S1> a.com 2h "x"`},
		{`grant <@!80351110224678912> a.com 2h "x"`, `/purge grant <@80351110224678912> a.com 2h "x"`},
		{`grant <@&41771983423143936> a.com 2h "x"`, `/purge grant <@&41771983423143936> a.com 2h "x"`},
		{`grant oncall a.com 2h "x"`, `/purge grant oncall a.com 2h "x"`},
		{`grant on.call a.com 2h "x"`, `/purge grant on.call a.com 2h "x"`},
		{`grant Bereitschaft-Köln a.com 2h "x"`, `/purge grant Bereitschaft-Köln a.com 2h "x"`},
		{`grant freeze a.com 2h "x"`, `/purge grant freeze a.com 2h "x"`}, // a group may be called so
		{`grant oncall a.com 24h "x" --kind directory --overseas`, `/purge grant oncall a.com 1d --overseas --kind directory "x"`},
		{`grant oncall --kind=dir a.com 2h --area mainland "x"`, `/purge grant oncall a.com 2h --kind directory "x"`},
		{`grant oncall a.com 2h "x" --kind URL --global`, `/purge grant oncall a.com 2h --global "x"`},
		{"revoke R-7K3F9X2Q “too broad”", `/purge revoke r-7k3f9x2q "too broad"`},

		{"retry P-7k3f9x2q", "/purge retry p-7k3f9x2q"},
		{`retry p-7k3f9x2q --reason "site is back"`, `/purge retry p-7k3f9x2q --reason "site is back"`},
		{"quota", "/purge quota"},
		{"history a.com --by <@U1|bob>", "/purge history a.com --by <@U1>"},
		{"history --by=<@80351110224678912> --outcome=failed", "/purge history --by <@80351110224678912> --outcome failed"},
		{"history --by me a.com", "/purge history a.com --by me"},
		{"https://a.com/1 --prefetch", "/purge https://a.com/1 --prefetch"},
		{"--prefetch https://a.com/1 —overseas", "/purge https://a.com/1 --overseas --prefetch"},
	} {
		if c.means == "" {
			_, err := Parse(c.typed)
			require.Error(t, err, "%q", c.typed)
			continue
		}
		assert.Equal(t, c.means, parsed(t, c.typed), "%q", c.typed)
	}
}

func TestRuleIntentsHoldWhatWasSaid(t *testing.T) {
	t.Parallel()
	in, err := Parse(`grant <@U1> *.A.com 90m "on call"`)
	require.NoError(t, err)
	assert.Equal(t, Intent{Verb: VerbGrant, Kind: purge.URL, Areas: mainland, Subject: "<@U1>", Domain: "*.a.com", For: 90 * time.Minute, Reason: "on call"}, in)
	in, err = Parse(`grant oncall a.com 1d "x" --kind directory --area global`)
	require.NoError(t, err)
	assert.Equal(t, purge.Directory, in.Kind)
	assert.Equal(t, global, in.Areas)
	in, err = Parse(`freeze a.com 2h "sale"`)
	require.NoError(t, err)
	assert.Equal(t, Intent{Verb: VerbFreeze, Domain: "a.com", For: 2 * time.Hour, Reason: "sale"}, in)
	in, err = Parse("https://a.com/1 --prefetch")
	require.NoError(t, err)
	assert.True(t, in.Prefetch)
	in.Areas = append(in.Areas, purge.Overseas) // no two intents share what they hold
	again, err := Parse(`grant oncall a.com 1d "x"`)
	require.NoError(t, err)
	assert.Equal(t, mainland, again.Areas)
}

func TestRuleMistakesRefuseTheWholeCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, names, corrected string }{
		{"freeze", "which domain to freeze", `/purge freeze www.example.com 2h "why"`},
		{"freeze a.com", "how long to freeze", `/purge freeze a.com 2h "why"`},
		{"freeze a.com 2h", "Say why", `/purge freeze a.com 2h "why"`},
		{`freeze 2h a.com "sale"`, `"2h"`, `/purge freeze a.com 2h "sale"`},
		{`freeze 3h a.com 1d "sale"`, `"3h"`, `/purge freeze a.com 1d "sale"`},
		{`freeze a.com "sale"`, "how long", `/purge freeze a.com 2h "sale"`},
		{`freeze a.com 2h sale and more`, `"sale"`, `/purge freeze a.com 2h "sale and more"`},
		{`freeze a.com 2h "sale" "more"`, "said twice", `/purge freeze a.com 2h "sale"`},
		{`freeze a.com 2h ""`, "reason is empty", `/purge freeze a.com 2h "why"`},
		{`freeze a.com 2h "sale`, "never closes", `/purge freeze a.com 2h "why"`},
		{`freeze a.com b.com 2h "sale"`, `"b.com"`, `/purge freeze a.com 2h "sale"`},
		{`freeze a.com 31d "sale"`, `at most, and "31d"`, `/purge freeze a.com 30d "sale"`},
		{`freeze a.com 721h "sale"`, "30d at most", `/purge freeze a.com 30d "sale"`},
		{`freeze a.com 0h "sale"`, `"0h"`, `/purge freeze a.com 2h "sale"`},
		{`freeze a.com -2h "sale"`, `"-2h"`, `/purge freeze a.com 2h "sale"`},
		{`freeze a.com 2 "sale"`, `"2"`, `/purge freeze a.com 2h "sale"`},
		{`freeze a.com 2s "sale"`, `"2s"`, `/purge freeze a.com 2h "sale"`},
		{`freeze a.com 2hours "sale"`, `"2hours"`, `/purge freeze a.com 2h "sale"`},
		{`freeze a.com forever 3h "sale"`, `"forever"`, `/purge freeze a.com 3h "sale"`},
		{`freeze a.com forever "sale"`, `"forever"`, `/purge freeze a.com 2h "sale"`},
		{`freeze a.com 99999999d "sale"`, `"99999999d"`, `/purge freeze a.com 2h "sale"`},
		{`freeze a 2h "sale"`, `"a" is no domain`, `/purge freeze www.example.com 2h "sale"`},
		{`freeze * 2h "sale"`, `"*"`, `/purge freeze www.example.com 2h "sale"`},
		{`freeze *.com 2h "sale"`, `"*.com"`, `/purge freeze www.example.com 2h "sale"`},
		{`freeze a.*.com 2h "sale"`, `"a.*.com"`, `/purge freeze www.example.com 2h "sale"`},
		{`freeze *a.com 2h "sale"`, `"*a.com"`, `/purge freeze www.example.com 2h "sale"`},
		{`freeze *.*.a.com 2h "sale"`, `"*.*.a.com"`, `/purge freeze www.example.com 2h "sale"`},
		{`freeze *.https://a.com 2h "sale"`, `"*.https://a.com"`, `/purge freeze www.example.com 2h "sale"`},
		{"freeze *.\na.com 2h \"sale\"", `"*."`, `/purge freeze www.example.com 2h "sale"`},
		{`freeze *. "a.com" 2h`, `"*."`, `/purge freeze www.example.com 2h "a.com"`},
		{`freeze a.com/b/ 2h "sale"`, `"a.com/b/"`, `/purge freeze a.com 2h "sale"`},
		{`freeze a.com?b 2h "sale"`, `"a.com?b"`, `/purge freeze a.com 2h "sale"`},
		{`freeze a.com:443 2h "sale"`, `"a.com:443"`, `/purge freeze a.com 2h "sale"`},
		{`freeze bücher.example 2h "sale"`, "ASCII form (xn--...): it holds U+00FC", `/purge freeze xn--bcher-kva.example 2h "sale"`},
		{`freeze *.bücher.example 2h "sale"`, "ASCII form", `/purge freeze *.xn--bcher-kva.example 2h "sale"`},
		{`freeze 10.0.0.1 2h "sale"`, "IP address", `/purge freeze www.example.com 2h "sale"`},
		{`freeze a.com 2h "sale" --overseas`, `"--overseas" for freeze`, `/purge freeze a.com 2h "sale"`},
		{`freeze a.com 2h "sale" --until 2d`, `"--until" for freeze`, `/purge freeze a.com 2h "sale"`},
		{"freeze a.com 2h \"sale\"\nunfreeze a.com", "second command", `/purge freeze a.com 2h "sale"`},
		{"freeze a.com 2h \"sale\" unfreeze", "goes first", `/purge freeze a.com 2h "sale"`},
		{"unfreeze", "which domain to unfreeze", `/purge unfreeze www.example.com "why"`},
		{"unfreeze a.com", "Say why", `/purge unfreeze a.com "why"`},
		{"unfreeze a.com 2h", `"2h"`, `/purge unfreeze a.com "2h"`},

		{"grant", "whom to grant it to", `/purge grant oncall www.example.com 2h "why"`},
		{"grant oncall", "which domain to grant", `/purge grant oncall www.example.com 2h "why"`},
		{"grant oncall a.com", "how long to grant", `/purge grant oncall a.com 2h "why"`},
		{"grant oncall a.com 2h", "Say why", `/purge grant oncall a.com 2h "why"`},
		{`grant oncall a.com 25h "x"`, "1d at most", `/purge grant oncall a.com 1d "x"`},
		{`grant oncall a.com 2d "x"`, "1d at most", `/purge grant oncall a.com 1d "x"`},
		{`grant @bob, a.com 2h "x"`, `"@bob,"`, `/purge grant oncall a.com 2h "x"`},
		{`grant @ a.com 2h "x"`, `"@"`, `/purge grant oncall a.com 2h "x"`},
		{`grant <!channel> a.com 2h "x"`, `"<!channel>"`, `/purge grant oncall a.com 2h "x"`},
		{`grant <#C1> a.com 2h "x"`, `"<#C1>"`, `/purge grant oncall a.com 2h "x"`},
		{`grant <@> a.com 2h "x"`, `"<@>"`, `/purge grant oncall a.com 2h "x"`},
		{`grant <@u1> a.com 2h "x"`, `"<@u1>"`, `/purge grant oncall a.com 2h "x"`},
		{`grant * a.com 2h "x"`, `"*"`, `/purge grant oncall a.com 2h "x"`},
		{`grant slack:T0/bob a.com 2h "x"`, "a name where an id belongs", `/purge grant oncall a.com 2h "x"`},
		{`grant discord:7/role/7 a.com 2h "x"`, "is the role of all members of the guild", `/purge grant oncall a.com 2h "x"`},
		{`grant irc:7/8 a.com 2h "x"`, "no subject", `/purge grant oncall a.com 2h "x"`},
		{"grant a\u202eb a.com 2h \"x\"", `"a\u202eb"`, `/purge grant oncall a.com 2h "x"`},
		{"grant a\xffb a.com 2h \"x\"", `"a\xffb"`, `/purge grant oncall a.com 2h "x"`},
		{"grant " + strings.Repeat("x", 65) + ` a.com 2h "x"`, "xxx...", `/purge grant oncall a.com 2h "x"`},
		{`grant oncall a.com 2h "x" --kind page`, `"page"`, `/purge grant oncall a.com 2h "x"`},
		{`grant oncall a.com 2h "x" --kind path`, `"path"`, `/purge grant oncall a.com 2h --kind directory "x"`},
		{`grant oncall a.com 2h "x" --kind any`, `"any"`, `/purge grant oncall a.com 2h "x"`},
		{`grant oncall a.com 2h "x" --kind url --kind url`, "said twice", `/purge grant oncall a.com 2h "x"`},
		{`grant oncall a.com 2h "x" --mode delete`, `"--mode"`, `/purge grant oncall a.com 2h "x"`},
		{`grant oncall a.com 2h "x" --private`, `"--private"`, `/purge grant oncall a.com 2h "x"`},
		{"revoke", "which grant to revoke", `/purge revoke r-7k3f9x2q "why"`},
		{"revoke r-7k3f9x2q", "Say why", `/purge revoke r-7k3f9x2q "why"`},
		{"revoke p-7k3f9x2q", "id of a grant looks like r-7k3f9x2q", `/purge revoke r-7k3f9x2q "why"`},
		{"revoke a.com", `"a.com"`, `/purge revoke r-7k3f9x2q "why"`},

		{"retry", "which purge to retry", "/purge retry p-7k3f9x2q"},
		{"retry r-7k3f9x2q", "id of a purge looks like", "/purge retry p-7k3f9x2q"},
		{`retry p-7k3f9x2q "site is back"`, `"site is back"`, "/purge retry p-7k3f9x2q"},
		{"retry p-7k3f9x2q --overseas", `"--overseas"`, "/purge retry p-7k3f9x2q"},
		{"quota a.com", `"a.com"`, "/purge quota"},
		{"quota --overseas", `"--overseas"`, "/purge quota"},
		{"history --by <!channel>", `"<!channel>"`, "/purge history"},
		{"history --by oncall", `"oncall"`, "/purge history"},
		{"history --outcome failed --outcome done", "said twice", "/purge history --outcome failed"},
		{"history bücher.example", "ASCII form", "/purge history xn--bcher-kva.example"},
		{"dir https://a.com/b/ --prefetch", "leave out --prefetch", "/purge dir https://a.com/b/"},
		{"leak https://a.com/1 --prefetch", `"--prefetch"`, "/purge leak https://a.com/1"},
		{"https://a.com/1 --prefetch=yes", "takes no value", "/purge https://a.com/1 --prefetch"},
		{"https://a.com/1 --kind url", `"--kind"`, "/purge https://a.com/1"},
	} {
		_, err := Parse(c.typed)
		e := (*purge.Error)(nil)
		require.True(t, errors.As(err, &e), "%q was accepted", c.typed)
		assert.Contains(t, e.Message, c.names, "%q", c.typed)
		_, line, _ := strings.Cut(e.Message, sayTry)
		assert.Equal(t, c.corrected, line, "%q", c.typed)
		assert.Equal(t, line, parsed(t, line), "the corrected line of %q", c.typed)
	}
}

// What administrators do purges nothing, so its refusal says what did not happen.
func TestRuleMistakesSayThatNothingWasChanged(t *testing.T) {
	t.Parallel()
	for typed, says := range map[string]string{"freeze": sayNoChange, "unfreeze": sayNoChange, "grant": sayNoChange, "revoke": sayNoChange, "retry": sayNothing, "dir": sayNothing} {
		_, err := Parse(typed)
		assert.Contains(t, purge.AsError(err).Message, says, typed)
		_, err = ParseFields(&chat.Fields{Verb: typed, Private: true})
		assert.Contains(t, purge.AsError(err).Message, says, typed)
	}
}

func TestRuleFieldsStayApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fields chat.Fields
		means  string
	}{
		{chat.Fields{Verb: "freeze", Domain: " A.com ", For: "2h", Reason: `"sale" --overseas`}, `/purge freeze a.com 2h "\"sale\" --overseas"`},
		{chat.Fields{Verb: "unfreeze", Domain: "*.a.com", Reason: "over"}, `/purge unfreeze *.a.com "over"`},
		{chat.Fields{Verb: "grant", Subject: "<@1>", Domain: "a.com", For: "30m", Kind: "directory", Area: "overseas", Reason: "x"}, `/purge grant <@1> a.com 30m --overseas --kind directory "x"`},
		{chat.Fields{Verb: "grant", Subject: "oncall", Domain: "a.com", For: "1d", Reason: "x"}, `/purge grant oncall a.com 1d "x"`},
		{chat.Fields{Verb: "revoke", ID: "r-7k3f9x2q", Reason: "x"}, `/purge revoke r-7k3f9x2q "x"`},
		{chat.Fields{Verb: "retry", ID: "p-7k3f9x2q"}, "/purge retry p-7k3f9x2q"},
		{chat.Fields{Verb: "quota"}, "/purge quota"},
		{chat.Fields{Verb: "history", Domain: "a.com", Since: "30d", Until: "2026-11-21", By: "<@1>", Outcome: "failed"}, "/purge history a.com --since 30d --until 2026-11-21 --by <@1> --outcome failed"},
		{chat.Fields{Verb: "history", Outcome: "partly done"}, "/purge history --outcome partly-done"},
		{chat.Fields{Targets: "https://a.com/1", Prefetch: true}, "/purge https://a.com/1 --prefetch"},
	} {
		in, err := ParseFields(&c.fields)
		require.NoError(t, err, "%+v", c.fields)
		assert.Equal(t, c.means, in.commandLine())
	}
	for _, c := range []struct {
		fields chat.Fields
		names  string
	}{
		{chat.Fields{Verb: "freeze", Domain: "a.com 2h", For: "2h", Reason: "x"}, `"a.com 2h"`},
		{chat.Fields{Verb: "freeze", Domain: "*.", For: "2h", Reason: "x"}, `"*."`},
		{chat.Fields{Verb: "freeze", Targets: "a.com", For: "2h", Reason: "x"}, `field "targets" is not for freeze`},
		{chat.Fields{Verb: "freeze", Domain: "a.com", For: "2h"}, `field "reason" is empty`},
		{chat.Fields{Verb: "unfreeze", Domain: "a.com"}, `field "reason" is empty`},
		{chat.Fields{Verb: "revoke", ID: "r-7k3f9x2q"}, `field "reason" is empty`},
		{chat.Fields{Verb: "freeze", Domain: "a.com", Reason: "x"}, `field "for" is empty`},
		{chat.Fields{Verb: "freeze", For: "2h", Reason: "x"}, `field "domain" is empty`},
		{chat.Fields{Verb: "freeze", Domain: "a.com", For: "2h", Reason: "x", Kind: "url"}, `field "kind" is not for freeze`},
		{chat.Fields{Verb: "freeze", Domain: "a.com", For: "2h", Reason: "x", Subject: "me"}, `field "subject" is not for freeze`},
		{chat.Fields{Verb: "grant", Targets: "a.com", Domain: "a.com", For: "2h", Reason: "x", Subject: "oncall"}, `field "targets" is not for grant`},
		{chat.Fields{Verb: "grant", Domain: "a.com", For: "2h", Reason: "x"}, `field "subject" is empty`},
		{chat.Fields{Verb: "grant", Subject: "--all", Domain: "a.com", For: "2h", Reason: "x"}, `"--all"`},
		{chat.Fields{Verb: "grant", Subject: "oncall release", Domain: "a.com", For: "2h", Reason: "x"}, `"oncall release"`},
		{chat.Fields{Verb: "grant", Subject: "oncall", Domain: "a.com", For: "2h --global", Reason: "x"}, `"2h --global"`},
		{chat.Fields{Verb: "grant", Subject: "oncall", Domain: "a.com", For: "2h", Kind: "any", Reason: "x"}, `the field "kind" choose url or directory`},
		{chat.Fields{Verb: "history", Targets: "a.com", Domain: "b.com"}, "domain is said twice"},
		{chat.Fields{Verb: "history", Since: "--until"}, `"--until"`},
		{chat.Fields{Verb: "status", ID: "p-7k3f9x2q", Domain: "a.com"}, `field "domain" is not for status`},
		{chat.Fields{Verb: "url", Targets: "https://a.com/1", For: "2h"}, `field "for" is not for purge`},
		{chat.Fields{Verb: "url", Targets: "https://a.com/1", By: "me"}, `field "by" is not for purge`},
		{chat.Fields{Verb: "dir", Targets: "https://a.com/1/", Prefetch: true}, `leave out the field "prefetch"`},
		{chat.Fields{Verb: "why"}, `field "targets" is empty: write the address`},
		{chat.Fields{Domain: strings.Repeat("a", maxText), Verb: "freeze"}, "1,048,582 bytes"},
	} {
		_, err := ParseFields(&c.fields)
		require.Error(t, err, "%+v", c.fields)
		assert.Contains(t, purge.AsError(err).Message, c.names)
	}
}

func TestMentionsNameAccountsOfTheirWorkspace(t *testing.T) {
	t.Parallel()
	slack := chat.Thread{Platform: "slack", Workspace: "T0", Channel: "C1"}
	discord := chat.Thread{Platform: "discord", Workspace: "7", Channel: "9"}
	for _, c := range []struct {
		at    chat.Thread
		token string
		want  acl.Subject
	}{
		{slack, "<@U1>", "slack:T0/U1"},
		{slack, "<!subteam^S1>", "slack:T0/S1"},
		{slack, "slack:T9/U1", "slack:T9/U1"},
		{slack, "discord:7/8", "discord:7/8"},
		{slack, "<@&S1>", ""},
		{slack, "<@1>", ""},
		{discord, "<@1>", "discord:7/1"},
		{discord, "<@&1>", "discord:7/role/1"},
		{discord, "<@&7>", ""}, // everybody
		{discord, "<!subteam^S1>", ""},
		{discord, "<@U1>", ""},
		{chat.Thread{Platform: "terminal"}, "<@U1>", ""},
		{slack, "me", ""},
		{slack, "oncall", ""},
		{slack, "", ""},
	} {
		assert.Equal(t, c.want, Subject(c.at, c.token), "%s in %s", c.token, c.at.Platform)
	}
}
