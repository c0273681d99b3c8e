package discord

import (
	"strings"

	"purgebot/bot/chat"
)

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
		if limit -= chat.Units(piece); limit < 1 {
			return b.String() + "…"
		}
		b.WriteString(piece)
	}
	return b.String()
}
