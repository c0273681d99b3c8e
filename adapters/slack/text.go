package slack

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// plain makes s one line that shows what it holds: line breaks and control characters become spaces, what reorders or hides
// text becomes "�". Everything sent to Slack as text of a card goes through it.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.Is(unicode.Bidi_Control, r), r == '\u200b', r == '\u2060', r == '\ufeff':
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

// units is the length of s as Slack counts it.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// clip cuts s to at most limit units, the last of them "…".
func clip(s string, limit int) string {
	if len(s) <= limit || units(s) <= limit {
		return s
	}
	n := 0
	for i, r := range s {
		if n += utf16.RuneLen(r); n > limit-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// split cuts s into pieces of at most limit units.
func split(s string, limit int) []string {
	var pieces []string
	n, from := 0, 0
	for i, r := range s {
		if n += utf16.RuneLen(r); n > limit {
			pieces = append(pieces, s[from:i])
			n, from = utf16.RuneLen(r), i
		}
	}
	return append(pieces, s[from:])
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
