package grammar

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"purgebot/purge"
)

// The end of a command: what was said is held against its verb, the links are judged, and a mistake gets its corrected line.

// finish returns the intent, or the first mistake with the corrected line.
func (p *parser) finish() (Intent, error) {
	if p.given > maxTargets {
		return Intent{}, invalid(sayTooMany(p.given))
	}
	p.in.Verb = p.verb
	p.choose()
	p.settle()
	p.judge()
	if p.wrong == "" {
		p.in.Readings = p.readings()
		return p.in, nil
	}
	return Intent{}, p.correction()
}

// choose leaves out links that are only mentioned, such as a referer, where what was pasted is not plain; if it stays open which of
// the others are meant, none is offered.
func (p *parser) choose() {
	if p.wrong == "" && len(p.tails) == 0 || p.form || !p.takesMany() || p.reasoned != nil {
		return
	}
	all := make([]found, len(p.links))
	for i, l := range p.links {
		all[i] = found{strconv.Itoa(i), keyBefore(p.text[:l.from])}
	}
	meant, plain := chosen(all)
	p.guess = p.guess || !plain && len(all) > 0
	if len(meant) == len(all) {
		return
	}
	kept := make([]piece, len(meant))
	for i, f := range meant {
		n, _ := strconv.Atoi(f.address)
		kept[i] = p.links[n]
	}
	p.links = kept
}

// nothing says that nothing was done.
func (p *parser) nothing() string {
	if slices.Contains(p.takes, takesDomain) || p.verb == VerbRevoke {
		return sayNoChange
	}
	return sayNothing
}

func invalid(message string) error {
	return &purge.Error{Kind: purge.Invalid, Message: message}
}

// settle holds what was said against the verb.
func (p *parser) settle() {
	for _, what := range p.takes {
		if p.lacks(what) {
			p.fail(sayMissing(what, p.verb, p.form))
		}
	}
	p.in.Kind = p.kind
	switch p.verb {
	case VerbLeak:
		p.settleLeak()
	case VerbFreeze, VerbUnfreeze, VerbGrant, VerbRevoke:
		p.settleRule()
	}
	if p.in.Prefetch && p.in.Kind == purge.Directory {
		p.fail(sayPrefetch(p.name("prefetch")))
		p.in.Prefetch = false
	}
	if p.in.Kind == purge.URL && p.in.Mode != "" {
		p.fail(sayMode(p.name("mode")))
		p.in.Mode = ""
	}
}

// lacks says whether something that the verb takes is not there.
func (p *parser) lacks(what takes) bool {
	switch what {
	case takesLinks, takesOneLink:
		return len(p.links) == 0
	case takesID:
		return p.in.ID == ""
	case takesDomain:
		return p.in.Domain == ""
	case takesSpan:
		return p.in.For == 0
	case takesSubject:
		return p.in.Subject == ""
	}
	return false
}

// settleRule wants a reason for whatever administrators say, and a grant in mainland unless said.
func (p *parser) settleRule() {
	if p.in.Reason == "" {
		p.fail(sayNoReason(p.form))
	}
	if p.verb == VerbGrant && p.in.Areas == nil {
		p.in.Areas = slices.Clone(areas["mainland"])
	}
}

// settleLeak makes a leak what it is short for: everywhere, deleted, private. Its links say by their last byte what they are.
func (p *parser) settleLeak() {
	p.in.Kind = purge.URL
	if len(p.links) > 0 && isDirectory(p.links[0].text) {
		p.in.Kind = purge.Directory
	}
	p.links = slices.DeleteFunc(p.links, func(l piece) bool {
		mixed := isDirectory(l.text) != (p.in.Kind == purge.Directory)
		if mixed {
			p.fail(sayMixed(l.text))
		}
		return mixed
	})
	if p.said["area"] && len(p.in.Areas) != 2 {
		p.fail(sayLeakArea(p.name("area")))
	}
	if p.in.Mode != "" && p.in.Mode != purge.Delete {
		p.fail(sayLeakMode(p.name("mode")))
		p.in.Mode = purge.Delete
	}
	p.in.Areas, p.in.Private = slices.Clone(areas["global"]), true
	if p.in.Kind == purge.Directory {
		p.in.Mode = purge.Delete
	}
}

// isDirectory says whether an address, once canonical, ends in "/" and has no query.
func isDirectory(address string) bool {
	address, _, _ = strings.Cut(address, "#")
	_, rest, _ := strings.Cut(address, "://")
	return !strings.Contains(address, "?") && (strings.HasSuffix(rest, "/") || !strings.Contains(rest, "/"))
}

// judge makes targets of the links.
func (p *parser) judge() {
	if len(p.links) == 0 {
		return
	}
	var changed changes
	targets := make([]purge.Target, 0, len(p.links))
	for i := range p.links {
		l := &p.links[i]
		t, refused, meanings := p.target(l)
		if refused != nil {
			p.refuse(refused, meanings, targets)
			continue
		}
		if p.judged != nil {
			p.judged = append(p.judged, judged{target: t})
		}
		changed.see(l, t)
		targets = append(targets, t)
	}
	if p.judged == nil && p.wrong != "" {
		for _, t := range targets {
			p.judged = append(p.judged, judged{target: t})
		}
	}
	kept, dropped := purge.Dedupe(p.in.Kind, targets)
	p.in.Targets = kept
	p.in.Notes = p.notes(changed, len(dropped))
}

// refuse keeps a refused target, and shows what it may mean where that is one address. From the first on, all are kept in order.
func (p *parser) refuse(r *purge.Refused, meanings []meaning, before []purge.Target) {
	if p.judged == nil {
		for _, t := range before {
			p.judged = append(p.judged, judged{target: t})
		}
	}
	if r.Suggest = ""; len(meanings) > 0 && len(meanings[0].targets) == 1 && meanings[0].kind == p.in.Kind {
		r.Suggest = meanings[0].targets[0].String()
	}
	p.in.Refused = append(p.in.Refused, r)
	p.judged = append(p.judged, judged{meanings: meanings})
}

// target judges one link.
func (p *parser) target(l *piece) (purge.Target, *purge.Refused, []meaning) {
	var tail []tailWord
	if p.tails != nil {
		tail = p.tails[l.from]
	}
	d := doubter{kind: p.in.Kind, wrapped: l.kind == pieceWrapped}
	switch {
	case l.invented:
		return purge.Target{}, &purge.Refused{Input: l.text, Reason: sayInvented}, d.read("https://" + strings.TrimPrefix(l.text, "http://"))
	case len(tail) > 0:
		if refused, meanings := p.tail(d, l, tail); refused != nil {
			return purge.Target{}, refused, meanings
		}
	case l.kind == pieceBare && cutShort(l.text):
		return purge.Target{}, &purge.Refused{Input: l.text, Reason: sayCutShort}, nil
	}
	if p.whole {
		return p.wholeHost(d, l)
	}
	t, err := purge.Parse(p.in.Kind, l.text)
	if err != nil {
		r := asRefused(err)
		found := d.refused(l.text, r)
		return t, &purge.Refused{Input: l.text, Reason: found.reason}, found.meanings
	}
	if l.plain && !endsEscaped(l.text) {
		return t, nil, nil
	}
	if found := d.legal(l.text); found.reason != "" {
		return t, &purge.Refused{Input: l.text, Reason: found.reason}, found.meanings
	}
	return t, nil, nil
}

// tail settles the words behind a link: the rest of it, perhaps the rest of it, or words that the grammar does not know.
func (p *parser) tail(d doubter, l *piece, words []tailWord) (*purge.Refused, []meaning) {
	joined, how := tailOf(cmp.Or(l.raw, l.text), words)
	if how == tailGuess && p.mayQuote() && p.in.Reason == "" && !slices.ContainsFunc(words, func(w tailWord) bool { return hasExtension(cutTail(w.text)) }) {
		how = tailStray // a reason that lacks its quotes
	}
	input := l.text
	for _, w := range words {
		input += " " + w.text
	}
	switch how {
	case tailJoin:
		if found := d.star(joined); found.reason != "" {
			return &purge.Refused{Input: joined, Reason: found.reason}, found.meanings
		}
		return &purge.Refused{Input: input, Reason: sayTail}, d.read(joined)
	case tailGuess:
		if p.file != "" { // a file is long, so the line is named
			p.fail(words[0].blame)
		}
		return &purge.Refused{Input: input, Reason: sayTailGuess}, nil
	}
	if p.mayQuote() && p.in.Reason == "" {
		for _, w := range words {
			p.stray = append(p.stray, w.text)
		}
	}
	p.fail(words[0].blame)
	return nil, nil
}

// wholeHost makes the directory of an address behind a word for everything.
func (p *parser) wholeHost(d doubter, l *piece) (purge.Target, *purge.Refused, []meaning) {
	targets := d.whole(strings.TrimSuffix(l.text, "/") + "/")
	if len(targets) != 1 || hasExtension(strings.TrimSuffix(targets[0].String(), "/")) {
		return purge.Target{}, &purge.Refused{Input: l.text, Reason: sayDirectory}, nil
	}
	return targets[0], nil, nil
}

// asRefused returns the refusal that every error of purge.Parse is.
func asRefused(err error) *purge.Refused {
	refused := &purge.Refused{Reason: err.Error()}
	errors.As(err, &refused)
	return refused
}

// changes counts what was changed on the way from the text to the targets: ten thousand changes make a few sentences.
type changes struct {
	made        purge.Changes
	cuts, tails int
	cut, tail   string // the first of each
	cutMarks    string
}

// see notes what was changed about one link.
func (c *changes) see(l *piece, t purge.Target) {
	c.made |= t.Changes()
	switch {
	case len(l.raw) > len(l.text): // of bare text only
		if c.cuts++; c.cuts == 1 {
			c.cut, c.cutMarks = t.String(), l.raw[len(l.text):]
		}
	case l.kind == pieceWrapped && tail(l.text) > 0:
		if c.tails++; c.tails == 1 {
			c.tail = t.String()
		}
	}
}

// notes puts it in sentences. Everybody in the channel reads them, so those of a private command name no target.
func (p *parser) notes(c changes, dropped int) []string {
	if p.in.Private {
		c.cut, c.tail, p.split = "", "", ""
	}
	var notes []string
	if c.cuts > 0 {
		notes = append(notes, sayCut(c.cuts, c.cutMarks, c.cut))
	}
	if c.tails > 0 {
		notes = append(notes, sayKept(c.tails, c.tail))
	}
	if p.splits > 0 {
		notes = append(notes, saySplit(p.splits, p.split))
	}
	notes = append(notes, c.made.Sentences()...)
	if dropped > 0 {
		notes = append(notes, sayDropped(dropped, p.in.Kind))
	}
	return notes
}

// corrected returns the command as it should have been, to be typed: the likeliest reading, as far as it fits on a card, or an example.
// It always parses.
func (p *parser) corrected(readings []Reading) Intent {
	in := p.base(p.in.Kind)
	switch {
	case len(readings) > 0:
		in = readings[0].Intent
	case p.takesMany():
		in.Targets = nil
	default:
		in.Targets = p.in.Targets
	}
	in.Targets = p.shown(in.Targets, in.Kind)
	p.example(&in)
	return in
}

// example puts an example where something is missing.
func (p *parser) example(in *Intent) {
	for _, what := range p.takes {
		switch {
		case !p.lacks(what):
		case what == takesID:
			in.ID = exampleID(p.verb)
		case what == takesDomain:
			in.Domain = "www.example.com"
		case what == takesSpan:
			in.For = 2 * time.Hour
		case what == takesSubject:
			in.Subject = "oncall"
		}
	}
	if in.Reason == "" && p.verb.ForAdministrators() {
		in.Reason = "why"
	}
}

// shown returns the targets of the corrected line: what fits on a card, else an example.
func (p *parser) shown(targets []purge.Target, kind purge.Kind) []purge.Target {
	const maxBytes = 1000
	var some []purge.Target
	bytes := 0
	for _, t := range targets {
		if bytes += len(t.String()); bytes > maxBytes || len(some) == LineTargets {
			break
		}
		some = append(some, t)
	}
	if len(some) > 0 || !p.takesMany() && p.verb != VerbWhy {
		return some
	}
	example, _ := purge.Parse(kind, examples[kind])
	return []purge.Target{example}
}

// line returns the slash command that means this intent.
func (in Intent) line() string { return in.lineAt("/purge") }

// lineAt returns the command that means this intent where a command begins with the opening.
func (in Intent) lineAt(opening string) string {
	words := append([]string{opening}, in.verbWords()...)
	for _, t := range in.Targets {
		words = append(words, asTyped(t))
	}
	for _, w := range []string{in.ID, in.Host, in.Subject, in.Domain, spanText(in.For)} {
		if w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(append(words, in.flagWords()...), " ")
}

// asTyped puts a target in angle brackets where its end would be cut from bare text.
func asTyped(t purge.Target) string {
	if s := t.String(); tail(s) > 0 || cutShort(s) || strings.Contains(s, ",http") || strings.Contains(s, ";http") {
		return "<" + s + ">"
	}
	return t.String()
}

func (in Intent) verbWords() []string {
	switch {
	case in.Verb == VerbForm, in.Verb == VerbPurge && in.Kind == purge.URL:
		return nil
	case in.Verb == VerbPurge:
		return []string{"dir"}
	case in.Verb == VerbWhy && in.Kind == purge.Directory:
		return []string{"why", "dir"}
	}
	return []string{string(in.Verb)}
}

func (in Intent) flagWords() []string {
	var words []string
	if in.Verb != VerbLeak {
		words = in.choiceWords()
	}
	if in.Reason != "" && (!usageOf(in.Verb).needsReason || in.Verb == VerbLeak && isAddressText(in.Reason)) {
		words = append(words, "--reason")
	}
	if in.Reason != "" {
		words = append(words, quote(in.Reason))
	}
	if in.DryRun {
		words = append(words, "--dry-run")
	}
	return append(words, in.filterWords()...)
}

// choiceWords are what a leak implies.
func (in Intent) choiceWords() []string {
	var words []string
	switch {
	case len(in.Areas) == 2:
		words = append(words, "--global")
	case len(in.Areas) == 1 && in.Areas[0] == purge.Overseas:
		words = append(words, "--overseas")
	case len(in.Areas) == 1 && in.Verb != VerbGrant:
		words = append(words, "--area mainland")
	}
	if in.Verb == VerbGrant && in.Kind == purge.Directory {
		words = append(words, "--kind directory")
	}
	if in.Mode != "" {
		words = append(words, "--mode "+string(in.Mode))
	}
	if in.Private {
		words = append(words, "--private")
	}
	if in.Prefetch {
		words = append(words, "--prefetch")
	}
	return words
}

func (in Intent) filterWords() []string {
	var words []string
	for _, f := range []struct{ flag, value string }{
		{"--since", in.Since}, {"--until", in.Until}, {"--by", in.By}, {"--outcome", strings.ReplaceAll(in.Outcome, " ", "-")},
	} {
		if f.value != "" {
			words = append(words, f.flag, f.value)
		}
	}
	return words
}

// quote puts a reason in double quotes.
func quote(s string) string {
	var b strings.Builder
	for i, c := range s {
		if family, _ := quoteAt(s[i:]); family == '"' || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return `"` + b.String() + `"`
}
