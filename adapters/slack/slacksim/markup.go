package slacksim

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// typed is what a person typed, as Slack keeps it.
type typed struct {
	text    string          // of a message
	command string          // of a slash command with should_escape
	blocks  json.RawMessage // one rich_text block
	ids     []string        // whom it names
}

func (t typed) mentions(user string) bool { return slices.Contains(t.ids, "<@"+user+">") }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape: the three entities of https://docs.slack.dev/messaging/formatting-message-text/#escaping
func escape(s string) string { return escaper.Replace(s) }

// run is a stretch of typed text: plain, code, a link, or somebody's name.
type run struct {
	element node   // in the rich_text block
	text    string // in the message's text
	command string // in a slash command with should_escape
}

// compose turns what was typed into the text and the rich_text block that Slack's client sends.
func (w *Workspace) compose(text string) typed {
	var t typed
	var texts, commands []string
	var elements []node
	for _, p := range paragraphs(text) {
		runs := []run{textRun(p.text)}
		if p.kind != "rich_text_preformatted" {
			runs = w.runs(p.text)
		}
		said, command, inner := join(runs)
		texts, commands = append(texts, p.before+said+p.after), append(commands, command)
		elements = append(elements, node{"type": p.kind, "elements": inner})
	}
	t.text, t.command = strings.Join(texts, "\n"), strings.Join(commands, "\n")
	t.blocks = rawJSON([]node{{"type": "rich_text", "block_id": w.random(3), "elements": elements}})
	t.ids = mentionsIn(t.text)
	return t
}

func join(runs []run) (text, command string, elements []node) {
	var said, commanded strings.Builder
	for _, r := range runs {
		said.WriteString(r.text)
		commanded.WriteString(r.command)
		elements = append(elements, r.element)
	}
	return said.String(), commanded.String(), elements
}

// paragraph is a stretch of lines that rich_text keeps apart: ordinary ones, a quote, or a fenced block of code.
type paragraph struct{ kind, text, before, after string }

func paragraphs(text string) []paragraph {
	var all []paragraph
	for i, part := range strings.Split(text, "```") {
		if i%2 == 1 {
			all = append(all, paragraph{"rich_text_preformatted", strings.Trim(part, "\n"), "```", "```"})
			continue
		}
		if part = strings.Trim(part, "\n"); part != "" {
			all = append(all, proseAndQuotes(part)...)
		}
	}
	return all
}

func proseAndQuotes(text string) []paragraph {
	var all []paragraph
	for line := range strings.SplitSeq(text, "\n") {
		p := paragraph{kind: "rich_text_section", text: line}
		if quoted, is := strings.CutPrefix(line, ">"); is {
			p = paragraph{"rich_text_quote", strings.TrimPrefix(quoted, " "), "&gt; ", ""}
		}
		if last := len(all) - 1; last >= 0 && p.before == "" && all[last].before == "" {
			all[last].text += "\n" + line
			continue
		}
		all = append(all, p)
	}
	return all
}

// What the client links. Hosts without a scheme get one invented, http, if they end as hosts do.
var (
	codeSpan = regexp.MustCompile("^`([^`\n]+)`")
	fullURL  = regexp.MustCompile("^https?://[^\\s<>\"`]+")
	bareHost = regexp.MustCompile("^(?i)([a-z0-9][a-z0-9-]*\\.)+(com|net|org|cn|io|dev|app|co|info|example|test)\\b(/[^\\s<>\"`]*)?")
	atName   = regexp.MustCompile(`^@[a-z0-9][a-z0-9._-]*`)
	hashName = regexp.MustCompile(`^#[a-z0-9][a-z0-9_-]*`)
)

// runs splits a line into what the client makes of it.
func (w *Workspace) runs(text string) []run {
	var all []run
	plain := 0 // where the plain text began that is not yet in all
	for i := 0; i < len(text); {
		r, length := w.special(text[i:], i == 0 || boundary(text[i-1]))
		if length == 0 {
			i++
			continue
		}
		if plain < i {
			all = append(all, textRun(text[plain:i]))
		}
		all = append(all, r)
		i += length
		plain = i
	}
	if plain < len(text) {
		all = append(all, textRun(text[plain:]))
	}
	return all
}

func boundary(before byte) bool { return strings.IndexByte(" \t\n(,;:\"'*_~", before) >= 0 }

// special reads a code span, a link or a name at the start of s, and says how long it is; 0 is none.
func (w *Workspace) special(s string, atStart bool) (run, int) {
	if code := codeSpan.FindStringSubmatch(s); code != nil {
		r := textRun(code[1])
		r.element["style"] = node{"code": true}
		r.text, r.command = "`"+r.text+"`", "`"+r.command+"`"
		return r, len(code[0])
	}
	if !atStart {
		return run{}, 0
	}
	if link := trimLink(fullURL.FindString(s)); link != "" {
		return linkRun(link, ""), len(link)
	}
	if host := trimLink(bareHost.FindString(s)); host != "" {
		return linkRun("http://"+host, host), len(host)
	}
	name := atName.FindString(s)
	if name == "" {
		name = hashName.FindString(s)
	}
	return w.nameRun(strings.TrimRight(name, "._-"))
}

// trimLink cuts the punctuation that ends a sentence, and a bracket that was opened before the link.
func trimLink(link string) string {
	for {
		cut := strings.TrimRight(link, ".,;:!?'*_~")
		if strings.HasSuffix(cut, ")") && strings.Count(cut, "(") < strings.Count(cut, ")") {
			cut = cut[:len(cut)-1]
		}
		if cut == link {
			return link
		}
		link = cut
	}
}

func textRun(s string) run {
	return run{element: node{"type": "text", "text": s}, text: escape(s), command: escape(s)}
}

func linkRun(url, label string) run {
	r := run{element: node{"type": "link", "url": url}, text: "<" + escape(url) + ">"}
	if label != "" {
		r.element["text"] = label
		r.text = "<" + escape(url) + "|" + escape(label) + ">"
	}
	r.command = r.text
	return r
}

// nameRun resolves "@alice", "@oncall", "@channel" and "#cdn"; an unknown name stays text.
func (w *Workspace) nameRun(name string) (run, int) {
	if name == "" {
		return run{}, 0
	}
	bare := name[1:]
	if slices.Contains([]string{"@channel", "@here", "@everyone"}, name) {
		return run{node{"type": "broadcast", "range": bare}, "<!" + bare + ">", "<!" + bare + ">"}, len(name)
	}
	for id, shown := range w.names {
		if shown != name {
			continue
		}
		switch id[0] {
		case 'S':
			markup := "<!subteam^" + id + "|" + name + ">"
			return run{node{"type": "usergroup", "usergroup_id": id}, markup, markup}, len(name)
		case 'C':
			return run{node{"type": "channel", "channel_id": id}, "<#" + id + "|" + bare + ">", "<#" + id + "|" + bare + ">"}, len(name)
		case 'U', 'W':
			return run{node{"type": "user", "user_id": id}, "<@" + id + ">", "<@" + id + "|" + bare + ">"}, len(name)
		}
	}
	return run{}, 0
}
