package discord

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// question is a card about n URLs of a length, in the bot's form: ten are shown, the rest is in a file.
func question(n, length int) chat.Card {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("https://www.test.com/%04d%s", i, strings.Repeat("x", max(0, length-25))))
	}
	c := chat.Card{Title: "Purge?", Tone: chat.Waiting, Targets: all[:min(n, 10)], More: max(0, n-10), Buttons: []chat.Button{
		{Label: "Purge", Token: "t1", Confirms: true}, {Label: "Cancel", Token: "t2"}, {Label: "Purge without approval", Token: "t3", Confirms: true},
	}}
	if c.More > 0 {
		c.File = &chat.File{Name: "p-1.txt", Text: strings.Join(all, "\n") + "\n"}
	}
	return c
}

// readable reports whether every target of a question can be read on a message.
func readable(m discordsim.Message, c chat.Card) bool {
	text := m.Plain()
	for _, f := range m.Files {
		text += string(f.Content)
	}
	all := c.Targets
	if c.File != nil {
		all = strings.Fields(c.File.Text)
	}
	for _, target := range all {
		if !strings.Contains(text, target) {
			return false
		}
	}
	return len(all) >= len(c.Targets)+c.More
}

func labels(m discordsim.Message) (all []string) {
	for _, b := range m.Buttons() {
		all = append(all, b.Label)
	}
	return all
}

// TestNobodyConfirmsAListThatCannotBeRead checks for all permissions, results of the upload and lengths of the
// list that the confirming button appears exactly if the whole list can be read.
func TestNobodyConfirmsAListThatCannotBeRead(t *testing.T) {
	t.Parallel()
	files := discordsim.AttachFiles
	for name, c := range map[string]struct {
		change func(w *world)
		says   string // text if the list cannot be read
	}{
		"all is well": {func(*world) {}, ""},
		"no files":    {func(w *world) { w.cdn(denying(files)) }, sayNoList},
		"no embeds":   {func(w *world) { w.cdn(denying(discordsim.EmbedLinks)) }, ""},
		"neither":     {func(w *world) { w.cdn(denying(files | discordsim.EmbedLinks)) }, ""},
		"no files, as known": {func(w *world) {
			w.cdn(denying(files))
			w.settled(w.Command(discordsim.Alice, discordsim.CDN, "purge help", nil))
		}, sayNoList},
		"a file too large": {func(w *world) { w.FailFiles(postMessage, fileTooLarge, -1); w.FailFiles(editMessage, fileTooLarge, -1) }, sayListRefused},
		"a body too large": {func(w *world) { w.FailFiles(postMessage, bodyTooLarge, -1); w.FailFiles(editMessage, bodyTooLarge, -1) }, sayListRefused},
		"too large for a CDN": {func(w *world) {
			w.FailFiles(postMessage, http.StatusRequestEntityTooLarge, -1)
			w.FailFiles(editMessage, http.StatusRequestEntityTooLarge, -1)
		}, sayListRefused},
	} {
		for _, size := range [][2]int{{1, 40}, {10, 40}, {11, 40}, {300, 40}, {10, 400}, {3, 2000}, {1, 8000}, {40, 1500}} {
			w := newWorld(t, &fake{}, overHTTP).started()
			c.change(w)
			q := question(size[0], size[1])
			ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", q)
			require.NoError(t, err, name)
			for _, when := range []string{"posted", "edited"} {
				m, _ := w.Message(ref.Channel, ref.ID)
				offered := strings.Contains(strings.Join(labels(m), " "), "Purge")
				assert.False(t, offered && !readable(m, q), "%s, %s, %v: %v", name, when, size, labels(m))
				if name == "all is well" {
					assert.Equal(t, []string{"Purge", "Cancel", "Purge without approval"}, labels(m), "%v", size)
				}
				if !readable(m, q) && c.says != "" {
					assert.Contains(t, m.Content, c.says, "%s, %s, %v", name, when, size)
					assert.Equal(t, []string{"Cancel"}, labels(m))
					assert.NotContains(t, m.Plain(), "in the file")
				}
				if when == "edited" {
					break
				}
				_, err = w.discord.Show(t.Context(), w.Channel(), ref, "k", q)
				require.NoError(t, err)
			}
		}
	}
}

// TestAFileThatCannotBeAddedLater checks that an edit with a file offers no confirmation without the file, and
// offers it again with it.
func TestAFileThatCannotBeAddedLater(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trouble func(w *world)
		passes  bool // Show returns an error for repetition
	}{
		"for good":     {func(w *world) { w.FailFiles(editMessage, fileTooLarge, 1) }, false},
		"not allowed":  {func(w *world) { w.FailFiles(editMessage, missingPermission, 1) }, false},
		"for a moment": {func(w *world) { w.FailFiles(editMessage, http.StatusBadGateway, 1) }, true},
	} {
		w := newWorld(t, &fake{}, overHTTP)
		ref := w.show(w.Channel(), chat.MessageRef{}, "Purging")
		c.trouble(w)
		_, err := w.discord.Show(t.Context(), w.Channel(), ref, "k", question(300, 40))
		assert.Equal(t, c.passes, err != nil && purge.AsError(err).Kind == purge.Unavailable, name)
		m, _ := w.Message(ref.Channel, ref.ID)
		assert.Equal(t, []string{"Cancel"}, labels(m), name)
		_, err = w.discord.Show(t.Context(), w.Channel(), ref, "k", question(300, 40))
		require.NoError(t, err)
		m, _ = w.Message(ref.Channel, ref.ID)
		assert.True(t, readable(m, question(300, 40)), name)
		assert.Len(t, m.Buttons(), 3, name)
	}
}

func TestAFileOfAnEndIsNoReasonToTryAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	ref := w.show(w.Channel(), chat.MessageRef{}, "Purging")
	w.FailFiles(editMessage, http.StatusBadGateway, 1)
	c := question(300, 40)
	c.Buttons = []chat.Button{{Label: "Retry failed", Token: "t"}}
	_, err := w.discord.Show(t.Context(), w.Channel(), ref, "k", c)
	require.NoError(t, err)
	m, _ := w.Message(ref.Channel, ref.ID)
	assert.Equal(t, []string{"Retry failed"}, labels(m))
	assert.Contains(t, m.Content, sayFileRefused)
}
