package card

import "purgebot/purge"

// Room is the part of today's quota that a purge may take.
type Room struct {
	Left    map[purge.Area]int // no entry: no limit
	Told    bool               // by the vendor
	Reserve int                // kept off left, since it is for others
}

// Divide parts a request at what is left of each area.
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
