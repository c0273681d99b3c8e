package bot

import (
	"slices"
	"sync"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
)

// personRate counts commands and presses in windows of ten seconds. What is delivered again is answered as before, and not counted.
type personRate struct {
	limit int
	mu    sync.Mutex
	seen  map[acl.Subject]window
}

type window struct {
	from   time.Time
	n      int
	lately []counted // the newest last
}

type counted struct {
	event chat.EventKey
	ok    bool
}

const (
	rateWindow = 10 * time.Second
	rateKeeps  = 32 // events of one person
)

func newPersonRate(limit int) *personRate {
	return &personRate{limit: limit, seen: map[acl.Subject]window{}}
}

// allow counts one event of a person. Of many people those are dropped whose windows have passed, so that the map holds ten seconds of them.
func (r *personRate) allow(who acl.Subject, event chat.EventKey, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.seen) > 1000 {
		for s, w := range r.seen {
			if now.Sub(w.from) >= rateWindow {
				delete(r.seen, s)
			}
		}
	}
	w := r.seen[who]
	if i := slices.IndexFunc(w.lately, func(c counted) bool { return c.event == event }); i >= 0 {
		return w.lately[i].ok
	}
	if now.Sub(w.from) >= rateWindow {
		w.from, w.n = now, 0
	}
	w.n++
	ok := r.limit <= 0 || w.n <= r.limit
	w.lately = append(w.lately[max(0, len(w.lately)-rateKeeps+1):], counted{event, ok})
	r.seen[who] = w
	return ok
}
