package bot

import (
	"slices"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
)

// personRate counts each person's commands and presses in windows of ten seconds. A redelivered event gets its earlier answer, and
// is not counted again.
type personRate struct {
	limit int
	mu    sync.Mutex
	seen  map[acl.Subject]window
}

// window is one person's current ten seconds.
type window struct {
	from   time.Time
	n      int
	lately []counted // the latest events, the newest last
}

// counted is an event with its answer.
type counted struct {
	event chat.EventKey
	ok    bool
}

const (
	rateWindow = 10 * time.Second
	rateKeeps  = 32 // the number of remembered events of one person
)

// newPersonRate returns a counter with a limit; 0 is no limit.
func newPersonRate(limit int) *personRate {
	return &personRate{limit: limit, seen: map[acl.Subject]window{}}
}

// allow counts one event of a person, and reports whether it is within the limit.
func (r *personRate) allow(who acl.Subject, event chat.EventKey, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	// With many people, windows that have passed are dropped, so that the map holds ten seconds of them.
	if len(r.seen) > 1000 {
		for s, w := range r.seen {
			if now.Sub(w.from) >= rateWindow {
				delete(r.seen, s)
			}
		}
	}
	// A redelivered event gets its earlier answer.
	w := r.seen[who]
	if i := slices.IndexFunc(w.lately, func(c counted) bool { return c.event == event }); i >= 0 {
		return w.lately[i].ok
	}
	if now.Sub(w.from) >= rateWindow {
		// A window lasts ten seconds.
		w.from, w.n = now, 0
	}
	w.n++
	ok := r.limit <= 0 || w.n <= r.limit
	w.lately = append(w.lately[max(0, len(w.lately)-rateKeeps+1):], counted{event, ok})
	r.seen[who] = w
	return ok
}
