package discordsim

import (
	"regexp"
	"strings"
	"time"
)

// Discord's markup as a client shows it, without its colours: https://docs.discord.com/developers/reference#message-formatting

var (
	heading = regexp.MustCompile(`^(#{1,3}|-#) +`)
	quote   = regexp.MustCompile(`^> `)
	masked  = regexp.MustCompile(`^\[((?:\\.|\[[^\[\]\n]*\]|[^\[\]\\\n])+)\]\(<?(https?://[^\s<>)]+(?:\([^\s<>)]*\))?[^\s<>)]*)>?(?: "[^"\n]*")?\)`)
	angled  = regexp.MustCompile(`^<(https?://[^>\s]*)>`)
	entity  = regexp.MustCompile(`^<(@!?|@&|#)([0-9]+)>`)
	slash   = regexp.MustCompile(`^</([^:>]+):[0-9]+>`)
	instant = regexp.MustCompile(`^<t:(-?[0-9]+)(?::[tTdDfFsSR])?>`)
	emoji   = regexp.MustCompile(`^<a?(:\w+:)[0-9]+>`)
	bare    = regexp.MustCompile(`^https?://[^\s<>]+`)
)

// paired is what stands around a piece that looks different, longest first.
var paired = []string{"***", "**", "__", "~~", "||", "*", "_"}

// plainMarkup returns a text as a person reads it.
func plainMarkup(text string, names map[string]string) string {
	var out strings.Builder
	for text != "" {
		before, block, found := strings.Cut(text, "```")
		out.WriteString(plainLines(before, names))
		if !found {
			break
		}
		code, rest, closed := strings.Cut(block, "```")
		if !closed {
			out.WriteString(plainLines("```"+block, names))
			break
		}
		out.WriteString(plainBlock(code))
		text = rest
	}
	return strings.TrimSpace(out.String())
}

// plainBlock drops the language of a code block and the line ends around it.
func plainBlock(code string) string {
	if first, rest, many := strings.Cut(code, "\n"); many && !strings.ContainsAny(first, " \t") {
		code = rest
	}
	return strings.Trim(code, "\n")
}

func plainLines(text string, names map[string]string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = heading.ReplaceAllString(quote.ReplaceAllString(line, ""), "")
		lines[i] = line
	}
	return plainInline(strings.Join(lines, "\n"), names)
}

// plainInline reads from left to right: whatever begins a piece of markup is replaced by what it shows.
func plainInline(text string, names map[string]string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		shown, length := piece(text, i, names)
		out.WriteString(shown)
		i += length
	}
	return out.String()
}

// piece returns what the markup at i shows, and its length; or one byte as it is.
func piece(text string, i int, names map[string]string) (shown string, length int) {
	rest := text[i:]
	switch rest[0] {
	case '\\':
		if len(rest) > 1 && strings.IndexByte("\\`*_{}[]()#+-.!|~<>:@&/\"'=^$%;?,", rest[1]) >= 0 {
			return rest[1:2], 2
		}
	case '`':
		return code(rest)
	case '<':
		return bracketed(rest, names)
	case '[':
		if m := masked.FindStringSubmatch(rest); m != nil {
			return plainInline(m[1], names), len(m[0])
		}
	case 'h':
		if link := bare.FindString(rest); link != "" {
			return link, len(link)
		}
	case '*', '_', '~', '|':
		return styled(text, i, names)
	}
	return rest[:1], 1
}

// code is what stands between runs of as many backticks.
func code(rest string) (string, int) {
	ticks := len(rest) - len(strings.TrimLeft(rest, "`"))
	fence := rest[:ticks]
	inner, after, closed := strings.Cut(rest[ticks:], fence)
	if !closed || inner == "" || strings.HasPrefix(after, "`") {
		return fence, ticks
	}
	if ticks > 1 {
		return strings.TrimSpace(inner), 2*ticks + len(inner)
	}
	return inner, 2 + len(inner)
}

func bracketed(rest string, names map[string]string) (string, int) {
	if m := angled.FindStringSubmatch(rest); m != nil {
		return m[1], len(m[0])
	}
	if m := entity.FindStringSubmatch(rest); m != nil {
		if name := names[m[2]]; name != "" {
			return name, len(m[0])
		}
		return m[0], len(m[0])
	}
	if m := slash.FindStringSubmatch(rest); m != nil {
		return "/" + m[1], len(m[0])
	}
	if m := emoji.FindStringSubmatch(rest); m != nil {
		return m[1], len(m[0])
	}
	if m := instant.FindStringSubmatch(rest); m != nil {
		seconds, _ := time.ParseDuration(m[1] + "s")
		return time.Unix(int64(seconds.Seconds()), 0).UTC().Format("2006-01-02 15:04 UTC"), len(m[0])
	}
	return rest[:1], 1
}

// styled drops what stands around bold, italic, underlined, struck and hidden text.
func styled(text string, i int, names map[string]string) (string, int) {
	rest := text[i:]
	for _, around := range paired {
		if !strings.HasPrefix(rest, around) {
			continue
		}
		end := closing(rest, around)
		if end < 0 || around == "_" && !standsAlone(text, i, i+end) {
			continue
		}
		return plainInline(rest[len(around):end], names), end + len(around)
	}
	return rest[:1], 1
}

// closing finds where what begins with around ends again: not at once, not after a blank for one star, not behind a backslash.
func closing(rest, around string) int {
	for at := len(around); at+len(around) <= len(rest); at++ {
		switch {
		case rest[at] == '\\':
			at++
		case rest[at:at+len(around)] != around || at == len(around):
		case around == "*" && (rest[1] == ' ' || rest[at-1] == ' '):
		case len(around) == 1 && at+1 < len(rest) && rest[at+1] == around[0]:
			at++
		default:
			return at
		}
	}
	return -1
}

// standsAlone reports whether an underscore pair is not inside a word: "a_b_c" is no italics.
func standsAlone(text string, from, to int) bool {
	return (from == 0 || !wordByte(text[from-1])) && (to+1 >= len(text) || !wordByte(text[to+1]))
}

func wordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

var typedName = regexp.MustCompile(`[@#][A-Za-z0-9][A-Za-z0-9._-]*`)

// compose turns "@name" and "#name" into markup where they name somebody or something; the bot goes before its role.
func (s *Sim) compose(text string) string {
	byName := map[string]string{}
	for id, shown := range s.names {
		switch _, role := s.roles[id]; {
		case strings.HasPrefix(shown, "#"):
			byName[shown] = "<#" + id + ">"
		case !role:
			byName[shown] = "<@" + id + ">"
		case byName[shown] == "":
			byName[shown] = "<@&" + id + ">"
		}
	}
	return typedName.ReplaceAllStringFunc(text, func(name string) string {
		trimmed := strings.TrimRight(name, ".-_")
		if markup := byName[trimmed]; markup != "" {
			return markup + name[len(trimmed):]
		}
		return name
	})
}
