package slack

import (
	"context"
	"errors"

	"github.com/slack-go/slack"

	"purgebot/acl"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// Show edits or posts a message. Slack has no key against repeated posts, so the key is not used. A message
// that is gone or no longer editable is posted again, and so is one whose thread is gone. The file of a card
// follows later, without a wait.
func (s *Slack) Show(ctx context.Context, at chat.Thread, ref chat.MessageRef, _ string, c chat.Card) (chat.MessageRef, error) {
	// Edit the message, if there is one.
	c = listed(c)
	if ref != (chat.MessageRef{}) {
		err := s.edit(ctx, ref, c)
		if err == nil {
			s.attachAgain(at, ref, c)
			return ref, nil
		}
		if !lost(err) {
			return chat.MessageRef{}, s.done("chat.update", err)
		}
	}
	// Post a new message, in the channel if its thread is gone.
	options := s.options(ctx, s.unlistedYet(c), "")
	ref, err := s.post(ctx, at.Channel, at.Root, options)
	if at.Root != "" && lost(err) {
		ref, err = s.post(ctx, at.Channel, "", options)
	}
	if err := s.done("chat.postMessage", err); err != nil {
		return chat.MessageRef{}, err
	}
	s.attach(at, ref, c)
	return ref, nil
}

func (s *Slack) update(ctx context.Context, ref chat.MessageRef, c chat.Card, file string) error {
	_, _, _, err := s.api.UpdateMessageContext(ctx, ref.Channel, ref.ID, s.options(ctx, c, file)...)
	if err == nil {
		return s.done("chat.update", nil)
	}
	return err
}

// lost reports whether a message or thread no longer accepts changes:
// https://docs.slack.dev/reference/methods/chat.update#errors
func lost(err error) bool {
	switch code(err) {
	case "message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message", "edit_window_closed":
		return true
	}
	return false
}

func (s *Slack) post(ctx context.Context, channel, root string, options []slack.MsgOption) (chat.MessageRef, error) {
	if root != "" {
		options = append(options[:len(options):len(options)], slack.MsgOptionTS(root))
	}
	channel, ts, err := s.api.PostMessageContext(ctx, channel, options...)
	if err == nil && ts == "" {
		err = errors.New("ok without a ts")
	}
	return chat.MessageRef{Channel: channel, ID: ts}, err
}

// options are the options of every message: nothing unfurls, names are not parsed, and text is no markup. The
// file is the one in its thread.
func (s *Slack) options(ctx context.Context, c chat.Card, file string) []slack.MsgOption {
	m := s.message(ctx, c, file)
	return []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...), slack.MsgOptionParse(false),
		slack.MsgOptionDisableMarkdown(), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
}

// Tell shows a card to one person: in the channel, or as a direct message if the person cannot see the channel
// or the channel is shared with other organisations. Slack needs no event for this.
func (s *Slack) Tell(ctx context.Context, who acl.Subject, at chat.Thread, _ chat.EventKey, c chat.Card) error {
	me, err := s.whoami(ctx, forever)
	if err != nil {
		return err
	}
	id := ours(me.team, who, userID)
	if id == "" {
		return &purge.Error{Kind: purge.NotFound, Message: noSuchOne}
	}
	if at.Channel != "" && !s.knownShared(at.Channel) {
		err := s.whisper(ctx, at, id, s.options(ctx, c, ""))
		if err == nil || !absent(err) {
			return s.done("chat.postEphemeral", err)
		}
	}
	c.Buttons = nil // a press counts in its channel only
	return s.direct(ctx, id, s.options(ctx, c, ""))
}

func (s *Slack) whisper(ctx context.Context, at chat.Thread, id string, options []slack.MsgOption) error {
	if at.Root != "" {
		options = append(options[:len(options):len(options)], slack.MsgOptionTS(at.Root))
	}
	_, err := s.api.PostEphemeralContext(ctx, at.Channel, id, options...)
	return err
}

// absent reports whether a channel cannot show a private message:
// https://docs.slack.dev/reference/methods/chat.postEphemeral#errors
func absent(err error) bool {
	switch meanings[code(err)].kind {
	case purge.Denied, purge.NotFound:
		return true
	}
	return false
}

func (s *Slack) direct(ctx context.Context, id string, options []slack.MsgOption) error {
	c, _, _, err := s.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{id}, ReturnIM: true})
	if err := s.done("conversations.open", err); err != nil {
		return err
	}
	_, err = s.post(ctx, c.ID, "", options)
	return s.done("chat.postMessage", err)
}
