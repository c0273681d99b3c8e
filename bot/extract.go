package bot

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a piece of pasted text is.
type pieceKind uint8

const (
	pieceNone pieceKind = iota // an opening bracket was passed: read on
	pieceEnd
	pieceWord    // anything that is not a link
	pieceQuoted  // what stood between quotes
	pieceBare    // a link in bare text: what punctuation followed it is cut
	pieceWrapped // a link in brackets, Markdown or code: taken to the byte
	pieceOpen    // a bracket or quote that never closes; nothing is read after it
)

// piece is one word or link. text is what counts; raw is what was typed, where that says more.
type piece struct {
	kind      pieceKind
	fresh     bool // first on its line, and not the first line
	invented  bool // a chat put "http://" before what somebody typed
	text, raw string
}

// reader takes pieces out of text in one pass. It never looks at a byte more than a constant number of times, whatever is pasted:
// each search for a closing bracket ends at the next opening one.
type reader struct {
	text string
	at   int
	// code is where the code span being read ends, and after where its closing ticks do; zero outside of one.
	code, after int
	// split is the first link that ended at a comma with another link right behind; splits counts them.
	split  string
	splits int
}

// next returns the next piece.
func (r *reader) next() piece {
	for fresh := false; ; {
		fresh = r.skip() || fresh
		if r.at >= len(r.text) {
			return piece{kind: pieceEnd}
		}
		if p := r.read(); p.kind != pieceNone {
			p.fresh = fresh
			return p
		}
	}
}

func (r *reader) read() piece {
	rest := r.text[r.at:]
	switch c := rest[0]; {
	case r.code > 0:
		return r.exact()
	case c|0x20 == 'h' && isLink(rest):
		return r.bare()
	case c == '<':
		return r.angle()
	case c == '[':
		return r.markdown()
	case c == '`':
		return r.ticks()
	case c == '(' && opensLink(rest[1:]):
		r.at++
		return piece{}
	case c == '"' || c == '\'' || c == smartQuote[0]:
		return r.quotes()
	}
	return r.word()
}

// skip passes over space, and over commas between links; it says whether a line ended.
func (r *reader) skip() (fresh bool) {
	for {
		if r.code > 0 && r.at >= r.code {
			r.at, r.code = r.after, 0
			r.closers()
		}
		if r.at >= len(r.text) {
			return fresh
		}
		c := r.text[r.at]
		n := 1
		switch {
		case class[c] == classSpace:
			fresh = fresh || c == '\n'
		case (c == ',' || c == ';') && r.code == 0:
		case c >= utf8.RuneSelf:
			if n = spaceAt(r.text[r.at:]); n == 0 {
				return fresh
			}
		default:
			return fresh
		}
		r.at += n
	}
}

// bare reads a link that nothing wraps. It ends at space, or at a comma with another link right behind it.
func (r *reader) bare() piece {
	start, i := r.at, r.at
	for ; i < len(r.text); i++ {
		c := class[r.text[i]]
		if c == classPlain {
			continue
		}
		if c == classSpace || c == classWide && spaceAt(r.text[i:]) > 0 {
			break
		}
		if c == classSeparator && isLink(r.text[i+1:]) {
			r.noteSplit(r.text[start:i])
			break
		}
	}
	r.at = i
	raw := r.text[start:i]
	return piece{kind: pieceBare, text: cutTail(raw), raw: raw}
}

func (r *reader) noteSplit(link string) {
	if r.splits++; r.splits == 1 {
		r.split = link
	}
}

// angle reads "<https://…>" and "<https://…|label>". Without an address inside it is a word, such as a mention.
func (r *reader) angle() piece {
	start := r.at
	n := strings.IndexAny(r.text[start+1:], "<>\n")
	if n < 0 || r.text[start+1+n] != '>' {
		return r.open()
	}
	inside := r.text[start+1 : start+1+n]
	r.at = start + n + 2
	address, label, _ := strings.Cut(inside, "|")
	if !linkish(address) {
		return piece{kind: pieceWord, text: r.text[start:r.at]}
	}
	r.closers()
	return piece{kind: pieceWrapped, text: address, invented: invented(address, label)}
}

// invented says whether the chat made a link of a bare host: its label is the address without "http://".
func invented(address, label string) bool {
	bare, found := strings.CutPrefix(address, "http://")
	return found && label != "" && strings.TrimSuffix(bare, "/") == strings.TrimSuffix(label, "/")
}

// markdown reads "[label](https://…)", or else a bracket around bare text. The label is never looked at.
func (r *reader) markdown() piece {
	rest := r.text[r.at+1:]
	n := strings.IndexAny(rest, "[]\n")
	if n < 0 || !strings.HasPrefix(rest[n:], "](") {
		if opensLink(rest) {
			r.at++
			return piece{}
		}
		return r.word()
	}
	start := r.at + 1 + n + 2
	end := destination(r.text[start:])
	if end < 0 {
		return r.open()
	}
	r.at = start + end + 1
	r.closers()
	address := r.text[start : start+end]
	if strings.HasPrefix(address, "<") {
		address = strings.TrimSuffix(address[1:], ">")
	}
	return piece{kind: pieceWrapped, text: address}
}

// destination returns where the parenthesis closes that a Markdown link opened, or -1.
func destination(s string) int {
	depth := 0
	for i := range len(s) {
		switch c := s[i]; {
		case class[c] == classSpace:
			return -1
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return i
			}
		}
	}
	return -1
}

// ticks enters a code span or a fenced block; its words are read one by one, to the byte.
func (r *reader) ticks() piece {
	rest := r.text[r.at:]
	run := ticksAt(rest)
	for i := run; ; {
		n := strings.IndexByte(rest[i:], '`')
		if n < 0 {
			return r.open()
		}
		i += n
		closing := ticksAt(rest[i:])
		if closing == run {
			r.code, r.after = r.at+i, r.at+i+run
			break
		}
		i += closing
	}
	r.at += run
	if run >= 3 {
		r.language()
	}
	return piece{}
}

// language passes over the word after a fence that says that plain text follows.
func (r *reader) language() {
	line, _, found := strings.Cut(r.text[r.at:r.code], "\n")
	switch strings.TrimSpace(line) {
	case "text", "txt", "plain", "plaintext":
		if found {
			r.at += len(line)
		}
	}
}

// ticksAt counts the backticks that s begins with.
func ticksAt(s string) int {
	return len(s) - len(strings.TrimLeft(s, "`"))
}

// exact reads one word of a code span.
func (r *reader) exact() piece {
	start := r.at
	r.at = min(wordEnd(r.text, start), r.code)
	w := r.text[start:r.at]
	if linkish(w) {
		return piece{kind: pieceWrapped, text: w}
	}
	return piece{kind: pieceWord, text: w}
}

// quotes reads what stands between quotes, straight or smart, single or double. In double ones a backslash keeps a quote inside.
func (r *reader) quotes() piece {
	start, rest := r.at, r.text[r.at:]
	family, n := quoteAt(rest)
	if family == 0 {
		return r.word()
	}
	for i := n; i < len(rest); {
		if escaped := escapeAt(rest[i:]); family == '"' && escaped > 0 {
			i += escaped
			continue
		}
		f, size := quoteAt(rest[i:])
		if f == family && (f == '"' || endsWord(rest[i+size:])) {
			r.at = start + i + size
			r.closers()
			return piece{kind: pieceQuoted, text: unescape(family, rest[n:i]), raw: rest[n:i]}
		}
		i += max(size, 1)
	}
	return r.open()
}

// escapeAt returns the length of the backslash and the quote or backslash that s begins with, or 0.
func escapeAt(s string) int {
	if len(s) < 2 || s[0] != '\\' {
		return 0
	}
	if s[1] == '\\' {
		return 2
	}
	if family, n := quoteAt(s[1:]); family == '"' {
		return 1 + n
	}
	return 0
}

// unescape takes away the backslashes that escapeAt sees.
func unescape(family byte, s string) string {
	if family != '"' || !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		n := escapeAt(s)
		if n > 0 {
			s = s[1:]
		}
		n = max(n-1, 1)
		b.WriteString(s[:n])
		s = s[n:]
	}
	return b.String()
}

// smartQuote begins, in UTF-8, with the byte that all smart quotes and long dashes begin with.
const smartQuote = "“"

// quoteAt returns the family ('"' or '\”) and length of the quote that s begins with; 0 if it is none.
func quoteAt(s string) (family byte, n int) {
	if s == "" {
		return 0, 0
	}
	if s[0] == '"' || s[0] == '\'' {
		return s[0], 1
	}
	if s[0] != smartQuote[0] {
		return 0, 0
	}
	switch r, n := utf8.DecodeRuneInString(s); r {
	case '“', '”', '„', '‟':
		return '"', n
	case '‘', '’', '‚', '‛':
		return '\'', n
	}
	return 0, 0
}

// word reads what is no link and has no quotes around it. A flag's "=" before a quote ends it: the value is the next piece.
func (r *reader) word() piece {
	start := r.at
	if isDash(r.text[start:]) {
		r.at = flagEnd(r.text, start)
		return piece{kind: pieceWord, text: r.text[start:r.at]}
	}
	r.at = wordEnd(r.text, start)
	w := r.text[start:r.at]
	if linkish(w) {
		return piece{kind: pieceBare, text: cutTail(w), raw: w}
	}
	return piece{kind: pieceWord, text: w}
}

// open ends the reading at a bracket or quote that never closes.
func (r *reader) open() piece {
	rest := r.text[r.at:]
	r.stop()
	return piece{kind: pieceOpen, text: rest}
}

// stop makes what was read the last.
func (r *reader) stop() { r.at, r.code = len(r.text), 0 }

// closers passes over punctuation behind something wrapped.
func (r *reader) closers() {
	for r.at < len(r.text) && strings.IndexByte(".,;:!?)]", r.text[r.at]) >= 0 {
		r.at++
	}
}

// The classes of bytes in a bare link.
const (
	classPlain = iota
	classSpace
	classSeparator
	classWide // not ASCII: perhaps a wide space
)

var class = func() (t [256]byte) {
	for _, c := range " \t\n\r\v\f" {
		t[c] = classSpace
	}
	t[','], t[';'] = classSeparator, classSeparator
	for c := utf8.RuneSelf; c < len(t); c++ {
		t[c] = classWide
	}
	return t
}()

// wordEnd returns where the word ends that begins at start.
func wordEnd(s string, start int) int {
	for i := start; i < len(s); i++ {
		c := class[s[i]]
		if c == classSpace || c == classWide && spaceAt(s[i:]) > 0 {
			return i
		}
	}
	return len(s)
}

// flagEnd returns where a flag ends: as a word does, or behind "=" with a quote after it.
func flagEnd(s string, start int) int {
	for i := start; i < len(s) && class[s[i]] != classSpace; i++ {
		if s[i] != '=' {
			continue
		}
		if family, _ := quoteAt(s[i+1:]); family != 0 {
			return i + 1
		}
		break
	}
	return wordEnd(s, start)
}

// endsWord says whether a word is over where s begins.
func endsWord(s string) bool {
	return s == "" || class[s[0]] == classSpace || strings.IndexByte(".,;:!?)]", s[0]) >= 0 || spaceAt(s) > 0
}

// spaceAt returns the length of the wide space (such as the no-break space) that s begins with; 0 if it is none.
func spaceAt(s string) int {
	if s[0] < utf8.RuneSelf {
		return 0
	}
	if r, n := utf8.DecodeRuneInString(s); unicode.IsSpace(r) {
		return n
	}
	return 0
}

// isLink says whether s begins with http:// or https://.
func isLink(s string) bool {
	if len(s) < len("http://") || s[0]|0x20 != 'h' || !strings.EqualFold(s[:4], "http") {
		return false
	}
	s = s[4:]
	if s[0]|0x20 == 's' {
		s = s[1:]
	}
	return strings.HasPrefix(s, "://")
}

// opensLink says whether a link, wrapped or not, begins where s does.
func opensLink(s string) bool {
	return isLink(s) || s != "" && strings.IndexByte("<[`", s[0]) >= 0
}

// linkish says whether a word was meant as an address, however wrong: a target to refuse, not a word to wonder about.
func linkish(w string) bool {
	return strings.Contains(w, "://") || strings.HasPrefix(w, "//") ||
		len(w) > 5 && (strings.EqualFold(w[:5], "http:") || strings.EqualFold(w[:min(6, len(w))], "https:")) || hostlike(w)
}

// hostlike says whether a word begins as "www.test.com" or "10.0.0.1" does.
func hostlike(w string) bool {
	host := w
	if n := strings.IndexAny(w, "/:?#"); n >= 0 {
		host = w[:n]
	}
	host = strings.TrimRight(host, ".,;!)")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if len(last) == len(host) || len(host) > 253 || strings.Contains(host, "..") || host[0] == '.' {
		return false
	}
	for _, c := range host {
		if !isHostRune(c) {
			return false
		}
	}
	return isName(last) || strings.HasPrefix(strings.ToLower(last), "xn--") || strings.Count(host, ".") == 3
}

func isHostRune(c rune) bool {
	return c == '-' || c == '.' || c >= utf8.RuneSelf && unicode.IsLetter(c) || isAlphanumeric(c)
}

func isAlphanumeric(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' && c < utf8.RuneSelf
}

// isName says whether a label can end a host's name: two letters or more.
func isName(label string) bool {
	return utf8.RuneCountInString(label) >= 2 && strings.IndexFunc(label, func(c rune) bool { return !unicode.IsLetter(c) }) < 0
}

// isDash says whether a word begins with a dash, short or long.
func isDash(w string) bool {
	return strings.HasPrefix(w, "-") || longDash(w) > 0
}

// longDash returns the length of the long dash that w begins with; 0 if it is none.
func longDash(w string) int {
	if w == "" || w[0] != smartQuote[0] {
		return 0
	}
	switch r, n := utf8.DecodeRuneInString(w); r {
	case '‐', '‑', '‒', '–', '—', '―', '−':
		return n
	}
	return 0
}

// cutTail takes away the punctuation that ended a sentence, not the address. More than a few marks end no sentence.
func cutTail(w string) string {
	for range 16 {
		n := tail(w)
		if n == 0 {
			break
		}
		w = w[:len(w)-n]
	}
	return w
}

// tail returns how many bytes of punctuation end w. Several dots are none: they may be a parent directory, or an address cut short.
func tail(w string) int {
	if w == "" {
		return 0
	}
	switch c := w[len(w)-1]; c {
	case '.':
		if strings.HasSuffix(w, "..") {
			return 0
		}
		return 1
	case ',', ';', ':', '!', '?':
		return 1
	case ')':
		return unbalanced(w, '(', c)
	case ']':
		return unbalanced(w, '[', c)
	case '>':
		return unbalanced(w, '<', c)
	case '"', '\'':
		return strings.Count(w, string(c)) % 2
	default:
		if c < utf8.RuneSelf {
			return 0
		}
	}
	r, n := utf8.DecodeLastRuneInString(w)
	if strings.ContainsRune("“”„‟‘’‚‛，。、；：！？）】」』》", r) {
		return n
	}
	return 0
}

// unbalanced returns 1 if more brackets close than open.
func unbalanced(w string, opening, closing byte) int {
	if strings.Count(w, string(closing)) > strings.Count(w, string(opening)) {
		return 1
	}
	return 0
}

// cutShort says whether an address ends as one that was abbreviated for display.
func cutShort(bare string) bool {
	return strings.HasSuffix(bare, "..") || strings.HasSuffix(bare, "…")
}
