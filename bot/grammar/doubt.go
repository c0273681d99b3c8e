package grammar

import (
	"cmp"
	"html"
	"regexp"
	"slices"
	"strings"

	"purgebot/purge"
)

// This file finds doubtful addresses: refused addresses, and legal addresses that are probably a mistake. Each doubt has meanings, which
// are only ever offered. A meaning holds whole addresses; a doubt has no meanings if the meant object is unknown.

// meaning is one way to read an address that is not plain.
type meaning struct {
	kind    purge.Kind
	targets []purge.Target
	literal bool // true for the address exactly as typed
}

// doubt is the reason against an address, and the meanings of the address, the likeliest first.
type doubt struct {
	reason   string
	meanings []meaning
}

// doubter reads one address of a command.
type doubter struct {
	kind    purge.Kind
	wrapped bool // true if markup marks the ends of the address
	depth   int  // the number of doubts around this one
}

// longest bounds the bytes of an address with its surroundings; a longer text is refused without a search.
const longest = 16 << 10

// mostDoubts bounds the mistakes in one address.
const mostDoubts = 4

// legal finds the doubt about an address that purge.Parse takes; an empty reason is no doubt.
func (d doubter) legal(s string) doubt {
	if !mayDoubt(s) {
		return doubt{}
	}
	return d.find(s)
}

// find returns the first doubt about a legal address.
func (d doubter) find(s string) doubt {
	for _, find := range []func(doubter, string) doubt{doubter.entity, doubter.star, doubter.column, doubter.glued, doubter.position, doubter.escapedTail} {
		if found := find(d, s); found.reason != "" {
			return found
		}
	}
	return doubt{}
}

// mayDoubt looks for the few bytes that every doubt about a legal address needs: most addresses have none.
func mayDoubt(s string) bool {
	rest := s[min(len(s), len("https:")):]
	return strings.IndexByte(rest, '*') >= 0 || strings.IndexByte(rest, ',') >= 0 || strings.IndexByte(rest, ':') >= 0 ||
		strings.IndexByte(rest, ';') >= 0 || endsEscaped(s)
}

// endsEscaped reports whether an address ends in an escape such as "%20".
func endsEscaped(s string) bool { return len(s) > 3 && s[len(s)-3] == '%' }

// refused finds the possible meanings of an address that purge.Parse refuses.
func (d doubter) refused(s string, r *purge.Refused) doubt {
	if len(s) > longest && strings.Count(s, "://") < 2 {
		return doubt{r.Reason, nil}
	}
	for _, find := range []func(doubter, string) doubt{
		doubter.hidden, doubter.encoded, doubter.slashed, doubter.pattern, doubter.inside, doubter.scheme, doubter.prose, doubter.entity,
		doubter.star, doubter.column, doubter.file,
	} {
		if found := find(d, s); found.reason != "" {
			return found
		}
	}
	return doubt{r.Reason, d.suggested(s, r.Suggest)}
}

// suggested reads the suggestion of purge.Parse. A suggestion that escapes brackets or quotes is dropped, because those characters
// stand around an address and do not belong to it.
func (d doubter) suggested(s, suggest string) []meaning {
	if suggest == "" || strings.ContainsAny(s, "<>\"{}|`") {
		return nil
	}
	return d.read(suggest)
}

// whole returns the targets that a text means without doubt, or none.
func (d doubter) whole(s string) []purge.Target {
	meanings := d.read(s)
	if len(meanings) == 0 || meanings[0].kind != d.kind {
		return nil
	}
	return meanings[0].targets
}

// read returns the meanings of a corrected text. A literal meaning is left out, because only the typed address has one.
func (d doubter) read(s string) []meaning {
	t, err := purge.Parse(d.kind, s)
	found := doubt{}
	if err == nil {
		found = d.legal(s)
	}
	if err == nil && found.reason == "" {
		return []meaning{{kind: d.kind, targets: []purge.Target{t}}}
	}
	if d.depth++; d.depth > mostDoubts {
		return nil
	}
	if err != nil {
		found = d.refused(s, asRefused(err))
	}
	return slices.DeleteFunc(slices.Clone(found.meanings), func(m meaning) bool { return m.literal })
}

// literally returns the address exactly as typed, if purge.Parse takes it.
func (d doubter) literally(s string) []meaning {
	if t, err := purge.Parse(d.kind, s); err == nil && !strings.ContainsAny(s, "#*") {
		return []meaning{{kind: d.kind, targets: []purge.Target{t}, literal: true}}
	}
	return nil
}

// as returns a text as one target of a kind, if purge.Parse takes it.
func as(kind purge.Kind, s string) []meaning {
	if t, err := purge.Parse(kind, s); err == nil {
		return []meaning{{kind: kind, targets: []purge.Target{t}}}
	}
	return nil
}

// entity finds the entities of XML or HTML, such as "&amp;" for "&".
func (d doubter) entity(s string) doubt {
	name := entity.FindString(s)
	if name == "" || html.UnescapeString(name) == name {
		return doubt{}
	}
	plain := s
	for range mostDoubts { // "&amp;amp;" was escaped twice
		plain = entity.ReplaceAllStringFunc(plain, html.UnescapeString)
	}
	return doubt{sayEntity(name), append(d.read(plain), d.literally(s)...)}
}

// entity matches an entity with its semicolon: without the semicolon, "&copy=1" is an ordinary parameter.
var entity = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});`)

// star finds a "*". Tencent takes a "*" for an ordinary letter, and people never mean that letter.
func (d doubter) star(s string) doubt {
	at := strings.IndexByte(s, '*')
	if at < 0 {
		return doubt{}
	}
	_, rest, _ := strings.Cut(s, "://")
	if end := strings.IndexAny(rest, "/?#*"); end >= 0 && rest[end] == '*' { // in the host
		return doubt{}
	}
	return doubt{sayStar, d.starred(s, at)}
}

// starred returns the meanings of an address with a "*" at the place: the address before the "*", or the directory around it.
func (d doubter) starred(s string, at int) []meaning {
	// The "*" may be in the query, or be the mark that closes bold text.
	address, query, _ := strings.Cut(s, "?")
	name := strings.Trim(s[strings.LastIndexByte(s[:at], '/')+1:], "*_~")
	bare := strings.TrimRight(s, "*_~")
	switch {
	case at > len(address):
		if strings.Trim(query, "*") == "" {
			return d.read(address)
		}
		if !strings.Contains(bare, "*") && !strings.HasSuffix(bare, "=") {
			return d.read(bare)
		}
		return nil
	case !strings.Contains(bare, "*") && hasExtension(bare):
		return d.read(bare)
	}
	// Otherwise the directory around the "*" is meant, or the name before the "*".
	dir := as(purge.Directory, s[:strings.LastIndexByte(s[:at], '/')+1])
	if name != "" && !strings.Contains(bare, "*") && !strings.HasSuffix(bare, "/") {
		return append(d.read(cmp.Or(d.slash(bare), bare)), dir...)
	}
	return dir
}

// slash ends an address in "/" for a directory, and returns "" for a URL.
func (d doubter) slash(s string) string {
	if d.kind == purge.Directory {
		return strings.TrimSuffix(s, "/") + "/"
	}
	return ""
}

// mostColumns bounds the commas of one address that are examined.
const mostColumns = 32

// column finds the columns of a log or a table behind an address. A comma is also legal in a path, so the literal meaning remains.
func (d doubter) column(s string) doubt {
	if !isLink(s) {
		return doubt{}
	}
	for _, mark := range []byte{',', ';'} {
		for at, n := strings.IndexByte(s, mark), 0; at > 0 && n < mostColumns; n++ {
			if rest := s[at+1:]; strings.Contains(rest, "/") && hostlike(rest) && strings.Contains(s[strings.Index(s, "://")+len("://"):max(at, strings.Index(s, "://")+len("://"))], "/") {
				return doubt{sayGlued, append(d.both(s[:at], "https://"+rest), d.literally(s)...)}
			}
			if isColumns(s[:at], s[at+1:], mark) {
				return doubt{sayColumns(s[at:]), append(d.read(s[:at]), d.literally(s)...)}
			}
			next := strings.IndexByte(s[at+1:], mark)
			if next < 0 {
				break
			}
			at += 1 + next
		}
	}
	return doubt{}
}

// isColumns reports whether columns follow an address: behind the end of a file name, or in the form of a log's columns.
func isColumns(address, rest string, mark byte) bool {
	// The first column is tested for the usual words and numbers of a log.
	if _, path, _ := strings.Cut(address, "://"); !strings.Contains(path, "/") {
		return false
	}
	first, more, several := strings.Cut(rest, string(mark))
	first = strings.Trim(first, `"' `)
	isStatus := len(first) == 3 && first[0] >= '1' && first[0] <= '5' && strings.Trim(first, "0123456789") == ""
	switch strings.ToUpper(first) {
	case "HIT", "MISS", "GET", "HEAD", "POST", "PUT", "TRUE", "FALSE", "OK", "URL", "DIR", "EXPIRED", "REFRESHHIT", "STALE", "BYPASS":
		isStatus = true
	}
	if strings.Contains(address, "?") {
		return isStatus && (several || more == "")
	}
	return isStatus || hasExtension(address) && first != "" && !hasExtension(rest) && !strings.Contains(first, "=")
}

// glued finds a second address right behind the first. An address behind "/" or "=" is a part of the first, as in an image proxy.
func (d doubter) glued(s string) doubt {
	at := secondLink(s)
	if at < 0 {
		return doubt{}
	}
	return doubt{sayGlued, append(d.both(strings.TrimRight(s[:at], ".;:!"), s[at:]), d.literally(s)...)}
}

// both returns the meaning of two addresses, if each is whole.
func (d doubter) both(one, other string) []meaning {
	first, second := d.whole(one), d.whole(other)
	if len(first) == 0 || len(second) == 0 {
		return nil
	}
	return []meaning{{kind: d.kind, targets: slices.Concat(first, second)}}
}

// secondLink returns the place of a second address inside an address, or -1.
func secondLink(s string) int {
	for i := len("https://"); i < len(s); i++ {
		next := strings.Index(s[i:], "://")
		if next < 0 {
			return -1
		}
		i += next
		for _, n := range []int{len("https"), len("http")} {
			at := i - n
			if at > len("https://") && isLink(s[at:]) && strings.IndexByte("/=:?&+-_,;", s[at-1]) < 0 {
				return at
			}
		}
	}
	return -1
}

// position finds a line and a column behind a file, as in a browser's console: "a.js:10:15".
func (d doubter) position(s string) doubt {
	bare := s
	for range 2 {
		at := strings.LastIndexByte(bare, ':')
		if at > len("https:") && at < len(bare)-1 && strings.Trim(bare[at+1:], "0123456789") == "" {
			bare = bare[:at]
		}
	}
	_, rest, _ := strings.Cut(bare, "://")
	if bare == s || !strings.Contains(rest, "/") || !hasExtension(bare) {
		return doubt{}
	}
	return doubt{sayPosition(s[len(bare):]), append(d.read(bare), d.literally(s)...)}
}

// escapedTail finds the escape of a space, a line end or a quote at the end, as a browser's address bar makes them.
func (d doubter) escapedTail(s string) doubt {
	bare := s
	for cut := true; cut; {
		cut = false
		for _, tail := range []string{"%20", "%0A", "%0D", "%09", "%22", "%C2%A0", "%E2%80%8B", "%EF%BB%BF"} {
			if n := len(bare) - len(tail); n > 0 && strings.EqualFold(bare[n:], tail) {
				bare, cut = bare[:n], true
			}
		}
	}
	if bare == s {
		return doubt{}
	}
	return doubt{sayEscapedTail(s[len(bare):]), append(d.read(bare), d.literally(s)...)}
}

// file finds a directory with the name of a file, and offers both the file and the directory.
func (d doubter) file(s string) doubt {
	if d.kind != purge.Directory {
		return doubt{}
	}
	address, _, _ := strings.Cut(s, "#")
	page, _, asks := strings.Cut(address, "?")
	if !asks && (strings.HasSuffix(page, "/") || !hasExtension(page)) {
		return doubt{}
	}
	r := asRefused(parseError(d.kind, address))
	return doubt{r.Reason, append(doubter{kind: purge.URL, depth: d.depth}.read(address), d.suggested(address, r.Suggest)...)}
}

// parseError returns the error of purge.Parse.
func parseError(kind purge.Kind, s string) error {
	_, err := purge.Parse(kind, s)
	return err
}

// hasExtension reports whether an address ends in a file name with an ending, such as ".css", ".min.js" or ".m3u8". Such an address
// is complete.
func hasExtension(s string) bool {
	if _, rest, is := strings.Cut(s, "://"); is {
		if !strings.Contains(rest, "/") {
			return false
		}
		s = rest
	}
	// An ending has one to five letters and digits, at least one of them a letter.
	name := s[strings.LastIndexByte(s, '/')+1:]
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || len(name)-dot < 2 || len(name)-dot > 6 {
		return false
	}
	ending, letters := name[dot+1:], 0
	for i := range len(ending) {
		switch c := ending[i] | 0x20; {
		case 'a' <= c && c <= 'z':
			letters++
		case ending[i] < '0' || ending[i] > '9':
			return false
		}
	}
	return letters > 0
}
