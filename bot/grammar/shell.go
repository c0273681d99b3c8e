package grammar

import (
	"regexp"
	"slices"
	"strings"
)

// This file reads the command line of a shell, and the line of a log. Only the requested address is meant, never an address in a header.

// withValue are the options of curl and wget whose value is no address to fetch.
var withValue = strings.Fields(`-H --header -e --referer -A --user-agent -d --data --data-raw --data-binary --data-urlencode -F --form -o --output -O
	--output-document -x --proxy -u --user -b --cookie -c --cookie-jar -X --request -m --max-time --connect-timeout --resolve --connect-to -w
	--write-out -T --upload-file --cacert --cert --key -r --range -K --config -U --retry -D --dump-header --interface --limit-rate -t -P`)

// isShell reports whether a word is a program that fetches addresses.
func isShell(w string) bool { return w == "curl" || w == "wget" }

// shell takes the addresses that a shell's command line fetches. The reading ends there, because no purgebot command follows it.
func (p *parser) shell(t piece) {
	p.fail(sayShell(t.text))
	p.wrong = sayShell(t.text)
	words := shellWords(p.text[p.at:])
	p.stop()
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "--url" || w == "--":
		case slices.Contains(withValue, w) && !(t.text == "wget" && w == "-c"):
			i++
		case strings.HasPrefix(w, "-"):
		case w == "|" || w == ";" || w == "&&" || w == "||" || w == ">" || w == "2>&1":
			return
		case isLink(w):
			p.link(piece{kind: pieceWrapped, text: w, from: t.from})
		}
	}
}

// shellWords splits a command line like a shell: at space outside quotes; a backslash keeps the next character.
func shellWords(s string) (words []string) {
	var word strings.Builder
	// The loop keeps the open quote, and whether a word has begun.
	quote, open := byte(0), false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote == 0 && (c == '"' || c == '\''):
			quote, open = c, true
		case c == quote:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(s):
			if i++; s[i] != '\n' {
				word.WriteByte(s[i])
				open = true
			}
		case quote == 0 && class[c] == classSpace:
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if open {
		words = append(words, word.String())
	}
	return words
}

// requestLine matches the request that a log quotes.
var requestLine = regexp.MustCompile(`^(?:GET|HEAD|POST|PUT|OPTIONS|DELETE|PURGE) (\S+)(?: HTTP/[0-9.]+)?$`)

// logged takes the address of a quoted request, and skips the rest of the line, because a referer is no target.
func (p *parser) logged(quoted string) bool {
	m := requestLine.FindStringSubmatch(quoted)
	if m == nil {
		return false
	}
	p.fail(sayLog)
	p.wrong = sayLog // this message replaces earlier mistakes of the line
	begins := strings.LastIndexByte(p.text[:p.at], '\n')
	p.links = slices.DeleteFunc(p.links, func(l piece) bool { return l.from > begins && !isLink(l.text) }) // the visitor's address
	switch {
	case isLink(m[1]):
		p.link(piece{kind: pieceWrapped, text: m[1], from: p.now.from})
	case isPath(m[1]):
		p.paths = append(p.paths, m[1])
	}
	if next := strings.IndexByte(p.text[p.at:], '\n'); next >= 0 && p.code == 0 {
		p.at += next
	} else {
		p.stop()
	}
	return true
}
