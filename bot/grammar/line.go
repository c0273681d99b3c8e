package grammar

import (
	"strings"
	"time"

	"purgebot/purge"
)

// This file writes corrected lines, for people to type. A corrected line always parses.

// corrected returns the command for the corrected line: the likeliest reading, as far as it fits on a card, or an example.
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

// example fills the missing parts of a command with examples.
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

// shown returns the targets of the corrected line: the first targets that fit on a card, or else an example.
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

// commandLine returns the slash command with the meaning of this intent.
func (in Intent) commandLine() string { return in.lineAt("/purge") }

// lineAt returns the command with the meaning of this intent, behind the opening.
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

// asTyped puts a target in angle brackets if bare text would lose the target's end.
func asTyped(t purge.Target) string {
	if s := t.String(); tail(s) > 0 || cutShort(s) || strings.Contains(s, ",http") || strings.Contains(s, ";http") {
		return "<" + s + ">"
	}
	return t.String()
}

// verbWords returns the words for the verb.
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

// flagWords returns the flags in typed form.
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

// choiceWords returns the flags for area, kind, mode, private and prefetch. A leak implies them.
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

// filterWords returns the filters of a history in typed form.
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
