package card

import (
	"fmt"
	"strings"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// HistoryLine shows one purge as a line of the history.
func HistoryLine(p store.Purge, reader *time.Location) string {
	v := View{Purge: p}
	return fmt.Sprintf("%s · %s · %s in %s · %s · %s", p.Short, Dated(p.CreatedAt, reader),
		v.Named(), areaWords(p.Request.Areas()), p.State, chat.OneLine(p.Name))
}

// DomainsCard lists the grants of a person, or names the contact if the person has none.
func DomainsCard(you acl.Subject, contact string, grants []acl.GrantView, reader *time.Location) chat.Card {
	c := chat.Card{Title: "You may purge:"}
	for _, g := range grants {
		line := grantLine(g, reader)
		if g.By != "" {
			line += " (" + g.Name + ")"
		}
		c.Lines = append(c.Lines, line)
	}
	if len(c.Lines) == 0 {
		c = chat.Card{Title: NothingGranted, Lines: []string{AskContact(you, contact)}}
	}
	return c
}

// grantLine describes one grant: its domains, kinds, areas, limits and dates.
func grantLine(g acl.GrantView, reader *time.Location) string {
	// The line begins with the domains, the kinds and the areas.
	kinds := make([]string, len(g.Kinds))
	for i, k := range g.Kinds {
		kinds[i] = nounPlural(k)
	}
	line := strings.Join(g.Domains, ", ") + ": " + strings.Join(kinds, " and ") + " in " + areaWords(g.Areas)
	// Each limit of the grant adds a clause.
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
	// The dates stand at the end.
	if !g.From.IsZero() {
		line += ", from " + Dated(g.From, reader)
	}
	if !g.Until.IsZero() {
		line += ", until " + Dated(g.Until, reader)
	}
	return line
}

// Self holds the names by which the policy file knows a person.
type Self struct {
	Subject, Channel acl.Subject
	Person           string        // the person's name in the policy file; "" if the file has none
	Seen             []acl.Subject // the person's groups in the chat
	Groups           []string      // the person's groups in the policy file
}

// WhoamiCard answers `whoami` with subjects that can be pasted into the policy file.
func WhoamiCard(you Self) chat.Card {
	c := chat.Card{Title: "You are " + string(you.Subject), Lines: []string{"This channel is " + string(you.Channel)}}
	if you.Person != "" {
		c.Lines = append(c.Lines, "The policy file calls you "+you.Person)
	}
	if len(you.Seen)+len(you.Groups) == 0 {
		c.Lines = append(c.Lines, "I see you in no group that the policy file names.")
	}
	for _, g := range you.Seen {
		c.Lines = append(c.Lines, "You are in "+string(g))
	}
	for _, g := range you.Groups {
		c.Lines = append(c.Lines, "You are in the policy file's group "+g)
	}
	return c
}
