package slack

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"purgebot/bot/chat"
	"purgebot/purge"
)

// roster is the accepted age of knowledge about a person or channel when an event starts the look-ups.
const roster = 5 * time.Minute

const (
	// A slash command receives the label of a labelled link without the address.
	noLink    = "Slack hands a slash command the label of a link, not its address: paste the address itself, or mention @purgebot with the link."
	elsewhere = "This purgebot serves another workspace, so it took nothing."
	nowhere   = "Slack did not say which workspace this comes from, so purgebot took nothing. It must be installed to one workspace, not to an organisation."
)

// command answers a slash command: https://docs.slack.dev/interactivity/implementing-slash-commands/ Slack
// delivers a command once, so a failure is reported in the answer itself.
func (s *Slack) command(ctx context.Context, h chat.Handler, _ *http.Request, body []byte) reaction {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return reaction{status: http.StatusBadRequest}
	}
	// Answer Slack's check of the certificate.
	if len(body) == 0 || form.Get("ssl_check") == "1" {
		return reaction{}
	}
	// Refuse a command that is contradictory, foreign or incomplete.
	if !once(form) {
		return s.private(ctx, "", nil, errContradicts)
	}
	who, at, trigger := form.Get("user_id"), form.Get("channel_id"), form.Get("trigger_id")
	me, err := s.here(ctx, form.Get("team_id"))
	if err != nil {
		return s.private(ctx, at, nil, err)
	}
	if !userID.match(who) || !channelID.match(at) || trigger == "" {
		return reaction{status: http.StatusBadRequest}
	}
	// Start the look-ups that the bot will need, and give it the command.
	s.lookUp(me, who, at)
	thread := chat.Thread{Platform: platform, Workspace: me.team, Channel: at}
	reply, err := s.ask(ctx, func(ctx context.Context) (chat.Reply, error) {
		return h.Command(ctx, chat.Command{
			Event: chat.EventKey{Platform: platform, Workspace: me.team, ID: trigger},
			From:  subject(me.team, who), At: thread, Text: unwrap(form.Get("text")), NoLink: noLink,
		})
	})
	// Show the bot's reply.
	if err == nil && reply.Form != nil {
		err = s.open(ctx, trigger, thread, chat.MessageRef{}, *reply.Form)
	}
	return s.private(ctx, at, reply.Card, err)
}

// here returns the bot's identity, or an error if a delivery belongs to another workspace.
func (s *Slack) here(ctx context.Context, team string) (identity, error) {
	me, err := s.whoami(ctx, forever)
	switch {
	case err != nil || team == me.team:
		return me, err
	case team == "":
		return me, &purge.Error{Kind: purge.Denied, Message: nowhere}
	}
	return me, &purge.Error{Kind: purge.Denied, Message: elsewhere}
}

// private answers a slash command with an ephemeral card. Without a card and an error the answer is empty.
func (s *Slack) private(ctx context.Context, channel string, c *chat.Card, err error) reaction {
	if err != nil {
		s.logUntaken("command", chat.OneLine(channel), err)
		c = sentence(err)
	}
	if c == nil {
		return reaction{}
	}
	return reaction{json: s.message(ctx, *c, "")}
}

// sentence returns a card with the reason for a failure.
func sentence(err error) *chat.Card {
	return &chat.Card{Title: notTaken(err), Tone: chat.Bad}
}
