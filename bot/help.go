package bot

import (
	"slices"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// rightsOf is what the reader of help may use at this moment, be it in another channel.
func (b *Bot) rightsOf(s scene) rights {
	limits := b.limits(s.at)
	r := rights{prefetch: b.prefetches(), forms: limits.Forms, mentions: limits.Addressed, audits: s.policy.Auditor(s.who), administers: s.policy.Administrator(s.who)}
	for _, g := range s.grants() {
		if !holdsNow(g, s.law) {
			continue
		}
		r.urls = r.urls || slices.Contains(g.Kinds, purge.URL)
		r.directories = r.directories || slices.Contains(g.Kinds, purge.Directory)
		r.overseas = r.overseas || slices.Contains(g.Areas, purge.Overseas)
		r.everywhere = r.everywhere || len(purge.AreasBut(g.Areas)) == 0
	}
	return r
}

// holdsNow reports whether a grant holds now.
func holdsNow(g acl.GrantView, l law) bool {
	return !l.At().Before(g.From) && (g.Until.IsZero() || l.At().Before(g.Until))
}

// helpCard lists what its reader may use.
func (b *Bot) helpCard(s scene) chat.Card {
	limits, r := b.limits(s.at), b.rightsOf(s)
	c := chat.Card{Title: "What you can type"}
	if !purges(r) {
		c.Lines = []string{sayNothingGranted, sayAskContact(s.person.Subject, s.policy.Contact())}
	}
	c.Lines = append(c.Lines, helpFor(limits).of(r)...)
	c.Lines = append(c.Lines, compact([]string{limits.Threads})...)
	return c
}
