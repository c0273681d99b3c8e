package discord

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// TestNoThreadIsMadeThatCannotBeWrittenTo covers every state of knowledge and every place of the missing
// permission.
func TestNoThreadIsMadeThatCannotBeWrittenTo(t *testing.T) {
	t.Parallel()
	const open = "POST /channels/{channel}/messages/{message}/threads"
	for name, deny := range map[string]func(w *world){
		"in the channel": func(w *world) { w.cdn(denying(discordsim.SendMessagesInThreads)) },
		"for everybody": func(w *world) {
			w.cdn(func(c *discordsim.Channel) {
				c.Overwrites = []discordsim.Overwrite{{ID: guild, Deny: discordsim.SendMessagesInThreads}}
			})
		},
		"as an interaction said": func(w *world) {
			w.cdn(denying(discordsim.SendMessagesInThreads))
			w.settled(w.Command(discordsim.Alice, discordsim.CDN, "purge help", nil))
		},
	} {
		w := newWorld(t, &fake{}, overHTTP).started()
		deny(w)
		for i := range 3 {
			card := w.show(w.Channel(), chat.MessageRef{}, fmt.Sprint("Purging ", i))
			assert.Equal(t, discordsim.CDN, w.show(under(card), chat.MessageRef{}, fmt.Sprint("Done ", i)).Channel, name)
		}
		assert.Empty(t, w.Calls(open), name)
	}
	w := newWorld(t, &fake{}, overHTTP)
	card := w.show(w.Channel(), chat.MessageRef{}, "Purging")
	w.Fail("GET /channels/{channel}", http.StatusBadGateway, 1)
	_, err := w.discord.Show(t.Context(), under(card), chat.MessageRef{}, "k", chat.Card{Title: "Done"})
	assert.Equal(t, purge.Unavailable, purge.AsError(err).Kind, "it is not known now, and will be")
	assert.Equal(t, card.ID, w.show(under(card), chat.MessageRef{}, "Done").Channel)
}
