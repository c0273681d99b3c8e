// Package grammar reads typed, pasted and filled-in commands. The result is an Intent, or an error that shows the corrected line. The
// package judges no access, makes no calls, and never reads a flag or a link out of a reason.
package grammar

import (
	"slices"
	"strings"
	"time"

	"purgebot/purge"
)

// One message is one command: the verb is the first word, flags stand anywhere behind it, and everything else is a link.
// A word that the parser does not understand refuses the whole command; the refusal names the word and shows the corrected line.
// Text and separate fields meet in one parser; a field never becomes text.

const (
	maxText    = 1 << 20 // maxText bounds the bytes of one command
	maxTargets = 10_000  // maxTargets bounds the targets of one command: one day's quota of URLs
	MaxReason  = 500     // MaxReason bounds the characters of a reason
)

// Intent is the meaning of a command. Access is not judged yet.
type Intent struct {
	Verb            Verb
	Kind            purge.Kind   // the kind of Targets, or the kind that a grant allows; "" for verbs without a kind
	Areas           []purge.Area // the typed areas; nil without any, but mainland for a grant
	Mode            purge.Mode   // the typed mode, or ""
	Reason          string       // the typed reason on one line, or ""
	Private, DryRun bool
	Prefetch        bool             // true if the purged URLs are to be fetched again
	Targets         []purge.Target   // canonical, collapsed
	Refused         []*purge.Refused // the refused addresses; the other targets, possibly none, remain usable
	Readings        []Reading        // the possible meanings of the refused addresses with the other targets, the likeliest first
	Notes           []string         // the changes to the targets, one sentence each, for the card

	ID string // "p-7k3f9x2q" for status, cancel and retry; "r-7k3f9x2q" for revoke

	// These fields belong to freeze, unfreeze and grant.
	Domain  string        // "www.example.com", or "*.example.com" for every host below
	For     time.Duration // 1 minute to maxFreeze or maxGrant
	Subject string        // the receiver of a grant: a subject, a mention such as "<@U1>", or a name of the policy file; see the function Subject

	// These fields belong to history; a zero field selects all. By may be "me" or a mention. ParseTime reads Since and Until.
	Host         string
	By           string
	Outcome      string // "done", "partly done"
	Since, Until string
}

// Parse reads a typed or pasted command. The error is an Invalid *purge.Error; for a mistake with a correction, it is a *Correction.
func Parse(text string) (Intent, error) {
	if len(text) > maxText {
		return Intent{}, invalid(sayLongText(len(text)))
	}
	p := &parser{reader: reader{text: text, at: greeting(text)}, said: map[string]bool{}}
	p.links = make([]piece, 0, min(maxTargets, strings.Count(text, "://")))
	p.command()
	for more := p.begin(); more && p.now.kind != pieceEnd; p.advance() {
		p.piece()
	}
	return p.finish()
}

// greeting returns the length of the mark behind a mention: "@purgebot: purge …".
func greeting(text string) int {
	return len(text) - len(strings.TrimLeft(text, " \t\r\n:,!：，！"))
}

// parser reads one command. The parser continues behind a mistake, so that it can show the corrected line.
type parser struct {
	reader
	usage
	now               piece
	form              bool   // true if the parts came as fields
	file              string // the name of the present file
	typed             bool   // true if the verb was typed
	loose             bool   // true if the reason was one word without quotes
	said              map[string]bool
	links             []piece
	given             int // the number of links, including the links over the bound
	filled            int // the number of positional values so far, without links
	in                Intent
	stray             []string           // words that may continue a reason without quotes
	marked            string             // the mark before the items of the present list
	words             int                // the number of unknown words
	tailing           bool               // true behind a link, or behind a word that may continue a link
	whole             bool               // true behind a word such as "everything"
	guess             bool               // true if the meant address is unknown
	addressish        bool               // true if an unknown word may be a wrong address
	lastDash, valueOf bool               // true if this word is a flag; true if the word before was a flag
	half              bool               // true if the only address may continue behind a space
	paths             []string           // addresses without a host
	judged            []judged           // the result for each link, in order
	tails             map[int][]tailWord // the words that may continue a link, by the place of the link
	// The field reasoned holds the words and links that may continue a reason without quotes; reasonLinks holds the links among them.
	reasoned, reasonLinks []string
	wrong                 string // the sentence about the first mistake
	mistakes              int
}

// advance moves to the next piece.
func (p *parser) advance() { p.now = p.next() }

// fail keeps the first mistake. The reading ends after fifty mistakes, because such a text has no correction.
func (p *parser) fail(sentence string) {
	const most = 50
	if p.wrong == "" {
		p.wrong = sentence
	}
	if p.mistakes++; p.mistakes >= most {
		p.stop()
	}
}

// command skips "/purge" or "purge" at the front, because people type the name of the slash command behind a mention, too.
func (p *parser) command() {
	p.usage = firstWords["purge"]
	p.advance()
	if p.now.kind == pieceWord && isCommand(p.now.text) {
		p.advance()
	}
}

// isCommand reports whether a word is the name of the slash command.
func isCommand(w string) bool {
	return strings.EqualFold(w, "purge") || strings.EqualFold(w, "/purge")
}

// begin takes the verb, and reports whether more pieces may follow.
func (p *parser) begin() bool {
	// An empty command opens the form, and a command without a verb begins with a link or a flag.
	if p.now.kind == pieceEnd {
		p.usage = usage{verb: VerbForm}
		return false
	}
	w := strings.ToLower(p.now.text)
	if p.now.kind != pieceWord || isDash(w) && w != "--help" {
		return true
	}
	// An unknown first word may mean a whole site or a misspelled verb.
	use, found := firstWords[w]
	switch {
	case slices.Contains(wholes, w):
		p.everything()
		return true
	case !found || isCommand(w):
		p.unknownVerb(w)
		return true
	}
	p.usage, p.typed = use, true
	p.advance()
	return true
}

// wants returns the next positional value of the verb.
func (p *parser) wants() operand {
	if p.filled < len(p.takes) {
		return p.takes[p.filled]
	}
	return takesNothing
}

// piece takes one piece behind the verb.
func (p *parser) piece() {
	switch t := p.now; {
	case isAddress(t) && p.wants() == takesLinks && !isLink(t.text) && isFileName(t.text):
		p.unknown(t)
	case isAddress(t):
		p.link(t)
	case t.kind == pieceQuoted:
		p.quoted(t)
	case t.kind == pieceOpen:
		p.fail(sayOpen(t.text))
		if _, n := quoteAt(t.text); n > 0 && len(p.links) == 0 && p.takesMany() && isAddressText(t.text[n:]) {
			p.link(piece{kind: pieceWrapped, text: t.text[n:], from: t.from})
		}
	default:
		p.plain(t)
	}
}

// link takes an address, or a host that a chat turned into a link.
func (p *parser) link(t piece) {
	switch p.wants() {
	case takesLinks:
		p.beside(t)
		if p.given++; p.given <= maxTargets {
			p.links = append(p.links, t)
			p.tailing = t.kind == pieceBare || p.code > 0 || strings.HasPrefix(p.text[p.at:], "*")
		}
	case takesOneLink:
		p.links, p.filled = append(p.links, t), p.filled+1
	case takesNothing:
		p.fail(sayExtra(p.verb, t.text))
	default:
		p.fill(t.text)
	}
}

// beside questions a link right behind a reason without quotes, if there is an earlier link: the link may belong to the reason.
func (p *parser) beside(t piece) {
	if !p.loose || t.fresh || len(p.links) == 0 {
		p.loose = p.loose && len(p.links) > 0 && !t.fresh
		return
	}
	p.fail(sayReasonLink(t.text))
	p.reasoned = append(append(p.reasoned, p.stray...), t.text)
	p.stray = nil
	if address, err := purge.Parse(p.kind, t.text); err == nil {
		p.reasonLinks = append(p.reasonLinks, address.String())
	}
}

// fill takes a word as the next positional value. A word that was meant for another place leaves the place to later words, for the
// corrected line.
func (p *parser) fill(word string) {
	what := p.wants()
	p.set(what, word)
	_, isSpan := parseSpan(word)
	if !p.lacks(what) || what == takesSubject || what == takesDomain && !isSpan {
		p.filled++
	}
}

// set takes a word or a field as one positional value.
func (p *parser) set(what operand, word string) {
	switch what {
	case takesID:
		p.id(word)
	case takesHost:
		p.in.Host = p.host(word, word)
	case takesDomain:
		p.domain(word)
	case takesSpan:
		p.takeSpan(word)
	case takesSubject:
		p.subject(word)
	}
}

// quoted takes a link in quotes, or a reason for a verb whose reason needs no flag.
func (p *parser) quoted(t piece) {
	address := isAddressText(t.text)
	p.tailing = false
	switch {
	case p.takesMany() && p.logged(t.text):
	case p.verb == VerbLeak && len(p.links) > 0 && address:
		p.fail(sayLinkOrReason(t.text))
		p.again(t.text)
	case p.mayQuote() && (!address || p.wants() == takesNothing):
		p.flag("reason", t)
	case address, p.wants() == takesLinks && isSpaced(t.text):
		p.link(piece{kind: pieceWrapped, text: t.text, from: t.from})
	default:
		p.fail(sayQuoted(t.text))
		p.words++
		p.again(t.text)
	}
}

// isSpaced reports whether a text is one address with spaces inside.
func isSpaced(s string) bool {
	return isLink(s) && strings.Count(s, "://") == 1 && !strings.ContainsAny(s, "\"{}<>") && (hasExtension(s) || strings.HasSuffix(s, "/"))
}

// mayQuote reports whether a text in quotes is the reason. The first quoted text of a leak may be a link.
func (p *parser) mayQuote() bool {
	return p.needsReason && (len(p.links) > 0 || !p.takesMany())
}

// isAddress reports whether a piece is a link.
func isAddress(t piece) bool { return t.kind == pieceBare || t.kind == pieceWrapped }

// isAddressText reports whether a text is one link and nothing else.
func isAddressText(s string) bool { return isLink(s) && wordEnd(s, 0) == len(s) }

// again reads the links inside quotes, to offer them as targets.
func (p *parser) again(text string) {
	var links []piece
	for r := (reader{text: text}); ; {
		switch t := r.next(); t.kind {
		case pieceEnd, pieceOpen:
			for _, l := range links {
				p.link(l)
			}
			return
		case pieceBare, pieceWrapped:
			t.from += p.now.from
			links = append(links, t)
		default: // a sentence only mentions its links
			return
		}
	}
}
