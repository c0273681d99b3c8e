package bot

import (
	"fmt"
	"strings"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

func historyLine(p store.Purge, reader *time.Location) string {
	v := view{Purge: p}
	return fmt.Sprintf("%s · %s · %s in %s · %s · %s", p.Short, dated(p.CreatedAt, reader),
		v.named(), areaWords(p.Request.Areas()), p.State, chat.OneLine(p.Name))
}

func domainsCard(you acl.Subject, contact string, grants []acl.GrantView, reader *time.Location) chat.Card {
	c := chat.Card{Title: "You may purge:"}
	for _, g := range grants {
		line := grantLine(g, reader)
		if g.By != "" {
			line += " (" + g.Name + ")"
		}
		c.Lines = append(c.Lines, line)
	}
	if len(c.Lines) == 0 {
		c = chat.Card{Title: sayNothingGranted, Lines: []string{sayAskContact(you, contact)}}
	}
	return c
}

func grantLine(g acl.GrantView, reader *time.Location) string {
	kinds := make([]string, len(g.Kinds))
	for i, k := range g.Kinds {
		kinds[i] = nounPlural(k)
	}
	line := strings.Join(g.Domains, ", ") + ": " + strings.Join(kinds, " and ") + " in " + areaWords(g.Areas)
	if len(g.Paths) > 0 {
		line += ", below " + strings.Join(g.Paths, " and ")
	}
	if len(g.Schemes) == 1 {
		line += ", " + g.Schemes[0] + " only"
	}
	if len(g.In) > 0 {
		line += ", only in some channels"
	}
	if g.Confirm == acl.SecondPerson {
		line += ", with a second person's press"
	}
	if !g.From.IsZero() {
		line += ", from " + dated(g.From, reader)
	}
	if !g.Until.IsZero() {
		line += ", until " + dated(g.Until, reader)
	}
	return line
}

// self is what somebody is to the policy.
type self struct {
	subject, channel acl.Subject
	person           string        // what the policy file calls them; "" if it does not
	seen             []acl.Subject // groups of the chat
	groups           []string      // groups of the policy file
}

// whoamiCard is ready to paste into the policy file.
func whoamiCard(you self) chat.Card {
	c := chat.Card{Title: "You are " + string(you.subject), Lines: []string{"This channel is " + string(you.channel)}}
	if you.person != "" {
		c.Lines = append(c.Lines, "The policy file calls you "+you.person)
	}
	if len(you.seen)+len(you.groups) == 0 {
		c.Lines = append(c.Lines, "I see you in no group that the policy file names.")
	}
	for _, g := range you.seen {
		c.Lines = append(c.Lines, "You are in "+string(g))
	}
	for _, g := range you.groups {
		c.Lines = append(c.Lines, "You are in the policy file's group "+g)
	}
	return c
}
