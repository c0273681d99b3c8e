package card

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"purgebot/bot/store"
	"purgebot/purge"
)

// PurgedLately names the recent purges of the requested targets, each with its count; it returns "" if there are none. A private
// purge gets a sentence without targets.
func PurgedLately(again []store.Purged, private bool) string {
	all := runs(again)
	if len(all) == 0 {
		return ""
	}
	var said []string
	for _, r := range all[:min(len(all), namedRuns)] {
		said = append(said, r.say(len(said) == 0, private))
	}
	if more := all[len(said):]; len(more) > 0 {
		said = append(said, fmt.Sprintf("%d more by %s", sum(more), sayPurges(more)))
	}
	return strings.Join(said, "; ") + "." + sayOnTheWay(all) + " Purging again costs quota again."
}

// namedRuns bounds the purges that a sentence names.
const namedRuns = 3

// run is one recent purge in one area, with the requested targets that the purge held.
type run struct {
	purge string
	Area  purge.Area
	At    time.Time
	Of    []store.Purged
	done  bool // true if every target is known to be done
}

// runs groups recently purged targets by purge and area, the newest first.
func runs(again []store.Purged) (all []run) {
	for _, one := range again {
		i := slices.IndexFunc(all, func(r run) bool { return r.purge == one.Purge && r.Area == one.Area })
		if i < 0 {
			all, i = append(all, run{purge: one.Purge, Area: one.Area, At: one.At, done: true}), len(all)
		}
		all[i].Of = append(all[i].Of, one)
		all[i].done = all[i].done && one.Outcome == purge.Done
	}
	slices.SortStableFunc(all, func(a, b run) int { return b.At.Compare(a.At) })
	return all
}

// say returns "2 of these were purged in mainland by p-7k3f9x2q at 09:41 UTC"; the clauses behind the first are shorter.
func (r run) say(first, private bool) string {
	how := fmt.Sprintf("in %s by %s at %s", r.Area, r.purge, clock(r.At))
	switch n := len(r.Of); {
	case n == 1 && !private:
		return r.Of[0].Target.String() + " was purged " + how
	case !first:
		return fmt.Sprintf("%d of these %s", n, how)
	case n == 1:
		return "One of these was purged " + how
	default:
		return fmt.Sprintf("%d of these were purged %s", n, how)
	}
}

// sayOnTheWay warns of recent purges that are not known to be done; it returns "" if all are done.
func sayOnTheWay(all []run) string {
	open := slices.DeleteFunc(slices.Clone(all), func(r run) bool { return r.done })
	if len(open) == 0 {
		return ""
	}
	return fmt.Sprintf(" %s may still be on the way: a purge takes about %s.", sayPurges(open), Lasts(Propagation))
}

// sayPurges names the first purges and counts the others.
func sayPurges(all []run) string {
	names := purgesOf(all)
	if more := len(names) - namedRuns; more > 0 {
		return fmt.Sprintf("%s and %d others", strings.Join(names[:namedRuns], ", "), more)
	}
	return strings.Join(names, ", ")
}

// purgesOf returns the short id of each purge once.
func purgesOf(all []run) (names []string) {
	for _, r := range all {
		if !slices.Contains(names, r.purge) {
			names = append(names, r.purge)
		}
	}
	return names
}

// sum counts the targets of all runs.
func sum(all []run) (n int) {
	for _, r := range all {
		n += len(r.Of)
	}
	return n
}

// Propagation is the time that a purge takes to reach every edge, by Tencent's documentation. A second purge within that time
// costs quota without need. See https://cloud.tencent.com/document/product/228/6299
const Propagation = 5 * time.Minute
