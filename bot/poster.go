package bot

import (
	"time"

	"purgebot/bot/chat"
)

// poster shows cards, notices and the audit in chats, and tells people privately. It never holds up a purge.
type poster struct {
	*books
	rules     *rules
	waits     *waits
	vendor    *vendor
	Platforms map[string]chat.Platform
	EditGap   time.Duration // least time between two edits of one message
	// AuditChannel is where every purge, decision and rule from chat is told as well; none if its Channel is empty.
	AuditChannel chat.Thread

	dueCards   chan struct{} // rung when a card may be due
	dueNotices chan struct{} // rung when a notice is due
	pace       pacing        // when a message may be written to again
	showing    keySet        // messages under way
	posting    keyedMutex    // one writer for each purge
	retired    keySet        // old copies of cards that were edited
}

func newPoster(b *books, r *rules, w *waits, v *vendor, o Options) *poster {
	return &poster{books: b, rules: r, waits: w, vendor: v, Platforms: o.Platforms, EditGap: o.EditGap, AuditChannel: o.AuditChannel,
		dueCards: make(chan struct{}, 1), dueNotices: make(chan struct{}, 1)}
}
