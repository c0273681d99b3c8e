package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// interact handles one interaction and answers it once through send. It drops interactions without an id or a
// token.
func (d *Discord) interact(ctx context.Context, h chat.Handler, in *interaction, send func(context.Context, callback) error) {
	// Drop an interaction that cannot be answered.
	in.ChannelID = cmp.Or(in.ChannelID, in.Channel.ID)
	x := &exchange{d, in, send}
	if !snowflake(in.ID) || in.Token == "" {
		return
	}
	// Separate presses in direct messages, and refuse interactions from elsewhere.
	if d.isDirectPress(in) {
		in.Member.User = in.User
		x.ask(ctx, func(ctx context.Context) (chat.Reply, error) { return d.pressDirect(ctx, h, in) })
		return
	}
	if no := d.foreign(in); no != "" {
		x.refuse(ctx, no)
		return
	}
	// Give the interaction to the bot.
	d.learn(in)
	switch in.Type {
	case interactionCommand:
		x.ask(ctx, func(ctx context.Context) (chat.Reply, error) { return d.command(ctx, h, in) })
	case interactionComponent, interactionModal:
		x.ask(ctx, func(ctx context.Context) (chat.Reply, error) { return d.press(ctx, h, in) })
	case interactionAutocomplete:
		x.suggest(ctx, h)
	}
}

// addressed reports whether an interaction is for this application. Another application may share the key by
// mistake, and its users must not gain access here.
func (d *Discord) addressed(in *interaction) bool {
	if in.ApplicationID == "" || in.ApplicationID == d.config.ApplicationID {
		return true
	}
	d.config.Log.Warn("discord: interaction of another application not taken", "interaction", d.redact(in.ID), "application", d.redact(in.ApplicationID))
	return false
}

// foreign returns the reason to refuse an interaction from elsewhere, or "". Only installations in the one
// guild are served. An installation to an account is always recognisable:
// https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-authorizing-integration-owners-object
func (d *Discord) foreign(in *interaction) string {
	switch {
	case in.GuildID == "" || in.Context != nil && *in.Context != 0:
		return onlyInTheGuild
	case in.GuildID != d.config.GuildID, in.Channel.GuildID != "" && in.Channel.GuildID != in.GuildID:
		return otherServer
	case in.Channel.ID != "" && in.Channel.ID != in.ChannelID, in.User.ID != "" && in.User.ID != in.Member.User.ID:
		return contradicts
	case len(in.Owners) > 0 && in.Owners["0"] != d.config.GuildID:
		return notInstalledThus
	case !snowflake(in.Member.User.ID) || !snowflake(in.ChannelID):
		return onlyInTheGuild
	}
	return ""
}

// isDirectPress reports whether an interaction is a press in one of the bot's direct messages, where Discord
// names only the user:
// https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-context-types
func (d *Discord) isDirectPress(in *interaction) bool {
	const withBot = 1
	return in.Type == interactionComponent && in.GuildID == "" && in.Member.User.ID == "" && snowflake(in.User.ID) && snowflake(in.ChannelID) &&
		in.Data.CustomID != "" && in.Message != nil && (in.Context == nil || *in.Context == withBot) && in.Owners["1"] == ""
}

// pressDirect handles a press in a direct message. The bot knows the channel of the original command by the
// button, and looks up the person in the guild.
func (d *Discord) pressDirect(ctx context.Context, h chat.Handler, in *interaction) (chat.Reply, error) {
	return h.Answer(ctx, chat.Answer{
		Event: d.eventKey(in.ID), From: d.subject(in.User.ID), Token: in.Data.CustomID,
		At:      chat.Thread{Platform: platform, Workspace: d.config.GuildID, Channel: in.ChannelID},
		Message: chat.MessageRef{Channel: in.ChannelID, ID: in.Message.ID},
	})
}

// refuse answers without the bot, in the interaction only.
func (x *exchange) refuse(ctx context.Context, why string) {
	c := callback{showMessage, outgoing{Content: why, Flags: ephemeral | suppressEmbeds, Mentions: nobody}}
	if x.in.Type == interactionAutocomplete {
		c = callback{showChoices, choices{[]choice{}}}
	}
	x.note(x.send(ctx, c))
}

func (d *Discord) eventKey(id string) chat.EventKey {
	return chat.EventKey{Platform: platform, Workspace: d.config.GuildID, ID: id}
}

// command handles a slash command, or a command on a message.
func (d *Discord) command(ctx context.Context, h chat.Handler, in *interaction) (chat.Reply, error) {
	at, err := d.place(ctx, in.ChannelID)
	if err != nil {
		return chat.Reply{}, err
	}
	c := chat.Command{Event: d.eventKey(in.ID), From: d.subject(in.Member.User.ID), At: at}
	if in.Data.Type == commandOnMessage {
		c.Fields, err = d.collected(ctx, in.Data)
		c.Collected = true
	} else {
		c.Fields, c.Collected, err = d.fields(ctx, in.Data)
	}
	if err != nil {
		return chat.Reply{Card: &chat.Card{Title: purge.AsError(err).Message, Tone: chat.Bad}}, nil
	}
	return h.Command(ctx, c)
}

// press handles a pressed button, or a submitted form.
func (d *Discord) press(ctx context.Context, h chat.Handler, in *interaction) (chat.Reply, error) {
	at, err := d.place(ctx, in.ChannelID)
	if err != nil {
		return chat.Reply{}, err
	}
	a := chat.Answer{Event: d.eventKey(in.ID), From: d.subject(in.Member.User.ID), At: at, Token: in.Data.CustomID}
	if in.Data.CustomID == "" {
		return chat.Reply{}, nil
	}
	if in.Type == interactionModal {
		a.Values = values(in.Data.Components)
	}
	if in.Message != nil { // for a form: the message with the button that opened it
		a.Message = chat.MessageRef{Channel: cmp.Or(in.Message.ChannelID, in.ChannelID), ID: in.Message.ID}
	}
	return h.Answer(ctx, a)
}

// values returns the values of a form's fields, at any depth.
func values(components []component) map[string]string {
	all := map[string]string{}
	walk(components, func(c component) {
		if c.CustomID == "" {
			return
		}
		all[c.CustomID] = c.Value
		if len(c.Values) > 0 {
			all[c.CustomID] = c.Values[0]
		}
	})
	return all
}

// choices always has its key, which discordgo omits for an empty list.
type choices struct {
	Choices []choice `json:"choices"`
}

type choice struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Limits of autocomplete: https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-option-choice-structure
const (
	maxChoices = 25
	maxChoice  = 100
)

// suggest answers autocomplete, which cannot be deferred. Late suggestions are dropped.
func (x *exchange) suggest(ctx context.Context, h chat.Handler) {
	handle, cancel := context.WithTimeout(ctx, x.d.timing.deferAfter)
	defer cancel()
	done := make(chan []string, 1)
	x.d.later.Go(func() {
		reply, err := guarded(func() (chat.Reply, error) { return x.d.suggestion(handle, h, x.in) })
		if err != nil {
			x.note(err)
		}
		done <- reply.Choices
	})
	var offered []string
	select {
	case offered = <-done:
	case <-handle.Done():
	}
	x.note(x.send(ctx, callback{showChoices, choices{choicesOf(offered)}}))
}

func (d *Discord) suggestion(ctx context.Context, h chat.Handler, in *interaction) (chat.Reply, error) {
	at, err := d.place(ctx, in.ChannelID)
	if err != nil || len(in.Data.Options) == 0 {
		return chat.Reply{}, err
	}
	verb := in.Data.Options[0]
	for _, o := range verb.Options {
		if o.Focused {
			return h.Suggest(ctx, chat.Suggestion{From: d.subject(in.Member.User.ID), At: at,
				Field: d.option(verb.Name, o.Name).Suggest, Text: o.text()})
		}
	}
	return chat.Reply{}, nil
}

func choicesOf(offered []string) []choice {
	all := []choice{}
	for _, o := range offered {
		if o != "" && chat.Units(o) <= maxChoice && len(all) < maxChoices {
			all = append(all, choice{chat.Clip(chat.OneLine(o), maxChoice), o})
		}
	}
	return all
}

// event handles one event of the gateway.
func (d *Discord) event(h chat.Handler, name string, raw []byte) {
	defer d.later.begin()()
	ctx := context.Background()
	switch name {
	case "INTERACTION_CREATE":
		var in interaction
		if json.Unmarshal(raw, &in) == nil && d.addressed(&in) {
			d.interact(ctx, h, &in, func(ctx context.Context, c callback) error {
				return d.call(ctx, http.MethodPost, "/interactions/"+in.ID+"/"+in.Token+"/callback", c, nil)
			})
		}
	case "READY":
		var ready struct {
			User user `json:"user"`
		}
		if json.Unmarshal(raw, &ready) == nil && snowflake(ready.User.ID) {
			d.me.put("", ready.User, d.config.Now())
		}
	case "MESSAGE_CREATE":
		var m message
		if json.Unmarshal(raw, &m) == nil {
			d.mention(ctx, h, &m)
		}
	default:
		if slices.Contains(changed, name) {
			d.forgetRights()
		}
	}
}
