package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/slack-go/slack"

	"purgebot/acl"
	"purgebot/bot"
	"purgebot/purge"
)

// Show edits or posts a message. Slack has no key for a repeated post, so key is not used.
// A message that is gone, or that Slack no longer lets the bot edit, is posted anew, and so is one whose thread is gone.
func (s *Slack) Show(ctx context.Context, at bot.Thread, ref bot.MessageRef, _ string, c bot.Card) (bot.MessageRef, error) {
	options := s.options(ctx, c)
	if ref != (bot.MessageRef{}) {
		_, _, _, err := s.api.UpdateMessageContext(ctx, ref.Channel, ref.ID, options...)
		if err == nil {
			return ref, nil
		}
		if !lost(err) {
			return bot.MessageRef{}, s.translate("chat.update", err)
		}
	}
	ref, err := s.post(ctx, at.Channel, at.Root, options)
	if at.Root != "" && lost(err) {
		ref, err = s.post(ctx, at.Channel, "", options)
	}
	if err != nil {
		return bot.MessageRef{}, s.translate("chat.postMessage", err)
	}
	s.attach(ctx, at, ref, c.File)
	return ref, nil
}

// lost reports whether a message or thread can no longer be written to: https://docs.slack.dev/reference/methods/chat.update#errors
func lost(err error) bool {
	switch code(err) {
	case "message_not_found", "thread_not_found", "cannot_reply_to_message", "cant_update_message", "edit_window_closed":
		return true
	}
	return false
}

func (s *Slack) post(ctx context.Context, channel, root string, options []slack.MsgOption) (bot.MessageRef, error) {
	if root != "" {
		options = append(options[:len(options):len(options)], slack.MsgOptionTS(root))
	}
	channel, ts, err := s.api.PostMessageContext(ctx, channel, options...)
	if err == nil && ts == "" {
		err = errors.New("ok without a ts")
	}
	return bot.MessageRef{Channel: channel, ID: ts}, err
}

// options are those of every message: nothing in it unfurls, is parsed for names, or is markup.
func (s *Slack) options(ctx context.Context, c bot.Card) []slack.MsgOption {
	m := s.message(ctx, c)
	return []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), slack.MsgOptionBlocks(m.Blocks...), slack.MsgOptionParse(false),
		slack.MsgOptionDisableMarkdown(), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
}

// Tell shows a card to one person: in the channel, or as a direct message to somebody who cannot see that.
func (s *Slack) Tell(ctx context.Context, who acl.Subject, at bot.Thread, c bot.Card) error {
	me, err := s.whoami(ctx, forever)
	if err != nil {
		return err
	}
	id := ours(me.team, who, userID)
	if id == "" {
		return &purge.Error{Kind: purge.NotFound, Message: noSuchOne}
	}
	options := s.options(ctx, c)
	if at.Channel != "" {
		err := s.whisper(ctx, at, id, options)
		if err == nil || !absent(err) {
			return s.errorOrNil("chat.postEphemeral", err)
		}
	}
	return s.direct(ctx, id, options)
}

func (s *Slack) whisper(ctx context.Context, at bot.Thread, id string, options []slack.MsgOption) error {
	if at.Root != "" {
		options = append(options[:len(options):len(options)], slack.MsgOptionTS(at.Root))
	}
	_, err := s.api.PostEphemeralContext(ctx, at.Channel, id, options...)
	return err
}

// absent reports whether nothing private can be shown in a channel: https://docs.slack.dev/reference/methods/chat.postEphemeral#errors
func absent(err error) bool {
	switch meanings[code(err)].kind {
	case purge.Denied, purge.NotFound:
		return true
	}
	return false
}

func (s *Slack) direct(ctx context.Context, id string, options []slack.MsgOption) error {
	c, _, _, err := s.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{id}, ReturnIM: true})
	if err != nil {
		return s.translate("conversations.open", err)
	}
	_, err = s.post(ctx, c.ID, "", options)
	return s.errorOrNil("chat.postMessage", err)
}

func (s *Slack) errorOrNil(method string, err error) error {
	if err == nil {
		return nil
	}
	return s.translate(method, err)
}

// attach uploads the file of a card into its thread. The card says by itself how many targets it leaves out, so that a file that
// cannot be uploaded fails nothing: https://docs.slack.dev/messaging/working-with-files#uploading_files
func (s *Slack) attach(ctx context.Context, at bot.Thread, ref bot.MessageRef, f *bot.File) {
	if f == nil || f.Text == "" || !s.mayUpload() {
		return
	}
	root := at.Root
	if root == "" {
		root = ref.ID
	}
	if err := s.upload(ctx, ref.Channel, root, f); err != nil {
		s.config.Log.Warn("slack: file not attached", "file", f.Name, "error", s.redact(err.Error()))
	}
}

func (s *Slack) upload(ctx context.Context, channel, root string, f *bot.File) error {
	u, err := s.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: f.Name, FileSize: len(f.Text)})
	if err != nil {
		return fmt.Errorf("files.getUploadURLExternal: %w", err)
	}
	if err := s.send(ctx, u.UploadURL, f.Text); err != nil {
		return err
	}
	_, err = s.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
		Files: []slack.FileSummary{{ID: u.FileID, Title: plain(f.Name)}}, Channel: channel, ThreadTimestamp: root,
	})
	if err != nil {
		return fmt.Errorf("files.completeUploadExternal: %w", err)
	}
	return nil
}

// send posts the bytes as they are: slack-go's multipart ends its body twice.
func (s *Slack) send(ctx context.Context, to, text string) error {
	if !strings.HasPrefix(to, "https://files.slack.com/") && !s.atOrigin(to) {
		return errors.New("upload address is not Slack's")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader([]byte(text)))
	if err != nil {
		return errors.New("upload address is not one")
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	answer, err := s.http.Do(r)
	if err != nil {
		return errors.New("upload: no answer")
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("upload: HTTP %d", answer.StatusCode)
	}
	return nil
}
