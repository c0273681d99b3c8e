package slack

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// envelope is a delivery of the Events API: https://docs.slack.dev/apis/events-api/#callback-field It has only
// the fields in use, so that new kinds of blocks do no harm.
type envelope struct {
	Type           string `json:"type"`
	Challenge      string `json:"challenge"`
	TeamID         string `json:"team_id"`
	Context        string `json:"context_team_id"` // the workspace through which the event came, which is this one
	EventID        string `json:"event_id"`
	Shared         bool   `json:"is_ext_shared_channel"`
	Authorizations []struct {
		TeamID string `json:"team_id"`
	} `json:"authorizations"`
	Event struct {
		Type     string    `json:"type"`
		Subtype  string    `json:"subtype"`
		User     string    `json:"user"`
		Team     string    `json:"team"` // team of the user, like the next two fields
		UserTeam string    `json:"user_team"`
		FromTeam string    `json:"source_team"`
		BotID    string    `json:"bot_id"`
		Text     string    `json:"text"`
		TS       string    `json:"ts"`
		ThreadTS string    `json:"thread_ts"`
		Channel  string    `json:"channel"`
		Edited   *struct{} `json:"edited"`
	} `json:"event"`
}

func (e *envelope) delivers(team string) bool {
	return e.TeamID == team || slices.ContainsFunc(e.Authorizations, func(a struct {
		TeamID string `json:"team_id"`
	}) bool {
		return a.TeamID == team
	})
}

// event handles one delivery of the Events API. Slack repeats deliveries without a 2xx answer, so 503 requests
// a repetition.
func (s *Slack) event(ctx context.Context, h chat.Handler, r *http.Request, body []byte) reaction {
	var e envelope
	if err := decode(body, &e); err != nil {
		return reaction{status: http.StatusBadRequest}
	}
	if e.Type == "url_verification" {
		return reaction{json: map[string]string{"challenge": e.Challenge}}
	}
	if e.Type != "event_callback" || e.Event.Type != "app_mention" {
		return reaction{}
	}
	// Accept only commands to this bot.
	me, err := s.whoami(ctx, forever)
	if err != nil {
		s.logUntaken("mention", chat.OneLine(e.Event.Channel), err)
		return reaction{status: http.StatusServiceUnavailable}
	}
	text, ok := e.command(me)
	if !ok {
		return reaction{}
	}
	return s.mention(ctx, h, r, me, &e, text)
}

// command returns the text after the mention of the bot, if the mention begins a new message of a person.
// Edits, quotes, messages of bots and mentions in mid-sentence are no commands:
// https://docs.slack.dev/reference/events/app_mention
func (e *envelope) command(me identity) (string, bool) {
	m := &e.Event
	if !e.delivers(me.team) || !agree(me.team, e.Context) || e.EventID == "" || !userID.match(m.User) || !channelID.match(m.Channel) || m.TS == "" ||
		m.Edited != nil || m.Subtype != "" || m.BotID != "" || m.User == me.user {
		return "", false
	}
	rest, ok := strings.CutPrefix(strings.TrimSpace(m.Text), "<@"+me.user)
	name, rest, closed := strings.Cut(rest, ">")
	if !ok || !closed || name != "" && name[0] != '|' {
		return "", false
	}
	return strings.TrimSpace(unwrap(rest)), true
}

// key identifies the message, because Slack may deliver a message several times with different values of
// event_id.
func (e *envelope) key(me identity) chat.EventKey {
	return chat.EventKey{Platform: platform, Workspace: me.team, ID: e.Event.Channel + ":" + e.Event.TS}
}

// opening returns the beginning of a command in a message, for hints in threads, where slash commands do not
// exist.
func opening(me identity) string {
	if me.name == "" {
		return "@purgebot"
	}
	return "@" + chat.OneLine(me.name)
}

func (s *Slack) mention(ctx context.Context, h chat.Handler, r *http.Request, me identity, e *envelope, text string) reaction {
	m := e.Event
	// Start the look-ups that the bot will need.
	s.outside.mark(m.Channel, e.Shared)
	s.lookUp(me, m.User, m.Channel)
	root := m.ThreadTS
	if root == "" {
		root = m.TS
	}
	c := chat.Command{
		Event: e.key(me), From: subject(me.team, m.User), Text: text, Opening: opening(me),
		At: chat.Thread{Platform: platform, Workspace: me.team, Channel: m.Channel, Root: root},
	}
	// Give the command to the bot.
	reply, err := s.ask(ctx, func(ctx context.Context) (chat.Reply, error) {
		if err := s.belongs(ctx, me, m.User, m.Team, m.UserTeam, m.FromTeam); err != nil {
			return chat.Reply{}, err
		}
		return h.Command(ctx, c)
	})
	// Report a failure.
	if errors.Is(err, errContradicts) { // a repetition would fail alike
		s.logUntaken("mention", m.Channel, err)
		return reaction{}
	}
	if err != nil {
		s.logUntaken("mention", m.Channel, err)
		return reaction{status: http.StatusServiceUnavailable, then: s.untaken(c, r.Header.Get("X-Slack-Retry-Num"), err)}
	}
	// Show the reply.
	if reply.Form != nil {
		reply.Card = &chat.Card{Title: "Slack opens forms for slash commands only. Type /purge, or say here what to purge: help shows how."}
	}
	if reply.Card == nil {
		return reaction{}
	}
	return reaction{then: func(ctx context.Context) { s.tell(ctx, c, *reply.Card) }}
}

// untaken returns a function that informs the person of a failure: at the first delivery with a notice of
// Slack's repetitions, and at the last one. For other deliveries it returns nil.
func (s *Slack) untaken(c chat.Command, retry string, err error) func(context.Context) {
	card := sentence(err)
	switch retry {
	case "":
		card.Title = "Not taken yet: " + strings.TrimPrefix(purge.AsError(err).Message, "Not taken: ")
		card.Lines = []string{"Slack repeats your message by itself for about six minutes. You are told here if that does not help either."}
	case "3": // the last: https://docs.slack.dev/apis/events-api/#retries
	default:
		return nil
	}
	return func(ctx context.Context) { s.tell(ctx, c, *card) }
}

// tell answers a mention privately. In an externally shared channel nothing is posted, not even an ephemeral
// message, because it would tell an outsider about this bot. A slash command is answered there, because its
// answer is the body of a response. If the look-up of the channel fails, the channel counts as shared, and
// members get a direct message, so that they are not left without an answer.
func (s *Slack) tell(ctx context.Context, c chat.Command, card chat.Card) {
	channel, err := s.Channel(ctx, c.At, roster)
	who := s.standingOf(ctx, c.From)
	switch {
	case err == nil && channel.Shared, who == chat.Outsider, err != nil && who != chat.Member:
		return
	case err != nil:
		c.At = chat.Thread{}
	}
	if err := s.Tell(ctx, c.From, c.At, c.Event, card); err != nil {
		s.config.Log.Warn("slack: private reply not delivered", "channel", c.At.Channel, "error", err)
	}
}
