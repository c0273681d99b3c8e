package books

import (
	"purgebot/bot/store"
	"purgebot/purge"
)

// ButtonToken returns the token of one action of a purge: a key to find the purge by, and 128 bits that cannot be made without the
// purge's secret. Derived tokens let a card be drawn again with the same buttons, and cost a purge no rows.
func ButtonToken(secret, action string) string {
	return store.ButtonKey(secret) + "-" + HashID("button", secret, action)[:32]
}

// PrefetchID returns the id of the prefetch that follows a purge: one prefetch, however often the purge's end is written.
func PrefetchID(id string) string { return HashID("prefetch", id) }

// EventID returns the id of an event's workflow: a repeated delivery is the same purge.
func EventID(e store.Event) string { return HashID("event", e.Platform, e.Workspace, e.ID) }

// DigestOf returns the digest of a request and its prefetch option; requests with equal digests are the same.
func DigestOf(r purge.Request, prefetch bool) string {
	if prefetch {
		return HashID("prefetch", r.Digest())
	}
	return r.Digest()
}
