package discordsim

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// mentionForm is every markup that can notify: https://docs.discord.com/developers/reference#message-formatting
var mentionForm = regexp.MustCompile(`<@!?([0-9]+)>|<@&([0-9]+)>|@(everyone|here)`)

// named is whom a text names.
type named struct {
	users, roles   []string
	everyone, here bool
}

// Mentions returns whom the message notifies, or would if it were posted as it stands, each once, as Discord's markup names
// them ("@everyone", "@here", "<@1>", "<@&2>"): what its content and text components say and allowed_mentions lets through.
// Code spans do not protect; embeds never notify.
func (m Message) Mentions() []string {
	n := m.notified()
	var all []string
	if n.everyone {
		all = append(all, "@everyone")
	}
	if n.here {
		all = append(all, "@here")
	}
	for _, user := range n.users {
		all = append(all, "<@"+user+">")
	}
	for _, role := range n.roles {
		all = append(all, "<@&"+role+">")
	}
	return all
}

// notified applies allowed_mentions and the author's permissions to what the message says.
func (m Message) notified() named {
	n := m.namesIn()
	m.allow(&n)
	pings := m.may.has(MentionEveryone)
	n.everyone, n.here = n.everyone && pings, n.here && pings
	n.roles = keep(n.roles, func(role string) bool {
		mentionable, known := m.mentionable[role]
		return known && (mentionable || pings)
	})
	n.users = keep(n.users, func(user string) bool { return m.names[user] != "" })
	return n
}

func (m Message) namesIn() named {
	text := m.Content
	walk(parsed(m.Components), func(c node) {
		if c.number("type") == textDisplay {
			text += "\n" + c.str("content")
		}
	})
	var n named
	for _, found := range mentionForm.FindAllStringSubmatch(text, -1) {
		switch {
		case found[1] != "":
			n.users = append(n.users, found[1])
		case found[2] != "":
			n.roles = append(n.roles, found[2])
		case found[3] == "here":
			n.here = true
		default:
			n.everyone = true
		}
	}
	return n
}

// allow: https://docs.discord.com/developers/resources/message#allowed-mentions-object. Without the object, and where "parse" is
// null, everything passes; a simulator errs on the side that shows.
func (m Message) allow(n *named) {
	var a node
	_ = json.Unmarshal(m.AllowedMentions, &a) // absent: a is nil
	if replied := m.Ping; replied && m.answers != "" && (a == nil || a.yes("replied_user")) {
		defer func() { n.users = unique(append(n.users, m.answers)) }()
	}
	if a == nil || a.said("parse") && !a.has("parse") {
		n.users, n.roles = unique(n.users), unique(n.roles)
		return
	}
	parse := a.texts("parse")
	n.everyone, n.here = n.everyone && slices.Contains(parse, "everyone"), n.here && slices.Contains(parse, "everyone")
	n.users = unique(keep(n.users, func(id string) bool {
		return slices.Contains(parse, "users") || slices.Contains(a.texts("users"), id)
	}))
	n.roles = unique(keep(n.roles, func(id string) bool {
		return slices.Contains(parse, "roles") || slices.Contains(a.texts("roles"), id)
	}))
}

func keep(list []string, ok func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(list), func(one string) bool { return !ok(one) })
}

func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// What stands in code or in angle brackets is not previewed.
var (
	hidden  = regexp.MustCompile("(?s)```.*?```|``.+?``|`[^`]+`|<https?://[^>\\s]*>")
	linkish = regexp.MustCompile(`https?://[^\s<>"]+`)
)

// Unfurls returns the links that Discord would fetch to show a preview: those in the content, masked ones too, that stand in
// neither <> nor code; none with SuppressEmbeds. The links of embeds and components are not fetched.
func (m Message) Unfurls() []string {
	if m.Flags&SuppressEmbeds != 0 {
		return nil
	}
	var found []string
	for _, link := range linkish.FindAllString(hidden.ReplaceAllString(m.Content, " "), -1) {
		found = append(found, strings.TrimRight(link, ").,;:!?*_~|"))
	}
	return found
}
