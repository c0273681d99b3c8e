package wish

import (
	"slices"
	"strings"
	"unicode"

	"purgebot/acl"
	"purgebot/bot/grammar"
	"purgebot/bot/store"
	"purgebot/purge"
)

// A reason that sounds like a leak gets an offer: a requester in a hurry may not know that a flush leaves unchanged files, that the
// other area still has the files, and that the channel reads the targets.

// leakWords are the beginnings of words that make a reason sound like a leak; the policy file may list more.
var leakWords = []string{"leak", "secret", "password", "credential", "泄露", "泄漏"}

// SoundsLikeLeak reports whether a word of a reason begins with a leak word; leak words outside ASCII may stand anywhere.
func SoundsLikeLeak(policy *acl.Policy, reason string) bool {
	reason = strings.ToLower(reason)
	words := strings.FieldsFunc(reason, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, leak := range slices.Concat(leakWords, policy.LeakWords()) {
		if !ascii(leak) && strings.Contains(reason, leak) {
			return true
		}
		if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, leak) }) {
			return true
		}
	}
	return false
}

// ascii reports whether a text is all ASCII.
func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// asLeak returns a wish for both areas, deleted and private.
func asLeak(w Wish) Wish {
	w.Verb, w.Areas, w.Private, w.Prefetch = string(grammar.VerbLeak), []purge.Area{purge.Mainland, purge.Overseas}, true, false
	if w.Kind == purge.Directory {
		w.Mode = purge.Delete
	}
	return w
}

// IsLeak reports whether a purge already has all that a leak needs: both areas, deletion and privacy.
func IsLeak(p store.Purge) bool {
	return p.Private && len(purge.AreasBut(p.Request.Areas())) == 0 && p.Request.Mode != purge.Flush
}
