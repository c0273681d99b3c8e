package grammar

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"purgebot/purge"
)

// These sentences are shared. A mistake is a sentence that names the wrong word; sayNothing and the corrected line follow the mistake.
const (
	sayNothing  = "Nothing was purged."
	sayNoChange = "Nothing was changed."
	sayTry      = "Try: "

	sayInvented    = "The chat put http:// in front of what was typed: type the address with its own scheme."
	sayCutShort    = "The address looks cut off at its end: paste all of it, or put it in < > if it really ends in dots."
	sayEmptyReason = "The reason is empty."
)

// examples holds the targets of corrected lines without a target of their own.
var examples = map[purge.Kind]string{
	purge.URL:       "https://www.example.com/a.jpg",
	purge.Directory: "https://www.example.com/a/",
}

// quoted quotes a typed word: on one line, with invisible characters escaped, and cut to a bounded length.
func quoted(word string) string {
	const most = 60
	if len(word) > most {
		n := most
		for n > 0 && !utf8.RuneStart(word[n]) {
			n--
		}
		word = word[:n] + "..."
	}
	return strconv.Quote(word)
}

func sayLongText(n int) string {
	return fmt.Sprintf("That is %s bytes, and one command takes at most %s: send it in several commands. %s", thousands(n), thousands(maxText), sayNothing)
}

func sayTooMany(n int) string {
	return fmt.Sprintf("Those are %s targets, and one command takes at most %s: send them in several commands. %s", thousands(n), thousands(maxTargets), sayNothing)
}

// thousands writes 10000 as "10,000".
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func sayUnknown(word string) string {
	return "I do not understand the word " + quoted(word) + "."
}

func sayExtra(verb Verb, word string) string {
	return fmt.Sprintf("I do not know what %s is to do behind %s.", quoted(word), verb)
}

func saySecond(word string) string {
	return fmt.Sprintf("A second command begins at %s, and one message is one command: send it by itself.", quoted(word))
}

func sayMisplaced(word string) string {
	return fmt.Sprintf("The word %s says what to do, so it goes first, and once.", quoted(word))
}

func sayOpen(text string) string {
	return fmt.Sprintf("A quote, bracket or backtick opens at %s and never closes.", quoted(text))
}

func sayQuoted(text string) string {
	return fmt.Sprintf("The quoted text %s stands alone: quotes are for a reason, behind --reason.", quoted(text))
}

func sayLinkOrReason(address string) string {
	return fmt.Sprintf("The quoted link %s may be a target or the reason: type a target without quotes, a reason behind --reason.", quoted(address))
}

func sayFlag(verb Verb, word string) string {
	return fmt.Sprintf("There is no flag %s for %s.", quoted(word), verb)
}

func sayNoValue(flag string) string {
	return fmt.Sprintf("The flag --%s takes no value.", flag)
}

func sayNoArgument(flag string) string {
	return fmt.Sprintf("Something is missing behind --%s.", flag)
}

func sayTwice(what, flag string) string {
	if what == flag {
		return fmt.Sprintf("The %s is said twice.", what)
	}
	return fmt.Sprintf("The %s is said twice, the second time by --%s.", what, flag)
}

func sayChoice(name, value string, names []string) string {
	last := len(names) - 1
	return fmt.Sprintf("For %s choose %s or %s, not %s.", name, strings.Join(names[:last], ", "), names[last], quoted(value))
}

func sayMoment(value string) string {
	return fmt.Sprintf("For a time write how long ago (12h, 30d) or a day (2026-11-21), not %s.", quoted(value))
}

func saySubject(value string) string {
	return fmt.Sprintf("For --by write me, mention the person, or paste what whoami shows them, not %s.", quoted(value))
}

func sayLongReason(n int) string {
	return fmt.Sprintf("The reason is %s characters long, and there is room for %s.", thousands(n), thousands(MaxReason))
}

func sayReasonChar(text string) string {
	c, n := utf8.DecodeRuneInString(text)
	if c == utf8.RuneError && n == 1 {
		return "The reason holds bytes that are no text: type it again."
	}
	return fmt.Sprintf("The reason holds the character %U, which cannot be shown: type it again without that.", c)
}

// The functions whose names begin with say return the sentence for one mistake, note or doubt.

// sayMissing asks for a missing part of the verb.
func sayMissing(what operand, verb Verb, form bool) string {
	if form {
		return sayEmptyField[what]
	}
	switch what {
	case takesID:
		return sayNoID(verb)
	case takesDomain:
		return fmt.Sprintf("Say for which domain to %s, as in www.example.com.", verb)
	case takesSpan:
		return fmt.Sprintf("Say for how long to %s, as in 30m, 2h or 1d.", verb)
	case takesSubject:
		return "Say whom to grant it to: mention them, or paste what whoami shows them."
	case takesOneLink:
		return "Say which address it is about."
	}
	return "Say which addresses to purge."
}

// sayEmptyField holds the sentence for each empty field.
var sayEmptyField = map[operand]string{
	takesLinks:   `The field "targets" is empty: write the addresses there.`,
	takesOneLink: `The field "targets" is empty: write the address there.`,
	takesID:      `The field "id" is empty: write the id there, as its card shows it.`,
	takesDomain:  `The field "domain" is empty: write a domain there, as in www.example.com.`,
	takesSpan:    `The field "for" is empty: write there how long it is to last, as in 30m, 2h or 1d.`,
	takesSubject: `The field "subject" is empty: say there whom to grant it to.`,
}

func sayNoID(verb Verb) string {
	if verb == VerbRevoke {
		return "Say which grant to revoke, by the id on its card."
	}
	what := verb
	if verb == VerbStatus {
		what = "show"
	}
	return fmt.Sprintf("Say which purge to %s, by the id on its card.", what)
}

func sayNoReason(form bool) string {
	if form {
		return `The field "reason" is empty: say there why, everybody reads it.`
	}
	return "Say why, in quotes at the end: everybody reads it."
}

func sayID(example, word string) string {
	what := "purge"
	if strings.HasPrefix(example, "r-") {
		what = "grant"
	}
	return fmt.Sprintf("The id of a %s looks like %s, not %s.", what, example, quoted(word))
}

func sayHost(word string) string {
	return fmt.Sprintf("Write a domain alone, such as www.example.com, not %s.", quoted(word))
}

// sayNoHost refuses a word that cannot be a host.
func sayNoHost(word, reason string) string {
	return fmt.Sprintf("The word %s is no domain. %s", quoted(word), reason)
}

func saySpan(word string) string {
	return fmt.Sprintf("Write how long it is to last as 30m, 2h or 1d, not %s.", quoted(word))
}

func sayLongSpan(word string, most time.Duration) string {
	return fmt.Sprintf("It can last %s at most, and %s is longer.", spanText(most), quoted(word))
}

func sayWrongSubject(word string, err error) string {
	return fmt.Sprintf("The word %s names nobody who can be granted anything: %s.", quoted(word), err)
}

func sayPrefetch(name string) string {
	return fmt.Sprintf("Only URLs can be fetched again, since nobody knows which files a directory holds: leave out %s, or purge its URLs.", name)
}

func sayMode(name string) string {
	return fmt.Sprintf("A URL is always purged whole: %s is for directories.", name)
}

func sayMixed(address string) string {
	return fmt.Sprintf("Pages and directories cannot leak together, and %s is not what the first one is: send two commands.", quoted(address))
}

func sayLeakArea(name string) string {
	return fmt.Sprintf("A leak is purged everywhere: leave out %s.", name)
}

func sayLeakMode(name string) string {
	return fmt.Sprintf("A leak is always deleted: leave out %s.", name)
}

func sayFirst(n, all int) string {
	return fmt.Sprintf("This shows %d of your %s links. ", n, thousands(all))
}

func sayFieldVerb(word string) string {
	return fmt.Sprintf(`The field "verb" holds %s: choose one of the commands that help shows.`, quoted(word))
}

// sayFieldTargets refuses a word among the targets. The parameter meant is the field for a flag, such as "area: overseas", or "".
func sayFieldTargets(text, meant string) string {
	sentence := fmt.Sprintf(`The field "targets" holds %s: write links only, everything else has a field of its own.`, quoted(text))
	if meant != "" {
		sentence += " You may mean " + meant + "."
	}
	return sentence
}

// sayFileTargets refuses a word on a line of a file, with the same parameter meant.
func sayFileTargets(name string, line int, text, meant string) string {
	sentence := fmt.Sprintf("Line %d of the file %s holds %s: write links only there, one a line.", line, quoted(name), quoted(text))
	if meant != "" {
		sentence += " You may mean " + meant + ", beside the file."
	}
	return sentence
}

func sayFileEmpty(name string) string {
	return fmt.Sprintf("The file %s holds no link: write the addresses there, one a line.", quoted(name))
}

func sayFieldUnused(field string, verb Verb) string {
	return fmt.Sprintf("The field %q is not for %s: leave it empty.", field, verb)
}

// sayCut notes cut punctuation. The parameter first is "" if no target may be named.
func sayCut(n int, marks, first string) string {
	switch {
	case first == "":
		return fmt.Sprintf("Punctuation behind %s was cut off.", links(n))
	case n == 1:
		return fmt.Sprintf("The %s behind %s was cut off.", quoted(marks), first)
	}
	return fmt.Sprintf("Punctuation behind %s was cut off, as the %s behind %s.", links(n), quoted(marks), first)
}

func sayKept(n int, first string) string {
	if first != "" {
		first = ", as in " + first
	}
	return fmt.Sprintf("Punctuation at the end of %s was kept%s: nothing is cut in brackets, quotes or code.", links(n), first)
}

func saySplit(n int, first string) string {
	if first != "" {
		first = ", as behind " + first
	}
	return fmt.Sprintf("A comma between two links was read as the end of the first in %s%s.", places(n), first)
}

// links counts links in words.
func links(n int) string {
	if n == 1 {
		return "1 link"
	}
	return thousands(n) + " links"
}

// places counts places in words.
func places(n int) string {
	if n == 1 {
		return "1 place"
	}
	return thousands(n) + " places"
}

func sayDropped(n int, kind purge.Kind) string {
	what := "repeated"
	if kind == purge.Directory {
		what = "repeated or inside another one"
	}
	if n == 1 {
		return "One target was left out, being " + what + "."
	}
	return fmt.Sprintf("%s targets were left out, being %s.", thousands(n), what)
}

// These sentences refuse doubtful addresses.
const (
	sayStar        = "Tencent purges no patterns: it would take the * for a letter and purge nothing. Write %2A if the name really holds a *."
	sayPattern     = "Tencent purges no patterns: each address is purged by itself."
	sayManyPattern = "Tencent purges no patterns, and this one means more addresses than can be offered: purge the directory, or write each address."
	sayPlaceholder = "A part of the address is still to be filled in: write each address as the site serves it."
	sayGlued       = "A second address begins inside of this one: put a space between two addresses."
	sayEncoded     = "The whole address is escaped, as one inside of another address is."
	saySlashed     = "The address is escaped as in a JSON text."
	sayInside      = "Other text stands around the address."
	sayTwoSchemes  = "The address has two schemes: write one."
	sayFileName    = "That is the name of a file without its host: write the whole address, beginning with https://."
	sayLog         = "This is a line of a log, of which only the address that was asked for can be meant."

	saySchemeMistyped = "The address does not begin with http:// or https:// as they are spelled."
	sayTailGuess      = "The words behind the address may be the rest of it: write each space in an address as %20, and leave out what is no part of it."
	sayTail           = "The words behind the address are the rest of it by their looks: a space in an address is written %20, and an address stands on one line."
	sayDirectory      = "Only a host or a directory can be purged whole: name one that ends in /."
)

func sayEntity(name string) string {
	return fmt.Sprintf("The address was copied out of XML or HTML, where %s stands for one character.", name)
}

func sayColumns(columns string) string {
	return fmt.Sprintf("The %s behind the address looks like the next columns of a table.", quoted(columns))
}

func sayPosition(position string) string {
	return fmt.Sprintf("The %s behind the file looks like a line and a column.", quoted(position))
}

func sayEscapedTail(tail string) string {
	return fmt.Sprintf("The %s at the end is a space, a line end or a quote that was pasted with the address.", tail)
}

func sayProse(rest string) string {
	return fmt.Sprintf("Text goes on right behind the address, from %s: put a space there, or escape it if it is part of the address.", quoted(rest))
}

func sayWhole(word string) string {
	return fmt.Sprintf("For %s write dir and the host's /: everything on a host is its directory /.", quoted(word))
}

func sayPath(path string) string {
	return fmt.Sprintf("The address %s lacks its host.", quoted(path))
}

func sayShell(program string) string {
	return fmt.Sprintf("This is a command line of %s, of which only the address that it fetches can be meant.", program)
}

func sayReasonLink(address string) string {
	return fmt.Sprintf("The link %s stands behind a reason without quotes: it may belong to the reason. Put a reason in quotes.", quoted(address))
}
