package discord

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
	"purgebot/purge"
)

const (
	thread    = "900000000000000055"
	adminRole = "900000000000000021"
)

// cdn changes the channel #cdn.
func (w *world) cdn(change func(*discordsim.Channel)) {
	c := discordsim.Channel{ID: discordsim.CDN, Guild: guild, Name: "cdn"}
	change(&c)
	w.PutChannel(c)
}

func denying(p discordsim.Permission) func(*discordsim.Channel) {
	return func(c *discordsim.Channel) { c.Deny = p }
}

func (w *world) thread(locked bool) chat.Thread {
	w.PutChannel(discordsim.Channel{ID: thread, Guild: guild, Name: "incident", Kind: discordsim.PublicThread, Parent: discordsim.CDN, Owner: discordsim.Alice, Locked: locked})
	at := in(discordsim.CDN)
	at.Root = thread
	return at
}

func (w *world) botIs(m discordsim.Member) {
	m.Guild, m.User, m.Roles = guild, w.BotUser, append(m.Roles, discordsim.BotRole)
	w.PutMember(m)
}

func TestWhereItCannotWriteTheInviteNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	channel := func(w *world) chat.Thread { return w.Channel() }
	for name, c := range map[string]struct {
		change  func(w *world)
		at      func(w *world) chat.Thread
		missing string // "" means joined
	}{
		"all is well":        {func(*world) {}, channel, ""},
		"not seen":           {func(w *world) { w.cdn(denying(discordsim.ViewChannel)) }, channel, "View Channel and Send Messages"},
		"not to write":       {func(w *world) { w.cdn(denying(discordsim.SendMessages)) }, channel, "allow Send Messages"},
		"without embeds":     {func(w *world) { w.cdn(denying(discordsim.EmbedLinks)) }, channel, ""},
		"without threads":    {func(w *world) { w.cdn(denying(discordsim.CreatePublicThreads)) }, channel, ""},
		"in a thread":        {func(*world) {}, func(w *world) chat.Thread { return w.thread(false) }, ""},
		"not in threads":     {func(w *world) { w.cdn(denying(discordsim.SendMessagesInThreads)) }, func(w *world) chat.Thread { return w.thread(false) }, "allow Send Messages in Threads"},
		"only in threads":    {func(w *world) { w.cdn(denying(discordsim.SendMessages)) }, func(w *world) chat.Thread { return w.thread(false) }, ""},
		"in a locked thread": {func(*world) {}, func(w *world) chat.Thread { return w.thread(true) }, "unlock"},
		"who may unlock":     {func(w *world) { w.cdn(func(c *discordsim.Channel) { c.Allow = discordsim.ManageThreads }) }, func(w *world) chat.Thread { return w.thread(true) }, ""},
		"timed out":          {func(w *world) { w.botIs(discordsim.Member{TimedOutUntil: time.Now().Add(time.Hour)}) }, channel, "timeout"},
		"timed out before":   {func(w *world) { w.botIs(discordsim.Member{TimedOutUntil: time.Now().Add(-time.Hour)}) }, channel, ""},
		"gone":               {func(w *world) { w.DeleteChannel(discordsim.CDN) }, channel, "View Channel"},
		"an administrator": {func(w *world) {
			w.cdn(denying(discordsim.SendMessages))
			w.PutRole(discordsim.Role{ID: adminRole, Guild: guild, Permissions: discordsim.Administrator})
			w.botIs(discordsim.Member{Roles: []string{adminRole}, TimedOutUntil: time.Now().Add(time.Hour)})
		}, channel, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &fake{}, overHTTP)
			c.change(w)
			is, err := w.discord.Channel(t.Context(), c.at(w), time.Minute)
			require.NoError(t, err)
			assert.Equal(t, c.missing == "", is.Joined)
			assert.Contains(t, is.Invite, c.missing)
			assert.Equal(t, is.Joined, is.Invite == "")
			assert.False(t, is.Shared && is.Joined)
		})
	}
}

// TestWhatIsComputedIsWhatDiscordAllows checks for random roles and overwrites that Joined predicts the success
// of a message.
func TestWhatIsComputedIsWhatDiscordAllows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP, func(_ *Config, sim *discordsim.Sim) { sim.PerSecond = 1e6 })
	w.botIs(discordsim.Member{Roles: []string{adminRole}})
	random := rand.New(rand.NewPCG(1, 2))
	some := func() discordsim.Permission {
		var p discordsim.Permission
		for _, one := range []discordsim.Permission{discordsim.ViewChannel, discordsim.SendMessages, discordsim.SendMessagesInThreads, discordsim.EmbedLinks} {
			if random.IntN(3) == 0 {
				p |= one
			}
		}
		return p
	}
	joined := map[bool]int{}
	for i := range 300 {
		w.PutRole(discordsim.Role{ID: adminRole, Guild: guild, Permissions: some()})
		w.PutRole(discordsim.Role{ID: guild, Guild: guild, Name: "@everyone", Permissions: some() | discordsim.ViewChannel})
		w.Permissions = some()
		w.cdn(func(c *discordsim.Channel) {
			for _, id := range []string{adminRole, discordsim.BotRole, w.BotUser, guild, discordsim.OnCall} {
				if random.IntN(2) == 0 {
					c.Overwrites = append(c.Overwrites, discordsim.Overwrite{ID: id, Allow: some(), Deny: some()})
				}
			}
		})
		at := w.Channel()
		if random.IntN(2) == 0 {
			at = w.thread(false)
		}
		w.discord.forgetRights() // no event reports a change over HTTP
		is, err := w.discord.Channel(t.Context(), at, time.Minute)
		require.NoError(t, err)
		_, err = w.discord.post(t.Context(), at.Subject().ID(), outgoing{Content: "x", Mentions: nobody}, nil)
		if at.Root != "" {
			_, err = w.discord.post(t.Context(), at.Root, outgoing{Content: "x", Mentions: nobody}, nil)
		}
		assert.Equal(t, err == nil, is.Joined, "round %d: %v", i, err)
		joined[is.Joined]++
	}
	assert.Greater(t, min(joined[true], joined[false]), 30, "both were met: %v", joined)
}

func TestAnInteractionSaysWhatIsAllowedWhereItCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP).started()
	w.cdn(denying(discordsim.SendMessages))
	w.settled(w.Command(discordsim.Alice, discordsim.CDN, "purge help", nil))
	before := len(w.Calls())
	is, err := w.discord.Channel(t.Context(), w.Channel(), time.Minute)
	require.NoError(t, err)
	assert.Contains(t, is.Invite, "allow Send Messages")
	w.settled(w.Command(discordsim.Alice, w.thread(true).Root, "purge help", nil))
	is, err = w.discord.Channel(t.Context(), w.thread(true), time.Minute)
	require.NoError(t, err)
	assert.Equal(t, inviteUnlock, is.Invite)
	assert.Len(t, w.Calls(), before, "nothing was asked")
}

func TestAChangedPermissionCountsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}).started()
	is := func(want bool, what string) {
		t.Helper()
		w.eventually(func() bool {
			c, err := w.discord.Channel(t.Context(), w.Channel(), time.Hour)
			return err == nil && c.Joined == want
		}, what)
	}
	is(true, "at first")
	w.cdn(denying(discordsim.SendMessages))
	is(false, "the channel changed")
	w.cdn(denying(0))
	is(true, "and back")
	w.PutRole(discordsim.Role{ID: guild, Guild: guild, Name: "@everyone", Permissions: 0})
	w.PutRole(discordsim.Role{ID: discordsim.BotRole, Guild: guild, Name: "purgebot"})
	w.cdn(func(c *discordsim.Channel) {
		c.Overwrites = []discordsim.Overwrite{{ID: guild, Deny: discordsim.SendMessages}}
	})
	is(false, "an overwrite")
	w.PutRole(discordsim.Role{ID: adminRole, Guild: guild, Permissions: discordsim.Administrator})
	is(false, "a role that the bot has not")
	w.botIs(discordsim.Member{Roles: []string{adminRole}})
	is(true, "the bot has another role")
}

func TestAMentionThatCannotBeAnsweredThereIsAnsweredDirectly(t *testing.T) {
	t.Parallel()
	refusal := chat.Card{Title: "I cannot post in this channel.", Tone: chat.Bad}
	f := &fake{}
	w := newWorld(t, f).started()
	w.cdn(denying(discordsim.SendMessages))
	f.command = says(refusal.Title)
	w.Type(mention, "https://www.test.com/")
	direct := w.Messages(w.DM(discordsim.Alice))
	require.Len(t, direct, 1)
	assert.Contains(t, direct[0].Plain(), refusal.Title)
	assert.Empty(t, w.Messages(discordsim.CDN)[1:], "nothing but what alice typed")
	w.Type(mention, "https://www.test.com/")
	assert.Len(t, w.Messages(w.DM(discordsim.Alice)), 1, "once a minute")
}

func TestOneUnwritableChannelIsAWarning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}).started()
	w.cdn(denying(discordsim.SendMessages))
	_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", chat.Card{Title: "x"})
	require.Error(t, err)
	health := purge.AsError(w.discord.Health(t.Context()))
	assert.Equal(t, purge.Denied, health.Kind)
	assert.Equal(t, fmt.Sprintf(cannotWrite, discordsim.CDN), health.Message)
	w.cdn(denying(0))
	w.well()
}

func TestAWarningEndsWithTheNextMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP).started()
	w.Fail(postMessage, missingPermission, 1)
	_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", chat.Card{Title: "x"})
	require.Error(t, err)
	require.Error(t, w.discord.Health(t.Context()))
	w.show(w.Channel(), chat.MessageRef{}, "Purging")
	assert.NoError(t, w.discord.Health(t.Context()), "over HTTP no event tells of the change")
}

func TestAnotherServersChannelIsShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	w.PutGuild(discordsim.Guild{ID: "700", Name: "other"})
	w.PutChannel(discordsim.Channel{ID: "701", Guild: "700", Name: "there"})
	is, err := w.discord.Channel(t.Context(), in("701"), time.Minute)
	require.NoError(t, err)
	assert.True(t, is.Shared)
}

func TestAMessageIsPostedInTwoCallsAtMost(t *testing.T) {
	t.Parallel()
	c := chat.Card{Title: "Purge", File: &chat.File{Name: "f.txt", Text: "x"}}
	for name, deny := range map[string]discordsim.Permission{
		"without embeds": discordsim.EmbedLinks, "without files": discordsim.AttachFiles, "without both": discordsim.EmbedLinks | discordsim.AttachFiles,
	} {
		w := newWorld(t, &fake{}, overHTTP)
		w.cdn(denying(deny))
		ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", c)
		require.NoError(t, err, name)
		assert.Len(t, w.Calls(postMessage), 2, name)
		m, _ := w.Message(ref.Channel, ref.ID)
		assert.Equal(t, deny&discordsim.EmbedLinks == 0, len(m.Embeds) > 2, name)
		assert.Len(t, m.Files, map[bool]int{true: 1}[deny&discordsim.AttachFiles == 0], name)
		assert.Equal(t, len(m.Files) == 0, strings.Contains(m.Content, sayNoFile), name)
		_, err = w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k2", c)
		require.NoError(t, err, name)
		assert.Len(t, w.Calls(postMessage), 3, "known by now")
	}
	w := newWorld(t, &fake{}, overHTTP)
	w.cdn(denying(discordsim.SendMessages))
	_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", c)
	require.Error(t, err)
	assert.Len(t, w.Calls(postMessage), 1, "less of it would not help")
}
