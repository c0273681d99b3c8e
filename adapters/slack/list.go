package slack

import (
	"slices"
	"strings"

	"purgebot/bot/chat"
)

// A button that confirms a list is offered once the whole list can be read: on the card, or in the file in its
// thread.

const (
	sayListComing  = "The file with all of them is on its way. Then this can be confirmed."
	sayListRefused = "Slack did not take the file with all of them, and nobody can confirm what cannot be read: cancel this, and ask again, for fewer at once."
	sayListNoScope = "I may attach no files here, and nobody can confirm what cannot be read: whoever runs purgebot can allow files:write. Cancel this, and ask again."
)

// confirms reports whether a button of a card confirms targets that the card does not show.
func confirms(c chat.Card) bool {
	return leftOut(c) > 0 && slices.ContainsFunc(c.Buttons, func(b chat.Button) bool { return b.Confirms })
}

// listed adds a file of all targets to a card that does not show all targets to be confirmed.
func listed(c chat.Card) chat.Card {
	if confirms(c) && c.More == 0 && c.File == nil {
		c.File = &chat.File{Name: "targets.txt", Text: strings.Join(c.Targets, "\n") + "\n"}
	}
	return c
}

// unlisted returns a card without the buttons that confirm hidden targets, and with the reason.
func unlisted(c chat.Card, why string) chat.Card {
	if !confirms(c) {
		return c
	}
	c.Buttons = slices.DeleteFunc(slices.Clone(c.Buttons), func(b chat.Button) bool { return b.Confirms })
	c.Lines = append(slices.Clone(c.Lines), why)
	return c
}

// unlistedYet returns a card whose file is under way, or not permitted.
func (s *Slack) unlistedYet(c chat.Card) chat.Card {
	switch {
	case c.File == nil || c.File.Text == "":
		return unlisted(c, sayListRefused)
	case !s.mayUpload():
		return unlisted(c, sayListNoScope)
	}
	return unlisted(c, sayListComing)
}

// attachAgain uploads the file of a question if no upload is remembered, for example after a restart or a late
// permission. A second copy in the thread is better than a question that cannot be confirmed or read.
func (s *Slack) attachAgain(at chat.Thread, ref chat.MessageRef, c chat.Card) {
	if confirms(c) && s.files.of(ref) == nil {
		s.attach(at, ref, c)
	}
}
