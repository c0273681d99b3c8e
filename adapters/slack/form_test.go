package slack

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/adaptertest"
	"purgebot/adapters/slack/slacksim"
	"purgebot/bot/chat"
	"purgebot/purge"
)

var purgeForm = chat.Form{Title: "Purge the CDN", Submit: "Purge", Token: "token", Inputs: []chat.Input{
	{Name: "targets", Label: "URLs", Lines: true}, {Name: "area", Label: "Area", Choices: []string{"mainland", "overseas"}, Value: "mainland"},
	{Name: "reason", Label: "Reason", Optional: true},
}}

// refusedWith makes the bot refuse a form with a card.
func refusedWith(c chat.Card) func(context.Context) (chat.Reply, error) {
	return func(context.Context) (chat.Reply, error) { return chat.Reply{Card: &c, Refused: true}, nil }
}

// TestARefusedFormKeepsWhatWasTyped covers every source and length of a refusal.
func TestARefusedFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	typed := map[string]string{"targets": "https://www.tset.com/1\nhttps://www.tset.com/2", "area": "overseas", "reason": "“a – b” <x> & y"}
	long := strings.Repeat("No rule lets you purge this one. ", 100)
	for name, c := range map[string]struct {
		answer  func(context.Context) (chat.Reply, error)
		opts    []slacksim.Option
		says    []string
		besides string // text in a private message
	}{
		"with a sentence": {answer: refusedWith(chat.Card{Title: "That is not the host.", Tone: chat.Bad}), says: []string{"That is not the host."}},
		"with lines": {answer: refusedWith(chat.Card{Title: "Nothing was purged: 1 target is refused", Tone: chat.Bad, Lines: []string{"www.tset.com: No rule lets you purge it.", "", "Ask #cdn-help"}}),
			says: []string{"Nothing was purged: 1 target is refused. www.tset.com: No rule lets you purge it. Ask #cdn-help."}},
		"with a button": {answer: refusedWith(chat.Card{Title: "One of two is refused", Buttons: []chat.Button{{Label: "Purge the rest", Token: "rest"}}}),
			says: []string{"One of two is refused.", seeMessage}, besides: "Purge the rest"},
		"with targets": {answer: refusedWith(chat.Card{Title: "Refused", Targets: []string{"https://www.tset.com/1"}}),
			says: []string{"Refused.", seeMessage}, besides: "https://www.tset.com/1"},
		"at length":          {answer: refusedWith(chat.Card{Title: "Refused", Lines: []string{long, "the end"}}), says: []string{"Refused. No rule", "…", seeMessage}, besides: "the end"},
		"without a word":     {answer: refusedWith(chat.Card{}), says: []string{"refused"}},
		"with hostile text":  {answer: refusedWith(chat.Card{Title: "a\u202eb\n<!channel>"}), says: []string{"a�b <!channel>."}},
		"not recorded":       {answer: fails(&purge.Error{Kind: purge.Unavailable, Message: "the database does not answer."}), says: []string{"Not taken: the database does not answer. Try again."}},
		"denied":             {answer: fails(&purge.Error{Kind: purge.Denied, Message: "Not here."}), says: []string{"Not taken: Not here."}},
		"another workspace":  {opts: []slacksim.Option{at("team", map[string]any{"id": "T9"})}, says: []string{elsewhere}},
		"no workspace":       {opts: []slacksim.Option{at("team", nil)}, says: []string{nowhere}},
		"contradicting":      {opts: []slacksim.Option{at("user.team_id", "T9")}, says: []string{"contradicts itself"}},
		"of nobody's form":   {opts: []slacksim.Option{at("view.private_metadata", "")}, says: []string{notOurs}},
		"of a broken form":   {opts: []slacksim.Option{at("view.private_metadata", `{"c":"C0CDN","t":"token`)}, says: []string{notOurs}},
		"of no channel":      {opts: []slacksim.Option{at("view.private_metadata", `{"c":"nowhere","t":"token"}`)}, says: []string{notOurs}},
		"of two channels":    {opts: []slacksim.Option{at("view.private_metadata", `{"c":"C0CDN","c":"C0RANDOM","t":"token"}`)}, says: []string{notOurs}},
		"without its bot":    {answer: func(context.Context) (chat.Reply, error) { panic("planted") }, says: []string{"trouble"}},
		"signed by somebody": {opts: []slacksim.Option{slacksim.SignedWith("guessed")}, says: []string{"trouble"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{command: func(context.Context) (chat.Reply, error) { return chat.Reply{Form: &purgeForm}, nil }, answer: c.answer}
			w := newWorld(t, f, nil)
			require.True(t, w.Type(slash, ""))
			w.settled(w.Workspace.Submit("U0ALICE", typed, c.opts...))
			v, open := w.View("U0ALICE")
			require.True(t, open, "the form is still there")
			for _, in := range v.Inputs() {
				assert.Equal(t, typed[in.BlockID], in.Value, "and holds what was typed")
			}
			require.Len(t, v.Errors, 1)
			for _, why := range v.Errors {
				for _, part := range c.says {
					assert.Contains(t, why, part)
				}
				assert.LessOrEqual(t, chat.Units(why), maxError)
				assert.Equal(t, c.besides != "", strings.Contains(why, seeMessage))
			}
			_, private := w.byBot()
			if c.besides == "" {
				assert.Empty(t, private, "it is said once")
			} else {
				require.Len(t, private, 1)
				assert.Contains(t, seen(private)[0].Text+buttonsOf(seen(private)[0].Buttons), c.besides)
			}
			assert.Empty(t, w.Visible())

			f.answer = nil
			before := f.asked()
			require.True(t, w.Submit(map[string]string{"targets": "https://www.test.com/1"}))
			require.Equal(t, before+1, f.asked())
			assert.Equal(t, map[string]string{"targets": "https://www.test.com/1", "area": "overseas", "reason": typed["reason"]}, f.answers[len(f.answers)-1].Values)
			_, open = w.View("U0ALICE")
			assert.False(t, open, "what is taken closes it")
		})
	}
}

func buttonsOf(all []adaptertest.Button) (labels string) {
	for _, b := range all {
		labels += "[" + b.Label + "]"
	}
	return labels
}

// TestAFieldIsReadInItsOwnBlock checks that fields of the same name in other blocks are ignored.
func TestAFieldIsReadInItsOwnBlock(t *testing.T) {
	t.Parallel()
	f := &fake{command: func(context.Context) (chat.Reply, error) { return chat.Reply{Form: &purgeForm}, nil }}
	w := newWorld(t, f, nil)
	require.True(t, w.Type(slash, ""))
	other := map[string]any{"targets": map[string]any{"type": "plain_text_input", "value": "https://www.abc.com/"}}
	w.settled(w.Workspace.Submit("U0ALICE", map[string]string{"targets": "https://www.test.com/"}, at("view.state.values.other", other), at("view.state.values.reason", other)))
	require.Len(t, f.answers, 1)
	assert.Equal(t, map[string]string{"targets": "https://www.test.com/", "area": "mainland"}, f.answers[0].Values)
}
