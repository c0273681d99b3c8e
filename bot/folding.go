package bot

import (
	"fmt"
	"strings"

	"purgebot/bot/card"
	"purgebot/bot/vendor"
	"purgebot/purge"
)

// Where a domain ignores queries, URLs that differ in nothing else are one object, and purging one of them purges all. The first is
// kept as it was typed, since no other text was judged; each of the others is judged, too, before it is dropped.

// folding drops such variants.
type folding struct {
	domains vendor.Domains
	first   map[string]int // by area and URL without its query: where it is in found
	found   []card.Variants
}

// drops reports whether a target is one object with another that came before it in its area.
func (f *folding) drops(k purge.Kind, a purge.Area, t purge.Target) bool {
	if d, is := f.domains.Of(t.Host()); !is || d.Query != purge.QueryIgnored || k == purge.Directory {
		return false
	}
	bare, _, _ := strings.Cut(t.String(), "?")
	key := string(a) + " " + bare
	if i, again := f.first[key]; again {
		f.found[i].N++
		return true
	}
	if f.first == nil {
		f.first = map[string]int{}
	}
	f.first[key] = len(f.found)
	f.found = append(f.found, card.Variants{Kept: t, N: 1})
	return false
}

// maxFolded is how many objects are named whose variants were dropped.
const maxFolded = 3

// notes say what was dropped, each object once. Where the channel sees no targets they name none.
func (f *folding) notes(private bool) (notes []string) {
	said := map[string]bool{}
	for _, v := range f.found {
		if bare, _, _ := strings.Cut(v.Kept.String(), "?"); v.N > 1 && !said[bare] {
			said[bare] = true
			notes = append(notes, card.VariantsLine(v, private))
		}
	}
	if more := len(notes) - maxFolded; more > 0 {
		notes = append(notes[:maxFolded], fmt.Sprintf("?…: the same goes for %d more.", more))
	}
	return notes
}
