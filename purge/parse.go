package purge

// The grammar of a target. It is stricter than RFC 3986, so that every URL parser reads an accepted target the
// same way:
//
//	target = ( "http://" / "https://" ) host [ ":" own-port ] [ "/" path ] [ "?" query ] [ "#" fragment ]
//	host   = label 1*( "." label )          ; letters, digits, hyphens; the last one is no number
//	path   = *( pchar / "/" )               ; no dot segment
//	query  = *( pchar / "/" / "?" / "[" / "]" )
//	pchar  = as in https://www.rfc-editor.org/rfc/rfc3986#appendix-A
//
// Spaces and " < > ^ ` { | } are refused in path and query, and their escapes offered: parsers differ on
// whether to escape them. Brackets are reserved for hosts by that RFC, but common in queries (a[]=1), where
// every browser sends them unescaped. The grammar judges only the letters of an A-label (xn--…): its decoding
// depends on the Unicode version of the decoder. A fragment is dropped, but refused if it holds a space, a
// backslash, a bad escape or an invisible character.

import "strings"

const (
	// maxBytes bounds a target, as typed and as made canonical. No vendor page names a limit for one URL;
	// servers are asked to take at least 8,000 bytes: https://www.rfc-editor.org/rfc/rfc9110#section-4.1-5
	maxBytes = 8192
	// 255 bytes on the wire are 253 characters: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
	maxHost  = 253
	maxLabel = 63
)

// Parse judges s as a target of the given kind and makes it canonical. Its error is always a *Refused. The
// Target of a canonical input shares memory with s, and so keeps the text around s alive.
func Parse(kind Kind, s string) (Target, error) {
	t, reason := parse(kind, s)
	if reason != "" {
		return Target{}, refuse(kind, s, reason)
	}
	return t, nil
}

// parse returns the target, or the reason for its refusal.
func parse(kind Kind, s string) (Target, string) {
	if len(s) > maxBytes {
		return Target{}, sayLong
	}
	p := cut(s)
	if reason := p.judge(); reason != "" {
		return Target{}, reason
	}
	t := p.canonical(s)
	return t, judgeKind(kind, t)
}

// parts are the parts of a target, each with the delimiter that opens it. Cutting comes first, judging later.
type parts struct{ scheme, host, port, path, query, fragment string }

func cut(s string) (p parts) {
	s, p.fragment = cutAt(s, '#')
	s, p.query = cutAt(s, '?')
	if scheme, rest := cutAt(s, ':'); strings.HasPrefix(rest, "://") {
		p.scheme, s = scheme, rest[len("://"):]
	}
	s, p.path = cutAt(s, '/')
	p.host, p.port = cutAt(s, ':')
	return p
}

// cutAt cuts s before the first c; from is empty if there is none.
func cutAt(s string, c byte) (before, from string) {
	if i := strings.IndexByte(s, c); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// judge returns the reason for a refusal, or "".
func (p *parts) judge() string {
	if reason := judgeScheme(p.scheme); reason != "" {
		return reason
	}
	if reason := judgePort(p.scheme, p.port); reason != "" {
		return reason
	}
	if reason := judgeHost(p.host); reason != "" {
		return reason
	}
	if reason := judgePath(p.path); reason != "" {
		return reason
	}
	if reason := judgeChars(p.query, inQuery); reason != "" {
		return reason
	}
	return judgeFragment(p.fragment)
}

func judgeScheme(scheme string) string {
	if scheme == "https" || scheme == "http" { // fast path for the usual spelling
		return ""
	}
	if scheme == "" || span(scheme, inScheme) < len(scheme) {
		return sayNoScheme
	}
	if s := lower(scheme); s != "https" && s != "http" {
		return sayOtherScheme(scheme)
	}
	return ""
}

func judgePort(scheme, port string) string {
	switch {
	case port == "" || port == ":443" && len(scheme) == len("https") || port == ":80" && len(scheme) == len("http"):
		return ""
	case strings.Contains(port, "@"): // "user:password@host"
		return sayUserInfo
	case strings.Contains(port, "]"): // "[::1]"
		return sayNumber
	case port == ":":
		return sayEmptyPort
	}
	return sayPort
}

func judgeHost(host string) string {
	switch n := span(host, inHost); {
	case n < len(host):
		return sayHostChar(host, n)
	case host == "":
		return sayNoHost
	case host[len(host)-1] == '.':
		return sayTrailingDot
	case len(host) > maxHost:
		return sayLongHost
	}
	return judgeLabels(host)
}

func judgeLabels(host string) string {
	begin := 0
	for i := range len(host) {
		if host[i] != '.' {
			continue
		}
		if reason := judgeLabel(host[begin:i]); reason != "" {
			return reason
		}
		begin = i + 1
	}
	switch last := host[begin:]; {
	case begin == 0:
		return saySingleLabel
	case isNumber(last):
		return sayNumber
	default:
		return judgeLabel(last)
	}
}

func judgeLabel(label string) string {
	switch {
	case label == "":
		return sayEmptyLabel
	case len(label) > maxLabel:
		return sayLongLabel
	case label[0] == '-' || label[len(label)-1] == '-':
		return sayHyphen
	}
	return ""
}

// isNumber tells whether parsers may take a host with this last label for an IPv4 address:
// https://url.spec.whatwg.org/#ends-in-a-number-checker
func isNumber(label string) bool {
	if len(label) >= 2 && label[0] == '0' && label[1]|0x20 == 'x' {
		return span(label[2:], isHex) == len(label)-2
	}
	return span(label, isDigit) == len(label)
}

func judgePath(path string) string {
	if reason := judgeChars(path, inPath); reason != "" {
		return reason
	}
	if hasDotSegment(path) {
		return sayDotSegment
	}
	return ""
}

// judgeFragment accepts letters of every alphabet, as long as they are visible.
func judgeFragment(fragment string) string {
	if reason := judgeChars(fragment, inFragment); reason != "" {
		return reason
	}
	return sayHidden(fragment)
}

// judgeChars returns "" if s holds only characters of the set and valid escapes.
func judgeChars(s string, set class) string {
	if n := span(s, set); n < len(s) {
		return sayChar(s, n)
	}
	for _, s = cutAt(s, '%'); s != ""; _, s = cutAt(s[1:], '%') {
		if len(s) < 3 || span(s[1:3], isHex) < 2 {
			return sayEscape
		}
	}
	return ""
}

// hasDotSegment tells whether the path, as it stands or decoded once or twice, has a segment "." or "..", with
// / \ and ; as separators. One look at the path decoded twice suffices: decoding removes neither dots nor
// separators.
func hasDotSegment(path string) bool {
	if strings.IndexByte(path, '%') < 0 && !dotBegins(path) {
		return false
	}
	var buf [512]byte // spares an allocation
	b := Unescape(Unescape(append(buf[:0], path...)))
	begin := 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) && !isSeparator(b[i]) {
			continue
		}
		if string(b[begin:i]) == "." || string(b[begin:i]) == ".." {
			return true
		}
		begin = i + 1
	}
	return false
}

func isSeparator(c byte) bool { return c == '/' || c == '\\' || c == ';' }

// dotBegins tells whether a segment of the path begins with a dot, which is rare. Other paths need no cutting.
func dotBegins(path string) bool {
	for at, from := cutAt(path, '.'); from != ""; at, from = cutAt(from[1:], '.') {
		if at == "" || isSeparator(at[len(at)-1]) {
			return true
		}
	}
	return false
}

// Unescape decodes every valid %XX of b once, in place, and returns the shortened slice. Other bytes stay as they are.
func Unescape(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '%' && i+2 < len(b) && classes[b[i+1]]&classes[b[i+2]]&isHex != 0 {
			c = unhex(b[i+1])<<4 | unhex(b[i+2])
			i += 2
		}
		out = append(out, c)
	}
	return out
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&0x0f + 9
}

// canonical returns the Target of the judged parts of s. It copies the text only if the canonical form differs.
func (p *parts) canonical(s string) Target {
	// Collect the changes that the canonical form needs.
	scheme, host := lower(p.scheme), lower(p.host)
	t := Target{scheme: uint8(len(scheme)), host: uint8(len(scheme) + len("://"))}
	path := p.path
	if scheme != p.scheme || host != p.host {
		t.changes |= LowerCased
	}
	if p.port != "" {
		t.changes |= PortDropped
	}
	if path == "" {
		path, t.changes = "/", t.changes|PathAdded
	}
	// Build the text: a part of s, unless something in front of the fragment changes.
	t.text = s[:len(s)-len(p.fragment)]
	if t.changes != 0 {
		t.text = scheme + "://" + host + path + p.query
	}
	if p.fragment != "" {
		t.changes |= FragmentDropped
	}
	// Record where the parts are.
	t.path = uint16(int(t.host) + len(host))
	t.query = t.path + uint16(len(path))
	return t
}

// lower is strings.ToLower with a fast path for text in lower case.
func lower(s string) string {
	if span(s, isLower) == len(s) {
		return s
	}
	return strings.ToLower(s)
}

// judgeKind applies the rules that need the whole target and its kind.
func judgeKind(kind Kind, t Target) string {
	directory := kind == Directory
	switch {
	case len(t.text) > maxBytes: // an added "/" can be one too many
		return sayLong
	case kind != URL && !directory:
		return sayKind
	case directory && int(t.query) < len(t.text):
		return sayDirectoryQuery
	case directory && t.text[len(t.text)-1] != '/':
		return sayDirectorySlash
	}
	return ""
}
