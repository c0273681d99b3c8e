package purge

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Refused is a target that was not accepted, and the reason. Its texts are printable ASCII and safe to show,
// except the raw Input; Legible keeps letters of other alphabets.
type Refused struct {
	Input   string // text as typed: hostile, of any length
	Reason  string // one sentence that tells the person how to correct the target
	Suggest string // a canonical target to offer instead, or ""
}

// Error returns the input, made safe, and the reason.
func (r *Refused) Error() string { return r.Shown() + ": " + r.Reason }

// Shown returns Input with everything but printable ASCII escaped, as in {U+202E}, and cut to 200 characters.
func (r *Refused) Shown() string { return shown(r.Input) }

// Legible returns Input in readable form: letters of every alphabet stay, characters that are invisible or
// change the direction of text are escaped. It is cut to 200 bytes.
func (r *Refused) Legible() string {
	var b strings.Builder
	for s := r.Input; s != "" && b.Len() <= maxShown; s = s[runeLen(s):] {
		c, n := utf8.DecodeRuneInString(s)
		if isHidden(s) || unicode.In(c, rightToLeft...) || c >= utf8.RuneSelf && !unicode.IsPrint(c) {
			b.WriteString("{" + codePoint(s) + "}")
		} else {
			b.WriteString(s[:n])
		}
	}
	if b.Len() <= maxShown {
		return b.String()
	}
	end := maxShown - len("...")
	for !utf8.RuneStart(b.String()[end]) {
		end--
	}
	return b.String()[:end] + "..."
}

// rightToLeft are the alphabets whose letters reorder an address on the screen.
var rightToLeft = []*unicode.RangeTable{
	unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam, unicode.Mandaic, unicode.Samaritan,
}

const maxShown = 200

func shown(s string) string {
	var b strings.Builder
	for s != "" && b.Len() <= maxShown {
		_, n := utf8.DecodeRuneInString(s)
		if c := s[0]; c >= ' ' && c <= '~' {
			b.WriteByte(c)
		} else {
			b.WriteString("{" + codePoint(s) + "}")
		}
		s = s[n:]
	}
	if b.Len() > maxShown {
		return b.String()[:maxShown-len("...")] + "..."
	}
	return b.String()
}

// refuse words a refusal. An invisible character is reported before every other reason, because people cannot
// find it unaided.
func refuse(kind Kind, s, reason string) *Refused {
	if len(s) > maxBytes {
		return &Refused{Input: s, Reason: reason}
	}
	if hidden := sayHidden(s); hidden != "" {
		return &Refused{Input: s, Reason: hidden}
	}
	if bare := strings.Trim(s, " "); bare != s {
		return &Refused{Input: s, Reason: saySpace, Suggest: suggest(kind, bare)}
	}
	return &Refused{Input: s, Reason: reason, Suggest: suggest(kind, s)}
}

// suggest repairs the mistakes that need no guessing and returns the repaired target, or "" if it is still
// refused.
func suggest(kind Kind, s string) string {
	p := cut(s)
	if judgeScheme(p.scheme) == sayNoScheme {
		p = cut("https://" + strings.TrimPrefix(s, "//"))
	}
	if p.port == ":" {
		p.port = ""
	}
	p.host = aLabels(p.host)
	p.path, p.query = escaped(p.path, inPath), escaped(p.query, inQuery)
	if kind == Directory {
		p.path, p.query = strings.TrimSuffix(p.path, "/")+"/", ""
	}
	t, reason := parse(kind, p.scheme+"://"+p.host+p.port+p.path+p.query)
	if reason != "" {
		return ""
	}
	return t.String()
}

// aLabels returns the ASCII form of a host, or "" if it has none.
func aLabels(host string) string {
	if strings.IndexFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return host
	}
	if len(host) > maxHost { // the conversion takes quadratic time
		return ""
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return ""
	}
	return ascii
}

// escaped escapes the characters outside the set, except backslashes, whose intended meaning is unknown.
func escaped(s string, set class) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(s) {
		if classes[c]&set != 0 || c == '\\' {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + hexDigits[c>>4:c>>4+1] + hexDigits[c&15:c&15+1])
		}
	}
	return b.String()
}

// The reasons that name no character.
const (
	sayLong           = "The address is longer than 8,192 bytes: shorten it, or purge its directory."
	sayKind           = "Say whether this is a URL or a directory."
	sayNoScheme       = "Begin the address with http:// or https://, spelled out."
	saySpace          = "Remove the space in front of the address or behind it."
	sayUserInfo       = "Remove the user name, the password and the @ in front of the host."
	sayPort           = "Remove the port: a cache has only port 443 of https and port 80 of http."
	sayEmptyPort      = "Remove the colon after the host, there is no port."
	sayNoHost         = "Put a host behind the scheme, as in https://www.example.com/."
	sayTrailingDot    = "Remove the dot at the end of the host."
	sayLongHost       = "The host is longer than 253 characters: look for a typing mistake."
	saySingleLabel    = "Write the host with its domain, as in www.example.com."
	sayEmptyLabel     = "The host begins with a dot or has two in a row: remove the one too many."
	sayLongLabel      = "A part of the host is longer than 63 characters: look for a typing mistake."
	sayHyphen         = "A part of the host begins or ends with a hyphen: look for a typing mistake."
	sayNumber         = "Write a host name: an IP address has no cache."
	sayEscape         = "A percent sign is not followed by two hexadecimal digits: write %25 if you mean the sign itself."
	sayDotSegment     = "Remove . and .. from the path (%2e and ; count too): write the path that they lead to."
	sayDirectoryQuery = "Remove the ? and what follows: a directory has no query."
	sayDirectorySlash = "Put a / at the end: a directory ends in one."
)

func sayOtherScheme(scheme string) string {
	return "Only http:// and https:// can be purged, not " + shown(scheme) + "://."
}

func sayHostChar(host string, i int) string {
	switch c := host[i]; {
	case c == '@':
		return sayUserInfo
	case c == '*':
		return "Remove the * from the host: name each host by itself."
	case c >= utf8.RuneSelf:
		return "Write the host in its ASCII form (xn--...): it holds " + named(host[i:]) + "."
	}
	return "Remove " + named(host[i:]) + " from the host: it has only letters, digits, hyphens and dots."
}

func sayChar(s string, i int) string {
	if s[i] == '\\' {
		return "Remove the backslash, or write / if you mean that."
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return "Write " + named(s[i:]) + " as " + escaped(s[i:i+n], 0) + ": a cache knows an address by its escaped form."
}

// sayHidden returns a sentence about the first invisible character of s, or "".
func sayHidden(s string) string {
	for ; s != ""; s = s[runeLen(s):] {
		if isHidden(s) {
			return "Type the address by hand: it holds " + codePoint(s) + ", which cannot be seen."
		}
	}
	return ""
}

// isHidden tells whether s begins with an invalid byte or with a character that draws nothing or reorders
// others.
func isHidden(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7f
	case r == utf8.RuneError:
		return n == 1
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Z, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// named returns a name for the first character of s, without showing the character.
func named(s string) string {
	if name := asciiNames[s[0]]; name != "" {
		return "the " + name + " (" + codePoint(s) + ")"
	}
	return codePoint(s)
}

// codePoint returns "U+202E", or "byte 0xFF" if s begins with an invalid byte.
func codePoint(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return fmt.Sprintf("byte 0x%02X", s[0])
	}
	return fmt.Sprintf("U+%04X", r)
}

var asciiNames = map[byte]string{
	' ': "space", '"': "double quote", '<': "less-than sign", '>': "greater-than sign", '[': "opening bracket", ']': "closing bracket",
	'^': "caret", '`': "backtick", '{': "opening brace", '|': "vertical bar", '}': "closing brace", '\\': "backslash", '_': "underscore", '%': "percent sign",
}
