package bot

import (
	"strings"

	"purgebot/bot/account"
	"purgebot/bot/card"
	"purgebot/purge"
)

// On a domain that ignores queries, URLs that differ only in the query are one object, and a purge of one purges all. The first is
// kept as it was typed, since no other text was judged; each of the others is judged too, before it is dropped.

// folding drops such variants of one object.
type folding struct {
	domains account.Domains
	first   map[string]int // by area and URL without its query: the index in found
	found   []card.Variants
}

// drops reports whether a target is the same object as an earlier target of its area.
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

// maxFolded is the number of objects whose dropped variants are named.
const maxFolded = 3

// notes returns one line for each object with dropped variants. In a private purge the lines name no target.
func (f *folding) notes(private bool) (notes []string) {
	said := map[string]bool{}
	for _, v := range f.found {
		if bare, _, _ := strings.Cut(v.Kept.String(), "?"); v.N > 1 && !said[bare] {
			said[bare] = true
			notes = append(notes, card.VariantsLine(v, private))
		}
	}
	if more := len(notes) - maxFolded; more > 0 {
		notes = append(notes[:maxFolded], card.MoreVariants(more))
	}
	return notes
}
