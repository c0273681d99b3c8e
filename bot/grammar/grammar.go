// Package grammar reads what people type, paste or fill in, and returns what they mean: an Intent, or an error that shows the
// corrected line. It judges no access, asks nobody, and never reads a flag or a link out of a reason.
package grammar

import (
	"slices"
	"strings"
	"time"

	"purgebot/purge"
)

// One message is one command: the verb is the first word, flags stand anywhere behind it, and everything else is a link.
// A word that the parser does not understand refuses the whole command; the refusal names the word and shows the corrected line.
// Text and separate fields meet in one parser; a field is never made into text.

const (
	maxText    = 1 << 20 // bytes of one command
	maxTargets = 10_000  // one day's quota of URLs: nothing larger could be purged
	MaxReason  = 500     // characters
)

// Intent is a command understood. It has judged no access.
type Intent struct {
	Verb            Verb
	Kind            purge.Kind   // of Targets, or of what a grant lets purge; "" where the verb takes none
	Areas           []purge.Area // as said; nil if not said, but mainland of a grant
	Mode            purge.Mode   // "" if not said
	Reason          string       // one line; "" if not said
	Private, DryRun bool
	Prefetch        bool             // fetch the URLs again once they are purged
	Targets         []purge.Target   // canonical, collapsed
	Refused         []*purge.Refused // the rest is usable without them; it may be nothing
	Readings        []Reading        // what may have been meant by the refused ones, with the rest; the likeliest first
	Notes           []string         // what was changed on the way, one sentence each, for the card

	ID string // of status, cancel and retry: "p-7k3f9x2q"; of revoke: "r-7k3f9x2q"

	// Of freeze, unfreeze and grant.
	Domain  string        // "www.example.com", or "*.example.com" for every host below
	For     time.Duration // 1 minute to maxFreeze or maxGrant
	Subject string        // whom to grant: a subject, a mention such as "<@U1>", or a name, which only the policy file can know; see the function Subject

	// Of history: a zero field selects all. By may be "me" or a mention. Since and Until are as moment reads them.
	Host         string
	By           string
	Outcome      string // "done", "partly done"
	Since, Until string
}

// Parse understands a command that was typed or pasted. Its error is an Invalid *purge.Error, and where it can be put right a
// *Correction.
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

// parser understands one command. It reads on behind a mistake, so that it can show the corrected line.
type parser struct {
	reader
	usage
	now               piece
	form              bool   // parts came as fields
	file              string // the name of the file that is being read
	typed             bool   // the verb was
	loose             bool   // the reason was one word without quotes
	said              map[string]bool
	links             []piece
	given             int // how many links, those too many included
	filled            int // how much of what the verb takes is there; links do not count
	in                Intent
	stray             []string           // words that are perhaps the rest of a reason without quotes
	marked            string             // the mark that the items of a list begin with
	words             int                // how many words were not understood
	tailing           bool               // the last piece was a link, or a word that may be the rest of it
	whole             bool               // a word for everything on a host was said
	guess             bool               // which address was meant cannot be told
	addressish        bool               // a word that was not understood may be a wrong address
	lastDash, valueOf bool               // the last word was a flag; the one before this was
	half              bool               // the one address may go on behind a space
	paths             []string           // addresses without a host
	judged            []judged           // of each link, in order
	tails             map[int][]tailWord // the words behind a link that may be the rest of it, by where the link begins
	// reasoned is what stands behind a reason without quotes and may belong to it, links included; reasonLinks are those links.
	reasoned, reasonLinks []string
	wrong                 string // the first mistake
	mistakes              int
}

func (p *parser) advance() { p.now = p.next() }

// fail keeps the first mistake. After a few more there is nothing to put right.
func (p *parser) fail(sentence string) {
	const most = 50
	if p.wrong == "" {
		p.wrong = sentence
	}
	if p.mistakes++; p.mistakes >= most {
		p.stop()
	}
}

// command passes over "/purge" or "purge" at the front: a mention is not followed by a slash command's name, but people type it.
func (p *parser) command() {
	p.usage = firstWords["purge"]
	p.advance()
	if p.now.kind == pieceWord && isCommand(p.now.text) {
		p.advance()
	}
}

func isCommand(w string) bool {
	return strings.EqualFold(w, "purge") || strings.EqualFold(w, "/purge")
}

// begin takes the verb, and says whether anything may follow.
func (p *parser) begin() bool {
	if p.now.kind == pieceEnd {
		p.usage = usage{verb: VerbForm}
		return false
	}
	w := strings.ToLower(p.now.text)
	if p.now.kind != pieceWord || isDash(w) && w != "--help" {
		return true
	}
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

// wants is what the verb takes next.
func (p *parser) wants() takes {
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

// link takes an address, or the host that a chat made a link of.
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

// beside asks about a link that stands right behind a reason without quotes, where there is another: it may belong to the reason.
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

// fill takes the word for what the verb takes next. One that was meant for another place leaves it to those behind, for the corrected line.
func (p *parser) fill(word string) {
	what := p.wants()
	p.set(what, word)
	_, isSpan := span(word)
	if !p.lacks(what) || what == takesSubject || what == takesDomain && !isSpan {
		p.filled++
	}
}

// set takes a word or a field for what it stands for.
func (p *parser) set(what takes, word string) {
	switch what {
	case takesID:
		p.id(word)
	case takesHost:
		p.in.Host = p.host(word, word)
	case takesDomain:
		p.domain(word)
	case takesSpan:
		p.span(word)
	case takesSubject:
		p.subject(word)
	}
}

// quoted takes a link in quotes, or a reason where one needs no flag.
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

// isSpaced says whether a text is one address with spaces in it.
func isSpaced(s string) bool {
	return isLink(s) && strings.Count(s, "://") == 1 && !strings.ContainsAny(s, "\"{}<>") && (hasExtension(s) || strings.HasSuffix(s, "/"))
}

// mayQuote says whether a text in quotes is the reason. A leak's first may be a link.
func (p *parser) mayQuote() bool {
	return p.needsReason && (len(p.links) > 0 || !p.takesMany())
}

func isAddress(t piece) bool { return t.kind == pieceBare || t.kind == pieceWrapped }

func isAddressText(s string) bool { return isLink(s) && wordEnd(s, 0) == len(s) }

// again reads links that stood in quotes as if they did not, to offer them.
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
		default: // a sentence mentions links
			return
		}
	}
}
