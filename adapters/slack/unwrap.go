package slack

import (
	"strings"
	"unicode/utf8"
)

// unwrap removes Slack's markup from text, in one pass: links become their address, and the three entities
// become characters, once. Names of people, channels and groups ("<@U1>") stay, and so do other angle brackets:
// the bot reads them as prose. https://docs.slack.dev/messaging/formatting-message-text/
func unwrap(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for closing := -1; ; {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			break
		}
		// Find the end of the markup.
		if closing < open { // otherwise it is known already, so hostile text is not searched repeatedly
			if closing = strings.IndexByte(s[open:], '>'); closing < 0 {
				break
			}
			closing += open
		}
		// Write the text before it, and the markup itself as plain text.
		unescape(&b, s[:open])
		whole, n := s[open:closing+1], 1
		address, label, is := linked(whole)
		switch {
		case is:
			n = len(whole)
			link(&b, address, label, s[closing+1:])
		case named(whole):
			n = len(whole)
			b.WriteString(whole)
		default:
			b.WriteByte('<')
		}
		s = s[open+n:]
		closing -= open + n
	}
	unescape(&b, s)
	return b.String()
}

// set returns a table of the bytes in a string.
func set(in string) (has [256]bool) {
	for _, c := range []byte(in) {
		has[c] = true
	}
	return has
}

var (
	space    = set(" \t\r\n")
	before   = set(" \t\r\n([{<\"'`=*_~")   // bytes that may stand directly before an address
	after    = set(" \t\r\n.,;:!?'\")]}>`") // bytes that may stand directly after one
	emphasis = set("*_~")                   // marks of emphasis, or of a pattern that Slack cut off the link
	cut      = set(".,;:!?'\")]}*_~`")      // final bytes that bare text does not count as part of an address
)

// linked splits "<address|label>". An address in Slack's markup has a scheme and no space.
func linked(whole string) (address, label string, is bool) {
	address = whole[1 : len(whole)-1]
	colon := false
	for i, c := range []byte(address) {
		switch {
		case space[c], c == '<', i == 0 && (c == '@' || c == '#' || c == '!'):
			return "", "", false
		case c == '|':
			address, label = address[:i], address[i+1:]
			return address, label, colon && strings.IndexByte(label, '<') < 0
		case c == ':':
			colon = i > 0
		}
	}
	return address, "", colon
}

// named reports whether whole is a name: "<@…>", "<#…>" or "<!…>".
func named(whole string) bool {
	return strings.IndexByte("@#!", whole[1]) >= 0 && strings.IndexByte(whole[1:], '<') < 0
}

// link writes the address of a link, separated from the text around it.
func link(b *strings.Builder, address, label, rest string) {
	if invented(address, label) {
		address = label
	}
	if b.Len() > 0 && !before[last(b.String())] {
		b.WriteByte(' ')
	}
	// The last character belongs to the address, but would pass for punctuation in bare text: RFC 3986,
	// appendix C.
	bracketed := cut[last(address)] || wide(rest)
	if bracketed {
		b.WriteByte('<')
	}
	unescape(b, address)
	if bracketed {
		b.WriteByte('>')
	}
	if rest != "" && !after[rest[0]] && !wide(rest) && !(label == "" && emphasis[rest[0]]) {
		b.WriteByte(' ')
	}
}

// wide reports whether a text begins with East Asian punctuation, which follows an address without a space.
func wide(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return c >= utf8.RuneSelf && strings.ContainsRune("，、；。｡．：！？）】」』》〉］”’…", c)
}

func last(s string) byte { return s[len(s)-1] }

// invented reports whether Slack added the scheme: it links a typed "www.test.com" as
// <http://www.test.com|www.test.com>. It adds http, never https: a link with https was made on purpose,
// whatever its label.
func invented(address, label string) bool {
	if label == "" {
		return false
	}
	scheme, ok := strings.CutSuffix(strings.TrimSuffix(address, "/"), strings.TrimSuffix(label, "/"))
	return ok && (scheme == "http://" || scheme == "mailto:" || scheme == "tel:")
}

// unescape writes s with &amp; &lt; &gt; decoded once. Slack has no other entities.
func unescape(b *strings.Builder, s string) {
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			b.WriteString(s)
			return
		}
		b.WriteString(s[:i])
		s = s[i:]
		switch {
		case strings.HasPrefix(s, "&amp;"):
			b.WriteByte('&')
			s = s[len("&amp;"):]
		case strings.HasPrefix(s, "&lt;"):
			b.WriteByte('<')
			s = s[len("&lt;"):]
		case strings.HasPrefix(s, "&gt;"):
			b.WriteByte('>')
			s = s[len("&gt;"):]
		default:
			b.WriteByte('&')
			s = s[1:]
		}
	}
}
