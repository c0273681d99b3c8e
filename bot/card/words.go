// Package card holds every sentence that people read about a purge: the cards, forms, private replies and lines of help. The callers
// gather the rows and values beforehand. The package makes no decision and no call, and imports no database and no chat platform.
// Tencent's name stands in the sentences, because purgebot purges no other vendor's caches.
package card

import (
	"fmt"
	"strings"
	"time"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/bot/store"
	"purgebot/purge"
)

// These sentences are shared by several cards and replies.
const (
	WhoUnknown      = "I could not check who you are; nothing was purged."
	WhoAskedUnknown = "I could not check who asked for this; nothing was purged."
	WhereUnknown    = "I could not check what this channel is; nothing was purged."
	TryAgain        = " Try again."
	NotYours        = " purgebot lacks a permission or is set up wrongly; ask whoever runs purgebot."
	CardComing      = "The card is still being put up; try again in a moment."
	SharedChannel   = "This channel is shared with another organisation, so nothing can be purged from here. Use a channel of your own."
	Interrupted     = "The answer to this call was lost on our side, so it may have been done. Look at the site before you send it again; the quota may have been spent."
	StillRunning    = "Tencent accepted it, and has not yet said that it is done; purgebot has stopped looking."
	LostByEngine    = "purgebot lost track of this purge: what was sent may have been done, the rest was not sent. Look at the site, and tell whoever runs purgebot."
	StaleButton     = "This button is no longer valid; nothing was purged by pressing it. Type the command again."
	ExpiredPress    = "This question has expired; nothing was purged. Type the command again."
	TypedOther      = "That is not the host that this purges whole, so nothing was sent. The question stays open: press again and type the host as the card shows it."
	NoFormToType    = "This purges a whole site, and whoever presses must type its host, for which this chat has no form; nothing was sent. Cancel it, and purge the directories that you mean."
	TypeHost        = "Whole site: whoever presses types the host."
	OnlyRequester   = "Only the person who asked may press this. You can ask for the same purge yourself."
	SecondPerson    = "This purge needs a second person: somebody else who may purge the same must press."
	MayNotCancel    = "Only the person who asked, somebody who may purge all of it (and approve it, where it takes a second person), or an administrator can cancel this purge."
	TooManyWaiting  = "Too many questions are waiting for an answer; nothing was taken. Answer or cancel some, then try again."
	MoreHistory     = "There may be more. Narrow it by a domain, since, until, by or outcome; whoever runs purgebot has all of it with “purgebot history”."
	NothingGranted  = "No rule lets you purge anything."
	NoSuchPurge     = "There is no purge with that id that you may see. Copy the id from its card; /purge history lists yours."
)

// Workspace is the default word for a chat's workspace; an adapter may replace the word.
const Workspace = "workspace"

// StandingProblem holds the refusal for each standing that is no full membership.
var StandingProblem = map[chat.Standing]string{
	chat.Guest:       "Guests of this workspace cannot purge. Ask a full member.",
	chat.Outsider:    "Only members of this workspace can purge. Ask one of them.",
	chat.Bot:         "Bots cannot purge.",
	chat.Deactivated: "This account is deactivated and cannot purge.",
	"":               "I could not tell what you are to this workspace; nothing was purged. Ask whoever runs purgebot.",
}

// ToldAlone explains a private result: the message in the channel failed.
func ToldAlone(why string) string {
	return "The channel could not be told, so you are. " + why
}

// TooFast refuses a command from a person who types too many.
func TooFast(limit int) string {
	return fmt.Sprintf("More than %d commands in ten seconds: this one was not taken. Wait a moment, then type it again.", limit)
}

// TooManyOpen refuses a purge from a person with too many open ones.
func TooManyOpen(n int) string {
	return fmt.Sprintf("You have %d purges open; nothing was taken. Wait for one to end or cancel one, then try again.", n)
}

// NotJoined refuses a purge in a channel where purgebot cannot post.
func NotJoined(invite string) string {
	how := "Let me in: " + invite
	if strings.HasPrefix(invite, "/") {
		how = "Type " + invite + " here"
	}
	return "I cannot post in this channel, so nothing was purged. " + how + ", then send the command again."
}

// AlreadyOpen answers the repeat of a purge that is still open.
func AlreadyOpen(short string) string {
	return "You already asked for exactly this here: see " + short + ". Nothing more was started."
}

// Stopping confirms the cancellation of a purge under way.
func Stopping(short string) string {
	return "Stopping " + short + ": what has not left is not sent; what has left is followed to its end."
}

// AskContact tells a person without rights the contact to ask, and the subject to show there.
func AskContact(you acl.Subject, contact string) string {
	ask := "those who keep the policy file"
	if contact != "" {
		ask = contact
	}
	return "You are " + string(you) + ". Ask " + ask + "."
}

// sayCancelled names the person who stopped a purge and the time; e is the audit's row of the cancellation, zero if forgotten.
func sayCancelled(who acl.Subject, e store.Entry) string {
	by := who.ID()
	if e.Name != "" {
		by = chat.OneLine(e.Name) + " (" + by + ") at " + clock(e.At)
	}
	return "Cancelled by " + by + ": the part that had not left was not sent."
}

// OldCopy answers a press on a duplicate card that a crash left behind.
func OldCopy(short string, asking bool) string {
	if asking {
		return "This card is an old copy, so pressing it did nothing. The question of " + short + " stands open on another card here: press there."
	}
	return "This card is an old copy, so pressing it did nothing. Another card here shows " + short + "."
}

// OldCopyCard replaces a duplicate card that a crash left behind.
func OldCopyCard(short string) chat.Card {
	return chat.Card{Title: "Old copy: another card here shows " + short, Tone: chat.Neutral, Lines: []string{"Nothing is purged by this one."}, Footer: short}
}

// AlreadyEnded refuses to cancel an ended purge.
func AlreadyEnded(p store.Purge) string {
	return p.Short + " has already ended: " + string(p.State) + "."
}

// DecidedBy answers a press on a question that is decided already.
func DecidedBy(d store.Decision) string {
	switch d.What {
	case store.Expired:
		return "This question has expired; nothing was purged. Type the command again."
	case store.Withdrawn:
		return "This was already refused: " + d.Problem
	}
	return fmt.Sprintf("Already decided: %s by %s at %s.", sayDecided(d), d.Name, d.At.UTC().Format("15:04:05 UTC"))
}

// PresserDenied refuses the press of a person who may not purge every target.
func PresserDenied(r Refusal, private bool) string {
	return "You may not purge everything that this asks for, so you cannot press this button." + Named(r, private)
}

// RequesterDenied refuses to send a purge whose requester has lost the right. The parameter gone is set if the requester may purge
// nothing any more.
func RequesterDenied(gone string, denied []Refusal, private bool) string {
	if gone != "" {
		return "Whoever asked may no longer purge, so nothing was sent. Ask for it yourself if it is still needed."
	}
	return "The rules have changed since this was asked, so nothing was sent." + Named(denied[0], private)
}

// Withdrawn is the reason of targets that a changed rule stopped on the way.
func Withdrawn(r Refusal, private bool) string {
	return "The rules have changed since this was asked; what had not left was not sent." + Named(r, private)
}

// NotSent is the reason of targets left out after the refusal of an earlier call.
func NotSent(problem string) string {
	return "Not sent, because the call before was refused: " + problem
}

// Named names a refused target with its reason; it returns "" for a private purge, whose targets the channel does not see.
func Named(r Refusal, private bool) string {
	if private {
		return ""
	}
	return " " + r.Target + ": " + r.Reason
}

// VendorFailed is the reason of targets that Tencent reports as failed.
func VendorFailed(reason string) string {
	if reason == "" {
		return "Tencent reports that it failed. Purge it again; if it fails again, ask whoever runs purgebot."
	}
	return "Tencent reports that it failed: " + cut(chat.OneLine(reason), 200)
}

// Suggestion offers a correction, or returns "" for none.
func Suggestion(s string) string {
	if s == "" {
		return ""
	}
	return " Did you mean " + s + "?"
}

// LeftOut counts the refused targets of a purge.
func LeftOut(n int) string { return fmt.Sprintf("%d refused and left out.", n) }

// LabelRest is the label of the button that purges the targets which were not refused.
func LabelRest(n int) string {
	if n == 1 {
		return "Purge the other one"
	}
	return fmt.Sprintf("Purge the other %d", n)
}

// DayTurns returns the time at which Tencent's next day begins, in Tencent's zone and in UTC.
func DayTurns(now time.Time, zone *time.Location) string {
	now = now.In(zone)
	turn := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, zone)
	if _, offset := turn.Zone(); offset == 0 {
		return clock(turn)
	}
	return fmt.Sprintf("00:00 %s (%s)", zone, clock(turn))
}

// sayCalls counts the calls to Tencent.
func sayCalls(n int) string {
	if n == 1 {
		return "One call to Tencent."
	}
	return fmt.Sprintf("%d calls to Tencent.", n)
}

// Things returns "1 URL" or "3 directories".
func Things(n int, k purge.Kind) string {
	if n == 1 {
		return "1 " + noun(k)
	}
	return fmt.Sprintf("%d %s", n, nounPlural(k))
}

// noun returns the singular of a kind, as the quota counts it.
func noun(k purge.Kind) string {
	switch k {
	case purge.Directory:
		return "directory"
	case purge.Prefetch:
		return "prefetch"
	}
	return "URL"
}

// nounPlural returns the plural of a kind.
func nounPlural(k purge.Kind) string {
	switch k {
	case purge.Directory:
		return "directories"
	case purge.Prefetch:
		return "prefetches"
	}
	return "URLs"
}

// areaWords returns "mainland", "overseas", or "mainland and overseas".
func areaWords(areas []purge.Area) string {
	words := make([]string, len(areas))
	for i, a := range areas {
		words[i] = string(a)
	}
	return strings.Join(words, " and ")
}

// hostWords names up to three hosts.
func hostWords(hosts []string) string {
	if len(hosts) > 3 {
		return fmt.Sprintf("%s and %d more hosts", strings.Join(hosts[:2], ", "), len(hosts)-2)
	}
	return strings.Join(hosts, ", ")
}

// Title makes the first letter of a text a capital.
func Title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}

// clock writes the time of day in UTC.
func clock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

// Dated writes a time in UTC, and adds the reader's local time if the reader's zone is known and different.
func Dated(t time.Time, reader *time.Location) string {
	s := t.UTC().Format("2006-01-02 15:04 UTC")
	if reader == nil {
		return s
	}
	if _, offset := t.In(reader).Zone(); offset == 0 {
		return s
	}
	return s + t.In(reader).Format(" (01-02 15:04 -07:00)")
}
