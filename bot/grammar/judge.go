package grammar

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"purgebot/purge"
)

// This file judges the links of a command: each link becomes a target, or a refusal with possible meanings.

// choose leaves out links that an unclear text only mentions, such as a referer. No reading is offered if the choice between the other
// links is unclear.
func (p *parser) choose() {
	if p.wrong == "" && len(p.tails) == 0 || p.form || !p.takesMany() || p.reasoned != nil {
		return
	}
	// The name before a link tells a target from a mentioned link.
	all := make([]found, len(p.links))
	for i, l := range p.links {
		all[i] = found{strconv.Itoa(i), keyBefore(p.text[:l.from])}
	}
	if len(all) == 1 && all[0].key == "see" {
		return
	}
	meant, plain := chosen(all)
	p.guess = p.guess || !plain && len(all) > 0
	if len(meant) == len(all) {
		return
	}
	// The meant links stay, in their order.
	kept := make([]piece, len(meant))
	for i, f := range meant {
		n, _ := strconv.Atoi(f.address)
		kept[i] = p.links[n]
	}
	p.links = kept
}

// judge turns the links into targets.
func (p *parser) judge() {
	if len(p.links) == 0 {
		return
	}
	// Each link is judged by itself.
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
	// A command with a mistake keeps the result for each link, for its readings.
	if p.judged == nil && p.wrong != "" {
		for _, t := range targets {
			p.judged = append(p.judged, judged{target: t})
		}
	}
	kept, dropped := purge.Dedupe(p.in.Kind, targets)
	p.in.Targets = kept
	p.in.Notes = p.notes(changed, len(dropped))
}

// refuse keeps a refused target, with a suggestion if the likeliest meaning is one address. From the first refusal on, the results for
// all links are kept in order.
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

// target judges one link: it returns the target, or the refusal with the link's meanings.
func (p *parser) target(l *piece) (purge.Target, *purge.Refused, []meaning) {
	// A link from a bare host, with words behind it or cut short is refused.
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
	// An illegal address is refused, and a legal one may still be doubtful.
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

// tail decides about the words behind a link: they continue the link, perhaps continue the link, or are unknown words.
func (p *parser) tail(d doubter, l *piece, words []tailWord) (*purge.Refused, []meaning) {
	// The looks of the words decide, but words behind a verb that needs a reason may be a reason.
	joined, how := tailOf(cmp.Or(l.raw, l.text), words)
	if how == tailGuess && p.mayQuote() && p.in.Reason == "" && !slices.ContainsFunc(words, func(w tailWord) bool { return hasExtension(cutTail(w.text)) }) {
		how = tailStray // a reason without its quotes
	}
	input := l.text
	for _, w := range words {
		input += " " + w.text
	}
	// Words that may continue the link are refused together with the link.
	switch how {
	case tailJoin:
		if found := d.star(joined); found.reason != "" {
			return &purge.Refused{Input: joined, Reason: found.reason}, found.meanings
		}
		return &purge.Refused{Input: input, Reason: sayTail}, d.read(joined)
	case tailGuess:
		if p.file != "" { // a file is long, so the message names the line
			p.fail(words[0].blame)
		}
		return &purge.Refused{Input: input, Reason: sayTailGuess}, nil
	}
	// Other words are a mistake of their own, perhaps a reason without quotes.
	if p.mayQuote() && p.in.Reason == "" {
		for _, w := range words {
			p.stray = append(p.stray, w.text)
		}
	}
	p.fail(words[0].blame)
	return nil, nil
}

// wholeHost turns an address behind a word such as "everything" into a directory.
func (p *parser) wholeHost(d doubter, l *piece) (purge.Target, *purge.Refused, []meaning) {
	targets := d.whole(strings.TrimSuffix(l.text, "/") + "/")
	if len(targets) != 1 || hasExtension(strings.TrimSuffix(targets[0].String(), "/")) {
		return purge.Target{}, &purge.Refused{Input: l.text, Reason: sayDirectory}, nil
	}
	return targets[0], nil, nil
}

// asRefused returns an error of purge.Parse as the refusal that the error is.
func asRefused(err error) *purge.Refused {
	refused := &purge.Refused{Reason: err.Error()}
	errors.As(err, &refused)
	return refused
}
