package slacksim

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Type types text as a user: a slash command if it begins with "/", else a message, which the app hears of if it names the
// bot ("@purgebot …") and the bot is in the channel. thread is the root's ts, or "". Links, names and the three entities
// become Slack's markup in messages; slash text stays raw unless EscapeSlash. "/invite @purgebot" lets the bot in.
func (w *Workspace) Type(user, channel, thread, text string, opts ...Option) Delivery {
	unlock := w.lock()
	if refused := w.cannotType(user, channel); refused != "" {
		unlock()
		return Delivery{Refused: refused}
	}
	if strings.HasPrefix(text, "/") {
		return w.typeCommand(unlock, user, channel, thread, text, opts)
	}
	return w.typeMessage(unlock, user, channel, thread, text, opts)
}

// cannotType returns what stops a user from typing in a channel.
func (w *Workspace) cannotType(user, channel string) string {
	_, known := w.users[user]
	c, found := w.channels[channel]
	switch {
	case !known:
		return "there is no user " + user
	case !found || !c.sees(user):
		return "there is no channel " + channel + " for " + user
	case c.Archived:
		return "this channel is archived"
	}
	return ""
}

// typeCommand: https://docs.slack.dev/interactivity/implementing-slash-commands/
func (w *Workspace) typeCommand(unlock func(), user, channel, thread, typed string, opts []Option) Delivery {
	command, text, _ := strings.Cut(strings.TrimSpace(typed), " ")
	refuse := func(why string) Delivery {
		w.tell(user, channel, thread, why)
		unlock()
		return Delivery{Refused: why}
	}
	switch {
	case command == "/invite":
		return w.invite(unlock, channel)
	case !slices.Contains(w.Commands, command):
		return refuse(command + " is not a valid command.")
	case thread != "":
		return refuse(command + " is not supported in threads. Sorry!")
	}
	if w.EscapeSlash {
		text = w.compose(text).command
	}
	h := &hook{user: user, channel: channel, opened: w.Now()}
	o := w.command(h, command, strings.TrimSpace(text), opts)
	unlock()
	d := w.send(o)
	defer w.lock()()
	w.acknowledge(d, h, typed)
	return d
}

func (w *Workspace) command(h *hook, command, text string, opts []Option) outgoing {
	o := outgoing{Delivery: Delivery{Path: commandsPath, TriggerID: w.trigger(h.user), ResponseURL: w.hook("commands", *h)}}
	o.form = url.Values{
		"token": {"legacy-verification-token"}, "team_id": {w.TeamID}, "team_domain": {w.TeamDomain},
		"channel_id": {h.channel}, "channel_name": {w.channels[h.channel].Name},
		"user_id": {h.user}, "user_name": {w.users[h.user].Name},
		"command": {command}, "text": {text}, "api_app_id": {w.AppID}, "is_enterprise_install": {"false"},
		"response_url": {o.ResponseURL}, "trigger_id": {o.TriggerID},
	}
	o.apply(opts)
	return o
}

// typeMessage posts what a person typed. A mention in a channel that the bot is not in waits for "/invite":
// https://docs.slack.dev/reference/events/app_mention/
func (w *Workspace) typeMessage(unlock func(), user, channel, thread, text string, opts []Option) Delivery {
	said := w.said(text, opts)
	m := w.post(Message{User: user, Channel: channel, ThreadTS: thread, Text: said.text,
		Blocks: said.blocks, UnfurlLinks: true, UnfurlMedia: true})
	c := w.channels[channel]
	if !said.mentions(w.BotUser) || c.User != "" {
		unlock()
		return Delivery{TS: m.TS}
	}
	mention := func() Delivery { return w.sendEvent(w.mention(m, nil), m.TS, opts) }
	if !c.Member {
		why := fmt.Sprintf("@%s is not in this channel. Would you like to invite them?", w.BotName)
		w.uninvited[channel] = mention
		w.tell(user, channel, thread, why)
		unlock()
		return Delivery{TS: m.TS, Refused: why}
	}
	unlock()
	return mention()
}

// said reads what was typed, unless it is markup already.
func (w *Workspace) said(text string, opts []Option) typed {
	var o outgoing
	o.apply(opts)
	if o.markup {
		return typed{text: text, ids: mentionsIn(text)}
	}
	return w.compose(text)
}

// invite lets the bot in; a mention that waited for it is delivered.
func (w *Workspace) invite(unlock func(), channel string) Delivery {
	c := w.channels[channel]
	c.Member = true
	w.putChannel(c)
	waiting := w.uninvited[channel]
	delete(w.uninvited, channel)
	unlock()
	if waiting == nil {
		return Delivery{}
	}
	return waiting()
}

// Edit changes the text of a message that a user typed; a mention in it is delivered again, marked "edited".
func (w *Workspace) Edit(channel, ts, text string, opts ...Option) Delivery {
	unlock := w.lock()
	m := w.find(channel, ts)
	if m == nil || m.Deleted || m.User == w.BotUser {
		unlock()
		return Delivery{Refused: "there is no such message to edit"}
	}
	said := w.said(text, opts)
	w.edit(m, said.text, said.blocks)
	if !said.mentions(w.BotUser) || !w.channels[channel].Member {
		unlock()
		return Delivery{TS: ts}
	}
	edited := node{"user": m.User, "ts": w.stamp()}
	unlock()
	return w.sendEvent(w.mention(m, edited), ts, opts)
}
