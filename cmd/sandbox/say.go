package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"purgebot/cmd/internal/app"
	"purgebot/purge/tencent/cdnsim"
)

// line is one line of a conversation: typed text, a press, or a wait for a text on a card.
type line struct {
	as          string // "alice"
	sees        string // text that a card must show before the next line
	fill        string // text to type into the form of an earlier press
	meanwhile   bool   // after the CDN was called and before it has answered
	then        func() // runs once all messages so far are shown
	text, press string // one of the two; "Purge=www.test.com" presses Purge and types the rest into the form that it opens
}

// The exit codes, as in the README.
const (
	exitDone    = 0
	exitWrong   = 1
	exitWaiting = 3
	exitRefused = 4
	exitFailed  = 5
)

// play runs a conversation until ctx ends, prints it from the view of the channel, then the CDN's requests, and
// returns the exit code.
func (w *world) play(ctx context.Context, c chat, lines []line, out io.Writer) (int, error) {
	t := &transcript{world: w, chat: c, out: out, shown: map[string]string{}}
	for _, l := range lines {
		if err := t.play(ctx, l); err != nil {
			return exitWrong, err
		}
	}
	p, err := t.settle(ctx)
	if err != nil {
		return exitWrong, err
	}
	open := t.hint()
	w.printRequests(out)
	code := exitCode(p)
	if code == exitDone && open {
		code = exitWaiting
	}
	return code, nil
}

// exitCode returns the exit code for the worst result of a conversation.
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

// transcript prints the view of the channel, each message at its arrival and at each change.
type transcript struct {
	*world
	chat
	out   io.Writer
	shown map[string]string // by key: the text last printed

	pressed string // the label of the last press
}

func (t *transcript) play(ctx context.Context, l line) error {
	if l.then != nil {
		return t.meet(ctx, l.then)
	}
	// Type the text of a line.
	user, err := find(t.chat, l.as)
	if err != nil {
		return err
	}
	if l.text != "" {
		fmt.Fprintf(t.out, "%s: %s\n", l.as, l.text)
		if l.meanwhile {
			if err := t.until(ctx, func() (bool, error) { return t.called(), nil }); err != nil {
				return err
			}
			return t.say(user, "", t.meant(l.text))
		}
		if !decree.MatchString(l.text) {
			return t.say(user, "", t.meant(l.text))
		}
		return t.decree(ctx, user, l.text)
	}
	// Wait for a card, or fill in a form.
	if l.sees != "" {
		return t.await(ctx, l.sees)
	}
	if l.fill != "" {
		return t.fill(ctx, l.as, user, l.fill)
	}
	// Press a button, and fill in its form.
	label, typed, fills := strings.Cut(l.press, "=")
	if err := t.awaitButton(ctx, user, label); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s presses [%s]\n", l.as, label)
	t.pressed = label
	if err := t.press(user, "", "", label); err != nil || !fills {
		return err
	}
	return t.fill(ctx, l.as, user, typed)
}

// meet waits until every message is shown, and then runs a function. Purges may still be under way.
func (t *transcript) meet(ctx context.Context, then func()) error {
	err := t.until(ctx, func() (bool, error) {
		p, err := t.app.Progress(ctx)
		return p.Cards == 0, err
	})
	if err == nil {
		then()
	}
	return err
}

// toldIn is the time limit for notices that arrive by themselves, such as those in the audit channel.
const toldIn = time.Minute

// await waits until a message has a text and all other messages are shown, or until no purge can bring it.
func (t *transcript) await(ctx context.Context, text string) error {
	began := time.Now()
	return t.until(ctx, func() (bool, error) {
		said := slices.ContainsFunc(everything(t.chat), func(m message) bool { return m.Who != "person" && strings.Contains(m.plain(), text) })
		p, err := t.app.Progress(ctx)
		if err == nil && idle(p) && !said && time.Since(began) > toldIn {
			err = fmt.Errorf("no card says %q", text)
		}
		return said && p.Cards == 0, err
	})
}

var (
	decree = regexp.MustCompile(`^(/purge|@purgebot) (freeze|unfreeze|grant|revoke) `)
	ruleID = regexp.MustCompile(`\br-[0-9a-z]{8}\b`)
)

// decree types a command that changes the rules, after all earlier purges and before later ones.
func (t *transcript) decree(ctx context.Context, user, text string) error {
	if _, err := t.settle(ctx); err != nil {
		return err
	}
	if err := t.say(user, "", t.meant(text)); err != nil {
		return err
	}
	_, err := t.settle(ctx)
	return err
}

// meant returns the typed text with the id last shown in place of "r-ID".
func (t *transcript) meant(text string) string {
	words := strings.Split(text, " ")
	for i, w := range words {
		for _, m := range everything(t.chat) {
			if id := ruleID.FindString(m.plain()); w == "r-ID" && id != "" {
				words[i] = id
			}
		}
	}
	return strings.Join(words, " ")
}

// called reports whether the CDN has received a purge.
func (t *transcript) called() bool {
	return slices.ContainsFunc(t.cdn.Requests(), func(r cdnsim.Request) bool {
		return strings.Contains(r.String(), "RefreshCdn") || strings.Contains(r.String(), "X-TC-Action: Purge")
	})
}

// fill types into the single field of the form that a press has opened, and submits it.
func (t *transcript) fill(ctx context.Context, name, user, typed string) error {
	var f *form
	err := t.until(ctx, func() (bool, error) {
		p, err := t.app.Progress(ctx)
		f = t.form(user)
		if err == nil && f == nil && idle(p) {
			err = errors.New("the press opened no form to type into")
		}
		return f != nil, err
	})
	if err != nil {
		return err
	}
	if len(f.Fields) != 1 {
		return fmt.Errorf("the form %q has %d fields: only one can be typed behind -press LABEL=", f.Title, len(f.Fields))
	}
	fmt.Fprintf(t.out, "%s fills in “%s”\n  %s: %s\n", name, f.Title, f.Fields[0].Label, typed)
	return t.submit(user, map[string]string{f.Fields[0].Block: typed})
}

// hint prints advice about an open form, and reports whether there is one. A form of one field comes from a
// press, whose flag can fill it in; a form of several fields comes from an incomplete command.
func (t *transcript) hint() (open bool) {
	for _, p := range t.people() {
		f := t.form(p.id)
		if f == nil {
			continue
		}
		open = true
		how := fmt.Sprintf("say all of it in the command, as in -say '%s'", t.example())
		if len(f.Fields) == 1 {
			how = fmt.Sprintf("add what to type to the press, as in -press '%s=www.test.com'", t.pressed)
		}
		fmt.Fprintf(t.out, "%s has the form “%s” open and nothing was sent: %s\n", p.name, f.Title, how)
	}
	return open
}

// awaitButton waits until the user sees a button and all messages are shown, so that every run presses the same
// one, or until no purge can bring the button.
func (t *transcript) awaitButton(ctx context.Context, user, label string) error {
	return t.until(ctx, func() (bool, error) {
		seen := t.sees(user, label)
		p, err := t.app.Progress(ctx)
		if err == nil && idle(p) && !t.sees(user, label) {
			err = fmt.Errorf("there is no button %q to press", label)
		}
		return seen && p.Cards == 0, err
	})
}

func (t *transcript) sees(user, label string) bool {
	for _, m := range t.messages(user) {
		if slices.ContainsFunc(m.Buttons, func(b button) bool { return b.Label == label }) {
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

func idle(p app.Progress) bool { return p.Open == p.Waiting && p.Cards == 0 && p.Asking == 0 }

// until prints changes until done returns true.
func (t *transcript) until(ctx context.Context, done func() (bool, error)) error {
	for {
		finished, err := done()
		t.print()
		if finished || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.New("the conversation did not end in time")
		case <-time.After(20 * time.Millisecond): // the database notifies no other packages
		}
	}
}

// print omits messages of people, which are printed when they type.
func (t *transcript) print() {
	t.printRefusals()
	for _, m := range everything(t.chat) {
		text := m.plain()
		if m.Who == "person" || t.shown[m.Key] == text {
			continue
		}
		head := m.From
		switch {
		case m.to != "":
			head += " (only " + m.to + " sees this)"
		case t.shown[m.Key] != "":
			head += " (edited)"
		case m.Root != "":
			head += " (in the thread)"
		}
		t.shown[m.Key] = text
		fmt.Fprintf(t.out, "%s:\n  %s\n", head, strings.ReplaceAll(text, "\n", "\n  "))
	}
}

// printRefusals prints the errors in open forms.
func (t *transcript) printRefusals() {
	for _, p := range t.people() {
		f := t.form(p.id)
		why := refusal(f)
		if f == nil || t.shown[f.Key] == why {
			continue
		}
		t.shown[f.Key] = why
		if why != "" {
			fmt.Fprintf(t.out, "the form “%s” (only %s sees this):\n  %s\n", f.Title, p.name, why)
		}
	}
}

// refusal returns the errors in a form, or "".
func refusal(f *form) string {
	if f == nil {
		return ""
	}
	why := []string{f.Error}
	for _, in := range f.Fields {
		why = append(why, in.Error)
	}
	return strings.Join(slices.DeleteFunc(why, func(s string) bool { return s == "" }), "\n  ")
}
