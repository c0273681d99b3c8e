package bot

// What help says.

// help is what one can type.
type help struct{ everybody, administrators, besides []string }

var sayHelp = help{
	everybody: []string{
		"/purge https://www.example.com/a.jpg — purge URLs, as many as you paste",
		"/purge dir https://www.example.com/a/ — purge directories; asks first",
		"    --overseas or --global — elsewhere than in mainland; asks first",
		"    --mode delete — directories: everything, not only changed files",
		"    --reason \"text\" — shown on the card, kept in the audit",
		"    --private — the channel sees the host and the number, not the targets",
		"    --prefetch — URLs: fetched again once they are purged",
		"    --dry-run — say what would happen, send nothing",
		"/purge leak https://… \"reason\" — everywhere, deleted, private",
		"/purge — a form for the same",
		"/purge status p-… · cancel p-… — one purge",
		"/purge retry p-… — again, but only what failed",
		"/purge history [domain] — purges you may see; --since 30d, --until 2026-11-21, --by me, --outcome failed",
		"/purge quota — what is left today, and who used it",
		"/purge why https://… · domains · whoami — what you may purge and why",
	},
	administrators: []string{
		"/purge freeze www.example.com 2h \"reason\" — nobody may purge it until then; unfreeze www.example.com \"reason\"",
		"/purge grant WHOM www.example.com 2h \"reason\" — they may until then; revoke r-… \"reason\"",
		"    --kind directory, --overseas or --global — what else than URLs in mainland they may purge",
	},
}

// sayHelpOptions is the same where the platform has options of its own.
var sayHelpOptions = help{
	everybody: []string{
		"/purge url targets:https://www.example.com/a.jpg — purge URLs, as many as you paste",
		"/purge dir targets:https://www.example.com/a/ — purge directories; asks first",
		"    area: overseas or global — elsewhere than in mainland; asks first",
		"    mode: delete — directories: everything, not only changed files",
		"    reason: — shown on the card, kept in the audit",
		"    private: — the channel sees the host and the number, not the targets",
		"    prefetch: — URLs: fetched again once they are purged",
		"    dry-run: — say what would happen, send nothing",
		"/purge form — the same as a form, for many targets",
		"/purge leak targets:https://… reason:… — everywhere, deleted, private",
		"/purge status · cancel — one purge, by its id",
		"/purge retry — again, but only what failed",
		"/purge history — purges you may see; by domain, since, until, by, outcome",
		"/purge quota — what is left today, and who used it",
		"/purge why · domains · whoami — what you may purge and why",
	},
	administrators: []string{
		"/purge freeze · unfreeze — nobody may purge a domain for a while",
		"/purge grant · revoke — somebody may purge a domain for a while",
	},
	besides: []string{
		"“Purge links in this message” is in the menu of every message, under Apps.",
		"Or mention me: @purgebot purge https://…",
	},
}
