package slack

import (
	"strings"
	"unicode/utf8"
)

// unwrap frees text of Slack's markup, in one pass: links become their address, the three entities their character, once.
// What names people, channels and groups ("<@U1>"), and a bracket that is no markup, stay as they are: they are prose to the bot.
// https://docs.slack.dev/messaging/formatting-message-text/
func unwrap(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for closing := -1; ; {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			break
		}
		if closing < open { // else it was found before: hostile text is not searched again and again
			if closing = strings.IndexByte(s[open:], '>'); closing < 0 {
				break
			}
			closing += open
		}
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

// set is which bytes are in a string.
func set(in string) (has [256]bool) {
	for _, c := range []byte(in) {
		has[c] = true
	}
	return has
}

var (
	space    = set(" \t\r\n")
	before   = set(" \t\r\n([{<\"'`=*_~")   // may stand right before an address
	after    = set(" \t\r\n.,;:!?'\")]}>`") // may stand right after one
	emphasis = set("*_~")                   // of emphasis, or of a pattern that Slack took no further into the link
	cut      = set(".,;:!?'\")]}*_~`")      // is not part of one in bare text, if it ends it
)

// linked takes "<address|label>" apart. Slack writes no space in an address, and a scheme before it.
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

// named reports whether "<@…>", "<#…>" or "<!…>" is one.
func named(whole string) bool {
	return strings.IndexByte("@#!", whole[1]) >= 0 && strings.IndexByte(whole[1:], '<') < 0
}

// link writes the address of a link, apart from the text around it.
func link(b *strings.Builder, address, label, rest string) {
	if invented(address, label) {
		address = label
	}
	if b.Len() > 0 && !before[last(b.String())] {
		b.WriteByte(' ')
	}
	// The last character is part of the address, but in bare text it would pass for punctuation: RFC 3986, appendix C.
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

// wide reports whether a text begins with punctuation of East Asia, which stands right behind an address.
func wide(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return c >= utf8.RuneSelf && strings.ContainsRune("，、；。｡．：！？）】」』》〉］”’…", c)
}

func last(s string) byte { return s[len(s)-1] }

// invented reports whether Slack made up the scheme: somebody typed "www.test.com", and Slack linked it as
// <http://www.test.com|www.test.com>. It makes up http, and never https: a link with https was made on purpose, whatever its label.
func invented(address, label string) bool {
	if label == "" {
		return false
	}
	scheme, ok := strings.CutSuffix(strings.TrimSuffix(address, "/"), strings.TrimSuffix(label, "/"))
	return ok && (scheme == "http://" || scheme == "mailto:" || scheme == "tel:")
}

// unescape writes s with &amp; &lt; &gt; decoded once; Slack knows no other entity.
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
