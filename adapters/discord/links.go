package discord

import (
	"context"
	"regexp"
	"strings"

	"purgebot/bot/chat"
)

const (
	maxLinks    = 10_000
	noLinks     = "There is no link in that message, so there is nothing to purge."
	unreadable  = "Discord does not show purgebot that message. Copy its links into /purge url."
	moreLinks   = "There are more links in that message than can be purged at once. Use /purge url with some of them."
	maxInFields = 900_000 // bytes of links: the limit of the bot's reader, minus room for other fields
)

// collected returns the links of the message that a command was used on: their addresses, never their labels.
// Missing parts of the message, and components of unknown types, do not affect the other links.
func (d *Discord) collected(ctx context.Context, c data) (*chat.Fields, error) {
	m, found := c.Resolved.Messages[c.TargetID]
	if !found {
		return nil, invalid(unreadable)
	}
	var l links
	if err := d.gather(ctx, &l, &m); err != nil {
		return nil, err
	}
	switch {
	case len(l.all) == 0:
		return nil, invalid(noLinks)
	case len(l.all) > maxLinks || l.size > maxInFields:
		return nil, invalid(moreLinks)
	}
	return &chat.Fields{Verb: "url", Targets: strings.Join(l.all, "\n")}, nil
}

func (d *Discord) gather(ctx context.Context, l *links, m *message) error {
	// Read the text, the embeds and the components.
	l.text(m.Content)
	for _, e := range m.Embeds {
		l.address(e.URL)
		l.text(e.Title)
		l.text(e.Description)
		for _, f := range e.Fields {
			l.text(f.Name + "\n" + f.Value)
		}
	}
	walk(m.Components, func(c component) {
		l.text(c.Content)
		l.address(c.URL)
	})
	// Read text files.
	for _, a := range m.Attachments {
		if !a.isText() {
			continue
		}
		text, err := d.fetch(ctx, a)
		if err != nil {
			return err
		}
		l.text(text)
	}
	// Read forwarded messages.
	for i := range m.Snapshots {
		if err := d.gather(ctx, l, &m.Snapshots[i].Message); err != nil {
			return err
		}
	}
	return nil
}

// isText reports whether a file is text, by its type or else by its name.
func (a attachment) isText() bool {
	return strings.HasPrefix(a.ContentType, "text/plain") || a.ContentType == "" && strings.HasSuffix(strings.ToLower(a.Filename), ".txt")
}

// links is a list of addresses, each once, in order of discovery. Addresses that markup delimits are in angle
// brackets, so that their last characters do not pass for punctuation.
type links struct {
	all  []string
	size int
	seen map[string]bool
}

func (l *links) add(address, written string) {
	if schemeAt(address) == 0 {
		return
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	if !l.seen[address] && len(l.all) <= maxLinks && l.size <= maxInFields {
		l.seen[address] = true
		l.all = append(l.all, written)
		l.size += len(written) + 1
	}
}

// address adds an address that stands alone.
func (l *links) address(s string) {
	if !strings.ContainsAny(s, " \t\r\n<>") {
		l.add(s, "<"+s+">")
	}
}

// text adds the links in markup. It reads each byte once: a link ends before the next one can begin.
func (l *links) text(s string) {
	for i := 0; i < len(s); {
		// Skip labels and text without a link.
		if s[i] == '[' {
			i += 1 + labelAt(s[i+1:])
			continue
		}
		if schemeAt(s[i:]) == 0 || i > 0 && letter(s[i-1]) {
			i++
			continue
		}
		// Add a link, without the punctuation and emphasis around a bare one.
		end, exact := linkEnd(s, i)
		address := s[i:end]
		if exact {
			l.add(address, "<"+address+">")
		} else {
			bare := strings.TrimRight(address, closing(s[:i]))
			if tail := tailOf(bare, s[end:]); tail != "" {
				bare, end = bare+tail, end+len(tail)
			}
			l.add(strings.TrimRight(bare, ".,;:!?'\")]}"), bare)
		}
		i = end
	}
}

// closing returns the marks that may close emphasis behind an address. A "*" is one of them only after an
// opening one; otherwise it is a pattern, which the bot explains.
func closing(before string) string {
	if strings.HasSuffix(before, "*") {
		return "*_~|"
	}
	return "_~|"
}

// ending matches the end of a file name at the end of a word.
var ending = regexp.MustCompile(`\.[A-Za-z0-9]{2,5}[.,;:!?)]*$`)

// tailOf returns the words after an address without a file ending, up to the word with one. The bot asks about
// the space in the name, so that its first half is not purged by mistake.
func tailOf(address, rest string) string {
	line := rest
	if markup := strings.IndexAny(rest, "\n<>`"); markup >= 0 {
		line = rest[:markup]
	}
	if before, _, more := strings.Cut(line, "://"); more {
		line = strings.TrimSuffix(strings.TrimSuffix(before, "https"), "http")
	}
	if _, rest, _ := strings.Cut(address, "://"); ending.MatchString(rest) && strings.Contains(rest, "/") || strings.ContainsAny(address, "?#") {
		return ""
	}
	tail, at := "", 0
	for word := range strings.FieldsSeq(line) {
		at += strings.Index(line[at:], word) + len(word)
		if ending.MatchString(word) && !strings.HasPrefix(word, "www.") {
			tail = line[:at]
		}
	}
	return tail
}

// labelAt returns the length of the label of a masked link, "](" included, or 0. Addresses in labels are
// skipped.
func labelAt(s string) int {
	n := strings.IndexAny(s, "[]\n")
	if n < 0 || !strings.HasPrefix(s[n:], "](") {
		return 0
	}
	return n + 2
}

// linkEnd returns the end of a link, and whether markup marks it: "<…>", "[label](…)" or a code span.
func linkEnd(s string, from int) (end int, exact bool) {
	before := byte(0)
	if from > 0 {
		before = s[from-1]
	}
	depth := 0
	for end = from; end < len(s); end++ {
		switch c := s[end]; {
		case c <= ' ' || c == '<' || c == 0x7f:
			return end, false
		case c == '>':
			return end, before == '<'
		case c == '`':
			return end, before == '`'
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 && before == '(' && from > 1 && s[from-2] == ']' {
				return end, true
			}
		}
	}
	return end, false
}

// schemeAt returns the length of the "https://" at the beginning of s, or 0.
func schemeAt(s string) int {
	for _, scheme := range []string{"https://", "http://"} {
		if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return len(scheme)
		}
	}
	return 0
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
