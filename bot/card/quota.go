package card

import (
	"fmt"
	"strings"

	"purgebot/purge"
)

// QuotaOurs explains that the numbers count the purges of purgebot only.
const QuotaOurs = "That is as far as purgebot knows: what others spend from the same account is not in it."

// ReserveLine states the reserve of each area, and whether the reader may use the reserve.
func ReserveLine(n int, k purge.Kind, mine bool) string {
	if mine {
		return fmt.Sprintf("The last %s of each area are a reserve, which you may use.", Things(n, k))
	}
	return fmt.Sprintf("The last %s of each area are a reserve, which you may not use.", Things(n, k))
}

// asFar marks a number that purgebot counted because Tencent told none.
func asFar(told bool) string {
	if told {
		return ""
	}
	return ", as far as purgebot knows"
}

// withReserve mentions the reserve, which the requester may not use.
func withReserve(reserve int) string {
	if reserve == 0 {
		return ""
	}
	return fmt.Sprintf(" besides a reserve of %d", reserve)
}

// exceptReserve mentions the reserve where no other quota is left.
func exceptReserve(reserve int) string {
	if reserve == 0 {
		return ""
	}
	return fmt.Sprintf(" but for a reserve of %d for others", reserve)
}

// costLines shows the quota that a request takes in each area.
func costLines(r purge.Request, of Room, turns string) []string {
	var lines []string
	for _, p := range r.Parts {
		if left, limited := of.Left[p.Area]; limited {
			lines = append(lines, fmt.Sprintf("Costs %d of %d %s %s left today%s%s; resets at %s.",
				len(p.Targets), left, p.Area, nounPlural(r.Kind), withReserve(of.Reserve), asFar(of.Told), turns))
		}
	}
	return lines
}

// WouldNotFit refuses a request that exceeds the quota, before anything is sent.
func WouldNotFit(k purge.Kind, a purge.Area, n, left int, of Room, turns string) string {
	if left == 0 {
		return fmt.Sprintf("Today's quota of %s %s is used up%s%s; nothing was sent. It resets at %s: ask again then.",
			a, nounPlural(k), exceptReserve(of.Reserve), asFar(of.Told), turns)
	}
	return fmt.Sprintf("This needs %d of today's %s %s, and %d are left%s%s; nothing was sent. Ask for at most %d, or wait until the quota resets at %s.",
		n, a, nounPlural(k), left, withReserve(of.Reserve), asFar(of.Told), left, turns)
}

// OverQuota is the reason of targets that are not sent because the quota is used up.
func OverQuota(k purge.Kind, a purge.Area, reserve int, told bool, turns string) string {
	return fmt.Sprintf("Today's quota of %s %s is used up%s%s. It resets at %s.", a, nounPlural(k), exceptReserve(reserve), asFar(told), turns)
}

// QuotasReset states the reset time, behind Tencent's own message about a quota.
func QuotasReset(turns string) string { return " The day's quotas reset at " + turns + "." }

// QuotaLine shows the quota of one kind in one area, as a bar.
func QuotaLine(k purge.Kind, a purge.Area, total, left, spent int, limited bool) string {
	name := Title(nounPlural(k)) + " in " + string(a) + ": "
	if !limited {
		return fmt.Sprintf("%s%d used, no limit known", name, spent)
	}
	return fmt.Sprintf("%s%s %d of %d left", name, Bar(left, total), left, total)
}

// Bar draws n of total as ten cells. A number over zero fills at least one cell, and only the total fills all ten.
func Bar(n, total int) string {
	const cells = 10
	full := 0
	if total > 0 {
		full = min(n*cells/total, cells)
	}
	if full == 0 && n > 0 {
		full = 1
	}
	return strings.Repeat("▰", full) + strings.Repeat("▱", cells-full)
}
