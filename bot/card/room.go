package card

import "purgebot/purge"

// Room is the part of today's quota that a purge may take.
type Room struct {
	Left    map[purge.Area]int // the rest of each area; an area without an entry has no limit
	Told    bool               // true if Tencent told the numbers
	Reserve int                // the part for others, not counted in Left
}

// Divide splits a request into the targets that fit each area's quota and the rest.
func (r Room) Divide(all purge.Request) (fits, rest purge.Request) {
	fits.Kind, rest.Kind, fits.Mode, rest.Mode = all.Kind, all.Kind, all.Mode, all.Mode
	for _, p := range all.Parts {
		n := len(p.Targets)
		if left, limited := r.Left[p.Area]; limited {
			n = min(n, left)
		}
		if n > 0 {
			fits.Parts = append(fits.Parts, purge.Part{Area: p.Area, Targets: p.Targets[:n]})
		}
		if n < len(p.Targets) {
			rest.Parts = append(rest.Parts, purge.Part{Area: p.Area, Targets: p.Targets[n:]})
		}
	}
	return fits, rest
}
