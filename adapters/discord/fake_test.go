package discord

import (
	"bytes"
	"context"
	"sync"

	"purgebot/bot"
)

// fake is a bot that does what it was told, and remembers what it was asked.
type fake struct {
	mu       sync.Mutex
	commands []bot.Command
	answers  []bot.Answer
	asked    []bot.Suggestion
	command  func(context.Context, bot.Command) (bot.Reply, error)
	answer   func(context.Context, bot.Answer) (bot.Reply, error)
	suggest  func(context.Context) (bot.Reply, error)
}

func (f *fake) Command(ctx context.Context, c bot.Command) (bot.Reply, error) {
	f.mu.Lock()
	f.commands = append(f.commands, c)
	do := f.command
	f.mu.Unlock()
	if do == nil {
		return bot.Reply{}, nil
	}
	return do(ctx, c)
}

func (f *fake) Answer(ctx context.Context, a bot.Answer) (bot.Reply, error) {
	f.mu.Lock()
	f.answers = append(f.answers, a)
	do := f.answer
	f.mu.Unlock()
	if do == nil {
		return bot.Reply{}, nil
	}
	return do(ctx, a)
}

func (f *fake) Suggest(ctx context.Context, q bot.Suggestion) (bot.Reply, error) {
	f.mu.Lock()
	f.asked = append(f.asked, q)
	do := f.suggest
	f.mu.Unlock()
	if do == nil {
		return bot.Reply{}, nil
	}
	return do(ctx)
}

func (f *fake) heard() []bot.Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]bot.Command(nil), f.commands...)
}

func (f *fake) pressed() []bot.Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]bot.Answer(nil), f.answers...)
}

func says(title string) func(context.Context, bot.Command) (bot.Reply, error) {
	return func(context.Context, bot.Command) (bot.Reply, error) {
		return bot.Reply{Card: &bot.Card{Title: title}}, nil
	}
}

// log is a buffer that several goroutines write.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
