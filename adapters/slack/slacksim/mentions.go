package slacksim

import (
	"regexp"
	"slices"
)

// mentionForm is every markup that notifies somebody, with or without a label:
// https://docs.slack.dev/messaging/formatting-message-text/#advanced
var mentionForm = regexp.MustCompile(`<(@[A-Z0-9]+|!(?:channel|here|everyone|group)|!subteam\^[A-Z0-9]+)(?:\|[^>]*)?>`)

// looseName is what link_names would link.
var looseName = regexp.MustCompile(`@[a-z0-9][a-z0-9._-]*`)

// Mentions returns whom the message would notify, as Slack's markup names them ("<!channel>", "<@U1>", "<!subteam^S1>",
// and "@alice" where the sender asked for names to be linked), each once. Top-level text counts even where blocks hide it.
// plain_text never notifies; code spans do not protect.
func (m Message) Mentions() []string {
	found := m.inText(m.Text)
	walk(parsed(m.Blocks), func(n node) {
		switch n.str("type") {
		case "mrkdwn", "markdown":
			found = append(found, m.inText(n.str("text"))...)
		case "user":
			found = append(found, "<@"+n.str("user_id")+">")
		case "usergroup":
			found = append(found, "<!subteam^"+n.str("usergroup_id")+">")
		case "broadcast":
			found = append(found, "<!"+n.str("range")+">")
		}
	})
	slices.Sort(found)
	return slices.Compact(found)
}

func (m Message) inText(text string) []string {
	found := mentionsIn(text)
	if m.LinkNames {
		found = append(found, looseName.FindAllString(text, -1)...)
	}
	return found
}

// mentionsIn finds the mentions of a text in Slack's markup, without their labels.
func mentionsIn(text string) []string {
	var found []string
	for _, m := range mentionForm.FindAllStringSubmatch(text, -1) {
		found = append(found, "<"+m[1]+">")
	}
	return found
}
