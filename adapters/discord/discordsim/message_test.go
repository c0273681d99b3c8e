package discordsim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
)

const messages = "/channels/" + discordsim.CDN + "/messages"

const card = `{"embeds":[{"title":"Purge 1 URL?","description":"by <@` + discordsim.Alice + `>","fields":[{"name":"Area","value":"overseas"}],"footer":{"text":"p-1"}}],
	"components":[{"type":1,"components":[{"type":2,"style":4,"label":"Purge","custom_id":"token-1"},{"type":2,"style":2,"label":"Cancel","custom_id":"token-2"}]}],
	"allowed_mentions":{"parse":[]}}`

func TestACardIsShownAndEdited(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.say(card)
	m := f.message(id)
	assert.Equal(t, "Purge 1 URL?\nby @alice\nArea\noverseas\np-1", m.Plain())
	assert.Equal(t, []discordsim.Button{{Label: "Purge", CustomID: "token-1", Style: 4}, {Label: "Cancel", CustomID: "token-2", Style: 2}}, m.Buttons())
	f.must("PATCH", messages+"/"+id, `{"embeds":[{"title":"Done"}],"components":[]}`)
	m = f.message(id)
	assert.Equal(t, "Done", m.Plain())
	assert.Empty(t, m.Buttons())
	require.Len(t, m.History, 1)
	assert.Contains(t, string(m.History[0].Embeds), "Purge 1 URL?")
	f.must("DELETE", messages+"/"+id, "")
	f.refused(404, 10008, "PATCH", messages+"/"+id, `{"content":"x"}`)
	assert.Empty(t, f.Messages(discordsim.CDN))
}

func TestWhatAMessageMayNotBe(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.PerSecond = 1000
	button := `{"type":2,"style":1,"label":"a","custom_id":"a"}`
	row := func(inside string) string {
		return `{"content":"x","components":[{"type":1,"components":[` + inside + `]}]}`
	}
	long := func(n int) string { return strings.Repeat("ä", n) }
	for name, c := range map[string]struct {
		body string
		at   []any
	}{
		"long content":       {`{"content":"` + long(2001) + `"}`, []any{"content"}},
		"long title":         {`{"embeds":[{"title":"` + long(257) + `"}]}`, []any{"embeds", "0", "title"}},
		"long description":   {`{"embeds":[{"description":"` + long(4097) + `"}]}`, []any{"embeds", "0", "description"}},
		"an empty field":     {`{"embeds":[{"fields":[{"name":"a","value":""}]}]}`, []any{"embeds", "0", "fields", "0", "value"}},
		"26 fields":          {`{"embeds":[{"fields":[` + list(`{"name":"a","value":"b"}`, 26) + `]}]}`, []any{"embeds", "0", "fields"}},
		"11 embeds":          {`{"embeds":[` + list(`{"title":"a"}`, 11) + `]}`, []any{"embeds"}},
		"6,001 characters":   {`{"embeds":[{"description":"` + long(4000) + `"},{"description":"` + long(2001) + `"}]}`, []any{"embeds"}},
		"6 buttons in a row": {row(list(button, 6)), []any{"components", "0", "components"}},
		"6 rows":             {`{"content":"x","components":[` + list(`{"type":1,"components":[`+button+`]}`, 6) + `]}`, []any{"components"}},
		"an empty row":       {row(""), []any{"components", "0", "components"}},
		"a button alone":     {`{"content":"x","components":[` + button + `]}`, []any{"components", "0", "type"}},
		"one id twice":       {row(button + "," + button), []any{"components", "0", "components", "1", "custom_id"}},
		"a long id":          {row(`{"type":2,"style":1,"label":"a","custom_id":"` + long(101) + `"}`), []any{"components", "0", "components", "0", "custom_id"}},
		"a long label":       {row(`{"type":2,"style":1,"label":"` + long(81) + `","custom_id":"a"}`), []any{"components", "0", "components", "0", "label"}},
		"no style":           {row(`{"type":2,"label":"a","custom_id":"a"}`), []any{"components", "0", "components", "0", "style"}},
		"a link with an id":  {row(`{"type":2,"style":5,"label":"a","custom_id":"a","url":"https://a"}`), []any{"components", "0", "components", "0"}},
		"a long nonce":       {`{"content":"x","nonce":"` + long(26) + `"}`, []any{"nonce"}},
		"an unknown parse":   {`{"content":"x","allowed_mentions":{"parse":["all"]}}`, []any{"allowed_mentions", "parse", "0"}},
		"parse and a list":   {`{"content":"x","allowed_mentions":{"parse":["users"],"users":["1"]}}`, []any{"allowed_mentions"}},
		"a file that is not": {`{"content":"x","attachments":[{"id":0,"filename":"a.txt"}]}`, []any{"attachments", "0", "id"}},
		"content in V2":      {`{"content":"x","flags":32768,"components":[{"type":10,"content":"y"}]}`, []any{"content"}},
		"41 components":      {`{"flags":32768,"components":[` + list(`{"type":10,"content":"y"}`, 41) + `]}`, []any{"components"}},
		"an unknown message": {`{"content":"x","message_reference":{"message_id":"5"}}`, []any{"message_reference"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := f.refused(400, 50035, "POST", messages, c.body)
			at := append([]any{"errors"}, c.at...)
			assert.NotEmpty(t, o.at(append(at, "_errors")...), o)
		})
	}
	f.refused(400, 50006, "POST", messages, `{"content":"  "}`)
	f.refused(400, 50109, "POST", messages, `{"content":`)
	f.say(`{"content":"` + long(2000) + `"}`)
	f.say(`{"embeds":[{"description":"` + long(4096) + `"}]}`)
	r := f.request("POST", messages, "text/plain", strings.NewReader("content=x"))
	assert.Equal(t, 400, f.do(r).status)
	r = f.request("POST", messages, "application/json", strings.NewReader(strings.Repeat(" ", 26<<20)))
	assert.Equal(t, 413, f.do(r).status)
}

func list(one string, n int) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }

func TestANonceMakesARetryHarmless(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Lose("POST /channels/{channel}/messages", 1)
	body := `{"content":"once","nonce":"n-1","enforce_nonce":true}`
	_, err := http.DefaultClient.Do(f.request("POST", messages, "application/json", strings.NewReader(body)))
	require.Error(t, err, "it was cut off, but posted")
	id := f.say(body)
	require.Len(t, f.Messages(discordsim.CDN), 1)
	assert.Equal(t, f.Messages(discordsim.CDN)[0].ID, id)

	f.PutChannel(discordsim.Channel{ID: "900", Guild: discordsim.HQ, Name: "other"})
	for _, at := range []string{messages, "/channels/900/messages"} {
		old := f.must("POST", at, `{"content":"later","embeds":[{"title":"later"}],"nonce":"n-1","enforce_nonce":true}`)
		assert.Equal(t, id, old.str("id"), "of the same author, in any channel")
		assert.Equal(t, "once", old.str("content"), "unchanged")
		assert.Equal(t, discordsim.CDN, old.str("channel_id"))
	}
	assert.Equal(t, "once", f.message(id).Plain())
	f.pass(10 * time.Minute)
	f.say(body)
	f.say(`{"content":"once","nonce":"n-1"}`)
	assert.Len(t, f.Messages(discordsim.CDN), 3)
}

func TestFilesTravelAsParts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.CDNHost = f.url
	kind, body := multi(t, `{"content":"see","attachments":[{"id":0,"filename":"p-1.txt"}]}`, map[string]string{"files[0]=x.txt": "https://a/\n"})
	got := f.do(f.request("POST", messages, kind, body))
	require.Equal(t, 200, got.status, got.body)
	o := decode(t, got.body)
	assert.Equal(t, "p-1.txt", o.str("attachments", 0, "filename"))
	assert.Equal(t, "see\n[p-1.txt]", f.Messages(discordsim.CDN)[0].Plain())
	link := o.str("attachments", 0, "url")
	served, err := http.Get(link)
	require.NoError(t, err)
	served.Body.Close()
	assert.Equal(t, 200, served.StatusCode)
	calls := f.Calls("POST /channels/{channel}/messages")
	require.Len(t, calls[0].Files, 1)
	assert.Equal(t, "https://a/\n", string(calls[0].Files[0].Content))

	id := o.str("id")
	f.must("PATCH", messages+"/"+id, `{"content":"kept"}`)
	assert.Len(t, f.message(id).Files, 1)
	f.must("PATCH", messages+"/"+id, `{"content":"gone","attachments":[]}`)
	assert.Empty(t, f.message(id).Files)
}

func TestTheCDN(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.CDNHost = f.url
	get := func(url string) *http.Response {
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		got, err := client.Get(url)
		require.NoError(t, err)
		got.Body.Close()
		return got
	}
	d := f.Type(discordsim.Alice, discordsim.CDN, "", discordsim.Attach(discordsim.File{Name: "a.txt", Type: "text/plain", Content: []byte("x")}),
		discordsim.Attach(discordsim.File{Name: "b.txt", Location: "http://169.254.169.254/"}))
	files := f.message(d.ID).Files
	assert.Equal(t, 200, get(files[0].URL).StatusCode)
	assert.Equal(t, 404, get(strings.Split(files[0].URL, "?")[0]).StatusCode, "without its signature")
	assert.Equal(t, 302, get(files[1].URL).StatusCode)
	f.Down(true)
	assert.Equal(t, 503, get(files[0].URL).StatusCode)
	f.Down(false)
	f.Fail("GET /attachments/{channel}/{attachment}/{name}", 500, 1)
	assert.Equal(t, 500, get(files[0].URL).StatusCode)
	f.pass(25 * time.Hour)
	assert.Equal(t, 404, get(files[0].URL).StatusCode, "a day old")
	assert.Len(t, f.Calls("GET /attachments/{channel}/{attachment}/{name}"), 6)
}

func TestWhomAMessageNotifies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.PutRole(discordsim.Role{ID: "100000000000000029", Guild: discordsim.HQ, Name: "quiet"})
	mine := f.Type(discordsim.Alice, discordsim.CDN, "x").ID
	all := `<@` + discordsim.Alice + `> <@!` + discordsim.Bob + `> <@&` + discordsim.OnCall + "> <@&100000000000000029> `@everyone` @here <@999>"
	reply := `,"message_reference":{"message_id":"` + mine + `"}`
	alice, bob, oncall := "<@"+discordsim.Alice+">", "<@"+discordsim.Bob+">", "<@&"+discordsim.OnCall+">"
	for name, c := range map[string]struct {
		more string
		want []string
	}{
		"nothing said":           {``, []string{alice, bob, oncall}},
		"nobody":                 {`,"allowed_mentions":{"parse":[]}`, nil},
		"an empty object":        {`,"allowed_mentions":{}`, nil},
		"parse null":             {`,"allowed_mentions":{"parse":null}`, []string{alice, bob, oncall}},
		"users":                  {`,"allowed_mentions":{"parse":["users"]}`, []string{alice, bob}},
		"one user":               {`,"allowed_mentions":{"parse":[],"users":["` + discordsim.Bob + `"]}`, []string{bob}},
		"one who is not named":   {`,"allowed_mentions":{"parse":[],"users":["` + discordsim.Mallory + `"]}`, nil},
		"everyone, not allowed":  {`,"allowed_mentions":{"parse":["everyone"]}`, nil},
		"a role":                 {`,"allowed_mentions":{"roles":["` + discordsim.OnCall + `"]}`, []string{oncall}},
		"a reply":                {`,"allowed_mentions":{"parse":[]}` + reply, nil},
		"a reply that notifies":  {`,"allowed_mentions":{"parse":[],"replied_user":true}` + reply, []string{alice}},
		"a reply, nothing said":  {reply, []string{alice, bob, oncall}},
		"where it is all-mighty": {``, []string{"@everyone", "@here", alice, bob, oncall, "<@&100000000000000029>"}},
	} {
		channel := discordsim.Channel{ID: discordsim.CDN, Guild: discordsim.HQ, Name: "cdn"}
		if strings.HasSuffix(name, "mighty") {
			channel.Allow = discordsim.MentionEveryone
		}
		f.PutChannel(channel)
		id := f.say(`{"content":"` + all + `"` + c.more + `}`)
		assert.Equal(t, c.want, f.message(id).Mentions(), name)
	}
	f.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: discordsim.HQ, Name: "cdn"})
	id := f.say(`{"content":"` + alice + `","allowed_mentions":{"parse":[]}}`)
	f.must("PATCH", messages+"/"+id, `{"content":"`+alice+`!"}`)
	assert.Equal(t, []string{alice}, f.message(id).Mentions(), "an edit that says nothing forgets what was allowed")
	assert.Empty(t, f.must("GET", messages+"/"+f.say(`{"embeds":[{"title":"`+alice+`"}]}`), "")["mentions"], "embeds notify nobody")
}

func TestWhichLinksAreFetched(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for content, want := range map[string][]string{
		"see https://a.example/x, and":         {"https://a.example/x"},
		"<https://a.example/x>":                nil,
		"`https://a.example/x`":                nil,
		"```\nhttps://a.example/x\n```":        nil,
		"[a](https://a.example/x)":             {"https://a.example/x"},
		"[a](<https://a.example/x>)":           nil,
		"||https://a.example/x||":              {"https://a.example/x"},
		"<https://a.example/x https://b.test/": {"https://a.example/x", "https://b.test/"},
	} {
		id := f.say(string(mustJSON(t, obj{"content": content})))
		assert.Equal(t, want, f.message(id).Unfurls(), content)
	}
	id := f.say(`{"content":"https://a.example/","flags":4}`)
	assert.Empty(t, f.message(id).Unfurls())
	f.must("PATCH", messages+"/"+id, `{"content":"https://b.example/"}`)
	assert.Empty(t, f.message(id).Unfurls(), "an edit that says no flags keeps them")
	f.must("PATCH", messages+"/"+id, `{"flags":0}`)
	assert.NotEmpty(t, f.message(id).Unfurls())
	assert.Empty(t, f.message(f.say(`{"embeds":[{"description":"https://a.example/"}]}`)).Unfurls())
}

func TestMarkupAsPeopleSeeIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for content, want := range map[string]string{
		"**bold** *it* _it_ __under__ ~~gone~~ ||hid||": "bold it it under gone hid",
		`\*not\* \_this\_ \<@1\> \[a\](https://b.c)`:    `*not* _this_ <@1> [a](https://b.c)`,
		"a_b_c and 2 * 3 * 4":                           "a_b_c and 2 * 3 * 4",
		"`code *as is*` ``a ` b``":                      "code *as is* a ` b",
		"```go\nx := **1**\n```":                        "x := **1**",
		"# Title\n-# small\n> quoted\n- item":           "Title\nsmall\nquoted\n- item",
		"[the shop](https://evil.example/)":             "the shop",
		"[[1] the *shop*](https://evil.example/)":       "[1] the shop",
		"<https://a.example/x_y_z?a=*b*>":               "https://a.example/x_y_z?a=*b*",
		"https://a.example/x_y_z__q__":                  "https://a.example/x_y_z__q__",
		"<@" + discordsim.Bob + "> in <#" + discordsim.CDN + "> for <@&" + discordsim.OnCall + ">": "@bob in #cdn for @oncall",
		"<@999> </purge dir:1> <t:0:R> <:ok:12>":                                                   "<@999> /purge dir 1970-01-01 00:00 UTC :ok:",
		"***both*** **a *b* c**":                                                                   "both a b c",
		"unclosed **bold and `code":                                                                "unclosed **bold and `code",
		"```unclosed **x**":                                                                        "```unclosed x",
	} {
		id := f.say(string(mustJSON(t, obj{"content": content})))
		assert.Equal(t, want, f.message(id).Plain(), content)
	}
	v2 := f.say(`{"flags":32768,"components":[{"type":17,"components":[{"type":10,"content":"**In** a box"},{"type":1,"components":[{"type":2,"style":1,"label":"Go","custom_id":"g"}]}]}]}`)
	assert.Equal(t, "In a box", f.message(v2).Plain())
	assert.Len(t, f.message(v2).Buttons(), 1)
}

func FuzzMarkup(f *testing.F) {
	for _, seed := range []string{"**a** _b_ `c`", "[a](https://b)", "<@1> \\", "```x", "~~||__*", "[\\", "<t:99999999999999999999>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := discordsim.Message{Content: text}
		_, _, _ = m.Plain(), m.Mentions(), m.Unfurls()
	})
}

func TestWhatTheBotMayNotDo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	theirs := f.Type(discordsim.Alice, discordsim.CDN, "x").ID
	own := f.say(`{"content":"x"}`)
	f.refused(403, 50005, "PATCH", messages+"/"+theirs, `{"content":"y"}`)
	f.refused(403, 50013, "DELETE", messages+"/"+theirs, "")
	f.refused(404, 10003, "POST", "/channels/5/messages", `{"content":"x"}`)
	f.refused(403, 50001, "POST", "/channels/"+discordsim.Random+"/messages", `{"content":"x"}`)
	deny := func(p discordsim.Permission) {
		f.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: discordsim.HQ, Name: "cdn", Deny: p})
	}
	deny(discordsim.SendMessages)
	f.refused(403, 50013, "POST", messages, `{"content":"x"}`)
	f.must("PATCH", messages+"/"+own, `{"content":"an edit needs no permission to send"}`)
	deny(discordsim.EmbedLinks)
	f.refused(403, 50013, "POST", messages, `{"embeds":[{"title":"x"}]}`)
	deny(discordsim.ReadMessageHistory)
	f.refused(403, 50013, "GET", messages+"/"+own, "")
	f.refused(400, 160002, "POST", messages, `{"content":"x","message_reference":{"message_id":"`+own+`"}}`)
	f.PutChannel(discordsim.Channel{ID: "100000000000000034", Guild: discordsim.HQ, Kind: discordsim.Forum})
	f.refused(400, 40058, "POST", "/channels/100000000000000034/messages", `{"content":"x"}`)
	f.PutUser(discordsim.User{ID: discordsim.Bob, Name: "bob", NoDMs: true})
	f.refused(403, 50007, "POST", "/channels/"+f.DM(discordsim.Bob)+"/messages", `{"content":"x"}`)
	dm := f.must("POST", "/users/@me/channels", `{"recipient_id":"`+discordsim.Alice+`"}`).str("id")
	f.must("POST", "/channels/"+dm+"/messages", `{"content":"hello"}`)
	assert.Equal(t, []string{"hello"}, plain(f.Messages(dm)))
}

func TestMessagesAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first, second, third := f.say(`{"content":"1"}`), f.say(`{"content":"2"}`), f.say(`{"content":"3"}`)
	assert.Contains(t, f.call("GET", messages+"?limit=1", "").body, third)
	got := f.call("GET", messages+"?after="+first+"&before="+third, "").body
	assert.Contains(t, got, second)
	assert.NotContains(t, got, `"id":"`+third+`"`)
	assert.NotContains(t, got, `"id":"`+first+`"`)
}

// TestPermissionsOfAChannel: https://docs.discord.com/developers/topics/permissions#permission-overwrites
func TestPermissionsOfAChannel(t *testing.T) {
	t.Parallel()
	const hq, role = discordsim.HQ, discordsim.BotRole
	send := func(id string, allow bool) discordsim.Overwrite {
		if allow {
			return discordsim.Overwrite{ID: id, Allow: discordsim.SendMessages}
		}
		return discordsim.Overwrite{ID: id, Deny: discordsim.SendMessages}
	}
	for name, c := range map[string]struct {
		overwrites []discordsim.Overwrite
		change     func(*fixture)
		status     int
	}{
		"denied to everybody":                {overwrites: []discordsim.Overwrite{send(hq, false)}, status: 403},
		"a role outdoes everybody":           {overwrites: []discordsim.Overwrite{send(role, true), send(hq, false)}, status: 200},
		"a member outdoes the roles":         {overwrites: []discordsim.Overwrite{send("100000000000000003", false), send(role, true)}, status: 403},
		"another role's is none of the bot":  {overwrites: []discordsim.Overwrite{send(discordsim.OnCall, false)}, status: 200},
		"an administrator may do everything": {overwrites: []discordsim.Overwrite{send(role, false)}, change: func(f *fixture) { f.Permissions |= discordsim.Administrator }, status: 200},
		"who is timed out may only look": {change: func(f *fixture) {
			f.PutMember(discordsim.Member{Guild: hq, User: f.BotUser, Roles: []string{role}, TimedOutUntil: f.Now().Add(time.Hour)})
		}, status: 403},
		"until the end of it": {change: func(f *fixture) {
			f.PutMember(discordsim.Member{Guild: hq, User: f.BotUser, Roles: []string{role}, TimedOutUntil: f.Now().Add(-time.Hour)})
		}, status: 200},
	} {
		f := newFixture(t)
		if c.change != nil {
			c.change(f)
		}
		f.PutChannel(discordsim.Channel{ID: discordsim.CDN, Guild: hq, Name: "cdn", Overwrites: c.overwrites})
		assert.Equal(t, c.status, f.call("POST", messages, `{"content":"x"}`).status, name)
		list := f.must("GET", "/channels/"+discordsim.CDN, "")["permission_overwrites"].([]any)
		assert.Len(t, list, len(c.overwrites), name)
	}
}
