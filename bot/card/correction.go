package card

import (
	"fmt"
	"slices"
	"strings"

	"purgebot/bot/chat"
	"purgebot/bot/grammar"
	"purgebot/purge"
)

// CorrectionCard shows one person the mistake in a command, and every address that a press on the card would ask for.
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

// ShowReadings adds the targets of each reading to a card.
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

// shownOf returns the addresses of a reading that fit on a card with so many readings.
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

// sayWith names the flags of a reading.
func sayWith(flags string) string { return "With " + flags + "." }

// sayReading introduces one of several ways to read a command; the addresses follow on the card.
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

// LabelReading returns the label of the button for one of n readings.
func LabelReading(i, n int, r grammar.Reading) string {
	count, host := len(r.Targets), onlyHost(r.Targets)
	switch {
	// A single reading is named by its targets, shown right above the button.
	case n == 1 && count == 1 && r.Kind == purge.Directory:
		return "Purge this directory as shown"
	case n == 1 && count == 1:
		return "Purge this as shown"
	case n == 1 && r.Kind == purge.Directory:
		return fmt.Sprintf("Purge these %d directories as shown", count)
	case n == 1:
		return fmt.Sprintf("Purge these %d as shown", count)
	// One of several readings is named by its number.
	case r.Literal:
		return fmt.Sprintf("%d: purge as typed", i+1)
	case host != "" && len(host) <= 40:
		return fmt.Sprintf("%d: purge %s on %s", i+1, Things(count, r.Kind), host)
	}
	return fmt.Sprintf("%d: purge %s", i+1, Things(count, r.Kind))
}

// onlyHost returns the host that all targets share, or "".
func onlyHost(targets []purge.Target) string {
	for _, t := range targets[1:] {
		if t.Host() != targets[0].Host() {
			return ""
		}
	}
	return targets[0].Host()
}

// Mistakes describes refused targets for the whole channel: it repeats the grammar's reasons, and is "" if a rule refused any target.
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

// alike sums up many refused targets with one reason in a line; it returns "" for different reasons.
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

// These bounds limit the addresses on a private card. A reading over a bound gets a question of its own, with all addresses in a file.
const (
	ShownOffered = 20   // ShownOffered bounds the addresses of one reading
	shownBytes   = 1800 // shownBytes bounds the bytes of all readings together
)

// ShownWhole reports whether a reading is shown whole on a card with so many readings.
func ShownWhole(r grammar.Reading, readings int) bool {
	_, more := shownOf(r, readings)
	return more == 0
}

// Begins returns the opening of a command in the place where this one was typed.
func Begins(c chat.Command) string {
	if c.Opening != "" {
		return c.Opening
	}
	return "/purge"
}
