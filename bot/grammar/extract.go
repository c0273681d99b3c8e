package grammar

import (
	"strings"
	"unicode/utf8"
)

// pieceKind is the type of a piece of pasted text.
type pieceKind uint8

const (
	pieceNone pieceKind = iota // no piece, only an opening bracket
	pieceEnd
	pieceWord    // anything that is not a link
	pieceQuoted  // the text between quotes
	pieceBare    // a link in bare text, without the punctuation behind it
	pieceWrapped // a link in brackets, Markdown or code, taken to the byte
	pieceOpen    // a bracket or quote that never closes; the reading ends there
)

// piece is one word or link. The field text holds its value; the field raw holds the typed form if it differs.
type piece struct {
	kind      pieceKind
	fresh     bool // the first piece of a line other than the first line
	invented  bool // a link whose "http://" was added by the chat
	plain     bool // a link that nothing but its end can make doubtful
	from      int  // the piece's place in the whole text
	text, raw string
}

// reader takes pieces out of a text in one pass. Its time is linear in the length of any text: the search for a closing bracket ends
// at the next opening one, or ends the reading.
type reader struct {
	text  string
	at    int
	start int // the place of the last piece
	base  int // the length of all texts before this one
	// The field lines counts the line ends before the place counted.
	lines, counted int
	// The field code is the end of the present code span, and after is the end of its closing ticks; both are zero outside a span.
	code, after int
	// The field emphasis holds the open marks of bold, italic, struck or hidden text.
	emphasis string
	// The field split is the first link that ended at a comma right before another link; splits counts such links.
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
		r.start = r.at
		if p := r.read(); p.kind != pieceNone {
			p.fresh, p.from = fresh, r.base+r.start
			return p
		}
	}
}

// read reads the piece at the present place, chosen by the first bytes.
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
	case c >= utf8.RuneSelf && opensLink(rest[wideAt(rest, wideOpening):]):
		r.at += wideAt(rest, wideOpening)
		return piece{}
	case opensQuote(rest):
		return r.quotes()
	}
	if n := marksBefore(rest); n > 0 {
		r.marks(rest[:n])
		return piece{}
	}
	return r.word()
}

// marks skips the marks of a list, a quotation or emphasis right before an address.
func (r *reader) marks(m string) {
	r.at += len(m)
	if emphasis := m[strings.LastIndexAny(m, ">-+#. ")+1:]; strings.Trim(emphasis, "*_~|") == "" {
		r.emphasis = emphasis
	}
}

// unmark removes the closing marks of emphasis that was opened before an address.
func (r *reader) unmark(address string) string {
	if r.emphasis == "" {
		return address
	}
	bare := strings.TrimRight(address, r.emphasis)
	if bare != address {
		r.emphasis = ""
		bare = cutTail(bare)
	}
	return bare
}

// skip skips space, and commas between links; it reports whether a line ended.
func (r *reader) skip() (fresh bool) {
	// A code span ends here once it is read; then space and separators are skipped.
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
		case c == ',', c == ';':
		case c >= utf8.RuneSelf:
			if n = max(spaceAt(r.text[r.at:]), wideAt(r.text[r.at:], wideSeparators)); n == 0 {
				return fresh
			}
		default:
			return fresh
		}
		r.at += n
	}
}

// bare reads a link in bare text. The link ends at space, or at a comma right before another link.
func (r *reader) bare() piece {
	// The loop looks for the end, and for bytes that make the address doubtful.
	start, i, plain := r.at, r.at, true
	for ; i < len(r.text); i++ {
		c := class[r.text[i]]
		if c == classPlain {
			continue
		}
		if c == classDoubt {
			plain = plain && i < start+len("https:")
			continue
		}
		if c == classSpace || c == classWide && spaceAt(r.text[i:]) > 0 {
			break
		}
		n := 1
		if c == classWide {
			if n = wideAt(r.text[i:], wideSeparators); n == 0 {
				continue
			}
		}
		if isLink(r.text[i+n:]) {
			r.noteSplit(r.text[start:i])
			break
		}
		plain = false
	}
	// Punctuation and closing marks at the end are no part of the address.
	r.at = i
	raw := r.text[start:i]
	text := cutTail(raw)
	if bare := r.unmark(text); bare != text { // the removal of marks needs no note on the card
		text, raw = bare, bare
	}
	return piece{kind: pieceBare, text: text, raw: raw, plain: plain}
}

// noteSplit counts a link that ended at a comma.
func (r *reader) noteSplit(link string) {
	if r.splits++; r.splits == 1 {
		r.split = link
	}
}

// angle reads "<https://…>" and "<https://…|label>". Brackets without an address are a word, such as a mention.
func (r *reader) angle() piece {
	start := r.at
	n := strings.IndexByte(r.text[start+1:], '>')
	if n < 0 || strings.IndexByte(r.text[start+1:start+1+n], '<') >= 0 || strings.IndexByte(r.text[start:start+n], '\n') >= 0 {
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

// invented reports whether the chat made a link of a bare host: the label is the address without "http://".
func invented(address, label string) bool {
	bare, found := strings.CutPrefix(address, "http://")
	return found && label != "" && strings.EqualFold(strings.TrimSuffix(bare, "/"), strings.TrimSuffix(label, "/"))
}

// markdown reads "[label](https://…)", or else a bracket around bare text. The label has no effect.
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

// destination returns the place of a Markdown link's closing parenthesis, or -1.
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

// ticks enters a code span or a fenced block, whose words are read one by one to the byte.
func (r *reader) ticks() piece {
	// The span ends at the next run of as many ticks.
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
	// A fence of three ticks may name a language.
	r.at += run
	if run >= 3 {
		r.language()
	}
	return piece{}
}

// language skips the word behind a fence that announces plain text.
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

// opensQuote reports whether s begins with a quote.
func opensQuote(s string) bool {
	family, _ := quoteAt(s)
	return family != 0
}

// quotes reads the text between quotes, straight or smart, single or double. A backslash escapes a quote inside double quotes.
func (r *reader) quotes() piece {
	start, rest := r.at, r.text[r.at:]
	family, n := quoteAt(rest)
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

// word reads a word without quotes. A flag's "=" before a quote ends the word, and the value is the next piece.
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

// stop ends the reading.
func (r *reader) stop() { r.at, r.code = len(r.text), 0 }

// closers skips punctuation behind a wrapped piece.
func (r *reader) closers() {
	for r.at < len(r.text) {
		n := wideAt(r.text[r.at:], wideClosing)
		if strings.IndexByte(".,;:!?)]", r.text[r.at]) >= 0 || r.emphasis != "" && strings.IndexByte(r.emphasis, r.text[r.at]) >= 0 {
			n = 1
		}
		if n == 0 {
			return
		}
		r.at += n
	}
}
