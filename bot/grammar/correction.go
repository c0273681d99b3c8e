package grammar

import (
	"slices"
	"strings"

	"purgebot/purge"
)

// Correction is the error for a command that is not carried out as typed: the mistake, and the other readings of the command. No
// reading is carried out without a new request. The error wraps a *purge.Error of the kind Invalid.
type Correction struct {
	Problem  string    // one sentence that names the wrong word
	Nothing  string    // the sentence "Nothing was purged." or "Nothing was changed."
	Readings []Reading // the likeliest reading first; none if a reading would be a guess at the object
	// Paths are addresses that lack only their host, such as "/a/b.css"; the grammar does not know the hosts.
	Paths []string
	// Bare marks a command without any address: a chat may have handed over the label of a link instead of the link.
	Bare bool

	base Intent // the command without its targets
	of   int    // the number of links
	form bool   // the parts came as fields, so there is no line to type
	line *Intent
	open bool // true if the meant address is unknown
}

// Reading is one plain command that an unclear command may mean. Its targets are whole addresses, never pieces of an address.
type Reading struct {
	Intent
	Literal bool // the addresses are taken literally, although another reading is likelier
}

// judged is the result for one link: a target, or the possible meanings of a refused link.
type judged struct {
	target   purge.Target
	meanings []meaning
}

// Error returns the message for a slash command.
func (c *Correction) Error() string { return c.Message("/purge") }

// Unwrap returns the *purge.Error that callers look for.
func (c *Correction) Unwrap() error {
	return &purge.Error{Kind: purge.Invalid, Message: c.Error()}
}

// Message returns the mistake, its effect and the corrected line; opening begins a command in the place of typing.
func (c *Correction) Message(opening string) string {
	return strings.TrimSpace(c.Problem + " " + c.Nothing + " " + c.Line(opening))
}

// Line returns the corrected line, or "" if there is none.
func (c *Correction) Line(opening string) string {
	if c.form || c.line == nil || c.open {
		return ""
	}
	if n := len(c.line.Targets); 0 < n && n < c.of {
		return sayFirst(n, c.of) + sayTry + c.line.lineAt(opening)
	}
	return sayTry + c.line.lineAt(opening)
}

// correction returns the correction of a command with mistakes.
func (p *parser) correction() *Correction {
	c := &Correction{
		Problem: p.wrong, Nothing: p.nothing(), Readings: p.readings(), Paths: p.paths, form: p.form, of: len(p.links),
		base: p.base(p.in.Kind), open: p.guess && p.takesMany() || p.half,
		Bare: p.takesMany() && len(p.links) == 0 && len(p.paths) == 0 && p.words > 0 && !p.addressish,
	}
	if len(c.Readings) > 0 {
		c.of = len(c.Readings[0].Targets)
	}
	if len(c.Readings) == 0 || !c.Readings[0].Literal { // a literal line would be questioned again
		line := p.corrected(c.Readings)
		c.line = &line
	}
	return c
}

// On returns the command with its paths on a host, given with its scheme; the bool is false if a path is no target there.
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

// Flags returns the flags of a reading in typed form, or "" for none.
func (r Reading) Flags() string {
	words := r.flagWords()
	if r.Verb == VerbLeak {
		words = append([]string{string(VerbLeak)}, words...)
	}
	return strings.Join(words, " ")
}

// LineTargets bounds the targets of a corrected line.
const LineTargets = 5

// mostReadings bounds the offered readings of a command.
const mostReadings = 3

// readings returns the ways to read the command, each as a whole command. There are none if an address would be a guess.
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
	if p.reasoned != nil { // the first reading counts a doubtful link to the reason, not to the targets
		found = append(p.withReason(), found...)
	}
	return found[:min(len(found), mostReadings)]
}

// other returns the opposite kind of target.
func other(k purge.Kind) purge.Kind {
	if k == purge.Directory {
		return purge.URL
	}
	return purge.Directory
}

// same reports whether two readings ask for the same purge.
func (r Reading) same(o Reading) bool {
	return r.Kind == o.Kind && slices.EqualFunc(r.Targets, o.Targets, func(a, b purge.Target) bool { return a.String() == b.String() }) && r.Reason == o.Reason
}

// reading combines the nth meaning of each refused address, or its last meaning, with the addresses that needed no correction. The
// meanings of another kind form a separate command without the other addresses.
func (p *parser) reading(n int, kind purge.Kind) (Reading, bool) {
	// Each link contributes its target or one of its meanings.
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
	// The kind of a leak follows from the last byte of its addresses.
	if p.verb == VerbLeak {
		targets = slices.DeleteFunc(targets, func(t purge.Target) bool { return isDirectory(t.String()) != (kind == purge.Directory) })
	}
	// A reading without a correction, without targets, or with too many targets is none.
	if corrected == 0 && (!own || p.wrong == "") || len(targets) == 0 || len(targets) > maxTargets {
		return r, false
	}
	r.Targets, _ = purge.Dedupe(kind, targets)
	return r, true
}

// base returns the command without its targets, turned into a kind.
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

// withReason returns the reading that counts the links behind an unquoted reason to the reason.
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
