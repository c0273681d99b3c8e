package acl

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file reads the subset of YAML that policies use: block and flow lists and mappings, plain and quoted
// text on one line, comments. Constructs that two YAML readers could read differently, or that a person could
// overlook, are refused with their place: anchors, aliases, tags, merge keys, text blocks, text on several
// lines, tabs, invisible characters, several documents, repeated keys, missing values. Every YAML reader reads
// an accepted file alike.

type shape uint8

const (
	scalar shape = iota
	list
	mapping
)

// String returns the name of the shape in sentences about mistakes.
func (s shape) String() string { return [...]string{"text", "a list", "a mapping"}[s] }

// node is one value of the file. The items of a mapping are key, value, key, value, …
type node struct {
	shape  shape
	quoted bool
	pos    int32 // offset in bytes
	text   string
	items  []node
}

// mistake is a place in the file, and a sentence about the mistake there.
type mistake struct {
	pos     int
	message string
}

const maxDepth = 16

// readYAML returns the single value in src, or the first mistake.
func readYAML(src string) (node, *mistake) {
	if m := invisible(src); m != nil {
		return node{}, m
	}
	y := &yaml{src: src}
	if strings.HasPrefix(src, "\ufeff") {
		y.pos, y.line = len("\ufeff"), len("\ufeff")
	}
	n := y.document()
	return n, y.mistake
}

// yaml is a cursor. After the first mistake it stands at the end, so that every loop ends.
type yaml struct {
	src     string
	pos     int
	line    int // where the current line begins
	depth   int
	begun   bool // a document has begun, so "---" would begin another
	mistake *mistake
}

func (y *yaml) fail(pos int, message string) {
	if y.mistake == nil {
		y.mistake = &mistake{pos, message}
	}
	y.pos, y.line = len(y.src), len(y.src)
}

func (y *yaml) end() bool   { return y.pos >= len(y.src) }
func (y *yaml) column() int { return y.pos - y.line }

// at returns the byte i after the cursor, or a line end beyond the end of the file.
func (y *yaml) at(i int) byte {
	if y.pos+i >= len(y.src) {
		return '\n'
	}
	return y.src[y.pos+i]
}

func blank(c byte) bool   { return c == ' ' || c == '\n' || c == '\r' }
func bracket(c byte) bool { return strings.IndexByte(",[]{}", c) >= 0 }

func (y *yaml) document() node {
	y.marker()
	y.next()
	y.begun = true
	if y.end() {
		y.fail(0, "the file says nothing; `purgebot acl init` writes one to begin with")
		return node{}
	}
	n := y.block()
	if y.next(); !y.end() {
		y.fail(y.pos, "this line is not indented like those above it; align it with the key it belongs beside")
	}
	return n
}

// next moves to the next byte that is neither space nor comment.
func (y *yaml) next() {
	for !y.end() {
		switch c := y.src[y.pos]; {
		case c == '\n':
			y.pos++
			y.line = y.pos
			y.marker()
		case c == ' ' || c == '\r':
			y.pos++
		case y.comment():
			y.pos += lineLength(y.src[y.pos:])
		case c == '\t':
			y.fail(y.pos, "a tab; write spaces")
		default:
			return
		}
	}
}

func (y *yaml) comment() bool {
	return y.at(0) == '#' && (y.column() == 0 || blank(y.src[y.pos-1]))
}

// marker checks the beginning of a line: one "---" may stand before everything else.
func (y *yaml) marker() {
	switch at := y.src[y.pos:]; {
	case strings.HasPrefix(at, "---") && blank(y.at(3)) && !y.begun:
		y.begun = true
		y.pos += 3
		y.endLine()
	case strings.HasPrefix(at, "---"), strings.HasPrefix(at, "..."):
		y.fail(y.pos, "a second document begins here; a policy is one document, so delete this line")
	}
}

func lineLength(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s)
}

// spaces skips spaces within the line and reports whether a value follows there.
func (y *yaml) spaces() (more bool) {
	for y.at(0) == ' ' {
		y.pos++
	}
	return !y.comment() && y.at(0) != '\n' && y.at(0) != '\r'
}

func (y *yaml) endLine() {
	if y.spaces() {
		y.fail(y.pos, "this does not belong to the value before it; put text that holds \": \", \" #\" or brackets in quotes, and one value on a line")
	}
}

func (y *yaml) enter() (leave func()) {
	if y.depth++; y.depth > maxDepth {
		y.fail(y.pos, "nested too deeply for a policy")
	}
	return func() { y.depth-- }
}

// block reads the value at the cursor, which reaches to the last line with that indentation.
func (y *yaml) block() node {
	defer y.enter()()
	switch {
	case y.dash():
		return y.blockList()
	case y.keyAhead():
		return y.blockMapping()
	}
	n := y.inline(false)
	y.endLine()
	return n
}

func (y *yaml) dash() bool { return y.at(0) == '-' && !y.end() && blank(y.at(1)) }

// keyAhead reports whether the line holds a key and its colon.
func (y *yaml) keyAhead() bool {
	if c := y.at(0); c == '[' || c == '{' {
		return false
	}
	probe := *y
	probe.inline(false)
	probe.spaces()
	return probe.mistake == nil && probe.at(0) == ':' && blank(probe.at(1))
}

func (y *yaml) blockList() node {
	n := node{shape: list, pos: int32(y.pos)}
	for column := y.column(); ; {
		n.items = append(n.items, y.item(column))
		y.next()
		if y.end() || y.column() < column || y.column() == column && !y.dash() {
			return n
		}
		if y.column() > column {
			y.fail(y.pos, "this line is indented further than the list it stands in; align it, or put the text on one line")
		}
	}
}

func (y *yaml) item(column int) node {
	at := y.pos
	y.pos++
	if !y.spaces() {
		y.next()
		if y.end() || y.column() <= column {
			y.fail(at, "an empty list item; write a value after the dash, or delete it")
		}
	}
	return y.block()
}

func (y *yaml) blockMapping() node {
	n := node{shape: mapping, pos: int32(y.pos)}
	var seen keys
	for column := y.column(); ; {
		key := y.key()
		y.distinct(&seen, key)
		n.items = append(n.items, key, y.value(key, column))
		y.next()
		switch {
		case y.end() || y.column() < column:
			return n
		case y.column() > column:
			y.fail(y.pos, "this line is indented further than the keys above it; align it, or put the text on one line")
		case y.dash() || !y.keyAhead():
			at := y.pos
			y.inline(false) // this reports a more precise mistake, if one is known
			y.fail(at, "a key and a colon belong here, as in `name: text`")
		}
	}
}

// value reads the value of a key: on its line, or indented below it; a list may stand directly below the key.
func (y *yaml) value(key node, column int) node {
	if y.spaces() {
		n := y.inline(false)
		y.endLine()
		return n
	}
	y.next()
	if y.end() || y.column() < column || y.column() == column && !y.dash() {
		y.fail(int(key.pos), "`"+key.text+"` has no value; give it one (in quotes if it begins with #), or delete the key")
		return node{}
	}
	return y.block()
}

// key reads the key found by keyAhead, and its colon.
func (y *yaml) key() node {
	n := y.inline(false)
	y.spaces()
	if n.text == "<<" {
		y.fail(int(n.pos), "merge keys are not read; write the keys out")
	}
	y.pos++
	return n
}

// keys are the keys of one mapping, in a set if they are many.
type keys struct {
	few  []string
	many map[string]bool
}

func (y *yaml) distinct(seen *keys, key node) {
	if seen.has(key.text) {
		y.fail(int(key.pos), "`"+key.text+"` stands here twice; keep one")
	}
	seen.add(key.text)
}

func (k *keys) has(s string) bool {
	if k.many != nil {
		return k.many[s]
	}
	for _, t := range k.few {
		if s == t {
			return true
		}
	}
	return false
}

func (k *keys) add(s string) {
	if k.many != nil {
		k.many[s] = true
		return
	}
	if k.few = append(k.few, s); len(k.few) > 16 {
		k.many = map[string]bool{}
		for _, s := range k.few {
			k.many[s] = true
		}
	}
}

// inline reads the value at the cursor. In a flow, brackets and commas end plain text.
func (y *yaml) inline(flow bool) node {
	switch y.at(0) {
	case '[':
		return y.flowList()
	case '{':
		return y.flowMapping()
	case '"', '\'':
		return y.quoted()
	}
	if why := y.indicator(); why != "" {
		y.fail(y.pos, why)
	}
	return y.plain(flow)
}

// indicator returns a sentence if plain text cannot begin at the cursor, or "".
func (y *yaml) indicator() string {
	switch c := y.at(0); c {
	case '&':
		return "anchors are not read; write the value out in each place"
	case '*':
		return "a star begins an alias in YAML; put it in quotes, as in \"*\" or \"*.example.com\""
	case '!':
		return "tags are not read; delete the one here"
	case '|', '>':
		return "text blocks are not read; write the text on one line, in quotes"
	case '%', '@', '`', '#', '?', ':':
		return "text cannot begin with " + string(c) + " here; put it in quotes"
	case ',', ']', '}':
		return "there is no value before this " + string(c)
	case '-':
		if next := y.at(1); blank(next) || bracket(next) {
			return "a value belongs here, not a dash; a list item begins on a line of its own"
		}
	}
	return ""
}

func (y *yaml) plain(flow bool) node {
	from := y.pos
	for !y.end() && !y.plainEnds(flow) {
		if y.src[y.pos] == '\t' {
			y.fail(y.pos, "a tab; write spaces")
			break
		}
		y.pos++
	}
	if y.at(0) == ':' && !blank(y.at(1)) && flow {
		y.fail(y.pos, "write a space after the colon")
	}
	if y.mistake != nil {
		return node{}
	}
	return node{pos: int32(from), text: strings.TrimRight(y.src[from:y.pos], " ")}
}

func (y *yaml) plainEnds(flow bool) bool {
	switch c := y.src[y.pos]; c {
	case '\n', '\r':
		return true
	case ' ':
		return false
	case '#':
		return y.comment()
	case ':':
		return blank(y.at(1)) || flow && bracket(y.at(1))
	default:
		return flow && bracket(c)
	}
}

// quoted reads 'text' and "text" on one line. The only escapes are \" \\ and \/; other escapes name characters
// that no rule needs.
func (y *yaml) quoted() node {
	n := node{quoted: true, pos: int32(y.pos)}
	quote := y.at(0)
	var b strings.Builder
	for y.pos++; ; y.pos++ {
		c := y.at(0)
		switch {
		case c == '\n' || c == '\r':
			y.fail(int(n.pos), "this quote does not end on its line; write the text on one line")
			return node{}
		case c == '\t':
			y.fail(y.pos, "a tab; write spaces")
			return node{}
		case quote == '"' && c == '\\':
			y.pos++
			if c = y.at(0); strings.IndexByte(`"\/`, c) < 0 {
				y.fail(y.pos-1, `of the escapes only \" \\ and \/ are read; write the character itself`)
				return node{}
			}
		case c == quote && quote == '\'' && y.at(1) == quote:
			y.pos++
		case c == quote:
			y.pos++
			n.text = b.String()
			return n
		}
		b.WriteByte(c)
	}
}

func (y *yaml) flowList() node {
	defer y.enter()()
	n := node{shape: list, pos: int32(y.pos)}
	for y.open(); !y.closed(n, ']'); y.comma(n, ']') {
		n.items = append(n.items, y.inline(true))
	}
	return n
}

func (y *yaml) flowMapping() node {
	defer y.enter()()
	n := node{shape: mapping, pos: int32(y.pos)}
	var seen keys
	for y.open(); !y.closed(n, '}'); y.comma(n, '}') {
		key := y.flowKey()
		y.distinct(&seen, key)
		y.next()
		if c := y.at(0); c == ',' || c == '}' {
			y.fail(int(key.pos), "`"+key.text+"` has no value; give it one, or delete the key")
		}
		n.items = append(n.items, key, y.inline(true))
	}
	return n
}

// flowKey reads a key and its colon within braces, where JSON needs no space after a quoted key.
func (y *yaml) flowKey() node {
	if c := y.at(0); c == '[' || c == '{' {
		y.fail(y.pos, "a key is text")
	}
	n := y.inline(true)
	y.spaces()
	switch {
	case y.mistake != nil:
	case y.at(0) != ':':
		y.fail(int(n.pos), "`"+n.text+"` has no value; write `"+n.text+": …`")
	case n.text == "<<":
		y.fail(int(n.pos), "merge keys are not read; write the keys out")
	default:
		y.pos++
	}
	return n
}

func (y *yaml) open() { y.pos++; y.next() }

// closed reports whether the flow ends at the cursor, and steps over its bracket.
func (y *yaml) closed(n node, with byte) bool {
	if y.end() {
		y.fail(int(n.pos), "this bracket is never closed; add the "+string(with))
		return true
	}
	if y.at(0) != with {
		return false
	}
	y.pos++
	return true
}

func (y *yaml) comma(n node, with byte) {
	switch y.next(); {
	case y.end(), y.at(0) == with:
	case y.at(0) == ',':
		y.pos++
		y.next()
	case y.at(0) == ':':
		y.fail(y.pos, "no colon belongs here; write {key: value}, or put text that holds a colon in quotes")
	default:
		y.fail(y.pos, "write a comma or "+string(with)+" before this")
	}
}

// invisible returns the first character that is invisible to people or a line's end to some YAML readers.
func invisible(src string) *mistake {
	for i, r := range src {
		switch {
		case r == utf8.RuneError && strings.HasPrefix(src[i:], "\ufffd"):
		case r == utf8.RuneError:
			return &mistake{i, "this byte is not UTF-8; save the file as UTF-8"}
		case r == '\r' && strings.HasPrefix(src[i:], "\r\n"), r == '\n', r == '\t', r == '\ufeff' && i == 0:
		case !unicode.IsPrint(r):
			return &mistake{i, "an invisible character stands here; delete it"}
		}
	}
	return nil
}
