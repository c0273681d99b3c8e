package grammar

import (
	"cmp"
	"slices"
	"strings"

	"purgebot/bot/chat"
)

// ParseFields reads a command whose parts arrived as separate fields. No field is searched for flags or verbs.
func ParseFields(f *chat.Fields) (Intent, error) {
	if *f == (chat.Fields{}) {
		return Intent{Verb: VerbForm}, nil
	}
	// The fields together are bounded like a text.
	n := 0
	for _, field := range []string{f.Verb, f.Targets, f.Area, f.Mode, f.Reason, f.ID, f.Domain, f.For, f.Subject, f.Kind, f.Since, f.Until, f.By, f.Outcome} {
		n += len(field)
	}
	if f.File != nil {
		n += len(f.File.Text)
	}
	if n > maxText {
		return Intent{}, invalid(sayLongText(n))
	}
	// The verb decides the fields that may be filled in.
	p := &parser{form: true, said: map[string]bool{}}
	if !p.fieldVerb(strings.TrimSpace(f.Verb)) {
		return p.finish()
	}
	p.fieldTargets(f.Targets)
	p.fieldFile(f.File)
	p.fieldPart("id", f.ID, takesID)
	p.fieldPart("domain", f.Domain, takesDomain, takesHost)
	p.fieldPart("for", f.For, takesSpan)
	p.fieldPart("subject", f.Subject, takesSubject)
	p.field("kind", f.Kind, f.Kind != "")
	p.field("since", f.Since, f.Since != "")
	p.field("until", f.Until, f.Until != "")
	p.field("by", f.By, f.By != "")
	p.field("outcome", f.Outcome, f.Outcome != "")
	p.field("area", f.Area, f.Area != "")
	p.field("mode", f.Mode, f.Mode != "")
	p.field("reason", f.Reason, f.Reason != "")
	p.field("private", "", f.Private)
	p.field("dry-run", "", f.DryRun)
	p.field("prefetch", "", f.Prefetch)
	return p.finish()
}

// fieldVerb takes the verb, and reports whether the verb exists.
func (p *parser) fieldVerb(word string) bool {
	w := strings.ToLower(word)
	if w == "" {
		w = "purge"
	}
	use, found := firstWords[w]
	if w == string(VerbForm) {
		use, found = usageOf(VerbForm), true
	}
	if !found {
		p.fail(sayFieldVerb(word))
	}
	p.usage = use
	return found
}

// fieldTargets takes only links, or the domain of a history or of an administrator's command.
func (p *parser) fieldTargets(text string) {
	if p.wants() == takesHost || slices.Contains(p.takes, takesDomain) {
		p.fieldPart("targets", text, takesHost)
		return
	}
	p.reader = reader{text: text}
	p.links = make([]piece, 0, min(maxTargets, strings.Count(text, "://")))
	for p.advance(); p.now.kind != pieceEnd; p.advance() {
		p.fieldTarget(p.now)
	}
}

// fieldFile takes only the links of a file. A mistake in a file is named by its line, because a file is long.
func (p *parser) fieldFile(f *chat.File) {
	switch {
	case f == nil:
		return
	case p.wants() != takesLinks:
		p.fail(sayFieldUnused("file", p.verb))
		return
	}
	p.reader, p.file, p.tailing, p.marked = reader{text: f.Text, base: len(p.text) + 1}, f.Name, false, ""
	before := p.given
	for p.advance(); p.now.kind != pieceEnd; p.advance() {
		p.fieldTarget(p.now)
	}
	if p.given == before {
		p.fail(sayFileEmpty(f.Name))
	}
}

// line returns the line of the last piece, counted from 1. Each line end is counted once.
func (r *reader) line() int {
	r.lines += strings.Count(r.text[r.counted:r.start], "\n")
	r.counted = r.start
	return 1 + r.lines
}

// fieldTarget takes a link, or a word that may belong to a link.
func (p *parser) fieldTarget(t piece) {
	_, known := firstWords[strings.ToLower(t.text)]
	switch {
	// Addresses and quoted texts come first.
	case isAddress(t) && p.takesMany() && !isLink(t.text) && isFileName(t.text):
		p.fieldWord(t)
	case isAddress(t):
		p.link(t)
	case t.kind == pieceQuoted && p.logged(t.text):
	case t.kind == pieceQuoted && (isAddressText(t.text) || isSpaced(t.text)):
		p.tailing = false
		p.link(piece{kind: pieceWrapped, text: t.text, from: t.from})
	case t.kind == pieceWord && isMark(t.text) && p.mark(t):
	case isShell(t.text):
		p.shell(t)
	case t.kind == pieceWord && p.tailing && strings.Trim(t.text, "-–—") == "":
		p.fieldWord(t)
	case t.kind == pieceWord && !isDash(t.text) && !known && !isCommand(t.text):
		p.fieldWord(t)
	default:
		p.tailing, p.guess = false, p.guess || known || isCommand(t.text)
		p.fail(p.noTarget(t.text, p.line()))
		p.flagged(t.text)
	}
}

// noTarget refuses a word by naming its field, or its line of the file.
func (p *parser) noTarget(word string, line int) string {
	if p.file != "" {
		return sayFileTargets(p.file, line, word, p.fieldMeant(word))
	}
	return sayFieldTargets(word, p.fieldMeant(word))
}

// flagged adds a flag among the targets to the offered readings.
func (p *parser) flagged(word string) {
	if !isDash(word) {
		return
	}
	name, value, _ := strings.Cut(word, "=")
	name, _ = flagName(name)
	if name = nearest(name, p.flagNames(), flagsMeant); name != "" && (value != "") == isValued(name) {
		p.flag(name, piece{kind: pieceWord, text: value})
	}
}

// fieldWord takes a word among the targets, which may be the rest of the address before it.
func (p *parser) fieldWord(t piece) {
	word := cmp.Or(t.raw, t.text)
	p.words++
	p.guess = p.guess || isDenial(word)
	switch {
	case p.tailing && word != "|" && word[0] != '<' && (p.file == "" || !t.fresh || hasExtension(word) || strings.IndexByte("/?&=%", word[0]) >= 0):
		p.addTail(tailWord{word, t.fresh, p.noTarget(word, p.line())})
		return
	case len(p.links) == 0 && isPath(word):
		p.paths = append(p.paths, word)
		p.fail(sayPath(word))
	default:
		p.fail(p.noTarget(word, p.line()))
	}
	p.tailing = false
}

// fieldMeant returns the field and value with the same effect as a flag, or "".
func (p *parser) fieldMeant(word string) string {
	if !isDash(word) {
		return ""
	}
	name, value, _ := strings.Cut(word, "=")
	name, _ = flagName(name)
	switch name = nearest(name, p.flagNames(), flagsMeant); {
	case slices.Contains(areaNames, name):
		return "area: " + name
	case name != "" && value != "":
		return name + ": " + value
	}
	return name
}

// fieldPart takes one positional value of the verb, if the field was filled in.
func (p *parser) fieldPart(name, value string, is ...operand) {
	value = strings.TrimSpace(value)
	for _, what := range is {
		switch {
		case value == "":
			return
		case slices.Contains(p.takes, what) && what == takesHost && p.in.Host != "":
			p.fail(sayTwice("domain", "domain"))
			return
		case slices.Contains(p.takes, what):
			p.set(what, value)
			return
		}
	}
	p.fail(sayFieldUnused(name, p.verb))
}

// field takes one flag of the verb, if the field was filled in.
func (p *parser) field(name, value string, filled bool) {
	switch {
	case !filled:
	case !p.allows(name):
		p.fail(sayFieldUnused(name, p.verb))
	default:
		p.flag(name, piece{kind: pieceQuoted, text: strings.TrimSpace(value)})
	}
}
