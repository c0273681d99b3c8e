package grammar

import (
	"errors"
	"slices"
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
	p.settle()
	p.judge()
	switch {
	case p.wrong == "":
		return p.in, nil
	case p.form:
		return Intent{}, invalid(p.wrong + " " + p.nothing())
	}
	return Intent{}, invalid(p.wrong + " " + p.nothing() + " " + p.corrected())
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

// corrected returns the command as it should have been. It always parses.
func (p *parser) corrected() string {
	in := p.in
	in.Targets = p.offered()
	if reason := strings.TrimSpace(in.Reason + " " + strings.Join(p.stray, " ")); len(p.stray) > 0 && reasonProblem(reason) == "" {
		in.Reason = reason
	}
	p.example(&in)
	if n := len(in.Targets); 0 < n && n < len(p.links) && p.takesMany() {
		return sayFirst(n, len(p.links)) + sayTry + in.line()
	}
	return sayTry + in.line()
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
	if len(offered) > 0 || !p.takesMany() && p.verb != VerbWhy {
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
	kept, _ := purge.Collapse(p.in.Kind, offered) // two refused links may be offered the same
	return kept
}

// line returns the command that means this intent.
func (in Intent) line() string {
	words := append([]string{"/purge"}, in.verbWords()...)
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
