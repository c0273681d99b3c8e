package grammar

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// This file reads flags and their values. The names of the flags are also the names of the fields.

// isValued reports whether a flag takes a value.
func isValued(name string) bool {
	o, found := flagOptions[name]
	return found && o.Kind == chat.TextOption
}

// These are the values of flags with a fixed choice.
var (
	areaNames  = []string{"mainland", "overseas", "global"}
	modeNames  = []string{"flush", "delete"}
	kindNames  = []string{"url", "directory"}
	stateNames = []string{"done", "partly-done", "accepted", "failed", "unknown", "refused", "cancelled", "expired"}
)

// areas holds the areas behind each name.
var areas = map[string][]purge.Area{
	"mainland": {purge.Mainland},
	"overseas": {purge.Overseas},
	"global":   {purge.Mainland, purge.Overseas},
}

// These maps lead from mistaken words to the probably meant ones. A meant word is only offered, never acted on.
var (
	areasMeant = map[string]string{
		"world": "global", "worldwide": "global", "all": "global", "everywhere": "global", "both": "global",
		"china": "mainland", "cn": "mainland", "domestic": "mainland",
		"abroad": "overseas", "foreign": "overseas", "international": "overseas", "intl": "overseas",
	}
	modesMeant = map[string]string{"changed": "flush", "everything": "delete", "all": "delete"}
	kindsMeant = map[string]string{"path": "directory", "dirs": "directory", "page": "url", "urls": "url"}
	verbsMeant = map[string]string{"dri": "dir", "idr": "dir", "dirr": "dir", "dirs": "dir", "folder": "dir", "folders": "dir", "paths": "dir", "directories": "dir",
		"urls": "url", "link": "url", "links": "url", "file": "url", "files": "url", "page": "url", "flush": "purge", "clear": "purge", "refresh": "purge", "invalidate": "purge"}
	flagsMeant = map[string]string{"region": "area", "zone": "area", "type": "mode", "comment": "reason", "message": "reason", "dryrun": "dry-run", "dry": "dry-run"}
)

// dashed takes "--flag", "--flag=value" or "--flag value", also with the long dashes that phones type.
func (p *parser) dashed(word string) {
	// A wrong name is a mistake, and the nearest name is read instead for the corrected line.
	name, value, glued := strings.Cut(word, "=")
	name, proper := flagName(name)
	if !proper || !p.allows(name) {
		p.fail(sayFlag(p.verb, word))
		name = nearest(name, p.flagNames(), flagsMeant)
	}
	// The value stands behind "=" or is the next piece.
	v := piece{kind: pieceWord, text: value}
	switch {
	case name == "":
		return
	case !isValued(name):
		if glued {
			p.fail(sayNoValue(name))
		}
	case value == "":
		if v = p.value(name, glued); v.kind == pieceEnd {
			p.fail(sayNoArgument(name))
			return
		}
	}
	p.flag(name, v)
}

// flagName returns the name of a flag without its dashes; proper is false for a single short dash.
func flagName(word string) (name string, proper bool) {
	name = strings.TrimLeftFunc(word, isDashRune)
	dashes := word[:len(word)-len(name)]
	name = strings.Map(func(c rune) rune {
		if isDashRune(c) {
			return '-'
		}
		return unicode.ToLower(c)
	}, name)
	return name, dashes == "--" || dashes != "" && strings.Trim(dashes, "-") != ""
}

// isDashRune reports whether a character is a dash, short or long.
func isDashRune(c rune) bool { return c == '-' || longDash(string(c)) > 0 }

// value takes the next piece as a flag's value. A flag, a piece on a new line, and a link behind any flag but --reason are no values.
func (p *parser) value(name string, glued bool) piece {
	// A value right behind "=" must be quoted here, because the word has ended at the quote.
	before := p.reader
	if glued {
		if family, _ := quoteAt(p.text[p.at:]); family == 0 {
			return piece{kind: pieceEnd}
		}
	}
	// A piece that is no value is read again by the caller.
	switch v := p.next(); {
	case v.kind == pieceOpen:
		p.fail(sayOpen(v.text))
		return piece{kind: pieceEnd}
	case v.fresh:
	case v.kind == pieceWord && !isDash(v.text), v.kind == pieceQuoted:
		return v
	case v.kind == pieceBare && name == "reason":
		return piece{kind: pieceWord, text: v.raw}
	case v.kind == pieceWrapped && name == "reason":
		return v
	}
	p.reader = before
	return piece{kind: pieceEnd}
}

// flag sets the part of the command that a flag or a field stands for.
func (p *parser) flag(name string, v piece) {
	// The name of an area is also a flag, and each flag may be given once.
	key := name
	if name == "mainland" || name == "overseas" || name == "global" {
		key, v.text = "area", name
	}
	if p.said[key] {
		p.fail(sayTwice(key, name))
		return
	}
	// The value goes to its place in the intent.
	p.said[key] = true
	switch key {
	case "area":
		p.in.Areas = slices.Clone(areas[p.choice(key, v.text, areaNames, areasMeant)])
	case "mode":
		p.in.Mode = purge.Mode(p.choice(key, v.text, modeNames, modesMeant))
	case "kind":
		if strings.EqualFold(v.text, "dir") {
			v.text = "directory"
		}
		p.kind = cmp.Or(purge.Kind(p.choice(key, v.text, kindNames, kindsMeant)), p.kind)
	case "reason":
		p.reason(v)
	case "prefetch":
		p.in.Prefetch = true
	case "private":
		p.in.Private = true
	case "dry-run":
		p.in.DryRun = true
	default:
		p.filter(key, v.text)
	}
}

// filter sets one filter of the history.
func (p *parser) filter(key, value string) {
	switch key {
	case "since", "until":
		p.moment(key, strings.ToLower(value))
	case "by":
		p.takeBy(value)
	case "outcome":
		state := p.choice(key, strings.ReplaceAll(value, " ", "-"), stateNames, nil)
		p.in.Outcome = strings.ReplaceAll(state, "-", " ")
	}
}

// moment sets the start or the end of the history.
func (p *parser) moment(key, value string) {
	if _, err := ParseTime(value, time.Time{}, time.UTC); err != nil || value == "" {
		p.fail(sayMoment(value))
		return
	}
	if key == "since" {
		p.in.Since = value
		return
	}
	p.in.Until = value
}

// choice returns the name equal to the value, or else the name that was probably meant.
func (p *parser) choice(key, value string, names []string, meant map[string]string) string {
	w := strings.ToLower(value)
	if slices.Contains(names, w) {
		return w
	}
	p.fail(sayChoice(p.name(key), value, names))
	return nearest(w, names, meant)
}

// name returns the person's word for a part of the command: a field or a flag.
func (p *parser) name(key string) string {
	if p.form {
		return `the field "` + key + `"`
	}
	return "--" + key
}

// reason sets the reason, on one line.
func (p *parser) reason(v piece) {
	text := strings.Join(strings.FieldsFunc(v.text, isLineSpace), " ")
	if problem := reasonProblem(text); problem != "" {
		p.fail(problem)
		return
	}
	p.in.Reason, p.loose, p.stray = text, v.kind == pieceWord, nil
}

// isLineSpace reports whether a character is a space or a line end.
func isLineSpace(c rune) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r'
}

// reasonProblem returns the fault of a reason, or "".
func reasonProblem(text string) string {
	switch {
	case text == "":
		return sayEmptyReason
	case utf8.RuneCountInString(text) > MaxReason:
		return sayLongReason(utf8.RuneCountInString(text))
	}
	for i, c := range text {
		if c == utf8.RuneError || !unicode.IsGraphic(c) && c != '\u200d' && c != '\u200c' {
			return sayReasonChar(text[i:])
		}
	}
	return ""
}

// id takes the id of a purge or a grant, in either case and with letters in place of similar digits:
// https://www.crockford.com/base32.html
func (p *parser) id(word string) {
	example := exampleID(p.verb)
	name, dashed := strings.CutPrefix(strings.Map(idRune, word), example[:len("p-")])
	if len(name) != 8 || strings.Trim(name, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
		p.fail(sayID(example, word))
		return
	}
	if p.in.ID = example[:len("p-")] + name; !dashed {
		p.fail(sayID(example, word))
	}
}

// exampleID returns an example of the id that a verb takes: the id of a grant or of a purge.
func exampleID(verb Verb) string {
	if verb == VerbRevoke {
		return "r-7k3f9x2q"
	}
	return "p-7k3f9x2q"
}

// idRune returns the character of an id that was meant by a typed character.
func idRune(c rune) rune {
	switch c = unicode.ToLower(c); {
	case isDashRune(c):
		return '-'
	case c == 'i' || c == 'l':
		return '1'
	case c == 'o':
		return '0'
	}
	return c
}

// dateLayouts are the forms of a day, or of a time on a day; the last form names its own zone.
var dateLayouts = []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04", time.DateTime, time.RFC3339}

// ParseTime reads a time in the form of commands and flags: "45m", "12h", "30d" or "2w" before now, the start of the day "2026-11-21",
// or "2026-11-21 15:04" in the zone. The text "" is the zero time.
func ParseTime(s string, now time.Time, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range dateLayouts {
		if at, err := time.ParseInLocation(layout, s, zone); err == nil {
			return at, nil
		}
	}
	if ago, is := parseSpan(s); is {
		return now.Add(-ago), nil
	}
	return time.Time{}, invalid(sayMoment(s))
}

// nearest returns the name that w probably means, or "".
func nearest(w string, names []string, meant map[string]string) string {
	if m := meant[w]; slices.Contains(names, m) {
		return m
	}
	best, least := "", len(w)/4+1 // no other name is less than one letter away from a short word
	for _, name := range names {
		if d := distance(w, name, least); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to add, drop, change or swap between a and b. A difference in length over most ends the count.
func distance(a, b string, most int) int {
	// The count fills the usual table of prefixes, row by row.
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j], rows[i][j-1], rows[i-1][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
