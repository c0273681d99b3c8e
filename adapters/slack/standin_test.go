package slack

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/adapters/slack/slacksim"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// This file tests cases that Slack's documents allow and the simulator does not produce by itself.

// sends lists the methods that show something to people.
var sends = []string{"chat.postMessage", "chat.postEphemeral", "chat.update", "conversations.open", "response_url", "views.open", "files.completeUploadExternal"}

// TestNothingIsPostedInASharedChannel checks that a mention gets no answer, and a slash command an answer in
// the response.
func TestNothingIsPostedInASharedChannel(t *testing.T) {
	t.Parallel()
	says := says("This channel is shared with another organisation.")
	outage := fails(&purge.Error{Kind: purge.Unavailable, Message: "the database does not answer."})
	for name, bot := range map[string]*fake{"refused": {command: says}, "not taken": {command: outage}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, bot, nil)
			w.PutUser(slacksim.User{ID: "U0OTHER", Name: "other", TeamID: "T0OTHER"})
			for _, who := range []string{"U0ALICE", "U0OTHER"} {
				w.settled(w.Workspace.Type(who, "C0SHARED", "", "@purgebot whoami"))
			}
			w.settled(w.Workspace.Type("U0ALICE", "C0CDN", "", "@purgebot whoami",
				slacksim.AlterJSON(func(e map[string]any) { e["is_ext_shared_channel"] = true })))
			w.settled(w.Workspace.Type("U0OTHER", "C0CDN", "", "@purgebot whoami")) // shared, without any notice of it
			assert.Equal(t, 4, bot.asked())
			assert.Empty(t, w.Calls(sends...))

			w.Workspace.Type("U0ALICE", "C0SHARED", "", "/purge whoami")
			assert.Empty(t, w.Calls(sends...))
			assert.Len(t, w.Private(), 1, "in the response alone")
		})
	}
}

// TestAChannelThatBecameShared checks that a press there is answered to members directly, and to outsiders not
// at all.
func TestAChannelThatBecameShared(t *testing.T) {
	t.Parallel()
	var now clock
	w := newWorld(t, &fake{answer: says("Bob has decided already.")}, func(c *Config) { c.Now = now.now })
	ref := w.mustShow(t, chat.MessageRef{}, chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
	w.PutChannel(slacksim.Channel{ID: "C0CDN", Name: "cdn", Member: true, ExtShared: true})
	w.PutUser(slacksim.User{ID: "U0OTHER", Name: "other", TeamID: "T0OTHER"})
	for _, who := range []acl.Subject{w.Alice(), "slack:T0SIM/U0OTHER"} {
		_, err := w.slack.Channel(t.Context(), w.Channel(), 0)
		require.NoError(t, err)
		_, err = w.slack.Person(t.Context(), who, 0)
		require.NoError(t, err)
		w.Press(who, ref, "Purge")
	}
	w.PutChannel(slacksim.Channel{ID: "C0CDN", Name: "cdn", Member: true})
	_, err := w.slack.Channel(t.Context(), w.Channel(), 0)
	require.NoError(t, err)
	w.slack.outside.mark("C0CDN", true) // as reported by an event
	w.Press("slack:T0SIM/U0OTHER", ref, "Purge")
	assert.Empty(t, w.Calls("response_url", "chat.postEphemeral"))
	assert.Empty(t, w.Ephemerals("U0OTHER"))
	assert.Empty(t, w.Messages(w.DM("U0OTHER")))
	require.Len(t, w.Messages(w.DM("U0ALICE")), 1)
	assert.Contains(t, w.Messages(w.DM("U0ALICE"))[0].Plain(), "Bob has decided already.")
}

// TestAnUnknownChannelCountsAsShared checks that a member gets a direct message, so that a failing look-up does
// not leave people without an answer.
func TestAnUnknownChannelCountsAsShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{command: says("I could not check the channel.")}, nil)
	w.PutUser(slacksim.User{ID: "U0OTHER", Name: "other", TeamID: "T0OTHER"})
	w.Fail("conversations.info", "missing_scope", -1)
	for _, who := range []string{"U0ALICE", "U0OTHER", "U0GUEST"} {
		w.settled(w.Workspace.Type(who, "C0CDN", "", "@purgebot whoami"))
	}
	assert.Empty(t, w.Calls("chat.postEphemeral"))
	assert.Len(t, w.Messages(w.DM("U0ALICE")), 1)
	assert.Empty(t, w.Messages(w.DM("U0OTHER")))
	assert.Empty(t, w.Messages(w.DM("U0GUEST")))
}

// TestUsersWithFewFields checks that a missing field means false, except for the workspace.
func TestUsersWithFewFields(t *testing.T) {
	t.Parallel()
	for user, want := range map[string]chat.Standing{
		`{"id":"U1","team_id":"T0SIM","name":"a"}`:                   chat.Member,
		`{"id":"U1","team_id":"T0SIM"}`:                              chat.Member,
		`{"id":"U1","team_id":"T0SIM","is_restricted":true}`:         chat.Guest,
		`{"id":"U1","team_id":"T0SIM","deleted":true}`:               chat.Deactivated,
		`{"id":"U1","name":"a"}`:                                     chat.Outsider,
		`{"id":"U1","team_id":"T9","enterprise_user":{"teams":[]}}`:  chat.Outsider,
		`{"id":"U1","team_id":"T0SIM","is_bot":true,"profile":null}`: chat.Bot,
	} {
		s := offlineWith(t, table{"users.info": `{"ok":true,"user":` + user + `}`})
		p, err := s.Person(t.Context(), "slack:T0SIM/U1", 0)
		require.NoError(t, err, user)
		assert.Equal(t, want, p.Standing, user)
	}
	_, err := offlineWith(t, table{"users.info": `{"ok":true}`}).Person(t.Context(), "slack:T0SIM/U1", 0)
	assert.Error(t, err)
}

func offlineWith(t *testing.T, answers table) *Slack {
	all := table{"auth.test": `{"ok":true,"team_id":"T0SIM","user_id":"U0PURGEBOT","user":"purgebot"}`}
	for method, answer := range answers {
		all[method] = answer
	}
	s, err := New(Config{BotToken: "xoxb-simulated", SigningSecret: secret, HTTPClient: &http.Client{Transport: all}})
	require.NoError(t, err)
	return s
}

// TestPrivateChannelsTheBotIsNotIn checks that the answer is a command to invite the bot, because Slack hides
// such channels.
func TestPrivateChannelsTheBotIsNotIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, nil)
	w.PutChannel(slacksim.Channel{ID: "C0SECRET", Name: "secret", Private: true})
	c, err := w.slack.Channel(t.Context(), in("C0SECRET"), 0)
	require.NoError(t, err)
	assert.Equal(t, chat.Channel{Invite: "/invite @purgebot"}, c)
	assert.NoError(t, w.slack.Health(t.Context()))
}

// TestOrganisationWideInstallations checks that they are refused with an explanation.
func TestOrganisationWideInstallations(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	ref := w.mustShow(t, chat.MessageRef{}, chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
	w.Workspace.Type("U0ALICE", "C0CDN", "", "/purge x", slacksim.AlterForm(func(v url.Values) {
		v.Set("is_enterprise_install", "true")
		v.Set("enterprise_id", "E1")
		v.Set("team_id", "")
	}))
	w.settled(w.Workspace.Press("U0ALICE", ref.Channel, ref.ID, "Purge", slacksim.AlterJSON(func(p map[string]any) {
		p["team"], p["is_enterprise_install"] = nil, true
	})))
	require.Len(t, w.Private(), 2)
	for _, m := range w.Private() {
		assert.Contains(t, m.Text, "installed to one workspace")
		assert.NotContains(t, m.Text, "ry again")
	}
	assert.Zero(t, f.asked())
}

// TestEventsByAuthorization checks that the token's workspace may appear in the authorizations alone.
func TestEventsByAuthorization(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	for _, teams := range [][]any{{"T0SIM"}, {"T9", "T0SIM"}, {"T9"}, {}} {
		var all []any
		for _, team := range teams {
			all = append(all, map[string]any{"enterprise_id": nil, "team_id": team})
		}
		d := w.Workspace.Type("U0ALICE", "C0CDN", "", "@purgebot whoami", slacksim.AlterJSON(func(e map[string]any) {
			e["team_id"], e["authorizations"] = "T9", all
		}))
		assert.True(t, d.Acknowledged())
	}
	require.Len(t, f.commands, 2)
	assert.Equal(t, "T0SIM", f.commands[0].Event.Workspace)
	assert.Equal(t, acl.Subject("slack:T0SIM/U0ALICE"), f.commands[0].From)
}

// TestWhereAPressIs checks that the place is the thread of the message; the first message of a thread is in
// none.
func TestWhereAPressIs(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	card := chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}}
	root := w.mustShow(t, chat.MessageRef{}, card)
	at := w.Channel()
	at.Root = root.ID
	reply, err := w.slack.Show(t.Context(), at, chat.MessageRef{}, "", card)
	require.NoError(t, err)
	container := func(change func(p, container map[string]any)) slacksim.Option {
		return slacksim.AlterJSON(func(p map[string]any) { change(p, p["container"].(map[string]any)) })
	}
	for i, c := range []struct {
		on     chat.MessageRef
		change func(p, container map[string]any)
		root   string
	}{
		{root, func(_, _ map[string]any) {}, ""},
		{reply, func(_, _ map[string]any) {}, root.ID},
		{reply, func(p, c map[string]any) {
			delete(c, "thread_ts")
			p["message"] = map[string]any{"thread_ts": root.ID}
		}, root.ID},
		{root, func(_, c map[string]any) { c["thread_ts"] = root.ID }, ""},
		{reply, func(_, c map[string]any) { delete(c, "channel_id") }, root.ID},
		{reply, func(p, _ map[string]any) { delete(p, "response_url") }, root.ID},
	} {
		w.settled(w.Workspace.Press("U0ALICE", c.on.Channel, c.on.ID, "Purge", container(c.change)))
		require.Len(t, f.answers, i+1)
		assert.Equal(t, c.root, f.answers[i].At.Root, i)
		assert.Equal(t, c.on, f.answers[i].Message, i)
	}
}

// TestAFormOfAPrivateMessage checks that buttons of an ephemeral message work, although it cannot be edited.
func TestAFormOfAPrivateMessage(t *testing.T) {
	t.Parallel()
	f := &fake{command: says("x")}
	w := newWorld(t, f, nil)
	require.NoError(t, w.slack.Tell(t.Context(), w.Alice(), w.Channel(), chat.EventKey{}, chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}}))
	ref := w.Private()[0].Ref
	f.answer = says("Taken.")
	require.True(t, w.Press(w.Alice(), ref, "Purge"))
	assert.Equal(t, ref, f.answers[0].Message)
	require.Len(t, w.Private(), 2)
	assert.Contains(t, w.Private()[1].Text, "Taken.")
	assert.Empty(t, w.Calls("chat.update"))
	again := w.mustShow(t, ref, chat.Card{Title: "Done."})
	assert.NotEqual(t, ref, again, "posted, since nobody can edit an ephemeral")
}

// TestARetryIsACommandLikeAnother checks that a retry counts as a command, because it may be the first delivery
// to arrive.
func TestARetryIsACommandLikeAnother(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	first := w.Workspace.Type("U0ALICE", "C0CDN", "", "@purgebot whoami", slacksim.SignedWith("lost on the way"))
	require.Zero(t, f.asked())
	for i, n := range []int{1, 2, 3} {
		assert.True(t, w.Retry(first, n, "http_timeout").Acknowledged())
		require.Len(t, f.commands, i+1)
		assert.Equal(t, "C0CDN:"+first.TS, f.commands[i].Event.ID, "the bot knows it by its key")
	}
}

// TestMoreEventsThatAreNoCommand covers further events, to which an operator may have subscribed.
func TestMoreEventsThatAreNoCommand(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	text := "<@U0PURGEBOT> https://www.test.com/"
	for name, event := range map[string]map[string]any{
		"message_changed":   {"type": "message", "subtype": "message_changed", "channel": "C0CDN", "message": map[string]any{"user": "U0ALICE", "text": text, "ts": "1.1"}},
		"an edited mention": {"type": "app_mention", "user": "U0ALICE", "text": text, "ts": "1.1", "channel": "C0CDN", "edited": map[string]any{"user": "U0ALICE", "ts": "2.2"}},
		"a bot's mention":   {"type": "app_mention", "user": "U0ALICE", "bot_id": "B1", "text": text, "ts": "1.1", "channel": "C0CDN"},
		"a webhook's":       {"type": "app_mention", "subtype": "bot_message", "bot_id": "B1", "text": text, "ts": "1.1", "channel": "C0CDN"},
		"a home tab":        {"type": "app_home_opened", "user": "U0ALICE", "channel": "D1"},
		"a rate limit":      {"type": "app_rate_limited", "minute_rate_limited": 1},
	} {
		d := w.Event(event)
		assert.True(t, d.Acknowledged(), name)
		assert.Empty(t, d.Answer, name)
	}
	w.slack.Wait()
	assert.Zero(t, f.asked())
	assert.Empty(t, w.Calls(sends...))
}

// TestMentions checks that only people and user groups of this workspace are mentioned, whatever the names are.
func TestMentions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, nil)
	card := chat.Card{Title: "Approve?", Mention: []acl.Subject{
		"slack:T0SIM/U0BOB", "slack:T0SIM/S0ONCALL", "slack:T9/U0ALICE", "slack:T9/S0ALICE", "discord:1/role/2", "slack:T0SIM/C0CDN", "slack:T0SIM/!channel",
		"slack:T0SIM/S0ONCALL|x>", "slack:T0SIM/U0ALICE> <!here", "slack:T0SIM/B0PURGEBOT", "terminal:alice", "",
	}}
	ref := w.mustShow(t, chat.MessageRef{}, card)
	m, _ := w.Message(ref.Channel, ref.ID)
	assert.Equal(t, []string{"<!subteam^S0ONCALL>", "<@U0BOB>"}, m.Mentions())

	for range maxMention * 2 {
		card.Mention = append(card.Mention, "slack:T0SIM/U0BOB")
	}
	m, _ = w.Message("C0CDN", w.mustShow(t, chat.MessageRef{}, card).ID)
	assert.LessOrEqual(t, strings.Count(string(m.Blocks), "U0BOB"), maxMention)
}

// TestAFormKnowsItsPlace checks that a view stores little, and that its answer names the message that opened
// it.
func TestAFormKnowsItsPlace(t *testing.T) {
	t.Parallel()
	on := chat.MessageRef{Channel: "C0CDN", ID: "1763700000.000100"}
	at := chat.Thread{Platform: "slack", Workspace: "T0SIM", Channel: "C0CDN", Root: "1763700000.000001"}
	v := modal(at, on, chat.Form{Title: "Purge", Submit: "Go", Token: strings.Repeat("t", 200)})
	assert.Less(t, len(v.PrivateMetadata), 3000)
	for _, part := range []string{on.Channel, on.ID, at.Root, "ttt"} {
		assert.Contains(t, v.PrivateMetadata, part)
	}
	assert.Zero(t, place{Channel: "C0CDN"}.ref())

	f := &fake{answer: fails(&purge.Error{Kind: purge.Denied, Message: "No."})}
	w := newWorld(t, f, nil)
	ref := w.mustShow(t, chat.MessageRef{}, chat.Card{Title: "?", Buttons: []chat.Button{{Label: "Purge", Token: "t"}}})
	w.Fail("views.open", "expired_trigger_id", 1)
	f.answer = form("typed")
	w.Press(w.Alice(), ref, "Purge")
	require.Len(t, w.Private(), 1)
	assert.Contains(t, w.Private()[0].Text, "Slack gave up waiting for the form.")
	begin := time.Now()
	w.Press(w.Alice(), ref, "Purge")
	assert.Less(t, time.Since(begin), 3*time.Second, "the trigger lasts no longer")
	_, _, open := w.Form()
	assert.True(t, open)
}

// form makes the bot ask for one field.
func form(token string) func(context.Context) (chat.Reply, error) {
	return func(context.Context) (chat.Reply, error) {
		return chat.Reply{Form: &chat.Form{Title: "Purge", Submit: "Go", Token: token, Inputs: []chat.Input{{Name: "hosts", Label: "The host"}}}}, nil
	}
}

// TestOneMessageIsOneCommandHoweverOftenItIsDelivered repeats a message under different event ids, without the
// retry header, much later, and after an edit; another message is another command.
func TestOneMessageIsOneCommandHoweverOftenItIsDelivered(t *testing.T) {
	t.Parallel()
	f := &fake{}
	w := newWorld(t, f, nil)
	first := w.Workspace.Type("U0ALICE", "C0CDN", "", "@purgebot https://www.test.com/1.jpg")
	for range 11 {
		again := w.Repeat(first)
		require.True(t, again.Acknowledged())
		require.NotEqual(t, first.EventID, again.EventID)
	}
	w.Workspace.Type("U0ALICE", "C0CDN", "", "@purgebot https://www.test.com/1.jpg")
	w.slack.Wait()
	keys := map[chat.EventKey]int{}
	for _, c := range f.commands {
		keys[c.Event]++
	}
	assert.Len(t, keys, 2)
	assert.Equal(t, 12, keys[f.commands[0].Event])
}
