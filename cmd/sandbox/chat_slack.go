package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"purgebot/adapters/slack/slacksim"
)

// slackChannel is #cdn in Slack.
const slackChannel = "C0CDN"

// slackChat is the chat in Slack.
type slackChat struct{ *slacksim.Workspace }

var _ chat = slackChat{}

func (c slackChat) people() []person {
	var all []person
	for _, u := range c.Users() {
		if !u.Bot {
			all = append(all, person{u.ID, u.Name})
		}
	}
	return all
}

// ready returns immediately, because Slack delivers to a configured address without a connection.
func (c slackChat) ready(context.Context) error { return nil }

func (c slackChat) say(user, thread, text string) error {
	return answered(c, user, text, func() error { return c.delivered(c.Type(user, slackChannel, thread, text)) })
}

func (c slackChat) example() string { return "/purge https://www.test.com/1.jpg" }

func (c slackChat) press(user, channel, message, label string) error {
	return c.delivered(c.Press(user, cmp.Or(channel, slackChannel), message, label))
}

func (c slackChat) submit(user string, values map[string]string) error {
	return c.delivered(c.Submit(user, values))
}

func (c slackChat) dismiss(user string) error { return c.delivered(c.CloseView(user)) }

func (c slackChat) delivered(d slacksim.Delivery) error {
	switch {
	case d.Refused != "":
		return errors.New(d.Refused)
	case d.Err != nil:
		return errors.New("purgebot did not answer in time")
	case d.Status != 0 && !d.Acknowledged():
		return fmt.Errorf("purgebot did not take it: it answered HTTP %d", d.Status)
	}
	return nil
}

func (c slackChat) changed() <-chan struct{} { return c.Changed() }

// messages returns the messages of #cdn, and the bot's direct messages to the user.
func (c slackChat) messages(user string) []message {
	var shown []message
	for _, in := range c.Channels() {
		if in.ID != slackChannel && in.User != user {
			continue
		}
		for _, m := range c.Visible(user, in.ID) {
			shown = append(shown, c.message(m, in.User != ""))
		}
	}
	slices.SortStableFunc(shown, func(a, b message) int { return cmp.Compare(a.ID, b.ID) })
	return shown
}

func (c slackChat) message(m slacksim.Message, direct bool) message {
	seconds, _ := strconv.ParseFloat(m.TS, 64)
	shown := message{
		Key: m.Channel + m.TS, Channel: m.Channel, ID: m.TS, At: int64(seconds * float64(time.Second/time.Millisecond)),
		From: "Slack", Who: "chat", OnlyYou: m.To != "", Direct: direct, Edited: len(m.History) > 0,
		Parts: slackParts(m), Files: slackFiles(m), text: m.Plain(),
	}
	// Find the thread and the author.
	if m.ThreadTS != "" {
		shown.Root = m.Channel + m.ThreadTS
	}
	shown.Open = !shown.OnlyYou && !direct && shown.Root == ""
	if u, found := c.User(m.User); found {
		shown.From, shown.Who = u.Name, "person"
		if u.Bot {
			shown.Who = "bot"
		}
	}
	for _, b := range m.Buttons() {
		shown.Buttons = append(shown.Buttons, button{b.Text, b.Style})
	}
	return shown
}

// slackParts splits a message into its blocks, so that the page can format titles, notes and targets
// differently.
func slackParts(m slacksim.Message) []part {
	m.Files = nil
	var blocks []struct {
		Type     string `json:"type"`
		Elements []struct {
			Type string `json:"type"`
		} `json:"elements"`
	}
	var raw []json.RawMessage
	if json.Unmarshal(m.Blocks, &blocks) != nil || json.Unmarshal(m.Blocks, &raw) != nil {
		return []part{{"text", m.Plain()}}
	}
	var all []part
	// Render each block as plain text with the simulator.
	for i, b := range blocks {
		one := m
		one.Blocks = append(append(json.RawMessage("["), raw[i]...), ']')
		kind := map[string]string{"header": "title", "context": "small"}[b.Type]
		if b.Type == "rich_text" && len(b.Elements) > 0 && b.Elements[0].Type == "rich_text_preformatted" {
			kind = "code"
		}
		if text := one.Plain(); text != "" {
			all = append(all, part{cmp.Or(kind, "text"), text})
		}
	}
	return all
}

func slackFiles(m slacksim.Message) []file {
	var all []file
	for _, f := range m.Files {
		all = append(all, newFile(f.Title, f.Content))
	}
	return all
}

func (c slackChat) form(user string) *form {
	v, open := c.View(user)
	if !open {
		return nil
	}
	f := &form{Key: v.ID, Title: v.Title, Submit: v.Submit, Close: cmp.Or(v.Close, "Cancel"), Error: v.Errors[""]}
	hints := hints(v.Blocks)
	for _, i := range v.Inputs() {
		f.Fields = append(f.Fields, field{i.BlockID, i.Label, hints[i.BlockID], i.Value, i.Options, i.Multiline, i.Optional, v.Errors[i.BlockID]})
	}
	return f
}

func hints(raw json.RawMessage) map[string]string {
	var blocks []struct {
		Block string `json:"block_id"`
		Hint  struct {
			Text string `json:"text"`
		} `json:"hint"`
	}
	_ = json.Unmarshal(raw, &blocks) // a form without hints is still a form
	hints := map[string]string{}
	for _, b := range blocks {
		hints[b.Block] = b.Hint.Text
	}
	return hints
}
