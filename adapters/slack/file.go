package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"purgebot/bot/chat"
	"purgebot/purge"
)

const (
	// uploadMethod requests an upload address. The request has no effect, so Health can repeat it.
	uploadMethod  = "files.getUploadURLExternal"
	uploadsAtOnce = 4
	filesKept     = 1000 // number of messages whose file is remembered
)

// attachment is the state of a message's file: under way, attached to the thread, or lost.
type attachment struct {
	mu   sync.Mutex // held by the writer of the message, so that an older card never replaces a newer one
	card chat.Card  // the card last shown while the file is under way
	name string     // name of the attached file
	lost bool       // the file will not come
}

// attachments holds the files of the newest messages. The card of a forgotten file, for example after a
// restart, no longer names the file; the file stays in the thread, and the card still counts the hidden
// targets.
type attachments struct {
	slots chan struct{}
	mu    sync.Mutex
	kept  map[chat.MessageRef]*attachment
	order []chat.MessageRef
}

func newAttachments() *attachments {
	return &attachments{slots: make(chan struct{}, uploadsAtOnce), kept: map[chat.MessageRef]*attachment{}}
}

// of returns the attachment of a message, or nil.
func (a *attachments) of(ref chat.MessageRef) *attachment {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.kept[ref]
}

func (a *attachments) begin(ref chat.MessageRef, c chat.Card) *attachment {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := &attachment{card: c}
	a.kept[ref] = one
	a.order = append(a.order, ref)
	if len(a.order) > filesKept {
		delete(a.kept, a.order[0])
		a.order = a.order[1:]
	}
	return one
}

// mayUpload reports whether files can be attached, by present knowledge. After a refusal it returns false until
// Health finds the permission restored.
func (s *Slack) mayUpload() bool {
	i, known := s.identity.peek("")
	return (!known || i.has("files:write")) && !s.trouble.has(uploadMethod)
}

// attach uploads the file of a new message into its thread in the background: a press does not wait for it, and
// a failed upload does not repeat its card. https://docs.slack.dev/messaging/working-with-files#uploading_files
func (s *Slack) attach(at chat.Thread, ref chat.MessageRef, c chat.Card) {
	if c.File == nil || c.File.Text == "" || !s.mayUpload() {
		return
	}
	// Attach the file below the message itself, if that is in no thread.
	root := at.Root
	if root == "" {
		root = ref.ID
	}
	// Upload in the background, and update the card with the result.
	file := *c.File
	one := s.files.begin(ref, c)
	s.afterwards(context.Background(), func(ctx context.Context) {
		err := s.inTurn(ctx, func() error { return s.upload(ctx, ref.Channel, root, &file) })
		if err == nil {
			err = insist(ctx, c, func() error { return s.nameFile(ctx, ref, one, file.Name) })
		} else {
			err = errors.Join(err, insist(ctx, c, func() error { return s.missFile(ctx, ref, one) }))
		}
		if err != nil {
			s.config.Log.Warn("slack: file not attached", "file", file.Name, "error", s.redact(err.Error()))
		}
	})
}

// inTurn limits the number of simultaneous uploads.
func (s *Slack) inTurn(ctx context.Context, upload func() error) error {
	select {
	case s.files.slots <- struct{}{}:
		defer func() { <-s.files.slots }()
		return upload()
	case <-ctx.Done():
		return errSilent
	}
}

// nameFile adds the name of the attached file to a card that hides targets.
func (s *Slack) nameFile(ctx context.Context, ref chat.MessageRef, a *attachment, name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.name = name
	if a.card.File == nil || leftOut(a.card) == 0 {
		return nil
	}
	if err := s.update(ctx, ref, a.card, name); err != nil {
		return s.translate("chat.update", err)
	}
	a.card = chat.Card{}
	return nil
}

// insist repeats a transient failure a few times if a person waits to confirm the card.
func insist(ctx context.Context, c chat.Card, f func() error) (err error) {
	for n := range 3 {
		err = f()
		if err == nil || !purge.AsError(err).Kind.Transient() || n == 2 || !confirms(c) {
			break
		}
		timer := time.NewTimer(max(purge.AsError(err).RetryAfter, time.Second))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
	return err
}

// missFile shows on a card to be confirmed that its file will not come.
func (s *Slack) missFile(ctx context.Context, ref chat.MessageRef, a *attachment) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost = true
	if !confirms(a.card) {
		return nil
	}
	if err := s.update(ctx, ref, s.withoutList(a.card), ""); err != nil {
		return s.translate("chat.update", err)
	}
	return nil
}

// withoutList returns the card with the reason for its missing file.
func (s *Slack) withoutList(c chat.Card) chat.Card {
	if !s.mayUpload() {
		return unlisted(c, sayListNoScope)
	}
	return unlisted(c, sayListRefused)
}

// edit shows a card on a message, with the name of the file in its thread.
func (s *Slack) edit(ctx context.Context, ref chat.MessageRef, c chat.Card) error {
	a := s.files.of(ref)
	if a == nil {
		return s.update(ctx, ref, s.unlistedYet(c), "")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.card = c // the newest card, also for later notices about the file
	switch {
	case a.lost:
		c = s.withoutList(c)
	case a.name == "":
		c = s.unlistedYet(c)
	}
	return s.update(ctx, ref, c, a.name)
}

func (s *Slack) upload(ctx context.Context, channel, root string, f *chat.File) error {
	u, err := look(ctx, s, uploadMethod, "", func(ctx context.Context) (*slack.GetUploadURLExternalResponse, error) {
		return s.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: f.Name, FileSize: len(f.Text)})
	})
	if err != nil {
		return s.translate(uploadMethod, err)
	}
	if err := s.send(ctx, u.UploadURL, f.Text); err != nil {
		return err
	}
	_, err = s.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
		Files: []slack.FileSummary{{ID: u.FileID, Title: chat.OneLine(f.Name)}}, Channel: channel, ThreadTimestamp: root,
	})
	return s.done("files.completeUploadExternal", err)
}

// send posts the bytes unencoded: slack-go's multipart ends its body twice.
func (s *Slack) send(ctx context.Context, to, text string) error {
	if !strings.HasPrefix(to, "https://files.slack.com/") && !s.atOrigin(to) {
		return errors.New("upload address is not Slack's")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader([]byte(text)))
	if err != nil {
		return errors.New("upload address is malformed")
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	answer, err := s.http.Do(r)
	if err != nil {
		return errors.New("no answer to the upload")
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("answer to the upload: HTTP %d", answer.StatusCode)
	}
	return nil
}
