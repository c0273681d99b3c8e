package bot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/bot/books"
	"purgebot/bot/card"
	"purgebot/bot/chat"
)

// An adapter that cannot show the whole list leaves out the buttons that confirm it, and no others.
func TestOnlyWhatDecidesConfirms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	urls := manyURLs()
	w.types(alice, strings.Join(urls, " "))
	m := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Cancel") })
	require.NotNil(t, m.card.File)
	assert.Equal(t, urls, strings.Fields(m.card.File.Text), "the file has every target")
	confirming := map[string]bool{}
	for _, b := range m.card.Buttons {
		confirming[b.Label] = b.Confirms
	}
	assert.Equal(t, map[string]bool{"Purge": true, "Cancel": false}, confirming)
	for _, action := range card.CardActions {
		assert.Equal(t, action == card.ActionPurge || action == card.ActionEmergency, card.View{Token: books.ButtonToken}.Button("x", action, "").Confirms, action)
	}
}

func manyURLs() (urls []string) {
	for i := range 120 {
		urls = append(urls, fmt.Sprintf("https://www.test.com/%d", i))
	}
	return urls
}

// A chat without files cannot confirm a long list; a short list is on the card itself.
func TestWithoutFilesALongListCannotBeConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.chat.noFiles = true
	w.types(alice, strings.Join(manyURLs(), " "))
	m := w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Cancel") })
	assert.False(t, hasButton(m.card, "Purge"))
	assert.Contains(t, m.card.Lines, card.Unreadable)
	assert.Nil(t, m.card.File)
	w.presses(alice, "Cancel")
	w.ends("Cancelled")

	w.types(alice, "dir https://www.test.com/a/")
	m = w.chat.await(t, func(m shown) bool { return hasButton(m.card, "Purge") })
	assert.NotContains(t, m.card.Lines, card.Unreadable)
}

// Each chat has its own word for a workspace and its own way to mention.
func TestEachChatIsSpokenToInItsWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for place, want := range map[string]string{"": "workspace", "server": "server"} {
		w.chat.place = place
		for _, standing := range []chat.Standing{chat.Guest, chat.Outsider, ""} {
			w.chat.is(bob, standing)
			assert.Contains(t, w.types(bob, "help").Title, want, standing)
		}
	}
	for _, options := range []bool{false, true} {
		for _, addressed := range []bool{false, true} {
			w.chat.options, w.chat.addressed = options, addressed
			lines := strings.Join(w.types(alice, "help").Lines, "\n")
			assert.Equal(t, addressed && options, strings.Contains(lines, "mention me"), lines)
		}
	}
}
