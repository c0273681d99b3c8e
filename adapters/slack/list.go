package slack

import (
	"slices"
	"strings"

	"purgebot/bot/chat"
)

// What confirms a list is offered once all of it can be read: on the card, or in the file that hangs in its thread.

const (
	sayListComing  = "The file with all of them is on its way. Then this can be confirmed."
	sayListRefused = "Slack did not take the file with all of them, and nobody can confirm what cannot be read: cancel this, and ask again, for fewer at once."
	sayListNoScope = "I may attach no files here, and nobody can confirm what cannot be read: whoever runs purgebot can allow files:write. Cancel this, and ask again."
)

// confirms reports whether a button of a card agrees to targets that the card does not show.
func confirms(c chat.Card) bool {
	return leftOut(c) > 0 && slices.ContainsFunc(c.Buttons, func(b chat.Button) bool { return b.Confirms })
}

// listed gives a card the file of its targets where some do not fit on it and somebody is to confirm them.
func listed(c chat.Card) chat.Card {
	if confirms(c) && c.More == 0 && c.File == nil {
		c.File = &chat.File{Name: "targets.txt", Text: strings.Join(c.Targets, "\n") + "\n"}
	}
	return c
}

// unlisted is a card whose file does not hang there, and why.
func unlisted(c chat.Card, why string) chat.Card {
	if !confirms(c) {
		return c
	}
	c.Buttons = slices.DeleteFunc(slices.Clone(c.Buttons), func(b chat.Button) bool { return b.Confirms })
	c.Lines = append(slices.Clone(c.Lines), why)
	return c
}

// unlistedYet is a card that is about to get its file, if it may.
func (s *Slack) unlistedYet(c chat.Card) chat.Card {
	switch {
	case c.File == nil || c.File.Text == "":
		return unlisted(c, sayListRefused)
	case !s.mayUpload():
		return unlisted(c, sayListNoScope)
	}
	return unlisted(c, sayListComing)
}

// attachAgain gives a question its file where none is remembered, as after a restart, or after it was allowed at last: that it hangs
// there twice is better than that nobody can confirm, or that somebody confirms what cannot be read.
func (s *Slack) attachAgain(at chat.Thread, ref chat.MessageRef, c chat.Card) {
	if confirms(c) && s.files.of(ref) == nil {
		s.attach(at, ref, c)
	}
}
