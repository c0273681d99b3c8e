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

// triesLines announces the step after the newest call; at the end it counts the calls made in vain.
func (v View) triesLines() []string {
	if v.State.Final() {
		if _, n := v.newest(); v.Tried() && n > 1 {
			return []string{fmt.Sprintf("Tried %s.", times(n))}
		}
		return nil
	}
	lines := Compact([]string{v.triesLine()})
	if v.Looking() && !v.Until.IsZero() {
		lines = append(lines, sayLookingUntil(v.Until), Meanwhile(v.Request.Kind))
	}
	return lines
}

// triesLine describes the tries of the newest call so far.
func (v View) triesLine() string {
	if v.Cancelled != "" {
		return ""
	}
	last, n := v.newest()
	switch {
	case last.Next.What == store.Again:
		return sayTried(n, last.Next.At) + " " + withoutAdvice(last.Problem)
	case last.Next.What == store.LookUp && v.Looking():
		return fmt.Sprintf("Tried %s; purgebot tries once more if Tencent's log does not know this call.", times(n))
	case n > 1 && (last.State == store.Calling || v.Looking()):
		return fmt.Sprintf("Tried %s.", times(n))
	}
	return ""
}

// newest returns the last call, and the number of calls of its batch.
func (v View) newest() (last store.Call, n int) {
	for _, c := range v.Calls {
		if !c.At.Before(last.At) {
			last = c
		}
	}
	for _, c := range v.Calls {
		if c.Batch == last.Batch {
			n++
		}
	}
	return last, n
}

// StillLooking is the reply that reports an unclear outcome; at the end the reply points to the card with the outcome.
func (v View) StillLooking() chat.Card {
	if !v.Looking() {
		return chat.Card{Title: Cleared, Tone: v.Tone(), Lines: []string{sayWhereCleared}, Footer: v.Short}
	}
	c := chat.Card{Title: NotClear + v.what() + " in " + areaWords(v.Request.Areas()) + " may have been " + v.done(), Tone: chat.Unsure,
		Mention: []acl.Subject{v.Requester}, Footer: v.Short}
	for _, a := range v.Request.Areas() {
		c.Lines = append(c.Lines, v.areaLine(a))
	}
	c.Lines = Compact(append(c.Lines, v.triesLines()...))
	c.Buttons = []chat.Button{v.Button("Look again", ActionLook, chat.Plain)}
	return c
}

// These texts belong to the reply about an unclear outcome.
const (
	NotClear        = "Not clear yet: "
	Cleared         = "purgebot no longer looks this up."
	sayWhereCleared = "The card above says how it stands."
)

// sayTried counts the tries and names the time of the next one.
func sayTried(n int, next time.Time) string {
	if next.IsZero() {
		return fmt.Sprintf("Tried %s; purgebot tries again.", times(n))
	}
	return fmt.Sprintf("Tried %s; next at %s.", times(n), clock(next))
}

// times words a count of tries.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// sayLookingUntil names the end of the search for an unclear outcome.
func sayLookingUntil(t time.Time) string {
	return "Tencent's answer does not tell whether this was done. purgebot is looking until " + clock(t) + " at the latest."
}

// Meanwhile advises the person who waits for an unclear outcome.
func Meanwhile(k purge.Kind) string {
	if k == purge.Prefetch {
		return "Meanwhile, nothing needs to be done: a visitor who asks for a page has it fetched."
	}
	return "Meanwhile, look at the pages themselves: a page that is new was purged. Another purge may cost quota twice."
}

// UnclearThen is the reason of targets whose first call may have been carried out and whose next call was not.
func UnclearThen(problem string) string {
	return "An earlier call may have been carried out. The last one was not: " + problem
}

// withoutAdvice removes the advice to try again, where purgebot tries again itself.
func withoutAdvice(problem string) string {
	said, _, found := strings.Cut(problem, "; try again")
	if found {
		return said + "."
	}
	return problem
}
