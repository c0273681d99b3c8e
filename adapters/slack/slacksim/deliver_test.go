package slacksim_test

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/slack/slacksim"
)

// The known answer of https://docs.slack.dev/authentication/verifying-requests-from-slack/
func TestSignatureIsSlacks(t *testing.T) {
	t.Parallel()
	body := "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
		"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com" +
		"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	assert.Equal(t, "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
		slacksim.Signature("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", []byte(body)))
}

// verified checks a request as an app would.
func (f *fixture) verified(r request) bool {
	stamp := r.header["X-Slack-Request-Timestamp"]
	signature := r.header["X-Slack-Signature"]
	if len(stamp) != 1 || len(signature) != 1 || signature[0] != slacksim.Signature(f.SigningSecret, stamp[0], []byte(r.body)) {
		return false
	}
	at, err := strconv.ParseInt(stamp[0], 10, 64)
	return err == nil && f.Now().Sub(time.Unix(at, 0)).Abs() <= 5*time.Minute
}

func TestSlashCommand(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.Type("U0ALICE", "C0CDN", "", "/purge  dir https://www.test.com/a/?b=1&c=<2> @bob ")
	require.True(t, d.Acknowledged())
	r := f.last()
	assert.True(t, f.verified(r))
	assert.Equal(t, "/slack/commands", r.path)
	form := r.form()
	for name, want := range map[string]string{
		"team_id": "T0SIM", "team_domain": "sim", "channel_id": "C0CDN", "channel_name": "cdn", "user_id": "U0ALICE", "user_name": "alice",
		"command": "/purge", "text": "dir https://www.test.com/a/?b=1&c=<2> @bob", "api_app_id": "A0PURGE",
		"trigger_id": d.TriggerID, "response_url": d.ResponseURL,
	} {
		assert.Equal(t, want, form.Get(name), name)
	}
	assert.True(t, strings.HasPrefix(d.ResponseURL, f.url+"/commands/T0SIM/"))
	assert.NotEqual(t, d.TriggerID, f.Type("U0ALICE", "C0CDN", "", "/purge").TriggerID)
	assert.Empty(t, f.Messages("C0CDN"), "a command is not posted")
	assert.Empty(t, f.Ephemerals("U0ALICE"), "an empty answer says nothing")
}

func TestSlashCommandEscapedByTheManifest(t *testing.T) {
	t.Parallel()
	f := &fixture{Workspace: slacksim.New(), t: t}
	f.EscapeSlash = true
	f.prepare()
	f.Type("U0ALICE", "C0CDN", "", "/purge www.test.com/1.jpg https://a.test/?x&y @bob #cdn")
	assert.Equal(t, "<http://www.test.com/1.jpg|www.test.com/1.jpg> <https://a.test/?x&amp;y> <@U0BOB|bob> <#C0CDN|cdn>", f.last().form().Get("text"))
}

func TestTheAnswerToACommandIsShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		status        int
		answer        string
		private, open []string
	}{
		{"nothing", 200, "", nil, nil},
		{"text", 200, "hello & you", []string{"hello & you"}, nil},
		{"JSON", 200, `{"text":"no"}`, []string{"no"}, nil},
		{"blocks", 200, `{"response_type":"ephemeral","text":"x","blocks":` + card + `}`, []string{"Purge 1 URL?"}, nil},
		{"in channel", 200, `{"response_type":"in_channel","text":"yes"}`, nil, []string{"/purge x", "yes"}},
		{"error", 500, "oops", []string{`/purge failed with the error "http_service_error"`}, nil},
		{"refused", 401, "", []string{`/purge failed with the error "http_service_error"`}, nil},
		{"bad blocks", 200, `{"blocks":[{"type":"nope"}]}`, []string{`/purge failed with the error "invalid_command_response"`}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.answers(c.status, c.answer)
			f.Type("U0ALICE", "C0CDN", "", "/purge x")
			assert.Equal(t, c.private, f.plain(f.Ephemerals("U0ALICE")))
			assert.Equal(t, c.open, f.plain(f.Messages("C0CDN")))
		})
	}
}

func TestALateAnswerIsATimeout(t *testing.T) {
	t.Parallel()
	f := &fixture{Workspace: slacksim.New(), t: t}
	f.AckWithin = 30 * time.Millisecond
	f.prepare()
	f.handle(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	d := f.Type("U0ALICE", "C0CDN", "", "/purge x")
	assert.False(t, d.Acknowledged())
	require.Error(t, d.Err)
	assert.Equal(t, []string{`/purge failed with the error "operation_timeout"`}, f.plain(f.Ephemerals("U0ALICE")))

	f.Install("http://127.0.0.1:1")
	f.Type("U0BOB", "C0CDN", "", "/purge x")
	assert.Equal(t, []string{`/purge failed with the error "dispatch_failed"`}, f.plain(f.Ephemerals("U0BOB")))
}

func TestWhatTheClientRefusesIsNotSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	root := f.say("C0CDN", "text", "root")
	f.PutChannel(slacksim.Channel{ID: "C0OLD", Name: "old", Archived: true})
	f.PutChannel(slacksim.Channel{ID: "C0FEW", Name: "few", People: []string{"U0BOB"}})
	for want, d := range map[string]slacksim.Delivery{
		"/purge is not supported in threads. Sorry!": f.Type("U0ALICE", "C0CDN", root, "/purge x"),
		"/shrug is not a valid command.":             f.Type("U0ALICE", "C0CDN", "", "/shrug"),
		"this channel is archived":                   f.Type("U0ALICE", "C0OLD", "", "/purge x"),
		"there is no channel C0FEW for U0ALICE":      f.Type("U0ALICE", "C0FEW", "", "/purge x"),
		"there is no user U0NOBODY":                  f.Type("U0NOBODY", "C0CDN", "", "/purge x"),
		`there is no button "Purge" to press`:        f.Press("U0ALICE", "C0CDN", "", "Purge"),
	} {
		assert.Equal(t, want, d.Refused)
		assert.False(t, d.Acknowledged())
	}
	assert.Empty(t, f.requests())
	assert.Len(t, f.Ephemerals("U0ALICE"), 2)
}

func TestAMentionIsAnEvent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	root := f.say("C0CDN", "text", "root")
	d := f.Type("U0ALICE", "C0CDN", root, "@purgebot purge https://www.test.com/?a=1&b=2")
	require.True(t, d.Acknowledged())
	r := f.last()
	assert.True(t, f.verified(r))
	assert.Equal(t, "/slack/events", r.path)
	p := r.payload(t)
	assert.Equal(t, "event_callback", p.str("type"))
	assert.Equal(t, d.EventID, p.str("event_id"))
	assert.Equal(t, "T0SIM", p.str("team_id"))
	assert.Equal(t, "U0PURGEBOT", p.str("authorizations", "user_id"))
	assert.Equal(t, false, p.at("is_ext_shared_channel"))
	for name, want := range map[string]string{"type": "app_mention", "user": "U0ALICE", "channel": "C0CDN", "ts": d.TS, "thread_ts": root,
		"text": "<@U0PURGEBOT> purge <https://www.test.com/?a=1&amp;b=2>"} {
		assert.Equal(t, want, p.str("event", name), name)
	}
	assert.Equal(t, "rich_text", p.str("event", "blocks", "type"))
	assert.Nil(t, p.at("event", "edited"))
	assert.Equal(t, []string{"root", "@purgebot purge https://www.test.com/?a=1&b=2"}, f.plain(f.Thread("C0CDN", root)))

	f.Edit("C0CDN", d.TS, "@purgebot purge https://www.test.com/2")
	p = f.last().payload(t)
	assert.NotEqual(t, d.EventID, p.str("event_id"))
	assert.Equal(t, "U0ALICE", p.str("event", "edited", "user"))
	assert.Equal(t, d.TS, p.str("event", "ts"))

	before := len(f.requests())
	f.Type("U0ALICE", "C0CDN", "", "no bot here")
	f.Type("U0ALICE", f.DM("U0ALICE"), "", "@purgebot in private")
	assert.Len(t, f.requests(), before)
}

func TestAMentionWaitsForTheInvitation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.Type("U0ALICE", "C0RANDOM", "", "@purgebot help")
	assert.Contains(t, d.Refused, "invite")
	assert.Empty(t, f.requests())
	d = f.Type("U0ALICE", "C0RANDOM", "", "/invite @purgebot")
	assert.True(t, d.Acknowledged())
	assert.Equal(t, "<@U0PURGEBOT> help", f.last().payload(t).str("event", "text"))
	c, _ := f.Channel("C0RANDOM")
	assert.True(t, c.Member)
}

func TestSharedChannelsAndBots(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.PutChannel(slacksim.Channel{ID: "C0X", Name: "x", Member: true, ExtShared: true})
	f.PutUser(slacksim.User{ID: "U0ROBOT", Name: "robot", Bot: true})
	f.PutUser(slacksim.User{ID: "U0OUT", Name: "out", TeamID: "T0OTHER"})
	f.Type("U0OUT", "C0X", "", "@purgebot help")
	p := f.last().payload(t)
	assert.Equal(t, true, p["is_ext_shared_channel"])
	assert.Equal(t, "T0OTHER", p.str("event", "user_team"))
	f.Type("U0ROBOT", "C0CDN", "", "@purgebot help")
	assert.Equal(t, "B0ROBOT", f.last().payload(t).str("event", "bot_id"))
}

func TestForgeries(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]slacksim.Option{
		"stale":         slacksim.Skewed(-6 * time.Minute),
		"from tomorrow": slacksim.Skewed(24 * time.Hour),
		"other secret":  slacksim.SignedWith("guess"),
		"altered":       slacksim.AlterBody(func(b []byte) []byte { return append(b, '&') }),
		"two stamps":    slacksim.AlterHeader(func(h http.Header) { h.Add("X-Slack-Request-Timestamp", "1") }),
		"unsigned":      slacksim.AlterHeader(func(h http.Header) { h.Del("X-Slack-Signature") }),
	} {
		f := newFixture(t)
		require.True(t, f.verified(f.typed("/purge x")), "as it is")
		assert.False(t, f.verified(f.typed("/purge x", opt)), name)
		assert.False(t, f.verified(f.typed("@purgebot x", opt)), name)
		f.answers(http.StatusUnauthorized, "")
		f.typed("@purgebot x", opt)
		assert.Empty(t, f.RetryFailed(), "Slack does not retry what it did not send")
	}
}

func (f *fixture) typed(text string, opts ...slacksim.Option) request {
	f.Type("U0ALICE", "C0CDN", "", text, opts...)
	return f.last()
}

func TestWhatIsSignedCanBeAltered(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := f.typed("/purge x", slacksim.AlterForm(func(v url.Values) { v.Set("team_id", "T0OTHER") }))
	assert.Equal(t, []any{true, "T0OTHER"}, []any{f.verified(r), r.form().Get("team_id")})

	f.say("C0CDN", "text", "x", "blocks", card)
	f.Press("U0ALICE", "C0CDN", "", "Purge", slacksim.AlterJSON(func(p map[string]any) {
		p["actions"].([]any)[0].(map[string]any)["value"] = "guessed"
	}))
	r = f.last()
	assert.Equal(t, []any{true, "guessed"}, []any{f.verified(r), r.payload(t).str("actions", "value")})

	r = f.typed("<@U0PURGEBOT> purge <https://x.test|label>", slacksim.Markup())
	assert.Equal(t, "<@U0PURGEBOT> purge <https://x.test|label>", r.payload(t).str("event", "text"))
}

func TestRedeliveryIsByteForByte(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.Type("U0ALICE", "C0CDN", "", "/purge x")
	f.pass(time.Minute)
	again := f.Redeliver(d)
	got := f.requests()
	assert.Equal(t, got[0].body, got[1].body)
	assert.Equal(t, got[0].header["X-Slack-Signature"], got[1].header["X-Slack-Signature"])
	assert.Equal(t, got[0].header["X-Slack-Request-Timestamp"], got[1].header["X-Slack-Request-Timestamp"])
	assert.Equal(t, d.TriggerID, again.TriggerID)
	f.pass(time.Hour)
	f.Redeliver(d)
	assert.False(t, f.verified(f.last()), "it is stale by now")

	f.Retry(f.Type("U0ALICE", "C0CDN", "", "@purgebot x"), 2, "http_timeout")
	r := f.last()
	assert.True(t, f.verified(r), "signed anew")
	assert.Equal(t, "2", r.header.Get("X-Slack-Retry-Num"))
	assert.Equal(t, "http_timeout", r.header.Get("X-Slack-Retry-Reason"))
	assert.Len(t, f.Deliveries(), 5)
}

func TestFailedEventsAreRetriedThreeTimes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.answers(503, "")
	d := f.Type("U0ALICE", "C0CDN", "", "@purgebot x")
	f.Type("U0ALICE", "C0CDN", "", "/purge x") // is never retried
	for n := 1; n <= 3; n++ {
		made := f.RetryFailed()
		require.Len(t, made, 1)
		assert.Equal(t, d.EventID, made[0].EventID)
		assert.Equal(t, d.Body, made[0].Body)
		assert.Equal(t, strconv.Itoa(n), made[0].Header.Get("X-Slack-Retry-Num"))
		assert.Equal(t, "http_error", made[0].Header.Get("X-Slack-Retry-Reason"))
	}
	assert.Empty(t, f.RetryFailed())

	f.Type("U0ALICE", "C0CDN", "", "@purgebot y")
	f.answers(200, "")
	assert.Len(t, f.RetryFailed(), 1)
	assert.Empty(t, f.RetryFailed(), "it was taken")

	f.handle(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("X-Slack-No-Retry", "1")
		rw.WriteHeader(500)
	})
	f.Type("U0ALICE", "C0CDN", "", "@purgebot z")
	assert.Empty(t, f.RetryFailed())
}

func TestPress(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	root := f.say("C0CDN", "text", "root")
	ts := f.say("C0CDN", "text", "asking", "blocks", card, "thread_ts", root)
	d := f.Press("U0BOB", "C0CDN", ts, "Purge")
	require.True(t, d.Acknowledged())
	r := f.last()
	assert.True(t, f.verified(r))
	assert.Equal(t, "/slack/interactions", r.path)
	p := r.payload(t)
	for want, path := range map[string][]string{
		"block_actions": {"type"}, "U0BOB": {"user", "id"}, "C0CDN": {"channel", "id"}, "A0PURGE": {"api_app_id"},
		"token-1": {"actions", "value"}, "go": {"actions", "action_id"}, "b1": {"actions", "block_id"}, "danger": {"actions", "style"},
		"message": {"container", "type"}, root: {"container", "thread_ts"}, d.TriggerID: {"trigger_id"}, d.ResponseURL: {"response_url"},
		"B0PURGEBOT": {"message", "bot_id"}, "T0SIM": {"team", "id"}, ts: {"message", "ts"},
	} {
		assert.Equal(t, want, p.str(path...), path)
	}
	assert.Equal(t, "T0SIM", p.str("user", "team_id"))
	assert.Equal(t, ts, p.str("container", "message_ts"))
	assert.Equal(t, false, p.at("container", "is_ephemeral"))

	assert.NotEmpty(t, f.Press("U0BOB", "C0CDN", ts, "purge").Refused, "labels are compared as they are")
	f.answers(500, "")
	f.Press("U0BOB", "C0CDN", ts, "Cancel")
	assert.Equal(t, []string{"This app responded with an error. Try again?"}, f.plain(f.Ephemerals("U0BOB")))
}

func TestPressOnAnEphemeral(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.call("chat.postEphemeral", "channel", "C0CDN", "user", "U0ALICE", "text", "asking", "blocks", card)
	assert.NotEmpty(t, f.Press("U0BOB", "C0CDN", "", "Purge").Refused)
	d := f.Press("U0ALICE", "C0CDN", "", "Purge")
	p := f.last().payload(t)
	assert.Equal(t, true, p.at("container", "is_ephemeral"))
	assert.Nil(t, p["message"])

	status, _, _ := f.post(d.ResponseURL, "application/json", `{"replace_original":true,"text":"sent"}`)
	assert.Equal(t, 200, status)
	assert.Equal(t, []string{"sent"}, f.plain(f.Ephemerals("U0ALICE")))
	_, _, _ = f.post(d.ResponseURL, "application/json", `{"delete_original":true}`)
	assert.Empty(t, f.Ephemerals("U0ALICE"))
}

func TestResponseURLHasABudget(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.Type("U0ALICE", "C0RANDOM", "", "/purge x")
	use := func(body string) string {
		status, _, said := f.post(d.ResponseURL, "application/json", body)
		return strconv.Itoa(status) + " " + decode(t, said).str("error")
	}
	assert.Equal(t, "400 invalid_blocks", use(`{"blocks":[{"type":"nope"}]}`))
	assert.Equal(t, "400 invalid_payload", use(`{`))
	assert.Equal(t, "200 ", use(`{"text":"one"}`))
	assert.Equal(t, "200 ", use(`{"text":"two","replace_original":true}`), "a command's cannot replace: it posts")
	assert.Equal(t, "200 ", use(`{"text":"three","response_type":"in_channel"}`), "though the bot is not in the channel")
	f.Throttle(1, time.Second) // the Web API's, not this one's
	assert.Equal(t, "200 ", use(`{"text":"three and a half","response_type":"in_channel"}`))
	f.Throttle(1, time.Second, "response_url")
	status, header, _ := f.post(d.ResponseURL, "application/json", `{"text":"x"}`)
	assert.Equal(t, []any{429, "1"}, []any{status, header.Get("Retry-After")})
	assert.Equal(t, "200 ", use(`{"text":"four"}`))
	assert.Equal(t, "404 used_url", use(`{"text":"six"}`))
	assert.Equal(t, []string{"one", "two", "four"}, f.plain(f.Ephemerals("U0ALICE")))
	assert.Equal(t, []string{"three", "three and a half"}, f.plain(f.Messages("C0RANDOM")))

	d = f.Type("U0ALICE", "C0RANDOM", "", "/purge x")
	f.pass(30*time.Minute + time.Second)
	assert.Equal(t, "404 expired_url", use(`{"text":"late"}`))
	d.ResponseURL += "x"
	assert.Equal(t, "404 invalid_url", use(`{"text":"x"}`))
	assert.Len(t, f.Calls("response_url"), 11)
}

func TestResponseURLOfAPressReachesTheMessageAndItsThread(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ts := f.say("C0CDN", "text", "asking", "blocks", card)
	d := f.Press("U0ALICE", "C0CDN", ts, "Purge")
	_, _, _ = f.post(d.ResponseURL, "application/json", `{"text":"in thread","response_type":"in_channel","replace_original":false,"thread_ts":"`+ts+`"}`)
	_, _, _ = f.post(d.ResponseURL, "application/json", `{"text":"just you"}`)
	_, _, _ = f.post(d.ResponseURL, "application/json", `{"text":"decided","replace_original":true}`)
	assert.Equal(t, []string{"decided", "in thread"}, f.plain(f.Thread("C0CDN", ts)))
	assert.Equal(t, []string{"just you"}, f.plain(f.Ephemerals("U0ALICE")))
	_, _, _ = f.post(d.ResponseURL, "application/json", `{"delete_original":"true"}`)
	assert.Empty(t, f.Messages("C0CDN"))
}

func TestHandshakes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.handle(func(rw http.ResponseWriter, r *http.Request) {})
	f.VerifyURL("echo me")
	r := f.last()
	assert.True(t, f.verified(r))
	assert.Equal(t, []any{"url_verification", "echo me", "/slack/events"}, []any{r.payload(t)["type"], r.payload(t)["challenge"], r.path})
	f.CheckSSL()
	assert.Equal(t, "1", f.last().form().Get("ssl_check"))
	f.Event(map[string]any{"type": "app_uninstalled"})
	assert.Equal(t, "app_uninstalled", f.last().payload(t).str("event", "type"))
}

const form = `{"type":"modal","callback_id":"purge","private_metadata":"tok","title":{"type":"plain_text","text":"Purge"},
	"submit":{"type":"plain_text","text":"Go"},"notify_on_close":true,"blocks":[
	{"type":"section","text":{"type":"mrkdwn","text":"What?"}},
	{"type":"input","block_id":"targets","label":{"type":"plain_text","text":"Targets"},"element":{"type":"plain_text_input","action_id":"v","multiline":true,"max_length":20}},
	{"type":"input","block_id":"area","label":{"type":"plain_text","text":"Area"},"element":{"type":"static_select","action_id":"v",
		"initial_option":{"text":{"type":"plain_text","text":"Mainland"},"value":"mainland"},
		"options":[{"text":{"type":"plain_text","text":"Mainland"},"value":"mainland"},{"text":{"type":"plain_text","text":"Overseas"},"value":"overseas"}]}},
	{"type":"input","block_id":"flags","optional":true,"label":{"type":"plain_text","text":"Flags"},"element":{"type":"checkboxes","action_id":"v",
		"options":[{"text":{"type":"plain_text","text":"Private"},"value":"private"}]}},
	{"type":"input","block_id":"reason","optional":true,"label":{"type":"plain_text","text":"Reason"},"element":{"type":"plain_text_input","action_id":"v"}}]}`

func (f *fixture) open() {
	d := f.Type("U0ALICE", "C0CDN", "", "/purge")
	a := f.call("views.open", "trigger_id", d.TriggerID, "view", form)
	require.Equal(f.t, true, a["ok"], a)
	require.NotEmpty(f.t, a.str("view", "id"))
}

func TestForm(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.open()
	v, open := f.View("U0ALICE")
	require.True(t, open)
	assert.Equal(t, "Purge\nWhat?\nTargets\nArea\nFlags\nReason", v.Plain())
	inputs := v.Inputs()
	assert.Equal(t, "mainland", inputs[1].Initial)
	assert.Equal(t, []string{"mainland", "overseas"}, inputs[1].Options)
	assert.True(t, inputs[0].Multiline && inputs[3].Optional && !inputs[0].Optional)

	assert.Equal(t, "Targets: Please complete this required field.", f.Submit("U0ALICE", nil).Refused)
	assert.Equal(t, "Targets: This is too long.", f.Submit("U0ALICE", map[string]string{"targets": strings.Repeat("x", 21)}).Refused)
	assert.Equal(t, "Area: There is no choice moon.", f.Submit("U0ALICE", map[string]string{"targets": "x", "area": "moon"}).Refused)
	assert.NotEmpty(t, f.Submit("U0BOB", nil).Refused)

	f.answers(200, `{"response_action":"errors","errors":{"targets":"not a URL"}}`)
	f.Submit("U0ALICE", map[string]string{"targets": "x", "Area": "Overseas", "flags": "private"})
	v, _ = f.View("U0ALICE")
	assert.Equal(t, map[string]string{"targets": "not a URL"}, v.Errors)
	r := f.last()
	assert.True(t, f.verified(r))
	p := r.payload(t)
	for want, path := range map[string][]string{
		"view_submission": {"type"}, "U0ALICE": {"user", "id"}, "purge": {"view", "callback_id"}, "tok": {"view", "private_metadata"},
		"x": {"view", "state", "values", "targets", "v", "value"}, "overseas": {"view", "state", "values", "area", "v", "selected_option", "value"},
		"private": {"view", "state", "values", "flags", "v", "selected_options", "value"},
	} {
		assert.Equal(t, want, p.str(path...), path)
	}
	assert.Nil(t, p.at("view", "state", "values", "reason", "v", "value"))
	assert.Nil(t, p.at("channel"), "a form knows no channel")

	f.answers(500, "")
	f.Submit("U0ALICE", map[string]string{"targets": "x"})
	v, open = f.View("U0ALICE")
	assert.True(t, open && v.Errors[""] != "")

	f.answers(200, `{"response_action":"update","view":{"type":"modal","title":{"type":"plain_text","text":"Second"},"blocks":[{"type":"divider"}]}}`)
	f.Submit("U0ALICE", map[string]string{"targets": "x"})
	v, _ = f.View("U0ALICE")
	assert.Equal(t, "Second", v.Title)
	f.answers(200, "")
	f.Submit("U0ALICE", nil)
	_, open = f.View("U0ALICE")
	assert.False(t, open)

	f.open()
	f.CloseView("U0ALICE")
	assert.Equal(t, "view_closed", f.last().payload(t).str("type"))
	assert.NotEmpty(t, f.CloseView("U0ALICE").Refused)
}

func TestATriggerOpensOneFormWithinThreeSeconds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.Type("U0ALICE", "C0CDN", "", "/purge")
	open := func(id, view string) string { return f.call("views.open", "trigger_id", id, "view", view).str("error") }
	assert.Equal(t, "invalid_trigger_id", open("x", form))
	assert.Equal(t, "invalid_arguments", open(d.TriggerID, `{"type":"modal","blocks":[]}`))
	assert.Equal(t, "invalid_arguments", open(d.TriggerID, strings.Replace(form, `"text":"Go"`, `"text":"`+strings.Repeat("x", 25)+`"`, 1)))
	assert.Equal(t, "view_too_large", open(d.TriggerID, strings.Repeat("x", 250_001)))
	assert.Equal(t, "", open(d.TriggerID, form))
	assert.Equal(t, "exchanged_trigger_id", open(d.TriggerID, form))
	d = f.Type("U0ALICE", "C0CDN", "", "/purge")
	f.pass(3*time.Second + 1)
	assert.Equal(t, "expired_trigger_id", open(d.TriggerID, form))
}

func TestWaitWakesAtAChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.handle(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "soon") })
	go f.Type("U0ALICE", "C0CDN", "", "/purge x")
	require.NoError(t, f.Wait(t.Context(), func() bool { return len(f.Ephemerals("U0ALICE")) == 1 }))
	changed := f.Changed()
	go f.Delete("C0CDN", f.Ephemerals("U0ALICE")[0].TS)
	<-changed
}

// A press, an edit and a query at once: for the race detector, and for unique stamps.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ts := f.say("C0CDN", "text", "asking", "blocks", card)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { f.Press("U0ALICE", "C0CDN", ts, "Purge") })
		all.Go(func() { f.Type("U0BOB", "C0CDN", "", "@purgebot "+strconv.Itoa(i)) })
		all.Go(func() { f.Messages("C0CDN"); f.Calls(); f.Deliveries(); f.View("U0BOB") })
		all.Go(func() { f.PutUser(slacksim.User{ID: "U0NEW" + strconv.Itoa(i), Name: "n"}) })
	}
	all.Wait()
	seen := map[string]bool{}
	for _, m := range f.Messages("C0CDN") {
		assert.False(t, seen[m.TS])
		seen[m.TS] = true
	}
	assert.Len(t, seen, 21)
	ids := map[string]bool{}
	for _, d := range f.Deliveries() {
		ids[d.EventID+d.TriggerID] = true
	}
	assert.Len(t, ids, 40)
}

func TestTheSameSeedGivesTheSameIDs(t *testing.T) {
	t.Parallel()
	id := func(seed string) string {
		w := &slacksim.Workspace{Seed: seed, Now: func() time.Time { return time.Unix(1_800_000_000, 0) }}
		return w.Event(map[string]any{"type": "x"}).EventID
	}
	assert.Equal(t, id("a"), id("a"))
	assert.NotEqual(t, id("a"), id("b"))
	assert.NotEqual(t, id(""), id(""))
}
