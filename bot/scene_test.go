package bot

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"purgebot/acl"
	"purgebot/bot/card"
	"purgebot/bot/chat"
	"purgebot/purge"
)

// book is a log that may be read while it is written.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *book) lines(holding string) (lines []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		if strings.Contains(line, holding) {
			lines = append(lines, line)
		}
	}
	return lines
}

func logged(b *book) func(*Options) {
	return func(o *Options) { o.Log = slog.New(slog.NewTextHandler(b, nil)) }
}

// The test covers a failed look-up with every kind of error. A person is told to try again only where that may help.
func TestLookUpThatFails(t *testing.T) {
	t.Parallel()
	for kind := purge.Internal; kind <= purge.Unknown; kind++ {
		for what, fail := range map[string]func(*fakeChat, error){
			"the person":  func(c *fakeChat, err error) { c.asks = err },
			"the channel": func(c *fakeChat, err error) { c.where = err },
		} {
			t.Run(kind.String()+" "+what, func(t *testing.T) {
				t.Parallel()
				var log book
				w := newWorld(t, logged(&log))
				m := w.asks(alice, directory)
				fail(w.chat, &purge.Error{Kind: kind, Message: "It is shut.", Err: errors.New("missing_scope")})
				command := chat.Command{Event: w.event(), From: alice, At: channel, Text: "https://www.test.com/1"}
				_, err := w.bot.desk.Suggest(t.Context(), chat.Suggestion{From: alice, At: channel, Field: "targets"})
				assert.Equal(t, kind.Transient(), err != nil)
				for range 3 {
					r, err := w.bot.desk.Command(t.Context(), command)
					judge(t, kind, r, err)
					r, err = w.bot.desk.Answer(t.Context(), chat.Answer{Event: w.event(), From: alice, At: channel, Message: m.ref, Token: token(m.card, "Purge")})
					judge(t, kind, r, err)
					command.Event = w.event()
				}
				lines := log.lines("cannot look up " + what)
				if kind.Transient() {
					assert.Empty(t, lines, "the chat logs the error that it gets")
				} else {
					require.Len(t, lines, 1, "once, however often somebody tries")
					assert.Contains(t, lines[0], "missing_scope")
					assert.Contains(t, lines[0], "kind="+kind.String())
					assert.Equal(t, kind == purge.Internal, strings.Contains(lines[0], "level=ERROR"))
				}
				w.quiet()
				assert.Len(t, w.chat.all(), 1, "nothing was started")
			})
		}
	}
}

// judge checks a reply: an error where a retry may help, so that nothing is recorded, and a refusal otherwise.
func judge(t *testing.T, kind purge.ErrorKind, r chat.Reply, err error) {
	t.Helper()
	if kind.Transient() {
		assert.Equal(t, purge.Unavailable, purge.AsError(err).Kind)
		assert.Contains(t, purge.AsError(err).Message, "Try again.")
		return
	}
	assert.NoError(t, err)
	assert.NotContains(t, strings.ToLower(replyCard(r).Title), "try again")
	if kind == purge.Internal {
		assert.Contains(t, replyCard(r).Title, "ask whoever runs purgebot")
	} else {
		assert.Equal(t, "It is shut.", replyCard(r).Title)
	}
}

// A failed look-up of the requester leaves the question open, for every presser.
func TestRequesterWhoCannotBeLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.asks(alice, "dir https://two.test.com/a/")
	w.chat.unknown = map[acl.Subject]error{alice: &purge.Error{Kind: purge.Internal, Message: "x"}}
	said := w.pressesOn(bob, m, "Purge").Title
	assert.Contains(t, said, "who asked for this")
	assert.NotContains(t, said, "Try again")
	w.chat.unknown = map[acl.Subject]error{alice: &purge.Error{Kind: purge.Unavailable, Message: "x"}}
	_, err := w.bot.desk.Answer(t.Context(), chat.Answer{Event: w.event(), From: bob, At: channel, Message: m.ref, Token: token(m.card, "Purge")})
	assert.Equal(t, card.WhoAskedUnknown+card.TryAgain, purge.AsError(err).Message)
	w.chat.unknown = nil
	w.pressesOn(bob, m, "Purge")
	w.ends("Done")
}

func TestLookUpThatTakesTooLongMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.chat.asks = context.DeadlineExceeded
	_, err := w.bot.desk.Command(t.Context(), chat.Command{Event: w.event(), From: alice, At: channel, Text: "https://www.test.com/1"})
	assert.Equal(t, card.WhoUnknown+card.TryAgain, purge.AsError(err).Message)
	w.quiet()
}

func TestChatThatIsSwitchedOffIsNoReasonToTryAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := channel
	at.Platform = "discord"
	r, err := w.bot.desk.Command(t.Context(), chat.Command{Event: w.event(), From: alice, At: at, Text: "help"})
	require.NoError(t, err)
	assert.Contains(t, replyCard(r).Title, "switched off")
	assert.NotContains(t, strings.ToLower(replyCard(r).Title), "try again")
}

// A look that a stop interrupts is no error, since it runs again at the next start.
func TestStopWritesNoErrors(t *testing.T) {
	t.Parallel()
	var log book
	looks := make(chan struct{})
	w := &world{t: t, dir: t.TempDir(), chat: newFakeChat(), cdn: newFakeCDN()}
	w.setPolicy(worldPolicy)
	w.cdn.status = func(q purge.StatusQuery) ([]purge.TargetStatus, error) { return seen(q, purge.Accepted), nil }
	w.bot = w.open(logged(&log), func(o *Options) { o.Poll, o.PollMax = time.Millisecond, time.Millisecond })
	w.bot.At = func(point string) {
		if point == "after look" {
			select {
			case looks <- struct{}{}:
			case <-t.Context().Done():
			}
		}
	}
	require.NoError(t, w.bot.Start())
	t.Cleanup(w.stop)
	w.types(alice, "https://www.test.com/1")
	<-looks
	w.bot.Calls.Close(time.Second) // as Stop does first; the engine goes on meanwhile
	for range 4 {
		<-looks
	}
	assert.Empty(t, log.lines("level=ERROR"))
}
