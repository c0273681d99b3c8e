package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"purgebot/adapters/discord/discordsim"
)

// connectIn is the time limit for purgebot's connection.
const connectIn = time.Minute

// discordChat is the chat in Discord.
type discordChat struct{ *discordsim.Sim }

var _ chat = discordChat{}

func (c discordChat) people() []person {
	var all []person
	for _, u := range c.Users() {
		if !u.Bot {
			all = append(all, person{u.ID, u.Name})
		}
	}
	return all
}

// ready waits for the gateway and the commands.
func (c discordChat) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectIn)
	defer cancel()
	err := c.Wait(ctx, func() bool {
		return c.Gateway().Live > 0 && string(c.Commands(discordsim.HQ)) != "[]"
	})
	if err != nil {
		return fmt.Errorf("purgebot is not there: it did not connect to the simulated Discord: %w", err)
	}
	return nil
}

// say types text in the form that Discord's client offers. Text in purgebot's own syntax is converted.
func (c discordChat) say(user, thread, text string) error {
	return answered(c, user, text, func() error {
		return c.delivered(c.Type(user, cmp.Or(thread, discordsim.CDN), asOptions(text, menuOf(c.Commands(discordsim.HQ)))))
	})
}

func (c discordChat) example() string { return "/purge url https://www.test.com/1.jpg" }

// press presses a button in the channel, or else in the bot's direct messages to the user.
func (c discordChat) press(user, channel, message, label string) error {
	if channel == "" {
		if d := c.Press(user, discordsim.CDN, message, label); d.Refused == "" {
			return c.delivered(d)
		}
		channel = c.DM(user)
	}
	return c.delivered(c.Press(user, cmp.Or(channel, discordsim.CDN), message, label))
}

func (c discordChat) submit(user string, values map[string]string) error {
	return c.delivered(c.Submit(user, values))
}

func (c discordChat) dismiss(user string) error {
	if _, open := c.Modal(user); !open {
		return errors.New("no form is open")
	}
	c.Dismiss(user)
	return nil
}

func (c discordChat) delivered(d discordsim.Delivery) error {
	switch {
	case d.Refused != "":
		return errors.New(d.Refused)
	case d.Err != nil || !d.Acknowledged():
		return errors.New("purgebot did not answer in time")
	}
	return nil
}

func (c discordChat) changed() <-chan struct{} { return c.Changed() }

// messages returns the messages of #cdn with its threads, and the bot's direct messages to the user.
func (c discordChat) messages(user string) []message {
	var shown []message
	for _, in := range c.Channels() {
		direct := in.Kind == discordsim.DM && slices.Contains(in.People, user)
		if in.ID != discordsim.CDN && !direct {
			continue
		}
		for _, m := range c.Visible(user, in.ID) {
			shown = append(shown, c.message(m, direct))
		}
	}
	slices.SortStableFunc(shown, func(a, b message) int { return cmp.Compare(a.ID, b.ID) })
	return shown
}

func (c discordChat) message(m discordsim.Message, direct bool) message {
	shown := message{
		Key: m.Channel + m.ID, Channel: m.Channel, ID: m.ID, At: born(m.ID), From: "Discord", Who: "chat",
		OnlyYou: m.To != "", Direct: direct, Edited: m.Edited, Open: m.Thread != "", text: m.Plain(),
	}
	// Find the thread and the author.
	if in, found := c.Channel(m.Channel); found && in.Parent != "" {
		shown.Root = in.Parent + in.ID // a thread has the id of its first message
	}
	if u, found := c.User(m.User); found {
		shown.From, shown.Who = u.Name, "person"
		if u.Bot {
			shown.Who = "bot"
		}
	}
	// Add the parts, buttons and files.
	shown.Parts = discordParts(m)
	for _, b := range m.Buttons() {
		shown.Buttons = append(shown.Buttons, button{b.Label, map[int]string{1: "primary", 4: "danger"}[b.Style]})
	}
	for _, f := range m.Files {
		shown.Files = append(shown.Files, newFile(f.Name, f.Content))
	}
	return shown
}

// born returns the creation time of an id, in Unix milliseconds:
// https://docs.discord.com/developers/reference#snowflakes
func born(id string) int64 {
	n, _ := strconv.ParseUint(id, 10, 64)
	return int64(n>>22) + 1420070400000
}

// fence matches a block of code in Discord's markup.
var fence = regexp.MustCompile("(?s)```\n.*?\n```")

// discordParts splits a message into its embeds, and the embeds at blocks of code.
func discordParts(m discordsim.Message) []part {
	var all []part
	var embeds []struct {
		Title       string          `json:"title"`
		Description string          `json:"description"`
		Footer      json.RawMessage `json:"footer"`
	}
	_ = json.Unmarshal(m.Embeds, &embeds) // a message without embeds is still a message
	m.Embeds, m.Components, m.Files = nil, nil, nil
	// Render markup as plain text with the simulator.
	add := func(kind, markup string) {
		one := m
		one.Content, one.Snapshots = markup, nil
		if text := one.Plain(); text != "" {
			all = append(all, part{kind, text})
		}
	}
	// Add the content, and then the parts of each embed.
	if plain := m.Plain(); plain != "" {
		all = append(all, part{"text", plain})
	}
	for _, e := range embeds {
		add("title", e.Title)
		at := 0
		for _, code := range fence.FindAllStringIndex(e.Description, -1) {
			add("text", e.Description[at:code[0]])
			add("code", e.Description[code[0]:code[1]])
			at = code[1]
		}
		add("text", e.Description[at:])
		var footer struct{ Text string }
		if json.Unmarshal(e.Footer, &footer) == nil && footer.Text != "" {
			all = append(all, part{"small", footer.Text})
		}
	}
	return all
}

func (c discordChat) form(user string) *form {
	m, open := c.Modal(user)
	if !open {
		return nil
	}
	f := &form{Key: m.CustomID, Title: m.Title, Submit: "Submit", Close: "Cancel", Error: m.Error}
	for _, i := range m.Inputs() {
		f.Fields = append(f.Fields, field{i.CustomID, i.Label, i.Hint, i.Initial, i.Choices, i.Lines, i.Optional, ""})
	}
	return f
}
