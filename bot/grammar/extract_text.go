package grammar

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file recognizes the forms of text: space, quotes, dashes, links, and the punctuation at the end of a sentence.

// These are the classes of bytes in a bare link.
const (
	classPlain = iota
	classSpace
	classSeparator
	classWide  // a byte beyond ASCII, perhaps of a wide space
	classDoubt // a byte that makes an address doubtful
)

// class holds the class of each byte.
var class = func() (t [256]byte) {
	for _, c := range " \t\n\r\v\f" {
		t[c] = classSpace
	}
	t['*'], t[':'] = classDoubt, classDoubt
	t[','], t[';'] = classSeparator, classSeparator
	for c := utf8.RuneSelf; c < len(t); c++ {
		t[c] = classWide
	}
	return t
}()

// wordEnd returns the end of the word that begins at start.
func wordEnd(s string, start int) int {
	for i := start; i < len(s); i++ {
		c := class[s[i]]
		if c == classSpace || c == classWide && spaceAt(s[i:]) > 0 {
			return i
		}
	}
	return len(s)
}

// flagEnd returns the end of a flag: the end of the word, or the "=" before a quote.
func flagEnd(s string, start int) int {
	for i := start; i < len(s) && class[s[i]] != classSpace; i++ {
		if s[i] != '=' {
			continue
		}
		if family, _ := quoteAt(s[i+1:]); family != 0 {
			return i + 1
		}
		break
	}
	return wordEnd(s, start)
}

// endsWord reports whether a word may end right before s.
func endsWord(s string) bool {
	return s == "" || class[s[0]] == classSpace || strings.IndexByte(".,;:!?)]", s[0]) >= 0 || spaceAt(s) > 0
}

// spaceAt returns the length of the wide space (such as the no-break space) at the start of s, or 0.
func spaceAt(s string) int {
	if s[0] < utf8.RuneSelf {
		return 0
	}
	if r, n := utf8.DecodeRuneInString(s); unicode.IsSpace(r) {
		return n
	}
	return 0
}

// isLink reports whether s begins with http:// or https://.
func isLink(s string) bool {
	if len(s) < len("http://") || s[0]|0x20 != 'h' || !strings.EqualFold(s[:4], "http") {
		return false
	}
	s = s[4:]
	if s[0]|0x20 == 's' {
		s = s[1:]
	}
	return strings.HasPrefix(s, "://")
}

// opensLink reports whether s begins with a link, wrapped or not.
func opensLink(s string) bool {
	return isLink(s) || s != "" && strings.IndexByte("<[`", s[0]) >= 0
}

// linkish reports whether a word was meant as an address, however wrong. Such a word is refused as a target, not as an unknown word.
func linkish(w string) bool {
	return isLink(w) || strings.Contains(w, "://") || strings.Contains(w, `:\/\/`) || strings.HasPrefix(w, "//") ||
		len(w) > 8 && (w[0]|0x20 == 'h' || w[0]|0x20 == 't') && isMistyped(w) ||
		len(w) > 5 && (strings.EqualFold(w[:5], "http:") || strings.EqualFold(w[:min(6, len(w))], "https:")) || hostlike(w)
}

// isMistyped reports whether a word is an address with a misspelled scheme, or an address that was escaped whole.
func isMistyped(w string) bool {
	return strings.HasPrefix(strings.ToLower(w), "http%3a") || strings.HasPrefix(strings.ToLower(w), "https%3a") ||
		strings.Contains(w, "//") && mistyped.MatchString(w)
}

// hostlike reports whether a word begins with a host such as "www.test.com" or "10.0.0.1".
func hostlike(w string) bool {
	host := w
	if n := strings.IndexAny(w, "/:?#"); n >= 0 {
		host = w[:n]
	}
	host = strings.TrimRight(host, ".,;!)")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if len(last) == len(host) || len(host) > 253 || strings.Contains(host, "..") || host[0] == '.' {
		return false
	}
	for _, c := range host {
		if !isHostRune(c) {
			return false
		}
	}
	return isName(last) || strings.HasPrefix(strings.ToLower(last), "xn--") || strings.Count(host, ".") == 3
}

// isHostRune reports whether a character can stand in a host.
func isHostRune(c rune) bool {
	return c == '-' || c == '.' || c >= utf8.RuneSelf && unicode.IsLetter(c) || isAlphanumeric(c)
}

// isAlphanumeric reports whether a character is an ASCII letter or digit.
func isAlphanumeric(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' && c < utf8.RuneSelf
}

// isName reports whether a label can end a host's name: two letters or more.
func isName(label string) bool {
	return utf8.RuneCountInString(label) >= 2 && strings.IndexFunc(label, func(c rune) bool { return !unicode.IsLetter(c) }) < 0
}

// isDash reports whether a word begins with a dash, short or long.
func isDash(w string) bool {
	return strings.HasPrefix(w, "-") || longDash(w) > 0
}

// longDash returns the length of the long dash at the start of w, or 0.
func longDash(w string) int {
	if w == "" || w[0] != smartQuote[0] {
		return 0
	}
	switch r, n := utf8.DecodeRuneInString(w); r {
	case '‐', '‑', '‒', '–', '—', '―', '−':
		return n
	}
	return 0
}

// cutTail removes the punctuation of a sentence behind an address. It removes at most sixteen marks.
func cutTail(w string) string {
	for range 16 {
		n := tail(w)
		if n == 0 {
			break
		}
		w = w[:len(w)-n]
	}
	return w
}

// tail returns the length of the punctuation mark at the end of w, or 0. Several dots are no punctuation: they may be a parent
// directory, or the end of an address cut short.
func tail(w string) int {
	if w == "" {
		return 0
	}
	switch c := w[len(w)-1]; c {
	case '.':
		if strings.HasSuffix(w, "..") {
			return 0
		}
		return 1
	case ',', ';', ':', '!', '?':
		return 1
	case ')':
		return unbalanced(w, '(', c)
	case ']':
		return unbalanced(w, '[', c)
	case '>':
		return unbalanced(w, '<', c)
	case '"', '\'':
		return strings.Count(w, string(c)) % 2
	default:
		if c < utf8.RuneSelf {
			return 0
		}
	}
	r, n := utf8.DecodeLastRuneInString(w)
	if strings.ContainsRune(wideClosing+"“”„‟‘’‚‛", r) {
		return n
	}
	return 0
}

// The punctuation of East Asia, which stands right beside an address, and French quotes.
const (
	wideSeparators = "，、；"
	wideOpening    = "（【「『《〈［«‹"
	wideClosing    = wideSeparators + "。｡．：！？）】」』》〉］»›"
)

// wideAt returns the length of the one of these marks that s begins with, or 0.
func wideAt(s, marks string) int {
	if r, n := utf8.DecodeRuneInString(s); n > 1 && strings.ContainsRune(marks, r) {
		return n
	}
	return 0
}

// unbalanced returns 1 if more brackets close than open.
func unbalanced(w string, opening, closing byte) int {
	if strings.Count(w, string(closing)) > strings.Count(w, string(opening)) {
		return 1
	}
	return 0
}

// cutShort says whether an address ends as one that was abbreviated for display.
func cutShort(bare string) bool {
	return strings.HasSuffix(bare, "..") || strings.Contains(bare, "…")
}

// smartQuote shares its first UTF-8 byte with all smart quotes and long dashes.
const smartQuote = "“"

// quoteAt returns the family (double or single) and the length of the quote at the start of s, or 0.
func quoteAt(s string) (family byte, n int) {
	if s == "" {
		return 0, 0
	}
	if s[0] == '"' || s[0] == '\'' {
		return s[0], 1
	}
	if s[0] != smartQuote[0] {
		return 0, 0
	}
	switch r, n := utf8.DecodeRuneInString(s); r {
	case '“', '”', '„', '‟':
		return '"', n
	case '‘', '’', '‚', '‛':
		return '\'', n
	}
	return 0, 0
}

// escapeAt returns the length of the escape at the start of s, or 0: a backslash with a quote or a second backslash.
func escapeAt(s string) int {
	if len(s) < 2 || s[0] != '\\' {
		return 0
	}
	if s[1] == '\\' {
		return 2
	}
	if family, n := quoteAt(s[1:]); family == '"' {
		return 1 + n
	}
	return 0
}

// unescape removes the backslashes of the escapes that escapeAt finds.
func unescape(family byte, s string) string {
	if family != '"' || !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		n := escapeAt(s)
		if n > 0 {
			s = s[1:]
		}
		n = max(n-1, 1)
		b.WriteString(s[:n])
		s = s[n:]
	}
	return b.String()
}
