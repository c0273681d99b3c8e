package slack

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/slack-go/slack"

	"purgebot/acl"
	"purgebot/bot/chat"
)

// Limits of a message: https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/reference/methods/chat.postMessage
const (
	maxHeader  = 150
	maxText    = 3000 // for one text object, and for the text in notifications
	maxButton  = 75
	maxActions = 25
	maxMention = 50
	// Slack refuses blocks of more than about 13,000 characters in all. One target of 8,192 fits with 3,000 for
	// lines.
	maxTargets = 8500
	maxCard    = 11500
)

// message is a card in Slack's format.
type message struct {
	ResponseType    string        `json:"response_type"`
	ReplaceOriginal bool          `json:"replace_original"`
	ThreadTS        string        `json:"thread_ts,omitempty"`
	Text            string        `json:"text"`
	Blocks          []slack.Block `json:"blocks"`
	Markdown        bool          `json:"mrkdwn"`
	Parse           string        `json:"parse"`
	UnfurlLinks     bool          `json:"unfurl_links"`
	UnfurlMedia     bool          `json:"unfurl_media"`
}

// message renders a card as an ephemeral message. Callers may take its text and blocks for another one.
func (s *Slack) message(ctx context.Context, c chat.Card, file string) message {
	r := rendering{by: s.nameOf(ctx, c.By), mention: s.mentions(ctx, c.Mention), file: file}
	return message{ResponseType: "ephemeral", Text: fallback(c), Blocks: r.blocks(c), Parse: "none"}
}

// nameOf returns a person's name and id as plain text, because a mention in a new message would notify. The id
// is added because names are not unique.
func (s *Slack) nameOf(ctx context.Context, who acl.Subject) string {
	if who == "" {
		return ""
	}
	me, err := s.whoami(ctx, forever)
	id := ours(me.team, who, userID)
	if err != nil || id == "" {
		return string(who)
	}
	if p, known := s.people.peek(id); known && p.Name != "" {
		return chat.Clip(chat.OneLine(p.Name), 80) + " (" + id + ")"
	}
	p, err := s.askPerson(me, id, time.Hour).wait(ctx)
	if err != nil || p.Name == "" {
		return id
	}
	return chat.Clip(chat.OneLine(p.Name), 80) + " (" + id + ")"
}

// mentions returns the markup that notifies the people and user groups of this workspace. Others cannot be
// notified.
func (s *Slack) mentions(ctx context.Context, who []acl.Subject) string {
	if len(who) == 0 {
		return ""
	}
	me, _ := s.whoami(ctx, forever)
	var all []string
	for _, w := range who[:min(len(who), maxMention)] {
		if id := ours(me.team, w, userID); id != "" {
			all = append(all, "<@"+id+">")
		} else if id := ours(me.team, w, groupID); id != "" {
			all = append(all, "<!subteam^"+id+">")
		}
	}
	return strings.Join(all, " ")
}

// rendering is the context of a card that the card does not hold.
type rendering struct {
	by, mention string
	file        string // name of the file in the thread
}

var toneMarks = map[chat.Tone]string{
	chat.Waiting: "⏳ ", chat.Busy: "🔄 ", chat.Good: "✅ ", chat.Bad: "❌ ", chat.Unsure: "⚠️ ",
}

// blocks builds each block from plain text; the mentions are the only markup. Slack assigns the block ids,
// because it requires new ones at every edit.
func (r rendering) blocks(c chat.Card) []slack.Block {
	targets, used, hidden := fit(c.Targets)
	b := title(toneMarks[c.Tone] + c.Title)
	if r.by != "" || r.mention != "" {
		b = append(b, r.who())
	}
	b = append(b, targets...)
	if n := c.More + hidden; n > 0 {
		b = append(b, small(r.more(n, c.File)))
	}
	b = append(b, paragraphs(c.Lines, maxCard-used)...)
	if strings.TrimSpace(chat.OneLine(c.Footer)) != "" {
		b = append(b, small(c.Footer))
	}
	return append(b, buttons(c.Buttons)...)
}

func title(s string) []slack.Block {
	if s = chat.OneLine(s); chat.Units(s) > maxHeader {
		return paragraphs([]string{s}, maxText)
	}
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return []slack.Block{&slack.HeaderBlock{Type: slack.MBTHeader, Text: plainText(s, maxHeader)}}
}

func (r rendering) who() slack.Block {
	var e slack.ContextElements
	if r.by != "" {
		e.Elements = append(e.Elements, plainText("by "+r.by, maxText))
	}
	if r.mention != "" {
		e.Elements = append(e.Elements, &slack.TextBlockObject{Type: slack.MarkdownType, Text: r.mention, Verbatim: true})
	}
	return &slack.ContextBlock{Type: slack.MBTContext, ContextElements: e}
}

func small(s string) slack.Block {
	return &slack.ContextBlock{Type: slack.MBTContext, ContextElements: slack.ContextElements{Elements: []slack.MixedElement{plainText(s, maxText)}}}
}

// leftOut returns the number of targets that a card does not show.
func leftOut(c chat.Card) int {
	_, _, hidden := fit(c.Targets)
	return c.More + hidden
}

func (r rendering) more(n int, f *chat.File) string {
	if f != nil && r.file != "" {
		return fmt.Sprintf("+%d more, in the file %s of this thread", n, r.file)
	}
	return fmt.Sprintf("+%d more", n)
}

// paragraphs shows lines as text, at most budget units, and the number of remaining lines.
func paragraphs(lines []string, budget int) []slack.Block {
	// Gather lines up to the budget.
	var text chunks
	left := 0
	for i, l := range lines {
		l = chat.Clip(chat.OneLine(l), maxText)
		if budget -= chat.Units(l) + 1; budget < 0 {
			left = len(lines) - i
			break
		}
		text.add(l)
	}
	var blocks []slack.Block
	for _, t := range text {
		if strings.TrimSpace(t) != "" {
			blocks = append(blocks, &slack.SectionBlock{Type: slack.MBTSection, Text: textObject(t)})
		}
	}
	if left > 0 {
		blocks = append(blocks, small(fmt.Sprintf("… and %d more lines", left)))
	}
	return blocks
}

// fit shows targets as code, each one whole. It also returns the units used and the number of hidden targets.
func fit(targets []string) (blocks []slack.Block, used, hidden int) {
	// Gather targets up to the limit.
	var code chunks
	for i, t := range targets {
		t = chat.OneLine(t)
		if used+chat.Units(t)+1 > maxTargets {
			hidden = len(targets) - i
			break
		}
		used += chat.Units(t) + 1
		code.add(t)
	}
	if len(code) == 0 {
		return nil, used, hidden
	}
	// Write them as one block of code.
	b := &slack.RichTextBlock{Type: slack.MBTRichText}
	for _, c := range code {
		b.Elements = append(b.Elements, &slack.RichTextPreformatted{
			Type: slack.RTEPreformatted, Elements: []slack.RichTextSectionElement{&slack.RichTextSectionTextElement{Type: slack.RTSEText, Text: c}},
		})
	}
	return []slack.Block{b}, used, hidden
}

// chunks is lines gathered into texts of at most maxText units. Only a longer line is cut.
type chunks []string

func (c *chunks) add(line string) {
	for i, piece := range split(line, maxText) {
		last := len(*c) - 1
		if i == 0 && last >= 0 && chat.Units((*c)[last])+1+chat.Units(piece) <= maxText {
			(*c)[last] += "\n" + piece
		} else {
			*c = append(*c, piece)
		}
	}
}

func buttons(all []chat.Button) []slack.Block {
	var blocks []slack.Block
	for from := 0; from < len(all); from += maxActions {
		row := &slack.ActionBlock{Type: slack.MBTAction, Elements: &slack.BlockElements{}}
		for i, b := range all[from:min(from+maxActions, len(all))] {
			row.Elements.ElementSet = append(row.Elements.ElementSet, &slack.ButtonBlockElement{
				Type: slack.METButton, ActionID: fmt.Sprintf("b%d", from+i), Value: b.Token, Text: plainText(b.Label, maxButton), Style: slack.Style(b.Style),
			})
		}
		blocks = append(blocks, row)
	}
	return blocks
}

// plainText returns s as text without markup, on one line, at most limit units long.
func plainText(s string, limit int) *slack.TextBlockObject {
	return textObject(chat.Clip(chat.OneLine(s), limit))
}

func textObject(s string) *slack.TextBlockObject {
	emoji := false
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: s, Emoji: &emoji}
}

// fallback returns the text for notifications and screen readers: the card without its people, escaped, at most
// maxText units.
func fallback(c chat.Card) string {
	var b strings.Builder
	left := maxText
	for _, part := range append(append([]string{c.Title}, c.Lines...), c.Targets...) {
		for _, r := range chat.OneLine(part) + "\n" {
			escaped := escaper.Replace(string(r))
			n := len(escaped)
			if escaped == string(r) {
				n = utf16.RuneLen(r)
			}
			if left -= n; left < 1 {
				return b.String() + "…"
			}
			b.WriteString(escaped)
		}
	}
	return strings.TrimSpace(b.String())
}
