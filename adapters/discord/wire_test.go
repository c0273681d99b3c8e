package discord

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/discord/discordsim"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// TestNothingThatIsSentIsNull checks that no sent field is null, because Discord clears such a field or refuses
// it.
func TestNothingThatIsSentIsNull(t *testing.T) {
	t.Parallel()
	form := chat.Form{Title: "x", Token: "t", Inputs: []chat.Input{{Name: "a", Label: "a"}, {Name: "b", Label: "b", Choices: []string{"c"}}}}
	file := chat.Card{Title: "long", File: &chat.File{Name: "f.txt", Text: "x"}}
	for name, changes := range map[string][]change{"gateway": nil, "HTTP": {overHTTP}} {
		for _, late := range []bool{false, true} {
			f := &fake{}
			w := newWorld(t, f, changes...)
			w.discord.timing.deferAfter = map[bool]time.Duration{true: time.Nanosecond, false: time.Minute}[late]
			w.started()
			var answers []json.RawMessage
			note := func(d discordsim.Delivery) {
				require.True(t, w.settled(d), "%s: %+v", name, d)
				answers = append(answers, d.Answer)
			}
			ref, err := w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k", asking)
			require.NoError(t, err)
			for _, reply := range []chat.Reply{{}, {Card: &asking}, {Card: &file}, {Card: &chat.Card{}}, {Form: &form}} {
				f.command = func(context.Context, chat.Command) (chat.Reply, error) { return reply, nil }
				f.answer = func(context.Context, chat.Answer) (chat.Reply, error) { return reply, nil }
				note(w.Sim.Command(discordsim.Alice, discordsim.CDN, "purge whoami", nil))
				note(w.Sim.Press(discordsim.Alice, ref.Channel, ref.ID, "Go"))
			}
			_, d := w.Autocomplete(discordsim.Alice, discordsim.CDN, "purge url", "targets", discordsim.Options{"targets": "h"})
			note(d)
			note(w.Sim.Command(discordsim.Alice, w.DM(discordsim.Alice), "purge whoami", nil, discordsim.Unchecked()))
			w.show(under(ref), chat.MessageRef{}, "Done")
			w.cdn(denying(discordsim.EmbedLinks | discordsim.AttachFiles))
			_, err = w.discord.Show(t.Context(), w.Channel(), chat.MessageRef{}, "k2", file)
			require.NoError(t, err)
			require.NoError(t, w.discord.Tell(t.Context(), w.Alice(), w.Channel(), chat.EventKey{}, file))
			require.NoError(t, w.discord.Tell(t.Context(), w.Bob(), w.Channel(), chat.EventKey{}, file))
			w.Sim.Type(discordsim.Alice, discordsim.CDN, "@purgebot whoami")
			for _, c := range w.Calls() {
				answers = append(answers, c.Body)
			}
			for _, a := range answers {
				assert.NotContains(t, string(a), "null", name)
			}
		}
	}
}

func TestTheOperatorIsToldWhatDiscordDoesNotTake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, overHTTP)
	for body, want := range map[string]string{
		`{"embeds":[{"title":"` + strings.Repeat("a", 300) + `"}]}`:                        "embeds.0.title: Must be 256 or fewer in length. (BASE_TYPE_MAX_LENGTH)",
		`{"content":"` + strings.Repeat("a", 3000) + `","components":[{"type":7}]}`:        "components.0.type: Value of field \"type\" must be one of (1,). (UNION_TYPE_CHOICES); content: Must be 2000 or fewer in length. (BASE_TYPE_MAX_LENGTH)",
		`{"embeds":[` + strings.TrimSuffix(strings.Repeat(`{"url":"x"},`, 12), ",") + `]}`: "and 3 more",
	} {
		err := w.discord.call(t.Context(), http.MethodPost, "/channels/"+discordsim.CDN+"/messages", json.RawMessage(body), nil)
		e := purge.AsError(err)
		assert.Contains(t, e.Err.Error(), "code 50035: Invalid Form Body: ")
		assert.Contains(t, e.Err.Error(), want)
		assert.NotContains(t, e.Message, "BASE_TYPE", "whoever typed cannot mend it")
		assert.Less(t, len(e.Err.Error()), 3000)
	}
	assert.Equal(t, "the body: no (X)", detailsOf([]byte(`{"_errors":[{"code":"X","message":"no"}]}`)))
	assert.Empty(t, detailsOf([]byte(`{"a":7,"b":[1],"_errors":"x"}`)))
	assert.Empty(t, detailsOf(nil))
}
