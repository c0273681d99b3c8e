package bot

import (
	"slices"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/bot/rules"
	"purgebot/purge"
)

// rightsOf is what the reader of help may use at this moment, be it in another channel.
func (b *desk) rightsOf(s scene) card.Rights {
	limits := b.poster.Limits(s.at)
	r := card.Rights{Prefetch: b.vendor.Prefetches(), Forms: limits.Forms, Mentions: limits.Addressed, Audits: s.policy.Auditor(s.who), Administers: s.policy.Administrator(s.who)}
	for _, g := range s.grants() {
		if !holdsNow(g, s.law) {
			continue
		}
		r.Urls = r.Urls || slices.Contains(g.Kinds, purge.URL)
		r.Directories = r.Directories || slices.Contains(g.Kinds, purge.Directory)
		r.Overseas = r.Overseas || slices.Contains(g.Areas, purge.Overseas)
		r.Everywhere = r.Everywhere || len(purge.AreasBut(g.Areas)) == 0
	}
	return r
}

// holdsNow reports whether a grant holds now.
func holdsNow(g acl.GrantView, l rules.Law) bool {
	return !l.At().Before(g.From) && (g.Until.IsZero() || l.At().Before(g.Until))
}

// helpCard lists what its reader may use.
func (b *desk) helpCard(s scene) chat.Card {
	limits, r := b.poster.Limits(s.at), b.rightsOf(s)
	c := chat.Card{Title: "What you can type"}
	if !card.Purges(r) {
		c.Lines = []string{card.NothingGranted, card.AskContact(s.person.Subject, s.policy.Contact())}
	}
	c.Lines = append(c.Lines, card.HelpFor(limits).Of(r)...)
	c.Lines = append(c.Lines, card.Compact([]string{limits.Threads})...)
	return c
}
