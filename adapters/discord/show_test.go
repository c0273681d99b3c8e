package discord

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/purge"
)

func (w *world) show(at chat.Thread, ref chat.MessageRef, title string) chat.MessageRef {
	w.t.Helper()
	ref, err := w.discord.Show(w.t.Context(), at, ref, title, chat.Card{Title: title})
	require.NoError(w.t, err)
	return ref
}

// under returns the thread of a message.
func under(ref chat.MessageRef) chat.Thread {
	at := in(ref.Channel)
	at.Root = ref.ID
	return at
}

func TestAResultOpensAThreadOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	card := w.show(w.Channel(), chat.MessageRef{}, "Purging")
	one := w.show(under(card), chat.MessageRef{}, "Done in mainland")
	two := w.show(under(card), chat.MessageRef{}, "Done overseas")
	assert.Equal(t, card.ID, one.Channel)
	assert.Equal(t, card.ID, two.Channel)
	assert.Len(t, w.Calls("POST /channels/{channel}/messages/{message}/threads"), 1)
	thread, _ := w.Sim.Channel(card.ID)
	assert.Equal(t, "Done in mainland", thread.Name)
}

func TestAThreadThatSomebodyMadeIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	card := w.show(w.Channel(), chat.MessageRef{}, "Purging")
	w.show(under(card), chat.MessageRef{}, "first")
	w.Fail(postMessage, unknownChannel, 1) // the view before another replica makes the thread
	ref := w.show(under(card), chat.MessageRef{}, "second")
	assert.Equal(t, card.ID, ref.Channel, "160004 is no failure")
}

func TestAnArchivedThreadIsOpenedForAnEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	card := w.show(w.Channel(), chat.MessageRef{}, "Purging")
	ref := w.show(under(card), chat.MessageRef{}, "Result")
	w.Archive(card.ID, false)
	assert.Equal(t, ref, w.show(under(card), ref, "Result, edited"))
	m, _ := w.Message(ref.Channel, ref.ID)
	assert.Contains(t, m.Plain(), "Result, edited")

	w.Archive(card.ID, true)
	again := w.show(under(card), ref, "Result, at last")
	assert.Equal(t, discordsim.CDN, again.Channel, "a locked thread leaves the channel")
}

func TestWhereThereCanBeNoThreadTheChannelServes(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"not allowed": func(w *world) {
			w.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: guild, Name: "cdn", Deny: discordsim.CreatePublicThreads})
		},
		"not to write": func(w *world) {
			w.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: guild, Name: "cdn", Deny: discordsim.SendMessagesInThreads})
		},
		"in a voice one": func(w *world) {
			w.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: guild, Name: "cdn", Kind: discordsim.Voice})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &fake{}, overHTTP)
			change(w)
			card := w.show(w.Channel(), chat.MessageRef{}, "Purging")
			assert.Equal(t, discordsim.CDN, w.show(under(card), chat.MessageRef{}, "Result").Channel)
			assert.Equal(t, discordsim.CDN, w.show(under(card), chat.MessageRef{}, "Another").Channel)
			_, made := w.Sim.Channel(card.ID)
			assert.False(t, made, "no thread is left empty")
			said := 0
			for _, c := range w.Calls(postMessage) {
				if strings.Contains(string(c.Body), "I may not use threads here") {
					said++
				}
			}
			assert.Equal(t, map[bool]int{true: 0, false: 1}[name == "in a voice one"], said, "once, and only where it can be changed")
		})
	}
}

func TestAThreadThatCannotBeMadeJustNowIsMadeLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	card := w.show(w.Channel(), chat.MessageRef{}, "Purging")
	w.Fail("POST /channels/{channel}/messages/{message}/threads", http.StatusInternalServerError, 1)
	_, err := w.discord.Show(t.Context(), under(card), chat.MessageRef{}, "k", chat.Card{Title: "Result"})
	assert.Equal(t, purge.Unavailable, purge.AsError(err).Kind)
	assert.Equal(t, card.ID, w.show(under(card), chat.MessageRef{}, "Result").Channel)
}

func TestWhereItMayNotWriteItSaysWhatToAllow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	w.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: guild, Name: "cdn", Deny: discordsim.SendMessages})
	_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", chat.Card{Title: "x"})
	assert.Equal(t, purge.Denied, purge.AsError(err).Kind)
	assert.Contains(t, purge.AsError(err).Message, "Send Messages")
}

func TestAChannelThatItCannotWriteToIsNamedToOperators(t *testing.T) {
	t.Parallel()
	out := &log{}
	w := newWorld(t, &fake{command: says("private")}, func(c *Config, _ *discordsim.Sim) { c.Log = slog.New(slog.NewTextHandler(out, nil)) }).started()
	deny := func(p discordsim.Permission) {
		w.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: guild, Name: "cdn", Deny: p})
	}
	deny(discordsim.SendMessages)
	w.Type(mention, "help")
	want := fmt.Sprintf(cannotWrite, discordsim.CDN)
	assert.Equal(t, want, purge.AsError(w.discord.Health(t.Context())).Message, "a mention has no other way to be answered")
	assert.Contains(t, out.String(), want)
	deny(0)
	w.show(w.Channel(), chat.MessageRef{}, "Purging")
	assert.NoError(t, w.discord.Health(t.Context()))
	deny(discordsim.SendMessages)
	_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", chat.Card{Title: "x"})
	require.Error(t, err)
	assert.Equal(t, want, purge.AsError(w.discord.Health(t.Context())).Message)
}

func TestAHintNeedsNoHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{command: says("private")}).started()
	w.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: guild, Name: "cdn", Deny: discordsim.ReadMessageHistory})
	w.Type(mention, "help")
	w.eventually(func() bool {
		return slices.ContainsFunc(w.Messages(discordsim.CDN), func(m discordsim.Message) bool { return m.Content == sayPrivate })
	}, "said")
}

func TestSettingsOfAnotherApplicationAreNamed(t *testing.T) {
	t.Parallel()
	another, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	key := hex.EncodeToString(another)
	for want, break_ := range map[string]change{
		"DISCORD_APPLICATION_ID is 5, but DISCORD_TOKEN is of the application 100000000000000002: set DISCORD_APPLICATION_ID to that, or take the token of the other one.": func(c *Config, _ *discordsim.Sim) {
			c.ApplicationID = "5"
		},
		"DISCORD_PUBLIC_KEY is not that of the application of DISCORD_TOKEN: set it to ": func(c *Config, _ *discordsim.Sim) { c.PublicKey = key },
	} {
		w := newWorld(t, &fake{}, overHTTP, break_)
		require.NoError(t, w.discord.Start(t.Context(), w.heard))
		w.eventually(func() bool { return strings.HasPrefix(purge.AsError(w.discord.Health(t.Context())).Message, want) }, want)
		assert.Equal(t, purge.Internal, purge.AsError(w.discord.Health(t.Context())).Kind, "purgebot is not ready")
	}
}

func TestWhereEmbedsAreNotAllowedTheContentSaysAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP).started()
	w.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: guild, Name: "cdn", Deny: discordsim.EmbedLinks})
	c := chat.Card{Title: "Purge *this*?", Targets: []string{"https://www.test.com/a"}, By: w.Alice(), Lines: []string{"see https://evil.example"},
		Footer: "@everyone *all*", Mention: []acl.Subject{w.Bob()}, Buttons: []chat.Button{{Label: "Purge", Token: "t"}},
		File: &chat.File{Name: "f.txt", Text: "x"}}
	shown := func(ref chat.MessageRef, err error) discordsim.Message {
		require.NoError(t, err)
		m, found := w.Message(ref.Channel, ref.ID)
		require.True(t, found)
		return m
	}
	ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", c)
	m := shown(ref, err)
	for _, part := range []string{"Purge *this*?", "https://www.test.com/a", "see https://evil.example", "by ", "@everyone *all*"} {
		assert.Contains(t, m.Plain(), part)
	}
	assert.Empty(t, m.Embeds)
	assert.Empty(t, m.Unfurls())
	assert.NotZero(t, int(m.Flags)&suppressEmbeds)
	assert.Equal(t, []string{"<@" + discordsim.Bob + ">"}, m.Mentions())
	assert.Len(t, m.Buttons(), 1)
	assert.Len(t, m.Files, 1, "a file is still allowed")

	before := len(w.Calls(postMessage))
	shown(w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k2", c))
	assert.Len(t, w.Calls(postMessage), before+1, "known by now")
	m = shown(w.discord.Show(t.Context(), w.Channel(), ref, "k", chat.Card{Title: "Edited"}))
	assert.Equal(t, "Edited", m.Content)
	assert.Empty(t, m.Embeds)

	w.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: guild, Name: "cdn"})
	w.settled(w.Command(discordsim.Alice, discordsim.CDN, "purge help", nil))
	m = shown(w.discord.Show(t.Context(), w.Channel(), ref, "k", chat.Card{Title: "Edited"}))
	assert.Empty(t, m.Content, "the event says that embeds are allowed again")
	assert.Contains(t, m.Plain(), "Edited", "and they are not suppressed")
	assert.Zero(t, int(m.Flags)&suppressEmbeds)
	w.Fail("PATCH /channels/{channel}/messages/{message}", missingPermission, 1)
	assert.Equal(t, "Again", shown(w.discord.Show(t.Context(), w.Channel(), ref, "k", chat.Card{Title: "Again"})).Content)
}

func TestNobodyConfirmsWhatDoesNotFitWithoutEmbeds(t *testing.T) {
	t.Parallel()
	d := offline(t, nil)
	c := chat.Card{Title: "Purge?", Targets: slices.Repeat([]string{"https://www.test.com/" + strings.Repeat("a", 200)}, 10), Buttons: []chat.Button{{Label: "Purge", Token: "t"}}}
	m, _ := d.message(c)
	without := m.unembedded()
	assert.LessOrEqual(t, chat.Units(without.Content), maxContent)
	assert.Empty(t, without.Components)
	assert.Equal(t, 2, strings.Count(without.Content, "```"))
	assert.True(t, strings.HasSuffix(without.Content, sayNoEmbeds))
	assert.Len(t, m.Components, 1)
}

func TestOnlyTheGuildsChannelsAreWrittenTo(t *testing.T) {
	t.Parallel()
	d := offline(t, nil)
	for _, at := range []chat.Thread{{}, {Platform: "discord", Workspace: "1", Channel: "2"}, {Platform: "slack", Workspace: guild, Channel: "2"},
		{Platform: "discord", Workspace: guild, Channel: "2/../3"}, {Platform: "discord", Workspace: guild, Channel: "2", Root: "../3"}} {
		_, err := d.Show(t.Context(), at, chat.MessageRef{}, "k", chat.Card{Title: "x"})
		assert.Equal(t, purge.Denied, purge.AsError(err).Kind, at)
	}
	for _, who := range []acl.Subject{"", "slack:T0/U1", "discord:1/2", "discord:" + guild + "/role/2", "discord:" + guild + "/x"} {
		assert.Equal(t, purge.NotFound, purge.AsError(d.Tell(t.Context(), who, in("2"), chat.EventKey{}, chat.Card{Title: "x"})).Kind, who)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	c := chat.Card{Title: "Purge 12 URLs", Targets: []string{"https://www.test.com/1"}, More: 11, File: &chat.File{Name: "p-1.txt", Text: "https://www.test.com/1\n…"}}
	ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", c)
	require.NoError(t, err)
	check := func(n int) discordsim.Message {
		m, found := w.Message(ref.Channel, ref.ID)
		require.True(t, found)
		require.Len(t, m.Files, n)
		return m
	}
	m := check(1)
	assert.Equal(t, c.File.Text, string(m.Files[0].Content))
	assert.Contains(t, m.Plain(), "+11 more, in the file p-1.txt")
	_, err = w.discord.Show(t.Context(), w.Channel(), ref, "k", c)
	require.NoError(t, err)
	assert.Equal(t, m.Files[0].ID, check(1).Files[0].ID, "an edit does not send it again")
	c.File = nil
	_, err = w.discord.Show(t.Context(), w.Channel(), ref, "k", c)
	require.NoError(t, err)
	check(0)

	w.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: guild, Name: "cdn", Deny: discordsim.AttachFiles})
	c.File = &chat.File{Name: "p-2.txt", Text: "x"}
	ref, err = w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k2", c)
	require.NoError(t, err, "a card is worth more than its file")
	check(0)
}

func TestOnlyWhoIsMentionedIsNotified(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", chat.Card{
		Title: "Done", By: w.Bob(), Mention: []acl.Subject{w.Alice(), "discord:1/" + discordsim.Bob, "discord:1/role/" + discordsim.OnCall, "discord:" + guild + "/role/" + guild, "slack:T0/U1"},
	})
	require.NoError(t, err)
	assert.Equal(t, []string{string(w.Alice())}, w.Notified())
	ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k2", chat.Card{Title: "Purge?", Mention: []acl.Subject{"discord:" + guild + "/role/" + discordsim.OnCall}})
	require.NoError(t, err)
	m, _ := w.Message(ref.Channel, ref.ID)
	assert.Contains(t, m.Content, "<@&"+discordsim.OnCall+">")
	assert.Len(t, w.Notified(), 2, "and so is a role")
}

// FuzzRender checks for arbitrary cards that Discord accepts them and that only their Mention is notified.
func FuzzRender(f *testing.F) {
	f.Add("title", "line", "https://www.test.com/`", "footer", uint8(3))
	f.Add(strings.Repeat("*", 300), strings.Repeat("é\n", 3000), strings.Repeat("`", 2000), strings.Repeat("<@1>", 2000), uint8(200))
	d := offline(f, nil)
	f.Fuzz(func(t *testing.T, title, line, target, foot string, n uint8) {
		c := chat.Card{Title: title, By: acl.Subject(line), Mention: []acl.Subject{acl.Subject(foot)}, Footer: foot}
		for i := range int(n) {
			c.Lines, c.Targets = append(c.Lines, line), append(c.Targets, target)
			c.Buttons = append(c.Buttons, chat.Button{Label: title, Token: fmt.Sprint("t", i)})
		}
		m, _ := d.message(c)
		raw, err := json.Marshal(m)
		require.NoError(t, err)
		require.Contains(t, string(raw), `"parse":[]`)
		e := m.Embeds[0]
		foots := 0
		if e.Footer != nil {
			foots = chat.Units(e.Footer.Text)
		}
		assert.LessOrEqual(t, chat.Units(m.Content), maxContent)
		assert.LessOrEqual(t, chat.Units(e.Title), maxTitle)
		assert.LessOrEqual(t, chat.Units(e.Description), maxDescription)
		assert.LessOrEqual(t, chat.Units(e.Title)+chat.Units(e.Description)+foots, 6000)
		assert.NotEmpty(t, e.Title+e.Description+fmt.Sprint(e.Footer))
		assert.LessOrEqual(t, len(m.Components), 5)
		for _, id := range m.Mentions.Users {
			assert.True(t, snowflake(id))
		}
	})
}

func TestEscapeAndCut(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a*b_c": `a\*b\_c`, "- x": `\- x`, "1. x": `1\. x`, "v1.2": "v1.2", "a - b": "a - b", "https://x": `https\://x`, `\`: `\\`, "12": "12",
	} {
		assert.Equal(t, want, escape(text, 100), text)
	}
	assert.Equal(t, `\*\*…`, escape("******", 6), "no half of an escape")
	assert.Equal(t, "ab…", chat.Clip("abcdef", 3))
	assert.Equal(t, "…", chat.Clip("😀😀", 2))
}

func TestCommandsAreRegisteredOnce(t *testing.T) {
	t.Parallel()
	const put = "PUT /applications/{application}/guilds/{guild}/commands"
	w := newWorld(t, &fake{}, overHTTP).started()
	require.Len(t, w.Calls(put), 1)
	require.NoError(t, w.discord.register(t.Context()))
	assert.Len(t, w.Calls(put), 1, "unchanged")
	w.RegisterCommands(guild, `[{"name":"purge","type":1,"description":"older"}]`)
	require.NoError(t, w.discord.register(t.Context()))
	assert.Len(t, w.Calls(put), 2)
	var there []definition
	require.NoError(t, json.Unmarshal(w.Commands(guild), &there))
	assert.Equal(t, hash(definitions(grammar.Menu())), hash(there))
}

func TestGlobalCommandsCalledLikeOursAreDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	w.RegisterCommands("", `[{"name":"purge","type":1,"description":"older"},{"name":"other","type":1,"description":"not ours"},{"name":"purge","type":3},{"name":"Purge links in this message","type":3}]`)
	w.started()
	var left []definition
	require.NoError(t, json.Unmarshal(w.Commands(""), &left))
	require.Len(t, left, 2, "the picker would show both")
	assert.Equal(t, "other", left[0].Name)
	assert.Equal(t, commandOnMessage, left[1].Type, "another kind of command is another command")
}

func TestAnApplicationWithoutTheScopeSaysHowToInstallIt(t *testing.T) {
	t.Parallel()
	out := &log{}
	w := newWorld(t, &fake{}, overHTTP, func(c *Config, sim *discordsim.Sim) {
		sim.PutGuild(discordsim.Guild{ID: guild, Name: "HQ", Owner: discordsim.Bob, Bare: true})
		c.Log = slog.New(slog.NewTextHandler(out, nil))
	})
	require.NoError(t, w.discord.Start(t.Context(), w.heard))
	w.eventually(func() bool {
		e := purge.AsError(w.discord.Health(t.Context()))
		return strings.Contains(e.Message, "https://discord.com/oauth2/authorize?client_id=100000000000000002&scope=bot+applications.commands&permissions=309237763072")
	}, "told")
	assert.Contains(t, out.String(), "commands not registered")
	assert.Equal(t, purge.Internal, purge.AsError(w.discord.Health(t.Context())).Kind, "purgebot is not ready")
	w.PutGuild(discordsim.Guild{ID: guild, Name: "HQ", Owner: discordsim.Bob})
	w.well()
}

func TestWhatIsNoMatterOfScopesIsNotCalledSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	w.Fail("GET /applications/{application}/guilds/{guild}/commands", http.StatusInternalServerError, -1)
	require.NoError(t, w.discord.Start(t.Context(), w.heard))
	w.eventually(func() bool { return purge.AsError(w.discord.Health(t.Context())).Message == errSilent.Message }, "told")
}

func TestConfigErrorsNameTheVariable(t *testing.T) {
	t.Parallel()
	good := Config{Token: "t", ApplicationID: "1", GuildID: "2"}
	_, err := New(good)
	require.NoError(t, err)
	for name, break_ := range map[string]func(*Config){
		"DISCORD_TOKEN":          func(c *Config) { c.Token = "" },
		"DISCORD_APPLICATION_ID": func(c *Config) { c.ApplicationID = "purgebot" },
		"DISCORD_GUILD_ID":       func(c *Config) { c.GuildID = "" },
		"DISCORD_PUBLIC_KEY":     func(c *Config) { c.PublicKey = "abc" },
		"DISCORD_API_URL":        func(c *Config) { c.APIURL = "http://discord.example/api" },
	} {
		c := good
		break_(&c)
		_, err := New(c)
		assert.ErrorContains(t, err, name)
	}
	for _, address := range []string{"https://u:p@x/", "https://x/?a", "ftp://x/", "x", "https://x/#a", "http://10.0.0.1/"} {
		c := good
		c.APIURL = address
		_, err := New(c)
		assert.ErrorContains(t, err, "DISCORD_API_URL", address)
		assert.NotContains(t, err.Error(), "u:p")
	}
	for in, want := range map[string]string{
		"": "https://discord.com/api/v9", "https://x/api": "https://x/api/v9", "https://x/api/": "https://x/api/v9", "https://x/api/v9/": "https://x/api/v9",
		"http://127.0.0.1:1/": "http://127.0.0.1:1/v9",
	} {
		got, err := base(in)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestPathsAreLoggedWithoutIdsAndTokens(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "/webhooks/…/…/messages/@original", template("/webhooks/1/token/messages/@original"))
	assert.Equal(t, "/interactions/…/…/callback", template("/interactions/1/aW50ZXJ_hY3Rpb24/callback"))
	assert.Equal(t, "/channels/…/messages/…", template("/channels/1/messages/2"))
	assert.Equal(t, "/users/@me", template("/users/@me"))
}

func TestRoutesShareWhatDiscordShares(t *testing.T) {
	t.Parallel()
	assert.Equal(t, routeOf("PATCH", "/channels/1/messages/2"), routeOf("PATCH", "/channels/1/messages/3"))
	for _, other := range [][2]string{{"POST", "/channels/1/messages/2/threads"}, {"POST", "/channels/2/messages"}, {"PATCH", "/channels/1/messages/2"}} {
		assert.NotEqual(t, routeOf("POST", "/channels/1/messages"), routeOf(other[0], other[1]))
	}
	assert.NotEqual(t, routeOf("POST", "/webhooks/1/a"), routeOf("POST", "/webhooks/1/b"))
	assert.True(t, exempt(routeOf("POST", "/interactions/1/a/callback")))
	assert.False(t, exempt(routeOf("POST", "/channels/1/messages")))
}

func TestLimitsEnd(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	l := newLimits(func() time.Time { return now })
	for i := range 3000 {
		l.put(fmt.Sprint(i), now.Add(time.Second))
		now = now.Add(10 * time.Millisecond)
	}
	assert.Less(t, len(l.routes), 1100, "what has passed is forgotten")
	l.used("a", http.Header{"X-Ratelimit-Remaining": {"1"}, "X-Ratelimit-Reset-After": {"1"}})
	assert.Zero(t, l.wait("a"))
	l.used("a", http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset-After": {"1"}})
	assert.Equal(t, time.Second, l.wait("a"), "the last call that its route allows was made")
	assert.Positive(t, l.wait("2999"))
	now = now.Add(time.Second)
	assert.Zero(t, l.wait("2999"))
}
