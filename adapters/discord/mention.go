package discord

import (
	"context"
	"slices"
	"strings"
	"time"

	"purgebot/bot/chat"
)

// A mention cannot be answered privately, so public answers reveal nothing about the command.
const (
	sayRefused  = "I cannot do that for you here; /purge why tells you privately."
	sayDirect   = "Nothing was purged: see what I sent you as a direct message."
	sayPrivate  = "I can tell you that only privately: type /purge instead of mentioning me."
	sayNoForm   = "A mention cannot open a form: type /purge form."
	sayNotTaken = "Not taken. Try again, or type /purge, which tells you privately what is wrong."
	sayRole     = "You mentioned my role, not me: type @ and pick the name that is marked as an app."
	hintEvery   = time.Minute
)

// The types of messages that people type:
// https://docs.discord.com/developers/resources/message#message-object-message-types
const (
	typed   = 0
	replied = 19
)

// mention handles a message that begins with the bot's name. It ignores bots, webhooks, other guilds, and
// mentions in mid-sentence or in quotes. Edits arrive as another event, which has no handler.
func (d *Discord) mention(ctx context.Context, h chat.Handler, m *message) {
	if m.GuildID != d.config.GuildID || m.Author.Bot || m.Author.System || m.WebhookID != "" || m.Type != typed && m.Type != replied ||
		!snowflake(m.ID) || !snowflake(m.ChannelID) || !snowflake(m.Author.ID) {
		return
	}
	// Find out whom the message addresses.
	me, err := d.whoami(ctx, forever)
	if err != nil {
		d.config.Log.Warn("discord: message not read", "error", err)
		return
	}
	text, ok := addressed(m.Content, me.ID)
	// Handle a command, or explain a mention of the role.
	switch {
	case ok:
		if m.Member != nil { // otherwise the member is looked up
			m.Member.User = m.Author
			d.people.put(m.Author.ID, d.person(*m.Member), d.config.Now())
		}
		d.take(ctx, h, m, text)
	case d.namesRole(ctx, m, me.ID):
		_ = d.hint(ctx, m, sayRole)
	}
}

// addressed returns the text after the mention, if the mention is the first word.
func addressed(content, me string) (string, bool) {
	content = strings.TrimSpace(content)
	for _, form := range []string{"<@" + me + ">", "<@!" + me + ">"} {
		if rest, ok := strings.CutPrefix(content, form); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

// namesRole reports whether a message addresses the role that Discord created for the bot. Without the intent
// to read all messages, such a message has no text.
func (d *Discord) namesRole(ctx context.Context, m *message, me string) bool {
	content := strings.TrimSpace(m.Content)
	if content == "" && len(m.MentionRoles) == 0 || content != "" && !strings.HasPrefix(content, "<@&") {
		return false
	}
	role, err := d.botRole(ctx, me)
	if err != nil || role == "" {
		return false
	}
	return strings.HasPrefix(content, "<@&"+role+">") || content == "" && slices.Contains(m.MentionRoles, role)
}

func (d *Discord) botRole(ctx context.Context, me string) (string, error) {
	if role, known := d.ownRole.get("", forever); known {
		return role, nil
	}
	roles, err := d.roles(ctx)
	if err != nil {
		return "", err
	}
	own := ""
	for _, r := range roles {
		if r.Tags.BotID == me {
			own = r.ID
		}
	}
	d.ownRole.put("", own, d.config.Now())
	return own, nil
}

func (d *Discord) take(ctx context.Context, h chat.Handler, m *message, text string) {
	c := chat.Command{Event: d.eventKey(m.ID), From: d.subject(m.Author.ID), Text: text, Opening: d.opening(ctx)}
	handle, cancel := context.WithTimeout(ctx, d.timing.handleIn)
	defer cancel()
	// Give the command to the bot.
	reply, err := guarded(func() (r chat.Reply, err error) {
		if c.At, err = d.place(handle, m.ChannelID); err != nil {
			return r, err
		}
		return h.Command(handle, c)
	})
	if err != nil {
		d.logUntaken("mention", m.ID, err)
	}
	// Choose the public answer.
	public := sayPrivate
	switch {
	case err != nil:
		public, reply.Card = sayNotTaken, sentence(err)
	case reply.Form != nil:
		public, reply.Card = sayNoForm, &chat.Card{Title: sayNoForm}
	case reply.Card == nil:
		return
	case reply.Public != "" || reply.Refused && len(reply.Card.Buttons) > 0:
		d.tellDirectly(ctx, m, reply)
		return
	case reply.Refused:
		public = sayRefused
	}
	if forbidden(d.hint(ctx, m, public)) { // the bot cannot write there
		d.note(m, d.direct(ctx, m.Author.ID, *reply.Card))
	}
}

// tellDirectly sends the possible meanings of a command as a direct message with buttons, and points to it in
// the channel. For a person who accepts no direct messages, the public answer repeats only text that was typed
// there.
func (d *Discord) tellDirectly(ctx context.Context, m *message, reply chat.Reply) {
	direct, cancel := context.WithTimeout(ctx, afterwards)
	defer cancel()
	public := sayDirect
	if err := d.offerDirectly(direct, m.Author.ID, *reply.Card); err != nil {
		d.note(m, err)
		if public = sayRefused; reply.Public != "" {
			public = escape(chat.OneLine(reply.Public), maxContent)
		}
	}
	_ = d.hint(ctx, m, public)
}

// opening returns the beginning of a command in a message.
func (d *Discord) opening(ctx context.Context) string {
	me, err := d.whoami(ctx, forever)
	if err != nil || me.Username == "" {
		return "@purgebot"
	}
	return "@" + chat.OneLine(me.Username)
}

// hint answers a message in public, at most once a minute for each person, so that a person cannot make the bot
// fill a channel.
func (d *Discord) hint(ctx context.Context, m *message, sentence string) error {
	if !first(d.hinted, m.Author.ID, hintEvery) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, afterwards)
	defer cancel()
	out := outgoing{Content: sentence, Flags: suppressEmbeds, Mentions: nobody, Nonce: nonce("hint", m.ID), EnforceNonce: true,
		Reference: &reference{MessageID: m.ID}}
	_, err := d.post(ctx, m.ChannelID, out, nil)
	if code(err) == cannotReply { // happens without Read Message History
		out.Reference = nil
		_, err = d.post(ctx, m.ChannelID, out, nil)
	}
	d.writable(m.ChannelID, err)
	d.note(m, err)
	return err
}

func (d *Discord) note(m *message, err error) {
	if err != nil {
		d.config.Log.Warn("discord: answer not delivered", "message", m.ID, "error", err)
	}
}
