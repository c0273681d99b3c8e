package grammar

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"purgebot/purge"
)

// Words that are no links: verbs, flags, marks of lists, and what the grammar does not know.

// mostTail is how many words behind an address may be the rest of it.
const mostTail = 50

// plain takes a flag, or what the verb has behind it.
func (p *parser) plain(t piece) {
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

// mark passes over the mark of an item, and says whether it was one: a line begins with it, or all items of one line do.
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

// misplaced refuses a verb that is not the first word. If there is no other, it is the one that was meant.
func (p *parser) misplaced(word string, use usage) {
	p.fail(sayMisplaced(word))
	p.guess = p.guess || p.typed && (use.verb != p.verb || use.kind != p.kind)
	if !p.typed && use.takesMany() {
		p.usage, p.typed = use, true
	}
}

// meantFlag takes the name of an area that stands without its dashes into what is offered, and the mode of a directory likewise.
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

// unknown takes a word that is none of the grammar. Behind an address it may be the rest of it, which is settled at the end.
func (p *parser) unknown(t piece) {
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

// everything takes a word for all that is on a host: that is the directory "/" of it.
func (p *parser) everything() {
	p.fail(sayWhole(p.now.text))
	p.usage, p.typed, p.whole = firstWords["dir"], true, true
	p.advance()
}

// unknownVerb goes on with the verb that was probably meant; else the word is judged like any other.
func (p *parser) unknownVerb(w string) {
	meant := nearest(strings.TrimRight(w, ":：,"), slices.Sorted(maps.Keys(firstWords)), verbsMeant)
	if meant == "" || isCommand(w) || isMark(w) || isShell(w) {
		return
	}
	p.fail(sayUnknown(p.now.text))
	p.usage, p.typed = firstWords[meant], meant != "purge"
	p.advance()
}
