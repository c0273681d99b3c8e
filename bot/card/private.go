package card

import (
	"fmt"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
)

// Private answers of verbs that only tell something.

// AskedBy says when a purge was asked for, and by whom.
func AskedBy(p store.Purge, reader *time.Location) string {
	return "Asked at " + Dated(p.CreatedAt, reader) + " by " + chat.OneLine(p.Name) + "."
}

// HistoryCard lists purges, a line each; more says that others may match as well.
func HistoryCard(lines []string, more bool) chat.Card {
	c := chat.Card{Title: "Purges, newest first", Lines: lines}
	if len(lines) == 0 {
		c.Title = "No purge that you may see matches."
	}
	if more {
		c.Lines = append(c.Lines, MoreHistory)
	}
	return c
}

// HelpCard lists the commands that a reader with these rights may use in a chat.
func HelpCard(limits chat.ChatLimits, r Rights, you acl.Subject, contact string) chat.Card {
	c := chat.Card{Title: "What you can type"}
	if !Purges(r) {
		c.Lines = []string{NothingGranted, AskContact(you, contact)}
	}
	c.Lines = append(c.Lines, HelpFor(limits).Of(r)...)
	c.Lines = append(c.Lines, Compact([]string{limits.Threads})...)
	return c
}

// QuotaCard is today's quota; turns is when the vendor's next day begins.
func QuotaCard(lines []string, turns string) chat.Card {
	return chat.Card{Title: "Today's quota", Footer: "Resets at " + turns, Lines: lines}
}

// mostUsers is the number of people whose use of the quota is shown.
const mostUsers = 15

// UsedLines lists the use of the quota by people; "You" stands for the reader's own. all says that the reader sees everybody's.
func UsedLines(by []store.SpentBy, own func(acl.Subject) bool, all bool) (lines []string) {
	for _, u := range by {
		name := "You"
		if !own(u.Who) {
			name = chat.OneLine(u.Name) + " (" + string(u.Who) + ")"
		}
		lines = append(lines, fmt.Sprintf("%s used %s in %s", name, Things(u.Units, u.Kind), u.Area))
	}
	if more := len(lines) - mostUsers; more > 0 {
		lines = append(lines[:mostUsers], fmt.Sprintf("and %d more.", more))
	}
	if len(lines) == 0 && !all {
		return []string{"You used nothing today."}
	}
	return lines
}

// WouldBeRefused is the line of a dry run that names the refusal.
func WouldBeRefused(why string) string { return "It would be refused: " + why }

// BudgetTakes says what is left of a budget, and how much of it a request takes.
func BudgetTakes(o Budget, left, units int) string {
	return fmt.Sprintf("%s; this takes %d.", BudgetLine(o, left), units)
}

// MoreVariants says that more objects than those named stand for variants.
func MoreVariants(n int) string { return fmt.Sprintf("?…: the same goes for %d more.", n) }

// NotAskable is the reason of a purge whose question could not be shown.
func NotAskable(why string) string {
	return "The question could not be shown in that channel, so nothing was purged. " + why
}

// NotPurged tells a requester privately that a purge was given up.
func NotPurged(short, why string) chat.Card {
	return chat.Card{Title: "Not purged: " + short, Tone: chat.Bad, Lines: []string{why}}
}
