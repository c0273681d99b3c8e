package card

import (
	"fmt"
	"strings"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// What is said of the account's domains: that queries make no difference, and that a purge will probably be refused; and what is
// answered to whoever asks why.

func VariantsLine(v Variants, private bool) string {
	of := v.Kept.Path()
	if private {
		of = "one URL"
	}
	return fmt.Sprintf("?…: %d variants of %s are one object on %s, which ignores queries; purging the first of them purges all.", v.N, of, v.Kept.Host())
}

// NotOnline quotes the vendor's own word.
func NotOnline(host, status string) string {
	return fmt.Sprintf("%s is not running at Tencent (“%s”), which may refuse this.", host, cut(chat.OneLine(status), 40))
}

func NotListed(host string) string {
	return host + " is not among the domains that Tencent lists for this account, so it will probably refuse this. Check the name."
}

// WhyLines says each answer once, and what it is for where there are several.
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

// sayReadings is "As a URL in mainland and overseas, as a directory in mainland", or "As a URL and as a directory in mainland".
func sayReadings(all []WhyReading) string {
	var said []string
	var in string
	for _, k := range []purge.Kind{purge.Directory, purge.URL} { // the last first, since its area is said behind all that have the same
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

func NotAsked(most int) string {
	return fmt.Sprintf("No question comes first, up to %d URLs in ten minutes.", most)
}

// Variants are those of one object in one area.
type Variants struct {
	Kept purge.Target
	N    int
}

// WhyReading is one way to read a target: as a kind, in an area.
type WhyReading struct {
	Kind purge.Kind
	Area purge.Area
}

// Because is one answer, and the readings that it is for.
type Because struct {
	Text string
	Of   []WhyReading
}
