package slack

import (
	"strings"
	"unicode/utf16"
)

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
