package grammar

import (
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
	p.choose()
	p.settle()
	p.judge()
	if p.wrong == "" {
		p.in.Readings = p.readings()
		return p.in, nil
	}
	return Intent{}, p.correction()
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
