package discord

import (
	"slices"
	"strings"

	"purgebot/bot/chat"
)

// sent is a message in Discord's answer: the shown message, which may differ from the one sent.
type sent struct {
	ID          string       `json:"id"`
	ChannelID   string       `json:"channel_id"`
	Content     string       `json:"content"`
	Embeds      []sentEmbed  `json:"embeds"`
	Components  []component  `json:"components"`
	Attachments []attachment `json:"attachments"`
}

// ref returns the place of a message that was posted to channel. A nonce counts in all channels, so the place
// may be another channel.
func (s sent) ref(channel string) chat.MessageRef {
	if snowflake(s.ChannelID) {
		channel = s.ChannelID
	}
	return chat.MessageRef{Channel: channel, ID: s.ID}
}

// says reports whether the shown message equals the intended one. Blanks do not count, because Discord trims
// them.
func (s sent) says(m outgoing, files []*chat.File) bool {
	return sameText(s.Content, m.Content) && slices.EqualFunc(s.Embeds, m.Embeds, sentEmbed.says) &&
		slices.EqualFunc(s.buttons(), m.buttons(), button.same) && s.has(files)
}

func (s sentEmbed) says(e embed) bool {
	foot := ""
	if e.Footer != nil {
		foot = e.Footer.Text
	}
	return sameText(s.Title, e.Title) && sameText(s.Description, e.Description) && sameText(s.Footer.Text, foot) && s.Color == e.Color
}

// has reports whether exactly these files are attached to the message.
func (s sent) has(files []*chat.File) bool {
	return slices.EqualFunc(s.Attachments, files, func(a attachment, f *chat.File) bool { return a.Filename == f.Name })
}

func (s sent) buttons() []button {
	var all []button
	walk(s.Components, func(c component) {
		if c.Type == typeButton {
			all = append(all, button{Type: typeButton, Style: c.Style, Label: c.Label, CustomID: c.CustomID})
		}
	})
	return all
}

// same reports whether two buttons look and work alike.
func (b button) same(other button) bool {
	return b.Style == other.Style && sameText(b.Label, other.Label) && b.CustomID == other.CustomID
}

func (m outgoing) buttons() []button {
	var all []button
	for _, r := range m.Components {
		all = append(all, r.Components...)
	}
	return all
}

func sameText(a, b string) bool { return slices.Equal(strings.Fields(a), strings.Fields(b)) }
