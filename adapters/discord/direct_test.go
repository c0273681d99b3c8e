package discord

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
)

// misread is a bot that offers a correction of every command, and records presses.
func misread() *fake {
	card := chat.Card{Title: "That is no address.", Tone: chat.Bad, Targets: []string{"https://www.test.com/secret-host"}, Buttons: []chat.Button{{Label: "Purge this as shown", Token: "offer"}}}
	return &fake{command: func(context.Context, chat.Command) (chat.Reply, error) {
		return chat.Reply{Card: &card, Refused: true, Public: "That is no address. Try: @purgebot https://www.test.com/typed"}, nil
	}}
}

// TestACorrectionOfAMentionIsADirectMessage checks that the channel gets a pointer only, and that the button
// works in the message.
func TestACorrectionOfAMentionIsADirectMessage(t *testing.T) {
	t.Parallel()
	f := misread()
	w := newWorld(t, f).started()
	w.hears(f)
	w.discord.later.Wait()
	assert.Equal(t, "@purgebot", f.heard()[0].Opening)
	require.Len(t, w.Visible(), 1)
	assert.Equal(t, sayDirect, w.Visible()[0].Text)
	dm := w.DM(discordsim.Alice)
	require.Len(t, w.Sim.Visible(discordsim.Alice, dm), 1)
	d := w.Sim.Press(discordsim.Alice, dm, "", "Purge this as shown")
	require.True(t, d.Acknowledged(), "%+v", d)
	w.discord.later.Wait()
	require.Len(t, f.pressed(), 1)
	a := f.pressed()[0]
	assert.Equal(t, "offer", a.Token)
	assert.Equal(t, w.Alice(), a.From)
	assert.Equal(t, dm, a.At.Channel)
}

// TestWhoTakesNoDirectMessages checks that the public answer repeats only text that was typed there.
func TestWhoTakesNoDirectMessages(t *testing.T) {
	t.Parallel()
	f := misread()
	w := newWorld(t, f).started()
	u, _ := w.User(discordsim.Alice)
	u.NoDMs = true
	w.PutUser(u)
	w.hears(f)
	w.discord.later.Wait()
	require.Len(t, w.Visible(), 1)
	assert.Contains(t, w.Visible()[0].Text, "Try: @purgebot https://www.test.com/typed")
	assert.NotContains(t, w.Visible()[0].Text, "secret-host")
}

// TestOnlyAPressIsTakenFromDirectMessages checks that commands and forms there are refused, and presses of an
// application that is installed to an account, too.
func TestOnlyAPressIsTakenFromDirectMessages(t *testing.T) {
	t.Parallel()
	f := misread()
	w := newWorld(t, f).started()
	w.hears(f)
	w.discord.later.Wait()
	dm := w.DM(discordsim.Alice)
	for name, alter := range map[string]func(map[string]any){
		"a command":             func(in map[string]any) { in["type"] = 2.0 },
		"a form":                func(in map[string]any) { in["type"] = 5.0 },
		"a group's message":     func(in map[string]any) { in["context"] = 2.0 },
		"installed to somebody": func(in map[string]any) { in["authorizing_integration_owners"] = map[string]any{"1": discordsim.Alice} },
		"no message":            func(in map[string]any) { delete(in, "message") },
		"nobody":                func(in map[string]any) { delete(in, "user") },
	} {
		w.Sim.Press(discordsim.Alice, dm, "", "Purge this as shown", discordsim.AlterJSON(alter))
		w.discord.later.Wait()
		assert.Empty(t, f.pressed(), name)
	}
}
