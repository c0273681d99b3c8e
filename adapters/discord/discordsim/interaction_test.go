package discordsim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
)

const purge = `[{"name":"purge","description":"Purge the CDN","options":[
	{"type":1,"name":"dir","description":"Directories","options":[
		{"type":3,"name":"targets","description":"URLs","required":true,"max_length":40},
		{"type":3,"name":"area","description":"Where","choices":[{"name":"Overseas","value":"overseas"},{"name":"Mainland","value":"mainland"}]},
		{"type":5,"name":"private","description":"Hide"},
		{"type":11,"name":"file","description":"A list"},
		{"type":6,"name":"for","description":"Who"},
		{"type":3,"name":"domain","description":"Which","autocomplete":true}]},
	{"type":1,"name":"whoami","description":"You"}]},
	{"name":"Purge links in this message","type":3}]`

const put = "/applications/100000000000000002/guilds/" + discordsim.HQ + "/commands"

// listening has the commands registered, and a bot that answers with this callback.
func listening(t *testing.T, callback string) (*fixture, *client) {
	f := newFixture(t)
	f.RegisterCommands(discordsim.HQ, purge)
	return f, f.bot(callback)
}

const private = `{"type":4,"data":{"content":"only you","flags":64}}`

func TestACommandArrivesAsFields(t *testing.T) {
	t.Parallel()
	f, c := listening(t, private)
	d := f.Command(discordsim.Alice, discordsim.CDN, "purge dir", discordsim.Options{"targets": "https://a.example/x/", "area": "Overseas",
		"private": true, "for": discordsim.Bob, "file": discordsim.File{Name: "l.txt", Type: "text/plain", Content: []byte("https://a/\n")}})
	require.Empty(t, d.Refused)
	require.True(t, d.Acknowledged(), d.Err)
	assert.Equal(t, 4, d.AnswerType)
	o := c.await("INTERACTION_CREATE").data(t)
	assert.EqualValues(t, 2, o["type"])
	assert.Equal(t, discordsim.HQ, o.str("guild_id"))
	assert.Equal(t, discordsim.CDN, o.str("channel", "id"))
	assert.Equal(t, discordsim.Alice, o.str("member", "user", "id"))
	assert.Equal(t, []any{discordsim.OnCall}, o.at("member", "roles"))
	assert.Equal(t, map[string]any{"0": discordsim.HQ}, o["authorizing_integration_owners"])
	assert.EqualValues(t, 0, o["context"])
	assert.Equal(t, "dir", o.str("data", "options", 0, "name"))
	for i, want := range []obj{{"name": "targets", "type": 3.0, "value": "https://a.example/x/"}, {"name": "area", "type": 3.0, "value": "overseas"},
		{"name": "private", "type": 5.0, "value": true}} {
		assert.Equal(t, map[string]any(want), o.at("data", "options", 0, "options", i))
	}
	file := o.str("data", "options", 0, "options", 3, "value")
	assert.Equal(t, "l.txt", o.str("data", "resolved", "attachments", file, "filename"))
	assert.Equal(t, "bob", o.str("data", "resolved", "users", discordsim.Bob, "username"))
	require.Len(t, f.Ephemerals(discordsim.Alice), 1)
	assert.Equal(t, "only you", f.Ephemerals(discordsim.Alice)[0].Plain())
	assert.Empty(t, f.Messages(discordsim.CDN))
	assert.Empty(t, f.Visible(discordsim.Bob, discordsim.CDN))
	f.Reload(discordsim.Alice)
	assert.Empty(t, f.Ephemerals(discordsim.Alice))
}

func TestWhatTheClientDoesNotSend(t *testing.T) {
	t.Parallel()
	f, c := listening(t, private)
	for command, options := range map[string]discordsim.Options{
		"purge":         {},
		"purge nothing": {},
		"other":         {},
		"purge dir":     {},
		"purge whoami":  {"targets": "x"},
		" ":             {},
	} {
		assert.NotEmpty(t, f.Command(discordsim.Alice, discordsim.CDN, command, options).Refused, command)
	}
	for name, options := range map[string]discordsim.Options{
		"too long":       {"targets": strings.Repeat("x", 41)},
		"empty":          {"targets": ""},
		"no such choice": {"targets": "x", "area": "moon"},
		"not a boolean":  {"targets": "x", "private": "perhaps"},
		"not a file":     {"targets": "x", "file": "l.txt"},
		"nobody":         {"targets": "x", "for": "5"},
	} {
		assert.NotEmpty(t, f.Command(discordsim.Alice, discordsim.CDN, "purge dir", options).Refused, name)
	}
	assert.NotEmpty(t, f.Command("5", discordsim.CDN, "purge whoami", nil).Refused)
	assert.NotEmpty(t, f.Command(discordsim.Alice, f.DM(discordsim.Alice), "purge whoami", nil).Refused, "a guild's command")
	assert.NotContains(t, c.names(), "INTERACTION_CREATE")
	assert.True(t, f.Command(discordsim.Alice, discordsim.CDN, "any thing", discordsim.Options{"n": 1}, discordsim.Unchecked()).Acknowledged())
}

func TestASlashLineIsReadAsTheClientDoes(t *testing.T) {
	t.Parallel()
	f, c := listening(t, private)
	require.True(t, f.Type(discordsim.Alice, discordsim.CDN, "/purge dir https://a.example/ https://b.example/ area:overseas private:true").Acknowledged())
	o := c.await("INTERACTION_CREATE").data(t)
	assert.Equal(t, "https://a.example/ https://b.example/", o.str("data", "options", 0, "options", 0, "value"))
	assert.Equal(t, "overseas", o.str("data", "options", 0, "options", 1, "value"))
	require.True(t, f.Type(discordsim.Alice, discordsim.CDN, "/purge dir https://a.example/@bob area:overseas").Acknowledged())
	assert.Equal(t, "https://a.example/@bob", c.await("INTERACTION_CREATE").data(t).str("data", "options", 0, "options", 0, "value"))
	require.True(t, f.Type(discordsim.Alice, discordsim.CDN, "/purge dir targets:@bob area:overseas").Acknowledged())
	assert.Equal(t, "<@"+discordsim.Bob+">", c.await("INTERACTION_CREATE").data(t).str("data", "options", 0, "options", 0, "value"), "picked")
	assert.True(t, f.Type(discordsim.Alice, discordsim.CDN, "/purge whoami").Acknowledged())
	assert.NotEmpty(t, f.Type(discordsim.Alice, discordsim.CDN, "/purge whoami now").Refused)
	assert.NotEmpty(t, f.Type(discordsim.Alice, discordsim.CDN, "/nothing").Refused)
}

func TestWhatAnInteractionMayBeAnsweredWith(t *testing.T) {
	t.Parallel()
	for callback, want := range map[string]int{
		`{"type":4,"data":{"content":"x"}}`: 204, `{"type":5}`: 204,
		`{"type":9,"data":{"custom_id":"f","title":"F","components":[{"type":1,"components":[{"type":4,"custom_id":"t","label":"T","style":2}]}]}}`: 204,
		`{"type":6}`: 400, `{"type":7,"data":{"content":"x"}}`: 400, `{"type":8,"data":{"choices":[]}}`: 400, `{"type":1}`: 400,
		`{"type":4,"data":{}}`: 400, `{"type":4}`: 400, `{"type":9,"data":{"custom_id":"f","title":"` + strings.Repeat("x", 46) + `","components":[]}}`: 400,
	} {
		f := newFixture(t)
		came := make(chan answered, 1)
		f.connect(common, func(e event) {
			if e.T == "INTERACTION_CREATE" {
				got := f.callback(e.data(t), callback)
				came <- got
				if got.status != 204 {
					f.callback(e.data(t), private)
				}
			}
		})
		d := f.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked())
		got := <-came
		assert.Equal(t, want, got.status, callback+" "+got.body)
		assert.True(t, d.Acknowledged(), "what is refused may be put right in time")
	}
}

func TestAnAnswerThatComesTwiceOrTooLate(t *testing.T) {
	t.Parallel()
	f, c := listening(t, `{"type":4,"data":{"content":"x"}}`)
	require.True(t, f.Type(discordsim.Alice, discordsim.CDN, "/purge whoami").Acknowledged())
	in := c.await("INTERACTION_CREATE").data(t)
	assert.EqualValues(t, 40060, decode(t, f.callback(in, private).body)["code"])

	f2 := newFixture(t)
	f2.AckWithin = time.Millisecond
	c = f2.bot("")
	d := f2.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked())
	assert.False(t, d.Acknowledged())
	require.Error(t, d.Err)
	assert.Equal(t, "The application did not respond", f2.Ephemerals(discordsim.Alice)[0].Plain())
	late := f2.callback(c.await("INTERACTION_CREATE").data(t), private)
	assert.Equal(t, 404, late.status)
	assert.EqualValues(t, 10062, decode(t, late.body)["code"])
	unknown := f2.call("POST", "/interactions/5/x/callback", private)
	assert.EqualValues(t, 10062, decode(t, unknown.body)["code"])
}

func TestLateByTheClock(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	came := make(chan answered, 1)
	f.AckWithin = time.Second
	f.connect(common, func(e event) {
		if e.T == "INTERACTION_CREATE" {
			f.pass(1001 * time.Millisecond)
			came <- f.callback(e.data(t), private)
		}
	})
	assert.False(t, f.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked()).Acknowledged())
	assert.EqualValues(t, 10062, decode(t, (<-came).body)["code"])
}

func TestTheTokenOfAnInteraction(t *testing.T) {
	t.Parallel()
	f, c := listening(t, `{"type":5,"data":{"flags":64}}`)
	require.True(t, f.Type(discordsim.Alice, discordsim.CDN, "/purge whoami").Acknowledged())
	in := c.await("INTERACTION_CREATE").data(t)
	hook := "/webhooks/" + f.ApplicationID + "/" + in.str("token")
	assert.Equal(t, "@purgebot is thinking…", f.Ephemerals(discordsim.Alice)[0].Plain())
	first := f.must("POST", hook, `{"content":"the first follow-up fills it in"}`)
	assert.Equal(t, first.str("id"), f.must("GET", hook+"/messages/@original", "").str("id"))
	assert.Len(t, f.Ephemerals(discordsim.Alice), 1, "and it stays private")
	second := f.must("POST", hook, `{"content":"the second is public"}`).str("id")
	f.must("PATCH", hook+"/messages/"+second, `{"content":"edited"}`)
	f.must("PATCH", hook+"/messages/@original", `{"content":"edited too"}`)
	assert.Equal(t, []string{"edited"}, plain(f.Messages(discordsim.CDN)))
	f.refused(404, 10008, "PATCH", hook+"/messages/5", `{"content":"x"}`)
	f.must("DELETE", hook+"/messages/@original", "")
	f.refused(404, 10008, "GET", hook+"/messages/@original", "")
	f.refused(404, 10015, "POST", "/webhooks/"+f.ApplicationID+"/guessed", `{"content":"x"}`)
	f.pass(15*time.Minute + time.Second)
	f.refused(401, 50027, "POST", hook, `{"content":"x"}`)
	for _, call := range f.Calls() {
		assert.NotContains(t, call.Path, in.str("token"))
		assert.NotContains(t, string(call.Body)+call.Query, in.str("token"))
	}
}

func TestACallbackWithAResponse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	came := make(chan answered, 1)
	f.connect(common, func(e event) {
		if e.T == "INTERACTION_CREATE" {
			in := e.data(t)
			came <- f.call("POST", "/interactions/"+in.str("id")+"/"+in.str("token")+"/callback?with_response=true", private)
		}
	})
	f.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked())
	o := decode(t, (<-came).body)
	assert.Equal(t, f.Ephemerals(discordsim.Alice)[0].ID, o.str("resource", "message", "id"))
	assert.Equal(t, true, o.at("interaction", "response_message_ephemeral"))
}

func TestAPress(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.say(card)
	c := f.bot(`{"type":7,"data":{"embeds":[{"title":"Decided"}],"components":[]}}`)
	assert.NotEmpty(t, f.Press(discordsim.Bob, discordsim.CDN, id, "Nothing").Refused)
	d := f.Press(discordsim.Bob, discordsim.CDN, "", "Purge")
	require.True(t, d.Acknowledged(), d.Err)
	o := c.await("INTERACTION_CREATE").data(t)
	assert.Equal(t, "token-1", o.str("data", "custom_id"))
	assert.Equal(t, id, o.str("message", "id"))
	assert.Equal(t, "Purge 1 URL?", o.str("message", "embeds", 0, "title"))
	assert.Equal(t, discordsim.Bob, o.str("member", "user", "id"))
	assert.Equal(t, "Decided", f.message(id).Plain())
	assert.NotEmpty(t, f.Press(discordsim.Bob, discordsim.CDN, id, "Purge").Refused)
	hook := "/webhooks/" + f.ApplicationID + "/" + o.str("token") + "/messages/@original"
	assert.Equal(t, id, f.must("GET", hook, "").str("id"), "@original is the message that was pressed")
}

func TestAPressOnWhatOnlyOnePersonSees(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.bot(`{"type":4,"data":{"flags":64,"content":"sure?","components":[{"type":1,"components":[{"type":2,"style":1,"label":"Yes","custom_id":"y"}]}]}}`)
	f.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked())
	private := f.Ephemerals(discordsim.Alice)[0]
	assert.NotEmpty(t, f.Press(discordsim.Bob, discordsim.CDN, private.ID, "Yes").Refused)
	require.True(t, f.Press(discordsim.Alice, discordsim.CDN, private.ID, "Yes").Acknowledged())
	assert.EqualValues(t, 64, c.await("INTERACTION_CREATE").data(t).at("message", "flags"))
	f.refused(404, 10008, "PATCH", messages+"/"+private.ID, `{"content":"x"}`)
	f.refused(404, 10008, "POST", messages+"/"+private.ID+"/threads", `{"name":"x"}`)
}

func TestAMessageCommandCarriesTheMessage(t *testing.T) {
	t.Parallel()
	f, c := listening(t, private)
	said := f.Type(discordsim.Bob, discordsim.CDN, "no mention, https://a.example/", discordsim.WithEmbeds(`[{"url":"https://b.example/"}]`),
		discordsim.WithComponents(`[{"type":20,"x":1}]`), discordsim.Attach(discordsim.File{Name: "l.txt", Content: []byte("x")}))
	o := func(id string) obj {
		d := f.MessageCommand(discordsim.Alice, discordsim.CDN, id, "Purge links in this message")
		require.True(t, d.Acknowledged(), d.Refused)
		in := c.await("INTERACTION_CREATE").data(t)
		assert.Equal(t, id, in.str("data", "target_id"))
		return obj(in.at("data", "resolved", "messages", id).(map[string]any))
	}
	m := o(said.ID)
	assert.Equal(t, "no mention, https://a.example/", m.str("content"))
	assert.Equal(t, "https://b.example/", m.str("embeds", 0, "url"))
	assert.Equal(t, "l.txt", m.str("attachments", 0, "filename"))
	assert.EqualValues(t, 20, m.at("components", 0, "type"))
	forward := f.Forward(discordsim.Mallory, discordsim.CDN, discordsim.CDN, said.ID)
	m = o(forward.ID)
	assert.Equal(t, "", m.str("content"))
	assert.Equal(t, "no mention, https://a.example/", m.str("message_snapshots", 0, "message", "content"))
	assert.NotEmpty(t, f.MessageCommand(discordsim.Alice, discordsim.CDN, "5", "Purge links in this message").Refused)
	assert.NotEmpty(t, f.MessageCommand(discordsim.Alice, discordsim.CDN, said.ID, "Else").Refused)
}

func TestAutocomplete(t *testing.T) {
	t.Parallel()
	f, c := listening(t, `{"type":8,"data":{"choices":[{"name":"A","value":"a.example"}]}}`)
	choices, d := f.Autocomplete(discordsim.Alice, discordsim.CDN, "purge dir", "domain", discordsim.Options{"domain": "a.e"})
	require.True(t, d.Acknowledged(), d.Err)
	assert.Equal(t, []discordsim.Choice{{Name: "A", Value: "a.example"}}, choices)
	o := c.await("INTERACTION_CREATE").data(t)
	assert.EqualValues(t, 4, o["type"])
	assert.Equal(t, true, o.at("data", "options", 0, "options", 0, "focused"))
	for _, bad := range []string{`{"type":8,"data":{}}`, `{"type":8,"data":{"choices":[` + list(`{"name":"A","value":"a"}`, 26) + `]}}`,
		`{"type":8,"data":{"choices":[{"name":"","value":"a"}]}}`, private} {
		f := newFixture(t)
		came := make(chan int, 1)
		f.connect(common, func(e event) {
			if e.T == "INTERACTION_CREATE" {
				came <- f.callback(e.data(t), bad).status
				f.callback(e.data(t), `{"type":8,"data":{"choices":[]}}`)
			}
		})
		choices, d := f.Autocomplete(discordsim.Alice, discordsim.CDN, "purge", "d", discordsim.Options{"d": "a"}, discordsim.Unchecked())
		assert.Equal(t, 400, <-came, bad)
		assert.True(t, d.Acknowledged())
		assert.Empty(t, choices)
	}
	f = newFixture(t)
	_, d = f.Autocomplete(discordsim.Alice, discordsim.CDN, "purge", "d", discordsim.Options{"d": "a"}, discordsim.Unchecked())
	assert.False(t, d.Acknowledged())
	assert.Empty(t, f.Ephemerals(discordsim.Alice), "nobody is told that nothing is offered")
}

func TestWhereAnInteractionComesFrom(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.bot(private)
	in := func(user, channel string, opts ...discordsim.Option) obj {
		d := f.Command(user, channel, "purge", nil, append(opts, discordsim.Unchecked())...)
		require.True(t, d.Acknowledged(), d.Refused)
		return c.await("INTERACTION_CREATE").data(t)
	}
	dm := in(discordsim.Alice, f.DM(discordsim.Alice))
	assert.Nil(t, dm["member"])
	assert.Nil(t, dm["guild_id"])
	assert.Equal(t, discordsim.Alice, dm.str("user", "id"))
	assert.EqualValues(t, 1, dm["context"])
	assert.Equal(t, map[string]any{"0": "0"}, dm["authorizing_integration_owners"])

	installed := in(discordsim.Alice, discordsim.CDN, discordsim.UserInstalled())
	assert.Equal(t, map[string]any{"1": discordsim.Alice}, installed["authorizing_integration_owners"])
	hook := "/webhooks/" + f.ApplicationID + "/" + installed.str("token")
	for range 5 {
		f.must("POST", hook, `{"content":"x"}`)
	}
	f.refused(400, 40094, "POST", hook, `{"content":"x"}`)

	f.PutChannel(discordsim.Channel{ID: "100000000000000036", Kind: discordsim.GroupDM, People: []string{discordsim.Alice, discordsim.Bob}})
	assert.NotEmpty(t, f.Command(discordsim.Alice, "100000000000000036", "purge", nil, discordsim.Unchecked()).Refused)
	group := in(discordsim.Alice, "100000000000000036", discordsim.UserInstalled())
	assert.EqualValues(t, 2, group["context"])

	id := f.say(`{"content":"a card"}`)
	f.must("POST", messages+"/"+id+"/threads", `{"name":"p-1"}`)
	thread := in(discordsim.Alice, id)
	assert.Equal(t, id, thread.str("channel_id"))
	assert.Equal(t, discordsim.CDN, thread.str("channel", "parent_id"))
	assert.EqualValues(t, 11, thread.at("channel", "type"))

	assert.Equal(t, "0", in(discordsim.Alice, discordsim.Random).str("app_permissions"), "the bot does not see it, but is reached")
	f.PutRole(discordsim.Role{ID: "100000000000000028", Guild: discordsim.HQ, Name: "admin", Permissions: discordsim.Administrator})
	f.PutMember(discordsim.Member{Guild: discordsim.HQ, User: discordsim.Mallory, Roles: []string{"100000000000000028"}, Pending: true})
	admin := in(discordsim.Mallory, discordsim.CDN)
	assert.Equal(t, "4503599627370495", admin.str("member", "permissions"))
	assert.Equal(t, true, admin.at("member", "pending"))
}

func TestAForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	form := `{"type":9,"data":{"custom_id":"f-1","title":"Purge","components":[
		{"type":1,"components":[{"type":4,"custom_id":"targets","label":"Targets","style":2,"min_length":3,"max_length":20}]},
		{"type":18,"label":"Area","description":"where","component":{"type":3,"custom_id":"area","options":[{"label":"Overseas","value":"o"},{"label":"Mainland","value":"m","default":true}]}},
		{"type":18,"label":"Reason","component":{"type":4,"custom_id":"reason","style":1,"required":false,"value":"because"}}]}}`
	c := f.connect(common, func(e event) {
		if e.T != "INTERACTION_CREATE" {
			return
		}
		in := e.data(t)
		f.callback(in, map[bool]string{true: private, false: form}[in["type"] == 5.0])
	})
	assert.NotEmpty(t, f.Submit(discordsim.Alice, nil).Refused)
	require.True(t, f.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked()).Acknowledged())
	m, open := f.Modal(discordsim.Alice)
	require.True(t, open)
	assert.Equal(t, "Purge\nTargets\nArea\nwhere\nReason", m.Plain())
	require.Len(t, m.Inputs(), 3)
	assert.Equal(t, []string{"o", "m"}, m.Inputs()[1].Choices)
	assert.True(t, m.Inputs()[0].Lines && !m.Inputs()[0].Optional && m.Inputs()[2].Optional)
	for name, targets := range map[string]string{"empty": "", "too short": "ab", "too long": strings.Repeat("x", 21)} {
		assert.NotEmpty(t, f.Submit(discordsim.Alice, map[string]string{"targets": targets}).Refused, name)
	}
	require.True(t, f.Submit(discordsim.Alice, map[string]string{"Targets": "https://a/", "area": "Overseas"}).Acknowledged())
	o := c.await("INTERACTION_CREATE").data(t)
	assert.Equal(t, "f-1", o.str("data", "custom_id"))
	assert.Equal(t, "https://a/", o.str("data", "components", 0, "components", 0, "value"))
	assert.Equal(t, []any{"o"}, o.at("data", "components", 1, "component", "values"))
	assert.Equal(t, "because", o.str("data", "components", 2, "component", "value"))
	assert.Nil(t, o["message"])
	_, open = f.Modal(discordsim.Alice)
	assert.False(t, open)
}

func TestAFormThatNobodyTakesStaysOpen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.bot(`{"type":9,"data":{"custom_id":"f","title":"F","components":[{"type":1,"components":[{"type":4,"custom_id":"t","label":"T","style":2}]}]}}`)
	id := f.say(card)
	require.True(t, f.Press(discordsim.Alice, discordsim.CDN, id, "Purge").Acknowledged())
	f.AckWithin = 20 * time.Millisecond
	d := f.Submit(discordsim.Alice, map[string]string{"t": "x"})
	assert.False(t, d.Acknowledged(), "a form cannot be answered with a form")
	m, open := f.Modal(discordsim.Alice)
	assert.True(t, open)
	assert.NotEmpty(t, m.Error)
	f.Dismiss(discordsim.Alice)
	_, open = f.Modal(discordsim.Alice)
	assert.False(t, open)
}

func TestAlteredInteractions(t *testing.T) {
	t.Parallel()
	f, c := listening(t, private)
	require.True(t, f.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil, discordsim.AlterJSON(func(in map[string]any) {
		in["data"].(map[string]any)["options"] = []any{map[string]any{"type": 99, "name": "x"}}
	})).Acknowledged())
	assert.EqualValues(t, 99, c.await("INTERACTION_CREATE").data(t).at("data", "options", 0, "type"))
}

func TestNobodyIsThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked())
	require.Error(t, d.Err)
	assert.False(t, d.Sent)
	c := f.bot("")
	d = f.Redeliver(d)
	assert.True(t, d.Acknowledged())
	in := c.await("INTERACTION_CREATE").data(t)
	assert.EqualValues(t, 10062, decode(t, f.callback(in, private).body)["code"])
}
