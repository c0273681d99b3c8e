package grammar

import (
	"slices"
	"strings"

	"purgebot/purge"
)

// Correction says why a command is not done as it was typed, and how it can be read instead. Nothing of it is ever done without
// being asked for again. It is an error; its *purge.Error is Invalid.
type Correction struct {
	Problem  string    // one sentence that names the word
	Nothing  string    // that nothing was done
	Readings []Reading // the likeliest first; none where a reading would be a guess about which object is meant
	// Paths are addresses that lack only their host, such as "/a/b.css": which hosts there are is not known here.
	Paths []string
	// Bare says that no word was an address: a chat may have handed over the label of a link instead of the link.
	Bare bool

	base Intent // the command without its targets
	of   int    // how many links there were
	form bool   // the parts came as fields, so there is no line to type
	line *Intent
	open bool // which of the addresses was meant
}

// Reading is one way to read a command that is not plain: the command that would have said it plainly. Its targets are whole
// addresses, never a piece of one.
type Reading struct {
	Intent
	Literal bool // the addresses are taken as they stand, where another reading is likelier
}

// judged is what became of one link: a target, or a refusal with what it may mean.
type judged struct {
	target   purge.Target
	meanings []meaning
}

// Error returns what is wrong, that nothing was done, and what to type instead in a slash command.
func (c *Correction) Error() string { return c.Message("/purge") }

// Unwrap returns the error that every reader of errors knows.
func (c *Correction) Unwrap() error {
	return &purge.Error{Kind: purge.Invalid, Message: c.Error()}
}

// Message is the whole correction as text; opening is what a command begins with where it was typed.
func (c *Correction) Message(opening string) string {
	return strings.TrimSpace(c.Problem + " " + c.Nothing + " " + c.Line(opening))
}

// Line is what to type instead, or "" where nothing can be shown.
func (c *Correction) Line(opening string) string {
	if c.form || c.line == nil || c.open {
		return ""
	}
	if n := len(c.line.Targets); 0 < n && n < c.of {
		return sayFirst(n, c.of) + sayTry + c.line.lineAt(opening)
	}
	return sayTry + c.line.lineAt(opening)
}

// correction is what is said of a command with mistakes.
func (p *parser) correction() *Correction {
	c := &Correction{
		Problem: p.wrong, Nothing: p.nothing(), Readings: p.readings(), Paths: p.paths, form: p.form, of: len(p.links),
		base: p.base(p.in.Kind), open: p.guess && p.takesMany() || p.half,
		Bare: p.takesMany() && len(p.links) == 0 && len(p.paths) == 0 && p.words > 0 && !p.addressish,
	}
	if len(c.Readings) > 0 {
		c.of = len(c.Readings[0].Targets)
	}
	if len(c.Readings) == 0 || !c.Readings[0].Literal { // typed so, it would be asked about again
		line := p.corrected(c.Readings)
		c.line = &line
	}
	return c
}

// On is the command with its paths on a host, named with its scheme; false if they are no targets there.
func (c *Correction) On(host string) (Reading, bool) {
	r := Reading{Intent: c.base}
	for _, path := range c.Paths {
		address := host + "/" + strings.TrimPrefix(path, "/")
		t, err := purge.Parse(r.Kind, address)
		if err != nil {
			t, err = purge.Parse(r.Kind, asRefused(err).Suggest)
		}
		if err != nil {
			return r, false
		}
		r.Targets = append(r.Targets, t)
	}
	return r, len(r.Targets) > 0
}

// Flags are the flags of a reading as they would be typed, "" if it has none.
func (r Reading) Flags() string {
	words := r.flagWords()
	if r.Verb == VerbLeak {
		words = append([]string{string(VerbLeak)}, words...)
	}
	return strings.Join(words, " ")
}

// LineTargets is how many targets a line to type shows.
const LineTargets = 5

// mostReadings is how many ways to read a command are offered: more are no help.
const mostReadings = 3

// readings are the ways to read what was typed, as whole commands. There are none where any address would be a guess.
func (p *parser) readings() []Reading {
	if p.guess || !p.takesMany() || len(p.links) == 0 {
		return nil
	}
	var found []Reading
	for i := range mostReadings {
		for _, kind := range []purge.Kind{p.in.Kind, other(p.in.Kind)} {
			r, is := p.reading(i, kind)
			if is && !slices.ContainsFunc(found, r.same) {
				found = append(found, r)
			}
		}
	}
	if p.reasoned != nil { // a link that may belong to the reason is none of the first reading's targets
		found = append(p.withReason(), found...)
	}
	return found[:min(len(found), mostReadings)]
}

func other(k purge.Kind) purge.Kind {
	if k == purge.Directory {
		return purge.URL
	}
	return purge.Directory
}

func (r Reading) same(o Reading) bool {
	return r.Kind == o.Kind && slices.EqualFunc(r.Targets, o.Targets, func(a, b purge.Target) bool { return a.String() == b.String() }) && r.Reason == o.Reason
}

// reading takes the nth meaning of each refused address, or the last that it has, with all that needed no correction. What means
// something of another kind is a command of its own, without the rest.
func (p *parser) reading(n int, kind purge.Kind) (Reading, bool) {
	r := Reading{Intent: p.base(kind)}
	var targets []purge.Target
	own := kind == p.in.Kind
	corrected := 0
	for _, j := range p.judged {
		if own && len(j.meanings) == 0 && j.target != (purge.Target{}) {
			targets = append(targets, j.target)
		}
		if len(j.meanings) == 0 {
			continue
		}
		m := j.meanings[min(n, len(j.meanings)-1)]
		if m.kind != kind {
			continue
		}
		targets = append(targets, m.targets...)
		r.Literal = r.Literal || m.literal
		corrected++
	}
	if p.verb == VerbLeak { // whose kind follows from the last byte
		targets = slices.DeleteFunc(targets, func(t purge.Target) bool { return isDirectory(t.String()) != (kind == purge.Directory) })
	}
	if corrected == 0 && (!own || p.wrong == "") || len(targets) == 0 || len(targets) > maxTargets {
		return r, false
	}
	r.Targets, _ = purge.Dedupe(kind, targets)
	return r, true
}

// base is the command without its targets, of the kind. A leak's kind follows from its links.
func (p *parser) base(kind purge.Kind) Intent {
	in := p.in
	in.Targets, in.Refused, in.Notes, in.Readings, in.Kind = nil, nil, nil, nil, kind
	if reason := strings.TrimSpace(in.Reason + " " + strings.Join(p.stray, " ")); len(p.stray) > 0 && reasonProblem(reason) == "" {
		in.Reason = reason
	}
	if in.Kind == purge.URL {
		in.Mode = ""
	}
	if in.Kind == purge.Directory {
		in.Prefetch = false
		if in.Verb == VerbLeak {
			in.Mode = purge.Delete
		}
	}
	return in
}

// withReason is the command whose links behind an unquoted reason are part of it.
func (p *parser) withReason() []Reading {
	r := Reading{Intent: p.base(p.in.Kind)}
	r.Reason = strings.Join(append([]string{p.in.Reason}, p.reasoned...), " ")
	for _, t := range p.in.Targets {
		if !slices.Contains(p.reasonLinks, t.String()) {
			r.Targets = append(r.Targets, t)
		}
	}
	if len(r.Targets) == 0 || reasonProblem(r.Reason) != "" {
		return nil
	}
	return []Reading{r}
}
