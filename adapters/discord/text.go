package discord

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// plain makes s one line that shows what it holds: line breaks and control characters become spaces, what reorders or hides
// text becomes "�". Everything sent to Discord as text of a card goes through it.
func plain(s string) string {
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

// units is the length of s in UTF-16, which is never less than Discord counts.
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

// special is what may begin markup, make a link of an address, or name somebody. A backslash before it shows it as it is:
// https://docs.discord.com/developers/reference#message-formatting
const special = "\\*_~`|<>#[]()@:"

// escape shows one line of plain text as it is, at most limit units long with its backslashes.
func escape(s string, limit int) string {
	var b strings.Builder
	listed := strings.TrimLeft(s, "0123456789 ")
	for i, r := range s {
		piece := string(r)
		first := strings.TrimSpace(s[:i]) == ""
		numbered := r == '.' && len(s)-i == len(listed)
		if strings.ContainsRune(special, r) || first && (r == '-' || r == '+') || numbered {
			piece = `\` + piece
		}
		if limit -= units(piece); limit < 1 {
			return b.String() + "…"
		}
		b.WriteString(piece)
	}
	return b.String()
}
