package card

import (
	"fmt"
	"slices"
	"strings"

	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/purge"
)

// CorrectionCard shows one person what is wrong with a command, and every address that a press on it would ask for.
func CorrectionCard(wrong *grammar.Correction, readings []grammar.Reading, c chat.Command) chat.Card {
	card := chat.Card{Title: wrong.Message(Begins(c)), Tone: chat.Bad}
	if len(readings) > 0 && (len(wrong.Paths) > 0 || len(readings[0].Targets) > grammar.LineTargets) {
		card.Title = wrong.Problem + " " + wrong.Nothing
	}
	if wrong.Bare && c.NoLink != "" {
		card.Title, card.Lines = wrong.Problem+" "+wrong.Nothing, []string{c.NoLink}
	}
	ShowReadings(&card, readings)
	return card
}

// ShowReadings adds to a card what each reading would purge.
func ShowReadings(card *chat.Card, readings []grammar.Reading) {
	if len(readings) == 1 {
		r := readings[0]
		card.Targets, card.More = shownOf(r, 1)
		if with := r.Flags(); with != "" {
			card.Lines = append(card.Lines, sayWith(with))
		}
		return
	}
	for i, r := range readings {
		card.Lines = append(card.Lines, sayReading(i, r))
		some, more := shownOf(r, len(readings))
		card.Lines = append(card.Lines, some...)
		if more > 0 {
			card.Lines = append(card.Lines, fmt.Sprintf("and %d more.", more))
		}
	}
}

// shownOf is as much of a reading's addresses as a card shows that shows so many readings.
func shownOf(r grammar.Reading, readings int) (some []string, more int) {
	bytes := 0
	for _, t := range r.Targets {
		if bytes += len(t.String()) + 1; bytes > shownBytes/readings || len(some) == ShownOffered {
			break
		}
		some = append(some, t.String())
	}
	return some, len(r.Targets) - len(some)
}

func sayWith(flags string) string { return "With " + flags + "." }

// sayReading names one of several ways to read a command; its addresses follow.
func sayReading(i int, r grammar.Reading) string {
	line := fmt.Sprintf("%d: %s", i+1, Things(len(r.Targets), r.Kind))
	if r.Literal {
		line = fmt.Sprintf("%d: as typed, %s", i+1, Things(len(r.Targets), r.Kind))
	}
	if with := r.Flags(); with != "" {
		line += ", with " + with
	}
	return line + ":"
}

// LabelReading is the label of the button for one of n readings.
func LabelReading(i, n int, r grammar.Reading) string {
	count, host := len(r.Targets), onlyHost(r.Targets)
	switch {
	case n == 1 && count == 1 && r.Kind == purge.Directory:
		return "Purge this directory as shown"
	case n == 1 && count == 1:
		return "Purge this as shown"
	case n == 1 && r.Kind == purge.Directory:
		return fmt.Sprintf("Purge these %d directories as shown", count)
	case n == 1:
		return fmt.Sprintf("Purge these %d as shown", count)
	case r.Literal:
		return fmt.Sprintf("%d: purge as typed", i+1)
	case host != "" && len(host) <= 40:
		return fmt.Sprintf("%d: purge %s on %s", i+1, Things(count, r.Kind), host)
	}
	return fmt.Sprintf("%d: purge %s", i+1, Things(count, r.Kind))
}

// onlyHost is the host that all targets are on, or "".
func onlyHost(targets []purge.Target) string {
	for _, t := range targets[1:] {
		if t.Host() != targets[0].Host() {
			return ""
		}
	}
	return targets[0].Host()
}

// Mistakes is what everybody may read of refused targets: what the grammar says of what was typed, and nothing of any rule.
func Mistakes(refused []Refusal) string {
	if slices.ContainsFunc(refused, func(r Refusal) bool { return r.Cause == "" }) {
		return ""
	}
	first := refused[0]
	text := sayNothingPurged + " " + first.Target + ": " + first.Reason
	if more := len(refused) - 1; more > 0 {
		text += fmt.Sprintf(" And %d more.", more)
	}
	return text
}

const sayNothingPurged = "Nothing was purged."

// alike is one line for many refused targets with the same reason, "" if they have several.
func alike(refused []Refusal) string {
	for _, r := range refused[1:] {
		if r.Cause != refused[0].Cause || r.Area != refused[0].Area {
			return ""
		}
	}
	if refused[0].Cause == "" || len(refused) <= 3 {
		return ""
	}
	return strings.Join([]string{fmt.Sprintf("%d addresses:", len(refused)), refused[0].Cause}, " ")
}

// Bounds of what a private card shows of a reading: what is not shown whole is asked about on a card of its own, whose file has all.
const (
	ShownOffered = 20
	shownBytes   = 1800
)

// ShownWhole reports whether a card that shows so many readings shows all of this one.
func ShownWhole(r grammar.Reading, readings int) bool {
	_, more := shownOf(r, readings)
	return more == 0
}

// Begins is what a command begins with where this one was typed.
func Begins(c chat.Command) string {
	if c.Opening != "" {
		return c.Opening
	}
	return "/purge"
}
