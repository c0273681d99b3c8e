package discord

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// TestALostPostIsCorrectedWhateverBecameOfIt covers a first post without an answer, and a changed card since
// then.
func TestALostPostIsCorrectedWhateverBecameOfIt(t *testing.T) {
	t.Parallel()
	first, later := chat.Card{Title: "Purging", File: &chat.File{Name: "p.txt", Text: "x"}}, chat.Card{Title: "Done"}
	for name, c := range map[string]struct {
		meanwhile func(w *world, old discordsim.Message)
		messages  int
		says      string
	}{
		"nothing":               {func(*world, discordsim.Message) {}, 1, "Done"},
		"deleted":               {func(w *world, old discordsim.Message) { w.Sim.Delete(old.Channel, old.ID) }, 1, "Done"},
		"no embeds any more":    {func(w *world, _ discordsim.Message) { w.cdn(denying(discordsim.EmbedLinks)) }, 1, "Done"},
		"no writing any more":   {func(w *world, _ discordsim.Message) { w.Fail(editMessage, missingPermission, -1) }, 2, "Done"},
		"an edit that is lost":  {func(w *world, _ discordsim.Message) { w.Lose(editMessage, 1) }, 1, "Done"},
		"an edit that is slow":  {func(w *world, _ discordsim.Message) { w.Sim.Throttle(1, 3*time.Second, editMessage) }, 1, "Purging"},
		"Discord was down then": {func(w *world, _ discordsim.Message) { w.Fail(postMessage, 502, 2) }, 1, "Purging"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &fake{}, overHTTP)
			w.Lose(postMessage, 1)
			_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", first)
			require.Error(t, err)
			c.meanwhile(w, w.Messages(discordsim.CDN)[0])
			ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", later)
			messages := w.Messages(discordsim.CDN)
			require.Len(t, messages, c.messages)
			last := messages[len(messages)-1]
			assert.Contains(t, last.Plain(), c.says)
			if err == nil {
				assert.Equal(t, last.ID, ref.ID)
				assert.Contains(t, last.Plain(), "Done", "what is reported as shown is shown")
				assert.Empty(t, last.Files)
			}
		})
	}
}

// TestACorrectionIsTriedAgain checks that there is one message, even after Discord has forgotten the nonce.
func TestACorrectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	clock := time.Now()
	w := newWorld(t, &fake{}, overHTTP, func(_ *Config, sim *discordsim.Sim) { sim.Now = func() time.Time { return clock } })
	w.Lose(postMessage, 1)
	w.Fail(editMessage, http.StatusBadGateway, 1)
	show := func(title string) (chat.MessageRef, error) {
		return w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", chat.Card{Title: title})
	}
	_, err := show("Purging")
	require.Error(t, err)
	_, err = show("Done")
	require.Equal(t, purge.Unavailable, purge.AsError(err).Kind)
	clock = clock.Add(time.Hour)
	_, err = show("Done")
	require.NoError(t, err)
	require.Len(t, w.Messages(discordsim.CDN), 1)
	assert.Equal(t, "Done", w.Messages(discordsim.CDN)[0].Plain())
}

// TestAMessageThatIsRightIsNotEdited checks that a correct message is left alone, because Discord marks edited
// ones.
func TestAMessageThatIsRightIsNotEdited(t *testing.T) {
	t.Parallel()
	for name, may := range map[string]discordsim.Permission{"all": 0, "no embeds": discordsim.EmbedLinks, "no files": discordsim.AttachFiles} {
		w := newWorld(t, &fake{}, overHTTP)
		w.cdn(denying(may))
		_, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", chat.Card{
			Title: " Purge  *these*? ", Lines: []string{"a", " ", "é  😀", "<@1>"}, Targets: []string{"https://www.test.com/a", "https://www.test.com/`b`"}, By: w.Alice(),
			Mention: []acl.Subject{w.Bob()}, Footer: " p-1 ", Tone: chat.Waiting, Buttons: []chat.Button{{Label: " Purge ", Token: "t", Style: chat.Danger}},
			File: &chat.File{Name: "p.txt", Text: "x"},
		})
		require.NoError(t, err, name)
		assert.Empty(t, w.Calls(editMessage), name)
	}
}
