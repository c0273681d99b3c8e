package adaptertest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"purgebot/bot"
)

// recorder is a bot that remembers what it was handed, and answers as it was told.
type recorder struct {
	mu       sync.Mutex
	commands []bot.Command
	answers  []bot.Answer
	hurried  bool // every call came with a deadline
	reply    bot.Reply
	err      error
	panics   bool
}

// Command implements bot.Handler.
func (r *recorder) Command(ctx context.Context, c bot.Command) (bot.Reply, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commands = append(r.commands, c)
	return r.answer(ctx)
}

// Answer implements bot.Handler.
func (r *recorder) Answer(ctx context.Context, a bot.Answer) (bot.Reply, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, a)
	return r.answer(ctx)
}

// Suggest implements bot.Handler.
func (r *recorder) Suggest(context.Context, bot.Suggestion) (bot.Reply, error) {
	return bot.Reply{}, nil
}

func (r *recorder) answer(ctx context.Context) (bot.Reply, error) {
	_, r.hurried = ctx.Deadline()
	if r.panics {
		panic("planted: hunter2")
	}
	return r.reply, r.err
}

// says makes the bot answer everything that follows with reply.
func (r *recorder) says(reply bot.Reply) { r.will(reply, nil) }

// fails makes the bot record nothing that follows.
func (r *recorder) fails(err error) { r.will(bot.Reply{}, err) }

func (r *recorder) panicking(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.panics = on
}

func (r *recorder) will(reply bot.Reply, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reply, r.err = reply, err
}

func (r *recorder) heard() []bot.Command {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]bot.Command(nil), r.commands...)
}

func (r *recorder) pressed() []bot.Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]bot.Answer(nil), r.answers...)
}

func sprint(format string, args ...any) string {
	return strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
}
