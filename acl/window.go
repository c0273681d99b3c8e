package acl

import (
	"strings"
	"time"
)

// window is when a rule holds: from the first moment on and until the second, which is no longer in it. Zero is no bound.
type window struct{ from, until int64 } // unix nanoseconds

func (w window) holds(at time.Time) bool {
	n := at.UnixNano()
	return (w.from == 0 || n >= w.from) && (w.until == 0 || n < w.until)
}

// when is the moment of an ask: the zero moment is inside no window of a grant, and inside every one of a denial.
type when struct {
	at      time.Time
	anytime bool // inside every window of a grant, outside every one of a denial
}

func (w when) due(open window, denies bool) bool {
	switch {
	case open == window{}:
		return true
	case w.anytime:
		return !denies
	case w.at.IsZero():
		return denies
	}
	return open.holds(w.at)
}

// moment reads a time with its zone; a time of day without one is another moment for everybody.
func (r *reader) moment(n node) int64 {
	t, err := time.Parse(time.RFC3339, r.text(n))
	if err != nil {
		r.wrong(n, "write a moment with its zone, as in 2026-11-27T18:00:00+08:00")
		return 0
	}
	return t.UnixNano()
}

// ordered refuses a window that is never open.
func (r *reader) ordered(n node, w window) {
	if w.until != 0 && w.until <= w.from {
		r.wrong(n, "`until` is not after `from`, so the rule would never hold")
	}
}

// String says when the window is open, "from 2026-11-27 10:00 UTC until 2026-11-28 10:00 UTC".
func (w window) String() string {
	var parts []string
	if w.from != 0 {
		parts = append(parts, "from "+stamp(time.Unix(0, w.from)))
	}
	if w.until != 0 {
		parts = append(parts, "until "+stamp(time.Unix(0, w.until)))
	}
	return strings.Join(parts, " ")
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
