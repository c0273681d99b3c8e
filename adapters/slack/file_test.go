package slack

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/adapters/adaptertest"
	"purgebot/adapters/slack/slacksim"
	"purgebot/bot/chat"
	"purgebot/purge"
)

var manyURLs = chat.Card{
	Title: "Purge 30 URLs?", Targets: []string{"https://www.test.com/1"}, More: 29, Buttons: []chat.Button{{Label: "Purge", Token: "t"}},
	File: &chat.File{Name: "p-7k3f9x2q.txt", Text: "https://www.test.com/1\n"},
}

// filesIn returns the files in the thread of a message.
func (w *world) filesIn(ref chat.MessageRef) (files []slacksim.File) {
	for _, m := range w.Thread(ref.Channel, ref.ID) {
		files = append(files, m.Files...)
	}
	return files
}

func (w *world) mustShow(t *testing.T, ref chat.MessageRef, c chat.Card) chat.MessageRef {
	t.Helper()
	ref, err := w.slack.Show(t.Context(), w.Channel(), ref, "", c)
	require.NoError(t, err)
	return ref
}

func TestAFileIsNamedOnceItHangsThere(t *testing.T) {
	t.Parallel()
	hold := newHeld("/upload/")
	w := newWorld(t, &fake{}, func(c *Config) { c.HTTPClient = &http.Client{Transport: hold} })
	ref := w.mustShow(t, chat.MessageRef{}, manyURLs)
	hold.await(t)
	assert.Contains(t, w.Visible()[0].Text, "+29 more")
	assert.NotContains(t, w.Visible()[0].Text, "p-7k3f9x2q.txt", "nothing is promised")
	assert.Equal(t, 1, w.slack.Replying())
	w.Workspace.Press("U0BOB", ref.Channel, ref.ID, "Purge")

	newer := manyURLs
	newer.Title, newer.Buttons = "Purging 30 URLs.", nil
	assert.Equal(t, ref, w.mustShow(t, ref, newer))
	close(hold.release)
	w.slack.Wait()
	assert.Zero(t, w.slack.Replying())
	require.Len(t, w.filesIn(ref), 1)
	assert.Equal(t, manyURLs.File.Text, string(w.filesIn(ref)[0].Content))
	assert.Contains(t, w.Visible()[0].Text, "Purging 30 URLs.", "the newest card is the one that is kept")
	assert.Contains(t, w.Visible()[0].Text, "+29 more, in the file p-7k3f9x2q.txt of this thread")
	assert.Len(t, w.Calls("chat.update"), 2)

	newer.Title = "Purged 30 URLs."
	w.mustShow(t, ref, newer)
	w.slack.Wait()
	assert.Contains(t, w.Visible()[0].Text, "+29 more, in the file p-7k3f9x2q.txt of this thread")
	assert.Len(t, w.filesIn(ref), 1, "once, though the card was edited")
	assert.Len(t, w.Calls("chat.update"), 3)
	w.mustShow(t, ref, chat.Card{Title: "Done.", More: 7})
	assert.Contains(t, w.Visible()[0].Text, "+7 more")
	assert.NotContains(t, w.Visible()[0].Text, "p-7k3f9x2q.txt", "that is not what it leaves out")
}

// TestANewerCardNeedsNoFile checks that a late file is not named on a newer card without that file.
func TestANewerCardNeedsNoFile(t *testing.T) {
	t.Parallel()
	hold := newHeld("/upload/")
	w := newWorld(t, &fake{}, func(c *Config) { c.HTTPClient = &http.Client{Transport: hold} })
	ref := w.mustShow(t, chat.MessageRef{}, manyURLs)
	hold.await(t)
	w.mustShow(t, ref, chat.Card{Title: "Cancelled.", More: 7})
	close(hold.release)
	w.slack.Wait()
	assert.Len(t, w.filesIn(ref), 1)
	assert.Len(t, w.Calls("chat.update"), 1)
}

func TestACardThatLeavesNothingOutIsNotEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{}, nil)
	c := manyURLs
	c.More = 0
	ref := w.mustShow(t, chat.MessageRef{}, c)
	w.slack.Wait()
	assert.Len(t, w.filesIn(ref), 1)
	assert.Empty(t, w.Calls("chat.update"))
}

// TestAFileThatIsRefused checks that no further upload follows until Health finds the permission restored.
func TestAFileThatIsRefused(t *testing.T) {
	t.Parallel()
	var now clock
	var log bytes.Buffer
	w := newWorld(t, &fake{}, func(c *Config) {
		c.Now, c.Log, c.HTTPClient = now.now, slog.New(slog.NewTextHandler(&log, nil)), &http.Client{Transport: silent{}}
	})
	without := allScopes[:len(allScopes)-1]
	w.Reinstall(without...)
	assert.True(t, w.slack.Limits().Files, "as far as is known")
	for range 3 {
		ref := w.mustShow(t, chat.MessageRef{}, manyURLs)
		w.slack.Wait()
		m, _ := w.Message(ref.Channel, ref.ID)
		assert.Contains(t, m.Plain(), "+29 more")
		assert.NotContains(t, m.Plain(), "file")
		assert.False(t, w.slack.Limits().Files)
	}
	assert.Len(t, w.Calls("files.getUploadURLExternal"), 1)
	assert.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
	e := asError(t, w.slack.Health(t.Context()))
	assert.Equal(t, purge.Denied, e.Kind, "a warning")
	assert.Contains(t, e.Message, "files:write")

	w.Reinstall(allScopes...)
	now.forward(askAgain)
	require.NoError(t, w.slack.Health(t.Context()))
	assert.True(t, w.slack.Limits().Files)
	ref := w.mustShow(t, chat.MessageRef{}, manyURLs)
	w.slack.Wait()
	assert.Len(t, w.filesIn(ref), 1)

	w = newWorld(t, &fake{}, nil)
	w.Reinstall(without...)
	_, err := w.slack.whoami(t.Context(), forever)
	require.NoError(t, err)
	w.mustShow(t, chat.MessageRef{}, manyURLs)
	w.slack.Wait()
	assert.Empty(t, w.Calls("files.getUploadURLExternal"), "a Slack that says so need not be asked")
}

// TestAFileThatFailsFailsNothing checks that a failed upload neither fails nor repeats its card.
func TestAFileThatFailsFailsNothing(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*world){
		"throttled":          func(w *world) { w.Workspace.Throttle(-1, time.Second, "files.getUploadURLExternal") },
		"not completed":      func(w *world) { w.Fail("files.completeUploadExternal", "internal_error", -1) },
		"lost when complete": func(w *world) { w.Lose("files.completeUploadExternal", 1) },
		"not named":          func(w *world) { w.Fail("chat.update", "internal_error", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			w := newWorld(t, &fake{}, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			fail(w)
			ref := w.mustShow(t, chat.MessageRef{}, manyURLs)
			w.slack.Wait()
			assert.Len(t, w.Calls("chat.postMessage"), 1)
			assert.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
			assert.NotContains(t, w.Visible()[0].Text, "in the file")
			w.Heal()
			again := w.mustShow(t, ref, manyURLs)
			assert.Equal(t, ref, again)
			assert.Equal(t, name == "not named", strings.Contains(w.Visible()[0].Text, "in the file"))
			assert.NoError(t, w.slack.Health(t.Context()))
		})
	}
}

// TestPrivateCardsHaveNoFile checks that private cards, which have no thread for it, come without their file.
func TestPrivateCardsHaveNoFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &fake{command: func(context.Context) (chat.Reply, error) { return chat.Reply{Card: &manyURLs}, nil }}, nil)
	require.True(t, w.Type(slash, "x"))
	require.NoError(t, w.slack.Tell(t.Context(), w.Alice(), w.Channel(), chat.EventKey{}, manyURLs))
	for _, m := range w.Private() {
		assert.Contains(t, m.Text, "+29 more")
		assert.NotContains(t, m.Text, "in the file")
	}
	assert.Len(t, w.Private(), 2)
}

func TestFilesAreRememberedForTheNewestMessages(t *testing.T) {
	t.Parallel()
	a := newAttachments()
	for i := range filesKept + 10 {
		a.begin(chat.MessageRef{ID: fmt.Sprint(i)}, chat.Card{})
	}
	assert.Len(t, a.kept, filesKept)
	assert.Len(t, a.order, filesKept)
	assert.Nil(t, a.of(chat.MessageRef{ID: "9"}))
	assert.NotNil(t, a.of(chat.MessageRef{ID: "10"}))
}

// TestAFewUploadAtATime checks that further uploads wait, for a limited time, and that Wait waits for all of
// them.
func TestAFewUploadAtATime(t *testing.T) {
	t.Parallel()
	for name, freed := range map[string]bool{"their turn comes": true, "it does not": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hold := &held{path: uploadMethod, arrived: make(chan struct{}, 1), release: make(chan struct{}), next: table{
					"chat.postMessage": `{"ok":true,"channel":"C0CDN","ts":"1.000001"}`, uploadMethod: `{"ok":false,"error":"internal_error"}`,
				}}
				close(hold.release)
				s := offlineWith(t, nil)
				s.config.Log = slog.New(slog.DiscardHandler)
				s.api = slackgo.New("xoxb-simulated", slackgo.OptionHTTPClient(&http.Client{Transport: hold}))
				for range uploadsAtOnce {
					s.files.slots <- struct{}{}
				}
				_, err := s.Show(t.Context(), in("C0CDN"), chat.MessageRef{}, "", manyURLs)
				require.NoError(t, err)
				synctest.Wait()
				assert.Zero(t, hold.held.Load())
				if freed {
					<-s.files.slots
				}
				s.Wait()
				assert.Equal(t, freed, hold.held.Load() == 1)
			})
		})
	}
}

// held is a transport that holds requests to a path until their release.
type held struct {
	path    string
	arrived chan struct{}
	release chan struct{}
	held    atomic.Int64
	next    http.RoundTripper
}

func newHeld(path string) *held {
	return &held{next: http.DefaultTransport, path: path, arrived: make(chan struct{}, 100), release: make(chan struct{})}
}

func (h *held) await(t *testing.T) {
	t.Helper()
	select {
	case <-h.arrived:
	case <-t.Context().Done():
		t.Fatal("nothing arrived")
	}
}

func (h *held) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, h.path) {
		h.held.Add(1)
		h.arrived <- struct{}{}
		<-h.release
	}
	return h.next.RoundTrip(r)
}

func TestNoFileLeavesForElsewhere(t *testing.T) {
	t.Parallel()
	s := offline(t)
	for _, to := range []string{"https://evil.example/upload", "http://files.slack.com/upload", "https://files.slack.com.evil.example/", ""} {
		assert.Error(t, s.send(t.Context(), to, "x"), to)
	}
}

// TestAQuestionWaitsForItsFile checks that the confirmation of 30 URLs appears with the file of all URLs, even
// after a throttled edit, and never without it.
func TestAQuestionWaitsForItsFile(t *testing.T) {
	t.Parallel()
	question := manyURLs
	question.Buttons = []chat.Button{{Label: "Purge", Token: "t", Confirms: true}, {Label: "Cancel", Token: "u"}}
	for name, c := range map[string]struct {
		trouble func(w *world)
		buttons int
		says    string
	}{
		"all is well":      {func(*world) {}, 2, "in the file p-7k3f9x2q.txt"},
		"a throttled edit": {func(w *world) { w.Workspace.Throttle(1, time.Second, "chat.update") }, 2, "in the file p-7k3f9x2q.txt"},
		"a refused upload": {func(w *world) { w.Fail("files.completeUploadExternal", "internal_error", 1) }, 1, sayListRefused},
		"no scope":         {func(w *world) { w.Fail(uploadMethod, "missing_scope", -1) }, 1, "nobody can confirm what cannot be read"},
		"refused, and slow": {func(w *world) {
			w.Fail("files.completeUploadExternal", "internal_error", 1)
			w.Workspace.Throttle(1, time.Second, "chat.update")
		}, 1, sayListRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hold := newHeld("/upload/")
			w := newWorld(t, &fake{}, func(c *Config) { c.HTTPClient = &http.Client{Transport: hold} })
			c.trouble(w)
			ref := w.mustShow(t, chat.MessageRef{}, question)
			if name != "no scope" {
				hold.await(t)
				assert.Equal(t, []adaptertest.Button{{Label: "Cancel", Carries: "u"}}, w.Visible()[0].Buttons, "not yet")
				assert.Contains(t, w.Visible()[0].Text, sayListComing)
			}
			close(hold.release)
			w.slack.Wait()
			assert.Len(t, w.Visible()[0].Buttons, c.buttons)
			assert.Contains(t, w.Visible()[0].Text, c.says)
			assert.NotContains(t, w.Visible()[0].Text, sayListComing)
			if name != "a refused upload" && name != "refused, and slow" {
				return
			}
			assert.Equal(t, ref, w.mustShow(t, ref, question))
			w.slack.Wait()
			assert.Len(t, w.Visible()[0].Buttons, 1, "an edit does not bring it back")
		})
	}
}

// TestAQuestionGetsItsFileAgain checks that a restarted adapter, which remembers no uploads, uploads the file
// again.
func TestAQuestionGetsItsFileAgain(t *testing.T) {
	t.Parallel()
	question := manyURLs
	question.Buttons = []chat.Button{{Label: "Purge", Token: "t", Confirms: true}}
	w := newWorld(t, &fake{}, nil)
	ref := w.mustShow(t, chat.MessageRef{}, question)
	w.slack.Wait()
	w.slack.files = newAttachments()
	for range 2 {
		w.mustShow(t, ref, question)
		w.slack.Wait()
		assert.Len(t, w.Visible()[0].Buttons, 1)
		assert.Len(t, w.filesIn(ref), 2)
	}
}
