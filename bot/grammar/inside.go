package grammar

import (
	"regexp"
	"slices"
	"strings"
)

// This file finds addresses inside other text: an attribute, a tag, JSON, a table, a line of a log. The surroundings decide the end of
// an address. A result is not certain if an address might be longer, or if the meant addresses are unknown.

// found is one address inside a text, with the name before it.
type found struct {
	address string
	key     string // "src" of `src="https://…"`, or ""
}

// addressesIn returns the meant addresses of a text, in order.
func addressesIn(s string) (addresses []string, certain bool) {
	all, certain := scan(s)
	all, plain := chosen(all)
	for _, f := range all {
		addresses = append(addresses, f.address)
	}
	return addresses, certain && plain
}

// scan finds each address and its end.
func scan(s string) (all []found, certain bool) {
	certain = true
	for i := 0; i < len(s); {
		if !isLink(s[i:]) {
			i++
			continue
		}
		end, sure := linkEnd(s, i)
		address := s[i:end]
		if end == len(s) || strings.IndexByte(" \t\r\n", s[end]) >= 0 {
			address = cutTail(address)
		} else if strings.IndexByte(`"'<`, s[end]) < 0 {
			address = strings.TrimRight(address, ".,;:")
		}
		all, certain = append(all, found{address, keyBefore(s[:i])}), certain && sure
		i = max(end, i+1)
	}
	return all, certain
}

// linkEnd returns the end of the address that begins at a place; sure is false if the address might be longer.
func linkEnd(s string, at int) (end int, sure bool) {
	opening := byte(0)
	if at > 0 {
		opening = s[at-1]
	}
	// Brackets inside the address are counted, because a closing bracket ends the address only without an opening one.
	depth := map[byte]int{}
	for i := at; i < len(s); i++ {
		c, rest := s[i], s[i:]
		switch {
		// Space and quotes always end an address.
		case class[c] == classSpace:
			return i, true
		case c == '"', c == '\'' && opening == '\'', c == '>':
			return i, true
		// Other marks end an address for sure only if the text behind the mark fits.
		case c == '`':
			return i, opening == '`' || endsWord(rest[1:])
		case c == '<':
			return i, isTag(rest) || opening == '<'
		case c == '|':
			return i, endsCell(s[at:i], rest[1:])
		case c == '\\':
			return i, isEscape(rest)
		case c == '(' || c == '[' || c == '{':
			depth[c]++
		case c == ')' || c == ']' || c == '}':
			if open := opener(c); depth[open] == 0 {
				return i, opening == open || strings.Trim(near(rest), ")]}>\"';,. ") == "" || nextIsLink(rest)
			} else {
				depth[open]--
			}
		case (c == ',' || c == ';') && (opening == c || nextIsLink(rest[1:])):
			return i, true
		case c >= 0x80 && (wideAt(rest, wideOpening+wideClosing+"“”‘’") > 0 || spaceAt(rest) > 0):
			return i, !hasExtension(wordOf(rest))
		case c|0x20 == 'h' && i > at+len("https://") && isLink(rest) && strings.IndexByte("/=:?&", s[i-1]) < 0:
			return i, hasExtension(s[at:i]) || s[i-1] == '/'
		}
	}
	return len(s), true
}

// wordOf returns the text before the first space or the next address.
func wordOf(s string) string {
	s = near(s)
	s = s[:wordEnd(s, 0)]
	if at := strings.Index(s, "://"); at >= 0 {
		s = s[:max(0, at-len("https"))]
	}
	return cutTail(s)
}

// opener returns the opening bracket for a closing one.
func opener(closing byte) byte {
	return "([{"[strings.IndexByte(")]}", closing)]
}

// near returns the start of a text that suffices to decide the end of an address. The bound keeps the time linear for hostile texts.
func near(s string) string {
	const enough = 300
	return s[:min(len(s), enough)]
}

// nextIsLink reports whether another address follows, behind any marks.
func nextIsLink(s string) bool {
	s = near(s)
	return isLink(strings.TrimLeft(s, " \t\r\n,;|\"'`<>()[]{}"))
}

// tag matches the tags that stand right behind an address in pages and site maps.
var tag = regexp.MustCompile(`^<(?:/[a-zA-Z][a-zA-Z0-9:-]*|!--|!\[CDATA\[|\?|(?i:br|p|div|span|td|tr|th|li|ul|ol|a|b|i|em|strong|u|url|loc|item|link|code|pre|hr)\b)`)

// isTag reports whether s begins with a tag or a bracketed address; "<id>" in an address is a placeholder instead.
func isTag(s string) bool {
	return tag.MatchString(s) || isLink(s[1:]) || strings.Trim(near(s), "<> ") == ""
}

// endsCell reports whether a bar ends the cell of a table.
func endsCell(address, rest string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(near(rest)), "|")
	return rest == "" || class[rest[0]] == classSpace || rest[0] == '|' || nextIsLink(rest) || strings.HasSuffix(address, first) || hasExtension(address) && !strings.ContainsAny(first, "./)")
}

// isEscape reports whether s begins with an escaped line end or quote.
func isEscape(s string) bool {
	if len(s) == 1 {
		return true
	}
	switch s[1] {
	case '"', '\'', '\\':
		return true
	case 'n', 'r', 't':
		return len(s) == 2 || class[s[2]] == classSpace || s[2] == '\\' || nextIsLink(s[2:]) || strings.IndexByte(`"',]`, s[2]) >= 0
	}
	return false
}

// named matches the name before an address that is a value: `"src": "`, "url=", "url(".
var named = regexp.MustCompile(`([A-Za-z][A-Za-z_:-]*)(?:["'\\]*[ \t]*[:=][ \t]*["'(\[\\]*|\([ \t]*["']?)$`)

// keyBefore returns the name at the end of the text before an address, or "".
func keyBefore(s string) string {
	const most = 80
	m := named.FindStringSubmatch(s[max(0, len(s)-most):])
	if m != nil {
		return strings.ToLower(m[1])
	}
	fields := strings.Fields(s[max(0, len(s)-most):])
	if len(fields) == 0 {
		return ""
	}
	last := strings.ToLower(strings.Trim(fields[len(fields)-1], "(,.:"))
	if slices.Contains(aside, last) { // "see https://…"
		return last
	}
	return ""
}

// These are the names before addresses: the usual names of targets, and names such as "referer" whose addresses are only mentioned.
var (
	usual = strings.Fields("url urls uri href src loc target targets address link file files path image location get head purge")
	aside = strings.Fields("ref refer referer referrer origin ticket issue schemalocation jira see proxy user-agent ua cookie reason because was cf per ticket:")
)

// chosen returns the meant addresses, each once. The result is not plain if the addresses have several names.
func chosen(all []found) (meant []found, plain bool) {
	var names []string
	seen := map[string]bool{}
	for _, f := range all {
		if slices.Contains(aside, f.key) || strings.HasPrefix(f.key, "xmlns") {
			continue
		}
		if !seen[f.address] {
			meant, seen[f.address] = append(meant, f), true
		}
		if f.key != "" && !slices.Contains(usual, f.key) && !slices.Contains(names, f.key) {
			names = append(names, f.key)
		}
	}
	mixed := len(names) > 1 || len(names) == 1 && slices.ContainsFunc(meant, func(f found) bool { return f.key != names[0] })
	return meant, len(meant) > 0 && (!mixed || len(meant) == 1)
}
