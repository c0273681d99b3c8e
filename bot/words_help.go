package bot

import "purgebot/bot/chat"

// What help says: of all that can be typed, what its reader may use.

// needs is what somebody must be let do for a line of help to be of use.
type needs func(rights) bool

func anybody(rights) bool             { return true }
func purges(r rights) bool            { return r.urls || r.directories }
func purgesURLs(r rights) bool        { return r.urls }
func purgesDirectories(r rights) bool { return r.directories }
func purgesOverseas(r rights) bool    { return r.overseas }
func purgesEverywhere(r rights) bool  { return r.everywhere }
func prefetches(r rights) bool        { return r.urls && r.prefetch }
func opensForms(r rights) bool        { return purges(r) && r.forms }
func mentions(r rights) bool          { return purges(r) && r.mentions }
func seesOthers(r rights) bool        { return purges(r) || r.audits || r.administers }
func cancels(r rights) bool           { return purges(r) || r.administers }
func administers(r rights) bool       { return r.administers }

// helpLine is what one can type, and who may.
type helpLine struct {
	needs
	text string
}

// help is what one can type, and what is said besides.
type help []helpLine

// of is what somebody may use.
func (h help) of(r rights) (lines []string) {
	for _, l := range h {
		if l.needs(r) {
			lines = append(lines, l.text)
		}
	}
	return lines
}

// sayHelp is what one can type as text.
var sayHelp = help{
	{purgesURLs, "/purge https://www.example.com/a.jpg — purge URLs, as many as you paste"},
	{purgesDirectories, "/purge dir https://www.example.com/a/ — purge directories; asks first"},
	{purgesOverseas, "    --overseas or --global — elsewhere than in mainland; asks first"},
	{purgesDirectories, "    --mode delete — directories: everything, not only changed files"},
	{purges, "    --reason \"text\" — shown on the card, kept in the audit"},
	{purges, "    --private — the channel sees the host and the number, not the targets"},
	{prefetches, "    --prefetch — URLs: fetched again once they are purged"},
	{purges, "    --dry-run — say what would happen, send nothing"},
	{purgesEverywhere, "/purge leak https://… \"reason\" — everywhere, deleted, private"},
	{opensForms, "/purge — a form for the same"},
	{seesOthers, "/purge status p-… — one purge as it stands"},
	{cancels, "/purge cancel p-… — stop what has not left"},
	{purges, "/purge retry p-… — again, but only what failed"},
	{seesOthers, "/purge history [domain] — purges you may see; --since 30d, --until 2026-11-21, --by me, --outcome failed"},
	{anybody, "/purge quota — what is left today, and who used it"},
	{anybody, "/purge why https://… · domains · whoami — what you may purge and why"},
	{administers, "/purge freeze www.example.com 2h \"reason\" — nobody may purge it until then; unfreeze www.example.com \"reason\""},
	{administers, "/purge grant WHOM www.example.com 2h \"reason\" — they may until then; revoke r-… \"reason\""},
	{administers, "    --kind directory, --overseas or --global — what else than URLs in mainland they may purge"},
}

// sayHelpOptions is the same where the platform has options of its own.
var sayHelpOptions = help{
	{purgesURLs, "/purge url targets:https://www.example.com/a.jpg — purge URLs, as many as you paste"},
	{purgesDirectories, "/purge dir targets:https://www.example.com/a/ — purge directories; asks first"},
	{purgesOverseas, "    area: overseas or global — elsewhere than in mainland; asks first"},
	{purgesDirectories, "    mode: delete — directories: everything, not only changed files"},
	{purges, "    reason: — shown on the card, kept in the audit"},
	{purges, "    private: — the channel sees the host and the number, not the targets"},
	{prefetches, "    prefetch: — URLs: fetched again once they are purged"},
	{purges, "    dry-run: — say what would happen, send nothing"},
	{opensForms, "/purge form — the same as a form, for many targets"},
	{purgesEverywhere, "/purge leak targets:https://… reason:… — everywhere, deleted, private"},
	{seesOthers, "/purge status — one purge as it stands, by its id"},
	{cancels, "/purge cancel — stop what has not left, by its id"},
	{purges, "/purge retry — again, but only what failed"},
	{seesOthers, "/purge history — purges you may see; by domain, since, until, by, outcome"},
	{anybody, "/purge quota — what is left today, and who used it"},
	{anybody, "/purge why · domains · whoami — what you may purge and why"},
	{administers, "/purge freeze · unfreeze — nobody may purge a domain for a while"},
	{administers, "/purge grant · revoke — somebody may purge a domain for a while"},
	{purges, "“Purge links in this message” is in the menu of every message, under Apps."},
	{mentions, "Or mention me: @purgebot purge https://…"},
}

// helpFor is the help of one chat.
func helpFor(limits chat.ChatLimits) help {
	if limits.Options {
		return sayHelpOptions
	}
	return sayHelp
}

// rights are what somebody may use of all that can be typed, by the file and by what they were lent.
type rights struct {
	urls, directories    bool
	overseas, everywhere bool // some of it overseas; some of it in both areas
	prefetch, forms      bool // there is such a thing, with this API and in this chat
	mentions             bool // so is this, and it is offered
	audits, administers  bool
}
