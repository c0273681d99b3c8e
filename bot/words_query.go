package bot

import (
	"fmt"

	"purgebot/bot/chat"
)

// What is said of the account's domains: that queries make no difference, and that a purge will probably be refused.

func sayVariants(v variants, private bool) string {
	of := v.kept.Path()
	if private {
		of = "one URL"
	}
	return fmt.Sprintf("?…: %d variants of %s are one object on %s, which ignores queries; purging the first of them purges all.", v.n, of, v.kept.Host())
}

// sayNotOnline quotes the vendor's own word.
func sayNotOnline(host, status string) string {
	return fmt.Sprintf("%s is not running at Tencent (“%s”), which may refuse this.", host, cut(chat.OneLine(status), 40))
}

func sayNotListed(host string) string {
	return host + " is not among the domains that Tencent lists for this account, so it will probably refuse this. Check the name."
}
