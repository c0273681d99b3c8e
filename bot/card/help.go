package card

import "purgebot/bot/chat"

// This file holds the lines of help: each reader sees the commands that the reader may use.

// needs reports whether a line of help is of use to a reader with the rights.
type needs func(Rights) bool

// anybody is the need of a line that every reader may use.
func anybody(Rights) bool { return true }

// Purges reports whether the rights include any purge.
func Purges(r Rights) bool { return r.Urls || r.Directories }

// The other needs are named after the act that the rights must include.
func purgesURLs(r Rights) bool        { return r.Urls }
func purgesDirectories(r Rights) bool { return r.Directories }
func purgesOverseas(r Rights) bool    { return r.Overseas }
func purgesEverywhere(r Rights) bool  { return r.Everywhere }
func prefetches(r Rights) bool        { return r.Urls && r.Prefetch }
func opensForms(r Rights) bool        { return Purges(r) && r.Forms }
func mentions(r Rights) bool          { return Purges(r) && r.Mentions }
func seesOthers(r Rights) bool        { return Purges(r) || r.Audits || r.Administers }
func cancels(r Rights) bool           { return Purges(r) || r.Administers }
func administers(r Rights) bool       { return r.Administers }

// helpLine is one line of help with the rights that its command needs.
type helpLine struct {
	needs
	Text string
}

// Help is a list of the lines of help.
type Help []helpLine

// Of returns the lines for a reader with the rights.
func (h Help) Of(r Rights) (lines []string) {
	for _, l := range h {
		if l.needs(r) {
			lines = append(lines, l.Text)
		}
	}
	return lines
}

// TypedHelp describes the commands of a chat where commands are text.
var TypedHelp = Help{
	{purgesURLs, "/purge https://www.example.com/a.jpg — purge URLs, as many as you paste"},
	{purgesDirectories, "/purge dir https://www.example.com/a/ — purge directories; asks first"},
	{purgesOverseas, "    --overseas or --global — elsewhere than in mainland; asks first"},
	{purgesDirectories, "    --mode delete — directories: everything, not only changed files"},
	{Purges, "    --reason \"text\" — shown on the card, kept in the audit"},
	{Purges, "    --private — the channel sees the host and the number, not the targets"},
	{prefetches, "    --prefetch — URLs: fetched again once they are purged"},
	{Purges, "    --dry-run — say what would happen, send nothing"},
	{purgesEverywhere, "/purge leak https://… \"reason\" — everywhere, deleted, private"},
	{opensForms, "/purge — a form for the same"},
	{seesOthers, "/purge status p-… — one purge as it stands"},
	{cancels, "/purge cancel p-… — stop what has not left"},
	{Purges, "/purge retry p-… — again, but only what failed"},
	{seesOthers, "/purge history [domain] — purges you may see; --since 30d, --until 2026-11-21, --by me, --outcome failed"},
	{anybody, "/purge quota — what is left today, and who used it"},
	{anybody, "/purge why https://… · domains · whoami — what you may purge and why"},
	{administers, "/purge freeze www.example.com 2h \"reason\" — nobody may purge it until then; unfreeze www.example.com \"reason\""},
	{administers, "/purge grant WHOM www.example.com 2h \"reason\" — they may until then; revoke r-… \"reason\""},
	{administers, "    --kind directory, --overseas or --global — what else than URLs in mainland they may purge"},
}

// OptionHelp describes the commands of a chat where commands have native options.
var OptionHelp = Help{
	{purgesURLs, "/purge url targets:https://www.example.com/a.jpg — purge URLs, as many as you paste"},
	{purgesDirectories, "/purge dir targets:https://www.example.com/a/ — purge directories; asks first"},
	{purgesOverseas, "    area: overseas or global — elsewhere than in mainland; asks first"},
	{purgesDirectories, "    mode: delete — directories: everything, not only changed files"},
	{Purges, "    reason: — shown on the card, kept in the audit"},
	{Purges, "    private: — the channel sees the host and the number, not the targets"},
	{prefetches, "    prefetch: — URLs: fetched again once they are purged"},
	{Purges, "    dry-run: — say what would happen, send nothing"},
	{opensForms, "/purge form — the same as a form, for many targets"},
	{purgesEverywhere, "/purge leak targets:https://… reason:… — everywhere, deleted, private"},
	{seesOthers, "/purge status — one purge as it stands, by its id"},
	{cancels, "/purge cancel — stop what has not left, by its id"},
	{Purges, "/purge retry — again, but only what failed"},
	{seesOthers, "/purge history — purges you may see; by domain, since, until, by, outcome"},
	{anybody, "/purge quota — what is left today, and who used it"},
	{anybody, "/purge why · domains · whoami — what you may purge and why"},
	{administers, "/purge freeze · unfreeze — nobody may purge a domain for a while"},
	{administers, "/purge grant · revoke — somebody may purge a domain for a while"},
	{Purges, "“Purge links in this message” is in the menu of every message, under Apps."},
	{mentions, "Or mention me: @purgebot purge https://…"},
}

// HelpFor returns the help that fits a chat.
func HelpFor(limits chat.ChatLimits) Help {
	if limits.Options {
		return OptionHelp
	}
	return TypedHelp
}

// Rights holds the commands that a person may use, by the policy file and by temporary grants.
type Rights struct {
	Urls, Directories    bool
	Overseas, Everywhere bool // some target may be purged overseas; some target may be purged in both areas
	Prefetch, Forms      bool // this API can prefetch; this chat has forms
	Mentions             bool // this chat offers a mention as a command
	Audits, Administers  bool
}
