package adaptertest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"purgebot/bot/chat"
)

// recorder is a bot that records its calls and gives prepared answers.
type recorder struct {
	mu       sync.Mutex
	commands []chat.Command
	answers  []chat.Answer
	hurried  bool // the last call had a deadline
	reply    chat.Reply
	err      error
	panics   bool
}

// Command implements chat.Handler.
func (r *recorder) Command(ctx context.Context, c chat.Command) (chat.Reply, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commands = append(r.commands, c)
	return r.answer(ctx)
}

// Answer implements chat.Handler.
func (r *recorder) Answer(ctx context.Context, a chat.Answer) (chat.Reply, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, a)
	return r.answer(ctx)
}

// Suggest implements chat.Handler.
func (r *recorder) Suggest(context.Context, chat.Suggestion) (chat.Reply, error) {
	return chat.Reply{}, nil
}

func (r *recorder) answer(ctx context.Context) (chat.Reply, error) {
	_, r.hurried = ctx.Deadline()
	if r.panics {
		panic("planted: hunter2")
	}
	return r.reply, r.err
}

// says sets the reply to all further events.
func (r *recorder) says(reply chat.Reply) { r.will(reply, nil) }

// fails makes all further events fail.
func (r *recorder) fails(err error) { r.will(chat.Reply{}, err) }

func (r *recorder) panicking(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.panics = on
}

func (r *recorder) will(reply chat.Reply, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reply, r.err = reply, err
}

func (r *recorder) heard() []chat.Command {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]chat.Command(nil), r.commands...)
}

func (r *recorder) pressed() []chat.Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]chat.Answer(nil), r.answers...)
}

func sprint(format string, args ...any) string {
	return strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
}
