package card

import (
	"fmt"
	"strings"

	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// VariantsLine tells that several URLs are one object, because their domain ignores queries.
func VariantsLine(v Variants, private bool) string {
	of := v.Kept.Path()
	if private {
		of = "one URL"
	}
	return fmt.Sprintf("?…: %d variants of %s are one object on %s, which ignores queries; purging the first of them purges all.", v.N, of, v.Kept.Host())
}

// NotOnline warns of a domain that is not running, in Tencent's own word.
func NotOnline(host, status string) string {
	return fmt.Sprintf("%s is not running at Tencent (“%s”), which may refuse this.", host, cut(chat.OneLine(status), 40))
}

// NotListed warns of a host that is not on Tencent's list of the account's domains.
func NotListed(host string) string {
	return host + " is not among the domains that Tencent lists for this account, so it will probably refuse this. Check the name."
}

// WhyLines lists the answers to `why`; several answers each name their readings.
func WhyLines(all []Because) (lines []string) {
	for _, b := range all {
		switch yes := strings.HasPrefix(b.Text, "yes,"); {
		case yes:
			lines = append(lines, sayReadings(b.Of)+": "+b.Text)
		case len(all) == 1:
			lines = append(lines, b.Text)
		default:
			lines = append(lines, sayReadings(b.Of)+": no. "+b.Text)
		}
	}
	return lines
}

// sayReadings returns "As a URL in mainland and overseas, as a directory in mainland", or "As a URL and as a directory in mainland".
func sayReadings(all []WhyReading) string {
	var said []string
	var in string
	// The kinds are read backwards, because the area follows the last of the kinds that share the area.
	for _, k := range []purge.Kind{purge.Directory, purge.URL} {
		var areas []purge.Area
		for _, r := range all {
			if r.Kind == k {
				areas = append(areas, r.Area)
			}
		}
		switch where := " in " + areaWords(areas); {
		case len(areas) == 0:
		case where == in:
			said = []string{"as a " + noun(k) + " and " + said[0]}
		default:
			said, in = append([]string{"as a " + noun(k) + where}, said...), where
		}
	}
	return Title(strings.Join(said, ", "))
}

// NotAsked tells that small purges need no question.
func NotAsked(most int) string {
	return fmt.Sprintf("No question comes first, up to %d URLs in ten minutes.", most)
}

// Variants counts the requested URLs of one object in one area; Kept is the one that is sent.
type Variants struct {
	Kept purge.Target
	N    int
}

// WhyReading is one way to purge a target: as a kind, in an area.
type WhyReading struct {
	Kind purge.Kind
	Area purge.Area
}

// Because is one answer to `why`, with the readings that share the answer.
type Because struct {
	Text string
	Of   []WhyReading
}

// CannotAsTyped answers why a target is none.
func CannotAsTyped(r *purge.Refused) chat.Card {
	return chat.Card{Title: "It cannot be purged as typed.", Tone: chat.Bad, Lines: []string{r.Legible() + ": " + r.Reason + Suggestion(r.Suggest)}}
}

// YesBy names the rule that lets a person purge a target, and the group through which it does.
func YesBy(rule, via string) string {
	text := "yes, by the rule “" + chat.OneLine(rule) + "”"
	if via != "" {
		text += " through " + via
	}
	return text + "."
}

// AsksFirst says who would have to press before a purge is sent.
func AsksFirst(p store.Purge, who Approvers) string {
	said := "A question comes first. " + WhoPresses(p, who)
	if len(p.Request.WholeSites()) > 0 {
		said += " " + TypeHost
	}
	return said
}
