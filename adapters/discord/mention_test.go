package discord

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
)

func TestAddressed(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"<@7> purge https://www.test.com/": "purge https://www.test.com/",
		"  <@!7>\nhttps://www.test.com/ ":  "https://www.test.com/",
		"<@7>":                             "",
		"<@7> <https://www.test.com/a>":    "<https://www.test.com/a>",
		"<@7> [x](https://www.test.com/a)": "[x](https://www.test.com/a)",
		"<@7> `https://www.test.com/a`":    "`https://www.test.com/a`",
		"<@7>: ||https://www.test.com/a||": ": ||https://www.test.com/a||", // the bot knows these marks
	} {
		text, ok := addressed(content, "7")
		assert.True(t, ok, content)
		assert.Equal(t, want, text)
	}
	for _, content := range []string{
		"", "hey <@7> purge https://www.test.com/", "> <@7> https://www.test.com/", "<@77> https://www.test.com/", "<@&7> https://www.test.com/",
		"`<@7>` https://www.test.com/", "@purgebot https://www.test.com/", "purge https://www.test.com/",
	} {
		_, ok := addressed(content, "7")
		assert.False(t, ok, content)
	}
}

func TestWhatIsNoMention(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f).started()
	said := func(user string, opts ...discordsim.Option) {
		w.Sim.Type(user, discordsim.CDN, "@purgebot https://www.test.com/", opts...)
	}
	said("900000000000000013") // a bot
	said(discordsim.Alice, discordsim.ByWebhook("900000000000000077"))
	said(discordsim.Alice, discordsim.OfType(7))
	d := w.Sim.Type(discordsim.Alice, discordsim.CDN, "did @purgebot purge https://www.test.com/ ?")
	w.Sim.Edit(discordsim.CDN, d.ID, "@purgebot https://www.test.com/")
	w.Sim.Type(discordsim.Alice, discordsim.CDN, "> @purgebot https://www.test.com/")
	w.Sim.Type(discordsim.Alice, w.DM(discordsim.Alice), "@purgebot https://www.test.com/")
	w.hears(f) // so everything before was handled
	w.discord.later.Wait()
	require.Len(t, f.heard(), 1)
	assert.Equal(t, "whoami", f.heard()[0].Text)
	assert.Empty(t, w.Visible())
	assert.Empty(t, w.Private())
}

func TestAReplyToTheBotCanBeACommand(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f).started()
	ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", chat.Card{Title: "Done"})
	require.NoError(t, err)
	w.Sim.Type(discordsim.Alice, discordsim.CDN, "@purgebot whoami", discordsim.ReplyTo(ref.ID, true))
	w.eventually(func() bool { return len(f.heard()) == 1 }, "heard")
	assert.Equal(t, "whoami", f.heard()[0].Text)
}

func TestRoleMention(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string][]change{"without content": nil, "with content": {func(c *Config, sim *discordsim.Sim) {
		c.MessageContent, sim.Privileged = true, discordsim.MessageContent
	}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			w := newWorld(t, f, changes...).started()
			w.PutRole(discordsim.Role{ID: discordsim.BotRole, Guild: guild, Name: "purgebot", Managed: true, Mentionable: true})
			w.Sim.Type(discordsim.Alice, discordsim.CDN, "<@&"+discordsim.OnCall+"> https://www.test.com/")
			w.Sim.Type(discordsim.Alice, discordsim.CDN, "<@&"+discordsim.BotRole+"> https://www.test.com/")
			w.eventually(func() bool { return len(w.Visible()) == 1 }, "told")
			assert.Contains(t, w.Visible()[0].Text, sayRole)
			assert.Empty(t, f.heard())
		})
	}
}

func TestARefusalInPublicIsOneSentence(t *testing.T) {
	t.Parallel()
	clock := time.Now()
	f := &fake{command: func(context.Context, chat.Command) (chat.Reply, error) {
		return chat.Reply{Card: &chat.Card{Title: "No rule lets you purge pay.example.com", Tone: chat.Bad}, Refused: true}, nil
	}}
	w := newWorld(t, f, func(c *Config, _ *discordsim.Sim) { c.Now = func() time.Time { return clock } }).started()
	for range 3 {
		w.hears(f)
		w.discord.later.Wait()
	}
	require.Len(t, w.Visible(), 1)
	assert.Equal(t, sayRefused, w.Visible()[0].Text)
	w.Sim.Type(discordsim.Bob, discordsim.CDN, "@purgebot whoami")
	w.eventually(func() bool { return len(w.Visible()) == 2 }, "another person is told")
	w.discord.later.Wait()
	clock = clock.Add(hintEvery)
	w.hears(f)
	w.discord.later.Wait()
	assert.Len(t, w.Visible(), 3)
	assert.Empty(t, w.Notified())
	for _, m := range w.Visible() {
		assert.NotContains(t, m.Text, "pay.example.com")
	}
}

func TestAThreadCountsAsItsChannel(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f).started()
	w.PutChannel(discordsim.Channel{ID: "900000000000000055", Guild: guild, Name: "incident", Kind: discordsim.PublicThread, Parent: discordsim.CDN, Owner: discordsim.Alice})
	want := chat.Thread{Platform: "discord", Workspace: guild, Channel: discordsim.CDN, Root: "900000000000000055"}
	w.Sim.Type(discordsim.Alice, "900000000000000055", "@purgebot whoami")
	w.eventually(func() bool { return len(f.heard()) == 1 }, "heard")
	w.Sim.Command(discordsim.Alice, "900000000000000055", "purge whoami", nil)
	require.Len(t, f.heard(), 2)
	for _, c := range f.heard() {
		assert.Equal(t, want, c.At)
	}
	ref, err := w.discord.Show(t.Context(), want, chat.MessageRef{}, "k", chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Go", Token: "t"}}})
	require.NoError(t, err)
	assert.Equal(t, "900000000000000055", ref.Channel)
	w.Press(w.Alice(), ref, "Go")
	assert.Equal(t, want, f.pressed()[0].At)
	assert.Equal(t, ref, f.pressed()[0].Message)
}

func TestLinksOfAMessage(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"see https://www.test.com/a, and https://www.test.com/b.":               "https://www.test.com/a,\nhttps://www.test.com/b.",
		"<https://www.test.com/a.>":                                             "<https://www.test.com/a.>",
		"`https://www.test.com/a.`":                                             "<https://www.test.com/a.>",
		"[https://good.example/](https://evil.example/a)":                       "<https://evil.example/a>",
		"[a](<https://www.test.com/a>) [b](https://www.test.com/b_(c))":         "<https://www.test.com/a>\n<https://www.test.com/b_(c)>",
		"||https://www.test.com/a|| **https://www.test.com/b**":                 "https://www.test.com/a\nhttps://www.test.com/b",
		"https://www.test.com/a https://www.test.com/a https://www.test.com/a.": "https://www.test.com/a",
		"HTTPS://www.test.com/a":                                                "HTTPS://www.test.com/a",
		"xhttps://www.test.com/a www.test.com ftp://www.test.com https://":      "",
		"[x]https://www.test.com/a":                                             "https://www.test.com/a",
		"see https://www.test.com/my photo.jpg please":                          "https://www.test.com/my photo.jpg",
		"https://www.test.com/my big photo.jpg, https://www.test.com/b":         "https://www.test.com/my big photo.jpg,\nhttps://www.test.com/b",
		"https://www.test.com/images/* **https://www.test.com/b/**":             "https://www.test.com/images/*\nhttps://www.test.com/b/",
		"https://www.test.com/a.css v1.css":                                     "https://www.test.com/a.css",
		"https://www.test.com/ is down since v1.2":                              "https://www.test.com/",
	} {
		var l links
		l.text(text)
		assert.Equal(t, want, strings.Join(l.all, "\n"), text)
	}
}

// FuzzLinks checks that every address occurs in the text, and that the time is linear.
func FuzzLinks(f *testing.F) {
	f.Add("[https://good.example/](https://evil.example/a) <https://www.test.com/a>")
	f.Add("https:// https://. <https://>")
	f.Add("http:// 0")
	f.Add("[http://.00aaaA.aaaaaA)<.0000 0000")
	f.Add(strings.Repeat("[", 1000) + strings.Repeat("](https://a", 10))
	f.Fuzz(func(t *testing.T, text string) {
		var l links
		l.text(text)
		for _, one := range l.all {
			bare := strings.TrimSuffix(strings.TrimPrefix(one, "<"), ">")
			assert.Contains(t, text, bare)
			assert.Positive(t, schemeAt(bare))
			assert.False(t, strings.ContainsAny(bare, "\n<>"), bare)
		}
	})
}

func TestPurgeLinksInThisMessage(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, overHTTP).started()
	file := discordsim.File{Name: "links.txt", Type: "text/plain; charset=utf-8", Content: []byte("https://www.test.com/in-file")}
	image := discordsim.File{Name: "x.png", Type: "image/png", Content: []byte("https://www.test.com/in-image")}
	d := w.Sim.Type(discordsim.Bob, discordsim.CDN, "broken: [here](https://www.test.com/said)", discordsim.Attach(file), discordsim.Attach(image),
		discordsim.WithEmbeds(`[{"url":"https://www.test.com/embed","description":"[x](https://www.test.com/described)","fields":[{"name":"n","value":"https://www.test.com/field"}]}]`))
	run := func(message string) chat.Command {
		before := len(f.heard())
		got := w.Sim.MessageCommand(discordsim.Alice, discordsim.CDN, message, onMessageName)
		require.True(t, w.settled(got), "%+v", got)
		require.Len(t, f.heard(), before+1)
		return f.heard()[before]
	}
	c := run(d.ID)
	assert.True(t, c.Collected)
	assert.Equal(t, w.Alice(), c.From)
	assert.Equal(t, "url", c.Fields.Verb)
	assert.Equal(t, strings.Fields("<https://www.test.com/said> <https://www.test.com/embed> <https://www.test.com/described> https://www.test.com/field https://www.test.com/in-file"),
		strings.Split(c.Fields.Targets, "\n"))

	forwarded := w.Forward(discordsim.Bob, discordsim.CDN, discordsim.CDN, d.ID)
	assert.Equal(t, c.Fields.Targets, run(forwarded.ID).Fields.Targets)

	none := w.Sim.Type(discordsim.Bob, discordsim.CDN, "no links here")
	require.True(t, w.settled(w.Sim.MessageCommand(discordsim.Alice, discordsim.CDN, none.ID, onMessageName)))
	assert.Contains(t, w.Private()[2].Text, noLinks, "after two receipts")
	assert.Len(t, f.heard(), 2)
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	f := &fake{suggest: func(context.Context) (chat.Reply, error) {
		all := []string{"https://www.test.com/", strings.Repeat("x", 101)}
		for range 40 {
			all = append(all, "https://img.test.com/")
		}
		return chat.Reply{Choices: all}, nil
	}}
	w := newWorld(t, f, overHTTP).started()
	offered, d := w.Autocomplete(discordsim.Alice, discordsim.CDN, "purge url", "targets", discordsim.Options{"targets": "https://w"})
	require.True(t, d.Acknowledged())
	assert.Len(t, offered, maxChoices)
	assert.Equal(t, "https://www.test.com/", offered[0].Value)
	assert.Equal(t, []chat.Suggestion{{From: w.Alice(), At: w.Channel(), Field: "targets", Text: "https://w"}}, f.asked)
	w.Autocomplete(discordsim.Alice, discordsim.CDN, "purge history", "domain", discordsim.Options{"domain": "w"})
	w.Autocomplete(discordsim.Alice, discordsim.CDN, "purge why", "url", discordsim.Options{"url": "w"})
	w.Autocomplete(discordsim.Alice, discordsim.CDN, "purge status", "id", discordsim.Options{"id": "p"})
	w.Autocomplete(discordsim.Alice, discordsim.CDN, "purge revoke", "id", discordsim.Options{"id": "r"})
	assert.Equal(t, []string{"domain", "targets", "id", "rule"}, []string{f.asked[1].Field, f.asked[2].Field, f.asked[3].Field, f.asked[4].Field})
}
