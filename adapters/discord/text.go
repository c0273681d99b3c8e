package discord

import (
	"strings"

	"purgebot/bot/chat"
)

// special lists the characters that may begin markup, turn an address into a link, or name a person. A
// backslash before them shows them literally: https://docs.discord.com/developers/reference#message-formatting
const special = "\\*_~`|<>#[]()@:"

// escape returns one line of plain text in markup, at most limit units long with its backslashes.
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
		if limit -= chat.Units(piece); limit < 1 {
			return b.String() + "…"
		}
		b.WriteString(piece)
	}
	return b.String()
}
