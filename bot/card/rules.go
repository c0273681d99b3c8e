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

// EndedAlready answers the end of a rule that another person ended first.
const EndedAlready = "Somebody else was first: it has already ended, and nothing was changed."

// maxListed bounds the rules that a refusal names.
const maxListed = 10

// AdministratorsOnly refuses an administrator's command to other people.
func AdministratorsOnly(verb, contact string) string {
	ask := ""
	if contact != "" {
		ask = " Ask " + contact + "."
	}
	return fmt.Sprintf("Only administrators of the policy file may %s, so nothing was changed.%s", verb, ask)
}

// NoticeNotJoined refuses an administrator's command in a channel where purgebot cannot post the notice.
func NoticeNotJoined(invite string) string {
	return "This is posted where it is said, and I cannot post in this channel, so nothing was changed. Let me in with " + invite + ", or say it in another channel."
}

// AlreadyFrozen refuses a freeze that would not outlast the present one.
func AlreadyFrozen(f store.Rule) string {
	return fmt.Sprintf("%s is already frozen until %s by %s, so nothing was changed. To end it sooner: /purge unfreeze %s \"why\"", f.Domain, Stamp(f.Until), makerOf(f), f.Domain)
}

// NotFrozen refuses to end a freeze that does not exist.
func NotFrozen(domain string, frozen []store.Rule) string {
	if len(frozen) == 0 {
		return "Nothing is frozen, so nothing was changed."
	}
	return fmt.Sprintf("No freeze is of exactly %s, so nothing was changed. Frozen: %s.", domain, listed(frozen))
}

// NoSuchRule refuses to revoke a rule that does not hold.
func NoSuchRule(id string, rules []store.Rule) string {
	if len(rules) == 0 {
		return fmt.Sprintf("No freeze or grant from chat holds now, so there is no %s to revoke.", id)
	}
	return fmt.Sprintf("There is no %s that holds, so nothing was changed. There is: %s.", id, listed(rules))
}

// These sentences answer administrators whose command changed nothing.
const (
	NothingChanged = "Nothing was changed."
	NobodyHere     = "The mention behind --by names nobody in this chat: mention the person here, or paste the subject that whoami shows them."
)

// Unmentioned refuses a typed name, and adds the chat's way to mention a person.
func Unmentioned(name, how string) string {
	return strings.TrimSpace(fmt.Sprintf("%s was typed as a name, and names are not ids: two people may have the same. %s", strconv.Quote(name), how))
}

// NothingToLend refuses a grant of rights that the giver lacks.
func NothingToLend(r store.Rule) string {
	return fmt.Sprintf("Nobody grants what they may not do: you may purge no %s on %s in %s, so nothing was granted. Ask another administrator, who may, or put a grant into the policy file.",
		nounPlural(r.Kinds[0]), r.Domain, areaWords(r.Areas))
}

// Powers holds the reader's rights over a freeze; a text for many readers has none.
type Powers struct{ Override, Administers bool }

// Frozen explains the freeze of a target to a person who could purge the target otherwise.
func Frozen(r store.Rule, may Powers, reader *time.Location) string {
	s := fmt.Sprintf("%s is frozen until %s by %s: “%s”. ", r.Domain, Dated(r.Until, reader), makerOf(r), chat.OneLine(r.Reason))
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

// Overrides is the note on the card of a purge that overrides a freeze.
func Overrides(f acl.Freeze, reason string) string {
	return fmt.Sprintf("In spite of the freeze of %s until %s (“%s”): %s", f.Domain, Stamp(f.Until), chat.OneLine(f.Reason), reason)
}

// StillFrozen answers a press on a question whose targets were frozen meanwhile.
func StillFrozen(reason string) string {
	return "Nothing was sent, and the question stays open. " + reason
}

// listed names the first rules and counts the others.
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

// makerOf names the maker of a rule.
func makerOf(r store.Rule) string { return chat.OneLine(r.ByName) + " (" + r.By.ID() + ")" }

// Stamp writes a time as a date and a minute in UTC.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// FrozenCard announces a freeze; the parameter before holds the freezes that the new one lengthens.
func FrozenCard(r store.Rule, before []store.Rule) chat.Card {
	c := chat.Card{Title: "Frozen until " + Stamp(r.Until) + ": " + r.Domain, Tone: chat.Unsure, By: r.By, Lines: []string{"Reason: " + r.Reason}, Footer: r.ID}
	if len(before) > 0 {
		c.Lines = append(c.Lines, "It was frozen already; this makes it longer.")
	}
	c.Lines = append(c.Lines, "Nobody may purge it until then; what had not left is not sent. /purge unfreeze "+r.Domain+" \"why\" ends it.")
	return c
}

// UnfrozenCard announces the end of a freeze.
func UnfrozenCard(p chat.Person, ended []store.Rule, reason string) chat.Card {
	return chat.Card{Title: "No longer frozen: " + ended[0].Domain, Tone: chat.Good, By: p.Subject, Lines: []string{"Reason: " + reason}, Footer: ids(ended)}
}

// GrantedCard announces a temporary grant.
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

// RevokedCard announces the early end of a grant or a freeze.
func RevokedCard(p chat.Person, r store.Rule, reason string) chat.Card {
	c := chat.Card{Title: "Revoked: " + string(r.Kind) + " of " + r.Domain, Tone: chat.Neutral, By: p.Subject, Footer: r.ID}
	if r.Kind == store.Grant {
		c.Lines = []string{r.To + " may no longer purge by it; what had not left is not sent."}
	}
	c.Lines = append(c.Lines, "Reason: "+reason)
	return c
}

// ids joins the ids of rules.
func ids(rules []store.Rule) string {
	var all []string
	for _, r := range rules {
		all = append(all, r.ID)
	}
	return strings.Join(all, ", ")
}

// nounsPlural joins the plural nouns of kinds.
func nounsPlural(kinds []purge.Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = nounPlural(k)
	}
	return strings.Join(words, " and ")
}
