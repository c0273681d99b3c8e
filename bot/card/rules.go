package card

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// What is said about freezes and temporary grants.

const (
	EndedAlready = "Somebody else was first: it has already ended, and nothing was changed."
	maxListed    = 10 // rules that a refusal names
)

func AdministratorsOnly(verb, contact string) string {
	ask := ""
	if contact != "" {
		ask = " Ask " + contact + "."
	}
	return fmt.Sprintf("Only administrators of the policy file may %s, so nothing was changed.%s", verb, ask)
}

func NoticeNotJoined(invite string) string {
	return "This is posted where it is said, and I cannot post in this channel, so nothing was changed. Let me in with " + invite + ", or say it in another channel."
}

func AlreadyFrozen(f store.Rule) string {
	return fmt.Sprintf("%s is already frozen until %s by %s, so nothing was changed. To end it sooner: /purge unfreeze %s \"why\"", f.Domain, Stamp(f.Until), by(f), f.Domain)
}

func NotFrozen(domain string, frozen []store.Rule) string {
	if len(frozen) == 0 {
		return "Nothing is frozen, so nothing was changed."
	}
	return fmt.Sprintf("No freeze is of exactly %s, so nothing was changed. Frozen: %s.", domain, listed(frozen))
}

func NoSuchRule(id string, rules []store.Rule) string {
	if len(rules) == 0 {
		return fmt.Sprintf("No freeze or grant from chat holds now, so there is no %s to revoke.", id)
	}
	return fmt.Sprintf("There is no %s that holds, so nothing was changed. There is: %s.", id, listed(rules))
}

const (
	NothingChanged = "Nothing was changed."
	NobodyHere     = "The mention behind --by names nobody in this chat: mention the person here, or paste the subject that whoami shows them."
)

// Unmentioned refuses a name, and says what works in that chat.
func Unmentioned(name, how string) string {
	return strings.TrimSpace(fmt.Sprintf("%s was typed as a name, and names are not ids: two people may have the same. %s", strconv.Quote(name), how))
}

func NothingToLend(r store.Rule) string {
	return fmt.Sprintf("Nobody grants what they may not do: you may purge no %s on %s in %s, so nothing was granted. Ask another administrator, who may, or put a grant into the policy file.",
		nounPlural(r.Kinds[0]), r.Domain, areaWords(r.Areas))
}

// Powers are what the reader of a freeze may do about it; none where many read it.
type Powers struct{ Override, Administers bool }

// Frozen is why a target cannot be purged just now, to somebody who otherwise may.
func Frozen(r store.Rule, may Powers, reader *time.Location) string {
	s := fmt.Sprintf("%s is frozen until %s by %s: “%s”. ", r.Domain, Dated(r.Until, reader), by(r), chat.OneLine(r.Reason))
	if may.Administers {
		s += fmt.Sprintf("Wait, or end the freeze: /purge unfreeze %s \"why\".", r.Domain)
	} else {
		s += fmt.Sprintf("Wait, or ask an administrator for /purge unfreeze %s.", r.Domain)
	}
	if may.Override {
		s += " You may purge in spite of it: ask anew with --reason."
	}
	return s
}

// Overrides is on the card of what is purged in spite of a freeze.
func Overrides(f acl.Freeze, reason string) string {
	return fmt.Sprintf("In spite of the freeze of %s until %s (“%s”): %s", f.Domain, Stamp(f.Until), chat.OneLine(f.Reason), reason)
}

func StillFrozen(reason string) string {
	return "Nothing was sent, and the question stays open. " + reason
}

func listed(rules []store.Rule) string {
	var names []string
	for _, r := range rules[:min(len(rules), maxListed)] {
		name := r.Domain + " until " + Stamp(r.Until)
		if r.Kind == store.Grant {
			name += " for " + r.To
		}
		names = append(names, name+" ("+r.ID+")")
	}
	if more := len(rules) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// by is who made a rule.
func by(r store.Rule) string { return chat.OneLine(r.ByName) + " (" + r.By.ID() + ")" }

func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func FrozenCard(r store.Rule, before []store.Rule) chat.Card {
	c := chat.Card{Title: "Frozen until " + Stamp(r.Until) + ": " + r.Domain, Tone: chat.Unsure, By: r.By, Lines: []string{"Reason: " + r.Reason}, Footer: r.ID}
	if len(before) > 0 {
		c.Lines = append(c.Lines, "It was frozen already; this makes it longer.")
	}
	c.Lines = append(c.Lines, "Nobody may purge it until then; what had not left is not sent. /purge unfreeze "+r.Domain+" \"why\" ends it.")
	return c
}

func UnfrozenCard(p chat.Person, ended []store.Rule, reason string) chat.Card {
	return chat.Card{Title: "No longer frozen: " + ended[0].Domain, Tone: chat.Good, By: p.Subject, Lines: []string{"Reason: " + reason}, Footer: ids(ended)}
}

func GrantedCard(r store.Rule) chat.Card {
	c := chat.Card{Title: "Granted until " + Stamp(r.Until) + ": " + r.Domain, Tone: chat.Unsure, By: r.By, Footer: r.ID}
	to := r.To
	if s, err := acl.ParseSubject(r.To); err == nil {
		c.Mention = []acl.Subject{s}
		to = string(s)
	}
	c.Lines = []string{fmt.Sprintf("%s may purge %s on %s in %s until then, as far as whoever granted it may.", to, nounsPlural(r.Kinds), r.Domain, areaWords(r.Areas)),
		"Reason: " + r.Reason, "/purge revoke " + r.ID + " \"why\" ends it."}
	return c
}

func RevokedCard(p chat.Person, r store.Rule, reason string) chat.Card {
	c := chat.Card{Title: "Revoked: " + string(r.Kind) + " of " + r.Domain, Tone: chat.Neutral, By: p.Subject, Footer: r.ID}
	if r.Kind == store.Grant {
		c.Lines = []string{r.To + " may no longer purge by it; what had not left is not sent."}
	}
	c.Lines = append(c.Lines, "Reason: "+reason)
	return c
}

func ids(rules []store.Rule) string {
	var all []string
	for _, r := range rules {
		all = append(all, r.ID)
	}
	return strings.Join(all, ", ")
}

func nounsPlural(kinds []purge.Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = nounPlural(k)
	}
	return strings.Join(words, " and ")
}
