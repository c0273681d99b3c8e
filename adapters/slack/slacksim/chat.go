package slacksim

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"
)

// content is what a call wants a message to say; problem answers the call if it may not be said.
type content struct {
	text      string
	blocks    json.RawMessage // nil if none were given
	hasBlocks bool
	warning   string
	problem   answer
}

// truncateAt is where Slack cuts a text short without failing: https://docs.slack.dev/reference/methods/chat.postMessage/#truncating
const truncateAt = 40000

// content reads and checks text and blocks.
func (w *Workspace) content(a args) content {
	c := content{text: a["text"]}
	raw, given := a["blocks"]
	if given && raw != "" {
		c.hasBlocks = true
		c.blocks, c.problem = w.checkBlocks([]byte(raw), onMessage)
	}
	switch n := utf8.RuneCountInString(c.text); {
	case c.problem != nil:
	case strings.TrimSpace(c.text) == "" && c.blocks == nil:
		c.problem = fail("no_text")
	case n > w.MaxText:
		c.problem = fail("msg_too_long")
	case n > truncateAt:
		c.text, c.warning = string([]rune(c.text)[:truncateAt]), "message_truncated"
	}
	return c
}

// checkBlocks returns the blocks with a block_id each, as Slack keeps them; nil for an empty list.
func (w *Workspace) checkBlocks(raw []byte, on surface) (json.RawMessage, answer) {
	blocks, err := parseBlocks(raw)
	if err != nil {
		return nil, fail("invalid_blocks_format")
	}
	if problems := checkBlocks(blocks, on); len(problems) > 0 {
		return nil, invalidBlocks(problems)
	}
	if len(blocks) == 0 {
		return nil, nil
	}
	for _, b := range blocks {
		if b.str("block_id") == "" {
			b["block_id"] = w.random(3)
		}
		for _, e := range append(b.list("elements"), b.node("accessory")) {
			if e.str("type") == "button" && e.str("action_id") == "" {
				e["action_id"] = w.random(3)
			}
		}
	}
	return rawJSON(blocks), nil
}

func invalidBlocks(problems []string) answer {
	said := make([]string, len(problems))
	for i, p := range problems {
		said[i] = "[ERROR] " + p
	}
	return answer{"ok": false, "error": "invalid_blocks", "errors": problems,
		"response_metadata": answer{"messages": said}}
}

var tsForm = regexp.MustCompile(`^\d{10,}\.\d{6}$`)

// destination returns the channel that a message is to go to, or the answer that refuses.
func (w *Workspace) destination(a args) (Channel, answer) {
	id := a["channel"]
	if u, isUser := w.users[id]; isUser && !u.Deleted && !u.Bot {
		id = w.dm(id)
	}
	c, found := w.channels[id]
	switch {
	case !found, c.Private && !c.Member:
		return c, fail("channel_not_found")
	case c.Archived:
		return c, fail("is_archived")
	case !c.Member && !w.mayPostAnywhere(c):
		return c, fail("not_in_channel")
	case a["thread_ts"] != "" && !tsForm.MatchString(a["thread_ts"]):
		return c, fail("invalid_thread_ts")
	}
	return c, nil
}

func (w *Workspace) mayPostAnywhere(c Channel) bool {
	for _, s := range w.Scopes {
		if s == "chat:write.public" {
			return !c.ExtShared
		}
	}
	return false
}

func (w *Workspace) postMessage(a args) answer {
	c, refused := w.destination(a)
	if refused != nil {
		return refused
	}
	said := w.content(a)
	if said.problem != nil {
		return said.problem
	}
	m := w.post(w.message(a, c, said))
	answered := answer{"channel": c.ID, "ts": m.TS, "message": w.wire(m)}
	if said.warning != "" {
		answered["warning"] = said.warning
		answered["response_metadata"] = answer{"warnings": []string{said.warning}}
	}
	return answered
}

// message makes a bot's message of a call's arguments.
func (w *Workspace) message(a args, c Channel, said content) Message {
	return Message{
		Channel: c.ID, ThreadTS: a["thread_ts"], User: w.BotUser,
		Text: said.text, Blocks: said.blocks,
		UnfurlLinks: !a.no("unfurl_links"), UnfurlMedia: !a.no("unfurl_media"),
		LinkNames: a.yes("link_names") || a["parse"] == "full",
		Broadcast: a["thread_ts"] != "" && a.yes("reply_broadcast"),
	}
}

func (w *Workspace) postEphemeral(a args) answer {
	c, refused := w.destination(a)
	if refused != nil {
		return refused
	}
	if u, known := w.users[a["user"]]; !known || u.Deleted || !c.sees(u.ID) {
		return fail("user_not_in_channel")
	}
	said := w.content(a)
	if said.problem != nil {
		return said.problem
	}
	m := w.message(a, c, said)
	m.To = a["user"]
	return answer{"message_ts": w.post(m).TS}
}

// own returns the bot's message that a call names, or the answer that refuses. No call reaches an ephemeral.
func (w *Workspace) ownMessage(a args, notMine string) (*Message, answer) {
	c, found := w.channels[a["channel"]]
	if !found || c.Private && !c.Member {
		return nil, fail("channel_not_found")
	}
	if c.Archived {
		return nil, fail("is_archived")
	}
	m := w.find(a["channel"], a["ts"])
	if m == nil || m.Deleted || m.To != "" {
		return nil, fail("message_not_found")
	}
	if m.User != w.BotUser {
		return nil, fail(notMine)
	}
	return m, nil
}

func (w *Workspace) updateMessage(a args) answer {
	m, refused := w.ownMessage(a, "cant_update_message")
	if refused != nil {
		return refused
	}
	said := w.content(a)
	if said.problem != nil {
		return said.problem
	}
	text := said.text
	if text == "" {
		text = m.Text
	}
	w.edit(m, text, said.blocks) // text without blocks removes the blocks
	m.LinkNames = a.yes("link_names") || a["parse"] == "full"
	return answer{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": w.wire(m)}
}

func (w *Workspace) deleteMessage(a args) answer {
	m, refused := w.ownMessage(a, "cant_delete_message")
	if refused != nil {
		return refused
	}
	w.remove(m)
	return answer{"channel": m.Channel, "ts": m.TS}
}

// wire is a message as Slack sends it.
func (w *Workspace) wire(m *Message) answer {
	sent := answer{"type": "message", "user": m.User, "text": m.Text, "ts": m.TS, "team": w.TeamID}
	if m.User == w.BotUser {
		sent["bot_id"], sent["app_id"] = w.BotID, w.AppID
	}
	if m.ThreadTS != "" {
		sent["thread_ts"] = m.ThreadTS
	}
	if m.Blocks != nil {
		sent["blocks"] = m.Blocks
	}
	if len(m.History) > 0 {
		sent["edited"] = answer{"user": m.User, "ts": m.TS}
	}
	return sent
}
