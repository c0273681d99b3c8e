package acl

import (
	"strings"
	"time"
)

// window is the time in which a rule holds: from the first second on, until just before the second. 0 means no
// bound.
type window struct{ from, until int64 } // in unix seconds

// instant is the time of an ask, in unix seconds. Without a time, grants with a window do not hold and denials
// do.
type instant int64

const (
	noMoment instant = -1 << 63
	anytime  instant = 1<<63 - 1 // inside every window of a grant, outside every window of a denial
)

func (a *Ask) instant() instant {
	switch {
	case a.anytime:
		return anytime
	case a.At.IsZero():
		return noMoment
	}
	return instant(a.At.Unix())
}

// due reports whether a rule with a window holds.
func (m instant) due(w window, denies bool) bool {
	switch {
	case w == window{}:
		return true
	case m == anytime:
		return !denies
	case m == noMoment:
		return denies
	}
	return int64(m) >= w.from && (w.until == 0 || int64(m) < w.until)
}

// moment reads a time with its zone. A time of day without a zone would be ambiguous.
func (r *reader) moment(n node) int64 {
	t, err := time.Parse(time.RFC3339, r.text(n))
	switch {
	case err != nil:
		r.wrong(n, "write a moment with its zone, as in 2026-11-27T18:00:00+08:00")
	case t.Nanosecond() != 0:
		r.wrong(n, "write whole seconds")
	case t.Unix() <= 0:
		r.wrong(n, "this was before 1970; leave the key out if there is no bound")
	}
	return t.Unix()
}

// window reads `from` and `until` in order of appearance, and refuses a window that is never open.
func (r *reader) window(w *window, key string, n node) {
	if key == "from" {
		w.from = r.moment(n)
	} else {
		w.until = r.moment(n)
	}
	if w.until != 0 && w.until <= w.from {
		r.wrong(n, "`until` is not after `from`, so the rule would never hold")
	}
}

// String describes the window: "from 2026-11-27 10:00 UTC until 2026-11-28 10:00 UTC".
func (w window) String() string { return w.on(time.UTC) }

// on adds the time of the clock's zone, if it is another: "from 2026-11-27 10:00 UTC (11-27 18:00 +08:00)".
func (w window) on(clock *time.Location) string {
	var parts []string
	if w.from != 0 {
		parts = append(parts, "from "+dated(moment(w.from), clock))
	}
	if w.until != 0 {
		parts = append(parts, "until "+dated(moment(w.until), clock))
	}
	return strings.Join(parts, " ")
}

func dated(t time.Time, clock *time.Location) string {
	if _, offset := t.In(clock).Zone(); offset == 0 {
		return stamp(t)
	}
	return stamp(t) + t.In(clock).Format(" (01-02 15:04 -07:00)")
}

// moment returns a bound of a window, or the zero time.
func moment(unix int64) (t time.Time) {
	if unix != 0 {
		t = time.Unix(unix, 0).UTC()
	}
	return t
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
