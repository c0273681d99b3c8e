package books

import (
	"purgebot/bot/store"
	"purgebot/purge"
)

// buttonToken is the token of one action of a purge: a key to find the purge by, and 128 bits that nobody can make without its
// secret. Derived tokens let a card be drawn again with the buttons that it had, and cost a purge no rows.
func ButtonToken(secret, action string) string {
	return store.ButtonKey(secret) + "-" + HashID("button", secret, action)[:32]
}

// prefetchID is that of what follows a purge: there is one of it, however often its end is written.
func PrefetchID(id string) string { return HashID("prefetch", id) }

// eventID is the workflow's id: the same delivery is the same purge.
func EventID(e store.Event) string { return HashID("event", e.Platform, e.Workspace, e.ID) }

// digestOf is what makes two wishes the same: what is purged, and whether it is fetched again.
func DigestOf(r purge.Request, prefetch bool) string {
	if prefetch {
		return HashID("prefetch", r.Digest())
	}
	return r.Digest()
}
