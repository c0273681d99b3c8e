package slack

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/slack/slacksim"
	"purgebot/bot/chat"
)

// at sets the value at a path ("message.ts") of a payload, and adds the path if needed.
func at(path string, value any) slacksim.Option {
	return slacksim.AlterJSON(func(p map[string]any) {
		names := strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			in, is := p[name].(map[string]any)
			if !is {
				in = map[string]any{}
				p[name] = in
			}
			p = in
		}
		p[names[len(names)-1]] = value
	})
}

// instead replaces a piece of the payload's text and signs the result, for JSON that a map cannot hold.
func instead(a *asker, d slacksim.Delivery, path, old, new string) int {
	payload, err := url.ParseQuery(string(d.Body))
	require.NoError(a.t, err)
	raw := payload.Get("payload")
	if path == "/slack/events" {
		raw = string(d.Body)
	}
	require.Contains(a.t, raw, old)
	raw = strings.Replace(raw, old, new, 1)
	if path != "/slack/events" {
		raw = url.Values{"payload": {raw}}.Encode()
	}
	code := post(a.slack.Handler(a.bot), path, "", secret, strings.NewReader(raw)).Code
	a.slack.Wait()
	return code
}

// asker is a workspace with a message of the bot, a reply to it, and bob, a member of two workspaces of an
// organisation.
type asker struct {
	*world
	bot         *fake
	t           *testing.T
	root, reply chat.MessageRef
}

func newAsker(t *testing.T) *asker {
	f := &fake{}
	a := &asker{world: newWorld(t, f, nil), bot: f, t: t}
	a.PutUser(slacksim.User{ID: "U0BOB", Name: "bob", TeamID: "T0HOME", Teams: []string{"T0HOME", "T0SIM"}})
	card := chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}, {Label: "Cancel", Token: "c"}}}
	a.root = a.mustShow(t, chat.MessageRef{}, card)
	in := a.Channel()
	in.Root = a.root.ID
	reply, err := a.slack.Show(t.Context(), in, chat.MessageRef{}, "", card)
	require.NoError(t, err)
	a.reply = reply
	return a
}

// presses, types, mentions and submits return whether the bot was asked, and the text that the person received.
func (a *asker) presses(who string, on chat.MessageRef, opts ...slacksim.Option) (asked bool, told string) {
	return a.does(who, func() slacksim.Delivery { return a.Workspace.Press(who, on.Channel, on.ID, "Purge", opts...) })
}

func (a *asker) types(who, text string, opts ...slacksim.Option) (asked bool, told string) {
	return a.does(who, func() slacksim.Delivery { return a.Workspace.Type(who, "C0CDN", "", text, opts...) })
}

func (a *asker) submits(opts ...slacksim.Option) (asked bool, told string) {
	a.bot.answer = form("typed")
	a.settled(a.Workspace.Press("U0ALICE", a.root.Channel, a.root.ID, "Purge"))
	a.bot.answer = nil
	return a.does("U0ALICE", func() slacksim.Delivery {
		return a.Workspace.Submit("U0ALICE", map[string]string{"hosts": "www.test.com"}, opts...)
	})
}

func (a *asker) does(who string, do func() slacksim.Delivery) (asked bool, told string) {
	a.t.Helper()
	before, private := a.bot.asked(), len(a.privately(who))
	require.True(a.t, a.settled(do()))
	all := a.privately(who)[private:]
	return a.bot.asked() > before, strings.Join(all, "\n")
}

// privately returns everything that only one person received: as an ephemeral or direct message, or in a form.
func (a *asker) privately(who string) (all []string) {
	for _, m := range slices.Concat(a.Ephemerals(who), a.Messages(a.DM(who))) {
		all = append(all, m.Plain())
	}
	if v, open := a.View(who); open {
		for _, wrong := range v.Errors {
			all = append(all, wrong)
		}
	}
	return all
}

// TestContradictionsAreRefused covers every place in which a delivery repeats a fact.
func TestContradictionsAreRefused(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]struct {
		on   func(*asker) chat.MessageRef
		opts []slacksim.Option
	}{
		"the person's workspace":       {opts: []slacksim.Option{at("user.team_id", "T9")}},
		"the message's workspace":      {opts: []slacksim.Option{at("message.team", "T9")}},
		"the view's workspace":         {opts: []slacksim.Option{at("view.app_installed_team_id", "T9")}},
		"the channel":                  {opts: []slacksim.Option{at("channel.id", "C0RANDOM")}},
		"the container's channel":      {opts: []slacksim.Option{at("container.channel_id", "C0RANDOM")}},
		"the message":                  {opts: []slacksim.Option{at("message.ts", "1700000000.000001")}},
		"the container's message":      {opts: []slacksim.Option{at("container.message_ts", "1700000000.000001")}},
		"the thread":                   {on: inThread, opts: []slacksim.Option{at("message.thread_ts", "1700000000.000001")}},
		"the container's thread":       {on: inThread, opts: []slacksim.Option{at("container.thread_ts", "1700000000.000001")}},
		"the app":                      {opts: []slacksim.Option{at("message.app_id", "A9")}},
		"the payload's app":            {opts: []slacksim.Option{at("api_app_id", "A9")}},
		"two buttons":                  {opts: []slacksim.Option{at("actions", []any{map[string]any{"type": "button", "value": "t"}, map[string]any{"type": "button", "value": "c"}})}},
		"workspace and channel at all": {opts: []slacksim.Option{at("user.team_id", "T9"), at("channel.id", "C0RANDOM")}},
	} {
		t.Run("press/"+name, func(t *testing.T) {
			t.Parallel()
			a := newAsker(t)
			on := a.root
			if how.on != nil {
				on = how.on(a)
			}
			for _, who := range []string{"U0ALICE", "U0BOB"} {
				asked, told := a.presses(who, on, how.opts...)
				assert.False(t, asked)
				assert.Contains(t, told, "contradicts itself", "and the person is told")
				asked, _ = a.presses(who, on)
				assert.True(t, asked, "nothing else was wrong")
			}
			for _, m := range a.Messages("C0CDN") {
				assert.NotContains(t, m.Plain(), "contradicts", "nobody else is")
			}
		})
	}
	for name, opt := range map[string]slacksim.Option{
		"the person's workspace": at("user.team_id", "T9"),
		"the view's workspace":   at("view.team_id", "T9"),
		"the app's workspace":    at("view.app_installed_team_id", "T9"),
		"the view's app":         at("view.app_id", "A9"),
		"the payload's app":      at("api_app_id", "A9"),
	} {
		t.Run("form/"+name, func(t *testing.T) {
			t.Parallel()
			a := newAsker(t)
			asked, told := a.submits(opt)
			assert.False(t, asked)
			assert.Contains(t, told, "contradicts itself")
			_, open := a.View("U0ALICE")
			assert.True(t, open, "what was typed is still there")
			asked, _ = a.submits()
			assert.True(t, asked)
		})
	}
	for name, opt := range map[string]slacksim.Option{
		"the workspace it came through": at("context_team_id", "T9"),
		"the author's workspace":        at("event.team", "T9"),
		"the author's workspace again":  at("event.user_team", "T9"),
		"where it was sent from":        at("event.source_team", "T9"),
	} {
		t.Run("mention/"+name, func(t *testing.T) {
			t.Parallel()
			a := newAsker(t)
			asked, told := a.types("U0ALICE", "@purgebot whoami", opt)
			assert.False(t, asked)
			assert.Empty(t, told)
			asked, _ = a.types("U0ALICE", "@purgebot whoami")
			assert.True(t, asked)
		})
	}
	for _, field := range []string{"team_id", "user_id", "channel_id", "trigger_id", "text", "command", "response_url", "anything"} {
		t.Run("command/"+field, func(t *testing.T) {
			t.Parallel()
			for _, values := range [][]string{{"", "T9"}, {"T9", ""}} {
				a := newAsker(t)
				asked, told := a.types("U0ALICE", "/purge whoami", slacksim.AlterForm(func(v url.Values) {
					first := v.Get(field)
					v[field] = []string{values[0] + first, values[1] + first}
				}))
				assert.False(t, asked)
				assert.Contains(t, told, "contradicts itself")
			}
		})
	}
}

func inThread(a *asker) chat.MessageRef { return a.reply }

// TestWhatIsNoContradiction checks that omissions pass, and that a person in an organisation may be of another
// workspace.
func TestWhatIsNoContradiction(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	for name, how := range map[string]struct {
		who  string
		opts []slacksim.Option
	}{
		"as it comes":                     {"U0ALICE", nil},
		"of another workspace of ours":    {"U0BOB", nil},
		"named as of this one":            {"U0BOB", []slacksim.Option{at("user.team_id", "T0SIM")}},
		"named as of the organisation":    {"U0BOB", []slacksim.Option{at("user.team_id", "E0SIM")}},
		"no workspace of the person":      {"U0ALICE", []slacksim.Option{at("user.team_id", nil)}},
		"no message":                      {"U0ALICE", []slacksim.Option{at("message", nil)}},
		"no channel":                      {"U0ALICE", []slacksim.Option{at("channel", nil)}},
		"no channel of the container":     {"U0ALICE", []slacksim.Option{at("container.channel_id", nil)}},
		"no message of the container":     {"U0ALICE", []slacksim.Option{at("container.message_ts", nil)}},
		"no app":                          {"U0ALICE", []slacksim.Option{at("api_app_id", nil)}},
		"more than is known":              {"U0ALICE", []slacksim.Option{at("message.tomorrow", map[string]any{"team": "T9"})}},
		"the same button twice":           {"U0ALICE", []slacksim.Option{at("actions", []any{map[string]any{"type": "button", "value": "t"}, map[string]any{"type": "button", "value": "t"}})}},
		"a button besides something else": {"U0ALICE", []slacksim.Option{at("actions", []any{map[string]any{"type": "datepicker", "value": "x"}, map[string]any{"type": "button", "value": "t"}})}},
	} {
		for _, on := range []chat.MessageRef{a.root, a.reply} {
			asked, _ := a.presses(how.who, on, how.opts...)
			require.True(t, asked, name)
			got := a.bot.answers[len(a.bot.answers)-1]
			assert.Equal(t, on, got.Message, name)
			assert.Equal(t, "t", got.Token, name)
		}
	}
	asked, _ := a.types("U0BOB", "@purgebot whoami")
	assert.True(t, asked)
	for _, opt := range []slacksim.Option{at("context_team_id", nil), at("event.team", nil), at("event.source_team", "T0SIM"), at("event.user_team", nil)} {
		asked, _ = a.types("U0ALICE", "@purgebot whoami", opt)
		assert.True(t, asked)
	}
	asked, _ = a.presses("U0OTHER", a.root)
	assert.True(t, asked, "an outsider is for the bot to refuse, in its own words")
}

// TestWhoBelongsWhereMustBeKnown checks that another workspace is accepted as the person's only with Slack's
// confirmation.
func TestWhoBelongsWhereMustBeKnown(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	a.Fail("users.info", "internal_error", -1)
	asked, told := a.presses("U0BOB", a.root)
	assert.False(t, asked)
	assert.Contains(t, told, "Slack has trouble of its own. Try again.")
	d := a.Workspace.Type("U0BOB", "C0CDN", "", "@purgebot whoami")
	a.slack.Wait()
	assert.Equal(t, http.StatusServiceUnavailable, d.Status, "Slack repeats it")
	assert.Zero(t, a.bot.asked())
	a.Heal()
	asked, _ = a.presses("U0BOB", a.root)
	assert.True(t, asked)
}

// TestNamesThatAreSaidTwice covers repeated names: Go's reader takes the last one and ignores case; others take
// the first.
func TestNamesThatAreSaidTwice(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	d := a.Workspace.Press("U0ALICE", a.root.Channel, a.root.ID, "Purge")
	e := a.Workspace.Type("U0ALICE", "C0CDN", "", "@purgebot whoami")
	a.slack.Wait()
	before := a.bot.asked()
	for old, new := range map[string]string{
		`"user":{`:        `"user":{"id":"U0MALLORY"},"user":{`,
		`"team":{`:        `"Team":{"id":"T9"},"team":{`,
		`"channel":{`:     `"CHANNEL":{"id":"C0RANDOM"},"channel":{`,
		`"message_ts":"`:  `"message_ts":"1.1","message_ts":"`,
		`"actions":[{`:    `"action\u017f":[],"actions":[{`,
		`"value":"t"`:     `"value":"c","value":"t"`,
		`"container":{`:   `"container":{},"container":{`,
		`"trigger_id":"`:  `"trigger_id":"1.1.1","trigger_id":"`,
		`"type":"button"`: `"type":"button","type":"button"`,
	} {
		assert.Equal(t, http.StatusBadRequest, instead(a, d, "/slack/interactions", old, new), new)
	}
	for old, new := range map[string]string{
		`"team_id":"T0SIM"`:     `"team_id":"T9","team_id":"T0SIM"`,
		`"user":"U0ALICE"`:      `"user":"U0MALLORY","user":"U0ALICE"`,
		`"channel":"C0CDN"`:     `"Channel":"C0RANDOM","channel":"C0CDN"`,
		`"event":{`:             `"event":{},"event":{`,
		`"type":"app_mention"`:  `"type":"message","type":"app_mention"`,
		`"event_id":"`:          `"event_id":"Ev0","event_id":"`,
		`"type":"rich_text"}`:   `"type":"rich_text","type":"rich_text"}`,
		`"authorizations":[{`:   `"Authorizations":[],"authorizations":[{`,
		`"context_team_id":"T0`: `"context_team_id":"T9","context_team_id":"T0`,
	} {
		assert.Equal(t, http.StatusBadRequest, instead(a, e, "/slack/events", old, new), new)
	}
	for _, body := range []string{"payload={}&payload={}", string(d.Body) + "&payload=", "payload=&" + string(d.Body), string(d.Body) + "&" + string(d.Body)} {
		assert.Equal(t, http.StatusBadRequest, post(a.slack.Handler(a.bot), "/slack/interactions", "", secret, strings.NewReader(body)).Code)
	}
	assert.Equal(t, before, a.bot.asked())
	assert.Equal(t, http.StatusOK, instead(a, d, "/slack/interactions", `"user":{`, `"nobody":{"user":{},"User ":{}},"user":{`), "one name in two places is two")
	assert.Equal(t, before+1, a.bot.asked())
}

func TestTwice(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		`{}`: false, `[]`: false, `"a"`: false, `1`: false, `{"a":1,"b":1}`: false, `{"a":{"a":{"a":1}}}`: false, `[{"a":1},{"a":1}]`: false, `{"a":"a","b":"a"}`: false,
		`{"a":["a","a"],"b":1}`: false, `{"a":[{"b":1},"b"],"c":{"b":"b"}}`: false,
		`{"a":1,"a":1}`: true, `{"a":1,"A":1}`: true, `{"k":1,"\u212a":1}`: true, `[[{"b":[],"a":{},"b":[]}]]`: true, `{"a":{"x":[1,{"y":2}]},"a":1}`: true,
		`{"a":{"b":1,"c":{},"b":1}}`: true, `{"":1,"":2}`: true, `{"ä":1,"Ä":2}`: true,
	} {
		require.True(t, json.Valid([]byte(raw)), raw)
		assert.Equal(t, want, twice([]byte(raw)), raw)
	}
}

// FuzzDecode checks that accepted JSON means the same to a reader who takes the first of two names.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"a":1,"b":{"a":[{"c":2}]}}`, `{"a":1,"A":2}`, `[[]]`, `{"a":[1,{"a":1,"a":2}]}`, `{"":{"":""}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var v map[string]any
		if decode(raw, &v) != nil {
			return
		}
		again, err := json.Marshal(v)
		if err != nil || twice(again) {
			t.Fatalf("%q is read as %q", raw, again)
		}
	})
}
