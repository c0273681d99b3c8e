package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"purgebot/adapters/slack/slacksim"
	"purgebot/cmd/internal/app"
)

// line is one line of a conversation: somebody types, or presses a button.
type line struct {
	as          string // "alice"
	text, press string // one of them
}

// Exit codes, as the README gives them.
const (
	exitDone    = 0
	exitWrong   = 1
	exitWaiting = 3
	exitRefused = 4
	exitFailed  = 5
)

// conversationLimit bounds one conversation.
const conversationLimit = 30 * time.Second

// play plays a conversation, prints it as the channel sees it, then what the CDN received, and says how it ended.
func (w *world) play(ctx context.Context, lines []line, out io.Writer) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, conversationLimit)
	defer cancel()
	t := &transcript{world: w, out: out, shown: map[string]string{}}
	for _, l := range lines {
		if err := t.play(ctx, l); err != nil {
			return exitWrong, err
		}
	}
	p, err := t.settle(ctx)
	if err != nil {
		return exitWrong, err
	}
	w.printRequests(out)
	return exitCode(p), nil
}

// exitCode reduces a conversation to how it ended; what is worst counts.
func exitCode(p app.Progress) int {
	has := func(states ...string) bool {
		return slices.ContainsFunc(p.Ended, func(s string) bool { return slices.Contains(states, s) })
	}
	switch {
	case has("failed", "unknown", "partly done"):
		return exitFailed
	case p.Waiting > 0:
		return exitWaiting
	case p.Refused > 0 || has("refused", "cancelled", "expired"):
		return exitRefused
	}
	return exitDone
}

func (w *world) printRequests(out io.Writer) {
	fmt.Fprintln(out, "\nrequests to the CDN")
	requests := w.cdn.Requests()
	for _, r := range requests {
		fmt.Fprintf(out, "\n%s\n", r)
	}
	if len(requests) == 0 {
		fmt.Fprintln(out, "\n(none)")
	}
}

// transcript prints what a person in the channel sees, each message when it comes and whenever it changes.
type transcript struct {
	*world
	out   io.Writer
	shown map[string]string // by channel and ts: as last printed
}

func (t *transcript) play(ctx context.Context, l line) error {
	user, err := t.user(l.as)
	if err != nil {
		return err
	}
	if l.text != "" {
		fmt.Fprintf(t.out, "%s: %s\n", l.as, l.text)
		return t.check(l, t.slack.Type(user, channelID, "", l.text))
	}
	if err := t.awaitButton(ctx, user, l.press); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s presses [%s]\n", l.as, l.press)
	return t.check(l, t.slack.Press(user, channelID, "", l.press))
}

func (t *transcript) check(l line, d slacksim.Delivery) error {
	if d.Refused != "" {
		return fmt.Errorf("the client did not send it: %s", d.Refused)
	}
	if !d.Acknowledged() {
		return fmt.Errorf("purgebot did not acknowledge what %s did: HTTP %d %v", l.as, d.Status, d.Err)
	}
	return nil
}

func (w *world) user(name string) (string, error) {
	var names []string
	for _, u := range w.slack.Users() {
		if u.Name == name && !u.Bot {
			return u.ID, nil
		}
		names = append(names, u.Name)
	}
	return "", fmt.Errorf("there is no %q here: there are %s", name, strings.Join(names, ", "))
}

// awaitButton waits until the user sees a button, or until nothing more can bring it.
func (t *transcript) awaitButton(ctx context.Context, user, label string) error {
	return t.until(ctx, func() (bool, error) {
		if t.sees(user, label) {
			return true, nil
		}
		p, err := t.app.Progress(ctx)
		if err == nil && idle(p) && !t.sees(user, label) {
			err = fmt.Errorf("there is no button %q to press", label)
		}
		return false, err
	})
}

func (t *transcript) sees(user, label string) bool {
	for _, m := range t.slack.Visible(user, channelID) {
		if slices.ContainsFunc(m.Buttons(), func(b slacksim.Button) bool { return b.Text == label }) {
			return true
		}
	}
	return false
}

// settle waits until every purge is final or waits for a press, and every message is shown.
func (t *transcript) settle(ctx context.Context) (p app.Progress, err error) {
	err = t.until(ctx, func() (bool, error) {
		p, err = t.app.Progress(ctx)
		return idle(p), err
	})
	return p, err
}

func idle(p app.Progress) bool { return p.Open == p.Waiting && p.Cards == 0 }

// until prints what changes until done says so.
func (t *transcript) until(ctx context.Context, done func() (bool, error)) error {
	for {
		finished, err := done()
		t.print()
		if finished || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the conversation did not end within %s", conversationLimit)
		case <-time.After(20 * time.Millisecond): // the database has no bell for other packages
		}
	}
}

func (t *transcript) print() {
	for _, m := range t.seen() {
		key, text := m.Channel+m.TS, rendered(m)
		if m.User == "" || t.shown[key] == text || t.typed(m) {
			continue
		}
		head := "purgebot"
		switch {
		case m.To != "":
			head += " (only " + t.name(m.To) + " sees this)"
		case t.shown[key] != "":
			head += " (edited)"
		case m.ThreadTS != "":
			head += " (in the thread)"
		}
		t.shown[key] = text
		fmt.Fprintf(t.out, "%s:\n  %s\n", head, strings.ReplaceAll(text, "\n", "\n  "))
	}
}

// seen is everything that anybody sees in the channel and its threads, and in messages from the bot, each once.
func (t *transcript) seen() []slacksim.Message {
	var all []slacksim.Message
	have := map[string]bool{}
	for _, u := range t.slack.Users() {
		for _, c := range t.slack.Channels() {
			for _, m := range t.slack.Visible(u.ID, c.ID) {
				if key := m.Channel + m.TS; !have[key] {
					have[key] = true
					all = append(all, m)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b slacksim.Message) int { return strings.Compare(a.TS, b.TS) })
	return all
}

// typed reports whether a message is a person's own: those are printed as they are typed.
func (t *transcript) typed(m slacksim.Message) bool {
	u, found := t.slack.User(m.User)
	return found && !u.Bot
}

func (t *transcript) name(id string) string {
	u, _ := t.slack.User(id)
	return u.Name
}

func rendered(m slacksim.Message) string {
	text := strings.TrimRight(m.Plain(), "\n")
	var buttons []string
	for _, b := range m.Buttons() {
		buttons = append(buttons, "["+b.Text+"]")
	}
	if len(buttons) > 0 {
		text += "\n" + strings.Join(buttons, " ")
	}
	return text
}
