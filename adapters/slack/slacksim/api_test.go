package slacksim_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/slack/slacksim"
)

func TestTheTokenIsTakenFromHeaderOrForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct{ kind, body, want string }{
		"form":       {"application/x-www-form-urlencoded", "token=" + "xoxb-simulated", ""},
		"none":       {"application/x-www-form-urlencoded", "", "not_authed"},
		"wrong":      {"application/x-www-form-urlencoded", "token=xoxb-other", "invalid_auth"},
		"not in":     {"application/json", `{"token":"xoxb-simulated"}`, "not_authed"},
		"not JSON":   {"application/json", `{`, "invalid_json"},
		"not a form": {"multipart/form-data", ``, "invalid_form_data"},
	} {
		_, _, body := f.post(f.url+"/api/auth.test", c.kind, c.body)
		a := decode(t, body)
		assert.Equal(t, c.want, a.str("error"), name)
		assert.Equal(t, c.want == "", a["ok"], name)
	}
	a := f.call("auth.test")
	assert.Equal(t, "T0SIM", a.str("team_id"))
	assert.Equal(t, "U0PURGEBOT", a.str("user_id"))
	assert.Equal(t, "unknown_method", f.call("no.such").str("error"))
	for _, c := range f.Calls("auth.test") {
		assert.NotContains(t, c.Args["token"], "xoxb")
	}
}

func TestPostMessageTakesJSON(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r, _ := http.NewRequest(http.MethodPost, f.url+"/api/chat.postMessage",
		strings.NewReader(`{"channel":"C0CDN","text":"hello","blocks":`+card+`,"unfurl_links":false,"unfurl_media":false}`))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Authorization", "Bearer "+f.Token)
	_, _, body := f.do(r)
	a := decode(t, body)
	require.Equal(t, true, a["ok"], body)
	assert.Equal(t, "C0CDN", a.str("channel"))
	assert.Equal(t, "B0PURGEBOT", a.str("message", "bot_id"))
	m := f.Messages("C0CDN")[0]
	assert.Equal(t, "Purge 1 URL?", m.Plain())
	assert.False(t, m.UnfurlLinks || m.UnfurlMedia)
}

func TestPostMessageRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.PutChannel(slacksim.Channel{ID: "C0OLD", Name: "old", Member: true, Archived: true})
	f.PutChannel(slacksim.Channel{ID: "G0SECRET", Name: "secret", Private: true})
	for _, c := range []struct {
		want string
		args []string
	}{
		{"channel_not_found", []string{"channel", "C0NONE", "text", "x"}},
		{"channel_not_found", []string{"channel", "G0SECRET", "text", "x"}},
		{"channel_not_found", []string{"channel", "cdn", "text", "x"}},
		{"not_in_channel", []string{"channel", "C0RANDOM", "text", "x"}},
		{"is_archived", []string{"channel", "C0OLD", "text", "x"}},
		{"no_text", []string{"channel", "C0CDN"}},
		{"no_text", []string{"channel", "C0CDN", "blocks", "[]"}},
		{"msg_too_long", []string{"channel", "C0CDN", "text", strings.Repeat("x", 4001)}},
		{"invalid_blocks_format", []string{"channel", "C0CDN", "blocks", "{"}},
		{"invalid_blocks", []string{"channel", "C0CDN", "blocks", `[{"type":"nope"}]`}},
		{"invalid_thread_ts", []string{"channel", "C0CDN", "text", "x", "thread_ts", "12"}},
	} {
		assert.Equal(t, c.want, f.call("chat.postMessage", c.args...).str("error"), c.args)
	}
	assert.Empty(t, f.Messages("C0CDN"))
}

func TestLongTextIsCutShortWhereTheWorkspaceLetsIt(t *testing.T) {
	t.Parallel()
	g := &fixture{Workspace: &slacksim.Workspace{MaxText: 100_000}, t: t}
	g.prepare()
	g.PutChannel(slacksim.Channel{ID: "C0CDN", Name: "cdn", Member: true})
	a := g.call("chat.postMessage", "channel", "C0CDN", "text", strings.Repeat("é", 40_001))
	assert.Equal(t, true, a["ok"])
	assert.Equal(t, "message_truncated", a.str("warning"))
	assert.Len(t, []rune(g.Messages("C0CDN")[0].Text), 40_000)
}

func TestMissingScopeNamesIt(t *testing.T) {
	t.Parallel()
	f := &fixture{Workspace: &slacksim.Workspace{Scopes: []string{"commands", "chat:write.public"}}, t: t}
	f.prepare()
	f.PutChannel(slacksim.Channel{ID: "G0", Name: "g", Private: true, Member: true})
	a := f.call("users.info", "user", "U1")
	assert.Equal(t, []any{"missing_scope", "users:read", "commands,chat:write.public"}, []any{a["error"], a["needed"], a["provided"]})
	assert.Equal(t, "groups:read", f.call("conversations.info", "channel", "G0").str("needed"))
	assert.Equal(t, "channels:read", f.call("conversations.info", "channel", "C0").str("needed"))
}

func TestAPublicChannelIsOpenToChatWritePublic(t *testing.T) {
	t.Parallel()
	f := &fixture{Workspace: &slacksim.Workspace{Scopes: []string{"chat:write", "chat:write.public"}}, t: t}
	f.prepare()
	f.PutChannel(slacksim.Channel{ID: "C1", Name: "one"})
	f.say("C1", "text", "hello")
	assert.Equal(t, []string{"hello"}, f.plain(f.Messages("C1")))
}

func TestUpdateEditsInPlace(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ts := f.say("C0CDN", "text", "asking", "blocks", card)
	require.Len(t, f.Messages("C0CDN")[0].Buttons(), 2)

	a := f.call("chat.update", "channel", "C0CDN", "ts", ts, "text", "done")
	require.Equal(t, true, a["ok"], a)
	assert.Equal(t, ts, a.str("ts"))
	got := f.Messages("C0CDN")
	require.Len(t, got, 1)
	assert.Equal(t, "done", got[0].Plain())
	assert.Empty(t, got[0].Buttons(), "text without blocks removes blocks")
	assert.Equal(t, "asking", got[0].History[0].Text)

	mine := f.Type("U0ALICE", "C0CDN", "", "hello")
	eph := f.call("chat.postEphemeral", "channel", "C0CDN", "user", "U0ALICE", "text", "psst").str("message_ts")
	for _, c := range [][3]string{
		{"cant_update_message", "C0CDN", mine.TS},
		{"message_not_found", "C0CDN", "1800000000.999999"},
		{"message_not_found", "C0CDN", eph},
		{"channel_not_found", "C0NONE", ts},
	} {
		assert.Equal(t, c[0], f.call("chat.update", "channel", c[1], "ts", c[2], "text", "x").str("error"))
	}
	require.True(t, f.Delete("C0CDN", ts))
	assert.False(t, f.Delete("C0CDN", ts))
	assert.Equal(t, "message_not_found", f.call("chat.update", "channel", "C0CDN", "ts", ts, "text", "x").str("error"))
	m, found := f.Message("C0CDN", ts)
	assert.True(t, found && m.Deleted)
}

func TestDeleteIsForOnesOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ts := f.say("C0CDN", "text", "x")
	assert.Equal(t, "cant_delete_message", f.call("chat.delete", "channel", "C0CDN", "ts", f.Type("U0BOB", "C0CDN", "", "hi").TS).str("error"))
	assert.Equal(t, true, f.call("chat.delete", "channel", "C0CDN", "ts", ts)["ok"])
	assert.Equal(t, []string{"hi"}, f.plain(f.Messages("C0CDN")))
}

func TestThreadsHangFromTheirRoot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	root := f.say("C0CDN", "text", "root")
	f.say("C0CDN", "text", "reply", "thread_ts", root)
	f.say("C0CDN", "text", "shout", "thread_ts", root, "reply_broadcast", "true")
	assert.Equal(t, []string{"root", "shout"}, f.plain(f.Messages("C0CDN")))
	assert.Equal(t, []string{"root", "reply", "shout"}, f.plain(f.Thread("C0CDN", root)))
	f.Delete("C0CDN", root)
	assert.Equal(t, []string{"reply", "shout"}, f.plain(f.Thread("C0CDN", root)))
}

func TestEphemeralsAreSeenByOneAndLostOnReload(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.PutChannel(slacksim.Channel{ID: "C0FEW", Name: "few", Member: true, People: []string{"U0ALICE"}})
	assert.Equal(t, true, f.call("chat.postEphemeral", "channel", "C0FEW", "user", "U0ALICE", "text", "psst")["ok"])
	assert.Equal(t, "user_not_in_channel", f.call("chat.postEphemeral", "channel", "C0FEW", "user", "U0BOB", "text", "psst").str("error"))
	assert.Equal(t, []string{"psst"}, f.plain(f.Ephemerals("U0ALICE")))
	assert.Empty(t, f.Messages("C0FEW"))
	assert.Empty(t, f.Ephemerals("U0BOB"))
	assert.Equal(t, []string{"psst"}, f.plain(f.Visible("U0ALICE", "C0FEW")))
	assert.Empty(t, f.Visible("U0BOB", "C0FEW"))
	f.Reload("U0ALICE")
	assert.Empty(t, f.Ephemerals("U0ALICE"))
}

func TestPeople(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.PutUser(slacksim.User{ID: "U0OUT", Name: "out", TeamID: "T0OTHER", Stranger: true, Restricted: true})
	f.PutUser(slacksim.User{ID: "U0GONE", Name: "gone", Deleted: true})
	out := f.call("users.info", "user", "U0OUT")
	assert.Equal(t, "T0OTHER", out.str("user", "team_id"))
	assert.Equal(t, []any{true, true, false, false}, []any{out.at("user", "is_stranger"), out.at("user", "is_restricted"),
		out.at("user", "is_ultra_restricted"), out.at("user", "deleted")})
	assert.Equal(t, "T0SIM", f.call("users.info", "user", "U0ALICE").str("user", "team_id"))
	assert.Equal(t, true, f.call("users.info", "user", f.BotUser).at("user", "is_bot"))
	assert.Equal(t, "user_not_found", f.call("users.info", "user", "U0NONE").str("error"))

	assert.Equal(t, []any{"U0ALICE", "U0BOB"}, f.call("usergroups.users.list", "usergroup", "S0ONCALL")["users"])
	assert.Equal(t, "no_such_subteam", f.call("usergroups.users.list", "usergroup", "S0NONE").str("error"))
	assert.Equal(t, "oncall", f.call("usergroups.list", "include_users", "true").str("usergroups", "handle"))
	f.PutUserGroup(slacksim.UserGroup{ID: "S0ONCALL", Handle: "oncall", Members: []string{"U0BOB"}, Disabled: true})
	assert.Empty(t, f.call("usergroups.users.list", "usergroup", "S0ONCALL")["users"])
	assert.Empty(t, f.call("usergroups.list")["usergroups"])
	assert.NotEmpty(t, f.call("usergroups.users.list", "usergroup", "S0ONCALL", "include_disabled", "true")["users"])
}

func TestConversations(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.PutChannel(slacksim.Channel{ID: "C0X", Name: "x", Member: true, ExtShared: true})
	f.PutChannel(slacksim.Channel{ID: "G0", Name: "g", Private: true})
	f.PutUser(slacksim.User{ID: "U0GONE", Name: "gone", Deleted: true})
	assert.Equal(t, true, f.call("conversations.info", "channel", "C0X").at("channel", "is_ext_shared"))
	assert.Equal(t, false, f.call("conversations.info", "channel", "C0RANDOM").at("channel", "is_member"))
	assert.Equal(t, "channel_not_found", f.call("conversations.info", "channel", "G0").str("error"))

	dm := f.call("conversations.open", "users", "U0ALICE").str("channel", "id")
	assert.Equal(t, f.DM("U0ALICE"), dm)
	assert.Equal(t, true, f.call("conversations.open", "users", "U0ALICE")["already_open"])
	assert.Equal(t, "user_disabled", f.call("conversations.open", "users", "U0GONE").str("error"))
	assert.Equal(t, "user_not_found", f.call("conversations.open", "users", "U0NONE").str("error"))
	assert.Equal(t, true, f.call("conversations.info", "channel", dm).at("channel", "is_im"))
	f.say("U0ALICE", "text", "by user id")
	f.say(dm, "text", "by channel id")
	assert.Equal(t, []string{"by user id", "by channel id"}, f.plain(f.Messages(dm)))
}

func TestUpload(t *testing.T) {
	t.Parallel()
	for _, form := range []bool{false, true} {
		f := newFixture(t)
		text := "https://www.test.com/1.jpg\n"
		a := f.call("files.getUploadURLExternal", "filename", "p-1.txt", "length", strconv.Itoa(len(text)))
		kind, body := "application/octet-stream", text
		if form {
			var b bytes.Buffer
			m := multipart.NewWriter(&b)
			part, _ := m.CreateFormFile("filename", "p-1.txt")
			_, _ = part.Write([]byte(text))
			require.NoError(t, m.Close())
			b.WriteString("\r\n--" + m.Boundary() + "--\r\n") // a known client closes twice
			kind, body = m.FormDataContentType(), b.String()
		}
		share := []string{"files", `[{"id":"` + a.str("file_id") + `","title":"all targets"}]`, "channel_id", "C0CDN", "initial_comment", "see"}
		assert.Equal(t, "file_not_found", f.call("files.completeUploadExternal", share...).str("error"), "before the bytes")
		status, _, _ := f.post(a.str("upload_url"), "text/plain", text+"more than announced")
		assert.Equal(t, http.StatusBadRequest, status)
		status, _, said := f.post(a.str("upload_url"), kind, body)
		require.Equal(t, http.StatusOK, status, said)
		require.Equal(t, true, f.call("files.completeUploadExternal", share...)["ok"])
		m := f.Messages("C0CDN")[0]
		assert.Equal(t, "see\n[all targets]", m.Plain())
		assert.Equal(t, text, string(m.Files[0].Content))
		status, _, _ = f.post(a.str("upload_url"), kind, body)
		assert.Equal(t, http.StatusNotFound, status)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	address := f.url + "/api/chat.postMessage"
	try := func() (int, http.Header, obj) {
		status, header, body := f.post(address, "application/x-www-form-urlencoded", "token="+f.Token+"&channel=C0CDN&text=x")
		return status, header, decode(t, body)
	}
	f.Throttle(2, 1500*time.Millisecond)
	f.Throttle(1, time.Minute, "chat.update")
	for range 2 {
		status, header, a := try()
		assert.Equal(t, []any{429, "2", "ratelimited"}, []any{status, header.Get("Retry-After"), a.str("error")})
	}
	f.Fail("chat.postMessage", "token_revoked", 1)
	_, _, a := try()
	assert.Equal(t, "token_revoked", a.str("error"))
	assert.Empty(t, f.Messages("C0CDN"))

	f.Lose("chat.postMessage", 1)
	_, err := http.Post(address, "application/x-www-form-urlencoded", strings.NewReader("token="+f.Token+"&channel=C0CDN&text=x")) //nolint:bodyclose // there is no answer
	require.Error(t, err)
	assert.Len(t, f.Messages("C0CDN"), 1, "it acted")

	f.Down(true)
	status, header, body := f.post(address, "application/x-www-form-urlencoded", "token="+f.Token+"&channel=C0CDN&text=x")
	assert.Equal(t, []any{503, "text/html"}, []any{status, header.Get("Content-Type")})
	assert.Contains(t, body, "<html>")
	f.Down(false)
	status, _, a = try()
	assert.Equal(t, []any{200, true}, []any{status, a["ok"]})

	f.Fail("", "fatal_error", -1)
	for range 3 {
		_, _, a = try()
		assert.Equal(t, "fatal_error", a.str("error"))
	}
	f.Heal()
	_, _, a = try()
	assert.Equal(t, true, a["ok"])
	assert.Len(t, f.Calls("chat.postMessage"), 10)
	assert.Equal(t, "C0CDN", f.Calls()[0].Args["channel"])
	assert.Equal(t, 429, f.Calls()[0].Status)
}

func TestTheZeroValueWorks(t *testing.T) {
	t.Parallel()
	var w slacksim.Workspace
	assert.Empty(t, w.Messages("C0"))
	assert.Equal(t, "xoxb-simulated", w.Token)
	assert.ErrorContains(t, (&w).Event(map[string]any{"type": "x"}).Err, "Install")
}

func TestAnswersNameTheScopes(t *testing.T) {
	t.Parallel()
	w := slacksim.New()
	call := func() (*http.Response, string) {
		r := httptest.NewRequest(http.MethodPost, "/api/users.info", strings.NewReader("user=U0ALICE"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer xoxb-simulated")
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		return rec.Result(), rec.Body.String()
	}
	w.Reinstall("commands", "chat:write")
	answer, body := call()
	if got := answer.Header.Get("X-OAuth-Scopes"); got != "commands,chat:write" || !strings.Contains(body, `"needed":"users:read"`) {
		t.Fatalf("%q %s", got, body)
	}
	w.Reinstall("users:read")
	if _, body = call(); !strings.Contains(body, `"ok":true`) {
		t.Fatal(body)
	}
}
