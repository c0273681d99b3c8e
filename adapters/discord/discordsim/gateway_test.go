package discordsim_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
)

func TestASessionBegins(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.dial(nil)
	assert.EqualValues(t, 41250, c.await("op 10").data(t)["heartbeat_interval"])
	c.send(1, nil)
	c.await("op 11")
	c.identify(f.Token, common)
	ready := c.await("READY").data(t)
	assert.Equal(t, f.BotUser, ready.str("user", "id"))
	assert.Equal(t, discordsim.HQ, ready.str("guilds", 0, "id"))
	guild := c.await("GUILD_CREATE").data(t)
	require.Len(t, guild["channels"], 1, "#random is not for the bot")
	assert.Equal(t, discordsim.CDN, guild.str("channels", 0, "id"))
	g := f.Gateway()
	assert.Equal(t, []int{1, 1, 1, 1, 0}, []int{g.Dials, g.Live, g.Identifies, g.Heartbeats, g.Resumes})
	assert.Equal(t, common, g.LastIntents)
}

func TestASessionIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		send func(*fixture, *client)
		code int
	}{
		"a wrong token":              {func(f *fixture, c *client) { c.identify("wrong", common) }, 4004},
		"an intent that is not on":   {func(f *fixture, c *client) { c.identify(f.Token, common|discordsim.MessageContent) }, 4014},
		"an intent that is none":     {func(f *fixture, c *client) { c.identify(f.Token, 1<<30) }, 4013},
		"no intents":                 {func(f *fixture, c *client) { c.send(2, obj{"token": f.Token}) }, 4013},
		"too early":                  {func(f *fixture, c *client) { c.send(3, obj{}) }, 4003},
		"an opcode that is none":     {func(f *fixture, c *client) { c.send(77, obj{}) }, 4001},
		"a payload that is too big":  {func(f *fixture, c *client) { c.send(2, obj{"token": string(make([]byte, 5000))}) }, 4002},
		"twice":                      {func(f *fixture, c *client) { c.identify(f.Token, common); c.identify(f.Token, common) }, 4005},
		"a shard that is none":       {func(f *fixture, c *client) { c.send(2, obj{"token": f.Token, "intents": 1, "shard": []int{1, 1}}) }, 4010},
		"a resume with a bad token":  {func(f *fixture, c *client) { c.send(6, obj{"token": "wrong", "session_id": "x", "seq": 1}) }, 4004},
		"an answer that is no JSON":  {func(f *fixture, c *client) { _ = c.ws.WriteMessage(websocket.TextMessage, []byte("{")) }, 4002},
		"121 payloads in one minute": {func(f *fixture, c *client) { chatter(c, 121) }, 4008},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			conn := f.dial(nil)
			c.send(f, conn)
			assert.Equal(t, c.code, conn.code())
		})
	}
}

func chatter(c *client, n int) {
	for range n {
		c.send(1, nil)
	}
}

func TestTheTokenIsVoidAfterTooManyIdentifies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.IdentifyLimit = 1
	f.bot("")
	c := f.dial(nil)
	c.identify(f.Token, common)
	assert.Equal(t, 4004, c.code())
}

func TestIdentifyingTooSoonIsAnInvalidSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.IdentifyEvery = 5 * time.Second
	f.bot("")
	c := f.dial(nil)
	c.identify(f.Token, common)
	assert.Equal(t, "false", string(c.await("op 9").D))
	f.pass(5 * time.Second)
	c.identify(f.Token, common)
	c.await("READY")
}

// resume connects again to the session of c, saying that seq was the last event it had.
func (f *fixture) resume(c *client, seq int) *client {
	again := f.dial(nil)
	again.send(6, obj{"token": f.Token, "session_id": c.id(), "seq": seq})
	return again
}

func typed(c *client, t *testing.T) []string {
	var all []string
	for _, e := range c.got() {
		if e.T == "MESSAGE_CREATE" {
			all = append(all, e.data(t).str("content"))
		}
	}
	return all
}

func TestWhatWasMissedIsReplayed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.bot("")
	f.Type(discordsim.Alice, discordsim.CDN, "@purgebot one")
	seq := c.last()
	f.Drop()
	<-c.over
	d := f.Type(discordsim.Alice, discordsim.CDN, "@purgebot two")
	assert.False(t, d.Sent)
	again := f.resume(c, seq)
	again.await("RESUMED")
	assert.Equal(t, []string{"<@" + f.BotUser + "> two"}, typed(again, t))
	assert.Equal(t, 1, f.Gateway().Resumes)

	f.Drop()
	<-again.over
	f.RepeatOnResume(2)
	third := f.resume(c, again.last())
	third.until(func() bool { return len(third.names()) == 4 }, "three events")
	assert.Equal(t, []string{"op 10", "MESSAGE_CREATE", "RESUMED", "RESUMED"}, third.names(), "what was had already comes again")
}

func TestWhatEndsASession(t *testing.T) {
	t.Parallel()
	closing := func(code int) func(*fixture, *client) {
		return func(_ *fixture, c *client) {
			_ = c.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
		}
	}
	for name, c := range map[string]struct {
		end     func(*fixture, *client)
		resumes bool
	}{
		"the client closes with 1000":    {closing(1000), false},
		"the client closes with 1001":    {closing(1001), false},
		"the client closes with 4000":    {closing(4000), true},
		"the connection breaks":          {func(_ *fixture, c *client) { c.ws.Close() }, true},
		"Discord cuts it":                {func(f *fixture, _ *client) { f.Drop() }, true},
		"Discord closes with 4000":       {func(f *fixture, _ *client) { f.Hangup(4000) }, true},
		"Discord closes with 4009":       {func(f *fixture, _ *client) { f.Hangup(4009) }, false},
		"a few minutes":                  {func(f *fixture, c *client) { f.Drop(); <-c.over; f.Forget() }, false},
		"op 9 that cannot be resumed":    {func(f *fixture, c *client) { f.Invalidate(false); c.await("op 9"); c.ws.Close() }, false},
		"op 9 that can be resumed":       {func(f *fixture, c *client) { f.Invalidate(true); c.await("op 9"); c.ws.Close() }, true},
		"op 7, and the client goes 4000": {func(f *fixture, c *client) { f.Reconnect(); c.await("op 7"); closing(4000)(f, c) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			conn := f.bot("")
			c.end(f, conn)
			<-conn.over
			require.NoError(t, f.Wait(t.Context(), func() bool { return f.Gateway().Open == 0 }))
			again := f.resume(conn, conn.last())
			if c.resumes {
				again.await("RESUMED")
				return
			}
			assert.Equal(t, "false", string(again.await("op 9").D))
			again.identify(f.Token, common)
			again.await("READY")
		})
	}
}

func TestTheApplicationsCloseCodeIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.bot("")
	_ = c.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4321, ""))
	require.NoError(t, f.Wait(t.Context(), func() bool { return f.Gateway().Open == 0 }))
	assert.Equal(t, []int{4321}, f.Gateway().Codes)
}

func TestResumingFromTheFuture(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.bot("")
	assert.Equal(t, 4007, f.resume(c, 99).code())
}

func TestHowItMeetsAClient(t *testing.T) {
	t.Parallel()
	for how, first := range map[discordsim.Opening]string{
		discordsim.ReconnectNotHello: "op 7", discordsim.ReconnectNotReady: "op 7",
		discordsim.InvalidNotReady: "op 9", discordsim.ResumableNotReady: "op 9", discordsim.NotReady: "op 11",
	} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.Meet(how, 1)
			c := f.dial(nil)
			c.identify(f.Token, common)
			c.send(1, nil)
			c.await(first)
			assert.NotContains(t, c.names(), "READY")
			f.bot("")
		})
	}
	t.Run(string(discordsim.NoHello), func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.Meet(discordsim.NoHello, 1)
		c := f.dial(nil)
		require.NoError(t, f.Wait(t.Context(), func() bool { return f.Gateway().Open == 1 }))
		f.bot("")
		assert.Empty(t, c.names())
	})
	t.Run(string(discordsim.HangUpBeforeHello), func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.Meet(discordsim.HangUpBeforeHello, 1)
		c := f.dial(nil)
		<-c.over
		assert.Empty(t, c.names())
	})
	t.Run(string(discordsim.RefuseUpgrade), func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.Meet(discordsim.RefuseUpgrade, 1)
		_, got, err := websocket.DefaultDialer.Dial("ws"+f.url[len("http"):], nil)
		require.Error(t, err)
		assert.Equal(t, 503, got.StatusCode)
	})
	for _, code := range []int{4004, 4010, 4011, 4012, 4013, 4014, 4009} {
		t.Run("refused with "+strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.RefuseWith(code, -1)
			c := f.dial(nil)
			c.identify(f.Token, common)
			assert.Equal(t, code, c.code())
			f.Heal()
			f.bot("")
		})
	}
}

func TestASilentDeath(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.AckWithin = 50 * time.Millisecond
	c := f.bot("")
	seq := c.last()
	f.Mute()
	c.send(1, seq)
	d := f.Type(discordsim.Alice, discordsim.CDN, "@purgebot hello")
	assert.False(t, d.Sent || d.Read || d.Acknowledged())
	assert.NotContains(t, c.names(), "op 11")
	assert.Empty(t, c.closed())
	assert.Equal(t, 1, f.Gateway().Open)
	assert.Equal(t, 0, f.Gateway().Live)

	again := f.resume(c, seq)
	again.await("RESUMED")
	assert.Equal(t, []string{"<@" + f.BotUser + "> hello"}, typed(again, t))
}

func TestAStarvedSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.AckWithin = 50 * time.Millisecond
	c := f.bot(private)
	f.Starve()
	assert.False(t, f.Type(discordsim.Alice, discordsim.CDN, "@purgebot hello").Sent)
	assert.False(t, f.Command(discordsim.Alice, discordsim.CDN, "purge", nil, discordsim.Unchecked()).Acknowledged())
	c.send(1, c.last())
	c.await("op 11")
	assert.Empty(t, typed(c, t))
	f.AckWithin = 5 * time.Second
	fresh := f.bot(private)
	require.True(t, f.Type(discordsim.Alice, discordsim.CDN, "@purgebot hello").Acknowledged())
	assert.Len(t, typed(fresh, t), 1)
}

func TestTypingReturnsWhenTheMessageIsRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.bot("")
	d := f.Type(discordsim.Alice, discordsim.CDN, "@purgebot purge <https://a.example/>")
	require.True(t, d.Acknowledged())
	assert.Equal(t, []string{"<@" + f.BotUser + "> purge <https://a.example/>"}, typed(c, t))
	again := f.Redeliver(d)
	require.True(t, again.Acknowledged())
	got := c.got()
	var creates []event
	for _, e := range got {
		if e.T == "MESSAGE_CREATE" {
			creates = append(creates, e)
		}
	}
	require.Len(t, creates, 2)
	assert.JSONEq(t, string(creates[0].D), string(creates[1].D))
	assert.Greater(t, creates[1].S, creates[0].S)
}

func TestWhatABotMayReadWithoutTheIntent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Privileged = discordsim.MessageContent
	without, with := f.connect(common|discordsim.DirectMessages, nil), f.connect(common|discordsim.MessageContent, nil)
	own := f.say(`{"content":"a card"}`)
	link := `[{"url":"https://a.example/"}]`
	for name, c := range map[string]struct {
		say   func() discordsim.Delivery
		reads bool
	}{
		"to nobody": {func() discordsim.Delivery {
			return f.Type(discordsim.Alice, discordsim.CDN, "x", discordsim.WithEmbeds(link))
		}, false},
		"naming the bot": {func() discordsim.Delivery { return f.Type(discordsim.Alice, discordsim.CDN, "@purgebot x") }, true},
		"naming its role": {func() discordsim.Delivery {
			return f.Type(discordsim.Alice, discordsim.CDN, "<@&"+discordsim.BotRole+"> x")
		}, false},
		"naming somebody else": {func() discordsim.Delivery { return f.Type(discordsim.Alice, discordsim.CDN, "@bob x") }, false},
		"a reply that pings": {func() discordsim.Delivery {
			return f.Type(discordsim.Alice, discordsim.CDN, "x", discordsim.ReplyTo(own, true))
		}, true},
		"a reply that does not": {func() discordsim.Delivery {
			return f.Type(discordsim.Alice, discordsim.CDN, "x", discordsim.ReplyTo(own, false))
		}, false},
		"a webhook": {func() discordsim.Delivery {
			return f.Type("hook", discordsim.CDN, "x", discordsim.ByWebhook("100000000000000099"))
		}, false},
		"in a direct message":     {func() discordsim.Delivery { return f.Type(discordsim.Alice, f.DM(discordsim.Alice), "x") }, true},
		"a forward to nobody":     {func() discordsim.Delivery { return f.Forward(discordsim.Alice, discordsim.CDN, discordsim.CDN, own) }, false},
		"where it is not present": {func() discordsim.Delivery { return f.Type(discordsim.Alice, discordsim.Random, "@purgebot x") }, false},
	} {
		d := c.say()
		require.Empty(t, d.Refused, name)
		read := func(from *client) bool {
			for _, e := range from.got() {
				if e.T != "MESSAGE_CREATE" || e.data(t).str("id") != d.ID {
					continue
				}
				o := e.data(t)
				return o.str("content") != "" || len(o["embeds"].([]any)) > 0 || o["message_snapshots"] != nil
			}
			return false
		}
		if d.Sent {
			without.flush(f)
			with.flush(f)
		}
		assert.Equal(t, c.reads, read(without), name)
		if name != "in a direct message" && name != "where it is not present" {
			assert.True(t, read(with), name)
		}
	}
	f.Privileged = 0
	f.pass(time.Second)
	secret := f.Type(discordsim.Alice, discordsim.CDN, "between us").ID
	assert.Empty(t, f.must("GET", "/channels/"+discordsim.CDN+"/messages/"+secret, "").str("content"), "nor over REST")
}

// flush returns when the client has read all that was sent before.
func (c *client) flush(f *fixture) {
	c.t.Helper()
	f.flushes++
	mark := strconv.Itoa(f.flushes)
	f.Dispatch("FLUSH", obj{"mark": mark})
	c.until(func() bool {
		return slices.ContainsFunc(c.got(), func(e event) bool { return e.T == "FLUSH" && e.data(c.t).str("mark") == mark })
	}, "a flush")
}

func TestAMessageEventCarriesTheMember(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.bot("")
	f.Type(discordsim.Alice, discordsim.CDN, "@purgebot hello")
	o := c.await("MESSAGE_CREATE").data(t)
	assert.Equal(t, discordsim.HQ, o.str("guild_id"))
	assert.Equal(t, []any{discordsim.OnCall}, o.at("member", "roles"))
	assert.Nil(t, o.at("member", "user"))
	assert.Equal(t, f.BotUser, o.str("mentions", 0, "id"))
	f.Type("hook", discordsim.CDN, "@purgebot hello", discordsim.ByWebhook("100000000000000099"))
	o = c.await("MESSAGE_CREATE").data(t)
	assert.Nil(t, o["member"])
	assert.Equal(t, "100000000000000099", o.str("webhook_id"))
}

func TestWhatPeopleDoIsToldAsItHappens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := f.bot("")
	d := f.Type(discordsim.Alice, discordsim.CDN, "@purgebot https://a.example/x")
	require.True(t, f.Unfurl(discordsim.CDN, d.ID).Acknowledged())
	assert.Equal(t, "https://a.example/x", c.await("MESSAGE_UPDATE").data(t).str("embeds", 0, "url"))
	require.True(t, f.Edit(discordsim.CDN, d.ID, "@purgebot never mind").Acknowledged())
	assert.NotNil(t, c.await("MESSAGE_UPDATE").data(t)["edited_timestamp"])
	f.Delete(discordsim.CDN, d.ID)
	c.await("MESSAGE_DELETE")
	f.PutChannel(discordsim.Channel{ID: "100000000000000033", Guild: discordsim.HQ, Name: "new"})
	c.await("CHANNEL_CREATE")
	f.DeleteChannel("100000000000000033")
	c.await("CHANNEL_DELETE")
	f.PutRole(discordsim.Role{ID: discordsim.OnCall, Guild: discordsim.HQ, Name: "oncall"})
	c.await("GUILD_ROLE_UPDATE")
	assert.NotContains(t, c.names(), "GUILD_MEMBER_UPDATE")
}

func TestADeadClientIsCutOff(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.HeartbeatEvery = time.Millisecond
	c := f.bot("")
	<-c.over
	assert.Equal(t, 1, f.Gateway().Sessions, "it may be resumed")
}
