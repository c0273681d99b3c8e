package bot

import (
	"errors"
	"slices"
	"strings"

	"purgebot/purge"
)

// The end of a command: what was said is held against its verb, the links are judged, and a mistake gets its corrected line.

// finish returns the intent, or the first mistake with the corrected line.
func (p *parser) finish() (Intent, error) {
	if p.given > maxTargets {
		return Intent{}, invalid(sayTooMany(p.given))
	}
	p.in.Verb = p.verb
	p.settle()
	p.judge()
	switch {
	case p.wrong == "":
		return p.in, nil
	case p.form:
		return Intent{}, invalid(p.wrong + " " + sayNothing)
	}
	return Intent{}, invalid(p.wrong + " " + sayNothing + " " + p.corrected())
}

func invalid(message string) error {
	return &purge.Error{Kind: purge.Invalid, Message: message}
}

// settle holds what was said against the verb.
func (p *parser) settle() {
	switch {
	case (p.takes == takesLinks || p.takes == takesOneLink) && len(p.links) == 0:
		p.fail(sayNoLinks(p.verb, p.form))
	case p.takes == takesID && p.in.ID == "":
		p.fail(sayNoID(p.verb, p.form))
	}
	p.in.Kind = p.kind
	if p.verb == VerbLeak {
		p.settleLeak()
	}
	if p.in.Kind == purge.URL && p.in.Mode != "" {
		p.fail(sayMode(p.name("mode")))
		p.in.Mode = ""
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
		t, refused := p.target(l)
		if refused != nil {
			p.in.Refused = append(p.in.Refused, refused)
			continue
		}
		changed.see(l, t)
		targets = append(targets, t)
	}
	kept, dropped := purge.Collapse(p.in.Kind, targets)
	p.in.Targets = kept
	p.in.Notes = p.notes(changed, len(dropped))
}

// target judges one link.
func (p *parser) target(l *piece) (purge.Target, *purge.Refused) {
	switch {
	case l.invented:
		return purge.Target{}, p.refuse(l.text, sayInvented, "https://"+strings.TrimPrefix(l.text, "http://"))
	case l.kind == pieceBare && cutShort(l.text):
		return purge.Target{}, &purge.Refused{Input: l.text, Reason: sayCutShort}
	}
	t, err := purge.Parse(p.in.Kind, l.text)
	if err != nil {
		return t, asRefused(err)
	}
	return t, nil
}

// refuse offers what came of another reading, if that is a target.
func (p *parser) refuse(input, reason, other string) *purge.Refused {
	t, err := purge.Parse(p.in.Kind, other)
	if err != nil {
		return &purge.Refused{Input: input, Reason: reason, Suggest: asRefused(err).Suggest}
	}
	return &purge.Refused{Input: input, Reason: reason, Suggest: t.String()}
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
	case l.kind == pieceBare && len(l.raw) > len(l.text):
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

// corrected returns the command as it should have been. It always parses.
func (p *parser) corrected() string {
	in := p.in
	in.Targets = p.offered()
	if reason := strings.TrimSpace(in.Reason + " " + strings.Join(p.stray, " ")); len(p.stray) > 0 && reasonProblem(reason) == "" {
		in.Reason = reason
	}
	if p.takes == takesID && in.ID == "" {
		in.ID = "p-7k3f9x2q"
	}
	if n := len(in.Targets); 0 < n && n < len(p.links) && p.takes == takesLinks {
		return sayFirst(n, len(p.links)) + sayTry + in.line()
	}
	return sayTry + in.line()
}

// offered returns the targets of the corrected line: what fits on a card, else an example.
func (p *parser) offered() []purge.Target {
	const maxBytes, maxOffered = 1000, 5
	var offered []purge.Target
	bytes := 0
	for _, t := range p.candidates() {
		if bytes += len(t.String()); bytes > maxBytes || len(offered) == maxOffered {
			break
		}
		offered = append(offered, t)
	}
	if len(offered) > 0 || p.in.Kind == "" {
		return offered
	}
	example, _ := purge.Parse(p.in.Kind, examples[p.in.Kind])
	return []purge.Target{example}
}

// candidates returns the targets understood, or what is offered for the refused ones.
func (p *parser) candidates() []purge.Target {
	if len(p.in.Targets) > 0 {
		return p.in.Targets
	}
	var offered []purge.Target
	for _, r := range p.in.Refused[:min(len(p.in.Refused), 5)] {
		if t, err := purge.Parse(p.in.Kind, r.Suggest); err == nil {
			offered = append(offered, t)
		}
	}
	return offered
}

// line returns the command that means this intent.
func (in Intent) line() string {
	words := append([]string{"/purge"}, in.verbWords()...)
	for _, t := range in.Targets {
		words = append(words, asTyped(t))
	}
	for _, w := range []string{in.ID, in.Host} {
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
	if in.Reason != "" && (in.Verb != VerbLeak || isAddressText(in.Reason)) {
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
	case len(in.Areas) == 1:
		words = append(words, "--area mainland")
	}
	if in.Mode != "" {
		words = append(words, "--mode "+string(in.Mode))
	}
	if in.Private {
		words = append(words, "--private")
	}
	return words
}

func (in Intent) filterWords() []string {
	var words []string
	for _, f := range []struct{ flag, value string }{
		{"--since", in.Since}, {"--until", in.Until}, {"--by", string(in.By)}, {"--outcome", strings.ReplaceAll(string(in.State), " ", "-")},
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
