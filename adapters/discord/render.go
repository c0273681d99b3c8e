package discord

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"purgebot/acl"
	"purgebot/bot/chat"
)

// Limits of a message: https://docs.discord.com/developers/resources/message#embed-object-embed-limits and
// https://docs.discord.com/developers/components/reference#button
const (
	maxContent     = 2000
	maxTitle       = 256
	maxDescription = 4096
	maxFooter      = 400 // of 2048, so that all embeds stay below their limit of 6000
	maxTargets     = 2600
	maxLine        = 1000
	maxButton      = 80
	maxRow         = 5
	maxButtons     = 25
	maxMention     = 50
	maxCustomID    = 100
)

// outgoing is a message in Discord's format. The text of a card is in the embed, which neither notifies nor
// unfurls; the content holds only mentions. A nil field is omitted and leaves an edited message unchanged; an
// empty one clears that part.
type outgoing struct {
	Content      string     `json:"content"`
	Embeds       []embed    `json:"embeds,omitzero"`
	Components   []row      `json:"components,omitzero"`
	Mentions     mentions   `json:"allowed_mentions"`
	Flags        int        `json:"flags,omitempty"`
	Nonce        string     `json:"nonce,omitempty"`
	EnforceNonce bool       `json:"enforce_nonce,omitempty"`
	Reference    *reference `json:"message_reference,omitempty"`
	Attachments  *[]upload  `json:"attachments,omitempty"`

	hides  bool   // the card does not show all targets
	inFile string // the end of the text, which names the file
}

type embed struct {
	Title       string  `json:"title,omitempty"`
	Description string  `json:"description,omitempty"`
	Color       int     `json:"color,omitempty"`
	Footer      *footer `json:"footer,omitempty"`
}

type footer struct {
	Text string `json:"text"`
}

type row struct {
	Type       int      `json:"type"`
	Components []button `json:"components"`
}

type button struct {
	Type     int    `json:"type"`
	Style    int    `json:"style"`
	Label    string `json:"label"`
	CustomID string `json:"custom_id"`

	confirms bool
}

// mentions lists the people and roles to notify. The field parse is always present and never null, because its
// absence means everyone: https://docs.discord.com/developers/resources/message#allowed-mentions-object
type mentions struct {
	Parse       []string `json:"parse"`
	Users       []string `json:"users,omitempty"`
	Roles       []string `json:"roles,omitempty"`
	RepliedUser bool     `json:"replied_user"`
}

var nobody = mentions{Parse: []string{}}

type reference struct {
	MessageID string `json:"message_id"`
	FailIf    bool   `json:"fail_if_not_exists"`
}

type upload struct {
	ID       int    `json:"id"`
	Filename string `json:"filename"`
}

// attached adds the names of a message's files.
func attached(m outgoing, files []*chat.File) outgoing {
	if len(files) == 0 {
		return m
	}
	var all []upload
	for i, f := range files {
		all = append(all, upload{i, f.Name})
	}
	m.Attachments = &all
	return m
}

var toneMarks = map[chat.Tone]string{
	chat.Waiting: "⏳ ", chat.Busy: "🔄 ", chat.Good: "✅ ", chat.Bad: "❌ ", chat.Unsure: "⚠️ ",
}

var toneColors = map[chat.Tone]int{
	chat.Waiting: 0xF1C40F, chat.Busy: 0x3498DB, chat.Good: 0x2ECC71, chat.Bad: 0xE74C3C, chat.Unsure: 0xE67E22,
}

// message renders a card, with its files.
func (d *Discord) message(c chat.Card) (outgoing, []*chat.File) {
	// Begin with the buttons and mentions.
	m := outgoing{Mentions: nobody, Components: buttons(c.Buttons)}
	m.Content, m.Mentions = d.mentioned(c.Mention)
	// Write the embed, with a long title as the first line.
	e := embed{Color: toneColors[c.Tone]}
	body := text{left: maxDescription}
	title := chat.OneLine(toneMarks[c.Tone] + c.Title)
	if chat.Units(escape(title, maxLine)) <= maxTitle {
		e.Title = escape(title, maxTitle)
	} else {
		body.line(escape(title, maxLine))
	}
	files := d.describe(&body, c, &m)
	e.Description = body.String()
	if strings.TrimSpace(chat.OneLine(c.Footer)) != "" {
		e.Footer = &footer{chat.Clip(chat.OneLine(c.Footer), maxFooter)}
	}
	// Fill an empty embed, which Discord would refuse.
	if strings.TrimSpace(e.Title+e.Description) == "" && e.Footer == nil {
		e.Title = "…"
	}
	m.Embeds = []embed{e}
	if len(files) == 0 || c.More > 0 && c.File == nil { // the targets cannot be read anywhere
		m = m.withoutFile("", sayListRefused)
	}
	return m, files
}

// withoutFile returns the message without its file, with the notice say. If only that file shows some targets,
// the buttons that confirm them are removed, and the notice is sayList, which names the way out.
func (m outgoing) withoutFile(say, sayList string) outgoing {
	m.Embeds = slices.Clone(m.Embeds)
	for i := range m.Embeds {
		m.Embeds[i].Description = strings.TrimSuffix(m.Embeds[i].Description, m.inFile)
	}
	if m.hides && slices.ContainsFunc(m.buttons(), func(b button) bool { return b.confirms }) {
		m.Components, say = unconfirmed(m.Components), sayList
	}
	m.Content = strings.TrimSpace(m.Content + "\n" + say)
	return m
}

func unconfirmed(rows []row) []row {
	left := []row{}
	for _, r := range rows {
		some := slices.DeleteFunc(slices.Clone(r.Components), func(b button) bool { return b.confirms })
		if len(some) > 0 {
			left = append(left, row{Type: r.Type, Components: some})
		}
	}
	return left
}

// unembedded returns the message without embeds, as content, which holds less. A message that does not fit has
// no buttons, because people must not confirm a text that they cannot read to its end.
func (m outgoing) unembedded() outgoing {
	body := text{left: maxContent - 200} // room for the end of a code block and for sayNoEmbeds
	// Write as much of the text as fits.
	whole := body.line(m.Content)
	for _, e := range m.Embeds {
		said := e.Title + "\n" + e.Description
		if e.Footer != nil {
			said += "\n" + escape(e.Footer.Text, 2*maxFooter)
		}
		for l := range strings.SplitSeq(said, "\n") {
			whole = whole && body.line(l)
		}
	}
	// Close an open code block of a cut text, and remove the buttons.
	if !whole {
		if strings.Count(body.String(), "```")%2 == 1 {
			body.WriteString("\n```")
		}
		body.WriteString("\n" + sayNoEmbeds)
		m.Components = []row{}
	}
	m.Content, m.Embeds, m.Flags = body.String(), []embed{}, m.Flags|suppressEmbeds
	return m
}

// within adapts a message and its files to the permissions in a channel.
func (m outgoing) within(may permission, files []*chat.File) (outgoing, []*chat.File) {
	if !may.has(attachFiles) && len(files) > 0 {
		m, files = m.withoutFile(sayNoFile, sayNoList), nil
	}
	if !may.has(embedLinks) && len(m.Embeds) > 0 {
		m = m.unembedded()
	}
	return m, files
}

// describe writes the requester, the lines and the targets of a card. It records the number of hidden targets
// on the message, and returns the files.
func (d *Discord) describe(body *text, c chat.Card, m *outgoing) []*chat.File {
	if c.By != "" {
		body.line("by " + d.by(c.By))
	}
	code, hidden, long := fit(c.Targets)
	files := filesOf(c, hidden, long)
	more := ""
	if n := c.More + hidden; n > 0 {
		more, m.hides = fmt.Sprintf("+%d more", n), true
		if len(files) > 0 {
			m.inFile = ", in the file " + escape(chat.OneLine(files[0].Name), 200)
		}
	}
	lines(body, c.Lines, chat.Units(code)+chat.Units(more+m.inFile)+40)
	body.line(code)
	if !body.line(more + m.inFile) {
		m.inFile = ""
	}
	return files
}

// filesOf returns the file of a card. Without one, it returns a file of all targets if hidden ones are to be
// confirmed, or if one is too long for every message: people must not confirm a text that they cannot read to
// its end.
func filesOf(c chat.Card, hidden int, long bool) []*chat.File {
	confirms := slices.ContainsFunc(c.Buttons, func(b chat.Button) bool { return b.Confirms })
	switch {
	case c.File != nil && c.File.Text != "":
		return []*chat.File{{Name: chat.Clip(chat.OneLine(c.File.Name), 100), Text: c.File.Text}}
	case hidden > 0 && (long || confirms && c.More == 0):
		return []*chat.File{{Name: "targets.txt", Text: strings.Join(c.Targets, "\n") + "\n"}}
	}
	return nil
}

// by names a person without notifying them: mentions in embeds never notify. The id is added because names are
// not unique.
func (d *Discord) by(who acl.Subject) string {
	if id := d.ours(who); id != "" {
		return "<@" + id + "> (" + id + ")"
	}
	return escape(chat.OneLine(string(who)), 200)
}

// mentioned returns the markup that notifies the people and roles of the guild. Others cannot be notified.
func (d *Discord) mentioned(who []acl.Subject) (content string, m mentions) {
	m = nobody
	for _, w := range who[:min(len(who), maxMention)] {
		if id := d.ours(w); id != "" {
			content += "<@" + id + "> "
			m.Users = append(m.Users, id)
		} else if id := d.oursRole(w); id != "" {
			content += "<@&" + id + "> "
			m.Roles = append(m.Roles, id)
		}
	}
	return strings.TrimSpace(content), m
}

// text is lines with a limit of units.
type text struct {
	strings.Builder
	left int
}

func (t *text) line(s string) bool {
	n := chat.Units(s) + 1
	if s == "" || n > t.left {
		return s == ""
	}
	if t.Len() > 0 {
		t.WriteByte('\n')
	}
	t.WriteString(s)
	t.left -= n
	return true
}

// lines writes lines as text, keeps room for the text after them, and adds the number of remaining lines.
func lines(body *text, all []string, room int) {
	for i, l := range all {
		l = escape(chat.OneLine(l), maxLine)
		if strings.TrimSpace(l) == "" {
			continue
		}
		if chat.Units(l)+1 > body.left-room {
			body.line(fmt.Sprintf("… and %d more lines", len(all)-i))
			return
		}
		body.line(l)
	}
}

// fit shows targets as code, each one whole. It also returns the number of hidden targets, and whether one is
// too long for every message.
func fit(targets []string) (code string, hidden int, long bool) {
	var b strings.Builder
	fenced := false
	fence := func(on bool) {
		if on != fenced {
			b.WriteString("```\n")
			fenced = on
		}
	}
	used := 0
	for i, t := range targets {
		t = chat.OneLine(t)
		bare := strings.Contains(t, "`")
		if bare { // a backquote would end the code
			t = escape(t, 2*len(t)+1)
		}
		n := chat.Units(t) + 9
		if used+n > maxTargets {
			for _, t := range targets[i:] {
				long = long || chat.Units(t) > maxTargets/2
			}
			hidden = len(targets) - i
			break
		}
		used += n
		fence(!bare)
		b.WriteString(t + "\n")
	}
	fence(false)
	return strings.TrimSuffix(b.String(), "\n"), hidden, long
}

var styles = map[chat.Style]int{chat.Primary: 1, chat.Plain: 2, chat.Danger: 4}

func buttons(all []chat.Button) []row {
	rows := []row{}
	for i, b := range all[:min(len(all), maxButtons)] {
		if i%maxRow == 0 {
			rows = append(rows, row{Type: 1})
		}
		last := &rows[len(rows)-1]
		last.Components = append(last.Components, button{typeButton, styles[b.Style], chat.Clip(chat.OneLine(b.Label), maxButton), b.Token, b.Confirms})
	}
	return rows
}

// nonce makes Discord merge repetitions of a post, for a few minutes:
// https://docs.discord.com/developers/resources/message#create-message
func nonce(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:18]) // 24 of at most 25 characters
}
