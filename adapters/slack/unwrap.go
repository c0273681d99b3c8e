package slack

import "strings"

// unwrap frees text of Slack's markup, in one pass: links become their address, the three entities their character, once.
// What names people, channels and groups ("<@U1>") stays as it is: it is prose to the bot.
// https://docs.slack.dev/messaging/formatting-message-text/
func unwrap(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			break
		}
		unescape(&b, s[:i])
		s = s[i:]
		end := strings.IndexAny(s[1:], "<>\n") + 1
		if end == 0 || s[end] != '>' { // no markup: nobody closes it
			b.WriteByte('<')
			s = s[1:]
			continue
		}
		token, rest := s[1:end], s[end+1:]
		if token == "" || strings.IndexByte("@#!", token[0]) >= 0 {
			b.WriteString(s[:end+1])
		} else {
			link(&b, token, rest)
		}
		s = rest
	}
	unescape(&b, s)
	return b.String()
}

// link writes the address of "address|label", apart from the text around it.
func link(b *strings.Builder, token, rest string) {
	address, label, _ := strings.Cut(token, "|")
	if invented(address, label) {
		address = label
	}
	if b.Len() > 0 && !strings.ContainsRune(" \t\n\r([{<\"'`=", rune(last(b.String()))) {
		b.WriteByte(' ')
	}
	// The last character is part of the address, but in bare text it would pass for punctuation: RFC 3986, appendix C.
	bracketed := address != "" && strings.IndexByte(".,;:!?'\")]}*_~`", address[len(address)-1]) >= 0
	if bracketed {
		b.WriteByte('<')
	}
	unescape(b, address)
	if bracketed {
		b.WriteByte('>')
	}
	if rest != "" && strings.IndexByte(" \t\n\r.,;:!?'\")]}>`", rest[0]) < 0 {
		b.WriteByte(' ')
	}
}

func last(s string) byte { return s[len(s)-1] }

// invented reports whether Slack made up the scheme: somebody typed "www.test.com", and Slack linked it as
// <http://www.test.com|www.test.com>.
func invented(address, label string) bool {
	if label == "" {
		return false
	}
	scheme, ok := strings.CutSuffix(strings.TrimSuffix(address, "/"), strings.TrimSuffix(label, "/"))
	return ok && (scheme == "http://" || scheme == "https://" || scheme == "mailto:" || scheme == "tel:")
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
