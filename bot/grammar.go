package bot

import (
	"maps"
	"slices"
	"strings"

	"purgebot/acl"
	"purgebot/bot/store"
	"purgebot/purge"
)

// The grammar of what people type. One message is one command: the verb is the first word, flags stand anywhere behind it,
// everything else is a link. What is not understood refuses the whole command, names the word and shows the corrected line.
// Text and separate fields meet in one parser; a field is never made into text. Access is not judged here.

const (
	maxText    = 1 << 20 // bytes of one command
	maxTargets = 10_000  // one day's quota of URLs: nothing larger could be purged
	maxReason  = 500     // characters
)

// Verb is what a command does.
type Verb string

// The verbs. The last group is known, but not in this version: the grammar refuses it and says so.
const (
	VerbPurge   Verb = "purge"
	VerbLeak    Verb = "leak"
	VerbStatus  Verb = "status"
	VerbCancel  Verb = "cancel"
	VerbHistory Verb = "history"
	VerbDomains Verb = "domains"
	VerbWhy     Verb = "why"
	VerbWhoami  Verb = "whoami"
	VerbHelp    Verb = "help"
	VerbForm    Verb = "form" // nothing was said but "/purge"

	VerbRetry    Verb = "retry"
	VerbQuota    Verb = "quota"
	VerbFreeze   Verb = "freeze"
	VerbUnfreeze Verb = "unfreeze"
	VerbGrant    Verb = "grant"
	VerbRevoke   Verb = "revoke"
)

// Intent is a command understood. It has judged no access.
type Intent struct {
	Verb            Verb
	Kind            purge.Kind   // of Targets; "" where the verb takes none
	Areas           []purge.Area // as said; nil if not said
	Mode            purge.Mode   // "" if not said
	Reason          string       // one line; "" if not said
	Private, DryRun bool
	Targets         []purge.Target   // canonical, collapsed
	Refused         []*purge.Refused // the rest is usable without them; it may be nothing
	Notes           []string         // what was changed on the way, one sentence each, for the card

	ID string // of status and cancel: "p-7k3f9x2q"

	// Of history: a zero field selects all. By may be "me". Since and Until are as moment reads them.
	Host         string
	By           acl.Subject
	State        store.State
	Since, Until string
}

// takes is what a verb has behind it besides flags.
type takes int

const (
	takesNothing takes = iota
	takesLinks
	takesOneLink
	takesID
	takesHost
)

// usage is what a first word means.
type usage struct {
	verb  Verb
	kind  purge.Kind
	takes takes
	flags []string
}

var (
	purgeFlags   = []string{"area", "mainland", "overseas", "global", "mode", "reason", "private", "dry-run"}
	whyFlags     = []string{"area", "mainland", "overseas", "global"}
	historyFlags = []string{"since", "until", "by", "outcome"}
)

var usages = map[string]usage{
	"purge":     {VerbPurge, purge.URL, takesLinks, purgeFlags},
	"url":       {VerbPurge, purge.URL, takesLinks, purgeFlags},
	"dir":       {VerbPurge, purge.Directory, takesLinks, purgeFlags},
	"directory": {VerbPurge, purge.Directory, takesLinks, purgeFlags},
	"path":      {VerbPurge, purge.Directory, takesLinks, purgeFlags},
	"leak":      {VerbLeak, "", takesLinks, purgeFlags},
	"why":       {VerbWhy, purge.URL, takesOneLink, whyFlags},
	"status":    {VerbStatus, "", takesID, nil},
	"cancel":    {VerbCancel, "", takesID, nil},
	"history":   {VerbHistory, "", takesHost, historyFlags},
	"domains":   {VerbDomains, "", takesNothing, nil},
	"whoami":    {VerbWhoami, "", takesNothing, nil},
	"help":      {VerbHelp, "", takesNothing, nil},
	"--help":    {VerbHelp, "", takesNothing, nil},
}

// later are the verbs of other versions.
var later = map[string]Verb{
	"retry": VerbRetry, "quota": VerbQuota, "freeze": VerbFreeze, "unfreeze": VerbUnfreeze, "grant": VerbGrant, "revoke": VerbRevoke,
}

// parseText understands a command that was typed or pasted. Its error is an Invalid *purge.Error.
func parseText(text string) (Intent, error) {
	if len(text) > maxText {
		return Intent{}, invalid(sayLongText(len(text)))
	}
	p := &parser{reader: reader{text: text}, said: map[string]bool{}}
	p.links = make([]piece, 0, min(maxTargets, strings.Count(text, "://")))
	p.command()
	for more := p.begin(); more && p.now.kind != pieceEnd; p.advance() {
		p.piece()
	}
	return p.finish()
}

// parser understands one command. It reads on behind a mistake, so that it can show the corrected line.
type parser struct {
	reader
	usage
	now      piece
	form     bool // parts came as fields
	typed    bool // the verb was
	loose    bool // the reason was one word without quotes
	said     map[string]bool
	links    []piece
	given    int // how many links, those too many included
	in       Intent
	stray    []string // words that are perhaps the rest of a reason without quotes
	wrong    string   // the first mistake
	mistakes int
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
	p.usage = usages["purge"]
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
	if verb, found := later[w]; found {
		p.usage = usage{verb: VerbHelp}
		p.fail(sayLater(verb))
		return false
	}
	use, found := usages[w]
	if !found || isCommand(w) {
		p.unknownVerb(w)
		return true
	}
	p.usage, p.typed = use, true
	p.advance()
	return true
}

// unknownVerb goes on with the verb that was probably meant; else the word is judged like any other.
func (p *parser) unknownVerb(w string) {
	meant := nearest(w, slices.Sorted(maps.Keys(usages)), nil)
	if meant == "" || isCommand(w) {
		return
	}
	p.fail(sayUnknown(p.now.text))
	p.usage, p.typed = usages[meant], true
	p.advance()
}

// piece takes one piece behind the verb.
func (p *parser) piece() {
	switch t := p.now; t.kind {
	case pieceBare, pieceWrapped:
		p.link(t)
	case pieceQuoted:
		p.quoted(t)
	case pieceOpen:
		p.fail(sayOpen(t.text))
	default:
		p.plain(t)
	}
}

// link takes an address, or the host that a chat made a link of.
func (p *parser) link(t piece) {
	switch p.takes {
	case takesLinks:
		if p.given++; p.given <= maxTargets {
			p.links = append(p.links, t)
		}
	case takesOneLink:
		if len(p.links) > 0 {
			p.fail(sayExtra(p.verb, t.text))
			return
		}
		p.links = append(p.links, t)
	case takesHost:
		p.host(t.text)
	default:
		p.fail(sayExtra(p.verb, t.text))
	}
}

// quoted takes a link in quotes, or the reason of a leak.
func (p *parser) quoted(t piece) {
	switch {
	case p.verb == VerbLeak && len(p.links) > 0 && isAddressText(t.text):
		p.fail(sayLinkOrReason(t.text))
		p.again(t.text)
	case p.verb == VerbLeak && len(p.links) > 0:
		p.flag("reason", t)
	case isAddressText(t.text):
		p.link(piece{kind: pieceWrapped, text: t.text})
	default:
		p.fail(sayQuoted(t.text))
		p.again(t.text)
	}
}

func isAddress(t piece) bool { return t.kind == pieceBare || t.kind == pieceWrapped }

func isAddressText(s string) bool { return isLink(s) && wordEnd(s, 0) == len(s) }

// again reads what stood in quotes as if it did not, for the corrected line.
func (p *parser) again(text string) {
	for r := (reader{text: text}); ; {
		switch t := r.next(); t.kind {
		case pieceEnd, pieceOpen:
			return
		case pieceBare, pieceWrapped:
			p.link(t)
		}
	}
}

// plain takes a flag, or what the verb has behind it.
func (p *parser) plain(t piece) {
	w := strings.ToLower(t.text)
	_, known := usages[w]
	switch {
	case isDash(w):
		p.dashed(t.text)
	case w == "/purge", t.fresh && known && (p.typed || len(p.links) > 0):
		p.fail(saySecond(t.text))
		p.stop()
	case p.takes == takesID && p.in.ID == "":
		p.id(t.text)
	case p.takes == takesHost && p.in.Host == "":
		p.host(t.text)
	case w == "dir" && p.verb == VerbWhy && len(p.links) == 0:
		p.kind = purge.Directory
	case known:
		p.misplaced(t.text, usages[w])
	default:
		p.unknown(t.text)
	}
}

// misplaced refuses a verb that is not the first word. If there is no other, it is the one that was meant.
func (p *parser) misplaced(word string, use usage) {
	p.fail(sayMisplaced(word))
	if !p.typed && use.takes == takesLinks {
		p.usage, p.typed = use, true
	}
}

func (p *parser) unknown(word string) {
	if p.takes == takesLinks {
		p.fail(sayUnknown(word))
		if p.loose || p.verb == VerbLeak && len(p.links) > 0 {
			p.stray = append(p.stray, word)
		}
		return
	}
	p.fail(sayExtra(p.verb, word))
}
