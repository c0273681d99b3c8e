package grammar

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"purgebot/purge"
)

// This file reads words other than links: verbs, flags, marks of lists, and unknown words.

// mostTail bounds the words that may continue an address.
const mostTail = 50

// plain takes a flag, a positional value or a word outside the grammar.
func (p *parser) plain(t piece) {
	// A word is read by its form first, then by its place, then by its meaning.
	w := strings.ToLower(t.text)
	_, known := firstWords[w]
	p.valueOf, p.lastDash = p.lastDash, isDash(w)
	switch {
	case p.takesMany() && isMark(t.text) && p.mark(t):
		return
	case isShell(w):
		p.shell(t)
	case p.tailing && strings.Trim(w, "-–—") == "":
		p.unknown(t)
		return
	case isDash(w):
		p.dashed(t.text)
	case w == "/purge", t.fresh && known && (p.typed || len(p.links) > 0):
		p.fail(saySecond(t.text))
		p.stop()
	case w == "dir" && p.wants() == takesOneLink:
		p.kind = purge.Directory
	case p.wants() > takesOneLink:
		p.fill(t.text)
	case known:
		p.misplaced(t.text, firstWords[w])
	default:
		p.unknown(t)
		return
	}
	p.tailing = false
}

// mark skips the mark of an item, and reports whether the word is such a mark: it begins a line, or all items of one line have it.
func (p *parser) mark(t piece) bool {
	class := t.text
	if isNumbering(class) {
		class = "1."
	}
	begins := t.fresh || p.marked == class || p.marked != "" && !p.tailing || len(p.links) == 0 && p.words == 0
	before := p.reader
	next := p.next()
	p.reader = before
	item := !next.fresh && (isAddress(next) || next.kind == pieceWord && isMark(next.text) || next.kind == pieceQuoted && isLink(next.text)) ||
		next.kind == pieceEnd && p.marked == class
	if !begins || !item {
		return false
	}
	p.marked, p.tailing = class, false
	return true
}

// misplaced refuses a verb behind the first word. Without another verb, the misplaced one is read for the corrected line.
func (p *parser) misplaced(word string, use usage) {
	p.fail(sayMisplaced(word))
	p.guess = p.guess || p.typed && (use.verb != p.verb || use.kind != p.kind)
	if !p.typed && use.takesMany() {
		p.usage, p.typed = use, true
	}
}

// meantFlag adds an area or a directory's mode that was typed without dashes to the offered readings.
func (p *parser) meantFlag(word string) bool {
	w := strings.ToLower(strings.Trim(word, ".,!"))
	if area := cmp.Or(areasMeant[w], w); slices.Contains(areaNames, area) && w != "all" && w != "both" && p.allows("area") && !p.said["area"] {
		p.flag(area, piece{kind: pieceWord})
		return true
	}
	if slices.Contains(modeNames, w) && p.kind == purge.Directory && p.allows("mode") && !p.said["mode"] && len(p.links) > 0 {
		p.flag("mode", piece{kind: pieceWord, text: w})
		return true
	}
	return false
}

// unknown takes a word outside the grammar. A word behind an address may continue the address; the end of the command decides that.
func (p *parser) unknown(t piece) {
	// The word is counted, and kept as part of a possible reason.
	word := t.text
	if t.raw != "" {
		word = t.raw
	}
	p.words++
	p.guess = p.guess || isDenial(word)
	tailing := p.takesMany() && p.tailing && !p.loose
	if !tailing && (p.loose || p.mayQuote() && p.in.Reason == "") {
		p.stray = append(p.stray, word)
	}
	p.addressish = p.addressish || strings.ContainsAny(word, "./*:")
	// The place of the word decides the message.
	switch {
	case p.takesMany() && !p.valueOf && p.meantFlag(word):
		p.fail(sayUnknown(word))
	case !p.takesMany():
		p.half = p.half || len(p.links) > 0 && hasExtension(cutTail(word)) && !hasExtension(p.links[0].text)
		p.fail(sayExtra(p.verb, word))
	case tailing && len(p.links) > 0 && word != "|" && word[0] != '<':
		p.addTail(tailWord{word, t.fresh, sayUnknown(word)})
		return
	case len(p.links) == 0 && isPath(word):
		p.paths = append(p.paths, word)
		p.fail(sayPath(word))
	case isFileName(word):
		p.fail(sayFileName)
	default:
		p.fail(sayUnknown(word))
	}
	p.tailing = false
}

// addTail keeps a word behind the last link.
func (p *parser) addTail(w tailWord) {
	if p.tails == nil {
		p.tails = map[int][]tailWord{}
	}
	from := p.links[len(p.links)-1].from
	if len(p.tails[from]) >= mostTail {
		p.fail(w.blame)
		return
	}
	p.tails[from] = append(p.tails[from], w)
}

// everything takes a word for a whole site, which is the directory "/" of the host.
func (p *parser) everything() {
	p.fail(sayWhole(p.now.text))
	p.usage, p.typed, p.whole = firstWords["dir"], true, true
	p.advance()
}

// unknownVerb continues with the verb that was probably meant. Without such a verb, the word is read like any other.
func (p *parser) unknownVerb(w string) {
	meant := nearest(strings.TrimRight(w, ":：,"), slices.Sorted(maps.Keys(firstWords)), verbsMeant)
	if meant == "" || isCommand(w) || isMark(w) || isShell(w) {
		return
	}
	p.fail(sayUnknown(p.now.text))
	p.usage, p.typed = firstWords[meant], meant != "purge"
	p.advance()
}
