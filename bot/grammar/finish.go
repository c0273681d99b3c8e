package grammar

import (
	"slices"
	"strings"

	"purgebot/purge"
)

// This file ends the reading of a command: the parts are compared with the verb, the links are judged, and a mistake gets a corrected line.

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

// nothing returns the sentence about the missing effect of a refused command.
func (p *parser) nothing() string {
	if slices.Contains(p.takes, takesDomain) || p.verb == VerbRevoke {
		return sayNoChange
	}
	return sayNothing
}

// invalid returns an error of the kind Invalid.
func invalid(message string) error {
	return &purge.Error{Kind: purge.Invalid, Message: message}
}

// settle compares the parts of the command with the needs of the verb.
func (p *parser) settle() {
	// Missing parts come first.
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
	// Some flags fit one kind of target only.
	if p.in.Prefetch && p.in.Kind == purge.Directory {
		p.fail(sayPrefetch(p.name("prefetch")))
		p.in.Prefetch = false
	}
	if p.in.Kind == purge.URL && p.in.Mode != "" {
		p.fail(sayMode(p.name("mode")))
		p.in.Mode = ""
	}
}

// lacks reports whether a part that the verb takes is missing.
func (p *parser) lacks(what operand) bool {
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

// settleRule requires a reason for an administrator's command, and sets the area of a grant to mainland by default.
func (p *parser) settleRule() {
	if p.in.Reason == "" {
		p.fail(sayNoReason(p.form))
	}
	if p.verb == VerbGrant && p.in.Areas == nil {
		p.in.Areas = slices.Clone(areas["mainland"])
	}
}

// settleLeak expands a leak: everywhere, deleted, private. The last byte of a link decides between URL and directory.
func (p *parser) settleLeak() {
	// The first link decides the kind, and links of the other kind are mistakes.
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
	// A leak has one area and one mode, so others are mistakes.
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

// isDirectory reports whether the canonical form of an address ends in "/" and has no query.
func isDirectory(address string) bool {
	address, _, _ = strings.Cut(address, "#")
	_, rest, _ := strings.Cut(address, "://")
	return !strings.Contains(address, "?") && (strings.HasSuffix(rest, "/") || !strings.Contains(rest, "/"))
}

// changes counts the changes between the text and the targets, so that ten thousand changes make a few sentences.
type changes struct {
	made        purge.Changes
	cuts, tails int
	cut, tail   string // the first cut target and the first target with a kept tail
	cutMarks    string
}

// see counts the changes to one link.
func (c *changes) see(l *piece, t purge.Target) {
	c.made |= t.Changes()
	switch {
	case len(l.raw) > len(l.text): // only links in bare text are cut
		if c.cuts++; c.cuts == 1 {
			c.cut, c.cutMarks = t.String(), l.raw[len(l.text):]
		}
	case l.kind == pieceWrapped && tail(l.text) > 0:
		if c.tails++; c.tails == 1 {
			c.tail = t.String()
		}
	}
}

// notes words the changes as sentences. The whole channel reads the notes, so the notes of a private command name no target.
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
