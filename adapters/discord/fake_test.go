package discord

import (
	"bytes"
	"context"
	"sync"

	"purgebot/bot/chat"
)

// fake is a bot with prepared answers and a record of its calls.
type fake struct {
	mu       sync.Mutex
	commands []chat.Command
	answers  []chat.Answer
	asked    []chat.Suggestion
	command  func(context.Context, chat.Command) (chat.Reply, error)
	answer   func(context.Context, chat.Answer) (chat.Reply, error)
	suggest  func(context.Context) (chat.Reply, error)
}

func (f *fake) Command(ctx context.Context, c chat.Command) (chat.Reply, error) {
	f.mu.Lock()
	f.commands = append(f.commands, c)
	do := f.command
	f.mu.Unlock()
	if do == nil {
		return chat.Reply{}, nil
	}
	return do(ctx, c)
}

func (f *fake) Answer(ctx context.Context, a chat.Answer) (chat.Reply, error) {
	f.mu.Lock()
	f.answers = append(f.answers, a)
	do := f.answer
	f.mu.Unlock()
	if do == nil {
		return chat.Reply{}, nil
	}
	return do(ctx, a)
}

func (f *fake) Suggest(ctx context.Context, q chat.Suggestion) (chat.Reply, error) {
	f.mu.Lock()
	f.asked = append(f.asked, q)
	do := f.suggest
	f.mu.Unlock()
	if do == nil {
		return chat.Reply{}, nil
	}
	return do(ctx)
}

func (f *fake) heard() []chat.Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]chat.Command(nil), f.commands...)
}

func (f *fake) pressed() []chat.Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]chat.Answer(nil), f.answers...)
}

func says(title string) func(context.Context, chat.Command) (chat.Reply, error) {
	return func(context.Context, chat.Command) (chat.Reply, error) {
		return chat.Reply{Card: &chat.Card{Title: title}}, nil
	}
}

// log is a buffer for several goroutines.
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
