package chat

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// OneLine makes a text one honest line: a line break or control character becomes a space, and a character that hides or reorders
// text becomes "�". Every adapter sends the text of cards through OneLine before its own escaping.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.Is(unicode.Bidi_Control, r), r >= '\u200b' && r <= '\u200d', r >= '\u2060' && r <= '\u2064', r == '\ufeff', r == '\u00ad':
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

// Units returns the length of a text in UTF-16 code units, in which Slack counts; Discord never counts more.
func Units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// Clip cuts a text to at most limit units; a cut text ends in "…".
func Clip(s string, limit int) string {
	if len(s) <= limit || Units(s) <= limit {
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
