package card

import (
	"fmt"
	"strings"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

func HistoryLine(p store.Purge, reader *time.Location) string {
	v := View{Purge: p}
	return fmt.Sprintf("%s · %s · %s in %s · %s · %s", p.Short, Dated(p.CreatedAt, reader),
		v.Named(), areaWords(p.Request.Areas()), p.State, chat.OneLine(p.Name))
}

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
		line += ", from " + Dated(g.From, reader)
	}
	if !g.Until.IsZero() {
		line += ", until " + Dated(g.Until, reader)
	}
	return line
}

// Self is what somebody is to the policy.
type Self struct {
	Subject, Channel acl.Subject
	Person           string        // what the policy file calls them; "" if it does not
	Seen             []acl.Subject // groups of the chat
	Groups           []string      // groups of the policy file
}

// WhoamiCard is ready to paste into the policy file.
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
