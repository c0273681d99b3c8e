package bot

import (
	"context"

	"purgebot/purge"
)

// formToken marks the form of a bare command. It grants nothing: what comes back is judged like anything typed.
const formToken = "purge-form"

// form asks for what was not typed, where the platform has forms, and otherwise shows the help.
func (b *Bot) form(s scene) Reply {
	if chat, err := b.platform(s.at.Platform); err != nil || !chat.Limits().Forms {
		card := b.helpCard(s)
		return Reply{Card: &card}
	}
	return Reply{Form: &Form{
		Title: "Purge the CDN", Submit: "Purge", Token: formToken,
		Inputs: []Input{
			{Name: "targets", Label: "URLs or directories", Hint: "https://… one a line; a directory ends in /", Lines: true},
			{Name: "verb", Label: "What", Choices: []string{"url", "dir"}, Value: "url"},
			{Name: "area", Label: "Area", Choices: []string{"mainland", "overseas", "global"}, Optional: true},
			{Name: "mode", Label: "Directories", Choices: []string{"flush", "delete"}, Optional: true},
			{Name: "reason", Label: "Reason", Optional: true},
		},
	}}
}

func (b *Bot) submitForm(ctx context.Context, s scene, v map[string]string) (Reply, error) {
	in, err := parseFields(&Fields{Verb: v["verb"], Targets: v["targets"], Area: v["area"], Mode: v["mode"], Reason: v["reason"]})
	if err != nil {
		return b.refuse(ctx, s, "form", purge.AsError(err).Message)
	}
	return b.do(ctx, s, in)
}
