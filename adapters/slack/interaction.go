package slack

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"purgebot/bot/chat"
)

// interaction is a pressed button or a submitted form: https://docs.slack.dev/reference/interaction-payloads It
// has only the fields in use, so that new kinds of blocks do no harm.
type interaction struct {
	Type string `json:"type"`
	App  string `json:"api_app_id"`
	Team struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID   string `json:"id"`
		Team string `json:"team_id"`
	} `json:"user"`
	TriggerID   string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	Container   struct {
		ChannelID string `json:"channel_id"`
		MessageTS string `json:"message_ts"`
		ThreadTS  string `json:"thread_ts"`
	} `json:"container"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
	Message struct {
		TS       string `json:"ts"`
		ThreadTS string `json:"thread_ts"`
		Team     string `json:"team"`
		App      string `json:"app_id"`
	} `json:"message"`
	Actions []action `json:"actions"`
	View    view     `json:"view"`
}

type action struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// interaction handles a press or a form. Slack delivers it once, so a failure is reported to the person.
func (s *Slack) interaction(ctx context.Context, h chat.Handler, _ *http.Request, body []byte) reaction {
	form, err := url.ParseQuery(string(body))
	if err != nil || !once(form) {
		return reaction{status: http.StatusBadRequest}
	}
	var in interaction
	if err := decode([]byte(form.Get("payload")), &in); err != nil {
		return reaction{status: http.StatusBadRequest}
	}
	switch {
	case in.Type == "block_actions" && userID.match(in.User.ID):
		return s.press(ctx, h, &in)
	case in.Type == "view_submission" && userID.match(in.User.ID):
		return s.submission(ctx, h, &in)
	}
	return reaction{}
}

// press handles a pressed button: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
func (s *Slack) press(ctx context.Context, h chat.Handler, in *interaction) reaction {
	// Find the button and its channel.
	i := slices.IndexFunc(in.Actions, func(a action) bool { return a.Type == "button" && a.Value != "" })
	channel := cmp.Or(in.Container.ChannelID, in.Channel.ID)
	if i < 0 || !channelID.match(channel) || in.TriggerID == "" {
		return reaction{}
	}
	// Give the answer to the bot.
	a := chat.Answer{
		Message: chat.MessageRef{Channel: channel, ID: cmp.Or(in.Container.MessageTS, in.Message.TS)}, Token: in.Actions[i].Value,
		At: chat.Thread{Platform: platform, Channel: channel, Root: in.root()},
	}
	reply, err := s.answer(ctx, h, in, in.TriggerID, &a)
	if err == nil && reply.Form != nil {
		err = s.open(ctx, in.TriggerID, a.At, a.Message, *reply.Form)
	}
	// Report a failure.
	if errors.Is(err, errContradicts) {
		a.At = chat.Thread{} // the channel is uncertain, so the answer is a direct message
	}
	if err != nil {
		s.logUntaken("press", channel, err)
		reply.Card = sentence(err)
	}
	// Show the reply.
	if reply.Card == nil {
		return reaction{}
	}
	return reaction{then: func(ctx context.Context) { s.respond(ctx, in.ResponseURL, a, *reply.Card) }}
}

// root returns the thread of the pressed message, or "". The first message of a thread is not in the thread
// itself.
func (in *interaction) root() string {
	root := cmp.Or(in.Container.ThreadTS, in.Message.ThreadTS)
	if root == cmp.Or(in.Container.MessageTS, in.Message.TS) {
		return ""
	}
	return root
}

// answer adds person and place to a, and gives it to the bot.
func (s *Slack) answer(ctx context.Context, h chat.Handler, in *interaction, event string, a *chat.Answer) (chat.Reply, error) {
	a.From = subject(in.Team.ID, in.User.ID)
	me, err := s.here(ctx, in.Team.ID)
	if err == nil {
		err = s.consistent(ctx, me, in)
	}
	if err != nil {
		return chat.Reply{}, err
	}
	a.From, a.At.Workspace = subject(me.team, in.User.ID), me.team
	a.Event = chat.EventKey{Platform: platform, Workspace: me.team, ID: event}
	s.lookUp(me, in.User.ID, a.At.Channel)
	return s.ask(ctx, func(ctx context.Context) (chat.Reply, error) { return h.Answer(ctx, *a) })
}
